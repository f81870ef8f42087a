"""``whosthat people``: what it hands to the workflow, and what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from whosthat.cli.app import main
from whosthat.errors import DoubtError, WhichFaceError
from whosthat.recognition.gallery import EnrolledPhoto
from whosthat.types import Added, Box, Enrolled, SetAside
from whosthat.workflow.forgetting import Receipt
from whosthat.workflow.people_photos import EnrolledFaces, FaceOfPhoto
from whosthat.workflow.removing import Removed


def test_people_are_listed(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    replaced("whosthat.workflow.people.list_people", (Enrolled("ann", 12), Enrolled("bo", 3)))
    replaced("whosthat.workflow.people.how_searched", "An index finds the nearest.")
    assert main(["people", "bundle", "list"]) == 0
    told = capsys.readouterr()
    assert told.out.splitlines() == ["person  photos", "ann         12", "bo           3"]
    assert told.err.splitlines() == ["An index finds the nearest."]
    assert main(["people", "bundle", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0] == {"name": "ann", "photos": 12}


def test_adding_says_what_was_enrolled_and_what_not(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    added = Added("dee", ("dee/1.jpg",), (SetAside(Path("wall.jpg"), "no face was found"),), 0.5, ("Number 2 was enrolled.",))
    call = replaced("whosthat.workflow.people.add_person", added)
    assert main(["people", "bundle", "add", "dee", "1.jpg", "wall.jpg", "--anyway", "--face", "2"]) == 0
    told = capsys.readouterr().err
    assert "wall.jpg was not enrolled: no face was found." in told
    assert "1 photo of dee enrolled. The threshold is unchanged (distance 0.500)." in told
    assert call.arguments == (Path("bundle"), "dee", [Path("1.jpg"), Path("wall.jpg")])
    assert "Number 2 was enrolled." in told
    assert (call.options["anyway"], call.options["face"]) == (True, 2)


def test_removing_names_the_receipt(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    receipt = Receipt("ann", "bundle", "2026-01-01T00:00:00+00:00", 4, 4, ("photos.sqlite",), ("split.csv",))
    replaced("whosthat.workflow.removing.remove_person", Removed(receipt, Path("removed ann.json"), 0.5))
    assert main(["people", "bundle", "remove", "ann", "--json"]) == 0
    told = capsys.readouterr()
    assert "ann was removed: 4 embeddings deleted." in told.err
    assert "The receipt is removed ann.json." in told.err
    assert json.loads(told.out)["cache_files"] == ["photos.sqlite"]


def test_renaming(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    call = replaced("whosthat.workflow.people.rename_person", None)
    assert main(["people", "bundle", "rename", "ann", "anna"]) == 0
    assert call.arguments == (Path("bundle"), "ann", "anna")
    assert "ann is now called anna." in capsys.readouterr().err


def test_the_bundle_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["people", "list", "runs/latest"]) == 2
    assert "The bundle comes first: whosthat people runs/latest list" in capsys.readouterr().err
    assert main(["people", "bundle", "ad"]) == 2
    assert 'Did you mean "add"?' in capsys.readouterr().err


def test_the_photos_of_somebody(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    enrolled = (EnrolledPhoto("ann/1.jpg", "ab" * 32),)
    replaced("whosthat.workflow.people_photos.photos_of", enrolled)
    assert main(["people", "bundle", "photos", "ann"]) == 0
    assert "ann/1.jpg" in capsys.readouterr().out
    call = replaced("whosthat.workflow.people_photos.remove_photo", enrolled[0])
    assert main(["people", "bundle", "remove-photo", "ann", "1.jpg"]) == 0
    assert call.arguments == (Path("bundle"), "ann", "1.jpg")
    assert "ann/1.jpg is no longer enrolled" in capsys.readouterr().err


def test_choosing_a_face(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    faces = (FaceOfPhoto(1, Box(0, 0, 30, 40), "bo", False), FaceOfPhoto(2, Box(50, 0, 80, 40), None, True))
    call = replaced("whosthat.workflow.people_photos.choose_face", EnrolledFaces("ann", "ann/1.jpg", faces))
    assert main(["people", "bundle", "choose-face", "1.jpg", "--face", "2"]) == 0
    assert call.arguments == (Path("bundle"), Path("1.jpg"), 2)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["1", "0,", "0", "30", "x", "40", "bo"],
        ["2", "50,", "0", "30", "x", "40", "unknown", "ann"],
    ]


@pytest.mark.parametrize(
    ("error", "hint"), [(DoubtError("Somebody else.", "Enrol anyway."), "--anyway"), (WhichFaceError("Three."), "--face N")]
)
def test_the_option_that_answers_a_question(
    error: Exception, hint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("whosthat.workflow.people.add_person", Mock(side_effect=error))
    assert main(["people", "bundle", "add", "dee", "1.jpg"]) == 3
    assert hint in capsys.readouterr().err
