"""Ctrl-C and SIGTERM on their way through a command.

What belongs here: the two exceptions, and making one signal like the other. What does not: what is kept when a command stops
(`whosthat.runs.lock`).
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Terminated(KeyboardInterrupt):
    """The process was asked to end (SIGTERM). Whatever tidies up after Ctrl-C tidies up after this too."""


class Stopped(Exception):  # noqa: N818  it is no error
    """A command that Ctrl-C or SIGTERM ended; carries the interrupt past typer, which would swallow it."""

    def __init__(self, interrupt: KeyboardInterrupt) -> None:
        super().__init__("Stopped.")
        self.exit_code = 143 if isinstance(interrupt, Terminated) else 130
        self.__notes__ = list(getattr(interrupt, "__notes__", ()))


@contextmanager
def sigterm_like_ctrl_c() -> Iterator[None]:
    """Let SIGTERM raise `Terminated` in the main thread while a command runs."""

    def stop(number: int, frame: Any) -> None:
        raise Terminated

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not the main thread (a test, an embedding program): signals are not ours to handle there
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
