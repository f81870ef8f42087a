"""``whosthat check`` on faces: what it shows, and what it moves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from whosthat.cartoons import draw_photo_folder
from whosthat.checking.face_audit import FaceAudit, Pair, SuspectPhoto, UnlikePhotos
from whosthat.cli.app import main
from whosthat.dataset.audit import Audit
from whosthat.dataset.findings import Finding
from whosthat.workflow.check import Checkup


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name in ("ann/1.jpg", "bo/is ann.jpg"):
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).write_text(name)
    return tmp_path / "photos"


@pytest.fixture
def checked(replaced: Any, photos: Path) -> Any:
    suspects = (SuspectPhoto("bo/is ann.jpg", "bo", "ann", None, 0.31),)
    faces = FaceAudit(2, suspects=suspects, look_alikes=(Pair("ann", "bo", 0.456, 1),))
    return replaced("whosthat.workflow.check.check", Checkup(Audit(photos, ("ann", "bo"), (), (), ()), faces))


def test_suspects_and_look_alikes_are_shown(checked: Any, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(photos), "--faces"]) == 0
    told = capsys.readouterr().out
    assert "Warning: 1 photo may be in the wrong folder" in told
    assert "bo/is ann.jpg  ann                  -                  0.31" in told
    assert "ann     bo       0.46                1" in told
    assert checked.options["faces"] is True


def test_json_holds_the_faces_beside_the_audit(checked: Any, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(photos), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["faces"]["suspects"][0]["looks_like"] == "ann"
    assert checked.options["faces"] is None


def test_fix_moves_nothing_without_yes_and_undo_moves_back(checked: Any, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(photos), "--fix"]) == 0
    assert "Nothing was moved" in capsys.readouterr().err
    assert (photos / "bo" / "is ann.jpg").exists()
    assert main(["check", str(photos), "--fix", "--yes"]) == 0
    assert "1 photo was set aside." in capsys.readouterr().err
    assert not (photos / "bo" / "is ann.jpg").exists()
    assert main(["check", str(photos), "--undo", str(photos.with_name("photos-set-aside") / "plan.csv")]) == 0
    assert (photos / "bo" / "is ann.jpg").read_text() == "bo/is ann.jpg"


def test_fix_leaves_what_may_be_of_another_age_and_says_so(replaced: Any, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    suspects, unlike = (SuspectPhoto("bo/is ann.jpg", "bo", "ann", None, 0.31),), (UnlikePhotos("bo", ("bo/is ann.jpg",)),)
    replaced("whosthat.workflow.check.check", Checkup(Audit(photos, (), (), (), ()), FaceAudit(2, suspects=suspects, unlike=unlike)))
    assert main(["check", str(photos), "--fix", "--yes"]) == 0
    assert "Not set aside: 1 photo, perhaps of another age." in capsys.readouterr().err
    assert (photos / "bo" / "is ann.jpg").exists()


def test_a_photo_that_cannot_be_moved_back_is_an_error_and_one_that_is_back_already_is_none(
    checked: Any, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    undo = ["check", str(photos), "--undo", str(photos.with_name("photos-set-aside") / "plan.csv")]
    assert main(["check", str(photos), "--fix", "--yes"]) == 0
    (photos / "bo" / "is ann.jpg").write_text("newer")
    assert main(undo) == 3
    assert "1 photo could not be moved" in capsys.readouterr().err
    (photos / "bo" / "is ann.jpg").unlink()
    assert [main(undo), main(undo)] == [0, 0]


def test_yes_alone_is_no_usage(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(photos), "--yes"]) == 2
    assert "--yes needs --fix." in capsys.readouterr().err


def test_the_worst_comes_first_and_the_rest_is_counted(replaced: Any, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kinds = [("note", "bursts")] * 4 + [("warning", "imbalance"), ("warning", "too-small"), ("warning", "look-alikes-across")]
    findings = tuple(Finding(kind, severity, f"{kind}.") for severity, kind in [*kinds, ("problem", "too-few-to-split")])
    audit = Audit(photos, ("ann", "bo"), (), (), findings)
    replaced("whosthat.workflow.check.check", Checkup(audit, FaceAudit(2, suspects=(SuspectPhoto("a", "bo", "ann", None, 0.31),))))
    main(["check", str(photos)])
    told = [line for line in capsys.readouterr().out.splitlines() if line][1:8]
    assert [line.partition(":")[0] for line in told[:6]] == ["Problem", *["Warning"] * 4, "Note"]
    assert "may be in the wrong folder" in told[1]
    assert told[2] == "Warning: look-alikes-across."
    assert told[6] == "And 3 more (--json shows all)."


@pytest.mark.parametrize("coloured", [True, False])
def test_warnings_are_coloured_on_a_terminal_alone(
    coloured: bool, checked: Any, photos: Path, terminal: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["check", str(photos)])
    assert "\x1b" not in capsys.readouterr().out
    screen = terminal("stdout", colour=coloured)
    main(["check", str(photos)])
    assert ("\x1b[33mWarning:\x1b[0m 1 photo" in screen.getvalue()) is coloured


def test_a_page_is_written_on_request(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw_photo_folder(tmp_path / "photos", photos_each=2, names=("kid_kettle", "madame_moth"), size=80)
    assert main(["check", str(tmp_path / "photos"), "--no-faces", "--html", str(tmp_path / "check.html")]) == 0
    assert "The page is" in capsys.readouterr().err
    assert "kid_kettle" in (tmp_path / "check.html").read_text(encoding="utf-8")
    assert main(["check", str(tmp_path / "nowhere"), "--html", str(tmp_path / "check.txt")]) == 2
    assert "must be a file that ends in .html" in capsys.readouterr().err.replace("\n", " ")
