"""``whosthat library``: what it hands to the workflow, and what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from whosthat.cli.app import main
from whosthat.types import SetAside
from whosthat.workflow.library.forgetting import ForgottenFiles, ForgottenPerson
from whosthat.workflow.library.scanning import Scan
from whosthat.workflow.library.status import LibraryCheck, LibraryStatus, ScannedFolder


def test_a_scan_says_what_it_found_and_what_it_did_not_look_at(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    others = {"video": 2, "HEIC photo": 1, "sidecar": 3, "RAW photo": 1}
    found = Scan(
        1203,
        1300,
        new=1000,
        moved=2,
        missing=1,
        faces=1500,
        carried=1,
        answered=4,
        unreadable_before=1,
        not_there=(Path("usb"),),
        passed_over=others,
    )
    call = replaced("whosthat.workflow.library.scanning.scan", found)
    assert main(["library", "family", "scan", "photos", "usb", "--bundle", "runs/latest", "--json"]) == 0
    assert (call.arguments, call.options["bundle"]) == ((Path("family"), [Path("photos"), Path("usb")]), Path("runs/latest"))
    told = capsys.readouterr()
    assert told.err.splitlines() == [
        "usb is not there, or holds no photos. What the library knows of it stays.",
        "1,203 photos in 1,300 files: 1,000 new, 2 moved, 1 missing.",
        "1,500 faces found in the new ones.",
        "What was said of 1 face was taken over by edited photos.",
        "4 answers changed.",
        "1 file cannot be read, as before; status names it.",
        "Not looked at: 2 videos (looked at when you choose one), 1 RAW photo (export as JPEG), "
        "1 HEIC photo (pip install pillow-heif, or export as JPEG), 3 sidecars.",
    ]
    assert json.loads(told.out)["passed_over"] == others


def test_files_that_cannot_be_read_are_named_and_end_with_3(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tuple(SetAside(Path(f"{number}.jpg"), "the file is empty") for number in range(23))
    replaced("whosthat.workflow.library.scanning.scan", Scan(new=1, photos=1, files=1, unreadable=broken))
    assert main(["library", "family", "scan"]) == 3
    told = capsys.readouterr().err
    assert "19.jpg: the file is empty" in told
    assert "20.jpg" not in told
    assert "and 3 more" in told
    assert "Next: whosthat discover family" in told


def test_a_scan_without_news(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    replaced("whosthat.workflow.library.scanning.scan", Scan(2, 2))
    assert main(["library", "family", "scan"]) == 0
    assert capsys.readouterr().err == "2 photos in 2 files: nothing new.\n"


def test_status(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    folders = (ScannedFolder(Path("photos"), there=True), ScannedFolder(Path("usb"), there=False))
    found = LibraryStatus(
        Path("family"), folders, 10, 12, 1, (), 3, 20, {"Anna": 7}, 13, None, 3 << 20, (SetAside(Path("crowd.jpg"), "shows many"),)
    )
    replaced("whosthat.workflow.library.status.library_status", found)
    assert main(["library", "family", "status"]) == 0
    told = capsys.readouterr()
    cells = dict(
        line.rsplit(maxsplit=1) for line in told.out.splitlines() if line.split()[0] in ("photos", "faces", "without", "Anna", "to")
    )
    assert cells == {"photos": "10", "faces": "20", "without a name": "13", "to be looked at": "3", "Anna": "7"}
    assert "usb is not there now." in told.err
    assert "crowd.jpg: shows many" in told.err
    assert main(["library", "family", "status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["people"] == {"Anna": 7}


def test_verifying(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    call = replaced("whosthat.workflow.library.status.verify_library", LibraryCheck((), False, (Path("a.jpg"),), (Path("b.jpg"),), 1, 9))
    assert main(["library", "family", "verify", "--read", "--json"]) == 3
    told = capsys.readouterr()
    assert call.options["read"] is True
    for line in (
        "a.jpg has changed.",
        "b.jpg is gone.",
        "What was said of 1 photo is kept",
        "Scan, and changed files are looked at again.",
    ):
        assert line in told.err
    assert (json.loads(told.out)["ok"], len(json.loads(told.out)["advice"])) == (False, 2)
    replaced("whosthat.workflow.library.status.verify_library", LibraryCheck((), False, (), (), 0, 9))
    assert main(["library", "family", "verify"]) == 0
    assert "The library is sound; 9 files checked." in capsys.readouterr().err


def test_forgetting(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    receipt = ForgottenPerson("Anna", "family", "2026-01-01T00:00:00+00:00", 3, 2, 5, 1, 4, 1, 5, (), 2, (), "The photos were not deleted.")
    replaced("whosthat.workflow.library.forgetting.forget", (receipt, Path("family/forgotten Anna.json")))
    assert main(["library", "family", "forget", "anna", "--json"]) == 0
    told = capsys.readouterr()
    assert "Anna was forgotten: 5 embeddings in 5 photos, 3 of which show nobody else." in told.err
    assert "Kept, because they show others too: 1 file whose path holds the name." in told.err
    assert json.loads(told.out)["guessed"] == 1
    call = replaced("whosthat.workflow.library.forgetting.forget_missing", ForgottenFiles(3, 2, 1, (Path("usb"),)))
    assert main(["library", "family", "forget", "--missing"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "Forgotten: 3 files, 2 photos, 1 face.",
        "usb is not there, or holds no photos. What the library knows of it stays.",
    ]
    assert main(["library", "family", "forget", "--missing", "photos/2009", "--json"]) == 0
    assert call.arguments == (Path("family"), "photos/2009")
    assert json.loads(capsys.readouterr().out)["away"] == ["usb"]
    assert main(["library", "family", "forget", "--json"]) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["library", "scan", "family"], "The library comes first: whosthat library family scan"),
        (["library", "family", "scam"], 'Did you mean "scan"?'),
        (["library", "family", "status"], "There is no library in"),
    ],
)
def test_mistakes_are_told(words: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert message in capsys.readouterr().err.replace("\n", " ")
