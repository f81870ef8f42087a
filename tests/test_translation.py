"""Every text that people read goes through the translation layer, and every catalogue is whole."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "whosthat"
NOT_TRANSLATED = "# not translated: "
"""What a line ends with, and why, when it holds a text that is not for people, or is not to be translated."""
DEVELOPERS_ONLY = {"translation.py", "cli/help_pages.py"}
FILES = [path for path in sorted(SOURCE.rglob("*.py")) if path.relative_to(SOURCE).as_posix() not in DEVELOPERS_ONLY]
CALLS = {"_", "N_", "NN_", "ngettext", "pgettext"}
SENTENCE = re.compile(r"[A-Za-z]{2,}[,.:;)]? (\{|[a-z(])")
PROGRAM = re.compile(r"(INSERT|SELECT|CREATE|PRAGMA|DELETE|UPDATE|BEGIN|ATTACH|DROP) ")


def bypassing(text: str) -> Iterator[str]:
    """Literals that read like sentences and do not go through the layer, and templates that no catalogue can hold."""
    tree, lines = ast.parse(text), text.splitlines()
    skipped = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(node.value)  # a docstring
        elif isinstance(node, ast.JoinedStr):
            skipped |= {part for part in ast.walk(node) if isinstance(part, ast.Constant)}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            texts = node.args[:1] if node.func.id in {"_", "N_"} else node.args[:2]
            skipped |= {argument for argument in texts if isinstance(argument, ast.Constant)}
            if any(isinstance(argument, ast.JoinedStr | ast.BinOp) for argument in texts):
                yield f"line {node.lineno}: a text that is put together cannot be translated"
            if node.func.id == "_" and texts and isinstance(texts[0], ast.Constant) and node.keywords:
                yield from _misfilled(node, str(texts[0].value))
    for node in ast.walk(tree):
        said = _said(node)
        if node in skipped or not SENTENCE.search(said) or PROGRAM.match(said):
            continue
        if not any(NOT_TRANSLATED in line for line in lines[node.lineno - 1 : node.end_lineno]):
            yield f"line {node.lineno}: {said!r}"


def _said(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return ""


def _misfilled(call: ast.Call, text: str) -> Iterator[str]:
    places = set(re.findall(r"(?<!\{)\{(\w+)", text))
    given = {keyword.arg for keyword in call.keywords if keyword.arg}
    if places != given and all(keyword.arg for keyword in call.keywords):
        yield f"line {call.lineno}: places {sorted(places)}, values {sorted(given)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_no_text_bypasses_the_translation(path: Path) -> None:
    assert list(bypassing(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ('say("No photo was found.")', 1),
        ('say(f"No photo in {folder}.")', 1),
        ('say(_("No photo was found."))', 0),
        ('say(_(f"No photo in {folder}."))', 2),
        ('say(_("No photo in {folder}.", path=folder))', 1),
        ('say(ngettext("{n} photo is odd.", "{n} photos are odd.", n))', 0),
        ('x = "some words of a protocol"  # not translated: read by programs', 0),
        ('"""A docstring of a module."""', 0),
        ('db.execute("SELECT a FROM b where c")', 0),
    ],
)
def test_a_text_that_bypasses_the_translation_is_found(planted: str, found: int) -> None:
    assert len(list(bypassing(planted))) == found
