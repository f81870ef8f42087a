"""Reading people out of XMP: face regions as the Metadata Working Group and Microsoft write them.

What belongs here: from the bytes of a packet or sidecar to regions, and which element says what. What does not: changing a packet
(`xmp_merging`), where packets lie (`sidecars`, `photos.headers`).

RDF lets a structure be written in three ways, and programs use them all: as ``rdf:parseType="Resource"`` with elements (digiKam, ExifTool,
Apple), as a nested ``rdf:Description`` with attributes (Lightroom), or as attributes of the property itself.

Source: Metadata Working Group, "Guidelines for Handling Image Metadata", 2.0, 5.9; Microsoft, "People Tagging Overview" (WIC); Adobe, "XMP
Specification", Part 1, C.2.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from whosthat.metadata.regions import Applied, Frame, Region, cut, without_doubles
from whosthat.safe_xml import Element, Limits, XmlError, parsed
from whosthat.translation import _
from whosthat.types import Box

NAMESPACES = {
    "x": "adobe:ns:meta/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "stDim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
    "stArea": "http://ns.adobe.com/xmp/sType/Area#",
    "MP": "http://ns.microsoft.com/photo/1.2/",
    "MPRI": "http://ns.microsoft.com/photo/1.2/t/RegionInfo#",
    "MPReg": "http://ns.microsoft.com/photo/1.2/t/Region#",
    "whosthat": "urn:whosthat:xmp:1#",
}
"""The prefixes that whosthat writes, and what they stand for."""

LIMITS = Limits(size=16 << 20, elements=100_000, depth=64, attributes=4_000)
"""Lightroom's and darktable's edits take up to a few MB, and hundreds of attributes of one element."""

MARK = "whosthat:Confidence"
"""The field by which whosthat knows its regions again; other programs drop it when they write a region anew."""

LISTS = {"dc:subject": "whosthat:subject", "Iptc4xmpExt:PersonInImage": "whosthat:PersonInImage"}
"""The lists into which whosthat puts names, and those in which it notes which of the names there are its own."""

MOST_REGIONS = 2_000
"""So many regions of one photo are read."""

_LONGEST_NAME = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """A region as it stands in a packet.

    Attributes:
        region: Who, and where in the upright photo.
        item: The ``rdf:li`` around it.
        is_own: whosthat wrote it, and no other program since.
        is_named: It is another program's, which gave it no name; whosthat did.
        is_mwg: It is the Metadata Working Group's; else Microsoft's.
    """

    region: Region
    item: Element
    is_own: bool
    is_named: bool
    is_mwg: bool


class StaleRegionsError(XmlError):
    """Says that regions belong to a photo of another shape: it was cut or turned since."""


def named(name: str) -> str:
    """Return how an element or attribute is named by `safe_xml`: ``dc:subject`` with its namespace for its prefix."""
    prefix, _colon, local = name.partition(":")
    return f"{NAMESPACES[prefix]} {local}"


def read_people(packet: bytes, frame: Frame) -> tuple[Region, ...]:
    """Return the faces with a name in an XMP packet or sidecar, each once, without those that whosthat named.

    Raises:
        StaleRegionsError, XmlError: It is no XMP that can be read, or that of another photo.
    """
    found = written_regions(opened(packet), frame)
    return without_doubles(one.region for one in found if one.region.name and not (one.is_own or one.is_named))


def opened(packet: bytes) -> Element:
    """Return the ``rdf:RDF`` of a packet; XmlError where there is none."""
    root = parsed(packet, LIMITS, namespaces=True)
    for element in (root, *root.parts):
        if element.tag == named("rdf:RDF"):
            return element
    raise XmlError(_("it is no XMP: it has no rdf:RDF"))


def properties(rdf: Element, name: str) -> Iterator[Element]:
    """Yield the elements of a top property, such as ``dc:subject``."""
    for description in rdf.parts:
        if description.tag == named("rdf:Description"):
            yield from (part for part in description.parts if part.tag == named(name))


def words(rdf: Element, name: str) -> list[str]:
    """Return the texts in a list that is a top property."""
    return [item.text.strip() for holder in properties(rdf, name) for item in items(list_of(holder) or holder)]


def is_marked(packet: bytes) -> bool:
    """Tell whether whosthat wrote into a packet, as far as other programs left that there."""
    return NAMESPACES["whosthat"].encode() in packet


def mentions(packet: bytes, name: str) -> bool:
    """Tell whether a name stands in any text of a packet, as a word of its own; XmlError as of `opened`."""
    word = re.compile(rf"(?<!\w){re.escape(_key(name))}(?!\w)")
    left = [opened(packet)]
    while left:
        element = left.pop()
        left += element.parts
        if any(word.search(_key(text)) for text in (element.text, *element.settings.values())):
            return True
    return False


def list_of(holder: Element) -> Element | None:
    """Return the ``rdf:Bag`` or ``rdf:Seq`` in a property; None where it is written in another way."""
    kinds = {named("rdf:Bag"), named("rdf:Seq"), named("rdf:Alt")}
    return holder.parts[0] if len(holder.parts) == 1 and holder.parts[0].tag in kinds else None


def items(holder: Element) -> list[Element]:
    """Return the items of a list."""
    return [part for part in holder.parts if part.tag == named("rdf:li")]


def body_of(structure: Element) -> Element:
    """Return the element that holds the fields of a structure: itself, or the ``rdf:Description`` nested in it."""
    inner = [part for part in structure.parts if part.tag == named("rdf:Description")]
    return inner[0] if len(inner) == 1 and len(structure.parts) == 1 else structure


def field_of(structure: Element, name: str) -> Element | None:
    """Return the element of a field of a structure; None where there is none."""
    return next((part for part in body_of(structure).parts if part.tag == named(name)), None)


def value_of(structure: Element, name: str) -> str:
    """Return the text of a field of a structure, be it an element or an attribute; "" where there is none."""
    part = field_of(structure, name)
    text = body_of(structure).settings.get(named(name), "") if part is None else part.text
    return text.strip()


def applied_to(regions: Element, frame: Frame) -> Applied:
    """Say to what the places in ``mwg-rs:Regions`` apply."""
    sides = field_of(regions, "mwg-rs:AppliedToDimensions")
    if sides is None:
        return Applied.STORED
    return frame.applied(_number(value_of(sides, "stDim:w")), _number(value_of(sides, "stDim:h")))


def written_regions(rdf: Element, frame: Frame) -> Iterator[Written]:
    """Yield the faces in a packet, with and without names, `MOST_REGIONS` at most.

    Raises:
        StaleRegionsError: They belong to a photo of another shape.
    """
    left = MOST_REGIONS
    for regions in properties(rdf, "mwg-rs:Regions"):
        applied = applied_to(regions, frame)
        holder = field_of(regions, "mwg-rs:RegionList")
        found = [] if holder is None else items(list_of(holder) or holder)
        if found and applied is Applied.ANOTHER:
            raise StaleRegionsError(_("the regions were made for a photo of another shape: it was cut or turned since"))
        sides = field_of(regions, "mwg-rs:AppliedToDimensions")
        for item in found[:left]:
            if value_of(item, "mwg-rs:Type") not in ("Face", ""):
                continue  # pets, focus, bar codes
            box = _area(item, sides)
            if box is not None:
                place = box if applied is Applied.UPRIGHT else frame.upright(box)
                yield Written(Region(_name(item, "mwg-rs:Name"), place), item, is_own(item), is_named(item), True)
        left -= len(found[:left])
    for info in properties(rdf, "MP:RegionInfo"):
        holder = field_of(info, "MPRI:Regions")
        for item in ([] if holder is None else items(list_of(holder) or holder))[:left]:
            box = _rectangle(value_of(item, "MPReg:Rectangle"))
            if box is not None:
                yield Written(Region(_name(item, "MPReg:PersonDisplayName"), frame.upright(box)), item, False, False, False)


def marked_items(rdf: Element) -> list[Element]:
    """Return the items of the regions that whosthat wrote, or named, and no other program wrote since."""
    holders = [holder for regions in properties(rdf, "mwg-rs:Regions") if (holder := field_of(regions, "mwg-rs:RegionList")) is not None]
    return [item for holder in holders for item in items(list_of(holder) or holder) if is_own(item) or is_named(item)]


def same_name(one: str, other: str) -> bool:
    """Tell whether two names are one person's: the same letters, large or small; blanks around them do not count."""
    return _key(one) == _key(other)


