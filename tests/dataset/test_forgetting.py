from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from filelock import FileLock

from whosthat.cartoons import draw_photo_folder
from whosthat.dataset.audit import audit
from whosthat.dataset.cache import cache_file, prepare_photos
from whosthat.dataset.folder import scan
from whosthat.dataset.forgetting import forget_photos
from whosthat.dataset.split import split
from whosthat.errors import CacheError
from whosthat.photos.preparing import PrepareSpec
from whosthat.settings import cache_folder

Killing = Callable[..., AbstractContextManager[list[str]]]


def holding(needle: str) -> list[Path]:
    return [path for path in cache_folder().rglob("*") if path.is_file() and needle.encode() in path.read_bytes()]


def test_facts_and_prepared_photos_of_a_photo_are_gone_and_other_facts_stay(tmp_path: Path) -> None:
    draw_photo_folder(tmp_path / "photos", photos_each=4, names=("kid_kettle", "madame_moth"), size=64)
    audited = audit(scan(tmp_path / "photos"))
    spec = PrepareSpec(size=16)
    prepared = cache_file(tmp_path / "photos", spec)
    prepare_photos(split(audited), spec, prepared).close()
    gone, stays = audited.photos[0].sha256, audited.photos[1].sha256
    assert len(holding(stays)) >= 1
    assert forget_photos([gone]) == tuple(sorted({prepared, *holding(stays)}))
    assert holding(gone) == []
    assert not prepared.exists()
    assert len(holding(stays)) == 1
    assert forget_photos([gone]) == ()


def test_damaged_files_are_deleted_and_no_cache_is_no_trouble(tmp_path: Path) -> None:
    assert forget_photos(["00"]) == ()
    (folder := cache_folder() / "photos").mkdir(parents=True)
    for name in ("a-facts.json", "a.h5"):
        (folder / name).write_bytes(b"damaged")
    assert len(forget_photos(["00"])) == 2
    assert [path.name for path in folder.iterdir()] == ["facts.lock"]


def test_facts_that_a_killed_check_left_half_written_go_with_the_next_writing_and_with_any_removal(
    tmp_path: Path, killed_at: Killing
) -> None:
    draw_photo_folder(tmp_path / "photos", photos_each=4, names=("kid_kettle", "madame_moth"), size=64)
    for sweep in (lambda: audit(scan(tmp_path / "photos")), lambda: forget_photos(["00"])):
        shutil.rmtree(cache_folder(), ignore_errors=True)
        with killed_at(1, "replace"):
            audit(scan(tmp_path / "photos"))
        (left,) = holding("kid_kettle")
        assert left.stat().st_mode & 0o077 == 0 or sys.platform == "win32"
        sweep()
        assert not left.exists()


def test_photos_that_a_killed_training_left_half_prepared_go_and_those_that_are_being_prepared_stay(
    tmp_path: Path, killed_at: Killing
) -> None:
    draw_photo_folder(tmp_path / "photos", photos_each=4, names=("kid_kettle", "madame_moth"), size=64)
    parts = split(audit(scan(tmp_path / "photos")))
    spec, other = PrepareSpec(size=16), PrepareSpec(size=24)
    prepared = cache_file(tmp_path / "photos", spec)
    for sweep in (lambda: prepare_photos(parts, other, cache_file(tmp_path / "photos", other)).close(), lambda: forget_photos(["00"])):
        with killed_at(1, "replace"):
            prepare_photos(parts, spec, prepared)
        assert list(prepared.parent.glob(".new-*"))
        sweep()
        assert list(prepared.parent.glob(".new-*")) == []
    unfinished = prepared.with_name(f".new-{prepared.name}")
    unfinished.touch()
    with FileLock(f"{prepared}.lock"), pytest.raises(CacheError, match="Another process is preparing photos"):
        forget_photos(["00"])
    assert unfinished.exists()
