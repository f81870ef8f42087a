"""A saved recogniser to open, without Keras."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def bundle_folder(tmp_path: Path, save_colours: Callable[..., Path]) -> Path:
    """A bundle in a run folder, as training leaves it."""
    return save_colours(tmp_path / "runs" / "photos-colours-1" / "bundle")
