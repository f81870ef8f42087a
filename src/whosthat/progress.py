"""How library code tells what it is doing, without printing.

A surface (command line, window) passes an object with these two methods; the default, `SILENT`, ignores all.
"""

from __future__ import annotations

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


class Silent:
    """The progress that shows nothing."""

    def say(self, sentence: str) -> None:
        """Ignore the sentence."""

    def step(self, what: str, done: int, total: int, note: str = "") -> None:
        """Ignore the step."""


SILENT: Progress = Silent()
"""The default wherever progress can be shown."""
