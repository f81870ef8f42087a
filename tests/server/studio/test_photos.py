from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from whosthat.errors import PhotoError
from whosthat.photos.drawing import encode_image, save_image
from whosthat.photos.reading import read
from whosthat.server.studio.photos import GIVES_WAY, Copies, small_copy
from whosthat.translation import language, using


def noise(seed: int, side: int = 200) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, 2 * side, 3), dtype=np.uint8)


def test_a_copy_is_small_and_a_small_photo_stays_as_it_is(tmp_path: Path) -> None:
    save_image(noise(0), tmp_path / "1.png")
    assert read(small_copy(tmp_path / "1.png", 160)).shape == (80, 160, 3)
    assert read(small_copy(encode_image(noise(0, 20)), 160)).shape == (20, 40, 3)


def test_a_file_that_changes_gets_another_copy(tmp_path: Path) -> None:
    copies = Copies()
    save_image(noise(0), tmp_path / "1.png")
    first = copies.of_file(tmp_path / "1.png", 160)
    assert copies.of_file(tmp_path / "1.png", 160) is first
    save_image(noise(1), tmp_path / "1.png")
    assert copies.of_file(tmp_path / "1.png", 160) != first


def test_copies_that_were_not_asked_for_longest_go() -> None:
    size = len(small_copy(encode_image(noise(0)), 160))
    copies = Copies(room=int(2.5 * size))
    photos = {name: encode_image(noise(seed)) for seed, name in enumerate("abc")}
    first = copies.of_bytes("a", photos["a"], 160)
    second = copies.of_bytes("b", photos["b"], 160)
    assert copies.of_bytes("a", photos["a"], 160) is first
    copies.of_bytes("c", photos["c"], 160)
    assert copies.of_bytes("a", photos["a"], 160) is first
    assert copies.of_bytes("b", photos["b"], 160) is not second


def test_copies_are_made_one_after_the_other_where_others_leave_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[str, int]] = []

    def slowly(source: bytes, size: int) -> bytes:
        made.append((threading.current_thread().name, os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))
        return source + language().encode()

    monkeypatch.setattr("whosthat.server.studio.photos.small_copy", slowly)
    copies = Copies()

    def ask(name: str) -> bytes:
        with using("zh_TW" if name < "c" else "en"):
            return copies.of_bytes(name, name.encode(), 160)

    with ThreadPoolExecutor(6) as asking:
        assert list(asking.map(ask, "abcdef")) == [b"azh_TW", b"bzh_TW", b"cen", b"den", b"een", b"fen"]
    assert len(made) == 6
    assert {name for name, _priority in made} == {"copies_0"}
    if sys.platform == "linux":
        assert {priority for _name, priority in made} == {max(GIVES_WAY, os.getpriority(os.PRIO_PROCESS, 0))}


def test_a_photo_that_cannot_be_read_is_an_error_each_time() -> None:
    copies = Copies()
    for _twice in range(2):
        with pytest.raises(PhotoError):
            copies.of_bytes("a", b"no photo", 160)
