"""Names from and for other programs: the people in photos' metadata, read as labels, and answers written there.

What belongs here: predictions and discoveries to sidecars (or, through ExifTool, into the photos), and people in metadata to names of found
faces. What does not: how they stand in XMP (`whosthat.metadata`), a library (`workflow.library.metadata`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from whosthat.errors import PhotoError, UsageError
from whosthat.metadata import picasa
from whosthat.metadata.exiftool import InPhoto, find_exiftool
from whosthat.metadata.regions import Frame, Region, cut, same_face, without_doubles
from whosthat.metadata.sidecars import SidecarError, read_sidecar, sidecar_for, sidecars_of
from whosthat.metadata.xmp import read_people, same_name
from whosthat.metadata.xmp_merging import Person, merge
from whosthat.photos.headers import Header, header_of
from whosthat.photos.storage import stored
from whosthat.recognition.bundle import label_problem
from whosthat.safe_xml import XmlError
from whosthat.translation import _
from whosthat.types import Box, SetAside
from whosthat.workflow.discovery import NOBODY, Discovery
from whosthat.workflow.prediction import Prediction


@dataclass(slots=True)
class XmpWritten:
    """What writing names did.

    Attributes:
        written: How many sidecars, or photos, were written.
        unchanged: How many said the same already.
        kept: Whom other programs had named otherwise, or who has a name that XMP cannot hold: they were not written.
        missing: Of how many photos with names a library found no file.
        problems: The sidecars, or photos, that could not be written, and why.
    """

    written: int = 0
    unchanged: int = 0
    missing: int = 0
    kept: list[SetAside] = field(default_factory=list)
    problems: list[SetAside] = field(default_factory=list)


@dataclass(slots=True)
class XmpRead:
    """What reading names did.

    Attributes:
        people: How many people had been named in the photos by other programs.
        faces: How many faces got a name so.
        problems: What could not be read or used, and why.
    """

    people: int = 0
    faces: int = 0
    problems: list[SetAside] = field(default_factory=list)


class PeopleReader:
    """Reads who is in photos by other programs' metadata.

    Args:
        contacts: Picasa's ``contacts.xml``, for names that its folders' files lack.

    Raises:
        UsageError: It cannot be read.
    """

    def __init__(self, contacts: str | Path | None = None) -> None:
        try:
            self._contacts = {} if contacts is None else picasa.read_contacts(Path(contacts))
        except (SidecarError, XmlError) as problem:
            raise UsageError("The contacts {path} cannot be used: {problem}.", path=contacts, problem=problem) from problem
        self._folder: Path | None = None
        self._faces: Mapping[str, tuple[tuple[Box, str], ...]] = {}

    def people_in(self, photo: Path, problems: list[SetAside]) -> tuple[Region, ...]:
        """Return the faces with names in a photo's sidecars, its own XMP and Picasa's file; what cannot be used goes to ``problems``.

        What whosthat wrote itself is left out, and of two programs that name one face the first in this order counts.
        """
        return tuple(self._usable(self.regions_in(photo, problems), photo, problems))

    def regions_in(self, photo: Path, problems: list[SetAside]) -> tuple[Region, ...]:
        """Do what `people_in` does, also with names that nobody can have here, and those that come twice."""
        if stored(photo) is not None:
            return ()
        frame: Frame | None = None
        found: list[Region] = []
        for path, packet in self._packets(photo, problems):
            try:
                frame = frame or frame_of(header_of(photo))
                found += read_people(packet, frame)
            except (PhotoError, XmlError) as problem:
                problems.append(SetAside(path, reason_of(problem)))
        if faces := self._of_folder(photo.parent, problems).get(photo.name):
            try:
                frame = frame or frame_of(header_of(photo))
                found += [Region(name, frame.upright(box)) for box, name in faces]
            except PhotoError as problem:
                problems.append(SetAside(photo, problem.reason))
        return without_doubles(found)

    @staticmethod
    def _packets(photo: Path, problems: list[SetAside]) -> Iterator[tuple[Path, bytes]]:
        for path in sidecars_of(photo):
            try:
                yield path, read_sidecar(path).packet
            except SidecarError as problem:
                problems.append(SetAside(path, str(problem)))
        try:
            yield from ((photo, packet) for packet in header_of(photo).packets)
        except PhotoError:
            return  # whoever looks at the photo says so

    def _of_folder(self, folder: Path, problems: list[SetAside]) -> Mapping[str, tuple[tuple[Box, str], ...]]:
        if folder != self._folder:
            self._folder, self._faces = folder, {}
            try:
                self._faces = picasa.read_folder(folder, self._contacts)
            except SidecarError as problem:
                problems.append(SetAside(folder / picasa.FILES[0], str(problem)))
        return self._faces

    @staticmethod
    def _usable(regions: Iterable[Region], photo: Path, problems: list[SetAside]) -> Iterator[Region]:
        """Pass on regions whose names can be a person's, each name once."""
        names: list[str] = []
        for region in regions:
            if problem := label_problem([region.name]):
                problems.append(SetAside(photo, problem))
            elif any(same_name(region.name, other) for other in names):
                problems.append(SetAside(photo, _("{name} is named twice; the second time is passed over", name=region.name)))
            else:
                names.append(region.name)
                yield region


