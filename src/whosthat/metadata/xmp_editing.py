"""Putting pieces into XMP and taking others out, with all bytes around them as they were.

What belongs here: where a piece goes, how it is spelled. What does not: who is to stand in a packet (`xmp_merging`).

`safe_xml` says where elements begin and end. The packet is not parsed and written again, so that comments, unknown namespaces, order and
spelling of others survive.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from xml.sax.saxutils import escape

from whosthat.metadata import xmp
from whosthat.metadata.regions import Applied, Frame
from whosthat.metadata.xmp import LISTS, NAMESPACES, list_of, named, same_name
from whosthat.safe_xml import Element, XmlError
from whosthat.translation import _
from whosthat.types import Box

EMPTY = (
    "<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>\n<x:xmpmeta xmlns:x='adobe:ns:meta/'>\n"
    f"<rdf:RDF xmlns:rdf='{NAMESPACES['rdf']}'>\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end='w'?>\n"  # not translated: XML
).encode()
"""A packet without anything, as which whosthat begins a new one."""

_FORBIDDEN = re.compile("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML 1.0 has no way to write, or that end a line."""

_SETTING = re.compile(rb"""\s+([^\s=>/]+)\s*=\s*(?:"[^"]*"|'[^']*')""")
"""An attribute in a tag, with the space before it."""

_ABOUT = {named("rdf:about")}
_ENCODING = re.compile(rb"""^(?:\xef\xbb\xbf)?\s*<\?xml\s[^>]*?encoding\s*=\s*["']([^"']*)["']""")


def can_be_written(name: str) -> bool:
    """Tell whether XML can hold a name: no control character, no half of a character."""
    return bool(name.strip()) and _FORBIDDEN.search(name) is None


def _check_encoding(packet: bytes) -> None:
    """Raise an XmlError unless a packet is UTF-8: places in it would be others."""
    declared = _ENCODING.match(packet[:1000])
    try:
        packet.decode("utf-8")
        is_utf8 = b"\0" not in packet and (declared is None or declared[1].lower() in (b"utf-8", b"utf8", b"us-ascii", b"ascii"))
    except UnicodeDecodeError:
        is_utf8 = False
    if not is_utf8:
        raise XmlError(_("it is not written in UTF-8"))


