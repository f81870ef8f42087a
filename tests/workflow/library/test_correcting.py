"""Corrections of a library: which face is meant, what is refused, what follows at once, and back again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from whosthat.errors import DatasetError, DoubtError, LibraryError, NameTakenError, UsageError, WhichFaceError
from whosthat.library import facts
from whosthat.library.contents import faces_of, set_setting
from whosthat.library.facts import Place, Saying
from whosthat.library.store import Library
from whosthat.recognition.gallery import EnrolledPhoto, Gallery
from whosthat.workflow.library import correcting
from whosthat.workflow.library.answering import answer_again, is_answered
from whosthat.workflow.library.correcting import correct, corrections, redo_correction, rename_in_library, undo_correction
from whosthat.workflow.library.faces import photo_in
from whosthat.workflow.people import list_people

PHOTOS = {"a.png": ["anna"], "b.png": ["anna", "tom"], "c.png": ["tom"], "d.png": ["tom"], "e.png": ["anna"], "sea.png": []}


@pytest.fixture
def library(library_of: Callable[..., Library], drawn_reader: None) -> Path:
    """The folder of a library in which nobody has a name, whose networks are never run."""
    return library_of(PHOTOS).folder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return tmp_path / "photos"


@pytest.fixture
def bundle(library: Path, tmp_path: Path, save_people: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle that is not the library's own, in use: it knows Anna by one photo of another origin."""
    monkeypatch.setattr("whosthat.recognition.face_recogniser._reader", lambda *_: SimpleNamespace(key="drawn"))
    with Library(library) as opened:
        vector = faces_of(opened)[0].vector + np.float32(0.01)
        made = save_people(tmp_path / "bundle", Gallery(("Anna",), vector[None], np.array([0]), (EnrolledPhoto("Anna/1.jpg", "ab" * 32),)))
        with opened.changing() as change:
            set_setting(change, "bundle", str(made))
        answer_again(opened)
    return made


def name_of(library: Path, photo: Path, face: int = 1) -> str | None:
    return photo_in(library, photo).faces[face - 1].name


def test_the_one_face_or_the_one_that_is_chosen(library: Path, photos: Path) -> None:
    done = correct(library, photos / "a.png", "is", " Anna ")
    assert done.answered is not None
    assert (done.answered.changed, done.is_new, done.facts[0].person) == (1, True, "Anna")
    assert (done.answered.first[0].path, done.answered.first[0].after) == (photos / "a.png", "Anna")
    with pytest.raises(WhichFaceError, match=r"shows 2 faces(.|\n)*1: 20 x 30 pixels from \(10, 35\), unknown\n  2: ") as asked:
        correct(library, photos / "b.png", "is", "Anna")
    assert "--" not in str(asked.value)
    again = correct(library, str(photos / "b.png"), "is", "anna", face=1)
    assert (again.is_new, again.facts[0].person) == (False, "Anna")
    assert [one.name for one in photo_in(library, photos / "b.png").faces] == ["Anna", None]
    assert photo_in(library, photos / "sea.png").faces == ()


def test_a_photo_by_its_digest_and_a_face_by_its_id(library: Path, photos: Path) -> None:
    with Library(library) as opened:
        ids = [face.id for face in faces_of(opened)]
    correct(library, ids[2], "is", "Tom")
    correct(library, ids[0].partition("-")[0], "is", "Anna")
    assert (name_of(library, photos / "b.png", 2), name_of(library, photos / "a.png")) == ("Tom", "Anna")


