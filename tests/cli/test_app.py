"""The command line as a whole: first page, errors, exit codes, signals, speed of its imports."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from unittest.mock import Mock

import numpy as np
import pytest

from whosthat.cli import app
from whosthat.cli.app import main
from whosthat.cli.commands import COMMANDS
from whosthat.cli.lazy import Terminated, load_command
from whosthat.errors import BundleError, QualityError, TrainingInterruptedError, WhosthatError
from whosthat.photos import lettering
from whosthat.photos.drawing import save_image
from whosthat.translation import using
from whosthat.workflow import predict as predicting


def modules_after(*words: str) -> set[str]:
    """The modules that a fresh process has loaded after one command line."""
    program = f"import sys; from whosthat.cli.app import main; main({list(words)!r}); print('\\n' + ' '.join(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, encoding="utf-8")
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_the_first_page_names_every_command(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    page = capsys.readouterr().out
    assert all(f"  {name} " in page for name in COMMANDS)


def test_the_first_page_costs_no_import_of_typer() -> None:
    loaded = modules_after("--help")
    assert not {"typer", "rich", "numpy", "pydantic", "gettext"} & loaded


def test_a_commands_help_imports_no_other_command_and_nothing_heavy() -> None:
    loaded = modules_after("train", "--help")
    assert "whosthat.cli.doctor" not in loaded
    assert not {"rich", "numpy", "pydantic", "keras", "tensorflow"} & loaded


def test_predicting_loads_nothing_that_trains_or_draws_charts(save_colours: Callable[..., Path], tmp_path: Path) -> None:
    save_image(np.full((8, 8, 3), 200, np.uint8), tmp_path / "a.png")
    loaded = modules_after("predict", str(save_colours(tmp_path / "bundle")), str(tmp_path / "a.png"))
    assert "onnxruntime" in loaded
    assert not {"keras", "tensorflow", "sklearn", "scipy", "matplotlib", "h5py", "cv2", "rich"} & loaded


def test_a_missing_font_is_told_where_pictures_were_drawn(
    marked: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lettering, "no_chinese_font", lambda: "Install one.")
    monkeypatch.delitem(sys.modules, "matplotlib", raising=False)
    app._tell_of_missing_font()
    assert capsys.readouterr().err == ""
    monkeypatch.setitem(sys.modules, "matplotlib", ModuleType("matplotlib"))
    app._tell_of_missing_font()
    assert capsys.readouterr().err == "Install one.\n"
    monkeypatch.setattr(lettering, "no_chinese_font", lambda: "")
    app._tell_of_missing_font()
    with using("en"):
        app._tell_of_missing_font()
    assert capsys.readouterr().err == ""


def test_the_first_sentence_of_train_waits_for_no_heavy_import() -> None:
    program = (
        "import sys; from whosthat.cli import train; from whosthat.cli.app import main\n"
        "train.say = lambda *_: sys.exit(len({'numpy', 'pydantic', 'keras'} & sys.modules.keys()))\n"
        "main(['train', 'photos'])"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_an_example(name: str) -> None:
    command = load_command(name)
    for inner in getattr(command, "commands", {"": command}).values():
        assert "Examples:" in (inner.epilog or "")


def test_the_version_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert re.fullmatch(r"whosthat \d+\.\d+\.\d+\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["trian"], 'There is no command "trian". Did you mean "train"?'),
        (["train", "--epoch", "3"], 'There is no option --epoch. Did you mean "--epochs"? Read "whosthat train --help".'),
        (["--vresion"], 'There is no option --vresion. Did you mean "--version"?'),
        (["check"], None),
        (["untag"], None),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_right(words: list[str], message: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    told = capsys.readouterr().err
    assert "Traceback" not in told
    assert message is None or (told.startswith("Error: ") and message in told)


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (BundleError("There is no bundle."), 3, "Error: There is no bundle.\n"),
        (QualityError("Too low."), 4, "Error: Too low.\n"),
        (WhosthatError("\x1b[2Jgone"), 1, "Error: \\x1b[2Jgone\n"),
        (TrainingInterruptedError("Stopped after epoch 3.", signal.SIGINT), 130, "\nStopped after epoch 3.\n"),
        (KeyboardInterrupt(), 130, "\nStopped.\n"),
        (Terminated(), 143, "\nStopped.\n"),
        (OSError(28, "No space left on device", "a/b"), 1, "Error: The system refused: No space left on device (a/b).\n"),
        (MemoryError(), 1, "Error: There is not enough memory. Close other programs, or choose a smaller --size or --batch-size.\n"),
    ],
)
def test_every_error_is_one_block_with_its_exit_code(
    error: BaseException, code: int, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(predicting, "predict", Mock(side_effect=error))
    assert main(["predict", "bundle", "a.jpg"]) == code
    assert capsys.readouterr().err == told


def test_notes_of_an_interrupt_are_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    interrupt = KeyboardInterrupt()
    interrupt.add_note("Go on with --resume.")
    monkeypatch.setattr(predicting, "predict", Mock(side_effect=interrupt))
    assert main(["predict", "bundle", "a.jpg"]) == 130
    assert capsys.readouterr().err.endswith("Go on with --resume.\n")


def test_debugging_shows_where_an_error_arose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHOSTHAT_DEBUG", "1")
    monkeypatch.setattr(predicting, "predict", Mock(side_effect=BundleError("There is no bundle.")))
    with pytest.raises(BundleError, match="no bundle"):
        main(["predict", "bundle", "a.jpg"])


@pytest.mark.skipif(os.name == "nt", reason="Windows ends processes without a signal that they could handle")
def test_sigterm_ends_a_command_with_143(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predicting, "predict", lambda *_, **__: os.kill(os.getpid(), signal.SIGTERM))
    before = signal.getsignal(signal.SIGTERM)
    assert main(["predict", "bundle", "a.jpg"]) == 143
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no broken pipes of this kind")
def test_a_closed_pipe_is_nothing_to_talk_about() -> None:
    program = "from whosthat.cli.app import main; import sys; sys.exit(main(['models', 'list']))"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 1
    process.stderr.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows closes no stream of a program that it starts")
def test_a_stream_that_was_closed_is_nothing_to_talk_about() -> None:
    words = [sys.executable, "-c", "from whosthat.cli.app import main; import sys; sys.exit(main(['models', 'list']))"]
    done = subprocess.run(["sh", "-c", '"$@" >&-', "sh", *words], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert subprocess.run(["sh", "-c", '"$@" 2>&-', "sh", *words], capture_output=True, check=False).returncode == 0


def test_an_interrupt_before_the_command_begins_is_told_like_a_later_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(app, "choose_language", Mock(side_effect=KeyboardInterrupt))
    assert main(["models", "list"]) == 130
    assert capsys.readouterr().err == "\nStopped.\n"


def test_names_that_a_terminal_cannot_show_end_no_command(tmp_path: Path) -> None:
    program = "from whosthat.cli.app import main; import sys; sys.exit(main(['predict', sys.argv[1], 'a.jpg']))"
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "張")], capture_output=True, env=environment, check=False)
    assert done.returncode == 3
    assert b"\\u5f35" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        *(["predict", "nope", ""], ["predict", "nope", "a.jpg", "--sort", ""], ["predict", "nope", "a.jpg", "--draw="], ["check", ""]),
    ],
)
def test_an_empty_word_means_no_path(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert "is empty. Write a name there." in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        *(["train", "--resume", "nope"], ["report", "nope"], ["runs", "compare", "nope"], ["runs", "compare", "nope", "neither"]),
        *(["runs", "list", "--runs", "file"], ["train", "photos", "--custom", "nope.py"], ["train", "photos", "--custom", "file"]),
        *(["check", "photos", "--undo", "nope.csv"], ["models", "add", "nope.onnx"], ["people", "nope", "list", "--nope"]),
        *(["evaluate", "nope", "photos", "--min-accuracy", "nan"], ["train", "photos", "--min-accuracy", "inf"]),
    ],
)
def test_what_is_named_and_not_there_ends_with_2(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert main(words) == 2
    said = capsys.readouterr().err
    assert not {"[Errno", "{BUNDLE}"} & set(said.split())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_can_be_shown(shell: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"from whosthat.cli.app import main; main(['--show-completion', '{shell}'])"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
    )
    assert "_WHOSTHAT_COMPLETE" in done.stdout


def test_completion_knows_commands_and_options(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("_WHOSTHAT_COMPLETE", "complete_bash")
    for line, index, expected in [("whosthat tr", "1", "train"), ("whosthat train --ep", "2", "--epochs")]:
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", index)
        with pytest.raises(SystemExit, match="0"):
            main([])
        assert expected in capsys.readouterr().out


def test_nothing_is_searched_for_garbage_once_more_when_the_process_ends() -> None:
    program = (
        "import atexit, gc; from whosthat.cli.app import main\n"
        "atexit.register(lambda: print(gc.get_freeze_count() > 1000)); main(['--help'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, encoding="utf-8")
    assert done.stdout.endswith("True\n")
