from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from whosthat.cli import serve
from whosthat.cli.app import main


def test_without_its_packages_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(serve, "find_spec", lambda name: None if name == "uvicorn" else object())
    assert main(["serve", "runs/latest"]) == 2
    assert 'pip install "whosthat[server]"' in capsys.readouterr().err


def test_other_computers_without_a_token_are_refused_before_anything_is_opened(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "not here", "--host", "0.0.0.0", "--no-token"]) == 2
    assert "Leave out --no-token" in capsys.readouterr().err


def test_a_bundle_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", str(tmp_path / "nothing")]) == 3
    assert "There is no bundle" in capsys.readouterr().err


def test_no_other_command_imports_the_service() -> None:
    program = (
        "import sys; from whosthat.cli import app, lazy, predict, serve; print({'fastapi', 'uvicorn', 'starlette'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("words", [["--port", "65536"], ["--queue", "0"], ["--max-mib", "0"], ["--max-photos", "1001"]])
def test_numbers_have_limits(words: list[str], capsys: Any) -> None:
    assert main(["serve", "runs/latest", *words]) == 2
    assert "range" in capsys.readouterr().err
