"""Photos share the room: never more than there is, nobody waits for ever, and nobody is passed by."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from whosthat.photos import reading
from whosthat.photos.drawing import save_image
from whosthat.photos.memory import Room


def test_many_threads_never_take_more_than_there_is() -> None:
    room, lock = Room(10), threading.Lock()
    there, most = [0], [0]

    def use(n: int) -> int:
        with room.taken(n):
            with lock:
                there[0] += n
                most[0] = max(most[0], there[0] if n <= 10 else 0)
                assert n <= 10 or there[0] == n  # larger than all room: alone
            with lock:
                there[0] -= n
        return n

    sizes = np.random.default_rng(0).integers(1, 14, 2000).tolist()
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(use, sizes)) == sizes
    assert 0 < most[0] <= 10


def test_a_large_one_is_not_passed_by_for_ever() -> None:
    room, order, asked = Room(10), [], threading.Event()

    def use(n: int) -> None:
        asked.set()
        with room.taken(n):
            order.append(n)

    with ThreadPoolExecutor(2) as pool:
        with room.taken(4):
            large = pool.submit(use, 10)
            asked.wait()
            while not room._first_in_line.locked():
                pass
            small = pool.submit(use, 1)
        large.result()
        small.result()
    assert order == [10, 1]


def test_who_holds_room_does_not_wait_for_more_and_gives_it_back_after_a_failure() -> None:
    room = Room(10)
    with pytest.raises(ZeroDivisionError), room.taken(8), room.taken(8):
        1 / 0  # noqa: B018
    with room.taken(10):
        pass


def test_photos_that_do_not_fit_together_are_read_one_after_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_image(np.zeros((50, 40, 3), np.uint8), tmp_path / "photo.png")
    monkeypatch.setattr(reading, "UNFOLDED", Room(2 * 50 * 40 * 8))
    held: list[int] = []

    def look(_: int) -> int:
        with reading.opened(tmp_path / "photo.png"):
            held.append(1)
            now = len(held)
            held.pop()
        return now

    with ThreadPoolExecutor(8) as pool:
        assert max(pool.map(look, range(64))) == 1
