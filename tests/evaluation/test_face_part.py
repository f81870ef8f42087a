"""The report's part on faces, line by line, from face audits that were written by hand."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from whosthat.checking.costly import CostlyPhotos
from whosthat.checking.face_audit import CENTRAL, LARGEST, CutFace, FaceAudit, FaceOfSeveral, Pair, PoorFace, SuspectPhoto
from whosthat.errors import RunError
from whosthat.evaluation.face_part import FacePart, face_picture, read_face_part, write_face_part
from whosthat.evaluation.report import write_report
from whosthat.photos.reading import read
from whosthat.types import Box

JPEG = "QUJD"


@pytest.fixture
def run(make_run: Callable[..., Path]) -> Path:
    return make_run()


def told(run: Path, faces: FaceAudit, pictures: dict[str, str] | None = None, costly: tuple[CostlyPhotos, ...] = ()) -> str:
    """The words of the report's part on faces, tags taken out; pictures as their alternative text."""
    write_face_part(run, FacePart(faces, pictures or {}, costly))
    page = write_report(run).read_text(encoding="utf-8")
    (part,) = re.findall(r'<section id="faces">(.*?)</section>', page, re.DOTALL)
    words = re.sub(r'<(?:img|div class="none")[^>]*?(?:alt|aria-label)="([^"]*)"[^>]*>', r"[\1]", part)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", words)))


def test_a_run_without_faces_has_no_such_part(run: Path) -> None:
    assert read_face_part(run) is None
    assert 'id="faces"' not in write_report(run).read_text(encoding="utf-8")


def test_nothing_doubtful_is_said_in_one_line_and_six_zeros(run: Path) -> None:
    words = told(run, FaceAudit(12))
    assert "A face was found in every one of 12 photos." in words
    assert [int(number) for number in re.findall(r" (\d+) (?:may|with)", words)] == [0] * 6


def test_the_six_kinds_of_doubtful_photos_are_counted(run: Path) -> None:
    faces = FaceAudit(
        30,
        without_face=("a/1", "a/2"),
        several=tuple(FaceOfSeveral(f"a/{n}", 2, Box(0, 0, 9, 9), LARGEST) for n in range(3)),
        small=tuple(PoorFace(f"a/{n}", 20, 90) for n in range(4)),
        blurred=tuple(PoorFace(f"a/{n}", 90, 2) for n in range(5)),
        cut=tuple(CutFace(f"a/{n}", 0.5) for n in range(6)),
        suspects=(SuspectPhoto("a/1", "a", None, 0.7, None),),
    )
    words = told(run, faces)
    assert "A face was found in 28 of 30 photos." in words
    for line in (
        "1 may show somebody else", "2 without a face", "3 with several faces", "4 with a face below 40 pixels",
        "5 with a blurred face", "6 with a face cut by the edge",
    ):  # fmt: skip
        assert line in words


def test_each_finding_stands_with_one_line_a_photo(run: Path) -> None:
    faces = FaceAudit(
        9,
        without_face=("ann/wall.jpg",),
        several=(FaceOfSeveral("ann/two.jpg", 2, Box(0, 0, 9, 9), LARGEST), FaceOfSeveral("bo/3.jpg", 3, Box(0, 0, 9, 9), CENTRAL)),
        small=(PoorFace("ann/far.jpg", 23.4, 300),),
        blurred=(PoorFace("bo/moved.jpg", 90, 7.6),),
        cut=(CutFace("bo/half.jpg", 0.512),),
    )
    words = told(run, faces)
    for line in (
        "warning No face was found in 1 photo: ann/wall.jpg. They are not used to recognise faces. 1 photo ann/wall.jpg",
        "warning The face is smaller than 40 pixels in 1 photo: ann/far.jpg (23 pixels). It is used, but has little detail.",
        "1 photo ann/far.jpg: 23 pixels",
        "warning The face is blurred in 1 photo: bo/moved.jpg. It is used, but has little detail. 1 photo bo/moved.jpg: sharpness 8",
        "warning The face is cut by the edge of the photo in 1 photo: bo/half.jpg. It is used, but has little detail.",
        "1 photo bo/half.jpg: 51 % of it beyond the edge",
        "note 2 photos show several faces: ann/two.jpg, bo/3.jpg. The largest is used in 1 of them, one nearer the middle in 1.",
        "ann/two.jpg: one of 2 faces was taken, it is the largest",
        "bo/3.jpg: one of 3 faces was taken, it is nearer the middle than the largest, and not much smaller",
    ):
        assert line in words, line


