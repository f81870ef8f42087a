"""A library's answers in sidecars, other programs' names as facts, and a name that is taken out again everywhere."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from whosthat.errors import LibraryError, UsageError
from whosthat.library import facts
from whosthat.library.facts import facts_of
from whosthat.library.naming import rename
from whosthat.library.store import Library
from whosthat.metadata.regions import Frame
from whosthat.metadata.xmp import opened, written_regions
from whosthat.workflow.library.forgetting import forget
from whosthat.workflow.library.metadata import read_library_xmp, take_out, write_library_xmp
from whosthat.workflow.untagging import Untagged

FRAME = Frame(200, 100)


def say_who(library: Library, **names: str | None) -> None:
    """Answer for all faces anew: whoever the photo's list of people calls so gets this name."""
    with library.changing() as change:
        change.execute("DELETE FROM answers")
        rows = change.execute("SELECT faces.id, number, files.name FROM faces JOIN files USING (photo)").fetchall()
        for face, number, file in rows:
            name = names.get(f"{Path(file.decode()).stem}{number}")
            if name is not None:
                change.execute("INSERT OR IGNORE INTO people (name) VALUES (?)", (name,))
                who = "INSERT INTO answers (face, person, confidence, why) SELECT ?, id, 0.9, 'recogniser' FROM people WHERE name = ?"
                change.execute(who, (face, name))


@pytest.fixture
def library(library_of: Callable[..., Library]) -> Library:
    made = library_of({"2020/beach.png": ["anna", "tom"], "sea.png": ["anna"], "without a face.png": []})
    say_who(made, beach1="Anna", beach2="Tom", sea1="Anna")
    return made


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return tmp_path / "photos"


def names(sidecar: Path) -> list[str]:
    return sorted({one.region.name for one in written_regions(opened(sidecar.read_bytes()), FRAME)})


def sidecars(photos: Path) -> list[str]:
    return sorted(path.relative_to(photos).as_posix() for path in photos.rglob("*.xmp"))


def test_answers_stand_in_sidecars(library: Library, photos: Path, exiftool: Any, heard: Any) -> None:
    told = write_library_xmp(library.folder, progress=heard)
    assert (told.written, told.unchanged, told.problems, told.kept) == (2, 0, [], [])
    assert sidecars(photos) == ["2020/beach.png.xmp", "sea.png.xmp"]
    assert names(photos / "2020/beach.png.xmp") == ["Anna", "Tom"]
    read = exiftool(photos / "2020/beach.png.xmp")
    assert (read["XMP-dc:Subject"], read["XMP-iptcExt:PersonInImage"]) == (["Anna", "Tom"], ["Anna", "Tom"])
    assert heard.steps[-1][1:3] == (3, 3)
    assert write_library_xmp(library.folder).unchanged == 2
    with library.changing() as change:
        change.execute("UPDATE files SET missing_since = 1 WHERE CAST(name AS TEXT) LIKE '%sea.png'")
    assert (write_library_xmp(library.folder).unchanged, write_library_xmp(library.folder).missing) == (1, 1)


def test_corrected_answers_replace_what_was_written(library: Library, photos: Path) -> None:
    write_library_xmp(library.folder)
    say_who(library, beach1="Ada", beach2="Tom")
    told = write_library_xmp(library.folder)
    assert (told.written, told.problems) == (2, [])
    assert names(photos / "2020/beach.png.xmp") == ["Ada", "Tom"]
    assert b"Anna" not in (photos / "2020/beach.png.xmp").read_bytes()
    assert sidecars(photos) == ["2020/beach.png.xmp"]  # nobody is in the other photo any more


def test_a_name_is_taken_out_of_all_that_whosthat_wrote(library: Library, photos: Path, programs: dict[str, bytes]) -> None:
    sea = photos / "sea.png.xmp"
    sea.write_bytes(programs["digiKam"].replace(b'w="400"', b'w="200"', 1).replace(b'h="300"', b'h="100"', 1))
    before = sea.read_bytes()
    write_library_xmp(library.folder)
    assert names(sea) == ["Anna", "Marie Curie"]
    assert take_out(library, "ANNA") == Untagged(2)
    assert names(photos / "2020/beach.png.xmp") == ["Tom"]
    assert sea.read_bytes() == before
    assert b"Anna" not in (photos / "2020/beach.png.xmp").read_bytes()
    assert take_out(library, "Tom") == Untagged(1)
    assert sidecars(photos) == ["sea.png.xmp"]  # the other one whosthat had made itself


