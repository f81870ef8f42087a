"""One term for one thing: what users read, and the names that programmers read, use the words of docs/glossary.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "whosthat"
MODULES = sorted(SOURCE.rglob("*.py"))
OLD_RECORDS = {"CHANGELOG.md", "RESULTS.md"}
"""Pages that tell what was, in the words of their time."""
TEXTS = [
    *sorted(SOURCE.rglob("*.j2")),
    *(page for page in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]) if page.name not in OLD_RECORDS),
]

PHRASES = {
    r"\bnamed rightly\b": "correct",
    r"\bearns? a name\b": "gets a name",
    r"\b(near is near|sure is sure) enough\b": "threshold",
    r"\bat its word\b": "its confidence is poorly calibrated",
    r"\bhonest doubt\b": "test it on photos from another source",
    r"\bmends it\b": "fixes it",
    r"\b(lies?|stands?) under two names\b": "in two folders",
    r"\bwhom to refuse\b": "to set the threshold for strangers",
    r"\btaken for (whom|anybody|somebody|each other)\b": "confused",
    r"\bguessing\b": "baseline (always the most frequent class)",
    r"\bwhat (is|was) remembered (of|in)\b|\bwhich remembers\b": "the cache",
    r"\bprepared in another way\b": "the preparation changed",
    r"\bcost \S+ (in 100|%) .{0,30}\btheir name\b": "leave ... % without a name",
    r"\bin 100 (known|strangers|photos)\b": "... %",
    r"\btoo (sure of itself|modest)\b": "overconfident, underconfident",
    r"\bconfidence be believed\b": "calibration",
    r"\bsays to carry out\b": "--yes needs --fix",
    r"\bexpected (was|were)\b|[,;] (and )?[^.,;]{1,40} came\.|^ came\.": "expected ..., got ...",
    r"\bhas vanished\b": "not found",
    r"\bmost easily taken\b": "most easily confused",
    r"\bplay(s|ing)? (the )?strangers?\b": "leave one person out",
    r"\bhead trimmed-mean\b": "average of each person's photos",
}
"""What nobody from the field would say, and what to say instead."""

NAMES = {
    "said": "predicted",
    "apart": "distances",
    "because": "nearest",
    "owners": "labels",
    "Naming": "Identifier",
    "Asked": "Answers",
    "asked": "answered",
    "StopWish": "StopRequest",
    "Course": "StageContext",
    "strangers_named": "fpir",
    "known_refused": "fnir",
    "playing_strangers": "leave_one_person_out",
    "comparable": "corrected",
    "occupied": "run_lock",
    "look_through": "predict_video",
    "strays": "outliers",
    "principal": "main_face",
}
"""Identifiers of the same dialect, and the field's."""


def odd_phrases(text: str) -> list[str]:
    """Return what is said otherwise today, each with what to say instead."""
    return [
        f'"{found[0]}": say "{better}"' for phrase, better in PHRASES.items() for found in re.finditer(phrase, " ".join(text.split()), re.I)
    ]


def odd_strings(tree: ast.Module) -> Iterator[str]:
    """Look through every text of a module but the essay at its top."""
    essay = tree.body[0].value if tree.body and isinstance(tree.body[0], ast.Expr) else None
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node is not essay:
            yield from (f"line {node.lineno}: {odd}" for odd in odd_phrases(node.value))


def odd_names(tree: ast.Module) -> Iterator[str]:
    """Look through every name that a module gives or uses."""
    for node in ast.walk(tree):
        names = [getattr(node, field, None) for field in ("id", "attr", "arg", "name", "asname")]
        yield from (f'{name}: use "{NAMES[name]}"' for name in names if isinstance(name, str) and name in NAMES)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_modules_speak_the_fields_language(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert [*odd_strings(tree), *odd_names(tree)] == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_speak_the_fields_language(path: Path) -> None:
    assert odd_phrases(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("planted", ["Of 3 photos, 2 were\n named rightly.", "size 8 or more, and size 4 came.", "better than guessing"])
def test_a_planted_phrase_is_found(planted: str) -> None:
    assert odd_phrases(planted)
    assert list(odd_strings(ast.parse(f"say({planted!r})")))
    assert not list(odd_strings(ast.parse(f"{planted!r}\n")))


def test_a_planted_name_is_found() -> None:
    assert list(odd_names(ast.parse("def judge(said):\n    return said.because"))) == [
        'said: use "predicted"',
        'because: use "nearest"',
        'said: use "predicted"',
    ]
