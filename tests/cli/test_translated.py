"""Whole commands say nothing to people that goes around the translation."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from whosthat import translation
from whosthat.cli.app import main
from whosthat.cli.commands import COMMANDS

ENGLISH = re.compile(r"[A-Za-z]{2,}[,.:;)]? [a-z]{2,}")
COMMAND = re.compile(r"(whosthat|pip install|--model) [^⟦⟧\n]*")
"""What is copied to a terminal is not translated."""


class Bracketing:
    """A catalogue that puts every text into brackets."""

    def gettext(self, text: str) -> str:
        return f"⟦{text}⟧"

    def ngettext(self, one: str, many: str, n: int) -> str:
        return f"⟦{one if n == 1 else many}⟧"

    def pgettext(self, _context: str, text: str) -> str:
        return f"⟦{text}⟧"


@pytest.fixture
def untranslated(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., list[str]]:
    """Run a command, and return the lines in which it said something outside the brackets; it must end with one of the exit codes."""
    monkeypatch.setattr(translation, "_catalogue", lambda code: None if code == "en" else Bracketing())

    def run(*words: object, codes: tuple[int, ...] = (0,)) -> list[str]:
        capfd.readouterr()
        code = main([*map(str, words), "--lang", "zh_TW"])
        said = "".join(capfd.readouterr())
        assert code in codes, said
        return outside(said)

    return run


def outside(said: str) -> list[str]:
    """Return the lines that hold English words outside all brackets."""
    while (inner := re.sub(r"⟦[^⟦⟧]*⟧", "", said)) != said:
        said = inner
    return [line for line in COMMAND.sub("", said).splitlines() if ENGLISH.search(line)]


def test_what_lies_outside_the_brackets_is_found() -> None:
    assert outside("⟦All of ⟦12 photos⟧ were read.⟧\nsome more words ⟦here⟧") == ["some more words "]


@pytest.fixture
def photos(tmp_path: Path, draw_colours: Callable[..., Path]) -> Path:
    draw_colours(tmp_path / "photos", each=16, n_colours=3, side=24)
    (tmp_path / "photos" / "red" / "16.png").write_bytes((tmp_path / "photos" / "red" / "0.png").read_bytes())
    (tmp_path / "photos" / "red" / "17.png").write_bytes((tmp_path / "photos" / "green" / "0.png").read_bytes())
    (tmp_path / "photos" / "blue" / "18.png").write_bytes(b"no photo")
    (tmp_path / "photos" / "blue" / "notes.txt").write_text("a note")
    (tmp_path / "photos" / "blue" / "clip.mp4").write_bytes(b"")
    return tmp_path / "photos"


@pytest.mark.usefixtures("two_threads")
def test_a_run_from_its_photos_to_its_answers(photos: Path, tmp_path: Path, untranslated: Callable[..., list[str]]) -> None:
    runs, run = tmp_path / "runs", tmp_path / "runs" / "latest"
    small = ("--model", "cnn6", "--size", 48, "--epochs", 2, "--runs", runs)
    assert untranslated("check", photos, codes=(0, 3)) == []
    assert untranslated("check", photos, "--html", tmp_path / "check.html", codes=(0, 3)) == []
    assert untranslated("train", photos, *small) == []
    assert untranslated("train", photos, *small, "--note", "once", "--min-accuracy", 1.0, codes=(0, 4)) == []
    assert untranslated("predict", run, photos / "red" / "1.png") == []
    assert untranslated("predict", run, photos, "--draw", tmp_path / "drawn", codes=(0, 3)) == []
    assert untranslated("evaluate", run, photos, codes=(0, 3)) == []
    assert untranslated("runs", "list", "--runs", runs) == []
    assert untranslated("runs", "compare", runs / "photos-cnn6-1", runs / "photos-cnn6-2", "--html", tmp_path / "diary.html") == []
    assert untranslated("report", run) == []
    assert untranslated("export", run, "--out", tmp_path / "net.onnx") == []
    for page in (tmp_path / "check.html", tmp_path / "diary.html", run / "report.html"):
        text = re.sub(r"<(style|script|code|pre)[^>]*>.*?</\1>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert outside(re.sub(r"<[^>]*>", "\n", text)) == [], page.name


@pytest.mark.parametrize(
    "words",
    [
        ["train"],
        ["trian"],
        ["train", "nowhere"],
        ["train", "nowhere", "--model", "cnn7"],
        ["train", "nowhere", "--epochs", "many"],
        ["train", "nowhere", "--set", "batchsize=3"],
        ["train", "--no-such-option"],
        ["predict", "nowhere", "nothing.jpg"],
        ["compare", "nowhere", "cnn6", "--vary", "epochs=0,1"],
        ["models", "show", "cnn7"],
        ["runs", "compare", "nowhere"],
        ["people", "nowhere"],
        ["evaluate", "nowhere", "nothing"],
    ],
    ids=" ".join,
)
def test_what_goes_wrong(words: list[str], untranslated: Callable[..., list[str]]) -> None:
    assert untranslated(*words, codes=(2, 3)) == []


@pytest.mark.parametrize(
    "words", [["models", "list"], ["models", "show", "cnn6", "--layers"], ["models", "show", "dlib-resnet"], ["doctor"]], ids=" ".join
)
def test_what_is_there(words: list[str], untranslated: Callable[..., list[str]]) -> None:
    assert untranslated(*words, codes=(0, 1)) == []


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(command: str, untranslated: Callable[..., list[str]]) -> None:
    assert untranslated(*command.split(), "--help") == []
