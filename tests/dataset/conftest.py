"""Photos drawn for the tests of the data set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from whosthat.dataset.audit import Audit, AuditedPhoto
from whosthat.dataset.folder import Photo

Draw = Callable[..., Path]


@pytest.fixture
def draw() -> Draw:
    """Write a photo of coloured blocks: one seed one picture, other seeds quite other pictures."""

    def draw_photo(
        path: Path, seed: int, *, size: tuple[int, int] = (80, 96), mirror: bool = False, taken: str = "", **save: object
    ) -> Path:
        blocks = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        picture = Image.fromarray(blocks[:, ::-1] if mirror else blocks).resize(size, Image.Resampling.BICUBIC)
        if taken:
            exif = Image.Exif()
            exif.get_ifd(0x8769)[0x9003] = taken
            save["exif"] = exif
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path, **save)
        return path

    return draw_photo


@pytest.fixture
def people(tmp_path: Path, draw: Draw) -> Path:
    """Two classes with ten different photos each."""
    for label, name in enumerate(("anna", "bert")):
        for index in range(10):
            draw(tmp_path / "people" / name / f"{index}.png", 100 * label + index)
    return tmp_path / "people"


@pytest.fixture
def made_audit() -> Callable[..., Audit]:
    """An audit without files: for each class the group numbers of its photos."""

    def make(groups_of_class: dict[str, list[int]]) -> Audit:
        photos = tuple(
            AuditedPhoto(Photo(Path(name, f"{index}.jpg"), name, f"{name}/{index}.jpg"), f"{name}{index}", 80, 80, False, None, group)
            for name, groups in sorted(groups_of_class.items())
            for index, group in enumerate(groups)
        )
        return Audit(Path("people"), tuple(sorted(groups_of_class)), photos, (), ())

    return make
