"""Forgetting somebody in a library: nothing of them is left in any file, it does not come back, and a kill at any step loses nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from whosthat import settings
from whosthat.errors import LibraryError, UsageError
from whosthat.library.contents import LibraryFace, faces_of, files_of, set_setting
from whosthat.library.facts import Place, Saying, say
from whosthat.library.store import Library
from whosthat.recognition.gallery import EnrolledPhoto, Gallery
from whosthat.workflow.group_files import NAMES, _remember
from whosthat.workflow.library import forgetting
from whosthat.workflow.library.answering import answer_again
from whosthat.workflow.library.forgetting import forget, forget_missing
from whosthat.workflow.library.in_use import OWN
from whosthat.workflow.library.scanning import scan
from whosthat.workflow.people import list_people

pytestmark = pytest.mark.usefixtures("painted_reader")

SECRET = "Bartholomew"
SHOWN = {"alone.png": ["anna"], "both.png": ["anna", "tom"], "tom.png": ["tom"], "sea.png": []}


@pytest.fixture
def folder(tmp_path: Path, painted: ModuleType) -> Path:
    """A library in which Anna, called by a name that stands nowhere else, and Tom were named in every photo."""
    for number, (name, people) in enumerate(SHOWN.items()):
        painted.paint(tmp_path / "photos" / name, *people, number=number)
    scan(tmp_path / "library", tmp_path / "photos")
    with Library(tmp_path / "library") as library:
        names = {0: "Tom", 1: SECRET}
        say(
            library,
            [Saying(Place(face.photo, face.place), "is", names[int(face.vector[0] > 0.5)], enrolled=True) for face in faces_of(library)],
        )
        answer_again(library)
    return tmp_path / "library"


@pytest.fixture
def recogniser(folder: Path, save_people: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The library's own recogniser, of the faces in it, in use."""
    monkeypatch.setattr("whosthat.recognition.face_recogniser._reader", lambda *_: SimpleNamespace(key="painted"))
    with Library(folder) as library:
        faces = sorted(faces_of(library), key=lambda face: face.vector[0] > 0.5)
        enrolled = tuple(EnrolledPhoto(face.id, face.id.partition("-")[0]) for face in faces)
        labels = np.array([int(face.vector[0] > 0.5) for face in faces])
        save_people(folder / OWN, Gallery(("Tom", SECRET), np.stack([face.vector for face in faces]), labels, enrolled))
        with library.changing() as change:
            set_setting(change, "bundle", OWN)
        answer_again(library)
    return folder / OWN


def theirs(folder: Path) -> list[bytes]:
    """What must not be left of them: name, embedding, path of the photo that shows nobody else."""
    with Library(folder) as library:
        vectors = {face.vector.tobytes() for face in faces_of(library) if face.vector[0] > 0.5}
    return [SECRET.encode(), b"alone.png", *vectors]


def holding(needles: list[bytes], *folders: Path) -> list[str]:
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [f"{path.name}: {needle!r}" for path in files for needle in needles if needle in path.name.encode() + path.read_bytes()]


def shown(folder: Path) -> dict[str, list[str]]:
    """Which files the library knows, and what it answers for the faces in them."""
    with Library(folder) as library:
        names = dict(library.rows("SELECT face, name FROM answers JOIN people ON people.id = person"))
        faces: dict[str, list[str]] = {}
        for (photo,) in library.rows("SELECT id FROM photos"):
            for path in files_of(library, photo):
                faces[path.name] = [names.get(face.row, "") for face in faces_of(library, photos=[photo])]
        return faces


