"""The page of what was found: names are text, pictures stand inside, what cannot be read has its place."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from whosthat.evaluation import found_sheet
from whosthat.evaluation.found_sheet import Shown, write_found_sheet
from whosthat.photos.drawing import save_image


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / name for name in ("one.png", "<b>two.png", "three.png")]
    for path in paths[:2]:
        save_image(np.full((600, 800, 3), 90, np.uint8), path)
    paths[2].write_bytes(b"no photo")
    return paths


def test_every_photo_with_its_name_people_and_time(photos: list[Path], tmp_path: Path) -> None:
    shown = [Shown(path, f"Anna & <i>{path.stem}", "2019-07-31 12:00") for path in photos]

    text = write_found_sheet(tmp_path / "found.html", shown, terms='"<script>" and not tom').read_text(encoding="utf-8")

    assert text.count("data:image/jpeg;base64,") == 2
    assert text.count('class="none"') == 1
    assert "&lt;script&gt;" in text
    assert "<i>" not in text.split("<main>")[1]
    assert "Anna &amp; &lt;i&gt;one" in text
    assert re.findall(r'href="(file:[^"]+)"', text) == [path.as_uri() for path in photos]
    assert not re.findall(r'(?:src|href)="https?:', text)
    assert text.count("2019-07-31 12:00") == 3


def test_of_many_only_some_are_shown_and_the_rest_is_counted(photos: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found_sheet, "MOST_PHOTOS", 2)
    text = write_found_sheet(tmp_path / "found.html", [Shown(photos[0], "Anna", "")] * 1502, terms="anna").read_text(encoding="utf-8")
    assert text.count("data:image/jpeg;base64,") == 2
    assert "1,502 photos" in text
    assert "and 1,500 more" in text


def test_nothing_found_is_a_page_too(tmp_path: Path) -> None:
    assert "None." in write_found_sheet(tmp_path / "found.html", [], terms="tom").read_text(encoding="utf-8")
