"""The page of the API is what its docstrings say, and they name every error."""

from __future__ import annotations

import inspect
import runpy
from pathlib import Path

import pytest

import whosthat

DOCS = Path(__file__).resolve().parents[1] / "docs"
FUNCTIONS = [name for name in whosthat.__all__ if inspect.isfunction(getattr(whosthat, name))]
METHODS = ("identify", "prepare", "faces", "embed", "verify", "draw", "people", "threshold")


def test_the_page_is_up_to_date() -> None:
    made = runpy.run_path(str(DOCS / "make_api.py"))["markdown"]()
    assert (DOCS / "api.md").read_text(encoding="utf-8") == made, "run: python docs/make_api.py > docs/api.md"


@pytest.mark.parametrize(
    "thing", [*(getattr(whosthat, name) for name in FUNCTIONS), *(getattr(whosthat.Recogniser, name) for name in METHODS)]
)
def test_errors_are_documented(thing: object) -> None:
    assert "Raises:\n" in inspect.getdoc(thing)
