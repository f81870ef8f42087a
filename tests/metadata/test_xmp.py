"""People read from XMP as digiKam, Lightroom, ExifTool (immich, PhotoPrism) and Windows write it, and from hostile XMP."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.metadata.regions import Frame, Region
from whosthat.metadata.xmp import LIMITS, MOST_REGIONS, StaleRegionsError, read_people
from whosthat.safe_xml import XmlError
from whosthat.types import Box

FRAME = Frame(400, 300)


def sides(region: Region) -> tuple[float, ...]:
    return (region.box.left, region.box.top, region.box.right, region.box.bottom)


@pytest.mark.parametrize("program", ["digiKam", "Lightroom", "ExifTool", "Microsoft", "compact"])
@pytest.mark.parametrize(("orientation", "place"), [(1, (0.2, 0.3, 0.4, 0.5)), (6, (0.5, 0.2, 0.7, 0.4)), (3, (0.6, 0.5, 0.8, 0.7))])
def test_each_program(programs, program: str, orientation: int, place: tuple[float, ...]) -> None:
    (region,) = read_people(programs[program], Frame(400, 300, orientation))  # no pet, nobody twice
    assert region.name == "Marie Curie"
    assert sides(region) == pytest.approx(place)


def test_a_photo_that_was_cut_since_is_passed_over(programs) -> None:
    with pytest.raises(StaleRegionsError, match="another shape"):
        read_people(programs["digiKam"], Frame(400, 200))
    assert read_people(programs["digiKam"], Frame(4000, 3000))  # a larger copy of the same shape


def test_sides_of_the_upright_photo_mean_its_places(programs) -> None:
    turned = programs["digiKam"].replace(b'w="400"', b'w="300"', 1).replace(b'h="300"', b'h="400"', 1)
    assert sides(read_people(turned, Frame(400, 300, 6))[0]) == pytest.approx((0.2, 0.3, 0.4, 0.5))


def test_names_are_as_they_are(programs) -> None:
    name = "<b>Zoë</b> \u202eאבג &amp; " + "e\u0301"
    packet = programs["ExifTool"].decode().replace("Marie Curie", name.replace("<", "&lt;").replace(">", "&gt;")).encode()
    assert read_people(packet, FRAME)[0].name == "<b>Zoë</b> \u202eאבג & é"


def test_regions_without_a_name_or_a_place_are_nobody(programs) -> None:
    packet = programs["ExifTool"]
    for old, new in [
        (b"Marie Curie", b" "),
        (b"<stArea:x>0.3<", b"<stArea:x>left<"),
        (b"<stArea:w>0.2<", b"<stArea:w>-0.2<"),
        (b"<stArea:w>0.2<", b"<stArea:w>nan<"),
        (b"<stArea:w>0.2<", b"<stArea:w>1e999<"),
        (b"<stArea:x>0.3<", b"<stArea:x>7<"),
        (b">Face<", b">Focus<"),
    ]:
        assert old in packet
        assert read_people(packet.replace(old, new), FRAME) == ()


def test_packets_that_are_refused(programs) -> None:
    packet = programs["ExifTool"]
    bomb = packet.replace(b"<x:xmpmeta", b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x:xmpmeta')
    for broken, reason in [
        (bomb, "document type"),
        (packet[:500], "damaged"),
        (b"<html/>", "no rdf:RDF"),
        (b"", "damaged"),
        (b" " * (LIMITS.size + 1), "more than"),
        (packet.replace(b"Marie", b"&#xD800;"), "damaged"),
        (packet.replace(b"Marie", b"&#x0;"), "damaged"),
    ]:
        with pytest.raises(XmlError, match=reason):
            read_people(broken, FRAME)


def test_many_regions_are_bounded(programs) -> None:
    head, item, rest = programs["ExifTool"].partition(b"<rdf:li")
    item += rest[: rest.index(b"</rdf:li>") + 9]
    many = b"".join(item.replace(b">0.3<", b">%.5f<" % (n / 9000)).replace(b">0.2<", b">0.00001<") for n in range(MOST_REGIONS + 500))
    assert len(read_people(head + many + rest[rest.index(b"</rdf:li>") + 9 :], FRAME)) == MOST_REGIONS


@given(place=st.integers(0, 3000), put=st.binary(max_size=8), program=st.sampled_from(["digiKam", "Lightroom", "ExifTool", "Microsoft"]))
def test_damage_is_refused_or_read(programs, place: int, put: bytes, program: str) -> None:
    packet = programs[program]
    place %= len(packet)
    try:
        found = read_people(packet[:place] + put + packet[place + len(put) :], FRAME)
    except XmlError:
        return
    assert all(0 <= one.box.left < one.box.right <= 1 and 0 <= one.box.top < one.box.bottom <= 1 for one in found)


def test_a_box_is_cut_to_the_photo(programs) -> None:
    packet = programs["ExifTool"].replace(b"<stArea:x>0.3<", b"<stArea:x>0.05<")
    assert read_people(packet, FRAME)[0].box == Box(0.0, pytest.approx(0.3), pytest.approx(0.15), pytest.approx(0.5))
