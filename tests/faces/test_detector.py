from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.faces.detector import keep_outer, overlaps, suppress

box = st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(1, 40), st.integers(1, 40)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    width = max(0, min(one[2], other[2]) - max(one[0], other[0]))
    height = max(0, min(one[3], other[3]) - max(one[1], other[1]))
    area = [(b[2] - b[0]) * (b[3] - b[1]) for b in (one, other)]
    return width * height / (sum(area) - width * height)


@given(rows=st.lists(st.tuples(box, st.floats(-5, 5)), max_size=20), limit=st.sampled_from([0.0, 0.3, 0.7]))
def test_no_two_kept_boxes_overlap_and_every_other_yields_to_a_surer_one(rows: list[tuple], limit: float) -> None:
    boxes = np.array([b for b, _ in rows], float).reshape(-1, 4)
    scores = np.array([s for _, s in rows])
    kept = suppress(boxes, scores, limit).tolist()
    assert scores[kept].tolist() == sorted(scores[kept], reverse=True)
    for position, one in enumerate(kept):
        assert all(overlap(boxes[one], boxes[other]) <= limit + 1e-9 for other in kept[position + 1 :])
    for gone in set(range(len(rows))) - set(kept):
        assert any(scores[one] >= scores[gone] and overlap(boxes[one], boxes[gone]) > limit - 1e-9 for one in kept)


def test_a_box_inside_another_is_found_by_the_smaller_ones_share() -> None:
    boxes = np.array([[0, 0, 100, 100], [10, 10, 30, 30]], float)
    scores = np.array([0.9, 0.8])
    assert suppress(boxes, scores, 0.7).tolist() == [0, 1]
    assert keep_outer(boxes, scores, 0.7).tolist() == [0]


@given(one=box, other=box)
def test_an_overlap_is_the_share_of_the_union(one: tuple, other: tuple) -> None:
    boxes = np.array([one, other], float)
    assert overlaps(boxes, boxes[1]) == pytest.approx([overlap(boxes[0], boxes[1]), 1.0])
