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
"""So many files are known at a time, 30 MB; of a larger folder the rest is passed over, and `Arrivals.is_full` says so."""

AT_ONCE = 200
"""So many new photos are given at a time, the oldest first; of videos one, so that photos need not wait for several."""

STILL = 5.0
"""Seconds in which a video must not have changed: cameras write theirs in pieces, some of them a second or two apart."""

_Facts = tuple[int, int]  # size in bytes, and when it was changed


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
        self._known: set[int] = set()
        self._growing: dict[str, tuple[_Facts, float]] = {}
        self._is_first = not existing

    def poll(self) -> list[Path]:
        """Look through the folder; return the photos that are new and whole, oldest first, at most `AT_ONCE`, then one video.

        They are new until `take` is asked about them.
        """
        try:
            os.stat(self.folder)  # noqa: PTH116  a folder on a drive that is not there any more is not an empty one
            found = dict(self._files(self.folder))
        except OSError:
            self.is_there = False
            return []
        self.is_there = True
        if self._is_first:
            self._is_first = False
            self._known = {_key(path, facts) for path, facts in found.items()}
        self._known &= {_key(path, facts) for path, facts in found.items()}  # what is gone may come back, and is then new
        ready = self._whole({path: facts for path, facts in found.items() if _key(path, facts) not in self._known})
        others = {path for path in ready if not _is_video(Path(path)) and not looks_like_photo(Path(path))}
        self._known |= {_key(path, found[path]) for path in others}
        return [Path(path) for path in ready if path not in others]

    def take(self, path: Path) -> bool:
        """Say whether a photo is still there, and is new no more; one that has gone with its folder is given when that is back."""
        try:
            facts = path.stat()
        except OSError:
            return False
        self._known.add(_key(str(path), (facts.st_size, facts.st_mtime_ns)))
        return True

    def _whole(self, fresh: dict[str, _Facts]) -> list[str]:
        """Return those of the new files that are given now: they have not changed for long enough."""
        now, before, self._growing = time.monotonic(), self._growing, {}
        photos, videos = [], []
        for path, facts in sorted(fresh.items(), key=lambda item: item[1][1]):
            last, since = before.get(path, (None, now))
            self._growing[path] = (facts, since if facts == last else now)
            if facts == last and not _is_video(Path(path)):
                photos.append(path)
            elif facts == last and now - since >= STILL:
                videos.append(path)
        return [*photos[:AT_ONCE], *videos[:1]]

    def _files(self, folder: Path) -> Iterator[tuple[str, _Facts]]:
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


def _is_video(path: Path) -> bool:
    return path.suffix.lower() in VIDEO_SUFFIXES


def _key(path: str, facts: tuple[int, int]) -> int:
    return hash((path, *facts))
