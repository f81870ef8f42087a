"""Who comes and who goes: told once, however often they are seen."""

from __future__ import annotations

import numpy as np
import pytest

from whosthat.recognition.presence import STRANGERS, Presence
from whosthat.types import Box, Face, Sighting


def seen(name: str | None = None, left: float = 0, vector: float | None = None, *, side: float = 80, turned: bool = False) -> Sighting:
    embedding = None if vector is None else np.array([vector, 0, 0], np.float32)
    nose = left + (60 if turned else 40)
    points = ((left + 25, 30), (left + 55, 30), (nose, 45), (left + 30, 60), (left + 50, 60))
    box = Box(left, 0, left + side, side)
    return Sighting(name, 0.9 if name else 0.3, box=box, embedding=embedding, face=Face(box, points, 0.99))


def told(presence: Presence, *looks: list[Sighting], step: float = 0.5) -> list[str]:
    changes = [change for number, look in enumerate(looks) for change in presence.see(number * step, look)]
    return [f"{'+' if change.entered else '-'}{change.name or change.stranger}" for change in changes]


def test_somebody_who_stays_is_told_once_and_on_leaving() -> None:
    presence = Presence(away=10)
    assert told(presence, *[[seen("Anna")]] * 100) == ["+Anna"]
    assert presence.see(55, []) == []
    (gone,) = presence.see(60, [])
    assert (gone.entered, gone.name, gone.seconds, gone.confidence) == (False, "Anna", 49.5, 0.9)
    assert len(presence) == 0


def test_who_comes_back_within_the_time_has_not_left_and_later_is_told_again() -> None:
    looks = [[seen("Anna")]] * 2 + [[]] * 5 + [[seen("Anna")]] * 2 + [[]] * 15 + [[seen("Anna")]] * 2
    assert told(Presence(away=5), *looks) == ["+Anna", "-Anna", "+Anna"]


def test_a_name_that_is_seen_once_is_not_told() -> None:
    assert told(Presence(away=5), [seen("Anna")], *[[]] * 20) == []
    assert told(Presence(away=5), [seen("Anna")], *[[]] * 20, [seen("Anna")]) == []
    assert told(Presence(away=5, named=1), [seen("Anna")]) == ["+Anna"]


def test_a_known_face_that_is_turned_away_is_no_stranger() -> None:
    looks = [[seen("Anna", 0, 0.0)], [seen("Anna", 5, 0.0)], *[[seen(None, 5 + 4 * number, 2.0)] for number in range(20)]]
    assert told(Presence(away=5, alike=0.4), *looks) == ["+Anna"]


def test_who_looks_like_somebody_who_is_there_is_no_stranger() -> None:
    looks = [[seen("Anna", 0, 0.0)]] * 2 + [[seen(None, 400, 0.1)]] * 10
    assert told(Presence(away=30, alike=0.4), *looks) == ["+Anna"]


def test_strangers_are_told_apart_and_told_once_each() -> None:
    looks = [[seen(None, 0, 0.0), seen(None, 300, 5.0)]] * 5 + [[seen(None, 600, 0.05)]] * 5
    assert told(Presence(away=30, alike=0.4), *looks) == ["+1", "+2"]


def test_strangers_are_numbered_as_they_are_told() -> None:
    assert told(Presence(away=30, alike=0.4), [seen(None, 0, 0.0)], *[[seen(None, 300, 5.0)]] * 5) == ["+1"]


def test_photos_are_compared_by_looks_and_not_by_place() -> None:
    looks = [[seen("Anna", 0, 0.0)], [seen(None, 0, 5.0)]]
    assert told(Presence(away=30, named=1, unnamed=1, alike=0.4, follows=False), *looks) == ["+Anna", "+1"]


@pytest.mark.parametrize("poor", [seen(None, 0, 1.0, side=20), seen(None, 0, 1.0, turned=True)])
def test_faces_that_tell_too_little_are_nobody(poor: Sighting) -> None:
    assert told(Presence(away=30, alike=0.4), *[[poor]] * 10) == []


def test_unknown_people_are_told_only_where_wanted() -> None:
    assert told(Presence(away=30, unnamed=0, alike=0.4), *[[seen(None, 0, 0.0)]] * 10) == []


def test_whole_pictures_have_one_unknown() -> None:
    assert told(Presence(away=3), *[[Sighting(None, 0.3)]] * 5, *[[Sighting("cat", 0.9)]] * 12) == ["+0", "+cat", "-0"]


def test_nothing_grows_with_time_or_with_a_crowd() -> None:
    presence = Presence(away=30, alike=0.4, follows=False)
    rng = np.random.default_rng(0)
    for number in range(2000):
        presence.see(number * 0.5, [seen(None, 100 * place, float(rng.uniform(0, 1e6))) for place in range(10)])
        assert len(presence) <= STRANGERS
    assert (len(presence), presence.is_full) == (STRANGERS, True)
    presence.see(1000, [])
    assert not presence.is_full
    assert len(presence.end()) <= STRANGERS
    assert len(presence) == 0
