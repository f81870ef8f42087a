"""An index is kept in step with its gallery whatever is done to the people, and is never trusted with another gallery."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from whosthat.errors import BundleError
from whosthat.recognition import index as indexes
from whosthat.recognition.bundle import open_bundle, save_bundle
from whosthat.recognition.face_recogniser import FaceRecogniser
from whosthat.recognition.gallery import EnrolledPhoto, Gallery
from whosthat.recognition.index import FILE, index_of
from whosthat.types import Box, Face
from whosthat.workflow import people as module
from whosthat.workflow.people import how_searched, list_people, rename_person, rule_out
from whosthat.workflow.removing import remove_person

N_PEOPLE, EACH, DIMENSIONS = 60, 4, 16
FACE = Face(Box(0, 0, 50, 50), ((15, 15), (35, 15), (25, 25), (18, 33), (32, 33)), 0.9)


def drawn(person: int, photos: range) -> np.ndarray:
    middle = 0.6 * np.random.default_rng(person).normal(size=DIMENSIONS)
    return np.stack([middle + 0.05 * np.random.default_rng((person, photo)).normal(size=DIMENSIONS) for photo in photos]).astype(np.float32)


def photos_of(person: int) -> list[EnrolledPhoto]:
    return [EnrolledPhoto(f"p{person}/{photo}.jpg", f"{person * EACH + photo:064x}") for photo in range(EACH)]


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, save_people: Callable[..., Path]) -> Path:
    """A bundle of sixty people, whose gallery counts as a large one."""
    monkeypatch.setattr(indexes, "PAYS_FROM", 100)
    vectors = np.concatenate([drawn(person, range(EACH)) for person in range(N_PEOPLE)])
    photos = [photo for person in range(N_PEOPLE) for photo in photos_of(person)]
    names = tuple(f"p{person}" for person in range(N_PEOPLE))
    gallery = Gallery(names, vectors, np.repeat(np.arange(N_PEOPLE), EACH), tuple(photos))
    return save_people(tmp_path / "bundle", gallery, head="trimmed-mean", index=index_of(gallery.vectors, gallery.labels))


def answer(bundle: Path, person: int) -> str | None:
    recogniser = FaceRecogniser.open(open_bundle(bundle))
    assert recogniser.identifier.index is not None
    return recogniser.name([FACE], drawn(person, range(90, 91)))[0].name


def test_removed_people_are_gone_from_the_index_and_the_others_are_found(bundle: Path) -> None:
    before = open_bundle(bundle).manifest.files[FILE].bytes
    assert answer(bundle, 7) == "p7"
    remove_person(bundle, "p7")
    assert (answer(bundle, 7), answer(bundle, 8), answer(bundle, 59)) == (None, "p8", "p59")
    assert open_bundle(bundle).manifest.files[FILE].bytes == before - EACH * (DIMENSIONS + 8)


def test_renaming_keeps_the_index(bundle: Path) -> None:
    content = (bundle / FILE).read_bytes()
    rename_person(bundle, "p7", "anna")
    assert answer(bundle, 7) == "anna"
    assert (bundle / FILE).read_bytes() == content


def test_people_who_are_added_join_the_index(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = drawn(70, range(3))
    enrolled = tuple(EnrolledPhoto(f"dee/{photo}.jpg", f"{photo + 5000:064x}") for photo in range(3))
    monkeypatch.setattr(module, "_to_enrol", lambda *_arguments, **_options: ({}, []))
    monkeypatch.setattr(module, "_chosen", lambda *_arguments: (module.Chosen(new), enrolled))
    centres = FaceRecogniser.open(open_bundle(bundle)).identifier.index
    module.add_person(bundle, "dee", [])
    assert (answer(bundle, 70), answer(bundle, 3)) == ("dee", "p3")
    after = FaceRecogniser.open(open_bundle(bundle)).identifier.index
    np.testing.assert_array_equal(after.centres, centres.centres)


def test_people_list_says_how_photos_are_searched(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "An index finds the nearest of 240 enrolled photos" in how_searched(bundle)
    monkeypatch.setattr(indexes, "available", lambda: False)
    assert (
        how_searched(bundle)
        == "Each face is compared with all 240 enrolled photos. The extra whosthat[large] makes that faster, with an index."
    )


def test_without_faiss_the_answers_are_exact_and_a_change_drops_the_index(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    by_index = [answer(bundle, person) for person in range(N_PEOPLE)]
    monkeypatch.setattr(indexes, "available", lambda: False)
    recogniser = FaceRecogniser.open(open_bundle(bundle))
    assert recogniser.identifier.index is None
    assert [recogniser.name([FACE], drawn(person, range(90, 91)))[0].name for person in range(N_PEOPLE)] == by_index
    remove_person(bundle, "p7")
    assert FILE not in open_bundle(bundle).manifest.files
    assert len(list_people(bundle)) == N_PEOPLE - 1


def test_the_index_of_another_gallery_is_never_used(bundle: Path, tmp_path: Path) -> None:
    shutil.copytree(bundle, tmp_path / "other")
    rename_person(tmp_path / "other", "p0", "anna")
    remove_person(tmp_path / "other", "anna")
    opened = open_bundle(tmp_path / "other")
    facts, files = opened.facts, {name: opened.file(name) for name in opened.manifest.files}
    files[FILE] = (bundle / FILE).read_bytes()
    own = {name: content for name, content in files.items() if name not in ("bundle.json", "graph.onnx")}
    save_bundle(tmp_path / "other", replace(opened, facts=facts).facts, graph=files["graph.onnx"], more=own)
    with pytest.raises(BundleError, match="does not belong to its gallery"):
        FaceRecogniser.open(open_bundle(tmp_path / "other"))


def test_a_name_is_ruled_out_in_a_large_gallery(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    face = drawn(7, range(90, 91))
    monkeypatch.setattr(FaceRecogniser, "identify", lambda self, _photo: self.name([FACE], face))
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"a photo of somebody else")
    assert answer(bundle, 7) == "p7"
    rule_out(bundle, "p7", photo)
    assert answer(bundle, 7) is None
    assert answer(bundle, 8) == "p8"
    monkeypatch.setattr(module, "sha256_of", lambda _path: photos_of(9)[0].sha256)
    face[:] = drawn(9, range(1))
    rule_out(bundle, "p9", photo)
    assert {one.name: one.photos for one in list_people(bundle)}["p9"] == EACH - 1
    assert answer(bundle, 9) == "p9"
