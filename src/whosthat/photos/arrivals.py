"""Photos as they arrive in a folder: a camera, a phone or a program puts them there, some of them slowly.

What belongs here: looking through a folder again and again, telling new photos from old, waiting until one is whole. What does not: reading
photos (`reading`), who is in them.

The folder is polled. What systems tell of changes (inotify and its like) is not told of network drives, where cameras put their photos, is
lost when a queue is full, and would need a look through everything at the start all the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from whosthat.photos.reading import looks_like_photo

MOST = 500_000
"""So many files are known at a time, 30 MB; of a larger folder the rest is passed over, and `Arrivals.is_full` says so."""

AT_ONCE = 200
"""So many new photos are given at a time, the oldest first."""


class Arrivals:
    """The new photos of a folder, at any depth.

    A file is new when its path, size or time of change was not there before. It is given once it has not changed between two looks:
    whoever writes it has then finished, or takes longer than that between two pieces, and is given again when it goes on.

    Args:
        folder: It must exist at the first look; later it may go and come back.
        existing: Whether the photos that are there at the first look are given as well.
    """

    def __init__(self, folder: Path, *, existing: bool = False) -> None:
        self.folder, self.is_there, self.is_full = folder, True, False
        self._known: set[int] = set()
        self._growing: dict[str, tuple[int, int]] = {}
        self._is_first = not existing

    def poll(self) -> list[Path]:
        """Look through the folder; return the photos that are new and whole, oldest first, at most `AT_ONCE`."""
        found: dict[str, tuple[int, int]] = {}
        whole = True
        try:
            os.stat(self.folder)  # noqa: PTH116  a folder on a drive that is not there any more is not an empty one
            found.update(self._files(self.folder))
        except OSError:
            whole = False
        self.is_there = whole
        fresh = {path: facts for path, facts in found.items() if _key(path, facts) not in self._known}
        if self._is_first and whole:
            self._is_first, fresh = False, {}
            self._known = {_key(path, facts) for path, facts in found.items()}
        if whole:
            self._known &= {_key(path, facts) for path, facts in found.items()}  # what is gone may come back, and is then new
        ready = sorted((path for path, facts in fresh.items() if self._growing.get(path) == facts), key=lambda path: fresh[path][1])[
            :AT_ONCE
        ]
        self._known |= {_key(path, fresh[path]) for path in ready}
        self._growing = {path: facts for path, facts in fresh.items() if path not in ready}
        return [path for path in map(Path, ready) if looks_like_photo(path)]

    def _files(self, folder: Path) -> Iterator[tuple[str, tuple[int, int]]]:
        """Yield each file below a folder, its size and when it was changed; hidden ones and links to folders are passed over."""
        n_files = 0
        for place, folders, files in os.walk(folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in files:
                path = os.path.join(place, name)  # noqa: PTH118  a hundred thousand of them
                try:
                    facts = None if name.startswith(".") else os.stat(path)  # noqa: PTH116
                except OSError:  # it has gone meanwhile
                    continue
                if facts is not None and facts.st_size:
                    n_files += 1
                    yield path, (facts.st_size, facts.st_mtime_ns)
                self.is_full = n_files >= MOST
                if self.is_full:
                    return


def _key(path: str, facts: tuple[int, int]) -> int:
    return hash((path, *facts))
