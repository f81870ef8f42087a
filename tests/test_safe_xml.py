"""XML of strangers: read within limits, each element where it stands, nothing expanded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.safe_xml import Element, Limits, XmlError, parsed

LIMITS = Limits(size=10_000, elements=50, depth=5, attributes=4)


def every(element: Element):
    yield element
    for part in element.parts:
        yield from every(part)


def test_elements_stand_where_they_say() -> None:
    xml = '<?xml version="1.0"?>\n<!-- <a> -->\n<a b=\'x>y\' c="/>"><d/>é<e >t<![CDATA[<f>]]></e ></a>'.encode()
    root = parsed(xml, LIMITS)
    assert {one.tag: xml[one.start : one.end] for one in every(root)} == {
        "a": xml[xml.index(b"<a b") :],
        "d": b"<d/>",
        "e": b"<e >t<![CDATA[<f>]]></e >",
    }
    assert [(xml[one.inside : one.until], one.text) for one in root.parts] == [(b"", ""), (b"t<![CDATA[<f>]]>", "t<f>")]
    assert root.settings == {"b": "x>y", "c": "/>"}


def test_namespaces_and_the_prefixes_that_may_be_written_inside() -> None:
    root = parsed(b'<a xmlns="urn:1" xmlns:p="urn:2" p:x="1"><p:b xmlns:p="urn:3"/><p:b/></a>', LIMITS, namespaces=True)
    assert (root.tag, dict(root.settings)) == ("urn:1 a", {"urn:2 x": "1"})
    assert [one.tag for one in root.parts] == ["urn:3 b", "urn:2 b"]
    assert [one.prefixes["p"] for one in (root, *root.parts)] == ["urn:2", "urn:3", "urn:2"]


LAUGHS = b"<!DOCTYPE a [<!ENTITY l 'ha'>" + b"".join(b"<!ENTITY l%d '%s'>" % (n, b"&l;" * 99) for n in range(9)) + b"]><a>&l8;</a>"


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        (LAUGHS, "document type"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type"),
        (b'<!DOCTYPE a [<!ATTLIST a b CDATA "x">]><a/>', "document type"),
        (b"<a>&who;</a>", "damaged"),
        (b"<a>" * 6 + b"</a>" * 6, "nested too deeply"),
        (b"<a>" + b"<b/>" * 50 + b"</a>", "too many elements"),
        (b"<a b='' c='' d='' e='' f=''/>", "more than 4 attributes"),
        (b" " * 10_001, "more than 10,000 bytes"),
        (b"<a><b></a>", "damaged"),
        (b"<p:a/>", "damaged"),
        (b"<a>\x01</a>", "damaged"),
        (b"<a>&#xD800;</a>", "damaged"),
        (b"<a>\xed\xa0\x80</a>", "damaged"),
        (b"", "damaged"),
        (b"<?xml version='1.0' encoding='klingon'?><a/>", "damaged"),
    ],
)
def test_refused(xml: bytes, reason: str) -> None:
    with pytest.raises(XmlError, match=reason):
        parsed(xml, LIMITS, namespaces=True)


@given(st.binary(max_size=40), st.integers(0, 60))
def test_damage_is_refused_or_read(put: bytes, place: int) -> None:
    xml = b"<a xmlns:p='urn:1'><p:b c='d'>text</p:b><e/></a>"
    try:
        root = parsed(xml[:place] + put + xml[place:], LIMITS, namespaces=True)
    except XmlError:
        return
    assert all(one.start < one.inside <= one.until <= one.end for one in every(root))
