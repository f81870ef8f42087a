"""Reading XML that strangers wrote, with nothing in it that could run, fetch or grow.

What belongs here: from bytes to elements, within limits, and where in the bytes each element stands. What does not: what the elements mean.

Document types and entities are refused when they begin, before one is expanded; size, number of elements, depth and attributes are limited.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from whosthat.translation import _

_TAG = re.compile(rb"""[^"'>]*(?:(?:"[^"]*"|'[^']*')[^"'>]*)*>""")
"""A tag to its end; a ">" in the value of an attribute does not end it."""


class XmlError(Exception):
    """Says in a few words why a document is refused."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a document may be: bytes, elements, elements around an element, and attributes of one."""

    size: int
    elements: int
    depth: int
    attributes: int


@dataclass(slots=True, eq=False)
class Element:
    """One element.

    Attributes:
        tag: Its name; where namespaces were asked for, "<namespace> <name>" or, in none, the name.
        settings: Its attributes, named likewise.
        parts: The elements directly inside it.
        start: Byte at which it begins, of the document.
        inside: Byte behind its first tag.
        until: Byte at which its last tag begins; that behind the only one where it has one alone (``<br/>``).
        end: Byte behind it.
        prefixes: The namespace of each prefix that may be written inside it; empty where namespaces were not asked for.
    """

    tag: str
    settings: Mapping[str, str]
    prefixes: Mapping[str, str]
    start: int
    inside: int = 0
    until: int = 0
    end: int = 0
    parts: list[Element] = field(default_factory=list)
    _words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text directly inside it, also what stands between its parts."""
        return "".join(self._words)


def parsed(xml: bytes, limits: Limits, *, namespaces: bool = False) -> Element:
    """Return the outermost element.

    The places of elements are right where the document is UTF-8.

    Raises:
        XmlError: It is no XML, is larger than allowed, or has a document type or entities.
    """
    if len(xml) > limits.size:
        raise XmlError(_("its XML has more than {n:,} bytes", n=limits.size))
    reading = _Reading(xml, limits, namespaces=namespaces)
    try:
        reading.parser.Parse(xml, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # the latter two: an encoding that Python does not know
        raise XmlError(_("its XML is damaged ({error})", error=error)) from error
    return reading.outside.parts[0]


class _Reading:
    """What the parser tells, turned into elements."""

    def __init__(self, xml: bytes, limits: Limits, *, namespaces: bool) -> None:
        self.outside = Element("", {}, {}, 0)
        self._xml, self._limits = xml, limits
        self._opened, self._count = [self.outside], 0
        self._declared: dict[str, str] = {}
        self.parser = parser = expat.ParserCreate(namespace_separator=" " if namespaces else None)
        parser.buffer_text = True  # or each line of a text would be told alone
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = self._refuse  # before one is expanded
        if namespaces:
            parser.StartNamespaceDeclHandler = self._declare

    def _start(self, tag: str, settings: Mapping[str, str]) -> None:
        self._count += 1
        around = self._opened[-1]
        if self._count > self._limits.elements or len(self._opened) > self._limits.depth:
            raise XmlError(_("its XML has too many elements, or they are nested too deeply"))
        if len(settings) + len(self._declared) > self._limits.attributes:
            raise XmlError(_("an element of its XML has more than {n:,} attributes", n=self._limits.attributes))
        prefixes = {**around.prefixes, **self._declared} if self._declared else around.prefixes
        self._declared = {}
        element = Element(tag, settings, prefixes, self.parser.CurrentByteIndex)
        element.inside = _behind_tag(self._xml, element.start)
        around.parts.append(element)
        self._opened.append(element)

    def _end(self, _tag: str) -> None:
        element = self._opened.pop()
        is_only_tag = self._xml[element.inside - 2 : element.inside] == b"/>"
        element.until = element.inside if is_only_tag else self.parser.CurrentByteIndex
        element.end = element.inside if is_only_tag else _behind_tag(self._xml, element.until)

    def _text(self, text: str) -> None:
        self._opened[-1]._words.append(text)

    def _declare(self, prefix: str | None, uri: str | None) -> None:
        self._declared[prefix or ""] = uri or ""

    def _refuse(self, *_what: object) -> None:
        raise XmlError(_("its XML has a document type or entities, which are never read"))


def _behind_tag(xml: bytes, start: int) -> int:
    """Return the byte behind a tag."""
    tag = _TAG.match(xml, start)
    return len(xml) if tag is None else tag.end()
