"""What the page weighs, and that it asks for nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[3] / "src" / "whosthat" / "server" / "studio" / "page"
MOST_SCRIPT = 150_000
"""Bytes of all scripts together, uncompressed."""


def test_the_scripts_are_small() -> None:
    assert sum(file.stat().st_size for file in PAGE.rglob("*.js")) <= MOST_SCRIPT


def test_no_module_is_long() -> None:
    assert [file.name for file in (PAGE / "modules").rglob("*.js") if file.read_text(encoding="utf-8").count("\n") > 250] == []


def test_the_page_holds_no_inline_script_or_style() -> None:
    text = (PAGE / "index.html").read_text(encoding="utf-8")
    assert not re.findall(r"<style|\bstyle=|\bon\w+=|<script(?![^>]*\bsrc=)", text)


def test_nothing_comes_from_another_address() -> None:
    for file in PAGE.rglob("*"):
        if file.suffix in (".js", ".css", ".html") and file.parent.name != "vendor":
            assert re.findall(r"https?://(?!www\.w3\.org)|@import|url\(", file.read_text(encoding="utf-8")) == [], file.name


def test_what_was_taken_from_others_says_so() -> None:
    told = (PAGE / "vendor" / "README.md").read_text(encoding="utf-8")
    for file in (PAGE / "vendor").glob("*.js"):
        assert f"| {file.name} |" in told
    assert {file.name for file in (PAGE / "vendor").glob("LICENSE*")} == {"LICENSE-preact.txt", "LICENSE-htm.txt"}
