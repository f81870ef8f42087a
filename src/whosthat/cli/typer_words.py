"""What typer says of a command, in the current language: its help page, and what is wrong with the words behind it.

typer knows English alone, and lays out pages whose characters take one column and whose words stand between blanks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import typer
import typer.core

from whosthat.cli.commands import LANG_HELP
from whosthat.cli.language import OPTION
from whosthat.cli.output import cell_width, wrapped
from whosthat.translation import N_, _

_WORDS = (
    N_("Arguments"),
    N_("Options"),
    N_("Commands"),
    N_("default: {default}"),
    N_("required"),
    N_("Show this message and exit."),
)
"""What else stands on typer's help pages."""

_COMPLAINTS = (
    N_("Missing command."),
    N_("Missing argument {name}."),
    N_("Missing option {name}."),
    N_("Invalid value for {name}: {reason}"),
    N_("No such command {name}."),
    N_("No such command {name}. Did you mean {names}?"),
    N_("Got unexpected extra argument(s) ({words})."),
    N_("Option {name} requires an argument."),
    N_("Option {name} does not take a value."),
    N_("{value} is not in the range {range}."),
    N_("File {path} does not exist."),
    N_("File {path} is a directory."),
    N_("File {path} is not readable."),
)
"""What typer says is wrong; a place stands for what it fills in."""

_NUMBERS = {"int": N_("{value} is not a whole number."), "float": N_("{value} is not a number.")}
"""What is wrong with a number, by what typer calls it."""

typer.core._ = _  # type: ignore[attr-defined, assignment]  # half of its words go through gettext's function of this name


def complaint(message: str) -> str:
    """Return what typer says is wrong in the current language; what is not among its usual sentences stays as it is."""
    for template in _COMPLAINTS:
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(template))
        if found := re.fullmatch(pattern, message, re.DOTALL):
            parts = {place: _quoted(text) for place, text in found.groupdict().items()}
            return _(template, **parts | ({"reason": complaint(found["reason"])} if "reason" in parts else {}))
    number = re.fullmatch(r"(.+) is not a valid (int|float)(?: range)?\.", message, re.DOTALL)  # not translated: typer's words
    return message if number is None else _(_NUMBERS[number[2]], value=_quoted(number[1]))


def _quoted(words: str) -> str:
    """Put what typer has put into quotes into those of the current language."""
    return re.sub("'([^']+)'", lambda found: _("'{word}'", word=found[1]), words.replace("', '", f"'{_(', ')}'"))


def translate(command: Any) -> None:
    """Put the texts of a command, and of those inside it, into the current language; give it the option that chooses that.

    A command that needs a word behind it says how it is called where it stands alone.
    """
    command.no_args_is_help |= any(parameter.required for parameter in command.params)
    command.params.append(typer.core.TyperOption(param_decls=[OPTION], metavar="CODE", help=LANG_HELP, expose_value=False))
    for parameter in command.params:
        parameter.help = _(parameter.help) if parameter.help else None
    command.help = "\n\n".join(_(paragraph) for paragraph in (command.help or "").split("\n\n") if paragraph)
    command.epilog = (command.epilog or "").replace("Examples:", _("Examples:"))
    command.context_class = _Context
    for inner in getattr(command, "commands", {}).values():
        translate(inner)


class HelpPage(typer.Context.formatter_class):  # type: ignore[misc, valid-type]
    """A help page in any language."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write how a command is called."""
        lead = _("Usage: {command}", command=f"{prog} ")
        self._write_lines(wrapped(lead + args, self.width, " " * cell_width(lead)))

    def write_heading(self, heading: str) -> None:
        """Write what stands above a list."""
        self._write_lines([_("{heading}:", heading=heading)])

    def write_text(self, text: str) -> None:
        """Write paragraphs; the lines of one that begins with a backspace stay as they are."""
        paragraphs = [paragraph.splitlines() for paragraph in text.split("\n\n")]
        for number, lines in enumerate(paragraphs):
            whole = lines[1:] if lines[0] == "\b" else wrapped(" ".join(lines), self.width - self.current_indent)
            self._write_lines(whole if number == 0 else ["", *whole])

    def write_dl(self, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write a list of options or commands, each with its text beside it."""
        column = min(max(cell_width(name) for name, _rest in rows), col_max) + col_spacing
        for name, text in rows:
            lines = wrapped(_(text), self.width - column - 2)
            if cell_width(name) > column - col_spacing:
                self._write_lines([name])
                name = ""
            self._write_lines([f"{name:<{column}}{lines[0]}", *(" " * column + line for line in lines[1:])])

    def _write_lines(self, lines: Sequence[str]) -> None:
        for line in lines:
            self.write(f"{' ' * self.current_indent}{line}".rstrip() + "\n")


class _Context(typer.Context):
    formatter_class = HelpPage
