"""People without networks: a photo is a text file, "who:number", and its embedding a point near that person's place.

Of several faces, "who:number who:number", each stands right of the one before, and the first is what `faces_of_photos` would take.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from whosthat.checking.face_audit import FaceAudit, SuspectPhoto
from whosthat.dataset.facts import photos_of
from whosthat.errors import BundleError, DatasetError, UsageError
from whosthat.evaluation.face_part import FacePart, write_face_part
from whosthat.faces.remembered import PhotoFaces, RememberedFaces
from whosthat.recognition import load
from whosthat.recognition.bundle import DataFacts, open_bundle
from whosthat.recognition.face_recogniser import FaceRecogniser
from whosthat.recognition.face_threshold import DistanceThreshold
from whosthat.recognition.gallery import EnrolledPhoto, Gallery
from whosthat.runs.files import METRICS
from whosthat.settings import cache_folder
from whosthat.training.recipe import default_recipe
from whosthat.types import Box, Face
from whosthat.wording import percent
from whosthat.workflow.export import export
from whosthat.workflow.face_choice import Crowd
from whosthat.workflow.gallery_bundle import save_gallery
from whosthat.workflow.people import add_person, list_people, list_photos, rename_person, rule_out
from whosthat.workflow.removing import held, remove_person
from whosthat.workflow.train import train

WHO = ("ann", "bo", "cy", "dee", "eve")
DIMENSIONS = 16
FACE = Face(Box(0, 0, 50, 50), ((15, 15), (35, 15), (25, 25), (18, 33), (32, 33)), 0.9)
READER = "fake-reader"


def vector_of(text: str) -> np.ndarray:
    who, number = text.rstrip("?").split(":")
    scatter = np.random.default_rng(int(number) + 100 * WHO.index(who)).normal(0, 0.05, DIMENSIONS)
    return (0.6 * np.eye(DIMENSIONS)[WHO.index(who)] + scatter).astype(np.float32)


def faces_in(text: str) -> tuple[Face, ...]:
    """A face for each word "who:number"; with a "?" behind it, one a third as large."""
    sides = [15 if word.endswith("?") else 45 for word in text.split() if ":" in word]
    return tuple(replace(FACE, box=Box(50 * place, 0, 50 * place + side, side)) for place, side in enumerate(sides))


def look_again(path: Path, found: PhotoFaces, reader: Any) -> Crowd:
    """Stands in for finding and embedding every face."""
    return Crowd(path, found.size, found.faces, np.stack([vector_of(word) for word in path.read_text().split()]))


def read_faces(photos: dict[str, Path], reader: Any, **_: object) -> dict[str, PhotoFaces]:
    """Stands in for finding and embedding; remembers as that does."""
    found = {}
    for digest, path in photos.items():
        text = path.read_text()
        faces = faces_in(text)
        taken = (0, "plain", 300.0, vector_of(text.split()[0])) if faces else ()
        found[digest] = PhotoFaces((50 * max(1, len(faces)), 50), faces, *taken)
    with RememberedFaces(READER) as remembered:
        remembered.put(found)
    return found


def write_photos(folder: Path, who: str, numbers: range) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (folder / f"{who} {number}.jpg").write_text(f"{who}:{number}")
    return folder


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, save_people: Callable[..., Path]) -> Path:
    """A run folder with a bundle that knows ann, bo and cy by four photos each."""
    monkeypatch.setattr("whosthat.workflow.people.faces_of_photos", read_faces)
    monkeypatch.setattr("whosthat.workflow.face_choice.look_again", look_again)
    run = tmp_path / "run"
    run.mkdir()
    rows, photos, vectors = ["path,class,part,group,sha256"], [], []
    for who in WHO[:3]:
        folder = write_photos(tmp_path / "photos" / who, who, range(4))
        for path in sorted(folder.iterdir()):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            photos.append(EnrolledPhoto(f"{who}/{path.name}", digest))
            vectors.append(vector_of(path.read_text()))
            rows.append(f"{who}/{path.name},{who},train,0,{digest}")
        read_faces({hashlib.sha256(path.read_bytes()).hexdigest(): path for path in folder.iterdir()}, None)
    (run / "split.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    gallery = Gallery(WHO[:3], np.stack(vectors), np.repeat(np.arange(3), 4), tuple(photos))
    threshold = DistanceThreshold(value=0.5, how="By hand.", fpir=0.01, fpir_low=0.0, fpir_high=0.05)
    seen = DataFacts.of("photos", {"train": [photo.sha256 for photo in photos]})
    return save_people(run / "bundle", gallery, threshold=threshold, data=seen)


def answers(bundle: Path, text: str) -> str | None:
    (sighting,) = FaceRecogniser.open(open_bundle(bundle)).name([FACE], vector_of(text)[None])
    return sighting.name


def counts(bundle: Path) -> dict[str, int]:
    return {one.name: one.photos for one in list_people(bundle)}


def test_everybody_is_listed_with_their_photos(bundle: Path) -> None:
    assert counts(bundle) == {"ann": 4, "bo": 4, "cy": 4}
    assert counts(bundle.parent) == counts(bundle)


def test_every_enrolled_photo_is_listed_with_whose_it_is(bundle: Path) -> None:
    photos = list_photos(bundle)
    assert [person for person, _sha256 in photos] == ["ann"] * 4 + ["bo"] * 4 + ["cy"] * 4
    assert photos[0] == ("ann", hashlib.sha256(b"ann:0").hexdigest())


def test_a_new_person_is_named_at_once_and_the_threshold_stays(bundle: Path, tmp_path: Path) -> None:
    assert answers(bundle, "dee:9") is None
    added = add_person(bundle, "dee", [write_photos(tmp_path / "new", "dee", range(3))])
    assert added.photos == ("dee/dee 0.jpg", "dee/dee 1.jpg", "dee/dee 2.jpg")
    assert counts(bundle)["dee"] == 3
    assert answers(bundle, "dee:9") == "dee"
    facts = open_bundle(bundle).facts
    assert facts.threshold.value == added.threshold == 0.5
    assert facts.threshold.how.endswith("People were added or removed since this was measured.")
    assert facts.faces.n_enrolled == 15
    assert facts.data.part_of(hashlib.sha256(b"dee:0").hexdigest()) == "train"


def test_more_people_name_more_strangers_and_the_bundle_says_so(bundle: Path, tmp_path: Path) -> None:
    n_people = len(list_people(bundle))
    added = add_person(bundle, "dee", [write_photos(tmp_path / "new", "dee", range(3))])
    share = 1 - 0.99 ** ((n_people + 1) / n_people)
    threshold = open_bundle(bundle).facts.threshold
    assert threshold.fpir == pytest.approx(share)
    assert (threshold.fpir_low, threshold.fpir_high) == (0, pytest.approx(1 - 0.95 ** ((n_people + 1) / n_people)))
    assert f"With {n_people + 1} people about {percent(share)} of strangers would get a name, with {n_people} it was 1 %." in added.notes[0]
    assert not add_person(bundle, "dee", [write_photos(tmp_path / "more", "dee", range(3, 5))]).notes
    remove_person(bundle, "dee")
    back = open_bundle(bundle).facts.threshold
    assert back.fpir == pytest.approx(0.01)
    assert back.how.count("People were added or removed") == 1


def test_more_photos_of_somebody_known_join_theirs(bundle: Path, tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "new", "bo", range(3, 6))
    added = add_person(bundle, "bo", [photos])
    assert counts(bundle)["bo"] == 6
    assert [item.reason for item in added.left] == ["it is enrolled already"]


def test_photos_of_two_people_are_refused_and_the_strays_named(bundle: Path, tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "new", "dee", range(3))
    write_photos(photos, "eve", range(2))
    before = (bundle / "manifest.json").read_bytes()
    with pytest.raises(DatasetError, match=r"dee/eve 0.jpg, dee/eve 1.jpg do not fit the other 3 photos"):
        add_person(bundle, "dee", [photos])
    assert (bundle / "manifest.json").read_bytes() == before
    assert len(add_person(bundle, "dee", [photos], anyway=True).photos) == 5


def test_somebody_who_is_enrolled_under_another_name_is_refused(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="look like bo, who is enrolled already"):
        add_person(bundle, "dee", [write_photos(tmp_path / "new", "bo", range(7, 9))])
    with pytest.raises(DatasetError, match="is enrolled as a photo of bo"):
        add_person(bundle, "dee", [tmp_path / "photos" / "bo"], anyway=True)


def test_photos_that_are_unlike_their_person_are_refused(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="do not look like the bo who is enrolled"):
        add_person(bundle, "bo", [write_photos(tmp_path / "new", "eve", range(2))])


def test_photos_of_another_age_get_a_template_where_somebody_says_that_they_are_theirs(bundle: Path, tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "new", "eve", range(3))  # Bo as a child looks like Eve
    with pytest.raises(DatasetError, match="do not look like the bo who is enrolled"):
        add_person(bundle, "bo", [photos])
    assert answers(bundle, "eve:9") is None
    added = add_person(bundle, "bo", [photos], anyway=True)
    assert added.notes[0].startswith("3 photos of bo are unlike the others and like each other")
    assert [answers(bundle, text) for text in ("eve:9", "bo:9", "ann:9", "dee:9")] == ["bo", "bo", "ann", None]


@pytest.mark.parametrize("name", ["../dee", "a/b", "a\\b", "..", "", "Bo", "x" * 300, "dee\u202e", "unknown", "UNKNOWN "])
def test_a_name_that_is_a_path_or_nearly_taken_is_refused(bundle: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"Choose another name"):
        add_person(bundle, name, [write_photos(tmp_path / "new", "dee", range(2))])
    with pytest.raises(UsageError, match=r"Choose another name"):
        rename_person(bundle, "ann", name)


def test_photos_without_a_face_are_said_and_alone_refused(bundle: Path, tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "new", "dee", range(1))
    (photos / "wall.jpg").write_text("a wall")
    added = add_person(bundle, "dee", [photos, tmp_path / "nowhere.jpg"])
    assert {item.path.name: item.reason for item in added.left} == {
        "nowhere.jpg": "it cannot be read",
        "wall.jpg": "no face was found",
    }
    with pytest.raises(DatasetError, match=r"No photo of eve can be enrolled .*wall.jpg: no face"):
        add_person(bundle, "eve", [photos / "wall.jpg"])


def write_photo(file: Path, text: str) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


def test_a_photo_of_several_faces_is_refused_with_the_faces_numbered(bundle: Path, tmp_path: Path) -> None:
    before = (bundle / "manifest.json").read_bytes()
    photo = write_photo(tmp_path / "group.jpg", "bo:7 dee:0 eve:0")
    with pytest.raises(
        DatasetError, match=r"shows 3 faces, and it is not clear which of them is dee\. Choose one by its number"
    ) as refused:
        add_person(bundle, "dee", [photo])
    assert str(refused.value).splitlines()[2:] == [
        "  1: left, 45 x 45 pixels from (0, 0), looks like bo",
        "  2: middle, 45 x 45 pixels from (50, 0), looks like nobody who is enrolled",
        "  3: right, 45 x 45 pixels from (100, 0), looks like nobody who is enrolled",
    ]
    assert (bundle / "manifest.json").read_bytes() == before
    with pytest.raises(DatasetError, match="shows 3 faces"):  # a random face is right for nobody
        add_person(bundle, "dee", [photo], anyway=True)


def test_the_chosen_face_is_enrolled_and_the_cache_keeps_what_it_knew(bundle: Path, tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "group.jpg", "bo:7 dee:0 eve:0")
    add_person(bundle, "dee", [photo], face=2)
    assert [answers(bundle, text) for text in ("dee:9", "eve:9", "bo:9")] == ["dee", None, "bo"]
    with RememberedFaces(READER) as remembered:
        (found,) = remembered.get([hashlib.sha256(photo.read_bytes()).hexdigest()]).values()
    assert (found.taken, found.vector.tolist()) == (0, vector_of("bo:7").tolist())


def test_two_people_can_be_enrolled_from_one_photo_but_not_from_one_face(bundle: Path, tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "group.jpg", "dee:0 eve:0")
    add_person(bundle, "dee", [photo], face=1)
    with pytest.raises(DatasetError, match="look like dee, who is enrolled already"):
        add_person(bundle, "eve", [photo], face=1)
    add_person(bundle, "eve", [photo], face=2)
    assert [answers(bundle, text) for text in ("dee:9", "eve:9")] == ["dee", "eve"]
    remove_person(bundle, "dee")
    assert [answers(bundle, text) for text in ("dee:9", "eve:9")] == [None, "eve"]


@pytest.mark.parametrize(("face", "photos", "why"), [(4, 1, r"There is no face 4 in .*shows 3 faces"), (1, 2, "2 photos were given")])
def test_a_face_that_cannot_be_meant_is_refused(bundle: Path, tmp_path: Path, face: int, photos: int, why: str) -> None:
    group = [write_photo(tmp_path / f"group {number}.jpg", f"bo:7 dee:{number} eve:0") for number in range(photos)]
    with pytest.raises(UsageError, match=why):
        add_person(bundle, "dee", group, face=face)


@pytest.mark.parametrize("person", ["dee", "cy"])  # one is new and seen in another photo, the other is enrolled
def test_the_face_that_fits_the_other_photos_is_taken_and_said(bundle: Path, tmp_path: Path, person: str) -> None:
    group = write_photo(tmp_path / "group.jpg", f"bo:7 {person}:9 eve:0")
    alone = [] if person == "cy" else [write_photo(tmp_path / "alone.jpg", f"{person}:0")]
    added = add_person(bundle, person, [group, *alone])
    assert added.notes[0] == f"Of the 3 faces in {group}, number 2 (middle) was enrolled: it looks like {person} in other photos."
    assert [answers(bundle, text) for text in (f"{person}:5", "eve:9", "bo:9")] == [person, None, "bo"]


def test_where_no_face_or_two_fit_the_other_photos_nothing_is_guessed(bundle: Path, tmp_path: Path) -> None:
    alone = write_photo(tmp_path / "alone.jpg", "dee:0")
    for text in ("bo:7 eve:0", "dee:7 dee:8"):
        with pytest.raises(DatasetError, match=r"not clear which of them is dee\. Leave it out, or add it alone and choose a face"):
            add_person(bundle, "dee", [alone, write_photo(tmp_path / "group.jpg", text)])


def test_a_small_bystander_asks_no_question(bundle: Path, tmp_path: Path) -> None:
    add_person(bundle, "dee", [write_photo(tmp_path / "street.jpg", "dee:0 eve:0?")])
    assert [answers(bundle, text) for text in ("dee:9", "eve:9")] == ["dee", None]


def test_a_renamed_person_answers_to_the_new_name(bundle: Path) -> None:
    rename_person(bundle, "bo", "bob")
    assert answers(bundle, "bo:9") == "bob"
    rename_person(bundle, "bob", "BOB")  # the own name in other letters is no clash
    assert set(counts(bundle)) == {"ann", "BOB", "cy"}


def test_an_old_recogniser_that_knows_somebody_named_unknown_can_be_mended(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("whosthat.recognition.bundle.UNKNOWN", "")
        rename_person(bundle, "bo", "unknown")
    with pytest.raises(BundleError, match=rf"Rename that person: whosthat people {re.escape(str(bundle))} rename unknown NEW_NAME\."):
        load(bundle)
    with pytest.raises(UsageError, match="is the answer for strangers"):
        add_person(bundle, "unknown", [])
    rename_person(bundle, "unknown", "bo")
    assert load(bundle).labels == WHO[:3]


def holding(root: Path, needle: bytes) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file() and needle in path.read_bytes()]


@pytest.mark.parametrize("renamed", [False, True])
def test_removal_leaves_no_embedding_and_no_digest_anywhere(
    bundle: Path, tmp_path: Path, remember_facts: Callable[..., None], renamed: bool
) -> None:
    vectors = [vector_of(f"bo:{number}").tobytes() for number in range(4)]
    digests = [hashlib.sha256(f"bo:{number}".encode()).hexdigest().encode() for number in range(4)]
    names = [*(f"bo:{number}" for number in range(4)), "other"]
    remember_facts(tmp_path / "photos", {name: hashlib.sha256(name.encode()).hexdigest() for name in names})
    assert all(holding(bundle.parent, vector) and holding(cache_folder(), vector) for vector in vectors)
    suspects = (SuspectPhoto("bo/bo 0.jpg", "bo", "ann", 0.9, 0.4), SuspectPhoto("ann/ann 0.jpg", "ann", "bo", 0.9, 0.4))
    pictures = {line.photo: "c29tZSBmYWNl" for line in suspects}
    write_face_part(bundle.parent, FacePart(FaceAudit(12, without_face=("bo/bo 1.jpg",), suspects=suspects), pictures))
    if renamed:
        rename_person(bundle, "bo", "bob")
    removed = remove_person(bundle, "bob" if renamed else "bo")
    for needle in (*vectors, *digests, *(digest[:16] for digest in digests), b"c29tZSBmYWNl", b"bo/bo"):
        assert holding(tmp_path / "run", needle) == []
        assert holding(cache_folder(), needle) == []
    assert counts(bundle) == {"ann": 4, "cy": 4}
    assert [answers(bundle, f"{who}:9") for who in ("ann", "bo", "cy")] == ["ann", None, "cy"]
    receipt = json.loads(removed.file.read_bytes())
    assert (receipt["embeddings"], receipt["cache_rows"], receipt["run_files"]) == (4, 4, ["faces.json", "split.csv"])
    assert list(photos_of(tmp_path / "photos", {"other"}, ())) == ["other"]
    assert holding(cache_folder(), b"bo:") == []


def test_removal_forgets_also_photos_from_elsewhere_in_which_the_face_is_recognised(bundle: Path, tmp_path: Path) -> None:
    for who in ("bo", "cy", "eve"):
        folder = write_photos(tmp_path / "elsewhere" / who, who, range(7, 9))
        read_faces({hashlib.sha256(path.read_bytes()).hexdigest(): path for path in folder.iterdir()}, None)
    removed = remove_person(bundle, "bo")
    assert removed.receipt.cache_rows == 6
    assert [bool(holding(cache_folder(), vector_of(f"{who}:7").tobytes())) for who in ("bo", "cy", "eve")] == [False, True, True]


def test_who_takes_over_a_name_takes_no_photos_of_the_former_along(bundle: Path, tmp_path: Path) -> None:
    rename_person(bundle, "bo", "bob")
    add_person(bundle, "bo", [write_photos(tmp_path / "new", "dee", range(2))])
    remove_person(bundle, "bo")
    assert counts(bundle)["bob"] == 4
    assert (bundle.parent / "split.csv").read_text(encoding="utf-8").count("bo/") == 4


def test_nobody_by_that_name_gets_advice(bundle: Path) -> None:
    with pytest.raises(UsageError, match='Did you mean "ann"'):
        remove_person(bundle, "anne")


def test_the_last_person_stays(bundle: Path) -> None:
    remove_person(bundle, "ann")
    remove_person(bundle, "bo")
    with pytest.raises(UsageError, match="only person"):
        remove_person(bundle, "cy")


def test_a_removal_that_was_stopped_can_be_done_again(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("whosthat.workflow.gallery_bundle.save_bundle", Mock(side_effect=BundleError("disk full")))
        with pytest.raises(BundleError, match="disk full"):
            remove_person(bundle, "bo")
    assert counts(bundle)["bo"] == 4
    remove_person(bundle, "bo")
    assert "bo" not in counts(bundle)
    assert not (bundle.parent / METRICS).exists()


def test_a_removal_that_is_killed_at_any_call_is_finished_by_the_same_command(bundle: Path, tmp_path: Path, killed_at: Any) -> None:
    vectors = [vector_of(f"bo:{number}").tobytes() for number in range(4)]
    shutil.copytree(tmp_path, whole := tmp_path.with_name(f"{tmp_path.name}-whole"))
    calls = []
    for nth in itertools.count(1):
        with killed_at(nth) as died:
            remove_person(bundle, "bo")
        if not died:
            break
        calls += died
        removed = remove_person(bundle, "bo")
        assert all(holding(place, vector) == [] for place in (tmp_path / "run", cache_folder()) for vector in vectors), (nth, died)
        assert {path.name for path in bundle.parent.iterdir()} == {
            "bundle",
            "split.csv",
            removed.file.name,
            ".bundle.lock",
            "training.lock",
        }
        assert counts(bundle) == {"ann": 4, "cy": 4}
        receipt = json.loads(removed.file.read_bytes())
        assert (receipt["removed"], receipt["embeddings"]) == ("bo", 4)
        shutil.rmtree(tmp_path)
        shutil.copytree(whole, tmp_path)
    assert {"unlink", "rmdir", "fsync", "rename", "replace"} <= set(calls)
    shutil.rmtree(whole)


def test_the_next_command_finishes_a_removal_that_was_killed(bundle: Path, killed_at: Any) -> None:
    with killed_at(2, "rename"):  # the new bundle moves in
        remove_person(bundle, "bo")
    assert holding(bundle.parent, vector_of("bo:0").tobytes())
    rename_person(bundle, "cy", "cyrus")
    assert holding(bundle.parent, vector_of("bo:0").tobytes()) == []
    assert counts(bundle) == {"ann": 4, "cyrus": 4}
    assert "interrupted and finished later" in json.loads((bundle.parent / "removed bo.json").read_bytes())["kept"]


def test_what_an_older_version_left_is_swept(bundle: Path) -> None:
    shutil.copytree(bundle, bundle.with_name(".bundle.old"))
    remove_person(bundle, "bo")
    assert holding(bundle.parent, vector_of("bo:0").tobytes()) == []


def test_two_processes_do_not_change_one_bundle(bundle: Path) -> None:
    with held(bundle), pytest.raises(BundleError, match="being changed by another process"):
        rename_person(bundle, "bo", "bob")


def test_a_gallery_is_no_network_to_export(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has a gallery"):
        export(bundle, "onnx", tmp_path / "out.onnx")


def test_a_recogniser_of_whole_photos_has_no_people(tmp_path: Path, save_colours: Any) -> None:
    with pytest.raises(BundleError, match="has no gallery"):
        list_people(save_colours(tmp_path / "bundle"))


@pytest.mark.real
def test_one_face_of_a_real_group_photo_is_enrolled_and_alone_answers_to_the_name(real_data: Path, tmp_path: Path) -> None:
    for photo in sorted((real_data / "avengers" / "chris_evans").iterdir())[:5]:
        (tmp_path / "people" / "chris").mkdir(parents=True, exist_ok=True)
        shutil.copy(photo, tmp_path / "people" / "chris")
    bundle = train(tmp_path / "people", default_recipe("faces"), runs=tmp_path / "runs").bundle
    group = real_data / "group_photos" / "014_5.jpg"
    with pytest.raises(DatasetError, match="shows 5 faces"):
        add_person(bundle, "tom", [group])
    add_person(bundle, "tom", [group], face=2)
    assert [sighting.name for sighting in load(bundle).identify(group)] == [None, "tom", None, None, None]


def sees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `identify` see the faces that a text file names."""

    def identify(self: FaceRecogniser, photo: Any, **_: object) -> list[Any]:
        text = Path(photo).read_text()
        return self.name(faces_in(text), np.stack([vector_of(word) for word in text.split()]))

    monkeypatch.setattr(FaceRecogniser, "identify", identify)


