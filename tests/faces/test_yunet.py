"""YuNet with its real file, which is no part of the project: beside it where the real photos are; and how any such network is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from whosthat.errors import WeightsError
from whosthat.faces.yunet import YuNet
from whosthat.photos.quiet import quiet_opencv


@pytest.fixture(scope="module")
def yunet(real_data: Path) -> YuNet:
    return YuNet((real_data.parent / "weights" / "face_detection_yunet_2026may.onnx").read_bytes())


@pytest.mark.parametrize("width", [150, 400, 1100, 1600])
def test_a_face_is_found_whether_it_is_small_or_large(yunet: YuNet, hopper: np.ndarray, width: int) -> None:
    photo = cv2.resize(hopper[40:440, 60:460], (width, width), interpolation=cv2.INTER_AREA)
    (found,) = yunet.detect(photo)
    assert found.score > 0.85
    assert found.box.width == pytest.approx(0.46 * width, rel=0.2)


def test_small_faces_beside_a_large_one_are_found(yunet: YuNet, hopper: np.ndarray) -> None:
    large = cv2.resize(hopper[40:440, 60:460], (1000, 1000))
    small = cv2.resize(hopper[40:440, 60:460], (60, 60), interpolation=cv2.INTER_AREA)
    photo = np.full((1000, 1400, 3), 120, np.uint8)
    photo[:, :1000] = large
    photo[100:160, 1200:1260] = photo[700:760, 1200:1260] = small
    assert sorted(face.box.left > 1000 for face in yunet.detect(photo)) == [False, True, True]


def test_faces_are_those_that_opencv_reads_from_the_same_file(yunet: YuNet, real_data: Path, hopper: np.ndarray) -> None:
    graph = np.frombuffer((real_data.parent / "weights" / "face_detection_yunet_2026may.onnx").read_bytes(), np.uint8)
    photo = np.concatenate([cv2.resize(hopper[40:440, 60:460], (100, 110), interpolation=cv2.INTER_AREA)] * 2, axis=1)
    with quiet_opencv():
        other = cv2.FaceDetectorYN.create("onnx", graph, np.empty(0, np.uint8), (256, 141), 0.7, 0.3, 5000)
    rows = other.detect(cv2.cvtColor(cv2.resize(photo, (256, 141)), cv2.COLOR_RGB2BGR))[1] * np.array([200 / 256, 110 / 141] * 7 + [1.0])
    faces = yunet.detect(photo)
    assert len(faces) == len(rows) == 2
    for face, row in zip(faces, rows, strict=True):
        assert [face.box.left, face.box.top, face.box.width, face.box.height] == pytest.approx(row[:4], abs=1e-3)
        assert [*np.ravel(face.landmarks), face.score] == pytest.approx(row[4:], abs=1e-3)


def drawn_network(change: Callable[[list[np.ndarray]], object] = lambda _: None) -> bytes:
    """A graph that says of every picture of 256 x 256 pixels what it should say of one face; ``change`` changes that first."""
    outputs = [np.zeros((1, (256 // stride) ** 2, numbers), np.float32) for numbers in (1, 1, 4, 10) for stride in (8, 16, 32)]
    place = 3 * 16 + 5  # in the fourth row and sixth column of the second grid
    outputs[1][0, place], outputs[4][0, place] = 0.9, 1.5
    outputs[7][0, place] = (0.5, 0.25, np.log(2), np.log(4))
    outputs[10][0, place] = np.arange(10) / 10
    outputs[1][0, place + 1], outputs[4][0, place + 1] = 0.6, 0.6  # less sure than a face must be
    change(outputs)
    names = [f"answer{number}" for number in range(len(outputs))]
    graph = helper.make_graph(
        [helper.make_node("Identity", [f"constant{number}"], [name]) for number, name in enumerate(names)],
        "drawn",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, "height", "width"])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names],
        [numpy_helper.from_array(output, f"constant{number}") for number, output in enumerate(outputs)],
    )
    made: bytes = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    return made


def test_the_networks_numbers_are_read_as_their_makers_say() -> None:
    (face,) = YuNet(drawn_network()).detect(np.zeros((128, 128, 3), np.uint8))  # shown at twice its size
    assert face.score == pytest.approx(0.9**0.5)  # the second number is 1 at most
    middle = (5 + 0.5) * 16 / 2, (3 + 0.25) * 16 / 2
    box = [middle[0] - 8, middle[1] - 16, middle[0] + 8, middle[1] + 16]
    assert [face.box.left, face.box.top, face.box.right, face.box.bottom] == pytest.approx(box)
    assert face.landmarks[0] == pytest.approx((5 * 16 / 2, 3.1 * 16 / 2))


def spoil(outputs: list[np.ndarray]) -> None:
    outputs[7][:, :, 2] = 1000  # a width that no number can hold
    outputs[1][:] = outputs[4][:] = 1


@pytest.mark.parametrize("change", [list.pop, list.reverse, spoil])
def test_a_network_that_says_something_else_is_refused(change: Callable[[list[np.ndarray]], object]) -> None:
    detector = YuNet(drawn_network(change))
    with pytest.raises(WeightsError, match="not a list of faces"):
        detector.detect(np.zeros((256, 256, 3), np.uint8))


def test_a_network_that_takes_no_photos_is_refused(dlib_onnx: bytes) -> None:
    with pytest.raises(WeightsError, match="cannot be run"):
        YuNet(dlib_onnx).detect(np.zeros((256, 256, 3), np.uint8))
    with pytest.raises(WeightsError, match="not YuNet's weights"):
        YuNet(b"no graph")
