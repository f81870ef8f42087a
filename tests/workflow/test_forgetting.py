from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from whosthat.checking.face_audit import FaceAudit, SuspectPhoto
from whosthat.errors import BundleError, RunError
from whosthat.evaluation.diagnosis import Training, diagnose
from whosthat.evaluation.face_part import FacePart, read_face_part, write_face_part
from whosthat.evaluation.metrics import Evaluation
from whosthat.evaluation.plots.writing import keep_photos, read_photos
from whosthat.evaluation.report import write_report
from whosthat.evaluation.run_facts import RunFacts, write_metrics
from whosthat.types import Box, Face
from whosthat.workflow.discovery import Discovery, FoundFace
from whosthat.workflow.forgetting import Receipt, erase, erasure_of, forget_in_run, note_erasure, photos_in_run, plan_erasure, run_of
from whosthat.workflow.group_files import write_names

PHOTOS = ("ann/0.jpg", "bo/1.jpg", "ann/2.jpg", "bo/3.jpg")


@pytest.fixture
def run(tmp_path: Path, judged: Callable[..., Evaluation]) -> Path:
    """A tested run with its report: four test photos of ann and bo, in turn."""
    run = tmp_path / "run"
    run.mkdir()
    rows = [f"{name},{name.split('/')[0]},test,{row},{row:064x}" for row, name in enumerate(PHOTOS)]
    (run / "split.csv").write_text("\n".join(["path,class,part,group,sha256", *rows]) + "\n", encoding="utf-8")
    evaluation = judged(np.tile(np.eye(2), (2, 1)) * 0.8 + 0.1, np.array([0, 1, 0, 1]), ["ann", "bo"], list(PHOTOS))
    training = Training(
        model="faces", n_train=4, n_validation=4, batch_size=1, epochs=0, best_epoch=0, learning_rate=0.0, pretrained=True, seconds=1.0
    )
    facts = RunFacts("people", "2026-01-01T00:00:00+00:00", 1.0, training, evaluation, diagnose([], evaluation, training))
    write_metrics(run, facts)
    keep_photos(run, evaluation, np.random.default_rng(0).integers(0, 256, (4, 24, 24, 3), dtype=np.uint8))
    (run / "plots" / "grid.png").write_bytes(b"everybody")
    write_report(run)
    return run


def erased(bundle: Path, name: str, *digests: str) -> Receipt:
    """Erase somebody whose enrolled photos have these digests."""
    erasure = plan_erasure(bundle, name, set(digests), set())
    note_erasure(erasure, bundle)
    return erase(erasure, bundle, stopped=False)


def test_a_persons_pictures_leave_the_run_and_the_report(run: Path) -> None:
    before = read_photos(run)
    assert all(picture in (run / "report.html").read_text(encoding="utf-8") for picture in before.values())
    own = photos_in_run(run, "bo", ())
    assert list(own) == ["bo/1.jpg", "bo/3.jpg"]
    assert forget_in_run(run, own) == ("plots/photos.json", "plots/grid.png", "report.html", "split.csv")
    assert list(read_photos(run)) == [0, 2]
    page = (run / "report.html").read_text(encoding="utf-8")
    assert [picture in page for picture in before.values()] == [True, False, True, False]
    assert not (run / "plots" / "grid.png").exists()
    assert "bo" not in (run / "split.csv").read_text(encoding="utf-8")


def test_photos_are_known_by_their_content_after_a_renaming_also_those_without_a_face(run: Path) -> None:
    assert list(photos_in_run(run, "bob", {f"{1:064x}"})) == ["bo/1.jpg", "bo/3.jpg"]
    assert photos_in_run(run, "bob", ()) == {}


def test_what_was_found_in_somebodys_faces_leaves_the_run_and_the_report(run: Path) -> None:
    audit = {"root": "photos", "findings": [], "set_aside": [{"path": f"photos/{name}", "reason": "no face"} for name in PHOTOS[:2]]}
    (run / "audit.json").write_text(json.dumps(audit), encoding="utf-8")
    suspects = (SuspectPhoto("bo/1.jpg", "bo", "ann", 0.9, 0.4), SuspectPhoto("ann/2.jpg", "ann", "bo", 0.9, 0.4))
    pictures = {"bo/1.jpg": "Ym8x", "ann/2.jpg": "YW5u"}
    write_face_part(run, FacePart(FaceAudit(4, without_face=("bo/3.jpg",), suspects=suspects), pictures))
    page = write_report(run).read_text(encoding="utf-8")
    assert all(words in page for words in ("Ym8x", "YW5u", "looks like bo", "bo/3.jpg"))
    changed = forget_in_run(run, photos_in_run(run, "bo", ()))
    assert changed[:2] == ("faces.json", "audit.json")
    part = read_face_part(run)
    assert part == FacePart(FaceAudit(2))
    assert "ann/0.jpg" in (run / "audit.json").read_text(encoding="utf-8")
    assert "bo/" not in (run / "faces.json").read_text(encoding="utf-8") + (run / "audit.json").read_text(encoding="utf-8")
    page = (run / "report.html").read_text(encoding="utf-8")
    assert not any(words in page for words in ("Ym8x", "YW5u", "looks like bo", "may show somebody else than"))


