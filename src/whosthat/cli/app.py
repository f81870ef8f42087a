"""Where the command line begins, and how every error and signal ends.

``whosthat --help`` is answered without typer, because importing it costs most of the time that a help page may take. What a
command does stands in the module of its name; how typer finds it there stands in ``lazy``.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from whosthat.cli.commands import root_help
from whosthat.cli.language import choose_language, language_restored
from whosthat.errors import WhosthatError, system_reason
from whosthat.translation import _

COLLECTED_AFTER = 30_000
"""New objects after which Python looks for garbage. At 700, as it comes, it looks again and again at all the classes and functions
that importing makes: 0.07 s of a prediction's 0.8 s, 0.2 s of training again on the same 1,096 photos."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the words after ``whosthat``, those of the process if none are given, and return the exit code.

    0 done, 1 failed, 2 wrong usage, 3 bad data, 4 a quality gate not reached, 130 stopped by Ctrl-C, 143 stopped by SIGTERM.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    atexit.register(gc.freeze)  # or Python looks for garbage in all that the process ever made, once more before it ends: 0.03 s
    for stream in ("stdout", "stderr"):
        if getattr(sys, stream) is None:  # closed by who called: the next file that is opened, a library for one, must not become it
            setattr(sys, stream, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115  it stays open until the process ends
    _accept_every_name(sys.stdout, sys.stderr)
    with language_restored():
        return _run(words) if os.environ.get("WHOSTHAT_DEBUG") else _run_and_report(words)


def _run_and_report(words: Sequence[str]) -> int:
    try:
        return _run(words)
    except BrokenPipeError:
        _forget_stdout()
        return 1
    except KeyboardInterrupt:  # before the command began; what was being imported, typer for one, must not be needed now
        stopped = WhosthatError("Stopped.")
        stopped.exit_code = 130
        return _fail(stopped)
    except WhosthatError as error:
        return _fail(error)
    except OSError as error:
        reason = system_reason(error)
        if error.filename:
            reason = _("{reason} ({path})", reason=reason, path=error.filename)
        return _fail(WhosthatError("The system refused: {reason}.", reason=reason))
    except MemoryError:
        return _fail(WhosthatError("There is not enough memory. Close other programs, or choose a smaller --size or --batch-size."))


def _run(words: Sequence[str]) -> int:
    rest = choose_language(words)
    if rest in ([], ["--help"], ["-h"]) and "_WHOSTHAT_COMPLETE" not in os.environ:
        sys.stdout.write(root_help())
        return 0
    from whosthat.cli.lazy import run_typer, sigterm_like_ctrl_c

    # OpenBLAS, numpy's algebra, is asked for thousands of small products: its threads wait for each other longer than they help,
    # and on a busy machine ten times as long (0.1 s of logistic regression took 4 s)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would ask every installed package for plugins
    with sigterm_like_ctrl_c(), _less_often_collected():
        code = run_typer(rest)
    sys.stdout.flush()  # a reader that has gone shows itself here, not in an ugly line when the process ends
    _tell_of_missing_font()
    return code


def _tell_of_missing_font() -> None:
    """Say once, after everything else, why the pictures that were drawn are in English."""
    from whosthat.translation import language

    if "matplotlib" in sys.modules and language() != "en":
        from whosthat.cli.output import say
        from whosthat.photos.lettering import no_chinese_font

        say(*filter(None, [no_chinese_font()]))


@contextmanager
def _less_often_collected() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(COLLECTED_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _fail(error: WhosthatError) -> int:
    from whosthat.cli.output import show_error

    show_error(error)
    return error.exit_code


def _accept_every_name(*streams: Any) -> None:
    """Show characters that a stream's encoding lacks as escapes: a photo's name must never end a command."""
    for stream in streams:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _forget_stdout() -> None:
    """Send what is left of stdout nowhere, so that Python does not complain about the closed pipe when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
