"""How numbers and names become words in sentences that people read.

What belongs here: forms that several parts need alike. What does not: the sentences themselves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from whosthat.translation import N_, NN_, _, ngettext

NAMES_SHOWN = 5
"""So many names are listed in a sentence; the rest is counted."""

LONGEST_LISTED = 120
"""Characters of a name in a list; a longer one is cut, so that the sentence around it can be read."""

_HIDDEN = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff]")
"""What a terminal would obey, what ends a line, what turns the order of letters around, and bytes of a file name that are no letters.
Joiners stay: emoji and Persian need them."""


def visible(text: object) -> str:
    r"""Return text on one line, with an escape for every character that is not seen but does something.

    Names of files and classes come from strangers: whatever is written to a terminal, a table, a CSV file or a page goes through here.

    Example:
        >>> visible("a\x1b[31mb\n")
        'a\\x1b[31mb\\n'
    """
    return _HIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), str(text))


def visible_json(document: str) -> str:
    r"""Escape the same characters in a JSON document, as JSON does it; the line ends of the document stay.

    Example:
        >>> visible_json('["\u202e"]')
        '["\\u202e"]'
    """
    return _HIDDEN.sub(lambda found: found[0] if found[0] == "\n" else f"\\u{ord(found[0]):04x}", document)


_AFTER_A_SENTENCE = re.compile(r"(?<=[。！？；：])\s+(?=\S)")


def closed_up(text: str) -> str:
    """Take out the blanks that follow Chinese sentences: sentences are joined with one, as English needs it.

    Whatever holds several sentences and is shown to people goes through here, on its way to the terminal, a page or the window.

    Example:
        >>> closed_up("讀不了。 請看 --help。 One. Two.")
        '讀不了。請看 --help。One. Two.'
    """
    return _AFTER_A_SENTENCE.sub("", text)


NOUNS: Mapping[str, tuple[str, str]] = {
    "block": NN_("{n} block", "{n:,} blocks"),
    "class": NN_("{n} class", "{n:,} classes"),
    "clip": NN_("{n} clip", "{n:,} clips"),
    "embedding": NN_("{n} embedding", "{n:,} embeddings"),
    "epoch": NN_("{n} epoch", "{n:,} epochs"),
    "face": NN_("{n} face", "{n:,} faces"),
    "file": NN_("{n} file", "{n:,} files"),
    "folder": NN_("{n} folder", "{n:,} folders"),
    "group": NN_("{n} group", "{n:,} groups"),
    "group of several faces": NN_("{n} group of several faces", "{n:,} groups of several faces"),  # not translated: the key
    "item": NN_("{n} item", "{n:,} items"),
    "iteration": NN_("{n} iteration", "{n:,} iterations"),
    "layer": NN_("{n} layer", "{n:,} layers"),
    "minute": NN_("{n} minute", "{n:,} minutes"),
    "mistake": NN_("{n} mistake", "{n:,} mistakes"),
    "model": NN_("{n} model", "{n:,} models"),
    "person": NN_("{n} person", "{n:,} people"),  # not translated: the key
    "more face": NN_("{n} more face", "{n:,} more faces"),  # not translated: the key
    "more photo": NN_("{n} more photo", "{n:,} more photos"),  # not translated: the key
    "name": NN_("{n} name", "{n:,} names"),
    "pair": NN_("{n} pair", "{n:,} pairs"),
    "parameter": NN_("{n} parameter", "{n:,} parameters"),
    "photo": NN_("{n} photo", "{n:,} photos"),
    "RAW photo": NN_("{n} RAW photo", "{n:,} RAW photos"),  # not translated: the key
    "HEIC photo": NN_("{n} HEIC photo", "{n:,} HEIC photos"),  # not translated: the key
    "other file": NN_("{n} other file", "{n:,} other files"),  # not translated: the key
    "setting": NN_("{n} setting", "{n:,} settings"),
    "sidecar": NN_("{n} sidecar", "{n:,} sidecars"),
    "stranger": NN_("{n} stranger", "{n:,} strangers"),
    "test photo": NN_("{n} test photo", "{n:,} test photos"),  # not translated: the key
    "training photo": NN_("{n} training photo", "{n:,} training photos"),  # not translated: the key
    "validation photo": NN_("{n} validation photo", "{n:,} validation photos"),  # not translated: the key
    "video": NN_("{n} video", "{n:,} videos"),
}
"""What is counted, each noun with its forms."""


def counted(n: int, noun: str) -> str:
    """Write a number with its noun, a key of `NOUNS`.

    Example:
        >>> counted(1, "photo"), counted(1200, "photo"), counted(2, "class")
        ('1 photo', '1,200 photos', '2 classes')
    """
    return ngettext(*NOUNS[noun], n)


_HINTS = {
    "video": N_("{files} (looked at when you choose one)"),
    "RAW photo": N_("{files} (export as JPEG)"),  # not translated: the key
    "HEIC photo": N_("{files} (pip install pillow-heif, or export as JPEG)"),  # not translated: the key
}
"""What can be done about files that were not looked at, by kind."""


def not_looked_at(files: Mapping[str, int], *, sidecars: bool = True) -> list[str]:
    """Say how many files in folders are no photos, by kind (`photos.signatures.kind_of_file`); nothing where there are none.

    Without ``sidecars`` where these were read.
    """
    kinds = [
        _(_HINTS[kind], files=counted(files[kind], kind)) if kind in _HINTS else counted(files[kind], kind)
        for kind in (*_HINTS, "sidecar", "other file")  # not translated: keys
        if files.get(kind) and (sidecars or kind != "sidecar")
    ]
    return [_("Not looked at: {kinds}.", kinds=_(", ").join(kinds))] if kinds else []


MOST_SHOWN = 0.99
"""Confidence above this is shown as "> 99 %": nobody is quite sure of anything."""


def confidence_text(share: float) -> str:
    """Write a confidence, or a probability beside it, in whole percent; nobody is quite sure of anything.

    Every confidence that people read is written so; files for programs hold the number.

    Example:
        >>> confidence_text(0.842), confidence_text(0.9999), confidence_text(0.0004)
        ('84 %', '> 99 %', '< 1 %')
    """
    if share > MOST_SHOWN:
        return _("> {number} %", number=99)
    return _("< {number} %", number=1) if share < 0.01 else _("{number} %", number=f"{100 * share:.0f}")


def percent(share: float) -> str:
    """Write a share as a percentage with at most one decimal.

    Example:
        >>> percent(0.8424), percent(1.0)
        ('84.2 %', '100 %')
    """
    return _("{number} %", number=f"{100 * share:.1f}".removesuffix(".0"))


def percent_range(low: float, high: float) -> str:
    """Write an interval of shares.

    Example:
        >>> percent_range(0.8424, 1.0)
        '84.2 % to 100 %'
    """
    return _("{low} to {high}", low=percent(low), high=percent(high))


def duration(seconds: float) -> str:
    """Write a time span the way people say it.

    Example:
        >>> duration(8.26), duration(42), duration(95), duration(7500)
        ('8.3 s', '42 s', '1 min 35 s', '2 h 5 min')
    """
    if seconds < 10:
        return _("{seconds} s", seconds=f"{seconds:.1f}".removesuffix(".0"))
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return _("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)
    return _("{minutes} min {seconds} s", minutes=minutes, seconds=rest) if minutes else _("{seconds} s", seconds=rest)


def none_known(n_faces: int) -> str:
    """Say of a photo that none of its faces has a name.

    Example:
        >>> none_known(1), none_known(5)
        ('1 face, unknown', '5 faces, none known')
    """
    return ngettext("{n} face, unknown", "{n:,} faces, none known", n_faces)


def listing(names: Sequence[str]) -> str:
    """Write the first names and how many more there are.

    Example:
        >>> listing(["a", "b"]), listing(list("abcdefg"))
        ('a, b', 'a, b, c, d, e and 2 more')
    """
    shown = _(", ").join(map(cut, names[:NAMES_SHOWN]))
    return shown if len(names) <= NAMES_SHOWN else _("{names} and {n} more", names=shown, n=len(names) - NAMES_SHOWN)


def cut(text: str, most: int = LONGEST_LISTED) -> str:
    """Return a text of at most so many characters, 3 or more; of a longer one the middle is left out, as both ends tell things apart.

    Example:
        >>> cut("anna/holiday/0001.jpg", 12)
        'anna/h…1.jpg'
    """
    if len(text) <= most:
        return text
    behind = (most - 1) // 2
    return f"{text[: most - 1 - behind]}…{text[-behind:]}"


def date_text(moment: datetime) -> str:
    """Write a date and a time of day as they are here.

    Example:
        >>> date_text(datetime(2026, 11, 26, 9, 5))
        '2026-11-26 at 09:05'
    """
    return _("{date} at {time}", date=f"{moment.astimezone():%Y-%m-%d}", time=f"{moment.astimezone():%H:%M}")
