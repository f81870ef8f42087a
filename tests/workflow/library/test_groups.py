"""Groups of a library's faces: names that are given to them are facts, and outlive everything."""

import pytest

import whosthat
from whosthat.errors import LibraryError, UsageError
from whosthat.library.contents import faces_of, put_faces
from whosthat.library.facts import Place, Saying, facts_of, people_of, say
from whosthat.library.naming import rename
from whosthat.library.store import Library
from whosthat.workflow import discovery
from whosthat.workflow.discovery import NOBODY
from whosthat.workflow.library import groups
from whosthat.workflow.library.answering import answer_again
from whosthat.workflow.library.groups import change_groups, discovery_of

PHOTOS = {"1.png": ["anna", "tom"], "2.png": ["anna"], "2020/3.png": ["tom", "anna"], "4.png": ["bo"], "5.png": []}


@pytest.fixture
def library(library_of, monkeypatch):
    """Three of Anna, two of Tom, one of Bo, whose faces are small."""
    monkeypatch.setattr(discovery, "SMALL_FACE", 10)
    return library_of(PHOTOS)


def said(found):
    return [(group.name, len(group.faces)) for group in found.groups]


def facts(library):
    return [(fact.what, fact.person, fact.how) for fact in facts_of(library)]


def place_of(library, face):
    one = next(one for one in faces_of(library) if one.id == face.id)
    return Place(one.photo, one.place)


def test_faces_are_grouped_without_a_look_at_a_photo_and_stay_so(library, monkeypatch):
    for path in (library.folder.parent / "photos").rglob("*.png"):
        path.unlink()

    found = discovery_of(library)

    assert said(found) == [(None, 3), (None, 2), (None, 1)]
    assert [path.name for path in found.without_face] == ["5.png"]
    monkeypatch.setattr(groups, "grouped", lambda *_: pytest.fail("grouped again"))
    assert said(discovery_of(library)) == said(found)


def test_names_of_groups_and_of_single_faces_are_facts(library):
    named = change_groups(library, lambda found: found.named({"1": "Anna", "2": "Tom", "2.1": "Bo", "3": NOBODY}))

    assert (named.faces, named.answered.changed) == (6, 5)
    assert sorted(facts(library), key=str) == [
        ("is", "Anna", "group"), ("is", "Anna", "group"), ("is", "Anna", "group"),
        ("is", "Bo", "face"), ("is", "Tom", "group"), ("nobody", None, "group"),
    ]  # fmt: skip
    assert said(discovery_of(library)) == [("Anna", 3), ("Tom", 1), ("Bo", 1), (NOBODY, 1)] == said(named.discovery)


def test_from_python_groups_are_named_denied_and_accepted(library):
    named = whosthat.name_groups(library.folder, {"1": "Anna", "2": "Tom"}, never={"1.3": "Anna"}, accept="perhaps")

    assert said(named.discovery) == [("Anna", 2), ("Tom", 2), (None, 1), (None, 1)]
    assert named.notes == ()


def test_a_slip_of_the_pen_makes_nobody(library):
    change_groups(library, lambda found: found.named({"1": "Anna"}))
    with pytest.raises(UsageError, match="Did you mean"):
        change_groups(library, lambda found: found.denied({"2": "Ana"}))
    assert people_of(library) == {1: "Anna"}


def test_an_older_name_is_the_same_person_and_that_is_said(library):
    change_groups(library, lambda found: found.named({"1": "Ana", "2": "Tom"}))
    rename(library, "Ana", "Anna")

    named = change_groups(library, lambda found: found.named({"3": "Ana"}).denied({"2": "ana"}, numbered=found))

    assert named.notes == ("Ana is called Anna in this library.", "ana is called Anna in this library.")
    assert said(named.discovery) == said(discovery_of(library)) == [("Anna", 4), ("Tom", 2)]
    assert list(people_of(library).values()) == ["Anna", "Tom"]
    assert change_groups(library, lambda found: found.named({"1": "Anna"})).notes == ()


