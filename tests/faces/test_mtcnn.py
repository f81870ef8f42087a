from __future__ import annotations

import cv2
import numpy as np
import pytest

from whosthat.faces.mtcnn import Mtcnn, _cuts, _halves, _seen_together
from whosthat.faces.weight_files import read_weights


@pytest.fixture(scope="module")
def face(mtcnn: Mtcnn, hopper: np.ndarray) -> np.ndarray:
    """The inside of a face: what is left of the portrait when its box is cut out and made smaller by an eighth on each side."""
    box = mtcnn.detect(hopper)[0].box
    across, down = box.width / 8, box.height / 8
    return np.ascontiguousarray(hopper[int(box.top + down) : int(box.bottom - down), int(box.left + across) : int(box.right - across)])


@pytest.mark.parametrize("side", range(60, 200, 20))
def test_a_face_that_reaches_beyond_the_photo_is_found(mtcnn: Mtcnn, face: np.ndarray, side: int) -> None:
    photo = cv2.resize(face, (side, round(side * len(face) / face.shape[1])), interpolation=cv2.INTER_AREA)
    (found,) = mtcnn.detect(photo)
    assert found.box.width > 0.8 * side


def test_faces_lie_where_they_are_whatever_the_size_of_the_photo(mtcnn: Mtcnn, hopper: np.ndarray) -> None:
    (whole,) = mtcnn.detect(hopper)
    for side in (450, 301, 199, 151):
        scale = side / hopper.shape[1]
        small = cv2.resize(hopper, (side, round(len(hopper) * scale)), interpolation=cv2.INTER_AREA)
        (found,) = mtcnn.detect(small)
        apart = np.array(found.landmarks) / scale - np.array(whole.landmarks)
        assert np.abs(apart).max() < 0.08 * whole.box.width


def test_a_cut_shows_its_box_whichever_half_it_is_made_from() -> None:
    rows, columns = np.mgrid[:131, :117]
    ramp = np.stack([columns * 2, rows, np.zeros_like(rows)], axis=-1).astype(np.uint8)
    halves = _halves(ramp)
    assert [half.shape[:2] for half in halves] == [(131, 117), (65, 58), (32, 29), (16, 14)]
    for left, top, side in ((10.5, 20.25, 12.0), (10.5, 20.25, 30.0), (3.0, 5.0, 70.0), (8.0, 9.5, 100.0)):
        box = np.array([[left, top, left + side, top + side]], np.float32)
        (cut,) = _cuts(halves, box, 24)
        middles = (np.arange(24) + 0.5) * side / 24 - 0.5  # of the cut's pixels, from the box's corner
        assert np.abs(cut[..., 0] - 2 * (left + middles)[None, :]).max() <= 2
        assert np.abs(cut[..., 1] - (top + middles)[:, None]).max() <= 1


def test_a_cut_is_black_beyond_the_photo() -> None:
    white = np.full((40, 40, 3), 255, np.uint8)
    (cut,) = _cuts(_halves(white), np.array([[-24, -24, 24, 24]], np.float32), 24)
    assert cut[:11].max() == cut[:, :11].max() == 0
    assert cut[13:, 13:].min() == 255


def test_graphs_in_another_form_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot run"):
        Mtcnn({name: read_weights(f"mtcnn-{name}") for name in ("pnet", "rnet", "onet")})


def test_a_face_is_the_mean_of_all_that_see_it() -> None:
    boxes = np.array([[0, 0, 10, 10], [2, 0, 12, 10], [30, 30, 40, 40]], np.float32)
    landmarks = np.arange(30, dtype=np.float32).reshape(3, 5, 2)
    found = _seen_together(boxes, landmarks, np.array([0.9, 0.3, 1.0], np.float32), np.intp(0))
    assert (found.box.left, found.box.right, found.score) == pytest.approx((0.5, 10.5, 0.9))
    assert found.landmarks[0] == pytest.approx((2.5, 3.5))


@pytest.mark.parametrize("shape", [(16, 16), (160, 161), (171, 310), (311, 159), (470, 333)])
def test_tiles_give_the_numbers_of_one_look(mtcnn: Mtcnn, shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    (whole,) = mtcnn._propose.run(picture[None])[0]
    assert np.abs(mtcnn._scores_everywhere(picture) - whole).max() < 1e-5
