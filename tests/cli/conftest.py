"""Shared by the tests of the commands."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

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


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., io.StringIO]:
    """Put a terminal of so many columns in the place of streams of `sys`, and return it; somebody has ``typed`` on it already."""

    def put(*streams: str, columns: int = 80, colour: bool = False, typed: str = "") -> io.StringIO:
        screen = io.StringIO(typed)
        screen.isatty = lambda: True  # type: ignore[method-assign]
        for name, value in (("TERM", "xterm"), ("COLUMNS", str(columns)), ("NO_COLOR", "" if colour else "1")):
            monkeypatch.setenv(name, value)
        for stream in streams:
            monkeypatch.setattr(f"sys.{stream}", screen)
        return screen

    return put


def compiled(texts: Mapping[str, str]) -> bytes:
    """Return a catalogue as gettext reads it."""
    catalog, file = Catalog(locale="zh_TW"), io.BytesIO()
    for text, translated in texts.items():
        catalog.add(text, translated)
    write_mo(file, catalog)
    return file.getvalue()


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
