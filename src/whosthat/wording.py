"""How numbers become words in sentences that people read.

What belongs here: forms that several parts need alike. What does not: the sentences themselves. This module imports nothing of whosthat.
"""

from __future__ import annotations

from collections.abc import Sequence

NAMES_SHOWN = 5
"""So many names are listed in a sentence; the rest is counted."""


def counted(n: int, noun: str) -> str:
    """Write a number with its noun.

    Example:
        >>> counted(1, "photo"), counted(1200, "photo"), counted(2, "class")
        ('1 photo', '1,200 photos', '2 classes')
    """
    if n == 1:
        return f"1 {noun}"
    return f"{n:,} {noun}{'es' if noun.endswith('s') else 's'}"


def confidence_text(share: float) -> str:
    """Write a confidence, or a probability beside it, in whole percent; nobody is quite sure of anything.

    Every confidence that people read is written so; files for programs hold the number.

    Example:
        >>> confidence_text(0.842), confidence_text(0.9999), confidence_text(0.0004)
        ('84 %', '> 99 %', '< 1 %')
    """
    if share > 0.99:
        return "> 99 %"
    return "< 1 %" if share < 0.01 else f"{100 * share:.0f} %"


def listing(names: Sequence[str]) -> str:
    """Write the first names and how many more there are.

    Example:
        >>> listing(["a", "b"]), listing(list("abcdefg"))
        ('a, b', 'a, b, c, d, e and 2 more')
    """
    shown = ", ".join(names[:NAMES_SHOWN])
    return shown if len(names) <= NAMES_SHOWN else f"{shown} and {len(names) - NAMES_SHOWN} more"
