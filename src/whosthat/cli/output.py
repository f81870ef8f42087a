"""Everything that a command writes: data to standard output (text, tables, JSON), messages and errors to standard error.

Names of files and classes come from strangers: they are shown with control characters made visible, and never read as markup.
How work in progress is shown stands in ``terminal``.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shlex
import sys
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

from whosthat.translation import _
from whosthat.wording import closed_up, visible, visible_json

if TYPE_CHECKING:
    from whosthat.types import Box

Rows = Sequence[Sequence[str]]

SHOWN_ROWS = 20
"""So many rows of a table that may be long are shown; the JSON holds all."""

COLOURS = {"red": "\x1b[1;31m", "yellow": "\x1b[33m", "green": "\x1b[32m"}
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"
_NARROWEST, _GAP = 20, 2
_SHORTEST_PATH, _LONGEST_WORD = 16, 40
_NEVER_FIRST, _NEVER_LAST = "，。、：；？！）」』》", "（「『《"
"""With what no line of Chinese begins, or ends."""


class _OfOneThread:
    """Standard output for the thread that made this, standard error for all others."""

    def __init__(self) -> None:
        self._stdout, self._owner = sys.stdout, threading.get_ident()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stdout if threading.get_ident() == self._owner else sys.stderr, name)


@contextmanager
def only_answers() -> Iterator[None]:
    """Keep what other threads print out of standard output while the block runs: Ray's tell there that a machine has gone."""
    with redirect_stdout(cast(TextIO, _OfOneThread())):
        yield


def say(*sentences: str, wrap: bool = True) -> None:
    """Write a message for the person to standard error, one sentence a line; ``wrap=False`` for a command that is to be copied."""
    for sentence in sentences:
        for line in _lines(sentence, sys.stderr if wrap else None):
            _write(sys.stderr, line)


def command_line(*words: object) -> str:
    """Return a command of whosthat as somebody can copy it into a shell: names that hold blanks stand in quotes."""
    return shlex.join(["whosthat", *map(str, words)])


