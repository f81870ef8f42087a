from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from whosthat.checking.face_audit import FaceAudit, Pair, audit_faces
from whosthat.checking.face_findings import face_findings
from whosthat.dataset.audit import Audit, AuditedPhoto
from whosthat.dataset.folder import Photo
from whosthat.faces.remembered import PhotoFaces
from whosthat.runs.files import checked
from whosthat.types import Box, Face

PEOPLE = ("ann", "bo", "cy")
CENTRES = 0.6 * np.eye(3, 128, dtype=np.float32)


def face(side: float = 100.0, left: float = 0.0) -> Face:
    points = tuple((left + share * side, share * side) for share in (0.3, 0.7, 0.5, 0.35, 0.65))
    return Face(Box(left, 0, left + side, side), points, 0.99)  # type: ignore[arg-type]


def shows(person: int, **changes: object) -> PhotoFaces:
    facts = {"faces": (face(),), "taken": 0, "way": "plain", "sharpness": 300.0, "vector": CENTRES[person], **changes}
    return PhotoFaces(size=(400, 300), **facts)  # type: ignore[arg-type]


NO_FACE = PhotoFaces((400, 300))


def audited(*found: tuple[str, PhotoFaces]) -> FaceAudit:
    """Judge photos, each given by its person and what it shows."""
    photos = []
    for number, (person, _) in enumerate(found):
        name = f"{person}/{number}.jpg"
        photos.append(AuditedPhoto(Photo(Path("photos") / name, person, name), f"{number:064x}", 400, 300, False, None, number))
    audit = Audit(Path("photos"), PEOPLE, tuple(photos), (), ())
    return audit_faces(audit, {f"{number:064x}": faces for number, (_, faces) in enumerate(found)})


ALL_WELL = [(name, shows(person)) for person, name in enumerate(PEOPLE) for _ in range(4)]


def test_good_photos_give_no_finding() -> None:
    assert face_findings(audited(*ALL_WELL)) == ()


def test_photos_without_a_face_are_named() -> None:
    audit = audited(*ALL_WELL, ("ann", NO_FACE))
    assert audit.without_face == ("ann/12.jpg",)
    assert "No face was found in 1 photo: ann/12.jpg." in face_findings(audit)[0].sentence


def test_a_person_without_any_face_is_a_problem() -> None:
    audit = audited(*ALL_WELL[:8], ("cy", NO_FACE))
    assert [(finding.kind, finding.severity) for finding in face_findings(audit)] == [("no-face-at-all", "problem"), ("no-face", "warning")]
    assert "in any photo of cy" in face_findings(audit)[0].sentence


def test_a_folder_without_any_face_can_be_judged() -> None:
    assert audited(("ann", NO_FACE), ("bo", NO_FACE)).suspects == ()


def test_of_several_faces_it_is_said_which_was_taken_and_why() -> None:
    largest = shows(0, faces=(face(50, 200), face(100)), taken=1)
    central = shows(1, faces=(face(100), face(90, 150)), taken=1)
    audit = audited(*ALL_WELL, ("ann", largest), ("bo", central))
    assert [(one.photo, one.n_faces, one.taken.left) for one in audit.several] == [("ann/12.jpg", 2, 0), ("bo/13.jpg", 2, 150)]
    assert audit.several[0].why == "it is the largest"
    assert "nearer the middle" in audit.several[1].why
    assert "The largest is used in 1 of them, one nearer the middle in 1." in face_findings(audit)[-1].sentence


def test_small_and_blurred_faces_are_ranked() -> None:
    poor = [("ann", shows(0, faces=(face(side),), sharpness=sharpness)) for side, sharpness in ((39, 9), (20, 300), (100, 8))]
    audit = audited(*ALL_WELL, *poor)
    assert [one.photo for one in audit.small] == ["ann/13.jpg", "ann/12.jpg"]
    assert [one.photo for one in audit.blurred] == ["ann/14.jpg", "ann/12.jpg"]
    assert {finding.kind for finding in face_findings(audit)} == {"small-face", "blurred-face"}


def test_a_photo_of_somebody_else_is_a_suspect_with_the_name_it_looks_like() -> None:
    (suspect,) = (audit := audited(*ALL_WELL, ("ann", shows(2)))).suspects
    assert (suspect.photo, suspect.person, suspect.looks_like) == ("ann/12.jpg", "ann", "cy")
    assert "ann/12.jpg (looks like cy)" in face_findings(audit)[0].sentence


