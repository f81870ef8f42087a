"""Clips on the command line: checked, set aside, and looked at one after another."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from whosthat.cli.app import main
from whosthat.workflow.predict import sees_clips


def sequence_graph() -> bytes:
    """Return a network that sees whether red or blue is more in four frames of 8 x 8 pixels."""
    from onnx import TensorProto, helper, numpy_helper

    photo = helper.make_tensor_value_info("photo", TensorProto.UINT8, ["b", 4, 8, 8, 3])
    predictions = helper.make_tensor_value_info("predictions", TensorProto.FLOAT, ["b", 2])
    weights = numpy_helper.from_array(np.array([[1, 0], [0, 0], [0, 1]], np.float32) / 20, "weights")
    nodes = [
        helper.make_node("Cast", ["photo"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["pixels"], ["colour"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("MatMul", ["colour", "weights"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["predictions"], axis=1),
    ]
    graph = helper.make_graph(nodes, "sequence", [photo], [predictions], [weights])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


@pytest.fixture
def bundle(save_colours: Callable[..., Path], tmp_path: Path) -> Path:
    prepare = {"size": 8, "fit": "stretch", "frames": 4}
    return save_colours(tmp_path / "bundle", graph=sequence_graph(), labels=("red", "blue"), prepare=prepare, every=3)


def test_videos_and_folders_of_frames_are_looked_at(
    bundle: Path, draw_clip: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b.mp4"):
        draw_clip(tmp_path / "new" / name, 1, n_frames=12)
    (tmp_path / "new" / "notes.txt").write_text("two clips")
    assert main(["predict", str(bundle), str(tmp_path / "new"), "--json"]) == 0
    told = capsys.readouterr()
    folder, video = json.loads(told.out)["predictions"]
    assert Path(folder["path"]).name == "a"
    assert folder["sightings"][0]["probabilities"].keys() == {"red", "blue"}
    assert (video["video"]["every"], video["video"]["frames"]) == (3, 4)
    assert told.err.endswith("Not looked at: 1 other file.\n")
    assert main(["predict", str(bundle), str(tmp_path / "new" / "b.mp4"), "--every", "1"]) == 0
    assert "0:00.0 to 0:01.1" in capsys.readouterr().out


def test_a_bundle_says_whether_it_sees_clips(bundle: Path, save_colours: Callable[..., Path], tmp_path: Path) -> None:
    assert sees_clips(bundle)
    assert not sees_clips(save_colours(tmp_path / "photos"))
    assert not sees_clips(tmp_path / "nowhere")


def test_check_counts_clips_and_sets_a_damaged_one_aside_as_a_whole(
    draw_clip: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in range(3):
        draw_clip(tmp_path / "clips" / "right" / str(seed), seed)
        draw_clip(tmp_path / "clips" / "left" / f"{seed}.mp4", seed, left=True)
    (tmp_path / "clips" / "right" / "2" / "3.png").write_bytes(b"")
    assert main(["check", str(tmp_path / "clips"), "--frames", "4", "--fix", "--yes"]) == 0
    told = capsys.readouterr()
    assert "5 clips can be used; 4 frames of each are looked at" in " ".join(told.out.split())
    assert "right/2 (its frame 3.png cannot be read: the file is empty)" in " ".join(told.out.split())
    assert (tmp_path / "clips-set-aside" / "right" / "2" / "1.png").is_file()
    assert not (tmp_path / "clips" / "right" / "2").exists()


def test_faces_are_not_looked_for_in_clips(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path), "--frames", "4", "--faces"]) == 2
    assert "--faces looks for faces in photos" in capsys.readouterr().err