def test_nothing_is_left_of_somebody_and_it_does_not_come_back(folder: Path, recogniser: Path, painted_reader: Any) -> None:
    needles = theirs(folder)
    assert len({line.partition(":")[2] for line in holding(needles, folder, settings.cache_folder())}) == len(needles) == 3
    (folder / "groups").mkdir()
    (folder / "groups" / "groups.html").write_text(SECRET)

    receipt, file = forget(folder, SECRET.upper())

    assert (receipt.removed, receipt.photos, receipt.shared, receipt.embeddings, receipt.facts) == (SECRET, 1, 1, 2, 2)
    assert (receipt.guessed, receipt.cache_rows, receipt.bundles, receipt.paths) == (0, 2, (str(recogniser),), 0)
    assert (file.parent, json.loads(file.read_bytes())["embeddings"]) == (folder.parent, 2)
    assert holding(needles, folder, settings.cache_folder()) == []
    left = {"both.png": ["Tom"], "tom.png": ["Tom"], "sea.png": []}
    assert shown(folder) == left
    assert [one.name for one in list_people(recogniser)] == ["Tom"]
    looks = painted_reader.looks
    assert scan(folder).forgotten == 1
    assert (shown(folder), painted_reader.looks) == (left, looks)
    assert holding(needles, folder, settings.cache_folder()) == []
    with pytest.raises(UsageError, match="Nobody here is named"):
        forget(folder, SECRET)


def test_moved_copied_and_touched_photos_of_somebody_forgotten_are_passed_over(folder: Path, tmp_path: Path) -> None:
    needles = theirs(folder)[:1]
    forget(folder, SECRET)
    shutil.copy(tmp_path / "photos/alone.png", tmp_path / "photos/copy.png")
    (tmp_path / "photos/alone.png").rename(tmp_path / "photos/moved.png")
    assert scan(folder).forgotten == 2
    assert scan(folder).forgotten == 2
    assert set(shown(folder)) == {"both.png", "tom.png", "sea.png"}
    assert holding([*needles, b"moved.png", b"copy.png"], folder) == []