@pytest.mark.parametrize(
    ("photo", "what", "name", "face", "error"),
    [
        ("a.png", "is", None, None, "Give the name"),
        ("a.png", "is", "  ", None, "Give the name"),
        ("a.png", "is", "-", None, "Give the name"),
        ("a.png", "is", "x" * 500, None, "longer than 255"),
        ("a.png", "is", "../tom", None, "must not contain"),
        ("a.png", "is", "unknown", None, "answer for strangers"),
        ("a.png", "is_not", "Nobody so", None, "Nobody here is named"),
        ("a.png", "nobody", "Anna", None, "Only who a face is"),
        ("a.png", "was", "Anna", None, "got 'was'"),
        ("a.png", "is", "Anna", 2, "no face 2"),
        ("none.png", "is", "Anna", None, "There is no photo"),
        ("new.png", "is", "Anna", None, "is not in the library"),
        ("changed.png", "is", "Anna", None, "was changed since"),
        ("../photos", "is", "Anna", None, "is not in the library"),
        ("0" * 64, "is", "Anna", None, "has no photo 0000"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_said(
    library: Path, photos: Path, photo: str, what: Any, name: str | None, face: int | None, error: str
) -> None:
    (photos / "new.png").write_bytes(b"a new photo")
    (photos / "e.png").rename(photos / "changed.png")
    with Library(library) as opened, opened.changing() as change:
        change.execute("UPDATE files SET name = CAST('changed.png' AS BLOB) WHERE name = CAST('e.png' AS BLOB)")
    (photos / "changed.png").write_bytes(b"another photo")
    with pytest.raises(UsageError, match=error):
        correct(library, photo if len(photo) == 64 else photos / photo, what, name, face=face)
    assert corrections(library) == ()


def test_a_photo_without_a_face_and_one_that_is_gone(library: Path, photos: Path) -> None:
    with pytest.raises(DatasetError, match="No face was found"):
        correct(library, photos / "sea.png", "is", "Anna")
    (photos / "a.png").unlink()
    correct(library, photos / "a.png", "is", "Anna")
    assert name_of(library, photos / "a.png") == "Anna"
    with pytest.raises(UsageError, match="There is no library"):
        correct(photos, photos / "b.png", "nobody")


def test_undo_undo_redo(library: Path, photos: Path) -> None:
    correct(library, photos / "a.png", "is", "Anna")
    correct(library, photos / "c.png", "is", "Tom")
    correct(library, photos / "a.png", "nobody")
    assert name_of(library, photos / "a.png") is None
    back = undo_correction(library)
    assert back.answered is not None
    assert (back.answered.changed, name_of(library, photos / "a.png")) == (1, "Anna")
    first = corrections(library)[-1].fact.number
    undo_correction(library, first)
    assert name_of(library, photos / "a.png") is None
    redo_correction(library, first)
    assert name_of(library, photos / "a.png") == "Anna"
    redo_correction(library)
    assert name_of(library, photos / "a.png") is None


def test_the_list_shows_steps_and_the_face_of_each(library: Path, photos: Path) -> None:
    with Library(library) as opened:
        everybody = faces_of(opened)
        facts.say(opened, [Saying(Place(face.photo, face.place), "is", "Family", "group") for face in everybody])
    number = correct(library, photos / "b.png", "is", "Tom", face=2).facts[0].number
    undo_correction(library, number)
    correct(library, photos / "b.png", "no_face", face=1)
    listed = corrections(library)
    assert [(one.fact.what, one.n_faces, one.face) for one in listed] == [("no_face", 1, 1), ("is", 1, 2), ("is", 6, 1)]
    assert [one.path for one in listed[:2]] == [photos / "b.png"] * 2
    assert len(corrections(library, undone=False)) == 2
    assert len(undo_correction(library, listed[-1].fact.number).facts) == 6
    assert name_of(library, photos / "a.png") is None
    assert len(redo_correction(library, listed[-1].fact.number).facts) == 6
    assert name_of(library, photos / "a.png") == "Family"


def test_renaming_and_merging(library: Path, photos: Path) -> None:
    correct(library, photos / "a.png", "is", "Ana")
    correct(library, photos / "c.png", "is", "Tom")
    rename_in_library(library, "Ana", "Anna")
    assert name_of(library, photos / "a.png") == "Anna"
    again = correct(library, photos / "a.png", "is", " ana")
    assert (again.facts[0].person, again.is_new, again.notes[0]) == ("Anna", False, "ana is called Anna in this library.")
    with pytest.raises(NameTakenError, match="already"):
        rename_in_library(library, "Anna", "tom")
    with pytest.raises(UsageError, match="Anna is called so already"):
        rename_in_library(library, "anna", "Anna")
    assert rename_in_library(library, "Anna", "tom", merge=True).answered.changed == 1
    assert (name_of(library, photos / "a.png"), name_of(library, photos / "c.png")) == ("Tom", "Tom")
    with pytest.raises(UsageError, match="Choose another name"):
        rename_in_library(library, "Tom", "a/b")


def test_a_merge_is_listed_taken_back_and_brought_back(library: Path, photos: Path) -> None:
    correct(library, photos / "a.png", "is", "Ana")
    correct(library, photos / "c.png", "is", "Tom")
    (merged,) = rename_in_library(library, "Ana", "Tom", merge=True).facts
    assert (merged.number, merged.was, merged.person) == (3, "Ana", "Tom")
    assert correct(library, photos / "d.png", "is", "Ana").facts[0].number == 4
    listed = corrections(library)
    assert [(one.fact.number, one.fact.what, one.n_faces) for one in listed] == [
        (4, "is", 1), (3, "merged", 1), (2, "is", 1), (1, "is", 1)
    ]  # fmt: skip
    undo_correction(library)  # what was said last
    back = undo_correction(library)
    assert (back.facts[0].number, back.answered.changed) == (3, 1)
    assert (name_of(library, photos / "a.png"), name_of(library, photos / "c.png")) == ("Ana", "Tom")
    with pytest.raises(UsageError, match="taken back already"):
        undo_correction(library, 3)
    assert [one.fact.number for one in corrections(library, undone=False)] == [2, 1]
    again = redo_correction(library)
    assert (again.facts[0].number, again.answered.changed) == (3, 1)
    assert name_of(library, photos / "a.png") == "Tom"
    with pytest.raises(UsageError, match="was not taken back"):
        redo_correction(library, 3)
    redo_correction(library)
    undo_correction(library, 3)  # what was said since stays
    assert [name_of(library, photos / f"{one}.png") for one in "acd"] == ["Ana", "Tom", "Tom"]


def test_a_recogniser_that_still_says_the_old_name_means_the_same_person(library: Path, photos: Path, bundle: Path) -> None:
    assert name_of(library, photos / "a.png") == "Anna"
    correct(library, photos / "c.png", "is", "Bea")
    rename_in_library(library, "Anna", "Annika")
    assert name_of(library, photos / "a.png") == "Annika"
    rename_in_library(library, "Annika", "Bea", merge=True)
    assert (name_of(library, photos / "a.png"), name_of(library, photos / "c.png")) == ("Bea", "Bea")
    assert correct(library, photos / "b.png", "is_not", "Anna", face=1).facts[0].person == "Bea"
    assert [one.name for one in photo_in(library, photos / "b.png").faces] == [None, None]
    undo_correction(library)
    correct(library, photos / "b.png", "is", "Bea", face=2)  # then the other face of the photo is not
    assert [one.name for one in photo_in(library, photos / "b.png").faces] == [None, "Bea"]
    with Library(library) as opened:
        assert correcting._label(opened, bundle, "Bea") == "Anna"


def test_two_corrections_at_once_are_both_kept_and_answered(library: Path, photos: Path) -> None:
    said = [threading.Thread(target=correct, args=(library, photos / f"{letter}.png", "is", letter)) for letter in "acde"]
    for thread in said:
        thread.start()
    for thread in said:
        thread.join()
    assert [name_of(library, photos / f"{letter}.png") for letter in "acde"] == ["a", "c", "d", "e"]


def test_while_another_process_is_at_work_the_fact_is_kept(library: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correcting, "WAIT_SECONDS", 0.0)
    with Library(library) as other:
        with other.alone():
            done = correct(library, photos / "a.png", "is", "Anna")
        assert done.answered is None
        assert "kept" in done.notes[0]
        answer_again(other, [])  # as the other process does at its end
    assert name_of(library, photos / "a.png") == "Anna"


def test_with_leave_the_own_recogniser_learns_and_undo_makes_it_forget(library: Path, photos: Path) -> None:
    correct(library, photos / "a.png", "is", "Anna")
    with Library(library) as opened:
        assert opened.setting("bundle") is None
    done = correct(library, photos / "a.png", "is", "Anna", enrol=True)
    assert done.learnt is not None
    assert (done.learnt.people, done.learnt.faces) == (1, 1)
    assert done.effect is not None
    assert not done.effect.harms
    correct(library, photos / "c.png", "is", "Tom", enrol=True)
    assert [name_of(library, photos / name) for name in ("d.png", "e.png")] == ["Tom", "Anna"]
    undo_correction(library)
    assert name_of(library, photos / "d.png") is None
    undo_correction(library)
    assert not (library / "recogniser").exists()
    with pytest.raises(UsageError, match="can be learnt"):
        correct(library, photos / "c.png", "nobody", enrol=True)


def test_with_another_bundle_in_use_leave_enrols_there(library: Path, photos: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add, rule, take = Mock(return_value=Mock(notes=("Chosen.",))), Mock(), Mock()
    for name, function in (("add_person", add), ("rule_out", rule), ("remove_photo", take)):
        monkeypatch.setattr(correcting, name, function)
    done = correct(library, photos / "b.png", "is", "Tom", face=2, enrol=True, anyway=True)
    add.assert_called_once_with(bundle, "Tom", photos / "b.png", face=2, anyway=True)
    assert done.learnt is None
    assert done.notes == ("Chosen.", f"Enrolled in {bundle}.")
    correct(library, photos / "a.png", "is_not", "Anna", enrol=True)
    rule.assert_called_once_with(bundle, "Anna", photos / "a.png")
    assert name_of(library, photos / "a.png") is None
    assert "stays so" in undo_correction(library).notes[0]
    undo_correction(library)
    assert take.call_args.args[:2] == (bundle, "Tom")


def test_a_doubt_about_enrolling_says_nothing(library: Path, photos: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correcting, "add_person", Mock(side_effect=DoubtError("It looks like Anna.", "Enrol it anyway.")))
    with pytest.raises(DoubtError):
        correct(library, photos / "e.png", "is", "Tom", enrol=True)
    (photos / "e.png").unlink()
    with Library(library) as opened, opened.changing() as change:
        change.execute("UPDATE files SET missing_since = 1 WHERE name = CAST('e.png' AS BLOB)")
    with pytest.raises(DatasetError, match="is not there"):
        correct(library, photos / "e.png", "is", "Tom", enrol=True)
    assert corrections(library) == ()
    assert [one.name for one in list_people(bundle)] == ["Anna"]


def test_a_library_that_cannot_be_written_says_so(library: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "say", Mock(side_effect=LibraryError("no room")))
    with pytest.raises(LibraryError, match="no room"):
        correct(library, photos / "a.png", "is", "Anna")


def test_what_is_said_of_one_face_leaves_its_group_without_a_name_and_says_so(library: Path, photos: Path) -> None:
    with Library(library) as opened, opened.changing() as change:
        change.execute(
            "INSERT INTO groups SELECT faces.id, CAST(files.name AS TEXT) IN ('c.png', 'd.png') FROM faces JOIN files USING (photo)"
        )
    done = correct(library, photos / "a.png", "is", "Anna")
    assert done.answered is not None
    assert done.answered.changed == 1
    assert done.notes == ("3 other faces of its group have no name. Look at the groups: they say who they may be.",)
    assert correct(library, photos / "c.png", "is", "Tom").notes[0].startswith("1 other face of its group has no name.")
    assert correct(library, photos / "d.png", "is", "Tom").notes == ()


def test_what_is_said_while_the_recogniser_is_away_is_kept(library: Path, photos: Path, bundle: Path) -> None:
    bundle.rename(bundle.with_name("away"))
    done = correct(library, photos / "c.png", "is", "Tom")
    assert done.answered is None
    assert done.notes[0].startswith(f"This is kept, and answers follow. There is no bundle at {bundle}.")
    bundle.with_name("away").rename(bundle)
    with Library(library) as opened:
        assert not is_answered(opened)
        answer_again(opened, [])
        assert is_answered(opened)
    assert name_of(library, photos / "c.png") == "Tom"
