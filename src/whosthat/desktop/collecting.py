"""Garbage is collected in the window's own thread: Tk ends the process when one of its objects goes in another thread.

What belongs here: keeping Python's automatic collection off while a window is open, and doing it in the event loop instead. What
does not: anything about widgets.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collected_here() -> Iterator[None]:
    """Switch automatic collection off, which happens in whichever thread makes the next object; `collect_if_due` replaces it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.collect()
        if was_on:
            gc.enable()


def collect_if_due() -> None:
    """Collect what Python would by itself, unless it still does; call it now and then in the window's thread."""
    if gc.isenabled():
        return
    counts = zip(gc.get_count(), gc.get_threshold(), strict=True)
    due = [generation for generation, (count, limit) in enumerate(counts) if count > limit > 0]
    if due:
        gc.collect(max(due))
