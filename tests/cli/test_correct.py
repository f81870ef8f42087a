"""``whosthat correct``: what it hands to the workflow, and what it says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from whosthat.cli.app import main
from whosthat.errors import DoubtError, NameTakenError, WhichFaceError
from whosthat.library.facts import Fact, How, What
from whosthat.types import Box
from whosthat.workflow.library.answering import Answered, ChangedAnswer
from whosthat.workflow.library.correcting import Corrected, Correction
from whosthat.workflow.library.faces import FaceAnswer, LibraryPhoto
from whosthat.workflow.library.recogniser import Effect, Learnt

PHOTO = "ab" * 32
CHANGED = (ChangedAnswer(PHOTO, 2, None, "Anna", Path("beach.jpg")), ChangedAnswer(PHOTO, 1, "Anna", "Tom"))


def fact(number: int, what: What = "is", person: str | None = "Anna", how: How = "face", undone_at: float | None = None) -> Fact:
    return Fact(number, 1e9, PHOTO, Box(0, 0, 1, 1), what, person, how, enrolled=what == "is", undone_at=undone_at)


def test_what_changed_is_told(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    call = replaced(
        "whosthat.workflow.library.correcting.correct", Corrected((fact(7),), Answered(50, 12, CHANGED), is_new=True, notes=("Chosen.",))
    )
    assert main(["correct", "lib", "beach.jpg", "--face", "2", "--is", "Anna", "--enrol"]) == 0
    assert call.arguments == (Path("lib"), "beach.jpg", "is", "Anna")
    assert call.options == {"face": 2, "enrol": True, "anyway": False}
    told = capsys.readouterr()
    assert told.err.splitlines() == ["Correction 7: this is Anna.", "Anna is new in this library.", "Chosen.", "12 answers changed."]
    assert [line.split() for line in told.out.splitlines()[1:]] == [["beach.jpg", "2", "unknown", "Anna"], [PHOTO, "1", "Anna", "Tom"]]
    assert main(["correct", "lib", "beach.jpg", "--no-face", "--json"]) == 0
    assert call.arguments == (Path("lib"), "beach.jpg", "no_face", None)
    assert json.loads(capsys.readouterr().out)["answered"]["changed"] == 12


def test_harm_is_told_with_numbers_and_a_way_out(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    learnt = Learnt(2, 121, left_out=3, is_new=True, notes=("In cross-validation, 97 %.", "A face gets a name."))
    done = Corrected((fact(7),), Answered(50, 0), learnt, Effect(7, "Anna", 110, 118, 120, "Tom"))
    replaced("whosthat.workflow.library.correcting.correct", done)
    assert main(["correct", "lib", "beach.jpg", "--is", "Anna", "--enrol"]) == 0
    told = capsys.readouterr().err
    assert "2 people, 121 faces" in told
    assert "did not learn from 3 faces" in told
    assert "Of 120 faces that it learnt from besides, 110 are answered right in cross-validation, and 118 without this one." in told
    assert "would sooner be Tom" in told
    assert "harm" in told
    assert "whosthat correct lib --undo 7" in told
    replaced("whosthat.workflow.library.correcting.correct", replace(done, effect=Effect(7, "Anna", 118, 118, 120, "Tom")))
    assert main(["correct", "lib", "beach.jpg", "--is", "Anna", "--enrol"]) == 0
    doubted = capsys.readouterr().err
    assert "would sooner be Tom" in doubted
    assert "harm" not in doubted
    replaced("whosthat.workflow.library.correcting.correct", replace(done, effect=Effect(7, "Anna", 117, 118, 120, "Anna")))  # chance
    assert main(["correct", "lib", "beach.jpg", "--is", "Anna", "--enrol"]) == 0
    assert "harm" not in capsys.readouterr().err


def test_the_faces_of_a_photo(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    replaced(
        "whosthat.workflow.library.faces.photo_in",
        LibraryPhoto("ab", (90, 60), (), (FaceAnswer(1, Box(0, 5, 30, 45), "Anna", 1.0, "fact"),)),
    )
    assert main(["correct", "lib", "beach.jpg"]) == 0
    told = capsys.readouterr()
    assert told.out.splitlines()[1].split() == ["1", "0,", "5", "30", "x", "40", "Anna", "you", "said", "so"]
    assert "1 face in beach.jpg" in told.err


def test_the_list_with_what_harms(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    listed = (
        Correction(replace(fact(13), what="merged", photo="", was="Ana"), 1, None, None, Box(0, 0, 0, 0)),
        Correction(fact(12, how="metadata"), 6, Path("sea.jpg"), 1, Box(0, 5, 30, 45)),
        Correction(fact(9, "is_not", "Tom"), 1, Path("beach.jpg"), 2, Box(0, 5, 30, 45)),
        Correction(fact(8, "no_face", None, undone_at=2e9), 1, None, None, Box(0, 5, 30, 45)),
        Correction(fact(3, how="group"), 40, Path("party.jpg"), 1, Box(0, 5, 30, 45), Effect(3, "Anna", 5, 9, 10, None)),
    )
    replaced("whosthat.workflow.library.correcting.corrections", listed)
    assert main(["correct", "lib", "--list"]) == 0
    told = capsys.readouterr()
    lines = told.out.splitlines()[1:]
    assert [line.split()[0] for line in lines] == ["13", "12", "9", "8", "3"]
    assert lines.pop(0).split()[3:] == ["1", "face", "Ana", "and", "Anna", "are", "one", "person"]
    assert "6 faces named in other programs" in lines.pop(0)
    assert "not Tom" in lines[0]
    assert "no face (taken back)" in lines[1]
    assert "40 faces of groups" in lines[2]
    assert "5 corrections." in told.err
    assert "Correction 3:" in told.err
    assert "harm" in told.err
    assert main(["correct", "lib", "--list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[4]["effect"]["without_it"] == 9


def test_taking_back_and_bringing_back(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    undo = replaced("whosthat.workflow.library.correcting.undo_correction", Corrected((fact(7, undone_at=2e9),) * 3, Answered(50, 1)))
    assert main(["correct", "lib", "--undo"]) == 0
    assert undo.arguments == (Path("lib"), None)
    assert capsys.readouterr().err.splitlines() == ["Correction 7 was taken back.", "The same holds for 2 faces more.", "1 answer changed."]
    assert main(["correct", "lib", "--undo", "12"]) == 0
    assert undo.arguments == (Path("lib"), 12)
    redo = replaced("whosthat.workflow.library.correcting.redo_correction", Corrected((fact(7),), Answered(50, 1)))
    assert main(["correct", "lib", "--redo", "12"]) == 0
    assert redo.arguments == (Path("lib"), 12)
    assert main(["correct", "lib", "--undo", "beach.jpg"]) == 2
    assert main(["correct", "lib", "--undo", "9" * 40]) == 2


def test_renaming_asks_before_it_merges(
    replaced: Any, terminal: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rename = replaced("whosthat.workflow.library.correcting.rename_in_library", Corrected((), Answered(50, 4)))
    assert main(["correct", "lib", "--rename", "ana=anna"]) == 0
    assert (rename.arguments, rename.options) == ((Path("lib"), "ana", "anna"), {"merge": False})

    def taken(*given: Any, merge: bool) -> Any:
        if not merge:
            raise NameTakenError("Make one person of ana and anna?")
        return rename(*given, merge=merge)

    monkeypatch.setattr("whosthat.workflow.library.correcting.rename_in_library", taken)
    assert main(["correct", "lib", "--rename", "ana=anna"]) == 2
    assert "--merge" in capsys.readouterr().err
    assert main(["correct", "lib", "--rename", "ana=anna", "--merge"]) == 0
    assert rename.options == {"merge": True}
    for answer, merged in (("y\n", True), ("n\n", None)):
        rename.options = {}
        terminal("stdin", typed=answer)
        assert main(["correct", "lib", "--rename", "ana=anna"]) == 0
        assert rename.options.get("merge") is merged
    assert "Nothing was changed." in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["beach.jpg", "--is", "Anna", "--nobody"],
        ["--list", "--undo"],
        ["--rename", "anna"],
        ["--is", "Anna"],
        ["--rename", "=x"],
        ["--merge"],
        ["beach.jpg", "--enrol"],
        ["--undo", "--face", "2"],
        ["beach.jpg", "--list"],
        ["beach.jpg", "--rename", "ana=anna"],
    ],
)
def test_what_does_not_go_together_is_refused(words: list[str], tmp_path: Path) -> None:
    assert main(["correct", str(tmp_path), *words]) == 2


@pytest.mark.parametrize(("error", "hint"), [(DoubtError("Bo?", "Enrol anyway."), "--anyway"), (WhichFaceError("Three."), "--face N")])
def test_the_option_that_answers_a_question(
    error: Exception, hint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("whosthat.workflow.library.correcting.correct", Mock(side_effect=error))
    assert main(["correct", "lib", "1.jpg", "--is", "Anna"]) == 3
    assert hint in capsys.readouterr().err
