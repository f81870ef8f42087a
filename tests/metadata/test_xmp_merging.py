"""People written into XMP that holds other things: what ExifTool reads back, what stays byte for byte, whom nobody overwrites."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.metadata.regions import Frame
from whosthat.metadata.xmp import opened, read_people, words, written_regions
from whosthat.metadata.xmp_merging import Person, merge, take_out
from whosthat.safe_xml import XmlError
from whosthat.types import Box

FRAME = Frame(400, 300)
ANNA = Person("Anna", Box(0.6, 0.6, 0.8, 0.9), 0.93)
MARIE = Person("Marie Curie", Box(0.21, 0.3, 0.4, 0.5), 0.8)
PROGRAMS = ["digiKam", "Lightroom", "ExifTool", "Microsoft", "compact"]


def names(packet: bytes, frame: Frame = FRAME) -> list[str]:
    return sorted({one.region.name for one in written_regions(opened(packet), frame) if one.region.name})


def only_added(old: bytes, new: bytes) -> bool:
    """Tell whether the new bytes are the old ones with pieces put in."""
    place = 0
    for byte in new:
        place += place < len(old) and old[place] == byte
    return place == len(old)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exiftool_reads_every_field_back(exiftool, tmp_path, orientation: int) -> None:
    frame = Frame(400, 300, orientation)
    box = frame.upright(Box(0.25, 0.5, 0.5, 0.6))
    people = [Person('Anna <b>&amp;</b> "é" \' 王 אבג', box, 0.93217), Person("beach", None, 0.7)]
    merged = merge(b"", people, frame)
    (tmp_path / "photo.jpg.xmp").write_bytes(merged.packet)
    read = exiftool(tmp_path / "photo.jpg.xmp")
    name = people[0].name
    assert read.pop("SourceFile")
    assert read == {
        "XMP-mwg-rs:RegionInfo": {
            "AppliedToDimensions": {"W": 400, "H": 300, "Unit": "pixel"},
            "RegionList": [
                {
                    "Area": {"X": 0.375, "Y": 0.55, "W": 0.25, "H": 0.1, "Unit": "normalized"},
                    "Name": name,
                    "Type": "Face",
                    "Extensions": {"XMP-whosthat:Confidence": 0.9322},
                }
            ],
        },
        "XMP-dc:Subject": [name, "beach"],
        "XMP-iptcExt:PersonInImage": [name],
        "XMP-whosthat:Subject": [name, "beach"],
        "XMP-whosthat:PersonInImage": [name],
        "ExifTool:Validate": "OK",
    }
    assert merged.names == (name, "beach")
    assert names(merged.packet, frame) == [name]


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_others_wrote_stays_byte_for_byte(exiftool, tmp_path, programs, program: str) -> None:
    old = programs[program]
    merged = merge(old, [ANNA, MARIE], FRAME)
    assert only_added(old, merged.packet)
    assert names(merged.packet) == ["Anna", "Marie Curie"]
    assert merged.problems == []
    before, after = tmp_path / "before.xmp", tmp_path / "after.xmp"
    before.write_bytes(old), after.write_bytes(merged.packet)
    was, now = exiftool(before), exiftool(after)
    kept = {key for key in was if key.startswith("XMP") and key not in ("XMP-mwg-rs:RegionInfo", "XMP-dc:Subject")}
    assert kept or program == "compact"  # which holds regions alone
    assert {key: was[key] for key in kept} == {key: now[key] for key in kept}
    regions = was.get("XMP-mwg-rs:RegionInfo", {}).get("RegionList", [])
    assert now["XMP-mwg-rs:RegionInfo"]["RegionList"][: len(regions)] == regions
    assert [one["Name"] for one in now["XMP-mwg-rs:RegionInfo"]["RegionList"][len(regions) :]] == ["Anna"]
    assert now["XMP-dc:Subject"] == [*was.get("XMP-dc:Subject", []), "Anna", *([] if "XMP-dc:Subject" in was else ["Marie Curie"])]
    assert "ExifTool:Warning" not in now


@pytest.mark.parametrize("program", PROGRAMS)
def test_twice_is_once(programs, program: str) -> None:
    once = merge(programs[program], [ANNA, MARIE], FRAME)
    twice = merge(once.packet, [ANNA, MARIE], FRAME, complete=True)
    assert twice.packet == once.packet
    assert twice.names == ("Anna", "Marie Curie")


@pytest.mark.parametrize("program", PROGRAMS)
def test_another_persons_region_is_never_overwritten(programs, program: str) -> None:
    tom = Person("Tom", MARIE.box, 0.99)
    merged = merge(programs[program], [tom], FRAME, complete=True)
    assert merged.packet == programs[program]
    assert merged.names == ()
    assert merged.problems == ["the region of Tom is named Marie Curie by another program"]


def test_nobody_is_named_twice(programs) -> None:
    merged = merge(programs["digiKam"], [Person("marie curie", ANNA.box, 0.9)], FRAME)
    assert (merged.packet, merged.names) == (programs["digiKam"], ())
    assert "elsewhere" in merged.problems[0]


def unnamed(packet: bytes) -> bytes:
    """Return a sidecar whose face has no name, as phones write it."""
    packet = packet.replace(b'\n        mwg-rs:Name="Marie Curie"', b"").replace(b' mwg-rs:Name="Marie Curie"', b"")
    return packet.replace(b"\n      <mwg-rs:Name>Marie Curie</mwg-rs:Name>", b"").replace(b'="Marie Curie"', b'=""')


@pytest.mark.parametrize("program", ["digiKam", "Lightroom", "ExifTool", "compact"])
def test_a_region_without_a_name_gets_it_and_gives_it_back(exiftool, tmp_path, programs, program: str) -> None:
    packet = unnamed(programs[program])
    assert read_people(packet, FRAME) == ()
    merged = merge(packet, [MARIE], FRAME)
    assert only_added(packet, merged.packet)
    assert (merged.names, merged.problems) == (("Marie Curie",), [])
    (tmp_path / "a.xmp").write_bytes(merged.packet)
    faces = [one for one in exiftool(tmp_path / "a.xmp")["XMP-mwg-rs:RegionInfo"]["RegionList"] if one["Type"] == "Face"]
    assert [one["Name"] for one in faces] == ["Marie Curie"]  # the same region, with all that it had
    assert read_people(merged.packet, FRAME) == ()  # whosthat's own name is nobody's label
    assert merge(merged.packet, [MARIE], FRAME, complete=True).packet == merged.packet
    corrected = merge(merged.packet, [Person("Irene", MARIE.box, 1.0)], FRAME)
    assert names(corrected.packet) == ["Irene"]
    assert corrected.packet.count(b"Marie Curie") == (b"People/Marie" in packet) + packet.count(b">Marie Curie<")
    for nobody in (
        merge(merged.packet, [], FRAME, complete=True).packet,
        take_out(merged.packet, "Marie Curie"),
    ):
        assert names(nobody) == []
        assert len(list(written_regions(opened(nobody), FRAME))) == len(list(written_regions(opened(packet), FRAME)))


@pytest.mark.parametrize("program", ["Lightroom", "ExifTool"])
def test_an_empty_name_is_none(programs, program: str) -> None:
    packet = programs[program].replace(b"Marie Curie", b" ")
    merged = merge(packet, [MARIE], FRAME)
    assert (merged.names, names(merged.packet)) == (("Marie Curie",), ["Marie Curie"])
    assert b"Marie" not in take_out(merged.packet, "Marie Curie")


def test_what_exiv2_wrote_anew_is_still_ours(programs) -> None:
    """digiKam and darktable, through Exiv2, make attributes of the simple fields of a structure."""
    new = b"<mwg-rs:Extensions xmlns:whosthat='urn:whosthat:xmp:1#'\n whosthat:Confidence=\"0.9300\"/>"
    packet = re.sub(rb"<mwg-rs:Extensions.*?</mwg-rs:Extensions>", new, merge(programs["digiKam"], [ANNA], FRAME).packet)
    assert new in packet
    assert [one.name for one in read_people(packet, FRAME)] == ["Marie Curie"]
    assert take_out(packet, "Anna") == programs["digiKam"]
    look = b' odd:look="> mwg-rs:Name=\'Anna\'" xmlns:odd="urn:odd#"'
    region = b' mwg-rs:Name="Anna" xmlns:whosthat="urn:whosthat:xmp:1#"\n whosthat:Confidence="0.93"'
    packet = programs["Lightroom"].replace(b' mwg-rs:Name="Marie Curie"', look + region)
    assert read_people(packet, FRAME) == ()
    assert take_out(packet, "Anna") == packet.replace(b' mwg-rs:Name="Anna"', b"").replace(b'\n whosthat:Confidence="0.93"', b"")


def test_where_only_microsoft_has_a_region_without_a_name_a_new_one_comes(programs) -> None:
    merged = merge(programs["Microsoft"].replace(b"Marie Curie", b""), [MARIE], FRAME)
    assert names(merged.packet) == ["Marie Curie"]
    assert b"mwg-rs:RegionList" in merged.packet


def test_what_whosthat_wrote_is_updated(programs) -> None:
    once = merge(programs["digiKam"], [ANNA], FRAME)
    corrected = merge(once.packet, [Person("Ada", ANNA.box, 1.0)], FRAME)
    assert names(corrected.packet) == ["Ada", "Marie Curie"]
    assert b"Anna" not in corrected.packet
    moved = merge(corrected.packet, [Person("Ada", Box(0.5, 0.1, 0.6, 0.2), 1.0)], FRAME)
    (left,) = [one.region.box.left for one in written_regions(opened(moved.packet), FRAME) if one.region.name == "Ada"]
    assert left == pytest.approx(0.5)
    assert names(moved.packet) == ["Ada", "Marie Curie"]


def test_of_whom_is_not_asked_stays_unless_all_are_known() -> None:
    two = merge(b"", [ANNA, MARIE], FRAME)
    assert names(merge(two.packet, [ANNA], FRAME).packet) == ["Anna", "Marie Curie"]
    assert names(merge(two.packet, [ANNA], FRAME, complete=True).packet) == ["Anna"]
    assert words(opened(merge(two.packet, [ANNA], FRAME, complete=True).packet), "dc:subject") == ["Anna"]
    assert merge(two.packet, [], FRAME, complete=True).packet == b""


@pytest.mark.parametrize("windows", [False, True])
@pytest.mark.parametrize("program", PROGRAMS)
def test_taking_out_gives_back_what_was(programs, program: str, windows: bool) -> None:
    packet = b"\xef\xbb\xbf" + programs[program].replace(b"\n", b"\r\n") if windows else programs[program]
    merged = merge(packet, [ANNA, MARIE], FRAME)
    assert only_added(packet, merged.packet)
    assert names(merged.packet) == ["Anna", "Marie Curie"]
    back = take_out(take_out(merged.packet, "Anna"), "Marie Curie")
    assert b"Anna" not in back
    if program not in ("Microsoft", "compact"):  # which were on one line
        assert back == packet
    assert read_people(back, FRAME) == read_people(packet, FRAME)
    own = merge(b"", [ANNA], FRAME)
    assert take_out(own.packet, "anna") == b""


def test_taking_out_leaves_the_keyword_and_region_of_others(programs) -> None:
    merged = merge(programs["digiKam"], [MARIE], FRAME)
    back = take_out(merged.packet, "Marie Curie")
    assert names(back) == ["Marie Curie"]
    assert b"<rdf:li>Marie Curie</rdf:li>\n     <rdf:li>physics" in back


def test_other_programs_prefixes_are_theirs(exiftool, tmp_path) -> None:
    """Whatever stands behind a prefix around a place, what is put there means the right namespace."""
    packet = (
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'%s>"
        b"<r:Description r:about='' xmlns:d='http://purl.org/dc/elements/1.1/'><d:subject><r:Bag/></d:subject></r:Description></r:RDF>"
        b"</x:xmpmeta>"
    )
    taken = b" xmlns:dc='urn:theirs#' xmlns:rdf='urn:no#' dc:own='1'"
    assert names(merge(packet % taken, [ANNA], FRAME).packet) == ["Anna"]
    merged = merge(packet % b"", [ANNA], FRAME)
    (tmp_path / "a.xmp").write_bytes(merged.packet)
    assert exiftool(tmp_path / "a.xmp")["XMP-dc:Subject"] == ["Anna"]


def test_an_rdf_that_closes_itself_is_opened() -> None:
    packet = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' /></x:xmpmeta>"
    assert names(merge(packet, [ANNA], FRAME).packet) == ["Anna"]


def test_comments_and_unknown_namespaces_survive(programs) -> None:
    packet = (
        programs["ExifTool"]
        .replace(b"<rdf:Bag>", b"<rdf:Bag><!-- mine --><?keep this?>")
        .replace(b"<mwg-rs:Type>", b"<odd:thing xmlns:odd='urn:odd#' a='&#10;>'/><mwg-rs:Type>")
    )
    assert only_added(packet, merge(packet, [ANNA], FRAME).packet)


def test_a_photo_of_another_shape_is_left_alone(programs) -> None:
    merged = merge(programs["digiKam"], [ANNA], Frame(400, 200))
    assert (merged.packet, merged.names) == (programs["digiKam"], ())
    assert "another shape" in merged.problems[0]


def test_places_of_the_upright_photo_where_the_list_has_them(programs) -> None:
    turned = programs["digiKam"].replace(b'w="400"', b'w="300"', 1).replace(b'h="300"', b'h="400"', 1)
    merged = merge(turned, [ANNA], Frame(400, 300, 6))
    assert b"<stArea:x>0.700000</stArea:x><stArea:y>0.750000</stArea:y>" in merged.packet


@pytest.mark.parametrize("name", ["a\x00b", "a\x1bb", "a\ud800b", "a\nb", "\ufffe", " "])
def test_names_that_xml_cannot_hold(name: str) -> None:
    merged = merge(b"", [Person(name, ANNA.box, 1.0)], FRAME)
    assert (merged.packet, merged.names) == (b"", ())
    assert merged.problems == ["a name has a character that XML cannot hold"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda packet: packet.decode().encode("utf-16"), "UTF-8"),
        (lambda packet: b"<?xml version='1.0' encoding='ISO-8859-1'?>" + packet[packet.index(b"<x:") :], "UTF-8"),
        (lambda packet: packet.replace(b"<rdf:li>physics</rdf:li>", b"").replace(b"rdf:Bag>\n   </dc", b"rdf:Odd>\n   </dc"), "damaged"),
        (
            lambda packet: re.sub(rb"<dc:subject>.*</dc:subject>", b"<dc:subject>physics</dc:subject>", packet, flags=re.DOTALL),
            "dc:subject is",
        ),
        (
            lambda packet: packet.replace(b"<mwg-rs:RegionList>", b"<mwg-rs:Other>").replace(b"</mwg-rs:RegionList>", b"</mwg-rs:Other>"),
            "Regions is",
        ),
        (
            lambda packet: re.sub(rb"<dc:subject>.*</dc:subject>", b"", packet, flags=re.DOTALL).replace(
                b"digiKam:Pick", b"dc:subject='x' digiKam:Pick"
            ),
            "dc:subject is",
        ),
    ],
)
def test_what_cannot_be_changed_safely_is_refused(programs, change, reason: str) -> None:
    changed = change(programs["digiKam"])
    assert changed != programs["digiKam"]
    with pytest.raises(XmlError, match=reason):
        merge(changed, [ANNA], FRAME)


@given(place=st.integers(0, 3000), put=st.binary(max_size=8), program=st.sampled_from(PROGRAMS))
def test_damage_is_refused_or_kept(programs, place: int, put: bytes, program: str) -> None:
    packet = programs[program]
    place %= len(packet)
    packet = packet[:place] + put + packet[place + len(put) :]
    try:
        merged = merge(packet, [ANNA], FRAME)
    except XmlError:
        return
    assert only_added(packet, merged.packet)
    if merged.names:
        assert "Anna" in names(merged.packet)


EDGES = st.sampled_from([0.1, 0.15, 0.2, 0.4])
BOXES = st.builds(lambda x, y, width, height: Box(x, y, x + width, y + height), *[st.sampled_from([0.1, 0.2, 0.25, 0.5])] * 2, EDGES, EDGES)
NAMES = st.sampled_from(["Anna", "Tom", "Marie Curie", "\u3000Zoë \U0001f600", "People/Anna|Tom", "אבג, \u2066x\u2069"])
PEOPLE = st.lists(st.builds(Person, NAMES, st.one_of(st.none(), BOXES), st.just(0.9)), max_size=4, unique_by=lambda person: person.name)
ITEM = (
    '<rdf:li><rdf:Description mwg-rs:Type="Face"{}><mwg-rs:Area stArea:x="{}" stArea:y="{}" stArea:w="{}" stArea:h="{}"/>'
    "</rdf:Description></rdf:li>"
)


@given(
    theirs=st.lists(st.tuples(st.sampled_from(["", ' mwg-rs:Name="Tom"', ' mwg-rs:Name="Irene"']), BOXES), min_size=1, max_size=3),
    people=PEOPLE,
    later=PEOPLE,
    orientation=st.integers(1, 8),
    complete=st.booleans(),
)
def test_whoever_overlaps_whom(programs, theirs, people, later, orientation: int, complete: bool) -> None:
    """Twice is once, nobody has two regions, no region has two names, and all of it comes out again."""
    items = "".join(
        ITEM.format(name, (box.left + box.right) / 2, (box.top + box.bottom) / 2, box.width, box.height) for name, box in theirs
    )
    packet = re.sub(rb"<rdf:Bag>.*</rdf:Bag>", f"<rdf:Bag>{items}</rdf:Bag>".encode(), programs["compact"], flags=re.DOTALL)
    frame, before = Frame(400, 300, orientation), packet
    for seen in (people, later):
        merged = merge(packet, seen, frame, complete=complete)
        packet = merged.packet
        again = merge(packet, seen, frame, complete=complete)
        assert (again.packet, again.names) == (packet, merged.names)
        written = list(written_regions(opened(packet), frame))
        ours = [one.region.name.casefold() for one in written if one.is_own or one.is_named]
        others = [one.region.name.casefold() for one in written if not (one.is_own or one.is_named)]
        assert len({*ours, *others} - {""}) == len(ours) + len({*others} - {""})
        assert packet.count(b"<mwg-rs:Name") == len(ours)
    for person in (*people, *later):
        packet = take_out(packet, person.name)
    assert packet == before
