"""Which language a command speaks: ``--lang``, else ``WHOSTHAT_LANG``, else the user's locale, as far as the terminal can show it.

What belongs here: the choice. What does not: the catalogues, and names of languages (`whosthat.translation`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from whosthat import translation
from whosthat.errors import UsageError, did_you_mean
from whosthat.translation import LANGUAGES, VARIABLE, _, known, preferred

OPTION = "--lang"


@contextmanager
def language_restored() -> Iterator[None]:
    """Give the process, which may go on, its own language back after the block."""
    before, variable = translation._process, os.environ.get(VARIABLE)
    try:
        yield
    finally:
        translation._process = before
        os.environ.pop(VARIABLE, None)
        if variable is not None:
            os.environ[VARIABLE] = variable


def choose_language(words: Sequence[str]) -> list[str]:
    """Speak the language that the words, the environment or the locale ask for, and return the words without ``--lang``.

    What cannot be spoken here, for want of its catalogue or of characters, gives way to English, and one sentence says so.

    Raises:
        UsageError: The words or the environment name no language that there is.
    """
    rest, wanted = _without_option(words)
    named = os.environ.get(VARIABLE) or None if wanted is None else wanted
    code = preferred() if named is None else known(named)
    _speak(code or preferred())
    if named == "":
        raise UsageError("Write a language behind --lang. Choose one of: {codes}.", codes=_(", ").join(sorted(LANGUAGES)))
    if code is None:
        raise UsageError('There is no language "{name}". {choice}', name=named, choice=did_you_mean(str(named), LANGUAGES))
    return rest


def _without_option(words: Sequence[str]) -> tuple[list[str], str | None]:
    """Take ``--lang CODE`` and ``--lang=CODE`` out of the words before ``--``; the last one counts, nothing behind it is ""."""
    rest: list[str] = []
    wanted = None
    left = iter(words)
    for word in left:
        if word == "--":
            return [*rest, word, *left], wanted
        if word == OPTION:
            wanted = next(left, "")
        elif word.startswith(f"{OPTION}="):
            wanted = word.removeprefix(f"{OPTION}=")
        else:
            rest.append(word)
    return rest, wanted


def _speak(code: str) -> None:
    """Set the language of the process, or English where this one cannot be had."""
    for stream in (sys.stdout, sys.stderr):
        if not _can_show(stream, LANGUAGES[code]):
            translation.use("en")
            _say_in_english(f"{code} cannot be shown in the encoding {stream.encoding}")  # not translated: English
            return
    try:
        translation.use(code)
    except Exception:  # noqa: BLE001  gettext checks little of what it reads
        translation.use("en")
        _say_in_english(f"the catalogue of {code} is missing or damaged")  # not translated: English


def _can_show(stream: object, text: str) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeError, LookupError):
        return False
    return True


def _say_in_english(reason: str) -> None:
    from whosthat.cli.output import say

    say(f"whosthat speaks English, because {reason}.")  # not translated: English
