"""Finding and embedding faces on a cluster: the same reader in every worker, photos by their paths, the same faces back.

What belongs here: what is sent to workers and what they do with a batch. What does not: the cluster (`whosthat.cluster`), the cache and
what is done with the faces (`face_photos`, `cluster_predict`).

The weights travel with the work, once to each worker: a machine of a cluster needs whosthat, not its weights. Photos do not travel: every
machine must see the folder under the same path.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from whosthat.errors import ClusterError, PhotoError
from whosthat.faces.finding import CutFaces, FaceReader, SeenFaces
from whosthat.faces.reader_files import ReaderFiles
from whosthat.photos.reading import sha256_of
from whosthat.photos.storage import fetched_once, stored
from whosthat.translation import _
from whosthat.wording import listing

if TYPE_CHECKING:
    from whosthat.cluster import Cluster

Found = TypeVar("Found")
Photo = tuple[str, Path]  # SHA-256 and place


class ClusterReader(FaceReader):
    """A reader that lets a cluster look at many photos; one at a time it looks at here."""

    def __init__(self, reader: FaceReader, files: ReaderFiles, cluster: Cluster) -> None:
        super().__init__(reader.detector, reader.embedder, reader.template)
        self._files = files
        self.cluster = cluster

    def look(self, work: Callable[[Sequence[Photo], FaceReader], list[Found]], batches: Iterable[Sequence[Photo]]) -> Iterator[list[Found]]:
        """Let workers do what `face_photos` does with batches of photos, in order."""
        absolute = ([(digest, path.absolute()) for digest, path in batch] for batch in batches)
        return self.cluster.in_order(partial(_looked_at, work), self._files, absolute, _named)

    def see(self, photos: Sequence[CutFaces | SeenFaces]) -> list[SeenFaces]:
        """Embed the faces of several photos; those that a worker has seen are as they are."""
        fresh = iter(super().see([photo for photo in photos if isinstance(photo, CutFaces)]))
        return [photo if isinstance(photo, SeenFaces) else next(fresh) for photo in photos]

    def seen(self, batches: Iterable[Sequence[Path]]) -> Iterator[list[tuple[str, SeenFaces] | PhotoError]]:
        """Let workers find and embed every face of batches of photos, in order: SHA-256 and faces of each, or why it cannot be read."""
        absolute = ([path.absolute() for path in batch] for batch in batches)
        return self.cluster.in_order(_seen, self._files, absolute, lambda paths: listing([str(path) for path in paths]))


@fetched_once()
def _looked_at(work: Callable[[Sequence[Photo], FaceReader], list[Found]], photos: Sequence[Photo], reader: FaceReader) -> list[Found]:
    """Do the work where the photos are the same files as there, in a worker."""
    for digest, path in photos:
        refuse_unseen(path)
        if (here := sha256_of(path)) not in (digest, ""):
            raise ClusterError(
                _(
                    "{path} is another file on {node} than where the work began ({here} instead of {digest}). All machines must see one "
                    "and the same folder of photos.",
                    path=path,
                    node=platform.node(),
                    here=here[:8],
                    digest=digest[:8],
                )
            )
    return work(photos, reader)


def _seen(paths: Sequence[Path], reader: FaceReader) -> list[tuple[str, SeenFaces] | PhotoError]:
    """Find and embed every face, in a worker."""
    cuts: list[tuple[str, CutFaces] | PhotoError] = []
    for path in paths:
        refuse_unseen(path)
        try:
            cut = reader.cut_file(path)
            cuts.append((cut.sha256, cut))
        except PhotoError as error:
            cuts.append(error)
    seen = iter(reader.see([cut[1] for cut in cuts if not isinstance(cut, PhotoError)]))
    return [cut if isinstance(cut, PhotoError) else (cut[0], next(seen)) for cut in cuts]


def refuse_unseen(path: Path) -> None:
    """Refuse a file whose whole folder is not there; one that is gone alone was there a moment ago."""
    if stored(path) is None and not path.parent.is_dir():
        raise ClusterError(
            _(
                "The worker on {node} does not see {folder}. Keep photos and runs in folders that all machines of the cluster see under "
                "the same paths.",
                node=platform.node(),
                folder=path.parent,
            )
        )


def _named(photos: Sequence[Photo]) -> str:
    return listing([str(path) for _digest, path in photos])
