"""The smaller commands: what they hand to the workflow, and what they show."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whosthat.cartoons import draw_photo_folder
from whosthat.cli.app import main
from whosthat.cli.help_pages import markdown
from whosthat.evaluation.experiments import Row, side_by_side
from whosthat.evaluation.metrics import Evaluation
from whosthat.networks import registry
from whosthat.proportions import Interval
from whosthat.runs.folders import RunSummary
from whosthat.workflow.evaluate import StrangerTest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "commands.md"


def test_the_page_of_commands_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == markdown(), "run: make docs"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    draw_photo_folder(tmp_path / "photos", photos_each=2, names=("kid_kettle", "madame_moth"), size=80)
    (tmp_path / "photos" / "kid_kettle" / "broken.jpg").write_bytes(b"")
    return tmp_path / "photos"


def test_check_shows_counts_what_was_set_aside_and_findings(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(photos)]) == 0
    told = capsys.readouterr().out
    assert "madame_moth       2" in told
    assert "4 photos of 2 classes can be used; 1 file set aside." in told
    assert "broken.jpg (the file is empty)" in told
    assert "Warning: " in told


def test_check_as_json(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(photos), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["n_photos"] == 4
    assert len(document["set_aside"]) == 1


def test_a_folder_that_is_not_there_is_bad_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "nowhere")]) == 3
    assert "nowhere" in capsys.readouterr().err


@pytest.fixture
def tested(replaced: Any, judged: Callable[..., Evaluation]) -> Any:
    evaluation = judged(np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([0, 1]), ["ann", "bo"], ["ann/1.jpg", "bo/1.jpg"])
    return replaced("whosthat.workflow.evaluate.evaluate", evaluation)


def test_evaluate_shows_accuracy_classes_and_mistakes(tested: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "bundle", "photos"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("Of 2 photos, 1 correct, 1 wrong. Accuracy: 50 % (95 % interval 9.5 % to 90.5 %). Baseline")
    assert "bo/1.jpg: ann (confidence 80 %), is bo" in told
    assert tested.arguments == (Path("bundle"), Path("photos"))


def test_evaluate_as_json_passes_a_gate_or_not(tested: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "bundle", "photos", "--json", "--min-accuracy", "0.9"]) == 4
    document = json.loads(capsys.readouterr().out)
    assert document["accuracy"] == 0.5
    assert document["outcomes"] == {"correct": 1, "wrong": 1, "unknown": 0, "no_face": 0}


def test_evaluate_counts_strangers_when_asked(tested: Any, replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    replaced("whosthat.workflow.evaluate.count_strangers", StrangerTest(200, 2, 0.01, Interval(0.003, 0.036)))
    assert main(["evaluate", "bundle", "photos", "--strangers", "others"]) == 0
    assert "Of 200 photos of strangers, 2 got a name: 1 % (95 % interval 0.3 % to 3.6 %)." in capsys.readouterr().out
    assert main(["evaluate", "bundle", "photos", "--strangers", "others", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["strangers"] == {
        "n": 200,
        "named": 2,
        "share": 0.01,
        "interval": {"low": 0.003, "high": 0.036},
    }


def test_export_says_what_it_wrote(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    export = replaced("whosthat.workflow.export.export", Path("a.onnx"))
    assert main(["export", "bundle", "--out", "a.onnx"]) == 0
    assert capsys.readouterr().out == "a.onnx\n"
    assert export.arguments == (Path("bundle"), "onnx", Path("a.onnx"))
    assert export.options["overwrite"] is False


@pytest.mark.parametrize("words", [[], ["--out", "a.onnx", "--dataset", "photos"]])
def test_export_writes_either_a_network_or_photos(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "bundle", *words]) == 2
    assert "either the network with --out FILE" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["train photos", "compare photos cnn6", "predict bundle a.jpg", "evaluate bundle photos"])
def test_a_gpu_that_cannot_be_used_is_said_at_once(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whosthat.inference.device.gpu_problem", lambda: "no driver")
    monkeypatch.delenv("WHOSTHAT_DEVICE", raising=False)
    assert main([*command.split(), "--device", "cuda"]) == 2
    assert capsys.readouterr().err.startswith("Error: No GPU can be used: no driver. docs/runtimes.md says")
    assert not os.environ.get("WHOSTHAT_DEVICE")
    assert main([*command.split(), "--device", "tpu"]) == 2
    assert "no device 'tpu'. Choose one of: cpu, cuda, auto." in " ".join(capsys.readouterr().err.split())


def test_a_command_computes_on_its_device_until_it_ends(replaced: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHOSTHAT_DEVICE", "auto")
    seen: list[str] = []
    monkeypatch.setattr(
        "whosthat.workflow.evaluate.evaluate", lambda *_words, **_options: seen.append(os.environ["WHOSTHAT_DEVICE"]) or 1 / 0
    )
    with pytest.raises(ZeroDivisionError):
        main(["evaluate", "bundle", "photos", "--device", "cpu"])
    assert (seen, os.environ["WHOSTHAT_DEVICE"]) == (["cpu"], "auto")


def test_report_opens_the_page_when_asked(replaced: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    replaced("whosthat.evaluation.report.write_report", tmp_path / "report.html")
    replaced("whosthat.evaluation.report.draw_plots", tmp_path / "plots")
    opened = replaced("webbrowser.open", True)
    assert main(["report", str(tmp_path), "--open"]) == 0
    assert opened.arguments == ((tmp_path / "report.html").as_uri(),)
    assert capsys.readouterr().out == f"{tmp_path / 'report.html'}\n"


def test_runs_are_listed(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run = RunSummary(Path("runs/p-cnn6-1"), "finished", "cnn6", 0.875, datetime(2026, 1, 2, tzinfo=UTC))
    replaced("whosthat.runs.folders.list_runs", [run])
    assert main(["runs", "list"]) == 0
    local = f"{datetime(2026, 1, 2, tzinfo=UTC).astimezone():%Y-%m-%d %H:%M}"
    assert f"p-cnn6-1  finished  cnn6     87.5 %  {local}" in capsys.readouterr().out
    assert main(["runs", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["accuracy"] == 0.875


def test_notes_have_a_column_where_there_are_any(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [RunSummary(Path(f"runs/p-cnn6-{n}"), "finished", "cnn6", 0.5, None, note=note) for n, note in ((1, ""), (2, "less dropout"))]
    replaced("whosthat.runs.folders.list_runs", runs)
    assert main(["runs", "list"]) == 0
    assert [line.split("  ")[-1].strip() for line in capsys.readouterr().out.splitlines()] == ["note", "-", "less dropout"]


def test_runs_become_a_page(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    diary = replaced("whosthat.workflow.series.write_diary", side_by_side("A diary of runs", [Row("a")]))
    assert main(["runs", "compare", "a", "b", "--html", "diary.html"]) == 0
    assert diary.arguments == ([Path("a"), Path("b")], Path("diary.html"))
    assert "Report:  diary.html" in capsys.readouterr().out
    assert main(["runs", "compare", "a", "b", "--html", "diary.html", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["name"] == "a"


def test_no_runs_is_said_and_not_shown_as_an_empty_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "list", "--runs", str(tmp_path)]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "There is no run in" in told.err


def test_runs_are_compared_with_a_line_for_each_setting(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"run": "a", "accuracy": None, "epochs": 3}, {"run": "b", "accuracy": 0.5, "epochs": 4}]
    replaced("whosthat.runs.folders.compare_runs", rows)
    assert main(["runs", "compare", "a", "b"]) == 0
    assert capsys.readouterr().out.splitlines() == ["run       a  b", "accuracy  -  50 %", "epochs    3  4"]


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_many_runs_stand_below_each_other_on_a_narrow_terminal(columns: int, replaced: Any, terminal: Any) -> None:
    names = [f"photos-efficientnet-lite0-{number}" for number in range(5)]
    replaced("whosthat.runs.folders.compare_runs", [{"run": name, "optimiser.learning_rate": 0.001} for name in names])
    screen = terminal("stdout", columns=columns)
    main(["runs", "compare", *names])
    lines = screen.getvalue().splitlines()
    assert all(len(line) <= columns for line in lines)
    assert [word for line in lines for word in line.split() if word in names] == names


def test_every_network_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list"]) == 0
    told = capsys.readouterr().out
    assert all(name in told for name in registry.names())
    assert main(["models", "list", "--json"]) == 0
    networks = [one["name"] for one in json.loads(capsys.readouterr().out) if "part_of" not in one]
    assert networks == list(registry.names())


@pytest.mark.parametrize("name", registry.names())
def test_a_networks_facts_are_shown(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "show", name]) == 0
    told = capsys.readouterr().out
    assert registry.facts(name).title in told
    assert registry.facts(name).licence in told


def test_weights_that_are_put_in_place_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WHOSTHAT_WEIGHTS", str(tmp_path))
    for expected in (False, True):
        assert main(["models", "show", "vgg16", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["weights_here"] is expected
        (tmp_path / registry.facts("vgg16").weights_file).touch()


def test_the_weights_of_faces_are_listed_with_licence_and_presence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list", "--json"]) == 0
    of_faces = {one["name"]: one for one in json.loads(capsys.readouterr().out) if "part_of" in one}
    assert (of_faces["dlib-resnet"]["licence"], of_faces["dlib-resnet"]["weights_here"]) == ("CC0-1.0", True)
    assert of_faces["yunet"]["weights_here"] is False


def test_the_doctor_finds_this_installation_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    facts = {fact["subject"]: fact for fact in json.loads(capsys.readouterr().out)}
    assert facts["privacy"]["state"] == "good"
    assert "ORT_DISABLE_TELEMETRY=1" in facts["privacy"]["finding"]
    assert main(["doctor"]) == 0
    assert "cache" in capsys.readouterr().out