class Edits:
    """Pieces to be put into a packet, which may be empty, and to be taken out; ``rdf`` is what stands in it.

    Raises:
        XmlError: The packet is no XMP, or is written in a way that cannot be changed safely; so do the methods.
    """

    def __init__(self, packet: bytes) -> None:
        self._packet = packet or EMPTY
        _check_encoding(self._packet)
        self.rdf = xmp.opened(self._packet)
        self._pieces: list[tuple[int, int, bytes]] = []
        self._properties: list[str] = []
        self._emptied: list[Element] = []

    def done(self) -> bytes:
        """Return the packet with all changes; empty where nothing stands in it but what a new one begins with."""
        if self._properties:
            about = next((one.settings[named("rdf:about")] for one in self.rdf.parts if named("rdf:about") in one.settings), "")
            about = escape(about, {"'": "&apos;", "\n": "&#10;"})
            last = self.rdf.parts[-1] if self.rdf.parts else None
            new = f"<rdf:Description rdf:about='{about}'>\n{''.join(self._properties)}</rdf:Description>"  # not translated: XML
            self._put(self.rdf, last, [new if last is not None else f"{new}\n"])
        for description in self.rdf.parts:
            if description.parts and all(part in self._emptied for part in description.parts) and set(description.settings) <= _ABOUT:
                self._pieces = [piece for piece in self._pieces if not description.start <= piece[0] < description.end]
                self._cut(description)
        parts: list[bytes] = []
        place = 0
        for start, end, piece in sorted(self._pieces, key=lambda piece: piece[:2]):
            parts += [self._packet[place:start], piece]
            place = max(place, end)
        packet = b"".join([*parts, self._packet[place:]])
        return b"" if packet == EMPTY else packet

    def keywords(self, name: str, wanted: Sequence[str], unwanted: Collection[str]) -> None:
        """Put names into a list, those that are missing, and take others out that whosthat had put there; it notes which are its own."""
        ours = [one for one in xmp.words(self.rdf, LISTS[name]) if any(same_name(one, other) for other in unwanted)]
        if wanted or ours:
            self._words(LISTS[name], self._words(name, wanted, ours), ours)

    def _words(self, name: str, wanted: Sequence[str], unwanted: Collection[str]) -> list[str]:
        """Put texts into a list, those that are missing, and take others out; return those that were put in."""
        found = self._property(name)
        holder = None if found is None else list_of(found)
        if found is not None and holder is None:
            raise _unknown_way(name)
        there = [] if holder is None else xmp.items(holder)
        missing = [one for one in wanted if not any(same_name(one, item.text.strip()) for item in there)]
        out = [item for item in there if any(same_name(one, item.text.strip()) for one in unwanted)]
        self._list(name, found, [f"<rdf:li>{escape(one)}</rdf:li>" for one in missing], out)
        return missing

    def regions(self, new: Sequence[tuple[str, Box, float]], out: Sequence[Element], frame: Frame) -> None:
        """Put regions in, each a name, a box in shares of the upright photo and a confidence, and take others out."""
        found = self._property("mwg-rs:Regions")
        holder = None if found is None else xmp.field_of(found, "mwg-rs:RegionList")
        if found is not None and new and (holder is None or list_of(holder) is None):
            raise _unknown_way("mwg-rs:Regions")
        applied = Applied.STORED if found is None else xmp.applied_to(found, frame)
        pieces = [_region(name, box if applied is Applied.UPRIGHT else frame.stored(box), confidence) for name, box, confidence in new]
        if found is not None and not pieces and holder is not None and out and len(out) == len(xmp.items(list_of(holder) or holder)):
            self._cut(found)
            self._emptied.append(found)
        elif found is not None:
            self._list("mwg-rs:RegionList", holder, pieces, out)
        elif pieces:
            self._properties.append(
                " <mwg-rs:Regions rdf:parseType='Resource'>\n  <mwg-rs:AppliedToDimensions rdf:parseType='Resource'>\n"
                f"   <stDim:w>{frame.width}</stDim:w>\n   <stDim:h>{frame.height}</stDim:h>\n   <stDim:unit>pixel</stDim:unit>\n"
                f"  </mwg-rs:AppliedToDimensions>\n{_bag('mwg-rs:RegionList', pieces)} </mwg-rs:Regions>\n"  # not translated: XML
            )

    def name(self, item: Element, name: str, confidence: float) -> None:
        """Give a name to a region of another program that has none."""
        body = xmp.body_of(item)
        self.unname(item)  # an empty name, or an older one
        pieces = [f"<mwg-rs:Name>{escape(name)}</mwg-rs:Name>", _mark(confidence)]
        self._put(body, body.parts[-1] if body.parts else None, pieces)

    def unname(self, item: Element) -> None:
        """Take the name out of a region of another program."""
        body = xmp.body_of(item)
        fields = (named("mwg-rs:Name"), named(xmp.MARK))
        for part in body.parts:
            if part.tag in fields:
                self._cut(part)
        for setting in _SETTING.finditer(self._packet, body.start, body.inside):
            prefix, _colon, local = setting[1].decode().rpartition(":")
            if f"{body.prefixes.get(prefix)} {local}" in fields:
                self._pieces.append((*setting.span(), b""))

    def _property(self, name: str) -> Element | None:
        if any(named(name) in one.settings for one in self.rdf.parts):  # as an attribute, which a list cannot be
            raise _unknown_way(name)
        return next(xmp.properties(self.rdf, name), None)

    def _list(self, name: str, found: Element | None, new: Sequence[str], out: Sequence[Element]) -> None:
        """Put items into a list, and take others out; a property whose list would be empty goes as a whole."""
        holder = None if found is None else list_of(found)
        if found is None or holder is None:
            if new:
                self._properties.append(_bag(name, new))
            return
        if out and not new and len(out) == len(xmp.items(holder)):
            self._cut(found)
            self._emptied.append(found)
            return
        for item in out:
            self._cut(item)
        if new:
            self._put(holder, holder.parts[-1] if holder.parts else None, new)

    def _put(self, holder: Element, behind: Element | None, pieces: Sequence[str]) -> None:
        """Put elements into an element, behind one of its parts or at its end; a tag that closes itself is opened."""
        indent = "" if behind is None else self._space_before(behind.start)
        content = "".join(indent + _spelled(piece, holder.prefixes) for piece in pieces).encode()
        if holder.inside == holder.end:
            tag = self._packet[holder.start : holder.end]
            name = re.split(rb"[\s/>]", tag[1:], maxsplit=1)[0]
            self._pieces.append((holder.start, holder.end, tag[: tag.rindex(b"/")] + b">" + content + b"</" + name + b">"))
        else:
            place = holder.until if behind is None else behind.end
            self._pieces.append((place, place, content))

    def _cut(self, element: Element) -> None:
        """Take an element out, with the line that would be empty."""
        self._pieces.append((element.start - len(self._space_before(element.start)), element.end, b""))

    def _space_before(self, place: int) -> str:
        """Return the end of the line before and what indents an element; "" where anything else stands before it."""
        before = self._packet.rfind(b"\n", 0, place)
        if before > 0 and self._packet[before - 1 : before] == b"\r":
            before -= 1
        space = self._packet[max(before, 0) : place]
        return space.decode() if before >= 0 and not space.strip() else ""


def _region(name: str, box: Box, confidence: float) -> str:
    sides = {"x": (box.left + box.right) / 2, "y": (box.top + box.bottom) / 2, "w": box.width, "h": box.height}
    area = "".join(f"<stArea:{side}>{share:.6f}</stArea:{side}>" for side, share in sides.items())
    return (
        f"<rdf:li rdf:parseType='Resource'><mwg-rs:Name>{escape(name)}</mwg-rs:Name><mwg-rs:Type>Face</mwg-rs:Type>"
        f"<mwg-rs:Area rdf:parseType='Resource'>{area}<stArea:unit>normalized</stArea:unit></mwg-rs:Area>"
        f"<mwg-rs:Extensions rdf:parseType='Resource'>{_mark(confidence)}</mwg-rs:Extensions></rdf:li>"  # not translated: XML
    )


def _mark(confidence: float) -> str:
    return f"<{xmp.MARK}>{confidence:.4f}</{xmp.MARK}>"


def _bag(name: str, items: Sequence[str]) -> str:
    lines = "".join(f"   {item}\n" for item in items)
    return f" <{name}>\n  <rdf:Bag>\n{lines}  </rdf:Bag>\n </{name}>\n"


def _spelled(piece: str, prefixes: Mapping[str, str]) -> str:
    """Return an element that says of each prefix what it stands for, where that is not said around it."""
    used = [prefix for prefix in NAMESPACES if f"<{prefix}:" in piece or f" {prefix}:" in piece]
    declared = "".join(f" xmlns:{prefix}='{NAMESPACES[prefix]}'" for prefix in used if prefixes.get(prefix) != NAMESPACES[prefix])
    return re.sub(r"<[\w:-]+", lambda tag: tag[0] + declared, piece, count=1)


def _unknown_way(name: str) -> XmlError:
    return XmlError(_("{name} is written in a way that whosthat does not know", name=name))
