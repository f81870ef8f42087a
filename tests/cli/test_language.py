"""Which language the command line speaks, and that it always speaks one."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from whosthat import translation
from whosthat.cli import language
from whosthat.cli.app import main
from whosthat.errors import BundleError
from whosthat.workflow import predict as predicting

Catalogue = Callable[[Mapping[str, str] | bytes], Path]

TEXTS = {
    "Commands:": "指令：",
    'There is no language "{name}". {choice}': "沒有「{name}」這種語言。{choice}",
    "Error: {message}": "錯誤：{message}",
    "Check this installation.": "檢查這次安裝。",
    "Show this message and exit.": "顯示這份說明後結束。",
}


@pytest.fixture(autouse=True)
def no_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("WHOSTHAT_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize(
    ("words", "variable", "locale", "chinese"),
    [
        (["--help", "--lang", "zh_TW"], "", "en_US.UTF-8", True),
        (["--lang=zh-tw", "--help"], "en", "en_US.UTF-8", True),
        (["--lang", "zh_TW"], "", "", True),
        (["--help"], "zh_TW", "en_US.UTF-8", True),
        (["--help"], "", "zh_TW.UTF-8", True),
        (["--help"], "", "fr_FR.UTF-8", False),
        (["--help"], "", "", False),
        (["--lang", "en", "--help"], "zh_TW", "zh_TW.UTF-8", False),
        (["--help"], "en", "zh_TW.UTF-8", False),
        (["--lang", "zh_TW", "--help", "--lang", "en"], "", "", False),
    ],
)
def test_the_words_come_first_then_the_variable_then_the_locale(
    words: list[str],
    variable: str,
    locale: str,
    chinese: bool,
    catalogue: Catalogue,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    catalogue(TEXTS)
    monkeypatch.setenv("WHOSTHAT_LANG", variable)
    monkeypatch.setenv("LANG", locale)
    assert main(words) == 0
    page = capsys.readouterr()
    assert ("指令：" in page.out, "Commands:" in page.out) == (chinese, not chinese)
    assert page.err == ""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--lang", "xx", "doctor"], 'There is no language "xx". Choose one of: en, zh_TW.'),
        (["doctor", "--lang=zh_CN"], 'There is no language "zh_CN". Did you mean "zh_TW"?'),
        (["doctor", "--lang"], "Write a language behind --lang. Choose one of: en, zh_TW."),
        (["doctor", "--lang="], "Write a language behind --lang. Choose one of: en, zh_TW."),
    ],
)
def test_a_language_that_there_is_not_is_wrong_usage(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err == f"Error: {told}\n"


def test_so_is_one_in_the_environment_and_it_is_said_in_the_users_language(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    catalogue(TEXTS)
    monkeypatch.setenv("WHOSTHAT_LANG", "tlh")
    monkeypatch.setenv("LANG", "zh_TW.UTF-8")
    assert main(["doctor"]) == 2
    assert capsys.readouterr().err.startswith("錯誤：沒有「tlh」這種語言。")


def test_behind_two_dashes_the_words_are_names() -> None:
    with language.language_restored():
        words = ["predict", "bundle", "--lang", "en", "--", "--lang", "xx"]
        assert language.choose_language(words) == ["predict", "bundle", "--", "--lang", "xx"]


@pytest.mark.parametrize("variable", [None, "en", "zh_TW"])
def test_the_process_gets_its_language_back(
    variable: str | None, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    catalogue(TEXTS)
    if variable is not None:
        monkeypatch.setenv("WHOSTHAT_LANG", variable)
    before = translation.language()
    main(["--help", "--lang", "zh_TW"])
    main(["--lang", "xx"])
    assert (translation.language(), os.environ.get("WHOSTHAT_LANG")) == (before, variable)


def test_also_after_an_error_that_is_not_caught(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue(TEXTS)
    seen = []

    def fail(*_arguments: Any, **_options: Any) -> None:
        seen.append((translation.language(), os.environ["WHOSTHAT_LANG"]))
        raise BundleError("no bundle")

    monkeypatch.setenv("WHOSTHAT_DEBUG", "1")
    monkeypatch.setattr(predicting, "predict", fail)
    with pytest.raises(BundleError):
        main(["predict", "bundle", "a.jpg", "--lang", "zh_TW"])
    assert seen == [("zh_TW", "zh_TW")]
    assert translation.language() == "en"


DAMAGED = "whosthat speaks English, because the catalogue of zh_TW is missing or damaged.\n"


def test_without_a_catalogue_it_speaks_english_and_says_so_once(catalogue: Catalogue, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list", "--lang", "zh_TW"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("name")
    assert told.err == DAMAGED


def test_a_catalogue_that_ends_anywhere_is_no_reason_to_end(catalogue: Catalogue, capsys: pytest.CaptureFixture[str]) -> None:
    folder = catalogue({"Commands:": "指令："})
    whole = (folder / "zh_TW" / "LC_MESSAGES" / "whosthat.mo").read_bytes()
    for length in range(len(whole)):
        catalogue(whole[:length])
        assert main(["--lang", "zh_TW"]) == 0
        told = capsys.readouterr()
        assert "Commands:" in told.out or not told.err
        assert told.err in ("", DAMAGED)
        assert length > len(whole) - 3 or told.err


@pytest.mark.parametrize("damage", [(16, b"\xff\xff\xff\xff"), (0, b"PK\x03\x04"), (-6, b"\xff\xfe\xff"), (8, b"\xff\x00\x00\x00")])
def test_a_catalogue_of_other_bytes_neither(damage: tuple[int, bytes], catalogue: Catalogue, capsys: pytest.CaptureFixture[str]) -> None:
    folder = catalogue({"Commands:": "指令："})
    content = bytearray((folder / "zh_TW" / "LC_MESSAGES" / "whosthat.mo").read_bytes())
    place = damage[0] % len(content)
    content[place : place + len(damage[1])] = damage[1]
    catalogue(bytes(content))
    assert main(["--lang", "zh_TW"]) == 0
    told = capsys.readouterr()
    assert "Commands:" in told.out
    assert told.err == DAMAGED


@pytest.mark.parametrize("narrow", ["stdout", "stderr"])
def test_where_chinese_cannot_be_shown_it_speaks_english_and_says_so_once(
    narrow: str, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue(TEXTS)
    streams = {name: io.TextIOWrapper(io.BytesIO(), "ascii" if name == narrow else "utf-8") for name in ("stdout", "stderr")}
    for name, stream in streams.items():
        monkeypatch.setattr(sys, name, stream)
    assert main(["--lang", "zh_TW"]) == 0
    streams["stdout"].flush()
    assert b"Commands:" in streams["stdout"].buffer.getvalue()  # type: ignore[attr-defined]
    said = streams["stderr"].buffer.getvalue()  # type: ignore[attr-defined]
    assert said == b"whosthat speaks English, because zh_TW cannot be shown in the encoding ascii.\n"


def test_who_asked_for_english_hears_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream := io.TextIOWrapper(io.BytesIO(), "ascii"))
    assert main(["--lang", "en"]) == 0
    assert stream.buffer.getvalue() == b""  # type: ignore[attr-defined]


@pytest.mark.parametrize(("words", "typer"), [(["--help"], False), (["doctor", "--help"], True)])
def test_a_process_of_its_own_shows_help_in_chinese(words: list[str], typer: bool, catalogue: Catalogue) -> None:
    program = (
        "import sys; from pathlib import Path; from whosthat import translation\n"
        f"translation.CATALOGUES = Path({str(catalogue(TEXTS))!r})\n"
        f"from whosthat.cli.app import main; code = main({words!r}); sys.stderr.write(str('typer' in sys.modules)); sys.exit(code)"
    )
    environment = {**os.environ, "LANG": "zh_TW.UTF-8", "PYTHONUTF8": "1"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, encoding="utf-8", env=environment, check=True)
    assert "檢查這次安裝。" in done.stdout
    assert ("顯示這份說明後結束。" in done.stdout) == typer
    assert done.stderr == str(typer)
