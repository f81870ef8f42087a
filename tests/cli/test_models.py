"""Adding a face network of one's own, as somebody would."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from whosthat.cli.app import main

pytestmark = pytest.mark.usefixtures("two_threads")


@pytest.fixture
def described(tmp_path: Path, foreign: ModuleType) -> tuple[str, str]:
    """A network and its description."""
    graph, description = tmp_path / "my-net.onnx", tmp_path / "my-net.toml"
    graph.write_bytes(foreign.cells_graph())
    description.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in foreign.DESCRIBED.items()), encoding="utf-8")
    return str(graph), str(description)


def test_an_own_embedder_is_added_listed_shown_and_removed(described: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    graph, description = described
    assert main(["models", "add", graph, "--describe", description]) == 0
    assert "is added as my-net (MIT); choose it with --model faces --set embedder=my-net." in capsys.readouterr().out
    assert main(["models", "list", "--json"]) == 0
    (own,) = [one for one in json.loads(capsys.readouterr().out) if one["name"] == "my-net"]
    assert (own["licence"], own["source"], own["weights_here"], own["own"]) == ("MIT", "drawn by hand", True, True)
    assert own["bytes"] == Path(graph).stat().st_size
    assert main(["models", "show", "my-net"]) == 0
    told = capsys.readouterr().out
    assert all(text in told for text in (own["sha256"], "(38.2946, 51.6963)", "112 x 112", "embedder=my-net"))
    assert main(["models", "remove", "my-net"]) == 0
    capsys.readouterr()
    assert main(["models", "list"]) == 0
    assert "my-net" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["cnn6", "faces", "sface"])
def test_a_name_that_is_taken_is_refused(described: tuple[str, str], name: str, capsys: pytest.CaptureFixture[str]) -> None:
    graph, description = described
    text = Path(description).read_text(encoding="utf-8")
    Path(description).write_text(text.replace('"my-net"', f'"{name}"'), encoding="utf-8")
    assert main(["models", "add", graph, "--describe", description]) == 2
    assert f'The name "{name}" is taken' in capsys.readouterr().err


def test_a_published_embedder_is_shown_with_where_to_get_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "show", "sface", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["licence"], facts["weights_here"], facts["templates"]["any"]["size"]) == ("Apache-2.0", False, 112)
    assert main(["models", "show", "sfac"]) == 2
    assert 'Did you mean "sface"?' in capsys.readouterr().err


def test_removing_what_was_not_added_is_an_error(described: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "remove", "sface"]) == 2
    assert "None was added." in capsys.readouterr().err
    assert main(["models", "add", described[0], "--describe", described[1]]) == 0
    assert main(["models", "remove", "my-nett"]) == 2
    assert 'Did you mean "my-net"?' in capsys.readouterr().err


def test_a_network_without_its_description_is_refused_with_advice(described: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "add", described[0]]) == 1
    assert "--describe FILE.toml" in capsys.readouterr().err


def test_a_detector_is_shown_with_its_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "show", "mtcnn"]) == 0
    told = capsys.readouterr().out
    assert "pnet.onnx, 28,829 bytes" in told
    assert "--model faces --set detector=mtcnn" in told
    assert main(["models", "show", "mtcnn", "--json"]) == 0
    assert [file["name"] for file in json.loads(capsys.readouterr().out)["files"]] == ["mtcnn-pnet", "mtcnn-rnet", "mtcnn-onet"]


def test_the_layers_of_a_network_are_shown_with_their_arithmetic(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "show", "cnn6", "--layers"]) == 0
    lines = [re.split(r" {2,}", line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["layer", "output", "parameters"]
    assert ["Conv 16, 3x3, ReLU", "224 x 224 x 16", "3x3x3x16 + 16 = 448"] in lines
    page = (Path(__file__).resolve().parents[2] / "docs" / "concepts.md").read_text(encoding="utf-8")
    (quoted,) = re.findall(r"```\n(layer .*?)```", page, re.DOTALL)
    assert [line for line in (re.split(r" {2,}", row) for row in quoted.splitlines()) if line not in lines] == []
    assert lines[-2:] == [["All parameters: 79,810,471."], ["Trainable: 79,808,743. Non-trainable: 1,728."]]


def test_layers_follow_size_classes_and_blocks_and_are_read_by_programs(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["models", "show", "custom", "--layers", "--size", "32", "--classes", "2", "--blocks", "conv 4 valid, pool, flatten"]
    assert main([*asked, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["network"], document["parameters"], document["non_trainable"], document["drawing"]) == ("custom", 1914, 0, None)
    conv, last = document["layers"][2], document["layers"][-1]
    assert (conv["words"], conv["shape"], conv["arithmetic"]) == ("Conv 4, 3x3, valid, ReLU", [30, 30, 4], "3x3x3x4 + 4 = 112")
    assert (last["weights"], last["trainable"]) == ([[900, 2], [2]], 1802)
    assert main(["models", "show", "resnet50", "--layers", "--json"]) == 0
    assert sum("layers" in layer for layer in json.loads(capsys.readouterr().out)["layers"]) == 16


def test_a_network_is_drawn_into_a_new_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("net.svg", "net.PNG"):
        assert main(["models", "show", "cnn6", "--size", "48", "--draw", str(tmp_path / name)]) == 0
        assert capsys.readouterr().out == f"{tmp_path / name}\n"
        assert (tmp_path / name).stat().st_size > 5_000
    assert main(["models", "show", "cnn6", "--draw", str(tmp_path / "net.svg")]) == 2
    assert "already exists. Choose another name." in capsys.readouterr().err
    assert main(["models", "show", "cnn6", "--draw", str(tmp_path / "net.pdf")]) == 2
    assert "neither an SVG nor a PNG" in capsys.readouterr().err
    assert main(["models", "show", "cnn6", "--draw", str(tmp_path / "no" / "net.svg")]) == 1
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cnn6", "--size", "64"], "--size changes the layers of a network. Add --layers, or --draw FILE.svg."),
        (["cnn7", "--layers"], 'Did you mean "cnn6"?'),
        (["yunet", "--layers"], "There is no network named 'yunet'"),
        (["cnn6", "--layers", "--size", "8"], "cnn6 needs photos of at least 42 x 42 pixels, got size 8"),
        (["cnn6", "--layers", "--classes", "1"], "A network needs at least 2 classes, got 1"),
        (["cnn6", "--layers", "--blocks", "conv 3"], "cnn6 has no option 'blocks'"),
        (["custom", "--layers", "--blocks", "conv 3 samme"], 'Did you mean "same"?'),
    ],
)
def test_layers_that_cannot_be_are_refused(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "show", *arguments]) != 0
    assert message in " ".join(capsys.readouterr().err.split())


def test_layers_need_keras_and_say_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    assert main(["models", "show", "cnn6", "--layers"]) == 1
    assert 'Install them with: pip install "whosthat[train]"' in " ".join(capsys.readouterr().err.split())
