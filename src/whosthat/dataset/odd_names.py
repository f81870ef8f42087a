"""Folders that are named like days, dates or a camera's folders, where a person's or a class's name is expected.

What belongs here: which names are odd, and the sentence about them. What does not: asking (the command line does that).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from whosthat.translation import _
from whosthat.wording import listing

_MONTH = "jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|nov(ember)?|dec(ember)?"
_YEAR = "(19|20)\\d\\d"
_ODD = re.compile(
    "|".join(
        (
            "(day|week|tag|woche|jour|dia|giorno)[ _-]*\\d+",
            "(mon|tues|wednes|thurs|fri|satur|sun)day([ _-].*)?",
            f"{_YEAR}([-_. ]?(0?[1-9]|1[0-2])([-_. ]?(0?[1-9]|[12]\\d|3[01]))?)?",
            f"(0?[1-9]|[12]\\d|3[01])[-_. ](0?[1-9]|1[0-2])[-_. ]({_YEAR}|\\d\\d)",
            f"({_MONTH})[ _-]*({_YEAR}|\\d\\d?)",
            f"{_YEAR}[ _-]*({_MONTH})",
            f"(holidays?|vacation|trip|urlaub|ferien|christmas|easter|birthday|wedding|party)[ _-]*({_YEAR}|\\d\\d?)",
            "(img|dsc[fn]?|dscn|pict|p|mvi|gopr|pxl)[ _-]?\\d{3,}",
            "dcim|camera( roll)?|screenshots?|downloads?|unsorted|misc|untitled([ _-].*)?",
            "whatsapp images|new folder.*",  # not translated: a pattern
            "\\d{3}(canon|nikon|nd|apple|_pana|msdcf|olymp|andro|media|gopro|_fuji)\\w*",
            f"{_YEAR}年.*|第.+[天日]",
        )
    ),
    re.IGNORECASE,
)


def odd_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that are more likely a day's, a date's or a camera's than a person's or a class's.

    Example:
        >>> odd_names(["anna", "day1", "2024-07", "DCIM", "May", "cat"])
        ('day1', '2024-07', 'DCIM')
    """
    return tuple(name for name in names if _ODD.fullmatch(name.strip()))


def odd_names_sentence(names: Sequence[str]) -> str:
    """Say what is odd, and what it means.

    Example:
        >>> odd_names_sentence(["day1"]).partition(".")[0]
        'The folder day1 does not look like the name of a person or class'
    """
    if len(names) == 1:
        what = _("The folder {name} does not look like the name of a person or class.", name=names[0])
    else:
        what = _("The folders {names} do not look like names of people or classes.", names=listing(names))
    return _("{what} Each folder becomes a name: give every person a folder of their own.", what=what)
