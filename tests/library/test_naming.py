"""Two people who are made one and two again, in any order, whatever was said meanwhile; what an older library has no tables for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from whosthat.errors import UsageError
from whosthat.library import facts, naming, schema, store
from whosthat.library.facts import Place, Saying, say
from whosthat.library.store import Library
from whosthat.types import Box

PEOPLE = ("Ana", "Bea", "Cleo")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """Ana, who was called Anne before, Bea and Cleo, each named in a photo; Ana and Bea are made one, and then both Cleo."""
    with Library(tmp_path / "library", create=True) as made:
        named(made)
        naming.rename(made, "Anne", "Ana")
        naming.rename(made, "Ana", "Bea", merge=True)
        naming.rename(made, "Bea", "Cleo", merge=True)
        assert people(made) == ["Cleo"] * 3
        yield made


def named(library: Library) -> None:
    with library.changing() as change:
        change.execute("INSERT INTO photos (id, sha256, width, height) VALUES (1, ?, 200, 100)", (bytes(32),))
    for at, name in enumerate(("Anne", *PEOPLE[1:])):
        say(library, [Saying(Place(1, Box(at / 4, 0, at / 4 + 0.2, 1)), "is", name)])


def people(library: Library) -> list[str | None]:
    return [one.person for one in facts.facts_of(library)]


def merges(library: Library) -> list[tuple[int, str | None, str | None, bool]]:
    return [(one.number, one.was, one.person, one.undone_at is None) for one, _moved in naming.merges_of(library)]


@pytest.mark.parametrize("order", [(4, 5), (5, 4)])
def test_merges_are_taken_back_in_any_order(library: Library, order: tuple[int, int]) -> None:
    for number in order:
        naming.part(library, number)
    assert people(library) == [*PEOPLE]
    assert facts.names_by_key(library) == {"anne": "Ana", "ana": "Ana", "bea": "Bea", "cleo": "Cleo"}
    assert library.rows("SELECT * FROM merged") == []


@pytest.mark.parametrize(("first", "then"), [(4, ["Ana", "Cleo", "Cleo"]), (5, ["Bea", "Bea", "Cleo"])])
def test_one_of_two_merges_is_taken_back_and_holds_again(library: Library, first: int, then: list[str]) -> None:
    naming.part(library, first)
    assert people(library) == then
    assert merges(library)[0] == (4, "Ana", then[1], first != 4)
    naming.join_again(library, first)
    assert people(library) == ["Cleo"] * 3
    naming.part(library, 4)
    assert people(library) == ["Ana", "Cleo", "Cleo"]


def test_a_name_that_somebody_else_has_now_is_not_given_back(library: Library) -> None:
    say(library, [Saying(Place(1, Box(0, 0, 0.2, 1)), "is", "Dora")])
    naming.rename(library, "Dora", "Ana")
    with pytest.raises(UsageError, match="somebody else now"):
        naming.part(library, 4)


def test_two_who_are_merged_anew_leave_one_merge(library: Library) -> None:
    naming.part(library, 5)
    merged, _moved = naming.rename(library, "Cleo", "Bea", merge=True)
    assert merged is not None
    assert merges(library) == [(4, "Ana", "Bea", True), (merged.number, "Cleo", "Bea", True)]
    with library.changing() as change:
        change.execute("DELETE FROM people")  # as forgetting does
    assert merges(library) == library.rows("SELECT * FROM merged") == library.rows("SELECT * FROM facts") == []


def test_an_older_library_opens_and_its_people_can_be_merged_and_parted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MIGRATIONS", schema.MIGRATIONS[:2])
    with Library(tmp_path / "old", create=True) as library, library.changing() as change:
        change.execute("INSERT INTO people VALUES (1, 'Ana'), (2, 'Bea')")
        change.execute("INSERT INTO photos (id, sha256, width, height) VALUES (1, x'00', 1, 1)")
        change.execute(
            "INSERT INTO facts (id, said_at, photo, left, top, right, bottom, what, person, how) "
            "VALUES (7, 9, 1, 0, 0, 1, 1, 'is', 1, 'face')"
        )
    monkeypatch.setattr(store, "MIGRATIONS", schema.MIGRATIONS)
    with Library(tmp_path / "old") as library:
        merged, _moved = naming.rename(library, "Ana", "Bea", merge=True)
        assert (merged and merged.number, people(library)) == (8, ["Bea"])
        naming.part(library, 8)
        assert people(library) == ["Ana"]