def test_what_cannot_be_taken_out_is_said(library: Library, photos: Path, programs: dict[str, bytes]) -> None:
    beach, sea = photos / "2020/beach.png.xmp", photos / "sea.png.xmp"
    sea.write_bytes(programs["ExifTool"].replace(b">400<", b">200<").replace(b">300<", b">100<"))
    write_library_xmp(library.folder)
    beach.write_bytes(re.sub(rb"<whosthat:Confidence.*?</whosthat:Confidence>", b"", beach.read_bytes()))  # another program wrote it anew
    sea.chmod(0o444)
    assert sorted(take_out(library, "Anna").kept) == [
        f"{beach} holds the name, which another program wrote there.",
        f"{sea} may hold the name: it is read-only.",
    ]


def test_a_sidecar_that_is_gone_holds_nothing_but_one_that_is_away_may(library: Library, photos: Path) -> None:
    write_library_xmp(library.folder)
    (photos / "sea.png.xmp").unlink()
    (photos / "2020").rename(photos.parent / "away")  # a drive that is not plugged in
    (sentence,) = take_out(library, "Anna").kept
    assert sentence.startswith(f"{photos / '2020'} is not there")


def test_keywords_that_were_there_before_stay(library: Library, photos: Path) -> None:
    (photos / "sea.png.xmp").write_bytes(
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description "
        b"rdf:about='' xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:subject><rdf:Bag><rdf:li>Anna</rdf:li></rdf:Bag></dc:subject></rdf:Description>"
        b"</rdf:RDF></x:xmpmeta>"
    )
    write_library_xmp(library.folder)
    (sentence,) = take_out(library, "Anna").kept
    assert "another program" in sentence
    assert (photos / "sea.png.xmp").read_bytes().count(b"Anna") == 1


def test_a_photo_that_was_changed_since_is_left_alone(library: Library, photos: Path) -> None:
    (photos / "sea.png").write_bytes((photos / "2020/beach.png").read_bytes())
    told = write_library_xmp(library.folder)
    assert [(one.path, "scan again" in one.reason) for one in told.problems] == [(photos / "sea.png", True)]
    assert sidecars(photos) == ["2020/beach.png.xmp"]


def test_a_drive_that_is_not_there_loses_nothing(library: Library, photos: Path) -> None:
    write_library_xmp(library.folder)
    (photos / "2020").rename(photos.parent / "away")
    with library.changing() as change:
        change.execute("UPDATE files SET missing_since = 1 WHERE name = '2020/beach.png' OR name = x'323032302f62656163682e706e67'")
    assert write_library_xmp(library.folder).problems == []
    (photos.parent / "away").rename(photos / "2020")
    assert names(photos / "2020/beach.png.xmp") == ["Anna", "Tom"]


def test_killed_at_any_moment_every_name_can_be_taken_out(library: Library, photos: Path, killed_at: Any) -> None:
    for nth in range(1, 40):
        with killed_at(nth) as died:
            write_library_xmp(library.folder)
        for left in photos.rglob(".new-*"):
            os.utime(left, (1, 1))  # nobody writes to it any more
        with Library(library.folder) as again:
            assert take_out(again, "Anna").kept == []
            assert take_out(again, "Tom").kept == []
        assert sidecars(photos) == []
        assert list(photos.rglob(".new-*")) == []
        if not died:
            break
    assert not died


def test_into_the_photos_themselves(library: Library, photos: Path, exiftool: Any) -> None:
    told = write_library_xmp(library.folder, in_files=True)
    assert (told.written, told.problems) == (2, [])
    assert exiftool(photos / "sea.png")["XMP-dc:Subject"] == ["Anna"]
    assert sidecars(photos) == []
    assert take_out(library, "Anna") == Untagged(2)
    assert "XMP-dc:Subject" not in exiftool(photos / "sea.png")
    assert exiftool(photos / "2020/beach.png")["XMP-dc:Subject"] == ["Tom"]


