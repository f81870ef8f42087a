"""``whosthat untag``: what is called, said and refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from whosthat.cli.app import main
from whosthat.workflow.untagging import Untagged


def test_it_says_what_was_done_and_what_stays(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    called = replaced("whosthat.workflow.untagging.untag", Untagged(2))
    assert main(["untag", "anna", "holiday", "beach.jpg"]) == 0
    assert called.arguments == ("anna", [Path("holiday"), Path("beach.jpg")])
    assert "The name was taken out of 2 files." in capsys.readouterr().err
    called.result = Untagged(0, ["a.xmp may hold the name: it is read-only."])
    assert main(["untag", "anna", "holiday", "--json"]) == 3
    told = capsys.readouterr()
    assert "a.xmp may hold the name: it is read-only." in told.err
    assert json.loads(told.out)["kept"] == ["a.xmp may hold the name: it is read-only."]
