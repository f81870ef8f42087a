"""Answers written for other programs, and their names read as labels; faces are given, not found."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from whosthat.errors import UsageError
from whosthat.metadata import exiftool as metadata_exiftool
from whosthat.metadata.regions import Frame
from whosthat.metadata.xmp import opened, written_regions
from whosthat.photos.headers import header_of
from whosthat.photos.reading import read
from whosthat.types import Box, Face, Sighting
from whosthat.workflow.discovery import NOBODY, Discovery, FoundFace
from whosthat.workflow.metadata import PeopleReader, XmpWritten, read_xmp, write_discovery, write_xmp
from whosthat.workflow.predict import find_photos
from whosthat.workflow.prediction import Prediction

ANNA = Box(240, 180, 320, 270)
MARIE = Box(82, 90, 160, 150)
POINTS = ((1, 1), (2, 1), (1, 2), (1, 3), (2, 3))


@pytest.fixture
def photo(tmp_path: Path) -> Callable[..., Path]:
    def save(name: str = "beach.jpg", *, orientation: int = 1, size: tuple[int, int] = (400, 300), **options) -> Path:
        exif = PillowImage.Exif()
        exif[0x0112] = orientation
        PillowImage.new("RGB", size, "grey").save(tmp_path / name, exif=exif, **options)
        return tmp_path / name

    return save


def answer(path: Path, **people: Box | None) -> Prediction:
    return Prediction(path, tuple(Sighting(None if name == "unknown" else name, 0.9, box=box) for name, box in people.items()))


def written(*predictions: Prediction, **how) -> XmpWritten:
    told = XmpWritten()
    assert list(write_xmp(predictions, told, **how)) == list(predictions)
    return told


def where(sidecar: Path) -> dict[str, int]:
    """Return the names that have a region, and its left side in pixels."""
    written = written_regions(opened(sidecar.read_bytes()), Frame(400, 300))
    return {one.region.name: round(one.region.box.left * 400) for one in written if one.region.name}


def found(path: Path, *boxes: Box, labels: list[int] | None = None, facts=None) -> Discovery:
    faces = tuple(
        FoundFace(f"{7:064x}-{n}", (path,), Face(box, POINTS, 1.0), np.eye(9, 128, dtype=np.float32)[n])
        for n, box in enumerate(boxes, start=1)
    )
    return Discovery(faces, np.array(labels or range(len(boxes)), np.int64), "dlib-resnet", facts or {})


@pytest.mark.parametrize("orientation", range(1, 9))
def test_names_of_a_prediction_are_read_back_by_exiftool(exiftool, photo, orientation: int) -> None:
    """What is white in the stored photo is what the region, as ExifTool reads it, says."""
    path = photo(orientation=orientation)
    with PillowImage.open(path) as picture:
        exif = picture.getexif()
    stored = np.zeros((300, 400, 3), np.uint8)
    stored[150:180, 100:200] = 255
    PillowImage.fromarray(stored).save(path, exif=exif, quality=100)
    rows, columns = np.nonzero(read(path)[:, :, 0] > 128)
    face = Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    told = written(answer(path, Anna=face, unknown=Box(0, 0, 9, 9)))
    assert (told.written, told.problems, told.kept) == (1, [], [])
    info = exiftool(path.with_name("beach.jpg.xmp"))["XMP-mwg-rs:RegionInfo"]
    assert info["AppliedToDimensions"] == {"W": 400, "H": 300, "Unit": "pixel"}
    (region,) = info["RegionList"]
    assert region["Name"] == "Anna"
    assert [region["Area"][side] for side in "XYWH"] == pytest.approx([0.375, 0.55, 0.25, 0.1], abs=0.006)


def test_again_changes_nothing(photo) -> None:
    path = photo()
    written(answer(path, Anna=ANNA))
    before = path.with_name("beach.jpg.xmp").stat().st_mtime_ns
    told = written(answer(path, Anna=ANNA))
    assert (told.written, told.unchanged) == (0, 1)
    assert path.with_name("beach.jpg.xmp").stat().st_mtime_ns == before


def test_a_face_outside_the_photo_is_a_keyword_once(photo) -> None:
    path = photo()
    for _run in range(2):
        written(answer(path, Anna=Box(500, 10, 540, 50)))
    packet = path.with_name("beach.jpg.xmp").read_bytes()
    assert (packet.count(b"<rdf:li>Anna<"), packet.count(b"stArea")) == (2, 0)  # among the keywords, and that it is whosthat's


def test_a_photo_of_nobody_gets_no_sidecar(photo) -> None:
    path = photo()
    told = written(answer(path, unknown=ANNA), Prediction(path, error="the file is empty"), Prediction(path.with_name("gone.jpg")))
    assert (told.written, told.problems) == (0, [])
    assert [one.name for one in path.parent.iterdir()] == ["beach.jpg"]


def test_a_class_of_whole_photos_is_a_keyword(photo) -> None:
    path = photo()
    written(answer(path, cat=None))
    content = path.with_name("beach.jpg.xmp").read_bytes()
    assert b"<rdf:li>cat</rdf:li>" in content
    assert b"mwg-rs" not in content
    assert b"PersonInImage" not in content


def test_what_other_programs_say_counts_more(photo, programs) -> None:
    path = photo()
    path.with_name("beach.xmp").write_bytes(programs["Lightroom"])
    told = written(answer(path, Tom=MARIE, Anna=ANNA))
    assert told.written == 1
    assert [(one.path, one.reason) for one in told.kept] == [(path, "the region of Tom is named Marie Curie by another program")]
    assert sorted(where(path.with_name("beach.xmp"))) == ["Anna", "Marie Curie"]


def test_what_other_programs_say_elsewhere_counts_too(photo, programs) -> None:
    """In the photo itself and in the other one of two sidecars, of which whosthat writes the first."""
    path = photo(
        xmp=programs["digiKam"].replace(b"Marie Curie", b"Irene").replace(b'x="0.3"', b'x="0.6"').replace(b"0.2, 0.3,", b"0.5, 0.3,")
    )
    sidecars = path.with_name("beach.jpg.xmp"), path.with_name("beach.xmp")
    sidecars[0].touch()
    sidecars[1].write_bytes(programs["Lightroom"])
    irene = Box(202, 90, 280, 150)
    told = written(answer(path, Tom=MARIE, Anna=irene, Irene=ANNA))
    assert [one.reason for one in told.kept] == [
        "the region of Tom is named Marie Curie by another program",
        "the region of Anna is named Irene by another program",
        "Irene has a region elsewhere in the photo, by another program",
    ]
    assert (told.written, sidecars[0].read_bytes(), sidecars[1].read_bytes()) == (0, b"", programs["Lightroom"])
    assert written(answer(path, Marie=ANNA, Irene=irene)).written == 1  # who agrees has a region in the sidecar, too


@pytest.mark.parametrize("name", ["Tom/Thomas", "unknown"])
def test_a_name_that_nobody_can_have_here_is_another_programs_all_the_same(photo, programs, name: str) -> None:
    path = photo(xmp=programs["Lightroom"].replace(b"Marie Curie", name.encode()))
    told = written(answer(path, Anna=MARIE))
    assert [one.reason for one in told.kept] == [f"the region of Anna is named {name} by another program"]
    assert not path.with_name("beach.jpg.xmp").exists()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda path: path.write_bytes(b"<broken"), "damaged"),
        (lambda path: path.write_bytes(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), "document type"),
        (lambda path: path.symlink_to("/etc/hostname"), "link"),
        (lambda path: (path.write_bytes(b""), os.truncate(path, 100 << 20)), "100.0 MiB"),
        (lambda path: path.mkdir(), "no file"),
    ],
)
def test_a_sidecar_that_cannot_be_used_is_told_and_left(photo, spoil, reason: str) -> None:
    path = photo()
    sidecar = path.with_name("beach.jpg.xmp")
    spoil(sidecar)
    told = written(answer(path, Anna=ANNA), answer(photo("other.jpg"), Anna=ANNA))
    assert told.written == 1
    assert [(one.path, reason in one.reason) for one in told.problems] == [(sidecar, True)]
    problems: list = []
    assert PeopleReader().people_in(path, problems) == ()
    assert [one.path for one in problems] == [sidecar]


def test_an_empty_sidecar_and_a_read_only_one(photo, programs) -> None:
    path = photo()
    sidecar = path.with_name("beach.jpg.xmp")
    sidecar.touch()
    assert written(answer(path, Anna=ANNA)).written == 1  # of an empty one nothing can be lost
    sidecar.write_bytes(programs["digiKam"])
    sidecar.chmod(0o444)
    assert [one.reason for one in written(answer(path, Anna=ANNA)).problems] == ["it is read-only"]
    assert sidecar.read_bytes() == programs["digiKam"]


def test_what_a_kill_left_beside_a_photo_goes_with_the_next_run(photo, killed_at) -> None:
    path = photo()
    with killed_at(1):
        written(answer(path, Anna=ANNA))
    (left,) = path.parent.glob(".new-*")
    os.utime(left, (1, 1))
    assert list(find_photos([path.parent])) == [path]
    assert not left.exists()
    stranger, young = path.with_name(".new-notes"), path.with_name(".new-0123456789ab")
    stranger.touch(), young.touch()
    os.utime(stranger, (1, 1))
    link = path.with_name(".new-0123456789ac")
    link.symlink_to(stranger)
    os.utime(link, (1, 1), follow_symlinks=False)
    assert list(find_photos([path.parent])) == [path]
    assert all(os.path.lexists(one) for one in (stranger, young, link))


def test_photos_in_a_storage_get_none() -> None:
    assert "storage" in written(answer(Path("s3://photos/a.jpg"), Anna=ANNA)).problems[0].reason


@pytest.mark.parametrize("name", ["beach.jpg", "beach.png", "beach.tif", "beach.webp", "-beach%d$HOME.jpg", "beach [1] 'é'.jpg"])
def test_into_the_photo_itself(exiftool, photo, monkeypatch, programs, name: str) -> None:
    path = photo(name, orientation=6)
    pixels, old = read(path), path.read_bytes()
    monkeypatch.chdir(path.parent)
    told = written(answer(Path(name), Anna=Box(30, 40, 90, 120)), in_files=True)
    assert (told.written, told.problems) == (1, [])
    assert sorted(one.name for one in path.parent.iterdir()) == [name, f"{name}_original"]
    assert path.with_name(f"{name}_original").read_bytes() == old
    np.testing.assert_array_equal(read(path), pixels)
    assert header_of(path).orientation == 6
    assert exiftool(path)["XMP-mwg-rs:RegionInfo"]["RegionList"][0]["Name"] == "Anna"
    again = written(answer(Path(name), Anna=Box(30, 40, 90, 120), Tom=Box(200, 200, 260, 280)), in_files=True)
    assert (again.written, again.problems) == (1, [])
    assert path.with_name(f"{name}_original").read_bytes() == old
    assert [one["Name"] for one in exiftool(path)["XMP-mwg-rs:RegionInfo"]["RegionList"]] == ["Anna", "Tom"]


def test_xmp_of_others_in_the_photo_survives(exiftool, photo, programs) -> None:
    path = photo(xmp=programs["digiKam"])
    was = exiftool(path)
    assert written(answer(path, Anna=ANNA), in_files=True).written == 1
    now = exiftool(path)
    assert now["XMP-digiKam:TagsList"] == was["XMP-digiKam:TagsList"]
    assert [one["Name"] for one in now["XMP-mwg-rs:RegionInfo"]["RegionList"]] == ["Marie Curie", "Anna"]


def test_a_face_that_a_phone_found_gets_its_name(exiftool, photo, programs) -> None:
    path = photo(xmp=programs["Apple"])
    assert written(answer(path, Marie=MARIE), in_files=True).written == 1
    (region,) = exiftool(path)["XMP-mwg-rs:RegionInfo"]["RegionList"]
    assert (region["Name"], region["Extensions"]["XMP-apple-fi:FaceID"]) == ("Marie", 12)
    assert read_xmp(found(path, MARIE))[0].facts == {}


def test_a_photo_that_exiftool_refuses_is_told_and_left(exiftool, photo) -> None:
    path, locked = photo("a.jpg"), photo("b.jpg")
    path.write_bytes(path.read_bytes()[:2] + b"\xff\xe1\x00\x10Exif\0\0II*\0\x08\0" + path.read_bytes()[2:])
    locked.chmod(0o444)
    link = path.with_name("link.jpg")
    link.symlink_to(photo("c.jpg"))
    before = {each.name: each.read_bytes() for each in path.parent.iterdir()}
    told = written(*(answer(each, Anna=ANNA) for each in (locked, link)), in_files=True)
    assert [one.reason for one in told.problems] == ["it is read-only", "it is a link, which whosthat does not follow"]
    assert {each.name: each.read_bytes() for each in path.parent.iterdir()} == before


def test_without_exiftool_it_says_where_to_get_it(monkeypatch) -> None:
    monkeypatch.setattr(metadata_exiftool.shutil, "which", lambda _name: None)
    with pytest.raises(UsageError, match="libimage-exiftool-perl"):
        write_xmp([], XmpWritten(), in_files=True)


@pytest.mark.parametrize("program", ["digiKam", "Lightroom", "ExifTool", "Microsoft"])
def test_faces_get_the_names_of_other_programs(photo, programs, program: str) -> None:
    path = photo()
    path.with_name("beach.jpg.xmp").write_bytes(programs[program])
    named, told = read_xmp(found(path, MARIE, ANNA))
    assert named.facts == {f"{7:064x}-1": "Marie Curie"}
    assert (told.people, told.faces, told.problems) == (1, 1, [])


@pytest.mark.parametrize("name", ["beach.jpg", "beach.png", "beach.tif", "beach.webp"])
def test_names_in_the_photo_itself(photo, programs, name: str) -> None:
    if name.endswith(".tif"):
        options = {"tiffinfo": {700: programs["digiKam"], 274: 1}}
    elif name.endswith(".png"):
        from PIL.PngImagePlugin import PngInfo

        options = {"pnginfo": PngInfo()}
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", programs["digiKam"].decode())
    else:
        options = {"xmp": programs["digiKam"]}
    assert read_xmp(found(photo(name, **options), MARIE))[0].facts == {f"{7:064x}-1": "Marie Curie"}


def test_names_of_picasa(photo, tmp_path) -> None:
    path = photo()
    (tmp_path / ".picasa.ini").write_text("[beach.jpg]\nfaces=rect64(33334ccc66667fff),8e62398ebda8c1a5\n", encoding="utf-8")
    (tmp_path / "contacts.xml").write_text('<contacts><contact id="8e62398ebda8c1a5" name="Anna Example"/></contacts>', encoding="utf-8")
    assert read_xmp(found(path, MARIE))[0].facts == {}
    assert read_xmp(found(path, MARIE), contacts=tmp_path / "contacts.xml")[0].facts == {f"{7:064x}-1": "Anna Example"}
    with pytest.raises(UsageError, match="contacts"):
        read_xmp(found(path, MARIE), contacts=tmp_path / "none.xml")


def test_what_somebody_said_here_counts_more(photo, programs) -> None:
    path = photo(xmp=programs["digiKam"])
    assert read_xmp(found(path, MARIE, facts={f"{7:064x}-1": "Tom"}))[0].facts == {f"{7:064x}-1": "Tom"}
    spelled = read_xmp(found(path, MARIE, ANNA, facts={f"{7:064x}-2": "MARIE CURIE"}))[0].facts
    assert set(spelled.values()) == {"MARIE CURIE"}


def test_what_whosthat_wrote_is_no_label(photo) -> None:
    path = photo()
    written(answer(path, Anna=ANNA))
    assert read_xmp(found(path, ANNA))[0].facts == {}


def test_a_photo_that_was_cut_after_tagging_is_told(photo, programs) -> None:
    path = photo(size=(400, 200))
    path.with_name("beach.jpg.xmp").write_bytes(programs["digiKam"])
    named, told = read_xmp(found(path, MARIE))
    assert named.facts == {}
    assert "another shape" in told.problems[0].reason
    smaller = photo("small.jpg", size=(200, 150))
    smaller.with_name("small.jpg.xmp").write_bytes(programs["digiKam"])
    assert read_xmp(found(smaller, Box(41, 45, 80, 75)))[0].facts == {f"{7:064x}-1": "Marie Curie"}


@pytest.mark.parametrize("name", ["unknown", "a/b", "a\u202eb", "x" * 300])
def test_names_that_nobody_can_have_are_told(photo, programs, name: str) -> None:
    path = photo()
    path.with_name("beach.jpg.xmp").write_bytes(programs["digiKam"].replace(b"Marie Curie", name.encode()))
    named, told = read_xmp(found(path, MARIE))
    assert (named.facts, len(told.problems)) == ({}, 1)


def test_names_of_groups_are_written(photo) -> None:
    path = photo()
    discovery = found(path, MARIE, ANNA, Box(1, 1, 40, 40), labels=[0, 1, 2])
    named = discovery.named({"1": "Marie", "2": "Anna", "3": NOBODY})
    told = write_discovery(named)
    assert (told.written, told.problems) == (1, [])
    assert where(path.with_name("beach.jpg.xmp")) == {"Marie": 82, "Anna": 240}
