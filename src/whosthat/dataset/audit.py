"""Looking at every photo once, before anything is learnt from it.

What belongs here: the order of the steps (read, compare, judge) and their result. What does not: how a photo is read (`facts`), how photos
are compared (`duplicates`), what is said about them (`findings`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from whosthat.dataset.duplicates import Groups, is_flat, join_bursts, join_clips, join_copies, join_look_alikes, thumbnails_of
from whosthat.dataset.facts import PhotoFacts, RememberedFacts
from whosthat.dataset.findings import AuditedPhoto, Evidence, Finding, count_by_class, examine, pictures_by_class
from whosthat.dataset.folder import Photo, PhotoFolder, scan
from whosthat.dataset.threads import in_order
from whosthat.errors import CacheError, DatasetError, PhotoError
from whosthat.photos.storage import StorageError
from whosthat.progress import SILENT, Progress
from whosthat.translation import _
from whosthat.types import SetAside
from whosthat.wording import listing

__all__ = ["Audit", "AuditedPhoto", "Finding", "audit", "audit_folder"]


@dataclass(frozen=True)
class Audit:
    """What is known of a folder of photos."""

    root: Path
    classes: tuple[str, ...]  # names of the classes with photos that can be used, sorted; the index is the label
    photos: tuple[AuditedPhoto, ...]  # every photo, or clip, that can be used, sorted by class, then by name
    set_aside: tuple[SetAside, ...]  # every file that is not used, sorted by path, with its reason
    findings: tuple[Finding, ...]  # what is worth knowing, the most serious first

    def counts(self) -> dict[str, int]:
        """Return the number of photos of each class."""
        return count_by_class(self.photos, self.classes)

    def to_dict(self) -> dict[str, Any]:
        """Return the audit as plain values, ready for JSON; single photos appear in findings and in ``set_aside`` only."""
        pictures = pictures_by_class(self.photos, self.classes)
        return {
            "root": str(self.root),
            "n_photos": len(self.photos),
            "n_clips": sum(item.n_frames > 1 for item in self.photos),
            "classes": [{"name": name, "photos": n, "different_pictures": pictures[name]} for name, n in self.counts().items()],
            "findings": [{**asdict(item), "photos": list(item.photos)} for item in self.findings],
            "set_aside": [{"path": str(item.path), "reason": item.reason} for item in self.set_aside],
        }


def audit_folder(photos: str | Path, *, frames: int | None = None, progress: Progress = SILENT) -> Audit:
    """Look at every photo of a folder, with one sub-folder per class; `folder.scan` and `audit` say what is raised.

    ``frames``, 2 or more, asks for clips as well (`folder.scan`), for a network that looks at so many frames of each.
    """
    return audit(scan(Path(photos), clips=(frames or 1) > 1), frames=frames or 1, progress=progress)


def audit(folder: PhotoFolder, *, frames: int = 1, progress: Progress = SILENT) -> Audit:
    """Read every photo of a folder once and compare them all; ``frames`` are taken of each clip in it.

    Photos that cannot be read are set aside, and so is every copy of a photo that lies in two classes: its label contradicts itself.
    Facts of unchanged photos are remembered from the last audit (`facts.RememberedFacts`).

    Raises:
        DatasetError: No photo can be used.
    """
    readable, unreadable = _read_all(folder, progress)
    contradictions = _contradictions(readable)
    usable = {photo: readable[photo] for photo in readable if not any(photo in same for same in contradictions)}
    photos, facts = list(usable), list(usable.values())

    groups = Groups(len(facts))
    classes_of = [photo.class_name for photo in photos]
    joined = (
        join_copies(groups, facts),
        [*join_look_alikes(groups, facts), *join_clips(groups, facts)],
        join_bursts(groups, facts, classes_of),
    )
    audited = _audited(photos, facts, groups)
    copies, look_alikes, bursts = ([(audited[first], audited[second]) for first, second in pairs] for pairs in joined)

    classes = tuple(sorted(set(classes_of)))
    if not classes:
        raise DatasetError(_nothing_to_use(folder, unreadable))
    left_out = folder.set_aside
    evidence = Evidence(folder.root, classes, audited, left_out, unreadable, contradictions, copies, look_alikes, bursts, frames)
    set_aside = [*left_out, *_reasons(unreadable, contradictions)]
    return Audit(folder.root, classes, audited, tuple(sorted(set_aside, key=lambda item: item.path)), examine(evidence))


def _read_all(folder: PhotoFolder, progress: Progress) -> tuple[dict[Photo, PhotoFacts], dict[Photo, str]]:
    """Return the facts of the photos that can be read, and the reasons of those that cannot, both in the folder's order."""
    remembered = RememberedFacts(folder.root)
    if remembered.was_damaged:
        progress.say(_("The cache is damaged and is rebuilt."))

    def look(photo: Photo) -> PhotoFacts | str:
        try:
            return remembered.facts(photo.name, photo.path)
        except PhotoError as error:
            if isinstance(error.__cause__, StorageError):  # it would be missing by chance, and nobody would notice
                raise DatasetError("{error}. Give the same command again: it goes on from there.", error=error) from error
            return error.reason

    readable: dict[Photo, PhotoFacts] = {}
    unreadable: dict[Photo, str] = {}
    total = len(folder.photos)
    try:
        for done, (photo, seen) in enumerate(
            zip(folder.photos, in_order(look, folder.photos, waiting_for=[folder.root]), strict=True), start=1
        ):
            if isinstance(seen, PhotoFacts):
                readable[photo] = seen
            else:
                unreadable[photo] = seen
            progress.step(_("photos checked"), done, total)
    finally:
        try:
            remembered.save(all_asked=len(readable) + len(unreadable) == total)
        except CacheError as error:
            progress.say(_("The next check will read all photos again. {error}", error=error))
    return readable, unreadable


def _contradictions(readable: dict[Photo, PhotoFacts]) -> list[tuple[Photo, ...]]:
    """The photos whose bytes lie in more than one class, copies together."""
    same_bytes: defaultdict[str, list[Photo]] = defaultdict(list)
    for photo, facts in readable.items():
        same_bytes[facts.sha256].append(photo)
    return [tuple(photos) for photos in same_bytes.values() if len({photo.class_name for photo in photos}) > 1]


def _audited(photos: Sequence[Photo], facts: Sequence[PhotoFacts], groups: Groups) -> tuple[AuditedPhoto, ...]:
    flat = is_flat(thumbnails_of(facts)).tolist()
    return tuple(
        AuditedPhoto(photo, item.sha256, item.width, item.height, of_one_colour, item.taken_at, group, item.n_frames)
        for photo, item, of_one_colour, group in zip(photos, facts, flat, groups.numbers(), strict=True)
    )


def _reasons(unreadable: dict[Photo, str], contradictions: Sequence[tuple[Photo, ...]]) -> list[SetAside]:
    damaged = [SetAside(photo.path, reason) for photo, reason in unreadable.items()]
    contradicting = [
        SetAside(
            photo.path, _("the same photo is in another class ({names})", names=listing([other.name for other in same if other != photo]))
        )
        for same in contradictions
        for photo in same
    ]
    return damaged + contradicting


def _nothing_to_use(folder: PhotoFolder, unreadable: dict[Photo, str]) -> str:
    why = listing([_("{name}: {reason}", name=photo.name, reason=reason) for photo, reason in unreadable.items()]) or _(
        "the same photos are in several classes"
    )
    return _("No photo in {root} can be used ({why}).", root=folder.root, why=why)
