"""One self-contained page of what is in a folder of photos: each class with samples, each finding with the photos it is about.

What belongs here: choosing what the page shows, small copies of the photos, filling the template. What does not: finding anything
(`dataset.audit`, `checking`).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from whosthat.checking.face_audit import FaceAudit
from whosthat.checking.face_findings import face_findings
from whosthat.dataset.audit import Audit
from whosthat.dataset.findings import SEVERITIES, Finding
from whosthat.dataset.threads import in_order
from whosthat.durable import make_private_folder, replace_file
from whosthat.errors import PhotoError, UsageError, system_reason
from whosthat.evaluation.page import MOST_NAMES, template
from whosthat.photos.drawing import encode_image, thumbnail
from whosthat.photos.reading import read
from whosthat.progress import SILENT, Progress
from whosthat.translation import _

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
    """Write the page, in the place of an older one, and return it.

    Args:
        page: The file to write; its folder is made when it is not there.
        audit: What was found in the files.
        faces: What was found in the faces, or None where nobody looked.
        progress: Shows the photos as they are read again.

    Raises:
        UsageError: It cannot be written there.
    """
    check_path(page)
    findings = sorted((*audit.findings, *(face_findings(faces) if faces else ())), key=lambda one: SEVERITIES.index(one.severity))
    rows = _rows(audit)
    photos = _small_copies(audit.root, _shown(rows, findings), progress)
    text = template("check.html.j2").render(
        folder=audit.root.name,
        n_photos=len(audit.photos),
        rows=rows,
        findings=findings,
        set_aside=[(_name(one.path, audit.root), _(one.reason)) for one in audit.set_aside],
        photos=photos,
        shown=SHOWN,
        most_names=MOST_NAMES,
    )
    try:
        make_private_folder(page.parent)
        replace_file(page, text.encode("utf-8", errors="replace"))  # a file name may hold bytes that are no letters
    except OSError as error:
        raise UsageError("{page} cannot be written: {error}. Name another file.", page=page, error=system_reason(error)) from error
    return page


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


def _shown(rows: Iterable[ClassRow], findings: Iterable[Finding]) -> list[str]:
    """Return the names of all photos that the page shows, each once."""
    names = [name for row in rows for name in row.samples] + [name for finding in findings for name in finding.photos[:SHOWN]]
    return list(dict.fromkeys(names))


def _small_copies(root: Path, names: Sequence[str], progress: Progress) -> Mapping[str, str]:
    """Return small copies by name, each a JPEG in base64; those that cannot be read are not there."""

    def small(name: str) -> str:
        try:
            return base64.b64encode(encode_image(thumbnail(read(root / name), SIDE))).decode("ascii")
        except (PhotoError, OSError):
            return ""

    copies: dict[str, str] = {}
    for done, (name, copy) in enumerate(zip(names, in_order(small, names), strict=True), start=1):
        copies |= {name: copy} if copy else {}
        progress.step(_("photos shown"), done, len(names))
    return copies


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
