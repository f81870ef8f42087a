"""Writing people into XMP that may hold anything else: every byte that is not about them stays as it is.

What belongs here: who stands where in a packet from now on. What does not: reading regions (`xmp`), putting pieces into bytes
(`xmp_editing`), files (`sidecars`). What whosthat writes:

    mwg-rs:Regions              a region for each face, with ``whosthat:Confidence`` among its extensions, by which it is known again
    dc:subject                  the names, among other keywords
    Iptc4xmpExt:PersonInImage   the names of those who have a face
    whosthat:subject, whosthat:PersonInImage   which of the names in these two are whosthat's

A region of another program stays as it is; where it names somebody else, nobody is named there, and where it has no name, it gets one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from whosthat.metadata import xmp
from whosthat.metadata.regions import Frame, Region, same_face
from whosthat.metadata.xmp import LISTS, Written, same_name, words
from whosthat.metadata.xmp_editing import Edits, can_be_written
from whosthat.translation import _
from whosthat.types import Box

KEYWORDS, PEOPLE = "dc:subject", "Iptc4xmpExt:PersonInImage"

_MOVED = 0.9
"""A region that whosthat wrote is written anew where the face's box has less than this in common with it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to be written.

    Attributes:
        name: Who.
        box: Where, in shares of the upright photo; None where the photo as a whole shows them.
        confidence: 0 to 1.
    """

    name: str
    box: Box | None
    confidence: float


@dataclass(slots=True)
class Merged:
    """A packet with people in it.

    Attributes:
        packet: Its bytes; none where nothing stands in it.
        names: Who stands in it now, of those to be written.
        problems: Who was left out, and why, in a few words each.
    """

    packet: bytes
    names: tuple[str, ...] = ()
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What becomes of somebody who is to be written.

    Attributes:
        problem: Why they are not.
        own: The region that whosthat had written, or named, for them or in their place.
        is_new: A new one comes, in its place if there is one.
        unnamed: The region of another program that gets the name.
    """

    person: Person
    problem: str = ""
    own: Written | None = None
    is_new: bool = False
    unnamed: Written | None = None

    @property
    def stays(self) -> Written | None:
        """The region of whosthat's that stays as it is."""
        return None if self.is_new or self.unnamed is not None else self.own


def merge(packet: bytes, people: Sequence[Person], frame: Frame, *, others: Sequence[Region] = (), complete: bool = False) -> Merged:
    """Write people into a packet, and take out what whosthat wrote before and is so no more.

    Args:
        packet: The packet or sidecar, UTF-8; empty where there is none.
        people: Those in the photo, each once.
        frame: How the photo is stored.
        others: Faces that other programs named anywhere, also beside this packet.
        complete: The people are all whom the photo shows: what whosthat wrote of anybody else goes. Otherwise it goes where another
            person's face is now.

    Raises:
        XmlError: The packet is no XMP, or is written in a way that cannot be changed safely.
    """
    merged, edits = Merged(packet), Edits(packet)
    try:
        written = [one for one in xmp.written_regions(edits.rdf, frame) if one.is_mwg or one.region.name]
    except xmp.StaleRegionsError as problem:
        merged.problems.append(str(problem))
        return merged
    plans = [_planned(person, people, written, others) for person in people]
    merged.problems = [plan.problem for plan in plans if plan.problem]
    plans = [plan for plan in plans if not plan.problem]
    ours = [one for one in written if (one.is_own or one.is_named) and not any(plan.stays is one for plan in plans)]
    out = [one for one in ours if complete or _is_replaced(one, plans)]
    new = [(plan.person.name, plan.person.box, plan.person.confidence) for plan in plans if plan.is_new and plan.person.box is not None]
    edits.regions(new, [one.item for one in out if one.is_own], frame)
    renamed = [plan.unnamed for plan in plans]
    for one in out:
        if one.is_named and one not in renamed:
            edits.unname(one.item)
    for plan in plans:
        if plan.unnamed is not None:
            edits.name(plan.unnamed.item, plan.person.name, plan.person.confidence)
    merged.names = tuple(plan.person.name for plan in plans)
    with_face = [plan.person.name for plan in plans if plan.person.box is not None]
    for keyword, names in ((KEYWORDS, merged.names), (PEOPLE, with_face)):
        gone = words(edits.rdf, LISTS[keyword]) if complete else [one.region.name for one in out]
        edits.keywords(keyword, names, [one for one in gone if not any(same_name(one, name) for name in names)])
    merged.packet = edits.done()
    return merged


