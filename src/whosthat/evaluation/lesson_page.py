"""The page of a lesson: every question, what the student predicted, and what happened, on one page that loads nothing.

What belongs here: what a part of a lesson shows (text, tables of numbers, pictures), for the page and for the terminal alike, and writing
the page. What does not: the texts and the numbers (`whosthat.workflow.lesson`), drawing (`plots`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from whosthat.evaluation.page import template
from whosthat.evaluation.plots.canvas import PRINT, drawn, inline, png
from whosthat.evaluation.plots.chart import draw_chart
from whosthat.evaluation.plots.flow_chart import draw_flow_chart, flow_of_page
from whosthat.evaluation.plots.page_chart import laid_out
from whosthat.runs.files import save_file

PAGE = "lesson.html"


@dataclass(frozen=True)
class Grid:
    """A table: a caption, rows of short texts, and the columns' headings; without headings it is a block of numbers."""

    caption: str
    rows: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...] = ()

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Whether each column after the first holds numbers: these are aligned on the right."""
        return tuple(all(not cell or any(map(str.isdigit, cell)) for cell in cells) for cells in list(zip(*self.rows, strict=True))[1:])


@dataclass(frozen=True)
class Picture:
    """A drawing for the page and for a PNG file."""

    name: str  # of the file, without its ending; unlike any other of the lesson
    caption: str
    size: tuple[float, float]  # width and height in inches
    draw: Callable[..., None]  # a drawing of `plots`
    what: tuple[Any, ...]  # what it draws: its arguments between axes and inks
    text: tuple[str, ...] = ()  # the same in letters, for a terminal; may be empty

    @property
    def png(self) -> bytes:
        """The drawing as a PNG file, dark on white."""
        return bytes(drawn(self.size, PRINT, png, self.draw, *self.what))

    @cached_property
    def on_page(self) -> Any:
        """The drawing as ``chart.html.j2`` writes it, or an ``<svg>`` element."""
        if self.draw is draw_chart:
            make, *about = self.what
            return laid_out(make(*about), self.name, self.caption, self.caption, self.size)
        if self.draw is draw_flow_chart:
            return flow_of_page(self.name, self.caption, *self.what)
        return inline(self.size, (self.name, self.caption, self.caption), self.draw, *self.what)


Exhibit = Grid | Picture


@dataclass(frozen=True)
class Part:
    """One part of a lesson: what is told and shown, the question, and, once it was answered, what happened."""

    number: int  # from 1
    of: int  # how many parts the lesson has
    title: str
    text: tuple[str, ...]  # paragraphs before the question
    shown: tuple[Exhibit, ...]  # before the question
    question: str
    prediction: str = ""  # what the student answered; empty for no answer
    result: str = ""  # what happened, in one sentence
    answer: tuple[str, ...] = ()  # paragraphs that explain it
    found: tuple[Exhibit, ...] = ()  # what was computed


def write_lesson_page(folder: Path, parts: Sequence[Part], *, n_photos: int, n_trainings: int, seconds: float) -> Path:
    """Write `PAGE` into a folder that exists, and return it; a RunError says that it cannot be written.

    It tells the parts of the lesson so far, and how many photos were drawn, networks trained and seconds spent computing.
    """
    facts = {"date": f"{datetime.now().astimezone():%Y-%m-%d}", "n_photos": n_photos, "n_trainings": n_trainings, "seconds": seconds}
    return save_file(folder / PAGE, template("lesson.html.j2").render(parts=parts, **facts))
