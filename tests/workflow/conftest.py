"""What several tests of the workflow need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from whosthat.dataset import facts


@pytest.fixture
def remember_facts(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, Mapping[str, str]], None]:
    """Remember photos of a folder, name to SHA-256, as a check of them does."""

    def remember(root: Path, photos: Mapping[str, str]) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(facts, "read_facts", lambda path: facts.PhotoFacts(photos[path.as_posix()], 50, 50, None, bytes(1024)))
            memory = facts.RememberedFacts(root)
            for name in photos:
                memory.facts(name, Path(name))
            memory.save()

    return remember
