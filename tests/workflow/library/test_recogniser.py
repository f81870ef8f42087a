"""A library's own recogniser: what it learns from, when, and which corrections do harm."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from whosthat.errors import UsageError
from whosthat.library import facts
from whosthat.library.contents import LibraryFace, faces_of, set_setting
from whosthat.library.facts import Place, Saying
from whosthat.library.store import Library
from whosthat.recognition import load
from whosthat.recognition.bundle import open_bundle
from whosthat.workflow.face_photos import OpenedReader
from whosthat.workflow.gallery_bundle import recogniser_of, save_gallery
from whosthat.workflow.library import recogniser as module
from whosthat.workflow.library.answering import answer_again
from whosthat.workflow.library.recogniser import effects_of, learn
from whosthat.workflow.people import list_people, rename_person
from whosthat.workflow.people_photos import photos_of
from whosthat.workflow.removing import remove_person

pytestmark = pytest.mark.usefixtures("drawn_reader")

MakeLibrary = Callable[..., Library]
PHOTOS = {f"{who}{number}.png": [who] for who in ("anna", "tom", "eve") for number in range(6)}


def face_in(library: Library, name: str) -> LibraryFace:
    (photo,) = library.rows("SELECT photo FROM files WHERE name = ?", (f"{name}.png".encode(),))
    (face,) = faces_of(library, photos=photo)
    return face


def say(library: Library, name: str, what: facts.What, person: str | None, how: facts.How = "face", *, enrolled: bool = False) -> int:
    face = face_in(library, name)
    (number,) = facts.say(library, [Saying(Place(face.photo, face.place), what, person, how, enrolled)])
    return number


def name_groups(library: Library, *people: str) -> None:
    for who in people:
        for number in range(6):
            say(library, f"{who}{number}", "is", who.title(), "group")


def enrolled(library: Library) -> dict[str, int]:
    return {one.name: one.photos for one in list_people(library.folder / "recogniser")}


def test_learns_from_groups_and_metadata_and_from_a_correction_only_with_leave(library_of: MakeLibrary) -> None:
    library = library_of(PHOTOS)
    assert learn(library) is None
    say(library, "anna0", "is", "Anna")
    assert learn(library) is None
    assert library.setting("bundle") is None
    say(library, "anna1", "is", "Anna", "group")
    say(library, "tom0", "is", "Tom", "metadata")
    say(library, "tom1", "is", "Tom", enrolled=True)
    learnt = learn(library)
    assert learnt is not None
    assert (learnt.people, learnt.faces, learnt.is_new) == (2, 3, True)
    assert enrolled(library) == {"Anna": 1, "Tom": 2}
    assert library.setting("bundle") == "recogniser"
    recogniser: Any = load(library.folder / "recogniser")
    assert recogniser.identifier.decide(face_in(library, "tom5").vector[None]).people(np.array([1])) == [[1]]


def test_learns_again_only_when_there_is_something_else_to_learn(library_of: MakeLibrary) -> None:
    library = library_of(PHOTOS)
    name_groups(library, "anna", "tom")
    first = learn(library)
    again = learn(library)
    assert first is not None
    assert again is not None
    assert (first.is_new, again.is_new, again.faces) == (True, False, 12)
    say(library, "eve0", "nobody", None)
    say(library, "eve1", "is", "Eve")  # without leave
    still = learn(library)
    assert still is not None
    assert not still.is_new
    say(library, "eve2", "is", "Eve", enrolled=True)
    more = learn(library)
    assert more is not None
    assert more.is_new
    assert enrolled(library) == {"Anna": 6, "Eve": 1, "Tom": 6}
    facts.undo(library)
    learn(library)
    assert enrolled(library) == {"Anna": 6, "Tom": 6}


def test_confirming_a_group_face_without_leave_keeps_what_the_group_taught(library_of: MakeLibrary) -> None:
    library = library_of(PHOTOS)
    name_groups(library, "anna", "tom")
    say(library, "anna0", "is", "Anna")
    say(library, "tom0", "is", "Eve")
    learn(library)
    assert enrolled(library) == {"Anna": 6, "Tom": 5}


def test_with_nothing_left_to_learn_from_there_is_no_recogniser(library_of: MakeLibrary) -> None:
    library = library_of(PHOTOS)
    say(library, "anna0", "is", "Anna", enrolled=True)
    alone = learn(library)
    assert alone is not None
    assert (alone.people, alone.faces) == (1, 1)
    facts.undo(library)
    assert learn(library) is None
    assert library.setting("bundle") is None
    assert not (library.folder / "recogniser").exists()


def test_the_figures_are_said_to_be_of_cross_validation(library_of: MakeLibrary) -> None:
    library = library_of(PHOTOS)
    name_groups(library, "anna", "tom", "eve")
    learnt = learn(library)
    assert learnt is not None
    assert "cross-validation, 100 % of 18 faces" in learnt.notes[0]
    assert "no test" in learnt.notes[0]
    bundle = open_bundle(library.folder / "recogniser").facts
    assert bundle.metrics == {}
    assert bundle.threshold is not None


def test_a_harmful_correction_is_shown_and_a_harmless_one_is_not(library_of: MakeLibrary) -> None:
    library = library_of(PHOTOS)
    for who in ("anna", "tom"):
        for number in range(2):
            say(library, f"{who}{number}", "is", who.title(), "group")
    good = say(library, "anna2", "is", "Anna", enrolled=True)
    bad = say(library, "tom2", "is", "Anna", enrolled=True)  # it is Tom
    learnt = learn(library)
    assert learnt is not None
    assert not learnt.effects[good].harms
    assert not learnt.effects[good].is_doubtful
    effect = learnt.effects[bad]
    assert effect.harms
    assert (effect.n, effect.person, effect.likeliest) == (5, "Anna", "Tom")
    assert b"Tom" not in json.dumps(library.setting("learnt")).encode()  # or it would outlive forgetting Tom
    assert effect.without_it > effect.with_it
    assert dict(effects_of(library)) == dict(learnt.effects)
    facts.undo(library)
    assert bad not in (learn(library) or learnt).effects


def test_a_group_face_that_is_clearly_somebody_else_is_left_out_a_correction_is_not(library_of: MakeLibrary) -> None:
    library = library_of(PHOTOS)
    name_groups(library, "anna", "tom")
    say(library, "eve0", "is", "Tom", "group")
    with library.changing() as change:  # the photo shows Anna
        vector = face_in(library, "anna0").vector + np.float32(0.01)
        change.execute("UPDATE faces SET vector = ? WHERE id = ?", (vector.tobytes(), face_in(library, "eve0").row))
    learnt = learn(library)
    assert learnt is not None
    assert learnt.left_out == 1
    assert enrolled(library) == {"Anna": 6, "Tom": 6}
    say(library, "eve0", "is", "Tom", enrolled=True)
    learn(library)
    assert enrolled(library) == {"Anna": 6, "Tom": 7}


def test_bursts_are_not_on_both_sides_of_the_cross_validation(library_of: MakeLibrary) -> None:
    library = library_of(PHOTOS, taken_at={"anna0.png": 100.0, "anna1.png": 101.5, "anna2.png": 103.0, "anna3.png": 200.0})
    name_groups(library, "anna", "tom")
    lessons = module._lessons(library, "drawn").lessons
    groups = module._groups(lessons, 1)
    number = {Path(one.person).name + str(place % 6): groups[place] for place, one in enumerate(lessons)}
    assert len({number[f"Anna{n}"] for n in (0, 1, 2)}) == 1
    assert len(set(groups.tolist())) == 13 - 2


def test_a_ruled_out_face_and_photos_of_another_origin(library_of: MakeLibrary) -> None:
    library = library_of(PHOTOS)
    name_groups(library, "anna", "tom")
    learn(library)
    own = library.folder / "recogniser"
    recogniser = recogniser_of(open_bundle(own))
    gallery = recogniser.identifier.gallery
    vector = face_in(library, "eve0").vector
    photo = module.EnrolledPhoto("eve/passport.jpg", "ab" * 32)
    save_gallery(open_bundle(own), gallery.with_photos("eve", vector[None], [photo]), None)  # as `people add` does
    say(library, "eve1", "is_not", "Tom", enrolled=True)
    say(library, "anna0", "is_not", "Tom")  # without leave
    learnt = learn(library)
    assert learnt is not None
    assert learnt.is_new
    assert enrolled(library) == {"Anna": 6, "Tom": 6, "eve": 1}
    assert [one.name for one in photos_of(own, "eve")] == ["eve/passport.jpg"]
    out = recogniser_of(open_bundle(own)).identifier.gallery.ruled_out
    assert out is not None
    assert out.digests == (face_in(library, "eve1").id.partition("-")[0],)


def test_another_recogniser_in_use_is_left_alone(library_of: MakeLibrary) -> None:
    library = library_of(PHOTOS)
    name_groups(library, "anna", "tom")
    with library.changing() as change:
        set_setting(change, "bundle", "/somewhere/else")
    assert learn(library) is None
    learnt = learn(library, replace=True)
    assert learnt is not None
    assert learnt.people == 2
    assert library.setting("bundle") == "recogniser"


def test_answering_again_learns_what_is_due_and_makes_up_for_a_lost_recogniser(library_of: MakeLibrary) -> None:
    library = library_of(PHOTOS)
    name_groups(library, "anna", "tom")
    answer_again(library)
    assert library.setting("bundle") is None  # nobody asked for one
    learn(library)
    for number in range(3):
        say(library, f"eve{number}", "is", "Eve", "metadata")
    answer_again(library)
    assert enrolled(library) == {"Anna": 6, "Eve": 3, "Tom": 6}
    named = library.rows("SELECT name FROM answers JOIN people ON people.id = person WHERE face = ?", (face_in(library, "eve5").row,))
    assert named == [("Eve",)]
    shutil.rmtree(library.folder / "recogniser")
    answer_again(library)
    assert enrolled(library) == {"Anna": 6, "Eve": 3, "Tom": 6}
    (library.folder / "recogniser" / "bundle.json").write_text("{}")
    answer_again(library)
    assert enrolled(library) == {"Anna": 6, "Eve": 3, "Tom": 6}


def test_another_embedder_is_learnt_with_from_the_same_facts(library_of: MakeLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    library = library_of(PHOTOS)
    name_groups(library, "anna", "tom")
    learn(library)
    opened = module.open_reader()
    newer: Any = SimpleNamespace(**{**vars(opened.reader), "key": "newer"})
    monkeypatch.setattr(module, "open_reader", lambda *_: OpenedReader(newer, b"graph", {"mtcnn-pnet": b"network"}))
    with library.changing() as change:
        for face in faces_of(library):
            mirrored = np.ascontiguousarray(face.vector[::-1])
            change.execute("UPDATE faces SET reader = 'newer', vector = ? WHERE id = ?", (mirrored.tobytes(), face.row))
        set_setting(change, "reader", "newer")
    learn(library)
    monkeypatch.setattr("whosthat.recognition.face_recogniser._reader", lambda *_: newer)
    recogniser: Any = load(library.folder / "recogniser")
    assert recogniser.identifier.decide(face_in(library, "tom5").vector[None]).people(np.array([1])) == [[1]]


def test_who_is_learnt_from_the_library_is_changed_in_the_library(library_of: MakeLibrary) -> None:
    library = library_of(PHOTOS)
    name_groups(library, "anna", "tom")
    learn(library)
    own = library.folder / "recogniser"
    with pytest.raises(UsageError, match=r"whosthat library .* forget NAME"):
        remove_person(own, "Anna")
    with pytest.raises(UsageError, match=r"whosthat correct .* --rename"):
        rename_person(own, "Anna", "Annika")
    assert enrolled(library) == {"Anna": 6, "Tom": 6}
    remove_person(own, "Anna", of_library=True)
    assert enrolled(library) == {"Tom": 6}
