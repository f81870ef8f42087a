"""Bars of probabilities: a name, a bar, a percentage; the best one in colour."""

from __future__ import annotations

import tkinter
from tkinter import font
from typing import Any

from whosthat.desktop.answer import N_BARS, Answer
from whosthat.desktop.style import ACCENT, INK, PANEL, SOFT, TRACK, UNKNOWN, Look
from whosthat.wording import confidence_text

ROW = 44
"""Height of one name with its bar, in pixels of a 96-dpi screen."""


class Bars(tkinter.Canvas):
    """Draws an answer's bars."""

    def __init__(self, parent: tkinter.Misc, look: Look) -> None:
        super().__init__(parent, background=PANEL, highlightthickness=0, width=look.px(280), height=look.px(ROW * N_BARS))
        self._look = look
        self._answer = Answer("", "")
        self.bind("<Configure>", self._draw)

    def show(self, answer: Answer) -> None:
        """Show the bars of another answer."""
        self._answer = answer
        self._draw()

    def _draw(self, _event: Any = None) -> None:
        self.delete("all")
        for row, (name, share) in enumerate(self._answer.bars):
            self._draw_row(row, name, share)

    def _draw_row(self, row: int, name: str, share: float) -> None:
        look, width, top = self._look, self.winfo_width(), self._look.px(ROW * row)
        best = ACCENT if self._answer.known else UNKNOWN
        text = confidence_text(share)
        room = width - look.text.measure(text) - look.px(12)
        self.create_text(0, top, text=shortened(name, room, look.text), anchor="nw", font=look.text, fill=INK)
        self.create_text(width, top, text=text, anchor="ne", font=look.text, fill=INK if row == 0 else SOFT)
        above, below = top + look.px(22), top + look.px(30)
        self.create_rectangle(0, above, width, below, fill=TRACK, width=0)
        if round(width * share):
            self.create_rectangle(0, above, width * share, below, fill=best if row == 0 else SOFT, width=0)


def shortened(name: str, room: int, letters: font.Font) -> str:
    """Return a name, cut with an ellipsis when it is wider than ``room`` pixels."""
    if letters.measure(name) <= room:
        return name
    while name and letters.measure(f"{name}…") > room:
        name = name[:-1]
    return f"{name}…"
