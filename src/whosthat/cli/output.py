"""Everything that a command writes: data to standard output (text, tables, JSON), messages and errors to standard error.

Names of files and classes come from strangers: they are shown with control characters made visible, and never read as markup.
How work in progress is shown stands in ``terminal``.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TextIO

from whosthat.wording import visible, visible_json

Rows = Sequence[Sequence[str]]


def say(*sentences: str) -> None:
    """Write a message for the person to standard error, one sentence a line."""
    for sentence in sentences:
        _write(sys.stderr, visible(sentence))


def show(*lines: str) -> None:
    """Write lines of data to standard output."""
    for line in lines:
        _write(sys.stdout, visible(line))


def show_json(document: object) -> None:
    """Write one JSON document to standard output.

    Args:
        document: Mappings, sequences, dataclasses (field by field), objects with ``to_dict``, paths, numbers and strings.
    """
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    text = json.dumps(plain(document), indent=2, ensure_ascii=encoding != "utf8", allow_nan=False)
    _write(sys.stdout, visible_json(text))


def plain(value: Any) -> Any:
    """Return a value as JSON knows it. Numbers that are not finite become null."""
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


def show_table(columns: Sequence[str], rows: Rows, *, right: Iterable[str] = ()) -> None:
    """Write a table to standard output: drawn on a terminal, aligned plain text elsewhere.

    Args:
        columns: Heading of each column.
        rows: One text per column, in the same order.
        right: Headings of the columns that hold numbers, aligned on the right.
    """
    clean = [[visible(cell) for cell in row] for row in rows]
    draw = _draw_table if is_terminal(sys.stdout) else _write_table
    draw(columns, clean, frozenset(right))


def _draw_table(columns: Sequence[str], rows: Rows, right: frozenset[str]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console(file=sys.stdout, highlight=False).print(table)


def _write_table(columns: Sequence[str], rows: Rows, right: frozenset[str]) -> None:
    widths = [max(map(cell_width, column)) for column in zip(columns, *rows, strict=True)]
    for row in (columns, *rows):
        cells = [
            _padding(cell, width) + cell if column in right else cell + _padding(cell, width)
            for column, cell, width in zip(columns, row, widths, strict=True)
        ]
        _write(sys.stdout, "  ".join(cells).rstrip())


def _padding(cell: str, width: int) -> str:
    return " " * (width - cell_width(cell))


def cell_width(text: str) -> int:
    """Return how many terminal columns a text takes: Chinese, Japanese and Korean characters take two, accents none.

    Example:
        >>> cell_width("張Ann")
        5
    """
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def show_error(error: BaseException) -> None:
    """Write one error as one block on standard error, with the notes it carries.

    Args:
        error: Its text stands after "Error:"; what a signal stopped says so itself.
    """
    plainly = re.sub(r"\[(Errno|WinError) \d+\] ", "", str(error))  # the number of a refusal tells people nothing
    text = "\n".join(visible(line) for line in plainly.splitlines())
    stopped = getattr(error, "exit_code", 1) > 128
    _write(sys.stderr, f"\n{text}" if stopped else f"{_error_word()} {text}")
    for note in getattr(error, "__notes__", ()):
        say(note)


def _error_word() -> str:
    return "\x1b[1;31mError:\x1b[0m" if is_terminal(sys.stderr, colour=True) else "Error:"


def is_terminal(stream: TextIO, *, colour: bool = False) -> bool:
    """Say whether a stream is a terminal that can redraw lines (and show colour)."""
    import os

    if not stream.isatty() or os.environ.get("TERM") == "dumb":
        return False
    return not (colour and os.environ.get("NO_COLOR"))


def _write(stream: TextIO, text: str) -> None:
    stream.write(text + "\n")
    stream.flush()  # so that data and messages stay in order where both go to one file