class NamesWriter:
    """Writes people into the sidecars of photos or, with ``in_files``, the photos themselves, and tells ``written``.

    Raises:
        UsageError: ExifTool is to write, and is not installed.
    """

    def __init__(self, written: XmpWritten, *, in_files: bool) -> None:
        if in_files:
            find_exiftool()
        self._written, self._in_files = written, in_files
        self._others = PeopleReader()

    def write(self, photo: Path, seen: Iterable[tuple[str, Box | None, float]], *, complete: bool = False) -> None:
        """Write names, with boxes in pixels of the upright photo and confidences; of a name that comes twice the first counts.

        ``complete`` is that of `metadata.xmp_merging.merge`.
        """
        told, place = self._written, photo
        try:
            header = header_of(photo)
            frame = frame_of(header)
            place = photo if self._in_files else sidecar_for(photo)
            file = InPhoto(photo, header.packets) if self._in_files else read_sidecar(place, photo)
            others = self._others.regions_in(photo, [])
            merged = merge(file.packet, _people(seen, frame.upright_size), frame, others=others, complete=complete)
            if merged.packet != file.packet:
                file.write(merged.packet)
        except (PhotoError, SidecarError, XmlError) as problem:
            told.problems.append(SetAside(place, reason_of(problem)))
            return
        told.written += merged.packet != file.packet
        told.unchanged += merged.packet == file.packet and bool(merged.names)
        told.kept += [SetAside(photo, problem) for problem in merged.problems]

    def pass_on(self, prediction: Prediction) -> Prediction:
        """Write the names of a prediction, and return it."""
        seen = [(one.name, one.box, one.confidence) for one in prediction.sightings if one.name is not None]
        if seen and not prediction.error:
            self.write(prediction.path, seen)
        return prediction


def write_xmp(predictions: Iterable[Prediction], written: XmpWritten | None = None, *, in_files: bool = False) -> Iterator[Prediction]:
    """Write the names in photos for other programs, and pass each prediction on, unchanged and in order.

    Regions, keywords and names of people go into the sidecar that is there, else into ``photo.jpg.xmp``; all else in it stays. A region of
    another program stays as it is, and where it names somebody else nobody is named. Videos get none.

    Args:
        predictions: Of `predict`.
        written: Is told what was written, and what not and why; may be left out.
        in_files: Write into the photos themselves, through ExifTool, which keeps the old file beside each.

    Raises:
        UsageError: ExifTool is not installed.

    Example:
        for prediction in write_xmp(predict("runs/latest", ["holiday"])):
            show(prediction.path, prediction.names)
    """
    return map(NamesWriter(XmpWritten() if written is None else written, in_files=in_files).pass_on, predictions)


