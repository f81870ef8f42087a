"""Shared by the tests of the commands."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from whosthat import translation


class Calls:
    """Stands in for a workflow function: remembers how it was called, and returns what it was told to."""

    def __init__(self, result: Any) -> None:
        self.result = result
        self.arguments: tuple[Any, ...] = ()
        self.options: dict[str, Any] = {}

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.arguments, self.options = arguments, options
        return self.result


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Any], Calls]:
    """Replace a function, named by its dotted path, by one that returns the given result."""

    def replace(path: str, result: Any) -> Calls:
        calls = Calls(result)
        monkeypatch.setattr(path, calls)
        return calls

    return replace


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the locale of whoever runs the tests out of them."""
    monkeypatch.setenv("WHOSTHAT_LANG", "en")


def compiled(texts: Mapping[str, str]) -> bytes:
    """Return a catalogue as gettext reads it."""
    head = "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=1; plural=0;\n"
    pairs = sorted((key.encode(), text.encode()) for key, text in {"": head, **texts}.items())
    place = 28 + 16 * len(pairs)
    tables, words = [], b""
    for column in (0, 1):
        for pair in pairs:
            tables += [len(pair[column]), place + len(words)]
            words += pair[column] + b"\0"
    return struct.pack(f"<7I{len(tables)}I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, place, *tables) + words


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Mapping[str, str] | bytes], Path]]:
    """Give whosthat a Chinese catalogue of some texts, or a file of these bytes in its place, and return the folder of catalogues."""
    monkeypatch.setattr(translation, "CATALOGUES", tmp_path / "locale")

    def write(content: Mapping[str, str] | bytes) -> Path:
        file = tmp_path / "locale" / "zh_TW" / "LC_MESSAGES" / "whosthat.mo"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else compiled(content))
        translation._catalogue.cache_clear()
        return tmp_path / "locale"

    translation._catalogue.cache_clear()
    yield write
    translation._catalogue.cache_clear()
