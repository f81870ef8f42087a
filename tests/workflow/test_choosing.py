from __future__ import annotations

import hashlib
from pathlib import Path
from unittest.mock import Mock

import pytest

from whosthat import photo_cache
from whosthat.cartoons import HEROES, draw_photo_folder
from whosthat.dataset.audit import audit_folder
from whosthat.dataset.folder import scan
from whosthat.workflow import choosing
from whosthat.workflow.choosing import choose_model


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(("face", "model"), [(True, "faces"), (False, choosing.NETWORK)])
def test_a_folder_of_one_person_gets_faces_where_photos_show_them(
    face: bool, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_photo_folder(tmp_path, photos_each=2, names=HEROES[:1], size=48)
    monkeypatch.setattr(choosing, "_look", lambda *_: ("0" * 64, face))
    assert choose_model(tmp_path).model == model


def test_a_photo_that_did_not_change_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_photo_folder(tmp_path, photos_each=3, names=HEROES[:2], size=48)
    audit_folder(tmp_path)  # as every training begins: from then on each photo is known by its file's size and times
    looked: list[Path] = []
    photos = [photo.path for photo in scan(tmp_path).photos]
    shows = {sha256_of(path): number != 1 for number, path in enumerate(photos)}

    def look(path: Path, _detector: object) -> tuple[str, bool]:
        looked.append(path)
        return sha256_of(path), shows.get(sha256_of(path), False)

    monkeypatch.setattr(choosing, "_look", look)
    first = choose_model(tmp_path)
    assert "5 of 6 sampled photos show a face" in first.reason
    assert choose_model(tmp_path) == first
    assert len(looked) == 6
    photos[0].write_bytes(photos[1].read_bytes())
    audit_folder(tmp_path)
    assert "4 of 6" in choose_model(tmp_path).reason
    assert len(looked) == 6  # the bytes are known, whatever they are called
    photos[0].write_bytes(photos[0].read_bytes() + b" ")
    assert "4 of 6" in choose_model(tmp_path).reason
    assert len(looked) == 7


def test_a_damaged_cache_is_told_and_a_missing_one_costs_nothing_but_a_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_photo_folder(tmp_path / "photos", photos_each=2, names=HEROES[:1], size=48)
    monkeypatch.setattr(choosing, "_look", lambda *_: ("0" * 64, True))
    photo_cache.place().parent.mkdir(parents=True, exist_ok=True)
    photo_cache.place().write_bytes(b"no database" * 99)
    told = Mock()
    choose_model(tmp_path / "photos", progress=told)
    told.say.assert_called_once_with("The cache is damaged and is rebuilt.")
    monkeypatch.setenv("WHOSTHAT_CACHE", str(tmp_path / "photos" / "file" / "cache"))
    (tmp_path / "photos" / "file").write_bytes(b"")  # no folder: nothing can be kept below it
    assert choose_model(tmp_path / "photos").model == "faces"
