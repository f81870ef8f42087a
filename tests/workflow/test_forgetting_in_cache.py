from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from whosthat.cartoons import draw_photo_folder
from whosthat.dataset.audit import audit
from whosthat.dataset.cache import cache_file, prepare_photos
from whosthat.dataset.folder import scan
from whosthat.dataset.split import split
from whosthat.errors import CacheError
from whosthat.photos.preparing import PrepareSpec
from whosthat.settings import cache_folder
from whosthat.workflow.forgetting import forget_in_cache


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
    assert forget_in_cache([gone]) == (1, (prepared.relative_to(cache_folder()).as_posix(), "photos.sqlite"))
    assert holding(gone) == []
    assert not prepared.exists()
    assert len(holding(stays)) == 1
    assert forget_in_cache([gone])[0] == 0


def test_damaged_files_are_deleted_and_no_cache_is_no_trouble(tmp_path: Path) -> None:
    assert forget_in_cache(["00"]) == (0, ())
    (folder := cache_folder() / "photos").mkdir(parents=True)
    (folder / "a.h5").write_bytes(b"damaged")
    (cache_folder() / "photos.sqlite").write_bytes(b"damaged" * 100)
    assert forget_in_cache(["00"]) == (0, ("photos/a.h5", "photos.sqlite"))
    assert b"damaged" not in (cache_folder() / "photos.sqlite").read_bytes()


OLD = ("faces.sqlite", "faces.sqlite-journal", "photos/a-0123456789ab-facts.json", "photos/.new-0123456789ab")


@pytest.mark.parametrize("command", ["check", "forget"])
def test_what_earlier_versions_remembered_is_deleted_by_the_first_that_looks(tmp_path: Path, command: str) -> None:
    draw_photo_folder(tmp_path / "photos", photos_each=4, names=("kid_kettle", "madame_moth"), size=64)
    (cache_folder() / "photos").mkdir(parents=True)
    for name in OLD:
        (cache_folder() / name).write_bytes(b"thumbnails and embeddings")
    if command == "check":
        audit(scan(tmp_path / "photos"))
    else:
        assert forget_in_cache(["00"]) == (0, OLD)
    assert holding("thumbnails and embeddings") == []


def test_photos_that_a_killed_training_left_half_prepared_go_and_those_that_are_being_prepared_stay(tmp_path: Path, killed_at: Any) -> None:
    draw_photo_folder(tmp_path / "photos", photos_each=4, names=("kid_kettle", "madame_moth"), size=64)
    parts = split(audit(scan(tmp_path / "photos")))
    spec, other = PrepareSpec(size=16), PrepareSpec(size=24)
    prepared = cache_file(tmp_path / "photos", spec)
    for sweep in (lambda: prepare_photos(parts, other, cache_file(tmp_path / "photos", other)).close(), lambda: forget_in_cache(["00"])):
        with killed_at(1, "replace"):
            prepare_photos(parts, spec, prepared)
        assert list(prepared.parent.glob(".new-*"))
        sweep()
        assert list(prepared.parent.glob(".new-*")) == []
    unfinished = prepared.with_name(f".new-{prepared.name}")
    unfinished.touch()
    with FileLock(f"{prepared}.lock"), pytest.raises(CacheError, match="Another process is preparing photos"):
        forget_in_cache(["00"])
    assert unfinished.exists()
