"""Adding a face network of one's own, as somebody would."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest

from whosthat.cli.app import main


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
