"""Finding the faces of many photos, on Grace Hopper's portrait in every awkward form."""

from __future__ import annotations

import importlib.metadata
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from whosthat import photo_cache
from whosthat.checking.face_audit import audit_faces
from whosthat.checking.face_findings import face_findings
from whosthat.dataset.audit import audit_folder
from whosthat.faces.remembered import PhotoFaces, RememberedFaces
from whosthat.photos.reading import sha256_of
from whosthat.workflow.face_photos import OpenedReader, _seen_already, faces_of_photos, open_reader, seen_in_photos

PORTRAIT = Image.open(
    Path(str(importlib.metadata.distribution("matplotlib").locate_file("matplotlib/mpl-data/sample_data/grace_hopper.jpg")))
).convert("RGB")


@pytest.fixture(scope="module")
def opened() -> OpenedReader:
    return open_reader("mtcnn")


@pytest.fixture
def look(opened: OpenedReader, tmp_path: Path) -> Callable[..., PhotoFaces]:
    """Save a picture and find the face that it is about."""

    def look(picture: Image.Image, name: str = "photo.jpg") -> PhotoFaces:
        picture.save(tmp_path / name, quality=90)
        return faces_of_photos({name: tmp_path / name}, opened.reader)[name]

    return look


def crowd(n: int) -> Image.Image:
    """So many Grace Hoppers, ten in a row."""
    picture, one = Image.new("RGB", (1600, 180 * -(-n // 10))), PORTRAIT.resize((160, 180))
    for number in range(n):
        picture.paste(one, (number % 10 * 160, number // 10 * 180))
    return picture


@pytest.mark.parametrize(
    ("mode", "name"), [("L", "grey.jpg"), ("CMYK", "print.jpg"), ("LA", "veil.png"), ("P", "few colours.gif"), ("1", "fax.png")]
)
def test_in_other_colours_it_is_the_same_person(look: Callable[..., PhotoFaces], mode: str, name: str) -> None:
    colour, other = look(PORTRAIT), look(PORTRAIT.convert(mode), name)
    assert len(other.faces) == 1
    assert np.linalg.norm(colour.vector - other.vector) < 0.5


def test_a_photo_of_100_megapixels_is_read_and_its_face_lies_in_its_own_pixels(look: Callable[..., PhotoFaces]) -> None:
    huge = Image.new("L", (10_000, 10_000), 90)
    huge.paste(PORTRAIT.convert("L").resize((2560, 3000)), (3000, 3000))
    found = look(huge)
    assert found.size == (10_000, 10_000)
    assert 3000 < found.face.box.left < found.face.box.right < 5560
    assert np.linalg.norm(found.vector - look(PORTRAIT).vector) < 0.4


def test_of_fifty_faces_all_are_found_and_one_is_taken(look: Callable[..., PhotoFaces]) -> None:
    found = look(crowd(50))
    assert len(found.faces) == 50
    assert abs(found.face.box.left + found.face.box.right - 1600) < 2 * 160
    assert np.linalg.norm(found.vector - look(PORTRAIT).vector) < 0.5


@pytest.mark.parametrize("side", ["left", "right", "bottom"])
def test_a_face_that_the_edge_cuts_is_found_and_said_to_be_cut(opened: OpenedReader, tmp_path: Path, side: str) -> None:
    cuts = {"left": (250, 0, 512, 600), "right": (0, 0, 280, 600), "bottom": (0, 0, 512, 260)}
    for person, picture in {"ann": PORTRAIT, "bo": PORTRAIT.crop(cuts[side])}.items():
        (tmp_path / "people" / person).mkdir(parents=True)
        picture.save(tmp_path / "people" / person / "photo.png")
    audit = audit_folder(tmp_path / "people")
    faces = audit_faces(audit, faces_of_photos({item.sha256: item.photo.path for item in audit.photos}, opened.reader))
    assert [(line.photo, line.beyond > 0.25) for line in faces.cut] == [("bo/photo.png", True)]
    assert "cut by the edge of the photo in 1 photo: bo/photo.png" in " ".join(finding.sentence for finding in face_findings(faces))


def test_where_the_disk_is_full_faces_are_found_all_the_same_and_nothing_remembered_is_lost(
    opened: OpenedReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: Any
) -> None:
    PORTRAIT.save(tmp_path / "photo.jpg")
    old = faces_of_photos({"old": tmp_path / "photo.jpg"}, opened.reader)
    opened_file = photo_cache._opened
    size = photo_cache.place().stat().st_size // 4096

    def nearly_full(path: Path) -> sqlite3.Connection:
        connection = opened_file(path)
        connection.execute(f"PRAGMA max_page_count = {size}")  # SQLite then says what it says of a full disk
        return connection

    with monkeypatch.context() as patch:
        patch.setattr("whosthat.photo_cache._opened", nearly_full)
        many = {f"{number:064x}": tmp_path / "photo.jpg" for number in range(16)}
        assert len(faces_of_photos(many, opened.reader, progress=heard)) == 16
    assert "The next training will find faces in these photos again." in heard.said[0]
    assert "database or disk is full. Make room there" in heard.said[0]
    with RememberedFaces(opened.reader.key) as remembered:
        assert not remembered.was_damaged
        assert remembered.get(["old", *many]) == old


def test_photos_without_a_face_and_photos_that_are_gone_are_told_apart(opened: OpenedReader, tmp_path: Path) -> None:
    Image.new("RGB", (200, 300), "teal").save(tmp_path / "wall.png")
    found = faces_of_photos({"wall": tmp_path / "wall.png", "gone": tmp_path / "gone.jpg"}, opened.reader)
    assert {name: photo.face for name, photo in found.items()} == {"wall": None}


def test_what_was_searched_is_not_looked_at_again_where_looking_finds_the_same(
    opened: OpenedReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHOSTHAT_CACHE", str(tmp_path / "cache"))
    pictures = {"small": PORTRAIT.crop((60, 40, 460, 440)).resize((180, 180)), "two": crowd(2), "large": PORTRAIT}
    pictures["wall"] = Image.new("RGB", (180, 180), "teal")
    for name, picture in pictures.items():
        picture.save(tmp_path / f"{name}.png")
    digest = {name: sha256_of(tmp_path / f"{name}.png") for name in pictures}
    photos = {digest[name]: tmp_path / f"{name}.png" for name in pictures}
    searched = {name: faces_of_photos(photos, opened.reader)[digest[name]] for name in pictures}
    looked = {name: seen_in_photos(photos, opened.reader, what="photos")[digest[name]] for name in pictures}
    for name in sorted(pictures.keys() - {"small"}):
        assert _seen_already(searched[name], opened.reader) is None, name
    gone = seen_in_photos({"again": tmp_path / "gone.png"}, opened.reader, what="photos", searched={"again": searched["small"]})["again"]
    assert gone.faces == looked["small"].faces
    assert len(gone.faces) == 1
    assert np.array_equal(gone.vectors, looked["small"].vectors)
    assert gone.sharpness == looked["small"].sharpness


def test_a_photo_that_was_replaced_meanwhile_gives_no_faces_to_the_old_one(opened: OpenedReader, tmp_path: Path) -> None:
    PORTRAIT.save(tmp_path / "photo.png")
    assert seen_in_photos({"another": tmp_path / "photo.png"}, opened.reader, what="photos") == {}
