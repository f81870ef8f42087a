from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from whosthat.errors import CacheError
from whosthat.faces.remembered import PhotoFaces, RememberedFaces, RememberedLooks
from whosthat.types import Box, Face

VECTOR = np.random.default_rng(1).normal(size=128).astype(np.float32)
FACE = Face(Box(1.5, 2, 30, 40), ((5, 6), (7, 8), (9, 10), (11, 12), (13, 14.25)), 0.99)
FOUND = PhotoFaces((50, 60), (FACE,), 0, "plain", 31.5, VECTOR)


def test_what_was_found_comes_back(tmp_path: Path) -> None:
    with RememberedFaces("reader", tmp_path / "photos.sqlite") as faces:
        faces.put({"a" * 64: FOUND, "b" * 64: PhotoFaces((9, 9))})
    with RememberedFaces("reader", tmp_path / "photos.sqlite") as faces:
        back = faces.get(["a" * 64, "b" * 64, "c" * 64])
    assert back == {"a" * 64: FOUND, "b" * 64: PhotoFaces((9, 9))}
    np.testing.assert_array_equal(back["a" * 64].vector, VECTOR)
    assert (back["a" * 64].face, back["b" * 64].face) == (FACE, None)


def test_another_reader_sees_nothing(tmp_path: Path) -> None:
    with RememberedFaces("one", tmp_path / "f") as faces:
        faces.put({"a": FOUND})
    with RememberedFaces("another", tmp_path / "f") as faces:
        assert faces.get(["a"]) == {}


def test_what_is_forgotten_is_in_no_file_any_more(tmp_path: Path) -> None:
    with RememberedFaces("one", tmp_path / "f") as faces:
        faces.put({"a": FOUND, **{str(number): PhotoFaces((1, 1)) for number in range(500)}})
        assert VECTOR.tobytes() in (tmp_path / "f").read_bytes()
    with RememberedFaces("another", tmp_path / "f") as faces:
        assert faces.forget(["a", "not there"]) == 1
    assert all(VECTOR.tobytes()[:16] not in file.read_bytes() for file in tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps others out by the profile's rights")
def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    with RememberedFaces("reader", tmp_path / "cache" / "f") as faces:
        faces.put({"a": FOUND})
    assert stat.S_IMODE((tmp_path / "cache" / "f").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_damaged_file_is_replaced_and_that_can_be_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "f").write_bytes(content)
    with RememberedFaces("reader", tmp_path / "f") as faces:
        assert faces.was_damaged
        faces.put({"a": FOUND})
        assert faces.get(["a"]) == {"a": FOUND}


def test_damage_that_shows_itself_only_in_reading_is_told_and_mended(tmp_path: Path) -> None:
    with RememberedFaces("reader", tmp_path / "f") as faces:
        faces.put({f"{number:064x}": FOUND for number in range(200)})
    content = (tmp_path / "f").read_bytes()
    (tmp_path / "f").write_bytes(content[: len(content) // 2] + b"\xff" * (len(content) - len(content) // 2))
    with RememberedFaces("reader", tmp_path / "f") as faces:
        assert len(faces.get(f"{number:064x}" for number in range(200))) < 200
        assert faces.was_damaged
        faces.put({"a": FOUND})
        assert faces.get(["a"]) == {"a": FOUND}


def test_a_row_that_makes_no_sense_is_not_there(tmp_path: Path) -> None:
    with RememberedFaces("reader", tmp_path / "f") as faces:
        faces.put({"a": FOUND, "b": FOUND})
    with closing(sqlite3.connect(tmp_path / "f")) as connection, connection:
        connection.execute("UPDATE faces SET found = '[1, 2]' WHERE sha256 = 'a'")
        connection.execute("UPDATE faces SET vector = x'010203' WHERE sha256 = 'b'")
    with RememberedFaces("reader", tmp_path / "f") as faces:
        assert faces.get(["a", "b"]) == {}


@pytest.mark.parametrize("change", ["found = '2'", "found = 'null'", "found = ''", "vector = x'00'"])
def test_a_first_look_says_yes_or_no(change: str, tmp_path: Path) -> None:
    with RememberedLooks("detector", tmp_path / "f") as looks:
        looks.put({"a": True, "b": False})
        assert looks.get("abc") == {"a": True, "b": False}
    with RememberedLooks("another", tmp_path / "f") as looks:
        assert looks.get("a") == {}
    with closing(sqlite3.connect(tmp_path / "f")) as connection, connection:
        connection.execute(f"UPDATE faces SET {change} WHERE sha256 = 'a'")
    with RememberedLooks("detector", tmp_path / "f") as looks:
        assert looks.get("ab") == {"b": False}


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CacheError, match="WHOSTHAT_CACHE"):
        RememberedFaces("reader", tmp_path / "file" / "photos.sqlite")
