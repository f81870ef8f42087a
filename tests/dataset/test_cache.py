from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import h5py
import numpy as np
import pytest

from whosthat.dataset import cache as cache_module
from whosthat.dataset.audit import audit
from whosthat.dataset.cache import PreparedPhotos, cache_file, prepare_photos
from whosthat.dataset.folder import scan
from whosthat.dataset.split import Split, split
from whosthat.errors import CacheError, DatasetError
from whosthat.photos.preparing import PrepareSpec, prepare
from whosthat.photos.reading import opened, read
from whosthat.types import PARTS, Image, SetAside

Draw = Callable[..., Path]
SPEC = PrepareSpec(24)


@pytest.fixture
def made(people: Path) -> Split:
    return split(audit(scan(people)))


@pytest.fixture
def file(people: Path) -> Path:
    return cache_file(people, SPEC)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the photos that are decoded to build the file."""
    names: list[str] = []
    monkeypatch.setattr(cache_module, "opened", lambda path: names.append(path.name) or opened(path))
    return names


def content(file: Path) -> dict[str, np.ndarray]:
    with PreparedPhotos(file) as photos:
        return {name: photos.images(part)[int(row)] for part in PARTS for row, name in enumerate(photos.paths(part))}


def check_all(made: Split, file: Path) -> None:
    """Every photo of the split is in its part, prepared as a predictor would prepare it, with its label."""
    with PreparedPhotos(file) as photos:
        assert photos.holds(made)
        for part in PARTS:
            assert [made.classes[label] for label in photos.labels(part)] == [item.photo.class_name for item in made.parts[part]]
            for row, item in enumerate(made.parts[part]):
                np.testing.assert_array_equal(photos.images(part)[row], prepare(read(item.photo.path), SPEC))


def test_the_file_holds_every_photo_as_prepare_makes_it(made: Split, file: Path) -> None:
    with prepare_photos(made, SPEC, file) as photos:
        assert photos.classes == ("anna", "bert")
        assert photos.set_aside == ()
        assert photos.images("train").dtype == np.uint8
        assert photos.images("train").chunks == (1, 24, 24, 3)
        assert photos.labels("test").dtype == np.int64
    check_all(made, file)


def test_the_same_split_is_not_built_again(made: Split, file: Path, decoded: list[str]) -> None:
    prepare_photos(made, SPEC, file).close()
    stamp = file.stat().st_mtime_ns
    del decoded[:]
    prepare_photos(made, SPEC, file).close()
    assert (decoded, file.stat().st_mtime_ns) == ([], stamp)


def test_another_split_takes_every_row_from_the_old_file(made: Split, people: Path, file: Path, decoded: list[str]) -> None:
    prepare_photos(made, SPEC, file).close()
    del decoded[:]
    other = split(audit(scan(people)), seed=9, ratios=(6, 2, 2))
    prepare_photos(other, SPEC, file).close()
    assert decoded == []
    check_all(other, file)


def test_one_changed_photo_costs_one_photo(made: Split, people: Path, file: Path, draw: Draw, decoded: list[str]) -> None:
    prepare_photos(made, SPEC, file).close()
    del decoded[:]
    draw(people / "anna" / "3.png", 777)
    draw(people / "bert" / "new.png", 778)
    other = split(audit(scan(people)))
    prepare_photos(other, SPEC, file).close()
    assert sorted(decoded) == ["3.png", "new.png"]
    check_all(other, file)


def test_another_spec_uses_no_old_row(made: Split, file: Path, heard: Any) -> None:
    prepare_photos(made, PrepareSpec(24, fit="crop"), file).close()
    prepare_photos(made, SPEC, file, progress=heard).close()
    assert "The preparation changed" in heard.said[0]
    check_all(made, file)


def test_photos_lost_since_the_audit_are_set_aside_with_their_reasons(made: Split, people: Path, file: Path, draw: Draw) -> None:
    gone, changed, damaged = (item.photo.path for item in made.parts["train"][:3])
    gone.unlink()
    draw(changed, 999)
    damaged.write_bytes(b"")
    with prepare_photos(made, SPEC, file) as photos:
        reasons = {item.path: item.reason for item in photos.set_aside}
        assert "not found" in reasons[gone]
        assert "has changed since it was checked" in reasons[changed]
        assert "empty" in reasons[damaged]
        assert len(photos.images("train")) == len(photos.labels("train")) == len(photos.paths("train")) == 13


def test_a_class_that_lost_its_last_photo_of_a_part_is_named(made: Split, file: Path) -> None:
    for item in made.parts["test"]:
        item.photo.path.unlink()
    with pytest.raises(DatasetError, match=r"No usable photo is left for anna in test, bert in test.*not found"):
        prepare_photos(made, SPEC, file)
    assert not file.exists()


def other_hdf5(file: Path) -> None:
    with h5py.File(file, "w") as opened:
        opened["X_train"] = np.zeros(3)


def edited(change: Callable[[h5py.File], object]) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        with h5py.File(file, "r+") as opened:
            change(opened)

    return damage


DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut off": lambda file: os.truncate(file, file.stat().st_size // 2),
    "no HDF5": lambda file: file.write_bytes(b"not HDF5 at all" * 100),
    "another file": other_hdf5,
    "another version": edited(lambda opened: opened.attrs.modify("format", 999)),
    "without names": edited(lambda opened: opened.pop("path_test")),
    "too few photos": edited(lambda opened: opened["X_train"].resize(3, axis=0)),
    "labels without a class": edited(lambda opened: opened["y_train"].write_direct(np.full(16, 7))),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_never_trusted(made: Split, file: Path, damage: Callable[[Path], object], heard: Any) -> None:
    prepare_photos(made, SPEC, file).close()
    damage(file)
    with pytest.raises(CacheError, match="damaged or is not a cache file"):
        PreparedPhotos(file)
    prepare_photos(made, SPEC, file, progress=heard).close()
    assert "is damaged or of another version" in heard.said[0]
    check_all(made, file)


def test_a_full_disk_leaves_the_old_file_and_no_rest(made: Split, people: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare_photos(made, SPEC, file).close()
    before = content(file)
    monkeypatch.setattr(cache_module, "_write_texts", Mock(side_effect=OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(CacheError, match=r"No space left on device.*Make room there"):
        prepare_photos(split(audit(scan(people)), seed=5), SPEC, file)
    assert before.keys() == content(file).keys()
    assert not list(file.parent.glob(".new*"))


def test_too_little_room_is_said_before_anything_is_written(made: Split, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 1024}))
    with pytest.raises(CacheError, match=r"20 prepared photos need 16 MiB .* 0 MiB are free"):
        prepare_photos(made, SPEC, file)


PROGRAM = """
import sys
from pathlib import Path
from whosthat.dataset.audit import audit
from whosthat.dataset.cache import prepare_photos
from whosthat.dataset.folder import scan
from whosthat.dataset.split import split
from whosthat.errors import CacheError
from whosthat.photos.preparing import PrepareSpec

