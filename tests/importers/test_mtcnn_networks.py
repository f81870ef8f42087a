"""The rewritten networks against the published files, which ONNX Runtime runs as well."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from whosthat.errors import WeightsError
from whosthat.faces.models import dlib_graph
from whosthat.faces.weight_files import read_weights
from whosthat.importers.mtcnn_networks import POINTS, SHIFTS, difference_of, rewrite, score_of
from whosthat.inference import open_session

SHAPES = {"pnet": (1, 31, 76, 3), "rnet": (5, 24, 24, 3), "onet": (3, 48, 48, 3)}


def published_answers(name: str, pictures: np.ndarray) -> dict[int, np.ndarray]:
    """Answers of the published network by their width, as (n, channels, rows, columns)."""
    exchanged = np.ascontiguousarray(((pictures.astype(np.float32) - 127.5) / 128).transpose(0, 2, 1, 3))
    answers = open_session(read_weights(f"mtcnn-{name}")).run(exchanged)
    fields = [answer if answer.ndim == 4 else answer[:, None, None, :] for answer in answers]
    return {field.shape[-1]: field.transpose(0, 3, 2, 1) for field in fields}


@pytest.mark.parametrize("name", SHAPES)
def test_a_rewritten_network_gives_the_published_answers(name: str) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, SHAPES[name], np.uint8)
    (found,) = open_session(rewrite(read_weights(f"mtcnn-{name}"))).run(pictures)
    expected = published_answers(name, pictures)
    assert np.abs(score_of(found[:, 0]) - expected[2][:, 1]).max() < 1e-5
    assert np.abs(found[:, SHIFTS] - expected[4]).max() < 1e-5
    if name == "onet":
        assert np.abs(found[:, POINTS] - expected[10]).max() < 1e-5
    else:
        assert found.shape[1] == 5


@pytest.mark.parametrize("score", [0.01, 0.4, 0.6, 0.999])
def test_scores_and_differences_are_two_ways_to_say_the_same(score: float) -> None:
    assert score_of(np.array([difference_of(score)]))[0] == pytest.approx(score)


def test_another_file_is_refused() -> None:
    empty = onnx.helper.make_model(onnx.helper.make_graph([], "nothing", [], [])).SerializeToString()
    for other in (b"", b"no graph", empty, dlib_graph()):
        with pytest.raises(WeightsError, match="none of MTCNN's networks"):
            rewrite(other)