def is_own(item: Element) -> bool:
    """Tell whether whosthat wrote a region: its mark stands among the extensions."""
    extensions = field_of(item, "mwg-rs:Extensions")
    return extensions is not None and _has_field(extensions, MARK)


def is_named(item: Element) -> bool:
    """Tell whether whosthat named a region of another program: its mark stands beside the name."""
    return _has_field(item, MARK)


def _has_field(structure: Element, name: str) -> bool:
    return field_of(structure, name) is not None or named(name) in body_of(structure).settings  # Exiv2 makes attributes of elements


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip()).casefold()  # what is read has no blanks around it


def _name(item: Element, field: str) -> str:
    return unicodedata.normalize("NFC", value_of(item, field)[:_LONGEST_NAME])


def _area(item: Element, sides: Element | None) -> Box | None:
    """Return the rectangle of a region, in shares; points and circles are none."""
    area = field_of(item, "mwg-rs:Area")
    if area is None:
        return None
    x, y, width, height = (_number(value_of(area, f"stArea:{name}")) for name in "xywh")
    if value_of(area, "stArea:unit") == "pixel":
        if sides is None:
            return None
        across, down = (_number(value_of(sides, f"stDim:{name}")) for name in "wh")
        if not (across > 0 and down > 0):
            return None
        x, width, y, height = x / across, width / across, y / down, height / down
    return cut(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def _rectangle(text: str) -> Box | None:
    """Return Microsoft's rectangle: left, top, width, height."""
    numbers = [_number(word) for word in text[:200].split(",")]
    if len(numbers) != 4:
        return None
    left, top, width, height = numbers
    return cut(left, top, left + width, top + height)


def _number(text: str) -> float:
    """Return a number; NaN where it is none."""
    try:
        return float(text[:40])
    except ValueError:
        return math.nan
