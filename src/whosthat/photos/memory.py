"""How many photos are unfolded at one time: as many as there is room for, whatever the number of threads.

A photo of 119 megapixels takes a gigabyte while it is read, however small its file. So large photos are read one after another, and
small ones at once. Whoever waits holds nothing, and who holds room asks for no more: nobody waits for ever.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from whosthat.settings import MAX_UNFOLDED_BYTES


class Room:
    """Bytes that all threads share."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._taken = 0
        self._changed = threading.Condition()
        self._first_in_line = threading.Lock()
        self._of_thread = threading.local()

    @contextmanager
    def taken(self, n: int) -> Iterator[None]:
        """Wait until there is room for ``n`` bytes, and hold it while the block runs.

        What is larger than all room waits until it is alone. First come, first served: small ones do not pass by a large one. A thread that
        holds room already does not wait again.
        """
        if getattr(self._of_thread, "holds", False):
            yield
            return
        with self._first_in_line, self._changed:
            self._changed.wait_for(lambda: self._taken == 0 or self._taken + n <= self._size)
            self._taken += n
        self._of_thread.holds = True
        try:
            yield
        finally:
            self._of_thread.holds = False
            with self._changed:
                self._taken -= n
                self._changed.notify_all()


UNFOLDED = Room(MAX_UNFOLDED_BYTES)
"""The room for all photos of this process."""
