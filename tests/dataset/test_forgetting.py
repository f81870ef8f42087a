from __future__ import annotations

from pathlib import Path

from whosthat.dataset.audit import audit
from whosthat.dataset.cache import cache_file, prepare_photos
from whosthat.dataset.folder import scan
from whosthat.dataset.forgetting import forget_photos
from whosthat.dataset.split import split
from whosthat.photos.cartoons import draw_photo_folder
from whosthat.photos.preparing import PrepareSpec
from whosthat.settings import cache_folder


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