def gallery_of(bundle: Path) -> Gallery:
    return FaceRecogniser.open(open_bundle(bundle)).identifier.gallery


def test_a_name_that_was_ruled_out_is_not_given_to_this_face_again_and_to_others_still(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sees(monkeypatch)
    photo = tmp_path / "party.jpg"
    photo.write_text("dee:1 ann:9")
    sees_ann = FaceRecogniser.open(open_bundle(bundle)).identify(photo)
    assert [one.name for one in sees_ann] == [None, "ann"]
    rule_out(bundle, "ann", photo)
    after = FaceRecogniser.open(open_bundle(bundle)).identify(photo)
    assert [one.name for one in after] == [None, None]
    assert after[1].probabilities["ann"] < 0.01
    assert answers(bundle, "ann:0") == "ann"
    assert answers(bundle, "bo:9") == "bo"
    assert counts(bundle) == {"ann": 4, "bo": 4, "cy": 4}
    with pytest.raises(UsageError, match=r"No face in .*party\.jpg is called ann\. Nothing was changed\."):
        rule_out(bundle, "ann", photo)


def test_a_photo_that_was_enrolled_by_mistake_is_enrolled_no_longer(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sees(monkeypatch)
    photo = tmp_path / "photos" / "ann" / "ann 2.jpg"
    rule_out(bundle, "ann", photo)
    assert counts(bundle) == {"ann": 3, "bo": 4, "cy": 4}
    assert "ann/ann 2.jpg" not in [one.name for one in gallery_of(bundle).photos]
    assert answers(bundle, "ann:2") is None


def test_the_only_photo_of_somebody_cannot_be_ruled_out(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sees(monkeypatch)
    add_person(bundle, "dee", write_photos(tmp_path / "new", "dee", range(1)))
    with pytest.raises(UsageError, match="is the only photo of dee"):
        rule_out(bundle, "dee", tmp_path / "new" / "dee 0.jpg")
    other = tmp_path / "dee.jpg"
    other.write_text("dee:5")
    rule_out(bundle, "dee", other)
    assert answers(bundle, "dee:5") is None
    assert answers(bundle, "dee:0") == "dee"


def test_what_was_ruled_out_goes_with_the_people_it_is_about_and_stays_through_other_changes(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sees(monkeypatch)
    for who in ("ann", "bo", "cy"):
        photo = tmp_path / f"{who} 9.jpg"
        photo.write_text(f"{who}:9")
        rule_out(bundle, who, photo)
    rename_person(bundle, "bo", "bob")
    add_person(bundle, "dee", write_photos(tmp_path / "new", "dee", range(3)))
    remove_person(bundle, "ann")
    out = gallery_of(bundle).ruled_out
    assert [gallery_of(bundle).people[label] for label in out.labels.tolist()] == ["bob", "cy"]
    assert answers(bundle, "cy:9") is None
    remove_person(bundle, "bob")
    remove_person(bundle, "cy")
    assert gallery_of(bundle).ruled_out is None


def test_the_face_of_somebody_removed_is_also_forgotten_where_it_was_ruled_out_for_others(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sees(monkeypatch)
    place = FaceRecogniser.open(open_bundle(bundle)).identifier.gallery.ruling_out("bo", vector_of("ann:9"), "a" * 64)
    save_gallery(open_bundle(bundle), place.ruling_out("bo", vector_of("eve:1"), "b" * 64), None)
    remove_person(bundle, "ann")
    out = gallery_of(bundle).ruled_out
    assert out.digests == ("b" * 64,)