def test_two_do_not_write_at_once(library: Library) -> None:
    with library.alone(), pytest.raises(LibraryError, match="another process"):
        write_library_xmp(library.folder)
    with pytest.raises(UsageError, match="no library"):
        write_library_xmp(library.folder / "none")


@pytest.fixture
def tagged(library: Library, photos: Path, programs: dict[str, bytes]) -> Path:
    """Marie Curie where the left one of two faces is, from 10 to 30 and 35 to 65 of 200 x 100 pixels, by digiKam."""
    sidecar = photos / "2020/beach.png.xmp"
    packet = programs["digiKam"].replace(b'w="400"', b'w="200"', 1).replace(b'h="300"', b'h="100"', 1)
    place = {b"x": b"0.1", b"y": b"0.5", b"w": b"0.1", b"h": b"0.3"}
    for side, old in ((b"x", b"0.3"), (b"y", b"0.4"), (b"w", b"0.2"), (b"h", b"0.2")):
        packet = packet.replace(b'stArea:%s="%s"' % (side, old), b'stArea:%s="%s"' % (side, place[side]))
    sidecar.write_bytes(packet.replace(b"0.2, 0.3, 0.2, 0.2", b"0.05, 0.35, 0.1, 0.3"))
    return sidecar


def test_names_of_other_programs_become_facts(library: Library, tagged: Path, heard: Any) -> None:
    told, answered = read_library_xmp(library.folder, progress=heard)
    assert (told.people, told.faces, told.problems) == (1, 1, [])
    assert answered.faces > 0
    assert ("Marie Curie", "fact") in library.rows("SELECT name, why FROM answers JOIN people ON people.id = person")
    (fact,) = facts_of(library)
    assert (fact.what, fact.person, fact.how) == ("is", "Marie Curie", "metadata")
    (said,) = facts.said_of_faces(library, "drawn").values()
    assert facts.people_of(library)[said.person] == "Marie Curie"


def test_they_are_said_once_and_what_was_taken_back_is_not_said_again(library: Library, tagged: Path) -> None:
    read_library_xmp(library.folder)
    read_library_xmp(library.folder)
    assert len(facts_of(library)) == 1
    facts.undo(library)
    read_library_xmp(library.folder)
    assert facts_of(library) == []


def test_a_new_name_in_the_other_program_counts(library: Library, tagged: Path) -> None:
    read_library_xmp(library.folder)
    tagged.write_bytes(tagged.read_bytes().replace(b"Marie Curie", b"Irene Curie"))
    read_library_xmp(library.folder)
    (said,) = facts.said_of_faces(library, "drawn").values()
    assert facts.people_of(library)[said.person] == "Irene Curie"


def test_what_whosthat_wrote_comes_back_as_no_fact(library: Library, tagged: Path) -> None:
    write_library_xmp(library.folder)
    read_library_xmp(library.folder)
    assert [fact.person for fact in facts_of(library)] == ["Marie Curie"]


def test_a_file_that_cannot_be_written_stops_no_other(library: Library, photos: Path) -> None:
    (photos / "sea.png.xmp").mkdir()
    told = write_library_xmp(library.folder)
    assert (told.written, [one.path for one in told.problems]) == (1, [photos / "sea.png.xmp"])


def test_an_older_name_is_taken_out_too(library: Library, photos: Path) -> None:
    write_library_xmp(library.folder)
    rename(library, "Anna", "Ada")
    assert take_out(library, "Ada") == Untagged(2)
    assert sidecars(photos) == ["2020/beach.png.xmp"]
    assert names(photos / "2020/beach.png.xmp") == ["Tom"]


def test_forgetting_somebody_reaches_the_sidecars(library: Library, photos: Path, heard: Any) -> None:
    write_library_xmp(library.folder)
    assert forget(library.folder, "Anna", progress=heard)[0].untagged == 2
    assert heard.steps[-1] == ("files", 5, 5), "what takes longest is told"
    holding = [path for path in photos.parent.rglob("*") if path.is_file() and b"Anna" in path.read_bytes()]
    assert [path.name for path in holding] == ["forgotten Anna.json"]  # the receipt
    assert sidecars(photos) == ["2020/beach.png.xmp"]
    assert names(photos / "2020/beach.png.xmp") == ["Tom"]
