"""What lies in a library: contents, the places where they lie, and the faces in them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whosthat.errors import LibraryError
from whosthat.library import contents
from whosthat.library.store import Library, is_library
from whosthat.types import Box, Face

LibraryOf = Callable[..., Library]


def test_faces_come_back_as_they_were_put(library_of: LibraryOf, tmp_path: Path) -> None:
    library = library_of({"2020/beach.png": ["anna", "tom"], "sea.png": []})
    anna, tom = contents.faces_of(library)
    assert (anna.number, tom.number) == (1, 2)
    assert anna.id.rpartition("-")[0] in contents.photos_by_digest(library, [anna.id.rpartition("-")[0]])
    assert anna.face.box == Box(10, 35, 30, 65)
    assert anna.place == Box(0.05, 0.35, 0.15, 0.65)
    assert anna.face.landmarks[0] == (16, 46)
    assert anna.vector.dtype == np.float32
    assert np.linalg.norm(anna.vector - tom.vector) > 0.8
    assert contents.files_of(library, anna.photo) == (tmp_path / "photos/2020/beach.png",)
    assert contents.faces_of(library, photos=[anna.photo]) == [anna, tom]
    assert contents.faces_of(library, "another reader") == []
    assert is_library(library.folder)
    assert not is_library(tmp_path)


def test_one_content_may_lie_in_several_places_whatever_their_names(library_of: LibraryOf, tmp_path: Path) -> None:
    library = library_of({"a.png": ["anna"]})
    photo = contents.faces_of(library)[0].photo
    with library.changing() as change:
        contents.put_file(change, 1, b"caf\xe9.png", "s", photo=photo)
        contents.put_file(change, 1, b"gone.png", "s", photo=photo)
        change.execute("UPDATE files SET missing_since = 1 WHERE name = ?", (b"gone.png",))
    here = (tmp_path / "photos/a.png", tmp_path / "photos" / os.fsdecode(b"caf\xe9.png"))
    assert contents.files_of(library, photo) == here
    assert contents.files_of_photos(library) == {photo: here}
    assert len(contents.files_of_photos(library, [photo], missing=True)[photo]) == 3


def test_a_file_that_changes_remembers_the_photo_that_was_there(library_of: LibraryOf) -> None:
    library = library_of({"a.png": ["anna"], "b.png": ["tom"]})
    one, other = (face.photo for face in contents.faces_of(library))

    def was() -> Any:
        return library.rows("SELECT was FROM files WHERE name = ?", (b"a.png",))[0][0]

    with library.changing() as change:
        contents.put_file(change, 1, b"a.png", "touched", photo=one)
    assert was() is None
    with library.changing() as change:
        contents.put_file(change, 1, b"a.png", "broken", photo=None, problem="a damaged PNG file")
        contents.put_file(change, 1, b"a.png", "changed", photo=other)
    assert was() == one


def test_where_somebody_was_forgotten_no_face_is_taken(library_of: LibraryOf) -> None:
    library = library_of({"a.png": ["anna", "tom"]})
    anna, tom = contents.faces_of(library)
    with library.changing() as change:
        change.execute("INSERT INTO forgotten (photo, left, top, right, bottom) VALUES (?, 0.06, 0.36, 0.16, 0.66)", (anna.photo,))
        contents.put_faces(change, anna.photo, "new", [anna.face, tom.face], np.stack([anna.vector, tom.vector]))
    (left,) = contents.faces_of(library, "new")
    assert (left.number, left.face.box, left.sharpness) == (2, tom.face.box, float("inf"))


def test_a_row_that_makes_no_sense_is_said(library_of: LibraryOf) -> None:
    library = library_of({"a.png": ["anna"]})
    with library.changing() as change:
        change.execute("UPDATE faces SET vector = ?", (np.array([np.nan], "<f4").tobytes(),))
    with pytest.raises(LibraryError, match="damaged"):
        contents.faces_of(library)


def test_ten_thousand_faces_in_one_photo(library_of: LibraryOf) -> None:
    library = library_of({"a.png": []})
    face = Face(Box(0, 0, 1, 1), ((0, 0),) * 5, 0.9)
    with library.changing() as change:
        contents.put_faces(change, 1, "drawn", [face] * 10_000, np.zeros((10_000, 16), np.float32))
    assert [one.number for one in contents.faces_of(library)] == list(range(1, 10_001))
