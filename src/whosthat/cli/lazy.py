"""How typer runs a command: it imports the command's module only when that command is asked for, and Ctrl-C and SIGTERM end it.

The list of commands stands in ``commands``; what is kept when a command stops, in `whosthat.runs.lock`.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Annotated, Any

import typer
import typer.core
import typer.main

from whosthat.cli.commands import COMMANDS, root_help
from whosthat.cli.options import about
from whosthat.cli.output import say
from whosthat.cli.typer_words import complaint, translate
from whosthat.errors import UsageError, WhosthatError, did_you_mean
from whosthat.translation import N_, _
from whosthat.version import __version__

_BRACES = str.maketrans("", "", "{}")
"""Around an argument that must be given, in typer's words."""


class Terminated(KeyboardInterrupt):
    """The process was asked to end (SIGTERM). Whatever tidies up after Ctrl-C tidies up after this too."""


class Stopped(WhosthatError):  # noqa: N818  it is no error
    """A command that Ctrl-C or SIGTERM ended; carries the interrupt past typer, which would swallow it."""

    def __init__(self, interrupt: KeyboardInterrupt) -> None:
        super().__init__(_("Stopped."))
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


class LazyCommands(typer.core.TyperGroup):
    """The group of all commands."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return every command's name, in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import the command of this name; None when there is none."""
        return load_command(cmd_name) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that the first word names."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise UsageError('There is no command "{name}". {choice}', name=args[0], choice=did_you_mean(args[0], COMMANDS))
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the same page that is shown without typer."""
        formatter.write(root_help())

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an interrupt leaves as `Stopped`."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interrupt:
            raise Stopped(interrupt) from interrupt


def load_command(name: str) -> Any:
    """Import the module of one command and return what typer built from it, in the current language; its help begins as in `COMMANDS`."""
    command = typer.main.get_command(import_module(f"whosthat.cli.{name}").app)
    command.name = name
    command.help = about(COMMANDS[name], command.help or "")
    translate(command)
    return command


def run_typer(words: list[str]) -> int:
    """Parse the words, run the command, and return 0 or the exit code that it gave to ``typer.Exit``.

    Raises `UsageError` where the words do not fit the command, `Stopped` after Ctrl-C or SIGTERM.
    """
    _refuse_empty(words)
    root = typer.main.get_command(_root)
    translate(root)
    try:
        code = root.main(args=words, prog_name="whosthat", complete_var="_WHOSTHAT_COMPLETE", standalone_mode=False)
    except typer.TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # typer does not name it in public
            say(*_short_usage(error.ctx), wrap=False)  # type: ignore[attr-defined]
            return UsageError.exit_code
        raise UsageError(_in_our_words(error)) from error
    return code if isinstance(code, int) else 0


def _refuse_empty(words: Sequence[str]) -> None:
    """Refuse an empty word: a path of no letters would mean the folder in which one happens to be.

    It comes from a script whose variable is not set; nothing that whosthat asks for may be empty.
    """
    for before, word in zip(["", *words], words, strict=False):
        option = before if word == "" else word.rstrip("=")
        if word == "" or re.fullmatch("--[a-z-]+=", word):
            if option.startswith("-"):
                raise UsageError("What follows {option} is empty. Write a name there.", option=option)
            raise UsageError("A word of the command is empty. Write a name there.")


def _short_usage(context: Any) -> list[str]:
    """Return how a command is called, what it does and where to read on: the answer to a command without a word behind it."""
    path, command = context.command_path.translate(_BRACES), context.command
    inner = getattr(command, "commands", None)
    example = next((line.strip() for line in (command.epilog or "").splitlines() if line.startswith("  ")), "")
    return [
        context.get_usage().translate(_BRACES),
        (command.help or "").split("\n\n")[0],
        _("Commands: {commands} (more: {path} --help)", commands=_(", ").join(inner), path=path)
        if inner
        else _("Example: {example} (more: {path} --help)", example=example, path=path),
    ]


def _in_our_words(error: typer.TyperException) -> str:
    """Return typer's message as whole sentences, with the nearest option and where to read on."""
    context = getattr(error, "ctx", None)
    message = error.format_message()
    message = complaint(message if message.endswith(("?", ".", "。")) else f"{message}.")
    option = getattr(error, "option_name", None)
    if option and context and hasattr(error, "possibilities"):
        known = [word for parameter in context.command.get_params(context) for word in parameter.opts if word.startswith("--")]
        message = _("There is no option {option}. {choice}", option=option, choice=did_you_mean(option, known))
    if not context:
        return message
    return _('{message} Read "{command} --help".', message=message, command=context.command_path.translate(_BRACES))


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"whosthat {__version__}")  # not translated: a name and a number
        raise typer.Exit


_root = typer.Typer(
    cls=LazyCommands,
    name="whosthat",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@_root.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help=N_("Show the version."))] = False,
) -> None:
    """Folders of photos in; a recogniser you can trust out."""