def confirmed(question: str) -> bool:
    """Ask on the terminal; whatever does not begin with y or 是 means no."""
    sys.stderr.write(_("{question} [y/N]", question=question) + " ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower().startswith(("y", "是"))


def show(*lines: str) -> None:
    """Write lines of data to standard output, as they are: paths, and commands that are to be copied."""
    for line in lines:
        _write(sys.stdout, visible(line))


def show_text(*sentences: str, colour: str = "") -> None:
    """Write sentences to standard output, each from a new line on; on a terminal no line ends inside a word.

    What stands before the first colon gets the ``colour``, one of `COLOURS`, on a terminal that shows colours.
    """
    for sentence in sentences:
        lines = _lines(sentence, sys.stdout)
        if colour and is_terminal(sys.stdout, colour=True):
            lines[0] = _coloured(lines[0], colour)
        for line in lines:
            _write(sys.stdout, line)


def _coloured(line: str, colour: str) -> str:
    """Colour a line up to its first colon, of English or of Chinese."""
    return re.sub("^[^:：]*[:：]?", lambda found: f"{COLOURS[colour]}{found[0]}{_PLAIN}", line, count=1)


def _lines(sentence: str, stream: TextIO | None) -> list[str]:
    if stream is None:
        return [visible(sentence)]
    width, text = terminal_width(stream), visible(closed_up(sentence))
    return [text] if width is None else wrapped(text, width)


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Break a text between words into lines of at most ``width`` columns (`cell_width`); a longer word gets a line of its own.

    Chinese, which has no blanks, is broken between characters. ``indent`` stands before all lines but the first.

    Example:
        >>> wrapped("named at most once", 10, "  "), wrapped("這張照片，讀不了。", 8)
        (['named at', '  most', '  once'], ['這張照', '片，讀不', '了。'])
    """
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        longer = line + piece if line else piece.removeprefix(" ")
        if line.strip() and cell_width(longer) > width:
            lines.append(line)
            longer = indent + piece.removeprefix(" ")
        line = longer
    return [*lines, line]


def _pieces(text: str) -> list[str]:
    """Split a text wherever a line may end: before a blank, which stays with what follows it, and between Chinese characters."""
    ends = [place for place, (before, after) in enumerate(itertools.pairwise(text), start=1) if _may_end(before, after)]
    return [text[start:end] for start, end in itertools.pairwise([0, *(end for end in ends if text[end : end + 2] != " %"), len(text)])]


def _may_end(before: str, after: str) -> bool:
    """Say whether a line may end between two characters."""
    if before in _NEVER_LAST or after in _NEVER_FIRST:
        return False
    return after == " " or (_wide(before) and (_wide(after) or before in _NEVER_FIRST))


def shortened(path: str, width: int) -> str:
    """Shorten a path at its front, between folders where that is enough.

    Example:
        >>> shortened("holiday/day1/016_8.jpg", 16), shortened("016_8.jpg", 6)
        ('…/day1/016_8.jpg', '…8.jpg')
    """
    if cell_width(path) <= width:
        return path
    for place, character in enumerate(path):
        if character in "/\\" and place > 0 and cell_width(path[place:]) < width:
            return f"…{path[place:]}"
    while path and cell_width(path) >= width:
        path = path[1:]
    return f"…{path}"


def terminal_width(stream: TextIO) -> int | None:
    """Return the columns of a terminal; None where the stream is none: files and pipes get whole lines."""
    if not is_terminal(stream):
        return None
    wanted = os.environ.get("COLUMNS", "")
    try:
        return max(_NARROWEST, int(wanted) if wanted.isdecimal() else os.get_terminal_size(stream.fileno()).columns or 80)
    except OSError:  # it calls itself a terminal, and the system knows nothing of it
        return 80


def show_json(document: object, *, line: bool = False) -> None:
    """Write what `plain` understands to standard output as one JSON document, on one ``line`` where others follow."""
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    text = json.dumps(plain(document), indent=None if line else 2, ensure_ascii=encoding != "utf8", allow_nan=False)
    _write(sys.stdout, visible_json(text))


def plain(value: Any) -> Any:
    """Return mappings, sequences, dataclasses (field by field), objects with ``to_dict``, paths, numbers and strings as JSON knows them.

    Numbers that are not finite become null.
    """
    if hasattr(value, "to_dict"):
        return plain(value.to_dict())
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float):
        return value if value - value == 0 else None
    return value.item() if hasattr(value, "item") else value  # numpy's numbers


def show_table(columns: Sequence[str], rows: Rows, *, right: Sequence[str] = (), paths: Sequence[str] = ()) -> None:
    """Write a table to standard output; on a terminal it is as wide as that at most.

    The columns whose headings are in ``right`` hold numbers, aligned on the right; those in ``paths`` hold paths, shortened at the front
    where there is no room. Other cells get more lines.
    """
    lines = table_lines(columns, rows, right=right, paths=paths, room=terminal_width(sys.stdout))
    heading = is_terminal(sys.stdout, colour=True)
    for number, line in enumerate(lines):
        _write(sys.stdout, f"{_BOLD}{line}{_PLAIN}" if heading and not number else line)


def table_lines(
    columns: Sequence[str], rows: Rows, *, right: Sequence[str] = (), paths: Sequence[str] = (), room: int | None = None
) -> list[str]:
    """Lay out a table in lines of at most ``room`` terminal columns, None for as many as it takes; arguments as of `show_table`."""
    table = [list(columns), *([visible(cell) for cell in row] for row in rows)]
    numbers, files = ([column in names for column in columns] for names in (right, paths))
    widths = [max(map(cell_width, cells)) for cells in zip(*table, strict=True)]
    if room is not None:
        least = list(map(_narrowest, widths, zip(*table, strict=True), files))
        widths = _fitted(widths, least, room - _GAP * (len(columns) - 1))
    lines = []
    for row in table:
        cells = [[shortened(cell, width)] if path else _folded(cell, width) for cell, width, path in zip(row, widths, files, strict=True)]
        for line in itertools.zip_longest(*cells, fillvalue=""):
            lines.append((" " * _GAP).join(map(_aligned, line, widths, numbers)).rstrip())
    return lines


def face_cells(number: int, box: Box) -> tuple[str, str, str]:
    """Return a face's number, its corner and its size in pixels, as cells of a table."""
    return str(number), f"{box.left:.0f}, {box.top:.0f}", f"{box.width:.0f} x {box.height:.0f}"


def show_first(columns: Sequence[str], rows: Rows, *, n: int | None = None, right: Sequence[str] = (), paths: Sequence[str] = ()) -> None:
    """Write a table of the first `SHOWN_ROWS` rows, and how many more there are: of ``n``, or of those given; the rest as `show_table`."""
    show_table(columns, rows[:SHOWN_ROWS], right=right, paths=paths)
    n = len(rows) if n is None else n
    if n > SHOWN_ROWS:
        show(_("and {n:,} more (--json shows all)", n=n - SHOWN_ROWS))


def show_side_by_side(records: Sequence[Mapping[str, str]]) -> None:
    """Write a column for each record and a line for each of its facts, in as many tables as a terminal needs to have room for all.

    The records have the same keys; the first is what the record is called.
    """
    facts = list(records[0])
    widths = [_GAP + max(map(cell_width, record.values())) for record in records]
    room = (terminal_width(sys.stdout) or sum(widths) + 999) - max(map(cell_width, facts))
    while records:
        fitting = max(1, sum(used <= room for used in itertools.accumulate(widths)))
        names, *rows = zip(facts, *(record.values() for record in records[:fitting]), strict=True)
        show_table(names, rows)
        records, widths = records[fitting:], widths[fitting:]
        if records:
            show("")


def _narrowest(width: int, cells: Iterable[str], path: bool) -> int:
    """Return how narrow a column of this width may become: no word is broken but one that is longer than any real one."""
    longest = max(cell_width(piece.strip()) for cell in cells for piece in _pieces(cell))
    return min(width, _SHORTEST_PATH if path else min(longest, _LONGEST_WORD))


def _folded(cell: str, width: int) -> list[str]:
    """Wrap a cell, and break words that are wider than it."""
    lines = []
    for line in wrapped(cell, width):
        while cell_width(line) > width:
            end = next(end for end in range(len(line), 0, -1) if end == 1 or cell_width(line[:end]) <= width)
            lines.append(line[:end])
            line = line[end:]
        lines.append(line)
    return lines


def _fitted(widths: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Take from the widest column until all have room, or none can give any more."""
    fitted = list(widths)
    while sum(fitted) > room:
        givers = [column for column, width in enumerate(fitted) if width > least[column]]
        if not givers:
            break
        fitted[max(givers, key=fitted.__getitem__)] -= 1
    return fitted


def _aligned(cell: str, width: int, number: bool) -> str:
    padding = " " * (width - cell_width(cell))
    return padding + cell if number else cell + padding


def cell_width(text: str) -> int:
    """Return how many terminal columns a text takes: Chinese, Japanese and Korean characters take two, accents none.

    Example:
        >>> cell_width("張Ann")
        5
    """
    seen = (one for one in text if not unicodedata.combining(one) and unicodedata.category(one) not in ("Mn", "Me", "Cf"))
    return sum(2 if _wide(one) else 1 for one in seen)


def _wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF" and not unicodedata.combining(character)


def show_error(error: BaseException) -> None:
    """Write one error as one block on standard error, with the notes it carries; what a signal stopped is not called an error."""
    plainly = re.sub(r"\[(Errno|WinError) \d+\] ", "", str(error))  # the number of a refusal tells people nothing
    stopped = getattr(error, "exit_code", 1) > 128
    text = plainly if stopped else _("Error: {message}", message=plainly)
    block = "\n".join(line for paragraph in text.splitlines() for line in _lines(paragraph, sys.stderr))
    if not stopped and is_terminal(sys.stderr, colour=True):
        block = _coloured(block, "red")
    _write(sys.stderr, f"\n{block}" if stopped else block)
    for note in getattr(error, "__notes__", ()):
        say(note)


def is_terminal(stream: TextIO, *, colour: bool = False) -> bool:
    """Say whether a stream is a terminal that can redraw lines (and show colour)."""
    if not stream.isatty() or os.environ.get("TERM") == "dumb":
        return False
    return not (colour and os.environ.get("NO_COLOR"))


def _write(stream: TextIO, text: str) -> None:
    stream.write(text + "\n")
    stream.flush()  # so that data and messages stay in order where both go to one file
