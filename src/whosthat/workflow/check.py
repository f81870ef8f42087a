"""The data doctor: what is in a folder of photos, what is wrong with it and, where photos show people, what their faces say.

What belongs here: the order of the steps. What does not: judging (`dataset.audit`, `checking.face_audit`), moving photos (`setting_aside`),
showing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from whosthat.checking.face_audit import FaceAudit, audit_faces
from whosthat.checking.face_findings import face_findings
from whosthat.cluster import LOCAL
from whosthat.cluster import engine as engines
from whosthat.dataset.audit import Audit, audit_folder
from whosthat.errors import path_given
from whosthat.faces.models import AUTO
from whosthat.photos.storage import fetched_once
from whosthat.progress import SILENT, Progress
from whosthat.training.recipe_base import FACES
from whosthat.translation import _
from whosthat.workflow.choosing import choose_model, photo_folder
from whosthat.workflow.face_photos import faces_of_photos, open_reader


@dataclass(frozen=True)
class Checkup:
    """What the data doctor found: in the files and, unless None, in the faces."""

    audit: Audit
    faces: FaceAudit | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, ready for JSON: the audit's keys, and ``faces``."""
        if self.faces is None:
            return {**self.audit.to_dict(), "faces": None}
        findings = [asdict(finding) for finding in face_findings(self.faces)]
        return {**self.audit.to_dict(), "faces": {**self.faces.to_dict(), "findings": findings}}


@fetched_once()
def check(
    photos: str | Path,
    *,
    faces: bool | None = None,
    frames: int | None = None,
    embedder: str = AUTO,
    engine: str = LOCAL,
    page: str | Path | None = None,
    progress: Progress = SILENT,
) -> Checkup:
    """Look at every photo of a folder, and at the faces in it, and say what should be known before training.

    Args:
        photos: The folder, with one sub-folder per person, in storage too, or ``dataset.h5``, as in `train`.
        faces: Whether to look for faces; None looks where `choosing.choose_model` would choose them.
        frames: Look at videos and folders of numbered frames as clips, of each of which a network sees so many frames (2 or more); faces
            are not looked for then. None takes frames for photos, and passes over videos.
        embedder: Which network compares them; ``auto`` takes reid-0095 where it is present, else dlib-resnet.
        engine: Where faces are found: ``"local"``, in this process, or ``"ray"``, on a Ray cluster as in `whosthat.load`.
        page: An HTML file to write, with samples of each class and the photos of every finding; an older one is replaced.
        progress: Shows the photos as they are read.

    Returns:
        What was found; ``to_dict()`` gives it as plain values.

    Raises:
        UsageError: ``photos`` is no path, there is no such embedder or engine, Ray is not installed, or the page cannot be written.
        ClusterError: The cluster cannot be reached, or its workers cannot do the work.
        DatasetError: The folder cannot be used.
        WeightsError: Faces are asked for, and a network is not here.
        CacheError: What was found cannot be remembered.
    """
    folder = photo_folder(path_given(photos, _("The folder of photos")), progress=progress)
    file = None if page is None else path_given(page, _("The page"))
    if file is not None:
        from whosthat.evaluation.check_page import check_path, write_check_page  # no other check waits for templates and plots

        check_path(file)
    with engines(engine, progress) as cluster:
        audit, found = audit_folder(folder, frames=frames, progress=progress), None
        if (frames or 1) == 1 and (choose_model(folder).model == FACES if faces is None else faces):
            places = {item.sha256: item.photo.path for item in audit.photos}
            reader = open_reader(embedder=embedder, cluster=cluster).reader
            found = audit_faces(audit, faces_of_photos(places, reader, progress=progress))
    if file is not None:
        write_check_page(file, audit, found, progress=progress)
    return Checkup(audit, found)