def build(size, seed):
    prepare_photos(split(audit(scan(Path(sys.argv[1]))), seed=seed), PrepareSpec(size), Path(sys.argv[2])).close()

"""
FILL_THE_DISK = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
try:
    build(400, 0)
except CacheError as error:
    sys.exit(f"refused: {error}")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits on file sizes are a POSIX matter")
def test_a_disk_that_fills_up_while_hdf5_writes_is_said_and_cleaned_up(people: Path, file: Path) -> None:
    command = [sys.executable, "-c", PROGRAM + FILL_THE_DISK, str(people), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert "refused: The cache " in done.stderr, done.stderr
    assert "cannot be written" in done.stderr
    assert [path.name for path in file.parent.iterdir() if path.suffix == ".h5"] == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps the user's profile private by other means")
def test_prepared_photos_are_private(made: Split, file: Path) -> None:
    prepare_photos(made, SPEC, file).close()
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0


def test_two_builders_at_once_do_not_disturb_one_another(people: Path, file: Path) -> None:
    command = [sys.executable, "-c", f"{PROGRAM}build(24, 0)\nbuild(24, 1)", str(people), str(file)]
    running = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    assert len(content(file)) == 20


def test_threads_that_read_do_not_disturb_a_builder(people: Path, file: Path) -> None:
    """h5py before 3.16 writes chunks past its own lock when asked for them directly; HDF5 then fails, or mixes up its tables."""
    splits = [split(audit(scan(people)), seed=seed) for seed in range(2)]
    done = threading.Event()

    def read(opened: PreparedPhotos) -> None:
        while not done.is_set():
            opened.images("train")[0]

    with prepare_photos(splits[0], SPEC, file) as opened, ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read, opened)
        try:
            for turn in range(1, 13):
                prepare_photos(splits[turn % 2], SPEC, file).close()
        finally:
            done.set()
        reading.result()


class Corner:
    """Cuts out the upper left corner; photos in a set of hashes have none."""

    missing = "it has no corner"
    key = "corner-1"

    def __init__(self, *without: Path) -> None:
        self.without = [read(path) for path in without]
        self.asked = 0

    def portrait(self, image: Image) -> Image | None:
        self.asked += 1
        if any(np.array_equal(image, other) for other in self.without):
            return None
        return image[:40, :40]


def test_what_is_cut_out_is_what_is_prepared(made: Split, file: Path) -> None:
    with prepare_photos(made, SPEC, file, cropper=Corner()) as prepared:
        item = made.parts["test"][0]
        assert np.array_equal(prepared.images("test")[0], prepare(read(item.photo.path)[:40, :40], SPEC))


def test_a_photo_with_nothing_to_cut_out_is_set_aside_and_not_asked_about_again(made: Split, file: Path) -> None:
    gone = made.parts["train"][0]
    for asked in (20, 0):
        corner = Corner(gone.photo.path)
        with prepare_photos(made, SPEC, file, cropper=corner) as prepared:
            assert prepared.set_aside == (SetAside(gone.photo.path, "it has no corner"),)
            assert gone.photo.name not in prepared.paths("train")
        assert corner.asked == asked


def test_files_differ_by_folder_spec_and_crop(tmp_path: Path) -> None:
    ways = [(PrepareSpec(64), None), (PrepareSpec(96), None), (PrepareSpec(64), Corner())]
    files = {cache_file(tmp_path / root, spec, cropper) for root in ("a", "b") for spec, cropper in ways}
    assert len(files) == 6
