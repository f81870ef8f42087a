"""``whosthat people``: what it hands to the workflow, and what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from whosthat.cli.app import main
from whosthat.types import SetAside
from whosthat.workflow.forgetting import Receipt
from whosthat.workflow.people import Added, Enrolled, Removed


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
    replaced("whosthat.workflow.people.remove_person", Removed(receipt, Path("removed ann.json"), 0.5))
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
