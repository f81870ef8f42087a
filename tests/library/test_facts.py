"""What people said: kept with a time, taken back and brought back, found again among other boxes, settled by the later word."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from whosthat.errors import NameTakenError, UsageError
from whosthat.library import facts, naming
from whosthat.library.facts import Place, Said, Saying, said_of_faces, say
from whosthat.library.store import Library
from whosthat.types import Box

READER = "detector-embedder-1"
BOXES = {1: (10.0, 10.0, 50.0, 50.0), 2: (60.0, 10.0, 100.0, 50.0)}
"""Two faces in a photo of 200 x 100 pixels, by their rows."""


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "library", create=True) as made:
        with made.changing() as change:
            change.execute("INSERT INTO photos (id, sha256, width, height) VALUES (1, ?, 200, 100)", (bytes(32),))
        put_faces(made, READER, BOXES)
        yield made


def put_faces(library: Library, reader: str, boxes: dict[int, tuple[float, float, float, float]]) -> None:
    with library.changing() as change:
        for number, (face, box) in enumerate(boxes.items(), start=1):
            vector = np.zeros(2, np.float32).tobytes()
            row = (face, 1, reader, number, *box, b"", 1.0, 100.0, vector)
            change.execute(f"INSERT INTO faces VALUES ({','.join('?' * len(row))})", row)


def of(library: Library, face: int, what: facts.What, person: str | None = None, how: facts.How = "face") -> int:
    (number,) = say(library, [Saying(place_of(BOXES[face]), what, person, how)])
    return number


def place_of(box: tuple[float, float, float, float]) -> Place:
    left, top, right, bottom = box
    return Place(1, Box(left / 200, top / 100, right / 200, bottom / 100))


def told(library: Library, face: int = 1, reader: str = READER) -> Said:
    return said_of_faces(library, reader).get(face, Said())


def name_of(library: Library, face: int = 1, reader: str = READER) -> str | None:
    person = told(library, face, reader).person
    return None if person is None else facts.people_of(library)[person]


def test_a_fact_is_of_one_face_and_holds_with_its_time(library: Library) -> None:
    before = time.time()
    number = of(library, 1, "is", "Anna")
    assert (name_of(library, 1), name_of(library, 2)) == ("Anna", None)
    (fact,) = facts.facts_of(library)
    assert (fact.number, fact.photo, fact.what, fact.person, fact.undone_at) == (number, "00" * 32, "is", "Anna", None)
    assert fact.box == Box(0.05, 0.1, 0.25, 0.5)
    assert before <= fact.said_at <= time.time() + 1e-3


def test_the_later_word_counts(library: Library) -> None:
    of(library, 1, "is", "Anna")
    of(library, 1, "is", "Bob")
    assert name_of(library) == "Bob"
    of(library, 1, "is_not", "Bob")
    assert name_of(library) is None
    of(library, 1, "is", "Bob")
    assert (name_of(library), told(library).never) == ("Bob", set())
    of(library, 1, "no_face")
    assert told(library).no_face
    of(library, 1, "nobody")
    assert (told(library).no_face, told(library).nobody) == (False, True)
    of(library, 1, "is", "Anna")
    assert (told(library).nobody, name_of(library)) == (False, "Anna")


def test_a_word_on_one_face_counts_more_than_a_later_one_on_its_group(library: Library) -> None:
    of(library, 1, "is_not", "Anna")
    of(library, 1, "is", "Anna", how="group")
    assert name_of(library) is None
    of(library, 2, "is", "Anna", how="metadata")
    of(library, 2, "is", "Bob", how="group")
    assert name_of(library, 2) == "Bob"


def test_the_clock_may_go_back(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts.time, "time", lambda: 4e9)  # type: ignore[attr-defined]
    of(library, 1, "is", "Anna")
    monkeypatch.undo()
    of(library, 1, "is", "Bob")
    assert [fact.person for fact in facts.undo(library)] == ["Bob"]
    assert name_of(library) == "Anna"


def test_undo_goes_back_step_by_step_and_redo_forward(library: Library) -> None:
    of(library, 1, "is", "Anna")
    say(library, [Saying(place_of(box), "is", "Bob", "group") for box in BOXES.values()])
    assert [fact.person for fact in facts.undo(library)] == ["Bob", "Bob"]
    assert [fact.person for fact in facts.undo(library)] == ["Anna"]
    with pytest.raises(UsageError, match="nothing to take back"):
        facts.undo(library)
    assert (name_of(library, 1), name_of(library, 2)) == (None, None)
    assert len(facts.facts_of(library)) == 0
    assert [fact.undone_at is None for fact in facts.facts_of(library, undone=True)] == [False] * 3
    assert [fact.person for fact in facts.redo(library)] == ["Anna"]
    assert [fact.person for fact in facts.redo(library)] == ["Bob", "Bob"]
    with pytest.raises(UsageError, match="Nothing was taken back"):
        facts.redo(library)
    assert (name_of(library, 1), name_of(library, 2)) == ("Anna", "Bob")


def test_one_fact_is_taken_back_by_its_number_and_once_only(library: Library) -> None:
    first, _second = of(library, 1, "is", "Anna"), of(library, 1, "is", "Bob")
    facts.undo(library, first)
    assert name_of(library) == "Bob"
    with pytest.raises(UsageError, match="already"):
        facts.undo(library, first)
    facts.redo(library, first)
    assert name_of(library) == "Bob"  # it was said before
    with pytest.raises(UsageError, match="was not taken back"):
        facts.redo(library, first)
    for number in (99, 0, -1, 1 << 70):
        with pytest.raises(UsageError, match="no correction"):
            facts.undo(library, number)


def test_it_is_found_again_among_the_boxes_of_another_detector(library: Library) -> None:
    of(library, 1, "is", "Anna")
    of(library, 2, "is", "Bob")
    put_faces(library, "another", {11: (14, 8, 56, 52), 12: (66, 5, 108, 52), 13: (130, 10, 160, 50)})
    assert [name_of(library, face, "another") for face in (11, 12, 13)] == ["Anna", "Bob", None]
    put_faces(library, "tight", {21: (22, 22, 38, 38), 22: (150, 0, 160, 10)})  # overlap 0.16, but its middle lies in Anna's box
    assert [name_of(library, face, "tight") for face in (21, 22)] == ["Anna", None]


def test_a_box_around_several_faces_names_none_of_them(library: Library) -> None:
    say(library, [Saying(Place(1, Box(0, 0, 1, 1)), "is", "Anna", "metadata")])
    assert said_of_faces(library, READER) == {}


def test_only_the_photos_that_are_asked_for(library: Library) -> None:
    of(library, 1, "is", "Anna")
    assert list(said_of_faces(library, READER, [1])) == [1]
    assert said_of_faces(library, READER, [2]) == {}


@pytest.mark.parametrize("box", [Box(0.5, 0, 0.5, 1), Box(float("nan"), 0, 1, 1), Box(0, 0, 9, 1)])
def test_a_box_that_is_none_is_refused(library: Library, box: Box) -> None:
    with pytest.raises(UsageError, match="box"):
        say(library, [Saying(Place(1, box), "nobody")])
    assert facts.facts_of(library) == []


def test_names_that_differ_in_case_or_form_alone_are_one_person(library: Library) -> None:
    of(library, 1, "is", "Zoë")
    of(library, 2, "is", "zoe\u0308")
    assert list(facts.people_of(library).values()) == ["Zoë"]
    assert name_of(library, 2) == "Zoë"


def test_renaming_and_merging(library: Library) -> None:
    of(library, 1, "is", "Ana")
    of(library, 2, "is", "Bob")
    naming.rename(library, "ana", "anna")
    naming.rename(library, "anna", "Anna")  # case alone
    assert name_of(library, 1) == "Anna"
    with pytest.raises(NameTakenError, match="Make one person of Anna and Bob"):
        naming.rename(library, "Anna", "bob")
    naming.rename(library, "Anna", "bob", merge=True)
    assert (name_of(library, 1), name_of(library, 2)) == ("Bob", "Bob")
    assert list(facts.people_of(library).values()) == ["Bob"]
    with pytest.raises(UsageError, match="Nobody here"):
        naming.rename(library, "Anna", "Tom")
    assert facts.names_by_key(library) == {"bob": "Bob", "ana": "Bob", "anna": "Bob"}
    of(library, 1, "is", "Ana")  # so Bob was called before
    assert name_of(library, 1) == "Bob"
    of(library, 2, "is", "Tom")
    naming.rename(library, "Tom", "Ana")  # somebody else, from now on
    assert facts.names_by_key(library)["ana"] == "Ana"
    with library.changing() as change:
        change.execute("DELETE FROM people WHERE name = 'Bob'")
    assert facts.names_by_key(library) == {"ana": "Ana", "tom": "Ana"}
    assert library.rows("SELECT name FROM aliases") == [("tom",)]


def test_a_thousand_faces_in_one_photo(library: Library) -> None:
    boxes = {100 + at: (5.0 * (at % 40), 4.0 * (at // 40), 5.0 * (at % 40) + 5, 4.0 * (at // 40) + 4) for at in range(1000)}
    put_faces(library, "many", boxes)
    numbers = say(library, [Saying(place_of(box), "is", f"person {face}", "group") for face, box in boxes.items()])
    said, people = said_of_faces(library, "many"), facts.people_of(library)
    assert {face: people[one.person or 0] for face, one in said.items()} == {face: f"person {face}" for face in boxes}
    assert len(facts.undo(library)) == len(numbers) == 1000