def test_suspects_stand_with_picture_name_and_distances(run: Path) -> None:
    suspects = (
        SuspectPhoto("bo/is ann.jpg", "bo", "ann", 0.91, 0.312),
        SuspectPhoto("cy/1.jpg", "cy", None, 0.74, 0.66),
        SuspectPhoto("dee/only.jpg", "dee", "ann", None, 0.4),
    )
    words = told(run, FaceAudit(9, suspects=suspects), {"bo/is ann.jpg": JPEG})
    assert "Photos that may show somebody else The clearest first." in words
    assert "[The face in bo/is ann.jpg: looks like ann] ? looks like ann (0.31) lies with bo (0.91) bo/is ann.jpg" in words
    assert "somebody without a folder (the photo was not kept)] ? somebody without a folder lies with cy (0.74) cy/1.jpg" in words
    assert "? looks like ann (0.40) lies with dee dee/only.jpg" in words
    assert f"data:image/jpeg;base64,{JPEG}" in (run / "report.html").read_text(encoding="utf-8")


def test_of_many_suspects_twelve_are_shown_and_the_others_listed(run: Path) -> None:
    words = told(run, FaceAudit(99, suspects=tuple(SuspectPhoto(f"bo/{n}.jpg", "bo", "ann", 0.9, 0.3) for n in range(20))))
    assert "The clearest first, 12 of 20." in words
    assert words.count("lies with bo") == 12
    assert "8 more photos bo/12.jpg: looks like ann bo/13.jpg" in words


def test_the_table_tells_how_near_and_in_words_who_is_easily_confused(run: Path) -> None:
    pairs = (Pair("bo", "cy", 0.49, 3), Pair("ann", "bo", 0.55, 1), Pair("ann", "cy", 0.46, 0), Pair("bo", "dee", 0.72, 0))
    words = told(run, FaceAudit(9, look_alikes=pairs))
    assert "Most easily confused: bo and cy (3 photos nearer to the other). More photos of them may help." in words
    assert "bo cy 0.49 easily confused 3 ann bo 0.55 somewhat alike 1 ann cy 0.46 alike 0 bo dee 0.72 not alike 0" in words


def test_no_more_than_five_pairs_are_shown(run: Path) -> None:
    assert told(run, FaceAudit(9, look_alikes=tuple(Pair(f"ann {n}", "bo", 0.47, 0) for n in range(9)))).count(" bo 0.47 alike") == 5


def test_where_nobody_is_confused_that_is_said(run: Path) -> None:
    words = told(run, FaceAudit(9, look_alikes=(Pair("ann", "bo", 0.46, 0),)))
    assert "No two people are easily confused. Most alike: ann and bo." in words
    assert "Who looks like whom" not in told(run, FaceAudit(9))


def test_people_who_look_more_alike_than_strangers_are_warned_of(run: Path) -> None:
    words = told(run, FaceAudit(9, look_alikes=(Pair("ann", "bo", 0.41, 0), Pair("ann", "cy", 0.46, 0))))
    assert "warning 1 pair of people look more alike than strangers do (distance below 0.45): ann and bo (0.41)." in words
    assert "ann bo 0.41 more alike than strangers 0" in words


def test_photos_that_cost_right_answers_are_told_and_go_with_the_person(run: Path) -> None:
    costly = (CostlyPhotos("ann", ("ann/1.jpg", "ann/2.jpg"), 11), CostlyPhotos("bo", ("bo/1.jpg",), 2))
    words = told(run, FaceAudit(9), costly=costly)
    assert "warning 2 photos of ann cost 11 right answers: ann/1.jpg, ann/2.jpg. Without them, so many more" in words
    assert "warning 1 photo of bo costs 2 right answers: bo/1.jpg. Without it, so many more" in words
    part = read_face_part(run)
    assert part is not None
    assert part.costly == costly
    assert part.without({"ann"}, {"ann/1.jpg", "ann/2.jpg", "ann/3.jpg"}).costly == costly[1:]
    assert part.without({"cy"}, {"bo/1.jpg"}).costly == costly[:1]


def test_hostile_names_and_pictures_stay_words(run: Path) -> None:
    name = '"><img src=x onerror=alert(1)>\udcff'
    told(run, FaceAudit(9, suspects=(SuspectPhoto(name, name, name, 0.9, 0.3),)), {name: '" onload="x'})
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "<img src=x" not in page
    assert 'onload="x' not in page


@pytest.mark.parametrize("text", ["[]", "{", '{"format": 2}', '{"format": 1, "faces": {"n_photos": "x"}, "pictures": {}}'])
def test_a_damaged_or_newer_file_is_named(run: Path, text: str) -> None:
    (run / "faces.json").write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match=r"faces\.json is damaged"):
        write_report(run)


@pytest.mark.parametrize(("box", "side"), [(Box(40, 40, 60, 60), 40), (Box(-30, -30, 30, 30), 60)])
def test_a_face_is_cut_out_with_its_surroundings(box: Box, side: int) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (100, 200, 3), dtype=np.uint8)
    assert read(base64.b64decode(face_picture(photo, box))).shape == (side, side, 3)
