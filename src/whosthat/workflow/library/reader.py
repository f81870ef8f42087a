"""The networks that find and embed the faces of a library: always the same ones, so that its embeddings can be compared.

What belongs here: which reader counts, opening it when something is to be looked at, and which photos it has looked at. What does not:
naming faces.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from whosthat.errors import BundleError, UsageError
from whosthat.library.contents import set_setting
from whosthat.library.store import Library
from whosthat.progress import Progress
from whosthat.translation import _
from whosthat.workflow.face_photos import open_reader
from whosthat.workflow.library.in_use import OWN, bundle_in_use, face_recogniser, networks_in_use

if TYPE_CHECKING:
    from whosthat.faces.finding import FaceReader

_DROP = "DELETE FROM {table} WHERE reader <> ?1 AND photo IN (SELECT photo FROM looks WHERE reader = ?1)"


class LibraryReader:
    """The reader whose faces count in a library.

    Args:
        library: The library.
        bundle: A face recogniser that is in use from now on; None keeps the one in use, and its networks.
        progress: Is told what is worth knowing.

    Raises:
        BundleError: The recogniser cannot be used.
        UsageError: It is no face recogniser.
    """

    def __init__(self, library: Library, bundle: str | Path | None, progress: Progress) -> None:
        self._library, self._progress = library, progress
        if bundle is not None:
            own = Path(bundle).absolute() == library.folder / OWN
            self.reader = self._used(_reader_of(bundle), bundle=OWN if own else str(Path(bundle).absolute()))

    @property
    def key(self) -> str:
        """What is noted beside faces and looks; empty before anything was looked at."""
        return self._library.setting("reader") or ""

    @cached_property
    def reader(self) -> FaceReader:
        """The reader, opened when it is asked for; WeightsError where the weights of its networks are missing."""
        place = bundle_in_use(self._library)
        try:
            if place is not None:
                return self._used(_reader_of(place))
        except BundleError as error:
            self._progress.say(_("The recogniser in use cannot be opened, so nobody gets a name from it now. {error}", error=error))
        return self._used(open_reader(*networks_in_use(self._library)).reader)

    def looked_at(self, photos: Sequence[int]) -> set[int]:
        """Return those of some photos, by row, that this reader has looked at."""
        return {photo for (photo,) in self._library.rows_of("SELECT photo FROM looks WHERE reader = ? AND photo IN ({})", photos, self.key)}

    def not_looked_at(self) -> list[str]:
        """Return the photos, by SHA-256, that are there and that this reader has not looked at."""
        statement = (
            "SELECT lower(hex(sha256)) FROM photos WHERE NOT EXISTS (SELECT 1 FROM looks WHERE photo = photos.id AND reader = ?) "
            "AND EXISTS (SELECT 1 FROM files WHERE photo = photos.id AND missing_since IS NULL) ORDER BY id"
        )
        return [digest for (digest,) in self._library.rows(statement, (self.key,))]

    def drop_others(self) -> None:
        """Delete what other readers found in photos that this one has looked at."""
        select = "SELECT 1 FROM looks WHERE reader <> ?1 AND photo IN (SELECT photo FROM looks WHERE reader = ?1) LIMIT 1"
        if self._library.rows(select, (self.key,)):
            with self._library.changing() as change:
                for table in ("faces", "looks"):  # faces first: looks tell which
                    change.execute(_DROP.format(table=table), (self.key,))

    def _used(self, reader: FaceReader, bundle: str | None = None) -> FaceReader:
        before = self.key
        networks = f"{reader.detector.name} {reader.embedder.facts.name}"
        settings = {"reader": reader.key, "networks": networks, **({} if bundle is None else {"bundle": bundle})}
        if any(self._library.setting(name) != value for name, value in settings.items()):
            with self._library.changing() as change:
                for name, value in settings.items():
                    set_setting(change, name, value)
        if before not in ("", reader.key):
            self._progress.say(_("The faces of all photos are found again, because the recogniser in use has other networks."))
        return reader


def _reader_of(bundle: str | Path) -> FaceReader:
    recogniser = face_recogniser(bundle)
    if recogniser is None:
        raise UsageError("{bundle} is no face recogniser, and a library needs one. Train one on photos of people.", bundle=bundle)
    return recogniser.reader
