"""What every test shares: private places for caches, and the real photos when they are there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("WHOSTHAT_SHARED", Path(__file__).resolve().parents[2] / "shared"))


@pytest.fixture(autouse=True)
def private_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test's caches and weights inside its own folder."""
    monkeypatch.setenv("WHOSTHAT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("WHOSTHAT_WEIGHTS", str(tmp_path / "weights"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real photos; skips with a reason where it is absent."""
    folder = SHARED / "data"
    if not folder.is_dir():
        if os.environ.get("WHOSTHAT_REQUIRE_REAL"):
            pytest.fail(f"the real photos are required here, and absent ({folder})")
        pytest.skip(f"the real photos are not here ({folder})")
    return folder
