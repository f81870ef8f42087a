"""Shared by the tests of the commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


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
