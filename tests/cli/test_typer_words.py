"""What typer says, in Chinese: help pages that fit, and errors without a word of English."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from whosthat import translation
from whosthat.cli import typer_words
from whosthat.cli.app import main
from whosthat.cli.commands import COMMANDS
from whosthat.cli.lazy import load_command
from whosthat.cli.output import cell_width

LONG = "這個資料夾裡每個人或每個類別一個資料夾，照片可以是彩色或灰階；讀不了的檔案會列出（並且略過），" * 2
WORDS = {
    "Usage: {command}": "用法：{command}",
    "{heading}:": "{heading}：",
    "Arguments": "引數",
    "Options": "選項",
    "Commands": "指令",
    "Examples:": "範例：",
    "default: {default}": "預設：{default}",
    "required": "必填",
    "Show this message and exit.": "顯示這份說明後結束。",
    "Output": "輸出",
    "Look for trouble in a folder of photos.": "檢查照片資料夾有什麼問題。",
    "Folder that holds one folder of photos for each person or class; s3://bucket/folder, too.": LONG,
    "Error: {message}": "錯誤：{message}",
    '{message} Read "{command} --help".': "{message}請看「{command} --help」。",
    "Invalid value for {name}: {reason}": "{name} 的值不對：{reason}",
}
COMPLAINTS = {
    text: re.sub(r"[A-Za-z]+ ", "", re.sub(r"\w+(?![^{]*\})", "字", text))
    for text in (*typer_words._COMPLAINTS, *typer_words._NUMBERS.values())
}

Catalogue = Callable[[Mapping[str, str] | bytes], Path]


def page(command: Any) -> str:
    return str(command.get_help(command.context_class(command, info_name="whosthat", **command.context_settings, terminal_width=60)))


def test_a_help_page_is_chinese_and_fits(catalogue: Catalogue) -> None:
    catalogue(WORDS)
    with translation.using("zh_TW"):
        lines = page(load_command("check")).splitlines()
    assert lines[0] == "用法：whosthat [OPTIONS] {PHOTOS}"
    assert lines[2] == "  檢查照片資料夾有什麼問題。"
    assert {"引數：", "選項：", "  範例："} <= set(lines)
    assert "  -h, --help            顯示這份說明後結束。" in lines
    assert any(line.endswith("[預設：auto]") for line in lines)
    start = lines.index("引數：") + 1
    of_photos = lines[start : lines.index("選項：") - 1]
    assert all(cell_width(line) <= 60 for line in of_photos)
    assert all(cell_width(line) >= 54 for line in of_photos[:-2])
    assert "".join(line.removeprefix("  PHOTOS").strip() for line in of_photos) == f"{LONG}  [必填]"


def test_the_next_page_can_be_english_again(catalogue: Catalogue) -> None:
    before = page(load_command("train"))
    catalogue(WORDS)
    with translation.using("zh_TW"):
        assert "輸出：" in page(load_command("train"))
    assert page(load_command("train")) == before
    assert "\nOutput:\n" in before


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_text_is_looked_up(name: str, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = set()
    monkeypatch.setattr(typer_words, "_", lambda text, **values: asked.add(text) or text.format(**values))
    command = load_command(name)
    for one in [command, *getattr(command, "commands", {}).values()]:
        assert {*one.help.split("\n\n"), *(parameter.help for parameter in one.params)} <= asked
        assert all(parameter.help for parameter in one.params)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["predict", "bundle"], "Missing argument 'PATH'."),
        (["models", "activations", "bundle", "a.jpg"], "Missing option '--draw'."),
        (["train", "photos", "--epochs", "many"], "Invalid value for '--epochs': 'many' is not a whole number."),
        (["train", "photos", "--min-accuracy", "much"], "Invalid value for '--min-accuracy': 'much' is not a number."),
        (["check", "photos", "--frames", "x"], "Invalid value for '--frames': 'x' is not a whole number."),
        (["check", "photos", "--frames", "1"], "Invalid value for '--frames': 1 is not in the range x>=2."),
        (["train", "a", "--learning-rate", "x"], "Invalid value for '--learning-rate': 'x' is not a number."),
        (["models", "add", "nope.onnx"], "Invalid value for 'FILE': File 'nope.onnx' does not exist."),
        (["models", "add", "."], "Invalid value for 'FILE': File '.' is a directory."),
        (["runs", "lst"], "No such command 'lst'. Did you mean 'list'?"),
        (["runs", "zzz"], "No such command 'zzz'."),
        (["doctor", "a", "b"], "Got unexpected extra argument(s) (a b)."),
        (["train", "photos", "--epochs"], "Option '--epochs' requires an argument."),
        (["doctor", "--json=1"], "Option '--json' does not take a value."),
    ],
)
def test_what_is_wrong_is_said_in_plain_english_and_whole_in_chinese(
    words: list[str], message: str, catalogue: Catalogue, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    english = capsys.readouterr().err
    assert english.startswith(f"Error: {message}")
    catalogue({**WORDS, **COMPLAINTS})
    assert main([*words, "--lang", "zh_TW"]) == 2
    chinese = capsys.readouterr().err
    assert chinese.startswith("錯誤：")
    assert not re.search(r"[A-Za-z]{3,}", re.sub(r"'[^']*'|「[^」]*」|\([a-z ]+\)", "", chinese))


def test_what_typer_quotes_stands_in_the_quotes_of_the_language() -> None:
    said = "Invalid value for '--epochs': 'many' is not a valid int."
    assert typer_words.complaint(said) == "Invalid value for '--epochs': 'many' is not a whole number."
    with translation.using("zh_TW"):
        assert typer_words.complaint(said) == "「--epochs」的值不對：「many」不是整數。"
