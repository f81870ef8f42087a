"""Photos and videos as they arrive in a folder: a camera, a phone or a program puts them there, some of them slowly.

What belongs here: looking through a folder again and again, telling new files from old, waiting until one is whole. What does not: reading
photos (`reading`) and videos (`video`), who is in them.

The folder is polled. What systems tell of changes (inotify and its like) is not told of network drives, where cameras put their photos, is
lost when a queue is full, and would need a look through everything at the start all the same.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from whosthat.photos.reading import looks_like_photo
from whosthat.photos.signatures import VIDEO_SUFFIXES

MOST = 500_000
"""So many files are known at a time, 50 MB (250 MB while they are listed); of a larger folder the rest is passed over, and
`Arrivals.is_full` says so."""

AT_ONCE = 200
"""So many new photos are given at a time, the oldest first; of videos one, so that photos need not wait for several."""

STILL = 5.0
"""Seconds in which a video must not have changed: cameras write theirs in pieces, some of them a second or two apart."""


class Arrivals:
    """The new photos and videos of a folder, at any depth.

    A file is new when its path, size or time of change was not there before. It is given once it has not changed between two looks, a video
    for `STILL` seconds: whoever writes it has then finished, or takes longer than that between two pieces, and is given again when it goes
    on.

    Args:
        folder: It must exist at the first look; later it may go and come back.
        existing: Whether what is there at the first look is given as well.
    """

    def __init__(self, folder: Path, *, existing: bool = False) -> None:
        self.folder, self.is_there, self.is_full = folder, True, False
        self._since: dict[int, float | None] = {}  # when each file was first seen as it is; None for those that are not new any more
        self._is_first = not existing

    def poll(self) -> list[Path]:
        """Look through the folder; return the photos that are new and whole, oldest first, at most `AT_ONCE`, then one video.

        They are new until `take` is asked about them.
        """
        try:
            os.stat(self.folder)  # noqa: PTH116  a folder on a drive that is not there any more is not an empty one
            found = {_key(path, facts): (facts.st_mtime_ns, path) for path, facts in self._files(self.folder)}
        except OSError:
            self.is_there = False
            return []
        self.is_there, now = True, time.monotonic()
        first = None if self._is_first else now
        self._is_first = False
        self._since = {key: self._since.get(key, first) for key in found}  # what is gone may come back, and is then new
        waiting = {key: since for key, since in self._since.items() if since is not None and since < now}
        photos, videos = [], []
        for key in sorted(waiting, key=found.__getitem__):
            path = Path(found[key][1])
            if path.suffix.lower() in VIDEO_SUFFIXES:
                videos += [path] if now - waiting[key] >= STILL else []
            elif looks_like_photo(path):
                photos.append(path)
            else:
                self._since[key] = None
        return [*photos[:AT_ONCE], *videos[:1]]

    def take(self, path: Path) -> bool:
        """Say whether a photo is still there, and is new no more; one that has gone with its folder is given when that is back."""
        try:
            facts = path.stat()
        except OSError:
            return False
        self._since[_key(str(path), facts)] = None
        return True

    def _files(self, folder: Path) -> Iterator[tuple[str, os.stat_result]]:
        """Yield each file below a folder, and its facts; hidden ones and links to folders are passed over."""
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
                    yield path, facts
                self.is_full = n_files >= MOST
                if self.is_full:
                    return


def _key(path: str, facts: os.stat_result) -> int:
    return hash((path, facts.st_size, facts.st_mtime_ns))
