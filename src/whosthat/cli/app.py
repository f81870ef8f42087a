"""Where the command line begins: the list of commands, the first help page, and how every error and signal ends.

``whosthat --help`` is answered from this module alone, because importing typer costs most of the time that a help page may
take. What a command does stands in the module of its name; how typer finds it there stands in ``lazy``.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from whosthat.errors import WhosthatError

COMMANDS = {
    "demo": "See the whole flow on pictures that whosthat draws itself.",
    "check": "Look for trouble in a folder of photos.",
    "train": "Train a recogniser, test it honestly and save it.",
    "compare": "Train several models on one split, and say which one to use.",
    "evaluate": "Test a saved recogniser on other photos.",
    "predict": "Say who or what is in photos and videos.",
    "people": "List the people whom a face recogniser knows; add, remove or rename them.",
    "export": "Write a recogniser's network as ONNX or Keras weights.",
    "report": "Write a run's report again, and open it.",
    "runs": "List runs, or set them side by side.",
    "models": "Show the models, and add weights files to them.",
    "desktop": "Open a window: choose a photo, see the name.",
    "doctor": "Check this installation.",
}
"""Every command with its one sentence. The command of name N is ``app`` in the module ``whosthat.cli.N``."""

_OPTIONS = {
    "--version": "Show the version.",
    "--install-completion": "Install completion for the current shell.",
    "--show-completion": "Show completion for the current shell, to copy it.",
    "-h, --help": "Show this page, or a command's own: whosthat train --help",
}


class Terminated(KeyboardInterrupt):
    """The process was asked to end (SIGTERM). Whatever tidies up after Ctrl-C tidies up after this too."""


class Stopped(Exception):  # noqa: N818  it is no error
    """A command that Ctrl-C or SIGTERM ended; carries the interrupt past typer, which would swallow it."""

    def __init__(self, interrupt: KeyboardInterrupt) -> None:
        super().__init__("Stopped.")
        self.exit_code = 143 if isinstance(interrupt, Terminated) else 130
        self.__notes__ = list(getattr(interrupt, "__notes__", ()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line.

    Args:
        arguments: The words after ``whosthat``; None takes them from the process.

    Returns:
        The exit code: 0 done, 1 failed, 2 wrong usage, 3 bad data, 4 a quality gate not reached, 130 stopped by Ctrl-C,
        143 stopped by SIGTERM.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    _accept_every_name(sys.stdout, sys.stderr)
    if words in ([], ["--help"], ["-h"]) and "_WHOSTHAT_COMPLETE" not in os.environ:
        sys.stdout.write(root_help())
        return 0
    if os.environ.get("WHOSTHAT_DEBUG"):
        return _run(words)
    try:
        return _run(words)
    except BrokenPipeError:
        _forget_stdout()
        return 1
    except (WhosthatError, Stopped) as error:
        return _fail(error, error.exit_code)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        return _fail(WhosthatError(f"The system refused: {error.strerror or error}{where}."), 1)
    except MemoryError:
        return _fail(WhosthatError("There is not enough memory. Close other programs, or choose a smaller --size or --batch-size."), 1)


def root_help() -> str:
    """Return the page that ``whosthat --help`` shows."""
    lines = [
        "Usage: whosthat COMMAND [OPTIONS] ...",
        "",
        "  Folders of photos in; a recogniser you can trust out. Everything stays on this computer.",
        "",
        "Commands:",
        *_aligned(COMMANDS),
        "",
        "Options:",
        *_aligned(_OPTIONS),
        "",
        "Start with:",
        "  whosthat demo",
        "  whosthat train PHOTOS        one folder for each person or class",
        "  whosthat predict runs/latest photo.jpg",
    ]
    return "\n".join(lines) + "\n"


def _aligned(rows: dict[str, str]) -> list[str]:
    width = max(map(len, rows)) + 2
    return [f"  {name:<{width}}{sentence}" for name, sentence in rows.items()]


def _run(words: list[str]) -> int:
    from whosthat.cli.lazy import run_typer

    with _sigterm_like_ctrl_c():
        code = run_typer(words)
    sys.stdout.flush()  # a reader that has gone shows itself here, not in an ugly line when the process ends
    return code


@contextmanager
def _sigterm_like_ctrl_c() -> Iterator[None]:
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


def _fail(error: WhosthatError | Stopped, exit_code: int) -> int:
    from whosthat.cli.output import show_error

    show_error(error)
    return exit_code


def _accept_every_name(*streams: Any) -> None:
    """Show characters that a stream's encoding lacks as escapes: a photo's name must never end a command."""
    for stream in streams:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _forget_stdout() -> None:
    """Send what is left of stdout nowhere, so that Python does not complain about the closed pipe when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
