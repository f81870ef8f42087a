"""What a run's ``faces.json`` holds, and what the report shows of it: poor photos, wrong labels, people who look alike.

What belongs here: writing and reading that file, and putting its lines in the order in which people read them. What does not:
judging faces (`whosthat.checking.face_audit`), sentences about them (`face_findings`), the page itself (`report`).

The file is one JSON object: ``format`` (1) and the fields of `FacePart`; older files have no ``costly``.
Beside the photos without a face, which ``audit.json`` lists as set aside, nothing else in a run tells of faces in single photos: so
whoever is removed can be cut out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from whosthat.checking.costly import CostlyPhotos
from whosthat.checking.face_audit import SMALL_FACE, FaceAudit, SuspectPhoto
from whosthat.checking.face_findings import alikeness, costly_sentence, face_findings, most_alike
from whosthat.checking.suspects import Pair
from whosthat.dataset.findings import Finding
from whosthat.evaluation.plots.writing import LARGE_SIDE
from whosthat.evaluation.small_pictures import BASE64, around, small_picture
from whosthat.runs.files import checked, read_document, read_file, save_file
from whosthat.translation import _
from whosthat.types import Box, Image
from whosthat.wording import counted, percent

FACES_FILE = "faces.json"
"""Name of the file inside a run folder."""

FORMAT = 1

SUSPECTS_SHOWN = 12
"""The report shows at most this many suspects with their face."""

PAIRS_SHOWN = 5

MARGIN = 0.5
"""A kept face is shown with so much around it on each side, of the longer side of its box."""

IN_TABLES = ("wrong-person", "look-alike-people")
"""Kinds of findings that the report shows photo by photo, or pair by pair, and not as a sentence."""


@dataclass(frozen=True)
class FacePart:
    """The faces of a run: what was found, small JPEGs of suspects in base64 by the photo's name, and photos that cost right answers."""

    faces: FaceAudit
    pictures: Mapping[str, str] = field(default_factory=dict)
    costly: tuple[CostlyPhotos, ...] = ()

    def without(self, people: set[str], photos: set[str]) -> FacePart:
        """Return what is left when people go, as `FaceAudit.without`; pictures stay only where their line does."""
        faces = self.faces.without(people, photos)
        pictures = {line.photo: self.pictures[line.photo] for line in faces.suspects if line.photo in self.pictures}
        return FacePart(faces, pictures, tuple(one for one in self.costly if one.person not in people and not photos & set(one.photos)))

    @property
    def n_with_face(self) -> int:
        """Photos in which a face was found."""
        return self.faces.n_photos - len(self.faces.without_face)

    @property
    def suspected(self) -> frozenset[str]:
        """Names of the photos that may show somebody else."""
        return frozenset(line.photo for line in self.faces.suspects)

    @property
    def tally(self) -> tuple[tuple[int, str], ...]:
        """How many photos of each doubtful kind there are, with what that is in a few words."""
        faces = self.faces
        return (
            (len(faces.suspects), _("may show somebody else")),
            (len(faces.without_face), _("without a face")),
            (len(faces.several), _("with several faces")),
            (len(faces.small), _("with a face below {small_face} pixels", small_face=SMALL_FACE)),
            (len(faces.blurred), _("with a blurred face")),
            (len(faces.cut), _("with a face cut by the edge")),
        )

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found in sentences, each with one line a photo; suspects and look-alikes stand in tables of their own."""
        faces = self.faces
        lines = {
            "no-face-at-all": (),
            "people-too-alike": (),
            "unlike-photos": (),
            "no-face": faces.without_face,
            "several-faces": tuple(
                _("{photo}: one of {faces} was taken, {why}", photo=one.photo, faces=counted(one.n_faces, "face"), why=_(one.why))
                for one in faces.several
            ),
            "small-face": tuple(_("{photo}: {side:.0f} pixels", photo=one.photo, side=one.side) for one in faces.small),
            "blurred-face": tuple(
                _("{photo}: sharpness {sharpness:.0f}", photo=one.photo, sharpness=one.sharpness) for one in faces.blurred
            ),
            "cut-face": tuple(
                _("{photo}: {share} of it beyond the edge", photo=one.photo, share=percent(round(one.beyond, 2))) for one in faces.cut
            ),
        }
        told = (replace(found, photos=lines[found.kind]) for found in face_findings(faces) if found.kind not in IN_TABLES)
        return (*(Finding("costly-photos", "warning", costly_sentence(one), one.photos) for one in self.costly), *told)

    @property
    def shown(self) -> tuple[tuple[SuspectPhoto, str], ...]:
        """The most striking suspects, each with its picture, empty when none was kept."""
        return tuple((line, self.pictures.get(line.photo, "")) for line in self.faces.suspects[:SUSPECTS_SHOWN])

    @property
    def pairs(self) -> tuple[tuple[Pair, str], ...]:
        """The people whose photos were confused, or else who look most alike, with what that means."""
        return tuple((pair, alikeness(pair)) for pair in self.faces.look_alikes[:PAIRS_SHOWN])

    @property
    def most_alike(self) -> str:
        """Who is most easily confused, in a sentence or two."""
        return most_alike(self.faces.look_alikes)


def face_picture(image: Image, box: Box) -> str:
    """Cut a face, whose box may reach beyond the edge, with its surroundings out of an upright photo: a small JPEG in base64."""
    return small_picture(around(image, box, margin=MARGIN), LARGE_SIDE)


def write_face_part(run: Path, part: FacePart) -> Path:
    """Write a run's ``faces.json``, whole or not at all; a `RunError` says that it cannot be written."""
    return save_file(run / FACES_FILE, json.dumps({"format": FORMAT, **asdict(part)}, allow_nan=False, indent=1))


def read_face_part(run: Path) -> FacePart | None:
    """Read a run's ``faces.json``; None where there is none.

    Raises:
        RunError: The file is damaged, or a newer whosthat wrote it.
    """

    def parse(text: str) -> FacePart:
        part = checked(FacePart, read_document(text, FORMAT))
        return replace(part, pictures={name: encoded for name, encoded in part.pictures.items() if BASE64.fullmatch(encoded)})

    return read_file(run / FACES_FILE, parse, None)
