"""One self-contained page of what is in a folder of photos: each class with samples, each finding with the photos it is about.

What belongs here: choosing what the page shows, small copies of the photos, filling the template. What does not: finding anything
(`dataset.audit`, `checking`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from whosthat.checking.face_audit import FaceAudit
from whosthat.checking.face_findings import face_findings
from whosthat.dataset.audit import Audit
from whosthat.dataset.findings import SEVERITIES
from whosthat.durable import make_private_folder
from whosthat.errors import UsageError, system_reason
from whosthat.evaluation.page import write_page
from whosthat.evaluation.small_pictures import small_photos
from whosthat.progress import SILENT, Progress

SIDE = 160
"""Longest side of a photo on the page, in pixels."""

SAMPLES = 5
"""So many photos of each class are shown, as long as there are no more than `MOST_SAMPLES` in all."""

MOST_SAMPLES = 300
"""Samples of all classes together; of more classes than this, the first ones have one photo each, the others none."""

SHOWN = 12
"""So many photos of each finding are shown; the others are named."""


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A class, the number of its photos that can be used, and a few of them, spread evenly over their names."""

    name: str
    photos: int
    samples: tuple[str, ...]


def check_path(page: Path) -> None:
    """Refuse, before any photo is looked at, a name that no page can have: a UsageError says what it must be."""
    if page.suffix.lower() not in (".html", ".htm") or page.is_dir():
        raise UsageError("The page must be a file that ends in .html, got {page}.", page=page)


def write_check_page(page: Path, audit: Audit, faces: FaceAudit | None, *, progress: Progress = SILENT) -> Path:
    """Write the page of what was found in files and, where somebody looked, faces; return it.

    An older page is replaced, and its folder is made where it is not there. A UsageError says that it cannot be written.
    """
    check_path(page)
    findings = sorted((*audit.findings, *(face_findings(faces) if faces else ())), key=lambda one: SEVERITIES.index(one.severity))
    rows = _rows(audit)
    of_classes, of_findings = [row.samples for row in rows], [finding.photos[:SHOWN] for finding in findings]
    names = list(dict.fromkeys(name for photos in (*of_classes, *of_findings) for name in photos))
    pictures = small_photos([audit.root / name for name in names], SIDE, progress)
    content = {
        "folder": audit.root.name,
        "n_photos": len(audit.photos),
        "rows": rows,
        "findings": findings,
        "unused": [(_name(one.path, audit.root), one.reason) for one in audit.set_aside],
        "photos": {name: picture for name, picture in zip(names, pictures, strict=True) if picture},
        "shown": SHOWN,
    }
    try:
        make_private_folder(page.parent)
        return write_page(page, "check.html.j2", **content)
    except OSError as error:
        raise UsageError("{page} cannot be written: {error}. Name another file.", page=page, error=system_reason(error)) from error


def _rows(audit: Audit) -> list[ClassRow]:
    names: dict[str, list[str]] = {name: [] for name in audit.classes}
    for item in audit.photos:
        names[item.photo.class_name].append(item.photo.name)
    each = min(SAMPLES, max(1, MOST_SAMPLES // len(names)))
    return [
        ClassRow(name, len(of_class), _spread(of_class, each) if number < MOST_SAMPLES else ())
        for number, (name, of_class) in enumerate(names.items())
    ]


def _spread(names: Sequence[str], n: int) -> tuple[str, ...]:
    """Return so many names, evenly spread."""
    return tuple(names) if len(names) <= n else tuple(names[len(names) * number // n] for number in range(n))


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
