"""Who a face of a library is: what people said, then the recogniser, then the group; and how many answers changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from whosthat.errors import BundleError, LibraryError
from whosthat.library import facts
from whosthat.library.contents import LibraryFace, faces_of, set_setting
from whosthat.library.facts import Place, Saying
from whosthat.library.store import Library
from whosthat.recognition.gallery import EnrolledPhoto, Gallery
from whosthat.workflow.library import answering
from whosthat.workflow.library.answering import answer_again
from whosthat.workflow.library.in_use import bundle_in_use

PHOTOS = {"a.png": ["anna"], "b.png": ["anna", "tom"], "c.png": ["tom"], "d.png": ["stranger"], "e.png": ["tom", "anna"], "sea.png": []}
MakeLibrary = Callable[..., Library]
Use = Callable[..., None]


@pytest.fixture
def use(tmp_path: Path, save_people: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Use:
    """Let a library use a recogniser that knows some of its people by the first two faces of each."""
    monkeypatch.setattr("whosthat.recognition.face_recogniser._reader", lambda *_: SimpleNamespace(key="drawn"))

    def use(library: Library, photos: Mapping[str, list[str]], *people: str, head: str = "nearest") -> None:
        shown = [who for names in photos.values() for who in names]
        faces = dict(zip([face.row for face in faces_of(library)], shown, strict=True))
        known = [[face for face in faces_of(library) if faces[face.row] == who][:2] for who in people]
        vectors = np.stack([face.vector for own in known for face in own])
        labels = np.repeat(np.arange(len(people)), [len(own) for own in known])
        enrolled = tuple(EnrolledPhoto(face.id, face.id.partition("-")[0]) for own in known for face in own)
        bundle = save_people(tmp_path / "bundle", Gallery(people, vectors, labels, enrolled), head=head)
        with library.changing() as change:
            set_setting(change, "bundle", str(bundle))

    return use


def names(library: Library) -> dict[str, str | None]:
    """Who each face is, by "name of the file's number of the face", those without an answer left out."""
    rows = library.rows(
        "SELECT cast(files.name AS TEXT), number, people.name FROM answers JOIN faces ON faces.id = face "
        "JOIN files USING (photo) LEFT JOIN people ON people.id = person ORDER BY files.name, number"
    )
    return {f"{file.removesuffix('.png')}{number}": name for file, number, name in rows}


def face_at(library: Library, place: str) -> LibraryFace:
    (photo,) = library.rows("SELECT photo FROM files WHERE name = ?", (f"{place[0]}.png".encode(),))
    return faces_of(library, photos=photo)[int(place[1:]) - 1]


def say(library: Library, place: str, what: facts.What, person: str | None = None, how: facts.How = "face") -> None:
    face = face_at(library, place)
    facts.say(library, [Saying(Place(face.photo, face.place), what, person, how)])


def group(library: Library, number: int, *places: str) -> None:
    with library.changing() as change:
        change.executemany("INSERT INTO groups VALUES (?, ?)", [(face_at(library, place).row, number) for place in places])


def test_the_recogniser_names_and_nobody_it_does_not_know(library_of: MakeLibrary, use: Use) -> None:
    library = library_of(PHOTOS)
    assert answer_again(library).changed == 0
    assert names(library) == {}
    use(library, PHOTOS, "anna", "tom")
    answered = answer_again(library)
    expected = {"a1": "anna", "b1": "anna", "b2": "tom", "c1": "tom", "d1": None, "e1": "tom", "e2": "anna"}
    assert names(library) == expected
    assert (answered.faces, answered.changed) == (7, 6)
    assert {(one.face, one.before, one.after) for one in answered.first} >= {(1, None, "anna"), (2, None, "tom")}
    assert answer_again(library).changed == 0
    rows = library.rows("SELECT confidence, why FROM answers")
    assert all(0 <= confidence <= 1 and why == "recogniser" for confidence, why in rows)


@pytest.mark.parametrize("head", ["nearest", "trimmed-mean", "logistic"])
def test_what_was_said_comes_first_and_forbids(library_of: MakeLibrary, use: Use, head: str) -> None:
    library = library_of(PHOTOS)
    use(library, PHOTOS, "anna", "tom", head=head)
    answer_again(library)
    say(library, "b2", "is_not", "Tom")  # case alone makes no other person
    say(library, "c1", "is", "bob")
    say(library, "a1", "nobody")
    say(library, "e1", "no_face")
    answered = answer_again(library)
    assert names(library) == {"a1": None, "b1": "anna", "b2": None, "c1": "bob", "d1": None, "e1": None, "e2": "anna"}
    assert answered.changed == 4
    assert dict(library.rows("SELECT why, count(*) FROM answers GROUP BY why")) == {
        "fact": 2,
        "no_face": 1,
        "recogniser": 4,
    }
    facts.undo(library)
    facts.undo(library)
    assert answer_again(library).changed == 2
    assert (names(library)["a1"], names(library)["e1"]) == ("anna", "tom")


def test_nobody_is_named_twice_in_a_photo_beside_a_fact(library_of: MakeLibrary, use: Use) -> None:
    library = library_of(PHOTOS)
    use(library, PHOTOS, "anna", "tom")
    say(library, "b2", "is", "anna")  # the recogniser would call the other face so
    answer_again(library)
    assert (names(library)["b1"], names(library)["b2"]) == (None, "anna")


def test_a_face_that_is_not_tom_may_still_be_the_second_likeliest(library_of: MakeLibrary, use: Use) -> None:
    photos = {"a.png": ["twin 1"], "b.png": ["twin 1"], "c.png": ["twin 2"], "d.png": ["twin 2"], "e.png": ["twin 1"]}
    library = library_of(photos)
    with library.changing() as change:  # the second twin looks much like the first
        for place, away in (("c1", 0.3), ("d1", 0.33)):
            vector = face_at(library, "a1").vector + np.eye(16, dtype=np.float32)[0] * away
            change.execute("UPDATE faces SET vector = ? WHERE id = ?", (vector.tobytes(), face_at(library, place).row))
    use(library, photos, "twin 1", "twin 2")
    answer_again(library)
    assert names(library)["e1"] == "twin 1"
    say(library, "e1", "is_not", "twin 1")
    answer_again(library)
    assert names(library)["e1"] == "twin 2"


def test_a_group_gives_its_name_where_nothing_else_does(library_of: MakeLibrary, use: Use) -> None:
    library = library_of(PHOTOS)
    group(library, 0, "a1", "b1", "e2")
    group(library, 1, "b2", "c1", "e1")
    group(library, -1, "d1")
    say(library, "a1", "is", "Anna", "group")
    say(library, "b1", "is_not", "Anna")
    say(library, "b2", "is", "Tom", "group")
    say(library, "e1", "nobody")
    assert answer_again(library).changed == 4
    assert names(library) == {"a1": "Anna", "b2": "Tom", "c1": "Tom", "e1": None, "e2": "Anna"}
    assert dict(library.rows("SELECT why, count(*) FROM answers GROUP BY why")) == {"fact": 3, "group": 2}
    use(library, PHOTOS, "anna", "tom")
    answer_again(library)
    assert names(library) == {"a1": "Anna", "b1": None, "b2": "Tom", "c1": "Tom", "d1": None, "e1": None, "e2": "Anna"}
    assert dict(library.rows("SELECT why, count(*) FROM answers GROUP BY why")) == {"fact": 3, "recogniser": 4}


def test_in_a_group_of_several_names_the_nearest_counts(library_of: MakeLibrary) -> None:
    library = library_of(PHOTOS)
    group(library, 0, "a1", "b1", "b2", "c1", "e1", "e2")
    say(library, "a1", "is", "Anna", "group")
    say(library, "c1", "is", "Tom", "metadata")
    answer_again(library)
    assert names(library) == {"a1": "Anna", "b1": "Anna", "b2": "Tom", "c1": "Tom", "e1": "Tom", "e2": "Anna"}


def test_what_is_said_of_one_face_names_no_other(library_of: MakeLibrary) -> None:
    library = library_of(PHOTOS)
    group(library, 0, "a1", "b1", "b2", "c1", "e1", "e2")
    say(library, "c1", "is", "Tom")
    answer_again(library)
    assert names(library) == {"c1": "Tom"}
    say(library, "a1", "is", "Anna", "group")
    answer_again(library)
    assert names(library) == {"a1": "Anna", "b1": "Anna", "c1": "Tom", "e2": "Anna"}, "who is nearer to Tom has no name"
    say(library, "a1", "is", "Anna")
    answer_again(library)
    assert names(library) == {"a1": "Anna", "b1": "Anna", "c1": "Tom", "e2": "Anna"}, "the group is Anna's still"


def test_new_photos_alone_unless_facts_or_recogniser_changed(library_of: MakeLibrary, use: Use) -> None:
    library = library_of(PHOTOS)
    use(library, PHOTOS, "anna", "tom")
    new = [face_at(library, "c1").photo]
    assert answer_again(library, new).faces == 7
    assert answer_again(library, new).faces == 1
    say(library, "a1", "nobody")
    assert answer_again(library, new).changed == 1
    assert answer_again(library, new).faces == 1
    use(library, PHOTOS, "anna")
    assert answer_again(library, new).changed == 3


def test_answers_outlive_another_embedder(library_of: MakeLibrary, use: Use) -> None:
    library = library_of(PHOTOS)
    use(library, PHOTOS, "anna", "tom")
    say(library, "c1", "is", "bob")
    answer_again(library)
    with library.changing() as change:
        change.execute('UPDATE faces SET reader = \'new\', "left" = "left" + 2, vector = ?', (b"\0" * 32,))
        set_setting(change, "reader", "new")
    answered = answer_again(library)
    assert {name for name in names(library).values() if name} == {"bob"}
    assert "other embeddings" in answered.note


def test_many_photos_go_block_by_block(library_of: MakeLibrary, use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "AT_ONCE", 2)
    library = library_of(PHOTOS)
    use(library, PHOTOS, "anna", "tom")
    answer_again(library)
    assert names(library) == {"a1": "anna", "b1": "anna", "b2": "tom", "c1": "tom", "d1": None, "e1": "tom", "e2": "anna"}


def test_without_its_bundle_or_with_damaged_embeddings_all_stays_as_it_was(library_of: MakeLibrary, use: Use) -> None:
    library: Any = library_of(PHOTOS)
    use(library, PHOTOS, "anna", "tom")
    answer_again(library)
    before = names(library)
    bundle = bundle_in_use(library)
    assert bundle is not None
    bundle.rename(bundle.with_name("gone"))
    with pytest.raises(BundleError):
        answer_again(library)
    bundle.with_name("gone").rename(bundle)
    with library.changing() as change:
        change.execute("UPDATE faces SET vector = ? WHERE id = ?", (b"123", face_at(library, "a1").row))
    with pytest.raises(LibraryError, match="damaged"):
        answer_again(library)
    assert names(library) == before
