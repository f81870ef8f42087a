"""docs/reference.md keeps its promise: the commands on it run, in their order, on drawn photos with tiny settings."""

from __future__ import annotations

import itertools
import re
import shlex
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from whosthat.cartoons import HEROES, draw_photo_folder
from whosthat.cli.app import main

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
BLOCKS = "\n".join(re.findall(r"^```\n(.*?)^```$", PAGE, re.M | re.S))
COMMANDS = re.findall(r"^whosthat (.+)$", BLOCKS, re.M)
MEASURED = re.findall(r"^python -m benchmarks\.reference_leak (.+)$", BLOCKS, re.M)
TINY = ["--epochs", "1", "--size", "42", "--batch-size", "8"]
NO_WEIGHTS = ("reference-vgg16", "resnet50")
"""Recipes and networks that start from published weights, which are not here."""


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory, old_keras: ModuleType) -> Path:
    """The two folders that the page speaks of, and the weights."""
    folder = tmp_path_factory.mktemp("reference")
    draw_photo_folder(folder / "photos", photos_each=9, names=HEROES[:3], size=80)
    draw_photo_folder(folder / "test_images", photos_each=1, seed=5, names=HEROES[:3], size=80)
    old_keras.write(folder / "weights_6conv.hdf5")
    return folder


def trained_anew(words: list[str]) -> str:
    """What a command trains on what: photos, network or recipe, and weights; nothing for the other commands."""
    named = [following for word, following in itertools.pairwise(words) if word in ("--model", "--recipe", "--weights")]
    return " ".join([words[1], *named]) if named else ""


def tiny(words: list[str]) -> list[str]:
    """The same training on next to nothing."""
    what = trained_anew(words)
    if not what:
        return words
    return [*words, *TINY, *(["--weights", "none"] if what.endswith(NO_WEIGHTS) else [])]


def test_every_command_of_the_page_runs(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recipe that is on the page several times is trained the first time; after that its settings are read and checked."""
    monkeypatch.chdir(photos)
    opened: list[Any] = []
    monkeypatch.setattr("whosthat.desktop.window.open_window", lambda bundle, _runs: opened.append(bundle))
    trained: set[str] = set()
    for command in COMMANDS:
        words = shlex.split(command)
        what = trained_anew(words)
        if what in trained:
            assert_can_be_trained(words)
        else:
            assert main(tiny(words)) == 0, command
        trained |= {what} - {""}
    assert {f"photos {path.stem}" for path in (ROOT / "src/whosthat/training/recipes").glob("reference-*")} <= trained
    assert "dataset/dataset.h5 cnn6" in trained
    assert opened == [Path("runs/latest")]
    assert len(list((photos / "drawn").iterdir())) == 4  # three photos and a contact sheet


def assert_can_be_trained(words: list[str]) -> None:
    """The photos are looked at and split, and the recipe is checked, as before every training."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("whosthat.workflow.train.new_run", stop)
        with pytest.raises(StoppedError):
            main(words)


class StoppedError(Exception):
    """Training would begin now."""


def stop(*_: Any, **__: Any) -> None:
    raise StoppedError


@pytest.mark.parametrize("page", ["reference", "networks", "experiments"])
def test_the_chinese_page_has_the_same_commands_and_pictures(page: str) -> None:
    def kept(path: Path) -> tuple[list[str], list[str], int]:
        text = re.sub(r"^```toml\n.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
        commands = re.findall(r"^```\n(.*?)^```$", text, re.M | re.S)
        return [re.sub(r" +# .*", "", block) for block in commands], re.findall(r"pictures/(?:zh-TW/)?(\S+)\)", text), text.count("\n|")

    assert kept(ROOT / "docs" / f"{page}.md") == kept(ROOT / "docs" / "zh-TW" / f"{page}.md")


def test_the_chinese_page_tells_the_same_figures() -> None:
    """Row by row of its tables, so that no figure of either page changes alone."""
    pages = [PAGE, (ROOT / "docs" / "zh-TW" / "reference.md").read_text(encoding="utf-8")]
    figures = [[re.findall(r"\d\.\d+", line) for line in page.splitlines() if line.startswith("|")] for page in pages]
    assert figures[0] == figures[1]


def test_the_page_names_every_network_of_the_reference() -> None:
    shown = {command.removeprefix("models show ") for command in COMMANDS if command.startswith("models show ")}
    assert shown >= {"cnn6", "vgg16", "vgg16-bn1", "cnn-lstm", "resnet50", "custom"}


@pytest.mark.parametrize("command", MEASURED)
def test_the_leak_is_measured_by_the_commands_of_the_page(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What they train takes hours; here only the words of the command line are read."""
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import reference_leak

    asked: list[Any] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["reference_leak", *shlex.split(command)])
    monkeypatch.setattr(reference_leak, "make_split", lambda *_: None)
    monkeypatch.setattr(reference_leak, "load", lambda *_: reference_leak.Photos(None, [], None, ()))
    monkeypatch.setattr(reference_leak, "run", lambda *arguments: asked.append(arguments) or {})
    reference_leak.main()
    recipe, _, leaky, _, epochs = asked[0]
    assert (recipe["optimiser"]["learning_rate"], leaky, epochs) == (0.005, "--leaky" in command, 200)


def test_the_page_and_the_results_tell_the_same_figures() -> None:
    """The page shows two digits of what the results hold."""
    results = (ROOT / "docs" / "RESULTS.md").read_text(encoding="utf-8").partition("## The reference's leak")[2]
    rows = {
        ("cnn6", "0.005"): "cnn6, SGD 0.005",
        ("cnn6", "0.001"): "cnn6, SGD 0.001",
        ("cnn6", "0.02"): "cnn6, SGD 0.02",
        ("vgg16-bn1", "0.02"): "vgg16-bn1",
        ("cnn-lstm", "0.01"): "cnn-lstm",
    }
    for (name, rate), begins in rows.items():
        measured = re.findall(rf"^\| reference-{name}, {re.escape(rate)}, seed .*$", results, re.M)
        cells = [[float(cell.split()[0]) for cell in line.split("|")[2:6]] for line in measured]
        shown = next(line for line in PAGE.splitlines() if line.startswith(f"| {begins}"))
        told = [[float(figure) for figure in re.findall(r"[01]\.\d\d", cell)] for cell in shown.split("|")[2:6]]
        assert told == [pytest.approx(list(column), abs=0.0051) for column in zip(*cells, strict=True)], begins