def test_another_reader_takes_no_face_where_somebody_was_forgotten(
    folder: Path, tmp_path: Path, painted: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    needles = theirs(folder)
    forget(folder, SECRET)
    other = painted.PaintedReader("other")
    with Library(folder) as library, library.changing() as change:
        set_setting(change, "reader", "before")
    monkeypatch.setattr("whosthat.workflow.library.reader.open_reader", other.opened)
    scan(folder)
    assert other.looks == 3
    assert shown(folder)["both.png"] == ["Tom"]
    assert holding(needles, folder, settings.cache_folder()) == []


ROWS_GONE = ("library.forgetting.answer_again", "library.forgetting.Library.shrink")
STEPS = ("library.forgetting.forget_in_cache", "removing.save_gallery", "removing.erase", "library.forgetting.replace_file", *ROWS_GONE)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("then", ["scan", "forget", "forget another"])
def test_killed_at_any_step_the_next_command_finishes(
    folder: Path, recogniser: Path, step: str, then: str, monkeypatch: pytest.MonkeyPatch, heard: Any
) -> None:
    needles = theirs(folder)

    def killed(*_: Any, **_more: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"whosthat.workflow.{step}", killed)
        with pytest.raises(KeyboardInterrupt):
            forget(folder, SECRET)
    if then == "scan":
        scan(folder, progress=heard)
        assert any(f"{SECRET} was forgotten, as was begun before." in said for said in heard.said) == (step not in ROWS_GONE)
    elif then == "forget" and step not in ROWS_GONE:
        receipt, _file = forget(folder, SECRET)
        assert (receipt.embeddings, "interrupted" in receipt.kept) == (2, True)
    else:
        forget(folder, "Tom") if then == "forget another" else scan(folder)
    assert holding(needles, folder, settings.cache_folder()) == []
    assert len(list(folder.parent.glob(f"forgotten {SECRET}*.json"))) == 1
    with Library(folder) as library:
        answered = library.setting("answered")
        answer_again(library)
        assert library.setting("answered") == answered  # by the recogniser that knows them no more


def test_the_only_person_of_the_librarys_own_recogniser_takes_it_along(folder: Path, recogniser: Path) -> None:
    forget(folder, SECRET)
    needles = [face.vector.tobytes() for face in faces(folder)]
    forget(folder, "tom")
    assert not recogniser.exists()
    assert holding([b"Tom", *needles], folder, settings.cache_folder()) == []
    with Library(folder) as library:
        assert library.setting("bundle") is None
        assert library.rows("SELECT * FROM faces") == []


def faces(folder: Path) -> list[LibraryFace]:
    with Library(folder) as library:
        return faces_of(library)


def test_a_recogniser_elsewhere_that_cannot_be_changed_is_told(folder: Path, tmp_path: Path) -> None:
    with Library(folder) as library, library.changing() as change:
        set_setting(change, "bundle", str(tmp_path / "away"))
    receipt, _file = forget(folder, SECRET)
    assert f"{tmp_path / 'away'} cannot be opened; it may hold {SECRET}" in receipt.kept


def test_a_recogniser_elsewhere_forgets_too_and_its_receipt_is_named(folder: Path, recogniser: Path, tmp_path: Path) -> None:
    recogniser.rename(tmp_path / "bundle")
    with Library(folder) as library, library.changing() as change:
        set_setting(change, "bundle", str(tmp_path / "bundle"))
    (folder / "groups").mkdir()
    (folder / "groups" / NAMES).touch()
    _remember(folder / "groups")
    (tmp_path / NAMES).write_text("damaged")
    _remember(tmp_path)
    receipt, _file = forget(folder, SECRET)
    of_recogniser = tmp_path / f"removed {SECRET}.json"
    assert (receipt.bundles, str(of_recogniser) in receipt.kept) == ((str(tmp_path / "bundle"),), True)
    (elsewhere,) = json.loads(of_recogniser.read_bytes())["elsewhere"]  # the library's contact sheet is gone already
    assert elsewhere == f"The folder {tmp_path} of whosthat discover cannot be read; it may hold {SECRET}."
    assert elsewhere in receipt.kept


def test_while_others_read_free_pages_wait_for_the_next_command(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needles = theirs(folder)
    with Library(folder) as reading:
        rows = reading._connection.execute("SELECT id FROM photos")
        rows.fetchone()
        with monkeypatch.context() as patch:
            patch.setattr("whosthat.library.store._WAIT_SECONDS", 0.1)
            with pytest.raises(LibraryError, match=r"read by another process|locked"):
                forget(folder, SECRET)
        rows.close()
    scan(folder)
    assert holding(needles, folder) == []


def test_missing_files_are_forgotten_only_when_told(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "photos/alone.png").unlink()
    scan(folder)
    assert forget_missing(folder) == forgetting.ForgottenFiles(1, 1, 1)
    assert holding([b"alone.png"], folder) == []
    assert set(shown(folder)) == {"both.png", "tom.png", "sea.png"}
    assert forget_missing(folder) == forgetting.ForgottenFiles(0, 0, 0)
    with pytest.raises(UsageError, match=r"at the last scan\. There is none now\.$"):
        forget_missing(folder, tmp_path)
    with pytest.raises(UsageError, match=r"Did you mean|Choose one of"):
        forget(folder, "Nobody")


def test_a_folder_that_is_away_as_a_whole_is_forgotten_only_by_its_name(folder: Path, tmp_path: Path, painted: ModuleType) -> None:
    usb = painted.paint(tmp_path / "usb/tom.png", "tom", number=9).parent
    shutil.copy(usb / "tom.png", tmp_path / "photos/copy.png")
    painted.paint(usb / "bob.png", "bob")
    scan(folder, usb)
    usb.rename(tmp_path / "pulled out")
    (tmp_path / "photos/sea.png").unlink()
    scan(folder)
    assert forget_missing(folder) == forgetting.ForgottenFiles(1, 1, 0, (usb,))
    for wrong in (tmp_path / "photos", tmp_path / "us"):
        with pytest.raises(UsageError, match=r"no scanned folder of which all photos were missing.* Choose one of|Did you mean"):
            forget_missing(folder, wrong)
    assert len(faces(folder)) == 6
    assert forget_missing(folder, usb) == forgetting.ForgottenFiles(2, 1, 1)
    assert scan(folder).not_there == ()
    assert set(shown(folder)) == {"alone.png", "both.png", "tom.png", "copy.png"}