def write_discovery(discovery: Discovery, *, in_files: bool = False) -> XmpWritten:
    """Write the names that groups and faces have for other programs, as `write_xmp` does."""
    written = XmpWritten()
    writer = NamesWriter(written, in_files=in_files)
    people: dict[Path, list[tuple[str, Box, float]]] = {}
    for group in discovery.groups:
        if group.name is not None and group.name != NOBODY:
            for face in group.faces:
                for path in face.paths:
                    people.setdefault(path, []).append((group.name, face.face.box, 1.0))
    for path in sorted(people):
        writer.write(path, people[path])
    return written


def read_xmp(discovery: Discovery, *, contacts: str | Path | None = None) -> tuple[Discovery, XmpRead]:
    """Give faces the names that other programs gave them; a name that somebody gave here before counts more.

    Args:
        discovery: Of `discover`.
        contacts: Picasa's ``contacts.xml``.

    Returns:
        The discovery with these names, and what was read.

    Raises:
        UsageError: The contacts cannot be read.

    Example:
        discovery, read = read_xmp(discover("holiday"))
    """
    reader, read = PeopleReader(contacts), XmpRead()
    of_photo: dict[str, list[int]] = {}
    for row, face in enumerate(discovery.faces):
        of_photo.setdefault(face.photo, []).append(row)
    names: dict[str, str] = {}
    for rows in of_photo.values():
        faces = [discovery.faces[row] for row in rows]
        for path in faces[0].paths:
            regions = reader.people_in(path, read.problems)
            if not regions:
                continue
            read.people += len(regions)
            width, height = frame_of(header_of(path)).upright_size
            places = [_share(face.face.box, width, height) for face in faces]
            for region, found in matched(regions, places):
                if not any(same_name(region.name, other) for other in discovery.never.get(faces[found].id, ())):
                    names.setdefault(faces[found].id, region.name)
    read.faces = len(names)
    facts = _spelled_alike({**names, **discovery.facts}, discovery.facts.values())
    return replace(discovery, facts=facts), read


def frame_of(header: Header) -> Frame:
    """Return how a photo is stored."""
    return Frame(*header.size, header.orientation)


def matched(regions: Sequence[Region], places: Sequence[Box]) -> Iterator[tuple[Region, int]]:
    """Yield each region with the face that it means, of boxes in shares of the upright photo: the best pairs first, each once."""
    pairs = [
        (same_face(region.box, place), one, other)
        for one, region in enumerate(regions)
        for other, place in enumerate(places)
        if region.box.left < place.right
        and place.left < region.box.right  # of ten thousand faces in a photo, few are near
        and region.box.top < place.bottom
        and place.top < region.box.bottom
    ]
    taken: set[int] = set()
    given: set[int] = set()
    for share, one, other in sorted(pairs, key=lambda pair: -pair[0]):
        if share > 0 and one not in given and other not in taken:
            given.add(one)
            taken.add(other)
            yield regions[one], other


def reason_of(problem: Exception) -> str:
    """Return why a photo or sidecar cannot be used, without its path."""
    return problem.reason if isinstance(problem, PhotoError) else str(problem)


def _people(seen: Iterable[tuple[str, Box | None, float]], size: tuple[int, int]) -> list[Person]:
    people: list[Person] = []
    for name, box, confidence in seen:
        if not any(same_name(name, other.name) for other in people):
            share = None if box is None else _share(box, *size)
            people.append(Person(name, share and cut(*share.sides), confidence))  # nothing of it in the photo: no region, as of no box
    return people


def _share(box: Box, width: int, height: int) -> Box:
    """Return a box in pixels as shares, cut to the photo."""
    sides = (box.left / width, box.top / height, box.right / width, box.bottom / height)
    return cut(*sides) or Box(*sides)


def _spelled_alike(facts: Mapping[str, str], first: Iterable[str]) -> dict[str, str]:
    """Spell names that differ in large and small letters alone in one way: that of whoever gave one here, else the first."""
    spellings: dict[str, str] = {}
    for name in (*first, *facts.values()):
        spellings.setdefault(name.casefold(), name)
    return {face: spellings[name.casefold()] for face, name in facts.items()}
