"""Progress as the command line shows it, on standard error: a bar on a terminal, a line now and then elsewhere.

Work that ends within a second shows nothing. What is counted, and when, is the library's business (``whosthat.progress``).
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO

from whosthat.cli.output import SHOWN_ROWS, is_terminal, table_lines, terminal_width, wrapped
from whosthat.progress import Progress
from whosthat.translation import _
from whosthat.wording import closed_up, duration, visible

SHOW_AFTER, LINE_EVERY, REDRAW_EVERY = 1.0, 10.0, 0.1
"""Seconds: before work is worth showing; between two lines about it where no bar can be drawn; between two changes of a bar."""


@contextmanager
def terminal_progress() -> Iterator[Progress]:
    """Show progress on standard error while the block runs."""
    show = BarProgress(sys.stderr) if is_terminal(sys.stderr) else LineProgress(sys.stderr)
    try:
        yield show
    finally:
        show.close()


@dataclass
class Work:
    """One thing that is being counted; ``first`` were done when counting began."""

    what: str
    started: float
    first: int
    total: int
    done: int = 0
    note: str = ""

    def speed(self, now: float) -> str:
        """Return units a second and the time left at that rate; nothing before there is anything to measure."""
        if self.done <= self.first:
            return ""
        rate = (self.done - self.first) / max(now - self.started, 1e-9)
        return _("{rate:.3g} a second, {time} left", rate=rate, time=duration((self.total - self.done) / rate))


class LineProgress:
    """Progress as plain lines, for files, pipes and plain terminals; ``clock`` gives seconds that only grow."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._work: Work | None = None
        self._next_line = 0.0
        self._next_result = -math.inf
        self._held = ""

    def say(self, sentence: str) -> None:
        """Write one sentence."""
        self._release()
        self._write(sentence)

    def step(self, what: str, done: int, total: int, note: str = "") -> None:
        """Count, and write a line when one is due."""
        now = self._clock()
        if self._work is None or self._work.what != what or done < self._work.done:
            self._end_work(now)
            self._work = Work(what, started=now, first=done, total=total)
            self._next_line = now + SHOW_AFTER
        work = self._work
        work.done, work.total, work.note = done, total, note
        if done >= total:
            self._end_work(now)
        elif now >= self._next_line:
            self._show(work, now)

    def result(self, sentence: str) -> None:
        """Write what came of the work that is being counted, and no count of it."""
        self._work = None
        self.say(sentence)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Write a table, the first `SHOWN_ROWS` rows of it."""
        self._release()
        for line in table_lines(columns, rows[:SHOWN_ROWS], right=columns[1:], room=terminal_width(self._stream)):
            self._write(line)
        if len(rows) > SHOWN_ROWS:
            self._write(_("and {n:,} more", n=len(rows) - SHOWN_ROWS))

    def close(self) -> None:
        """Finish the last piece of work, and write what was held back."""
        self._end_work(self._clock())
        self._release()

    def _show(self, work: Work, now: float) -> None:
        self._next_line = now + LINE_EVERY
        line = _("{what}: {done:,} of {total:,}", what=work.what, done=work.done, total=work.total)
        if speed := work.speed(now):
            line = _("{progress}, {speed}", progress=line, speed=speed)
        self._write(_with_note(line, work.note))

    def _end_work(self, now: float) -> None:
        if self._work is not None:
            self._finish(self._work, now)
        self._work = None

    def _finish(self, work: Work, now: float) -> None:
        """Tell the result; of results that follow each other within a second, only the last."""
        seconds = now - work.started
        if not work.note and seconds < SHOW_AFTER:
            return
        line = _("{what}: {done:,} in {time}", what=work.what, done=work.done, time=duration(seconds))
        self._held = _with_note(line, work.note)
        if now >= self._next_result:
            self._release()
            self._next_result = now + SHOW_AFTER

    def _release(self) -> None:
        line, self._held = self._held, ""
        if line:
            self._write(line)

    def _write(self, line: str) -> None:
        self._stream.write(visible(closed_up(line)) + "\n")
        self._stream.flush()


class BarProgress(LineProgress):
    """Progress as a bar that is redrawn in place; each finished piece of work leaves the line that `LineProgress` writes."""

    _bar: Any = None
    _task: Any = None

    def _show(self, work: Work, now: float) -> None:
        self._next_line = now + REDRAW_EVERY
        if self._bar is None:
            self._bar = _new_bar(self._stream)
            self._task = self._bar.add_task(visible(work.what), total=work.total, speed="", note="")
            self._bar.start()
        self._bar.update(self._task, completed=work.done, total=work.total, speed=work.speed(now), note=visible(work.note))

    def result(self, sentence: str) -> None:
        """Write what came of the work that is being counted, and take its bar away."""
        self._end_bar()
        super().result(sentence)

    def _finish(self, work: Work, now: float) -> None:
        self._end_bar()
        super()._finish(work, now)

    def _end_bar(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _write(self, line: str) -> None:
        for part in wrapped(visible(closed_up(line)), terminal_width(self._stream) or 80):
            if self._bar is None:
                super()._write(part)
            else:
                from rich.text import Text

                self._bar.console.print(Text(part), soft_wrap=True)


def _new_bar(stream: TextIO) -> Any:
    """Return rich's bar; rich is imported here because most commands end before they need it."""
    from rich import progress
    from rich.console import Console

    return progress.Progress(
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(bar_width=30),
        progress.MofNCompleteColumn(),
        *(progress.TextColumn(f"{{task.fields[{name}]}}", markup=False) for name in ("speed", "note")),
        console=Console(file=stream, highlight=False),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def _with_note(line: str, note: str) -> str:
    return _("{line} ({note})", line=line, note=note) if note else line
