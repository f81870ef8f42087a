"""The translation layer: every text that people read goes through `_` or `ngettext`, in English in the code, filled from a catalogue.

A text is written with named places, ``_("{photos} in {folder}", photos=..., folder=...)``; what is translated is the text with its
places, so it must stand in the code as a literal. The errors of `whosthat.errors` take a text and its values in the same way. A text of a
module or class, which is made before the language is known, is marked with `N_` and translated with ``_(variable)`` where it is shown.
Texts for programs (JSON keys, CSV headings, file names) stay as they are.

The language belongs to the process (`use`); a block may have its own (`using`). Until somebody sets one it is that of ``WHOSTHAT_LANG``,
else English: a program that imports whosthat is not surprised by the user's locale. The command line asks `preferred`.

The catalogues stand in ``locale``; ``make messages`` collects the texts and compiles. Reason: ``docs/decisions/0018-translation.md``.
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gettext import GNUTranslations

LANGUAGES: Mapping[str, str] = {"en": "English", "zh_TW": "正體中文"}
"""Every language by its code, with its own name for itself."""

VARIABLE = "WHOSTHAT_LANG"
"""The environment variable that names the language; processes that whosthat starts inherit it."""

CATALOGUES = Path(__file__).parent / "locale"

_UNREADABLE = (OSError, ValueError, IndexError, KeyError, AttributeError, struct.error)
"""What reading a catalogue raises; gettext checks little of what it reads."""

_process: str | None = None
_block: ContextVar[str | None] = ContextVar("whosthat language", default=None)


def _(message: str, /, **values: Any) -> str:
    """Return a text in the current language, its places filled with the values.

    Example:
        >>> _("{n} of {total}", n=2, total=3)
        '2 of 3'
    """
    catalogue = _current() if message else None  # the empty text is the catalogue's own heading
    return _filled(catalogue.gettext(message) if catalogue else message, message, values)


def ngettext(one: str, many: str, n: int, /, **values: Any) -> str:
    """Return the text for a number of things, which is also the value of the place ``{n}``.

    Example:
        >>> ngettext("{n} photo", "{n:,} photos", 1200)
        '1,200 photos'
    """
    catalogue, source = _current(), one if n == 1 else many
    return _filled(catalogue.ngettext(one, many, n) if catalogue else source, source, {"n": n, **values})


def pgettext(context: str, message: str, /, **values: Any) -> str:
    """Return a text as `_` does; ``context`` tells apart what is one word in English and several elsewhere."""
    catalogue = _current()
    return _filled(catalogue.pgettext(context, message) if catalogue else message, message, values)


def N_(message: str) -> str:  # noqa: N802  the name that tools know
    """Mark a text that is translated later, where it is shown."""
    return message


def NN_(one: str, many: str) -> tuple[str, str]:  # noqa: N802
    """Mark both forms of a text that `ngettext` translates later."""
    return one, many


def _filled(text: str, source: str, values: Mapping[str, Any]) -> str:
    """Fill the places; a translation with a wrong place gives way to the English text."""
    if not values:
        return text
    try:
        return text.format(**values)
    except (KeyError, IndexError, ValueError):
        return source.format(**values)


def language() -> str:
    """Return the code of the current language, a key of `LANGUAGES`."""
    return _block.get() or _process or known(os.environ.get(VARIABLE, "")) or "en"


def use(code: str) -> None:
    """Set the language of this process, and of processes that it starts.

    Args:
        code: A key of `LANGUAGES`.

    Raises:
        ValueError: There is no such language, or its catalogue cannot be read; the language stays as it was.
    """
    global _process
    if code not in LANGUAGES:
        raise ValueError(code)
    try:
        _catalogue(code)
    except _UNREADABLE as error:
        raise ValueError(f"{code}: {error}") from error
    _process = os.environ[VARIABLE] = code


@contextmanager
def using(code: str) -> Iterator[None]:
    """Speak another language inside the block, in this thread alone; arguments and errors as of `use`."""
    if code not in LANGUAGES:
        raise ValueError(code)
    _catalogue(code)
    token = _block.set(code)
    try:
        yield
    finally:
        _block.reset(token)


def known(name: str) -> str | None:
    """Return the language that a name means, such as ``zh-TW``, ``zh_TW.UTF-8`` or ``zh-Hant``; None when there is no such language.

    Example:
        >>> known("zh-tw"), known("zh_Hant_HK"), known("en_GB.UTF-8"), known("C"), known("fr")
        ('zh_TW', 'zh_TW', 'en', None, None)
    """
    first, *rest = name.split(".")[0].split("@")[0].replace("-", "_").lower().split("_")
    if first == "en":
        return "en"
    if first == "zh" and {"tw", "hk", "mo", "hant"} & set(rest):
        return "zh_TW"
    return None


def preferred() -> str:
    """Return the language of the user's locale; English when it is none that whosthat knows."""
    names = [name for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG") for name in os.environ.get(variable, "").split(":") if name]
    if not names and sys.platform == "win32":
        names = [_windows_locale()]
    return known(names[0]) or "en" if names else "en"


def _windows_locale() -> str:
    import ctypes
    import locale

    return locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "en")  # type: ignore[attr-defined]


def _current() -> GNUTranslations | None:
    """Return the catalogue of the current language; English where ``WHOSTHAT_LANG`` names one that cannot be read: no text is an error."""
    try:
        return _catalogue(language())
    except _UNREADABLE:
        return None


@lru_cache(maxsize=len(LANGUAGES))
def texts(code: str) -> dict[str, str]:
    """Return every text in another language by its English, plural texts by their plural form; for a page that fills them itself.

    Source: GNU gettext manual, "The Format of GNU MO Files".

    Args:
        code: A key of `LANGUAGES`.
    """
    if code == "en":
        return {}
    content = (CATALOGUES / code / "LC_MESSAGES" / "whosthat.mo").read_bytes()
    n, english, translated = struct.unpack_from("<3I", content, 8)

    def text(table: int, row: int) -> str:
        length, start = struct.unpack_from("<2I", content, table + 8 * row)
        return content[start : start + length].decode("utf-8").split("\0")[-1]  # Chinese has one form for all numbers

    found = {text(english, row): text(translated, row) for row in range(n)}
    return {key: value for key, value in found.items() if key and "\4" not in key}  # not the heading, nor words told apart by context


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(code: str) -> GNUTranslations | None:
    """Return the compiled catalogue of a language; None for English, whose texts stand in the code."""
    if code == "en":
        return None
    from gettext import GNUTranslations

    with (CATALOGUES / code / "LC_MESSAGES" / "whosthat.mo").open("rb") as file:
        return GNUTranslations(file)
