"""Names taken out of sidecars and photos again: all that whosthat wrote, in any folder, and nothing of others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from whosthat.errors import UsageError
from whosthat.metadata import exiftool as metadata_exiftool
from whosthat.types import Box, Sighting
from whosthat.workflow.metadata import write_xmp
from whosthat.workflow.prediction import Prediction
from whosthat.workflow.untagging import Untagged, untag

ANNA, TOM = Box(240, 180, 320, 270), Box(40, 30, 120, 100)


@pytest.fixture
def beach(tmp_path: Path) -> Path:
    path = tmp_path / "2020/.hidden/beach.jpg"
    path.parent.mkdir(parents=True)
    Image.new("RGB", (400, 300), "grey").save(path)
    return path


def write(path: Path, *, in_files: bool = False, **people: Box | None) -> Path:
    sightings = tuple(Sighting(name, 0.9, box=box) for name, box in people.items())
    list(write_xmp([Prediction(path, sightings)], in_files=in_files))
    return path if in_files else path.with_name(f"{path.name}.xmp")


def test_what_was_written_goes_and_a_sidecar_that_says_nothing_more(beach: Path, tmp_path: Path, heard) -> None:
    sidecar = write(beach, Anna=ANNA, Tom=TOM)
    assert untag("ANNA", tmp_path, progress=heard).files == 1
    assert b"Anna" not in sidecar.read_bytes()
    assert sidecar.read_bytes().count(b">Tom<") == 5  # a region, two lists, and that these are whosthat's
    assert heard.steps[-1][1:3] == (2, 2)
    assert untag("Anna", [tmp_path]).files == 0
    told = untag("Tom", beach)  # a photo means its sidecar, too
    assert (told.files, told.kept, sidecar.exists()) == (1, [], False)


def test_nothing_of_others_goes(beach: Path, tmp_path: Path, programs) -> None:
    sidecar = beach.with_name("beach.jpg.xmp")
    sidecar.write_bytes(programs["digiKam"])
    assert untag("Marie Curie", tmp_path).kept == []  # whosthat never wrote there
    write(beach, Anna=ANNA)
    with_anna = sidecar.read_bytes()
    told = untag("marie curie", tmp_path)
    assert (told.files, told.kept) == (0, [f"{sidecar} holds the name, which another program wrote there."])
    assert untag("Marie", tmp_path).kept == told.kept
    assert untag("Mari", tmp_path).kept == []
    assert sidecar.read_bytes() == with_anna
    assert untag("Anna", tmp_path).kept == []
    assert sidecar.read_bytes() == programs["digiKam"]


def test_what_cannot_be_changed_is_said(beach: Path, tmp_path: Path) -> None:
    sidecar = write(beach, Anna=ANNA)
    link = tmp_path / "link.xmp"
    link.symlink_to(sidecar)
    whole = sidecar.read_bytes()
    for spoil, reason in (
        (lambda: sidecar.chmod(0o444), "read-only"),
        (lambda: sidecar.write_bytes(whole[: whole.index(b"urn:whosthat") + 40]), "damaged"),
        (lambda: os.truncate(sidecar, 100 << 20), "MiB"),
    ):
        spoil()
        before = sidecar.stat().st_size
        told = untag("Anna", tmp_path)
        assert (told.files, len(told.kept), reason in told.kept[0]) == (0, 1, True)
        assert sidecar.stat().st_size == before
        sidecar.chmod(0o644)
        sidecar.write_bytes(whole)
    with pytest.raises(UsageError, match="whose name"):
        untag(" ", tmp_path)
    with pytest.raises(UsageError, match="not found"):
        untag("Anna", tmp_path / "gone")


def test_out_of_the_photo_itself(beach: Path, tmp_path: Path, exiftool, monkeypatch: pytest.MonkeyPatch) -> None:
    original = beach.read_bytes()
    write(beach, Anna=ANNA, in_files=True)
    backup = beach.with_name("beach.jpg_original")
    assert untag("Anna", tmp_path) == Untagged(files=1)
    assert not any(key.startswith("XMP") for key in exiftool(beach))
    assert backup.read_bytes() == original
    write(beach, Anna=ANNA, in_files=True)
    backup.unlink()
    untag("Anna", tmp_path)
    assert [one.name for one in beach.parent.iterdir()] == ["beach.jpg"]  # the old file holds the name, and is not kept
    write(beach, Anna=ANNA, in_files=True)
    backup.unlink()
    write(beach, Anna=ANNA, Tom=TOM, in_files=True)  # now the copy that ExifTool keeps holds the name
    with monkeypatch.context() as patch:
        patch.setattr(metadata_exiftool.shutil, "which", lambda _name: None)
        assert "ExifTool must be installed" in untag("Anna", tmp_path).kept[0]
    told = untag("Anna", tmp_path)
    assert (told.files, told.kept) == (1, [f"{backup} may hold the name: it is a copy that ExifTool kept."])


def test_what_a_kill_left_is_deleted_once_nobody_can_be_writing_it(beach: Path, tmp_path: Path) -> None:
    left, folder = tmp_path / ".new-0123456789ab", tmp_path / ".new-0123456789ac"
    left.write_bytes(b"Anna")
    folder.mkdir()
    kept = untag("Anna", tmp_path).kept
    assert (left.exists(), kept) == (True, [f"{left} may hold the name: another command may be writing it."])
    os.utime(left, (1, 1))
    assert (untag("Anna", tmp_path).kept, left.exists(), folder.exists()) == ([], False, True)
