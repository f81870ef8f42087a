"""YuNet with its real file, which is no part of the project: beside it where the real photos are."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from whosthat.faces.yunet import YuNet


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
