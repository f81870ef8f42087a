"""Naming the faces of many photos whose faces a cluster finds: workers look, and this process remembers and names.

What does not belong here: what workers do (`cluster_faces`), which photos are meant and what is done with the answers (`predict`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from whosthat.errors import PhotoError, UsageError
from whosthat.faces.finding import SeenFaces
from whosthat.faces.reader_files import ReaderFiles
from whosthat.photos.storage import stored
from whosthat.photos.video import looks_like_video
from whosthat.progress import SILENT
from whosthat.recognition import load
from whosthat.recognition.bundle import open_bundle
from whosthat.translation import _
from whosthat.types import Sighting
from whosthat.workflow.cluster_faces import ClusterReader
from whosthat.workflow.prediction import Prediction
from whosthat.workflow.recalling import Remembering

if TYPE_CHECKING:
    from whosthat.cluster import Cluster
    from whosthat.recognition.face_recogniser import FaceRecogniser
    from whosthat.recognition.recogniser import Answering

Answer = Prediction | tuple[Path, tuple[Sighting, ...] | None]


def load_on(cluster: Cluster, path: str | Path) -> FaceRecogniser:
    """Load a face recogniser that lets a cluster look at many photos.

    Raises:
        BundleError: The bundle cannot be used.
        UsageError: It is no face recogniser.
    """
    recogniser = load(path)
    bundle = open_bundle(Path(path))
    facts = bundle.facts.faces
    if facts is None:
        raise UsageError(_('{path} is no face recogniser, and the engine "ray" finds faces alone. Leave out the engine.', path=path))
    faces = cast("FaceRecogniser", recogniser)
    reader = faces.reader
    with bundle.opening():
        detector_files = bundle.detector_files(facts.detector_files)
        files = ReaderFiles(reader.key, facts.detector, detector_files, reader.embedder.facts, bundle.graph(), reader.template)
    faces.reader = ClusterReader(reader, files, cluster)
    return faces


def answered(recogniser: Answering, batches: Iterator[list[Path | Prediction]], *, slide: bool) -> Iterator[list[Answer]]:
    """Answer for batches of photos, in order; one that cannot be read is a prediction already.

    What is remembered is not looked at again. With ``slide``, a video is yet to be looked through and has no sightings.
    """
    faces = recogniser if isinstance(recogniser, Remembering) else Remembering(cast("FaceRecogniser", recogniser), None, SILENT)
    waiting: deque[list[Path | Answer]] = deque()

    def to_look_at() -> Iterator[list[Path]]:
        for batch in batches:
            waiting.append([_sorted_out(faces, item, slide) for item in batch])
            yield [item for item in waiting[-1] if isinstance(item, Path)]

    for seen in cast("ClusterReader", faces.reader).seen(to_look_at()):
        yield _named(faces, waiting.popleft(), seen)


def _sorted_out(faces: Remembering, item: Path | Prediction, slide: bool) -> Path | Answer:
    """Return a path that a worker is to look at as it is, anything else with its answer."""
    if isinstance(item, Prediction):
        return item
    if slide and looks_like_video(item):
        return item, None
    if stored(item) is not None:  # whoever looks at it fetches it
        known = faces.unchanged(item)
    else:
        seen = faces.recalled(item)
        known = None if seen is None else ("", seen)
    return item if known is None else (item, tuple(faces.identify_prepared([known])[0]))


def _named(faces: Remembering, batch: Sequence[Path | Answer], seen: Sequence[tuple[str, SeenFaces] | PhotoError]) -> list[Answer]:
    """Name the faces of a batch that were seen, and put them in their order."""
    fresh = iter(seen)
    answers: list[Answer] = []
    for item in batch:
        if not isinstance(item, Path):
            answers.append(item)
        elif isinstance(found := next(fresh), PhotoError):
            answers.append(Prediction(item, error=found.reason))
        else:
            if stored(item) is not None:
                faces.note(item, found[0])
            answers.append((item, tuple(faces.identify_prepared([found])[0])))
    return answers
