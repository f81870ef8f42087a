"""How library code tells what it is doing, without printing.

A surface (command line, window) passes an object with these methods; the default, `SILENT`, ignores all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Progress(Protocol):
    """What a surface must offer to show progress."""

    def say(self, sentence: str) -> None:
        """Show one whole sentence."""

    def step(self, what: str, done: int, total: int, note: str = "") -> None:
        """Show that ``done`` of ``total`` units of ``what`` are done; called often, must be cheap.

        ``what`` is a noun phrase ("photos checked", "epoch 3 of 20"), and a new one starts a new bar; ``note`` is a few words that
        change, such as the loss.
        """

    def result(self, sentence: str) -> None:
        """Show what came of the work that is being counted, in the place of its count; the work is then over."""

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show a table: a heading for each column, and rows of as many cells; all columns but the first hold numbers."""


class Silent:
    """The progress that shows nothing."""

    def say(self, sentence: str) -> None:
        """Ignore the sentence."""

    def step(self, what: str, done: int, total: int, note: str = "") -> None:
        """Ignore the step."""

    def result(self, sentence: str) -> None:
        """Ignore the sentence."""

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Ignore the table."""


SILENT: Progress = Silent()
"""The default wherever progress can be shown."""