def test_from_python_a_library_is_discovered_as_photos_are(library):
    change_groups(library, lambda found: found.named({"1": "Anna"}))

    assert said(whosthat.discover(library.folder)) == [("Anna", 3), (None, 2), (None, 1)]


def test_the_same_names_again_say_nothing_new(library):
    for n_faces in (3, 0):
        assert change_groups(library, lambda found: found.named({"1": "Anna"})).faces == n_faces
    assert len(facts(library)) == 3


def test_names_outlive_a_library_that_is_looked_at_by_another_reader(library):
    change_groups(library, lambda found: found.named({"1": "Anna"}))
    with library.changing() as change:
        change.execute("UPDATE settings SET value = 'other' WHERE name = 'reader'")
        for one in faces_of(library, "drawn"):
            put_faces(change, one.photo, "other", [one.face], one.vector[None, ::-1].copy())

    assert {group.name for group in discovery_of(library).groups if group.name} == {"Anna"}


def test_a_name_is_taken_back_from_a_group_and_a_correction_of_a_face_is_overruled_by_the_next(library):
    change_groups(library, lambda found: found.named({"1": "Anna", "1.1": "Tom"}))
    change_groups(library, lambda found: found.named({"1": "Bea", "2": "Bea"}))

    assert said(discovery_of(library))[0] == ("Bea", 3)
    assert change_groups(library, lambda found: found.named({"1": ""})).faces == 3
    assert said(discovery_of(library)) == [(None, 3), (None, 2), (None, 1)]
    assert facts(library) == []


def test_who_a_face_is_not_stays_out_of_the_persons_group(library):
    change_groups(library, lambda found: found.named({"1": "Anna"}).denied({"1.3": "Anna"}))

    found = discovery_of(library)
    assert said(found) == [("Anna", 2), (None, 2), (None, 1), (None, 1)]
    assert all(group.guess is None for group in found.groups)
    assert ("is_not", "Anna", "face") in facts(library)
    assert {row[0] for row in library.rows("SELECT name FROM answers JOIN people ON people.id = person")} == {"Anna"}
    assert len(library.rows("SELECT 1 FROM answers WHERE person IS NOT NULL")) == 2


def test_what_is_no_face_is_gone_and_groups_nothing_anew(library, monkeypatch):
    face = discovery_of(library).groups[0].faces[0]
    say(library, [Saying(place_of(library, face), "no_face")])
    monkeypatch.setattr(groups, "grouped", lambda *_: pytest.fail("grouped again"))

    assert said(discovery_of(library)) == [(None, 2), (None, 2), (None, 1)]


def test_new_faces_are_grouped_and_take_the_name_of_their_group(library, library_of):
    change_groups(library, lambda found: found.named({"1": "Anna"}))
    library_of({"new.png": ["anna"]})

    found = discovery_of(library)

    assert said(found)[0] == ("Anna", 4)
    answer_again(library)
    assert [row[0] for row in library.rows("SELECT why FROM answers JOIN people ON people.id = person ORDER BY why")] == ["fact"] * 3 + [
        "group"
    ]


def test_what_a_recogniser_says_is_a_guess(library):
    with library.changing() as change:
        change.execute("INSERT INTO people (name) VALUES ('Tom')")
        change.executemany(
            "INSERT INTO answers VALUES (?, 1, 0.9, 'recogniser')", [(one.row,) for one in faces_of(library) if one.number == 1]
        )

    assert {group.probably for group in discovery_of(library).groups} == {"Tom", None}


def test_a_library_without_photos_and_one_that_another_process_changes(library, tmp_path):
    with Library(tmp_path / "new", create=True) as new, pytest.raises(UsageError, match="Nothing was scanned into the library"):
        change_groups(new, lambda found: found)
    with library.alone(), Library(library.folder) as other, pytest.raises(LibraryError, match="is being changed by another process"):
        change_groups(other, lambda found: found)


def test_what_cannot_be_a_name_changes_nothing(library):
    with pytest.raises(UsageError, match="same name"):
        change_groups(library, lambda found: found.named({"1": "Anna", "2": "anna"}))
    assert facts(library) == []