def test_of_two_people_who_are_one_name_in_the_run_only_one_goes(run: Path) -> None:
    suspect = SuspectPhoto("ann/2.jpg", "ann", "bo", 0.9, 0.4)
    write_face_part(run, FacePart(FaceAudit(4, suspects=(suspect,))))
    forget_in_run(run, ["bo/1.jpg"])
    part = read_face_part(run)
    assert part.faces.suspects == (suspect,)


def test_a_damaged_split_is_an_error_and_nothing_is_deleted(run: Path) -> None:
    (run / "split.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(RunError, match="is not a split file"):
        photos_in_run(run, "bo", ())


def test_a_bundle_alone_lies_in_no_run(run: Path, tmp_path: Path) -> None:
    assert run_of(run / "bundle") == run
    assert run_of(run / "copy") is None
    assert run_of(tmp_path / "bundle") is None


def test_receipts_stay_beside_each_other_and_lead_nowhere_else(run: Path) -> None:
    for _ in range(2):
        assert erased(run / "bundle", "b:o", "0" * 64).removed == "b:o"
        assert erasure_of(run / "bundle") is None
    assert sorted(path.name for path in run.glob("removed*")) == ["removed b_o-2.json", "removed b_o.json"]


def test_photos_outside_the_split_and_under_two_names_are_found_by_what_is_remembered(
    run: Path, tmp_path: Path, remember_facts: Callable[..., None]
) -> None:
    seen = {"bo/1.jpg": 1, "bo/\udcff.jpg": 5, "bo/both.jpg": 6, "ann/both.jpg": 6, "ann/0.jpg": 0}
    remember_facts(tmp_path / "people", {name: f"{number:064x}" for name, number in seen.items()})
    (run / "environment.json").write_text(json.dumps({"photos": str(tmp_path / "people")}), encoding="utf-8")
    bos = {"bo/1.jpg", "bo/3.jpg", "bo/\udcff.jpg", "bo/both.jpg", "ann/both.jpg"}
    assert photos_in_run(run, "bob", {f"{1:064x}"}).keys() == bos
    erasure = plan_erasure(run / "bundle", "bob", {f"{1:064x}"}, set())
    note_erasure(erasure, run / "bundle")
    assert erasure_of(run / "bundle") == erasure
    assert photos_in_run(run, "bo", (), {f"{6:064x}"}).keys() == bos - {"bo/both.jpg", "ann/both.jpg"}
    assert photos_in_run(run, "bo", (), {f"{1:064x}"}) == {}  # bob's name was bo once


def test_other_runs_that_hold_the_person_are_listed(run: Path, tmp_path: Path, save_colours: Callable[..., Path]) -> None:
    shutil.copytree(run, tmp_path / "other")
    save_colours(tmp_path / "third" / "bundle", labels=("red", "bo", "blue"))
    (tmp_path / "fourth").mkdir()
    (tmp_path / "fourth" / "split.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert erased(run / "bundle", "bo").elsewhere == (
        "The run fourth cannot be read; it may hold bo.",
        "The run other was made with 2 photos of bo.",
        "The recogniser in third knows bo, or somebody by that name.",
    )


def test_folders_of_groups_that_hold_the_person_are_listed_also_without_a_run(run: Path, tmp_path: Path) -> None:
    face = FoundFace("1" * 64 + "-1", (tmp_path / "gone.jpg",), Face(Box(0, 0, 9, 9), ((0, 0),) * 5, 1.0), np.ones(3, np.float32))
    write_names(tmp_path / "groups", Discovery((face,), np.zeros(1, np.int64)))
    write_names(tmp_path / "others", Discovery((), np.zeros(0, np.int64)))
    assert erased(tmp_path / "alone", "bo", "1" * 64).elsewhere == (
        f"The folder {tmp_path / 'groups'} of whosthat discover holds pictures or the name of bo. Delete it.",
    )


@pytest.mark.parametrize(
    "note",
    [b"", b"{}", b'{"removed":"a","embeddings":1,"digests":[],"photos":[],"receipt":"removed ../a.json"}', b"\xff"],
)
def test_a_note_that_is_none_of_ours_is_refused(run: Path, note: bytes) -> None:
    (run / ".bundle.erasing.json").write_bytes(note)
    with pytest.raises(BundleError, match="Delete it and remove again"):
        erasure_of(run / "bundle")