def take_out(packet: bytes, name: str) -> bytes:
    """Take out the regions that whosthat wrote for a person, and the name from lists into which whosthat put it.

    Raises:
        XmlError: The packet is no XMP, or is written in a way that cannot be changed safely.
    """
    edits = Edits(packet)
    theirs = [item for item in xmp.marked_items(edits.rdf) if same_name(xmp.value_of(item, "mwg-rs:Name"), name)]
    edits.regions([], [item for item in theirs if xmp.is_own(item)], Frame(1, 1))
    for item in theirs:
        if xmp.is_named(item):
            edits.unname(item)
    for keyword in LISTS:
        edits.keywords(keyword, [], [name])
    return edits.done()


def _planned(person: Person, people: Sequence[Person], written: Sequence[Written], others: Sequence[Region]) -> _Plan:
    """Decide what becomes of one of ``people`` beside the regions that are there, and those that other programs wrote elsewhere."""
    plan, box = _Plan(person), person.box
    if not can_be_written(person.name):
        return replace(plan, problem=_("a name has a character that XML cannot hold"))
    if box is None:
        return plan
    # What whosthat wrote plays no part in this, or a second run would decide otherwise.
    theirs = [one for one in written if not one.is_own and (_is_theirs(one) or _nearest(people, one) is person)]
    there = max(theirs, key=lambda one: (same_face(box, one.region.box), _is_theirs(one)), default=None)
    share = 0.0 if there is None else same_face(box, there.region.box)
    other = max(others, key=lambda one: same_face(box, one.box), default=None)
    if other is not None and not same_name(other.name, person.name):
        elsewhere = same_face(box, other.box)
        if elsewhere > share or (there is not None and elsewhere == share > 0 and not _is_theirs(there)):
            return _named_otherwise(plan, other.name)
    if there is not None and share > 0 and _is_theirs(there):
        return plan if same_name(there.region.name, person.name) else _named_otherwise(plan, there.region.name)
    namesakes = [one for one in written if same_name(one.region.name, person.name)]
    named = [same_face(box, one.region.box) for one in namesakes if _is_theirs(one)]
    if any(named):
        return plan
    if named or any(same_name(one.name, person.name) and not same_face(box, one.box) for one in others):
        return replace(plan, problem=_("{name} has a region elsewhere in the photo, by another program", name=person.name))
    if there is not None and share > 0:
        return replace(plan, own=there if there.is_named else None, unnamed=None if there in namesakes else there)
    own = max((one for one in namesakes if one.is_own), key=lambda one: same_face(box, one.region.box), default=None)
    return replace(plan, own=own, is_new=own is None or same_face(box, own.region.box) < _MOVED)


def _is_theirs(one: Written) -> bool:
    """Tell whether another program wrote the name of a region."""
    return bool(one.region.name) and not (one.is_own or one.is_named)


def _nearest(people: Sequence[Person], one: Written) -> Person:
    """Return whose face a region without a name shows: two people near it may not both get it."""
    return max(people, key=lambda person: 0.0 if person.box is None else same_face(person.box, one.region.box))


def _named_otherwise(plan: _Plan, other: str) -> _Plan:
    return replace(plan, problem=_("the region of {name} is named {other} by another program", name=plan.person.name, other=other))


def _is_replaced(one: Written, plans: Sequence[_Plan]) -> bool:
    """Tell whether a region of whosthat's own goes because somebody in the photo has its face, or has another one now."""
    faces = [(plan.person.name, plan.person.box) for plan in plans if plan.person.box is not None]
    return any(same_name(one.region.name, name) or same_face(one.region.box, box) for name, box in faces)
