"""What the lesson says, read from ``texts.toml``.

What belongs here: from that file to the words of a step. What does not: the words, which are translated where they are shown.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StepText:
    """The words of one step; braces hold names of facts that the step computes."""

    title: str
    text: tuple[str, ...]  # paragraphs before the question
    question: str
    result: str  # what happened, in one sentence
    answer: tuple[str, ...]  # paragraphs that explain it
    words: Mapping[str, str]  # captions of exhibits, headings of columns and names of runs

    def sentences(self) -> Iterator[str]:
        """Yield every text, for whoever collects or checks them."""
        yield from (self.title, *self.text, self.question, self.result, *self.answer, *self.words.values())


def read_texts(document: str) -> dict[str, StepText]:
    """Read the words of every step, by its name, from TOML."""
    steps = tomllib.loads(document)
    return {name: StepText(**told | {part: _paragraphs(told[part]) for part in ("text", "answer")}) for name, told in steps.items()}


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(lines.replace("\n", " ") for lines in text.strip().split("\n\n"))


TEXTS = read_texts(Path(__file__).with_name("texts.toml").read_text(encoding="utf-8"))