def test_people_who_look_alike_stand_first_in_the_table_and_are_noted() -> None:
    like_ann = CENTRES[0] + 0.3 * CENTRES[1]
    audit = audited(*ALL_WELL[:4], *ALL_WELL[8:], *[("bo", shows(1, vector=like_ann)) for _ in range(4)])
    assert (audit.look_alikes[0].first, audit.look_alikes[0].second) == ("ann", "bo")
    assert len(audit.look_alikes) == 3
    assert [found.kind for found in face_findings(audit)] == ["people-too-alike"]
    confused = FaceAudit(9, look_alikes=(Pair("ann", "bo", 0.49, 2), Pair("ann", "cy", 0.46, 0), Pair("bo", "cy", 0.6, 1)))
    assert face_findings(confused)[0].sentence == "1 pair of people may be confused: ann and bo. More photos may help."


def test_people_who_look_more_alike_than_strangers_get_a_warning() -> None:
    audit = FaceAudit(9, look_alikes=(Pair("ann", "bo", 0.44, 3), Pair("ann", "cy", 0.3, 0), Pair("bo", "cy", 0.46, 0)))
    (found,) = face_findings(audit)
    assert (found.kind, found.severity) == ("people-too-alike", "warning")
    assert found.sentence.startswith(
        "2 pairs of people look more alike than strangers do (distance below 0.45): ann and bo (0.44), ann and cy"
    )


def test_a_photo_in_a_wrong_folder_makes_nobody_look_alike() -> None:
    audit = audited(*ALL_WELL, ("ann", shows(2)))
    assert [pair.confused for pair in audit.look_alikes if {pair.first, pair.second} == {"ann", "cy"}] == [0]
    assert [finding.kind for finding in face_findings(audit)] == ["wrong-person"]


def cut(share: float, *, turned: bool = False) -> PhotoFaces:
    """A face of 80 pixels of which the left edge of the photo hides this share of the width; the detector's box ends at the edge."""
    middle = 40 - 80 * share
    points = [(-20, -20), (20, -20), (0, 0), (-15, 20), (15, 20)]
    if turned:
        points = [(-y, x) for x, y in points]
    landmarks = tuple((middle + x, 150 + y) for x, y in points)
    return shows(0, faces=(Face(Box(0, 110, middle + 40, 190), landmarks, 0.9),))  # type: ignore[arg-type]


def test_a_face_that_the_edge_cuts_is_found_however_the_detector_ends_its_box() -> None:
    audit = audited(*ALL_WELL, ("ann", cut(0.1)), ("ann", cut(0.4)), ("ann", cut(0.5, turned=True)))
    assert [one.photo for one in audit.cut] == ["ann/14.jpg", "ann/13.jpg"]
    assert audit.cut[0].beyond == pytest.approx(0.5, abs=0.05)
    (finding,) = face_findings(audit)
    assert (finding.kind, finding.severity) == ("cut-face", "warning")
    assert "The face is cut by the edge of the photo in 2 photos: ann/14.jpg, ann/13.jpg." in finding.sentence


def test_it_is_json_also_where_nothing_can_be_compared() -> None:
    audit = audited(("ann", shows(0)), ("bo", shows(0)))
    assert json.loads(json.dumps(audit.to_dict(), allow_nan=False))["suspects"][0]["own_distance"] is None
    assert checked(FaceAudit, json.loads(json.dumps(audit.to_dict()))) == audit


@pytest.mark.parametrize("document", [{}, {"n_photos": 1, "several": [1]}, {"n_photos": 1, "suspects": [{"photo": 1}]}])
def test_what_is_no_face_audit_is_not_read(document: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"required|should be"):
        checked(FaceAudit, document)


def test_who_goes_takes_every_line_along() -> None:
    poor = {"faces": (face(20), face(10)), "taken": 0, "sharpness": 1.0}
    planted = [("bo", NO_FACE), ("bo", shows(1, **poor)), ("bo", cut(0.5)), ("ann", shows(1)), ("cy", shows(0))]
    audit = audited(*ALL_WELL, *planted)
    assert {one.photo for one in audit.suspects} == {"bo/14.jpg", "ann/15.jpg", "cy/16.jpg"}
    left = audit.without({"bo"}, {f"bo/{number}.jpg" for number in (4, 5, 6, 7, 12, 13, 14)})
    assert left.n_photos == audit.n_photos - 7
    assert [one.photo for one in left.suspects] == ["cy/16.jpg"]
    assert [(pair.first, pair.second) for pair in left.look_alikes] == [("ann", "cy")]
    assert "bo" not in json.dumps(left.to_dict())
