"""Who is in unsorted photos, before anybody has a name: every face is found, and faces of one person are put into one group.

What belongs here: from files and folders to groups. What does not: how faces are grouped (`recognition.grouping`), names (`discovery`), the
contact sheet and its files (`group_files`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from whosthat.cluster import LOCAL
from whosthat.cluster import engine as engines
from whosthat.errors import DatasetError, UsageError
from whosthat.faces.models import AUTO
from whosthat.library.store import Library, is_library
from whosthat.photos.storage import fetched_once
from whosthat.progress import SILENT, Progress
from whosthat.recognition import load
from whosthat.translation import _
from whosthat.types import SetAside
from whosthat.workflow.discovery import Discovery, FoundFace, grouped
from whosthat.workflow.face_photos import open_reader, seen_in_photos
from whosthat.workflow.known_files import contents_of, why_unreadable
from whosthat.workflow.predict import check_apart, find_photos, places_given
from whosthat.workflow.prediction import Prediction

if TYPE_CHECKING:
    from whosthat.cluster import Cluster
    from whosthat.faces.finding import SeenFaces
    from whosthat.recognition.face_recogniser import FaceRecogniser


@fetched_once()
def discover(
    paths: str | Path | Iterable[str | Path],
    *,
    bundle: str | Path | None = None,
    facts: Mapping[str, str] | None = None,
    without: Collection[Path] = (),
    passed_over: Counter[str] | None = None,
    engine: str = LOCAL,
    progress: Progress = SILENT,
) -> Discovery:
    """Group the faces of photos of anybody by person; no photo is changed.

    Args:
        paths: Photos, and folders, of which the photos at any depth are taken; or one library, whose faces and names are taken as they
            are (`workflow.library.groups`).
        bundle: A face recogniser that says who a group may be; its networks are used. None finds faces as training would.
        facts: Names that were given to faces before (`Discovery.facts`).
        without: Folders to pass over.
        passed_over: Counts the files in folders that are no photos, by kind.
        engine: What finds faces, with the same result: ``local``, threads of this computer, or ``ray``, a Ray cluster.
        progress: Is told how far the work is.

    Raises:
        BundleError: The bundle cannot be used.
        CacheError: The cache in which faces are remembered cannot be used.
        ClusterError: The cluster cannot be reached, or fails.
        DatasetError: There are no photos.
        LibraryError: The library cannot be used, or another process changes it.
        UsageError: The bundle is no face recogniser, there is no such engine, or ``paths`` are no paths.

    Example:
        for group in discover("holiday").groups:
            show(group.number, [face.paths[0] for face in group.faces])
    """
    places = places_given(paths)
    check_apart(places, without)
    if len(places) == 1 and is_library(places[0]):
        return _of_library(places[0])
    with engines(engine, progress) as cluster:
        recogniser = _opened(bundle, cluster)
        reader = open_reader(AUTO, AUTO, cluster).reader if recogniser is None else recogniser.reader
        photos, unreadable = _photos(places, without, passed_over)
        first = {digest: files[0] for digest, files in photos.items()}
        seen = seen_in_photos(first, reader, what=_("photos looked at"), progress=progress)
    gone = [digest for digest in photos if digest not in seen]
    unreadable += [
        SetAside(path, why_unreadable(path) or _("the file can no longer be read")) for digest in gone for path in photos[digest]
    ]
    if not seen:
        why = "".join(f"\n{one.path}: {one.reason}" for one in unreadable)
        raise DatasetError("There are no photos in {places}.{why}", places=", ".join(map(str, places)), why=why)
    faces = [one for digest, files in photos.items() if digest in seen for one in _faces(digest, files, seen[digest])]
    return Discovery(
        tuple(faces),
        grouped(faces, reader.embedder.facts.name),
        reader.embedder.facts.name,
        facts or {},
        known={} if recogniser is None else _known(recogniser, seen),
        without_face=tuple(photos[digest][0] for digest in photos if digest in seen and not seen[digest].faces),
        unreadable=tuple(unreadable),
    )


def _of_library(folder: Path) -> Discovery:
    from whosthat.workflow.library.groups import discovery_of  # it can also learn, which takes a while to import

    with Library(folder) as library, library.alone():
        return discovery_of(library)


def _opened(bundle: str | Path | None, cluster: Cluster | None) -> FaceRecogniser | None:
    if bundle is None:
        return None
    if cluster is not None:
        from whosthat.workflow.cluster_predict import load_on

        return load_on(cluster, bundle)
    recogniser = load(bundle)
    if not hasattr(recogniser, "reader"):
        raise UsageError("{bundle} is no face recogniser, and only faces can be grouped. Leave it out.", bundle=bundle)
    return cast("FaceRecogniser", recogniser)


def _photos(
    places: Iterable[Path], without: Collection[Path], passed_over: Counter[str] | None
) -> tuple[dict[str, tuple[Path, ...]], list[SetAside]]:
    """Return the files of each photo by SHA-256, in the order of their names, and what cannot be read."""
    files: dict[str, tuple[Path, ...]] = {}
    unreadable: list[SetAside] = []
    found: list[Path] = []
    for item in find_photos(places, without=without, passed_over=passed_over):
        if isinstance(item, Prediction):
            unreadable.append(SetAside(item.path, item.error))
        else:
            found.append(item)
    for path, digest in zip(found, contents_of(found), strict=True):
        if not digest:
            unreadable.append(SetAside(path, why_unreadable(path) or _("the file can no longer be read")))
        elif path not in files.get(digest, ()):
            files[digest] = (*files.get(digest, ()), path)
    return files, unreadable


def _faces(digest: str, files: tuple[Path, ...], seen: SeenFaces) -> list[FoundFace]:
    sharpness = seen.sharpness or (float("inf"),) * len(seen.faces)
    return [
        FoundFace(f"{digest}-{number}", files, face, vector, sharp)
        for number, (face, vector, sharp) in enumerate(zip(seen.faces, seen.vectors, sharpness, strict=True), start=1)
    ]


def _known(recogniser: FaceRecogniser, seen: Mapping[str, SeenFaces]) -> dict[str, str]:
    """Ask a recogniser who the faces are."""
    names: dict[str, str] = {}
    for digest, photo in seen.items():
        for number, sighting in enumerate(recogniser.name(photo.faces, photo.vectors), start=1):
            if sighting.name is not None:
                names[f"{digest}-{number}"] = sighting.name
    return names
