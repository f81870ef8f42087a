"""``whosthat demo --lesson``: shows each part of the lesson, waits for a prediction, and shows what happened.

What belongs here: how a part looks on a terminal. What does not: what it says, and what is computed (``whosthat.workflow.lesson``).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from whosthat.cli.output import cell_width, command_line, say, show, show_table, show_text
from whosthat.cli.terminal import terminal_progress
from whosthat.translation import _

if TYPE_CHECKING:
    from whosthat.evaluation.lesson_page import Exhibit, Part

LONGEST_ANSWER = 500
"""Characters of an answer that are kept."""


def take_lesson(folder: Path, *, ask: bool) -> None:
    """Give the lesson; unless ``ask``, it goes on by itself."""
    say(_("Preparing the lesson."))
    from whosthat.workflow.lesson.steps import PICTURES, give_lesson

    with terminal_progress() as progress:
        page = give_lesson(folder, _Reader(folder / PICTURES, ask=ask), progress=progress)
    show("")
    show_text(_("This was the lesson. Your predictions and all results: {path}", path=page))
    show_text(_("Now see the whole flow on the same heroes: {command}", command=command_line("demo", folder)))


class _Reader:
    """Whoever reads at the terminal."""

    def __init__(self, pictures: Path, *, ask: bool) -> None:
        self._pictures = pictures
        self._ask = ask

    def predict(self, part: Part) -> str:
        """Show a part and ask its question."""
        heading = _("Part {number} of {of}: {title}", number=part.number, of=part.of, title=part.title)
        show("", heading, "=" * cell_width(heading), "")
        self._show_paragraphs(part.text)
        self._show_exhibits(part.shown)
        show_text(_("Question: {question}", question=part.question), colour="yellow")
        return self._answer(_("Your prediction (Enter goes on without one):"))

    def learn(self, part: Part) -> None:
        """Show what happened, and wait until it is read."""
        show("")
        show_text(_("What happened: {result}", result=part.result), colour="green")
        show("")
        self._show_exhibits(part.found)
        self._show_paragraphs(part.answer)
        if part.number < part.of:
            self._answer(_("Enter goes on."))

    def _answer(self, words: str) -> str:
        """Wait for a line, where somebody is there to write one."""
        if not self._ask:
            return ""
        sys.stderr.write(f"{words} ")
        sys.stderr.flush()
        return sys.stdin.readline().strip()[:LONGEST_ANSWER]

    def _show_paragraphs(self, paragraphs: Sequence[str]) -> None:
        for paragraph in paragraphs:
            show_text(paragraph)
            show("")

    def _show_exhibits(self, exhibits: Sequence[Exhibit]) -> None:
        from whosthat.evaluation.lesson_page import Grid

        for one in exhibits:
            if isinstance(one, Grid):
                show_text(one.caption)
                columns, *rows = (one.columns, *one.rows) if one.columns else one.rows
                numbers = [heading for heading, numeric in zip(one.columns[1:], one.numeric, strict=False) if numeric]
                show_table(columns, rows, right=numbers if one.columns else columns)
            else:
                show(*one.text)
                show_text(_("{caption} Picture: {path}", caption=one.caption, path=self._pictures / f"{one.name}.png"))
            show("")
