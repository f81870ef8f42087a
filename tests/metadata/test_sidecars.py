"""Which file is a photo's sidecar, and which are left alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from whosthat.metadata import sidecars
from whosthat.metadata.sidecars import SidecarError, read_sidecar, sidecar_for, sidecars_of


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "beach.jpg"
    path.write_bytes(b"photo")
    path.chmod(0o644)
    return path


def test_a_new_one_is_named_as_digikam_does(photo: Path) -> None:
    assert sidecar_for(photo) == photo.with_name("beach.jpg.xmp")


def test_the_one_that_is_there_is_used(photo: Path) -> None:
    photo.with_name("beach.xmp").touch()
    photo.with_name("beach.aae").touch()
    assert sidecar_for(photo) == photo.with_name("beach.xmp")
    photo.with_name("beach.jpg.xmp").touch()
    assert list(sidecars_of(photo)) == [photo.with_name("beach.jpg.xmp"), photo.with_name("beach.xmp")]


@pytest.mark.parametrize("other", ["beach.CR2", "beach.png", "beach.MOV"])
def test_one_that_two_photos_could_mean_is_neither_ones(photo: Path, other: str) -> None:
    photo.with_name("beach.xmp").touch()
    photo.with_name(other).touch()
    assert list(sidecars_of(photo)) == []
    assert sidecar_for(photo) == photo.with_name("beach.jpg.xmp")


def test_what_is_no_photo_shares_no_sidecar(photo: Path) -> None:
    for other in ("beach.xmp", "beach.jpg_original", "beach.xmp_original", "beach.jpg.dop", "beach.ON1"):
        photo.with_name(other).touch()
    photo.with_name("beach").mkdir()
    assert sidecar_for(photo) == photo.with_name("beach.xmp")


def test_a_suffix_that_stands_twice_is_another_photo(photo: Path) -> None:
    photo.with_name("beach.jpg.xmp").touch()
    twice = photo.with_name("beach.jpg.jpg")
    twice.touch()
    assert sidecar_for(twice) == photo.with_name("beach.jpg.jpg.xmp")
    assert sidecar_for(photo) == photo.with_name("beach.jpg.xmp")


def test_whoever_may_read_the_photo_may_read_a_new_one(photo: Path) -> None:
    photo.chmod(0o440)  # a photo that is protected has a sidecar like any other
    new = read_sidecar(sidecar_for(photo), photo)
    assert (new.packet, new.stamp) == (b"", ())
    new.write(b"new")
    assert (sidecar_for(photo).read_bytes(), stat.S_IMODE(sidecar_for(photo).stat().st_mode)) == (b"new", 0o640)


def test_who_may_read_one_stays(photo: Path) -> None:
    sidecar_for(photo).write_bytes(b"old")
    sidecar_for(photo).chmod(0o664)
    read_sidecar(sidecar_for(photo)).write(b"new")
    assert (sidecar_for(photo).read_bytes(), stat.S_IMODE(sidecar_for(photo).stat().st_mode)) == (b"new", 0o664)


def test_one_that_is_read_only_is_left_alone(photo: Path) -> None:
    sidecar_for(photo).write_bytes(b"old")
    sidecar_for(photo).chmod(0o444)
    with pytest.raises(SidecarError, match="read-only"):
        read_sidecar(sidecar_for(photo)).write(b"new")
    assert sidecar_for(photo).read_bytes() == b"old"


def test_a_link_is_neither_read_nor_written(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"secret")
    for target in ("elsewhere", "nowhere"):
        sidecar_for(photo).symlink_to(tmp_path / target)
        with pytest.raises(SidecarError, match="a link"):
            read_sidecar(sidecar_for(photo), photo)
        sidecar_for(photo).unlink()


def test_one_that_another_program_wrote_meanwhile_is_not_overwritten(photo: Path) -> None:
    new = read_sidecar(sidecar_for(photo), photo)
    sidecar_for(photo).write_bytes(b"theirs")
    with pytest.raises(SidecarError, match="another program"):
        new.write(b"ours")
    old = read_sidecar(sidecar_for(photo), photo)
    sidecar_for(photo).write_bytes(b"theirs again")
    with pytest.raises(SidecarError, match="another program"):
        old.write(b"ours")
    assert sidecar_for(photo).read_bytes() == b"theirs again"


def test_one_that_is_too_large_is_not_read(photo: Path) -> None:
    with sidecar_for(photo).open("wb") as file:
        file.truncate(100 << 20)
    with pytest.raises(SidecarError, match=r"100\.0 MiB"):
        read_sidecar(sidecar_for(photo), photo)


def test_what_is_no_file(photo: Path) -> None:
    sidecar_for(photo).mkdir()
    with pytest.raises(SidecarError, match="no file"):
        read_sidecar(sidecar_for(photo), photo)
    sidecar_for(photo).rmdir()
    os.mkfifo(sidecar_for(photo))
    with pytest.raises(SidecarError, match="no file"):
        read_sidecar(sidecar_for(photo), photo)


def test_a_kill_leaves_the_old_one_or_the_new(photo: Path, killed_at, monkeypatch: pytest.MonkeyPatch) -> None:
    sidecar_for(photo).write_bytes(b"old")
    for nth in range(1, 9):
        with killed_at(nth) as died:
            read_sidecar(sidecar_for(photo)).write(b"new")
        assert sidecar_for(photo).read_bytes() in (b"old", b"new")
        if not died:
            break
    assert not died
    assert sidecar_for(photo).read_bytes() == b"new"


def test_a_disk_without_room_is_told(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sidecars, "replace_file", full)
    with pytest.raises(SidecarError, match="No space left"):
        read_sidecar(sidecar_for(photo), photo).write(b"new")
