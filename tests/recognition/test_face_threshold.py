from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from whosthat.recognition.face_threshold import DistanceThreshold, corrected

THRESHOLD = DistanceThreshold(value=0.5, how="by hand", fpir=0.01, fpir_low=0, fpir_high=0.05, centre=0.52)


def test_a_template_of_one_photo_may_lie_farther() -> None:
    near, far = corrected(np.array([[0.55, 0.55]], np.float32), np.array([1, 50]))[0]
    assert near < 0.5 < far
    assert corrected(np.array([[0.1]], np.float32), np.array([1]))[0, 0] == 0


@given(distance=st.floats(0, 1.5), more=st.floats(0.001, 0.5))
def test_confidence_falls_with_the_distance(distance: float, more: float) -> None:
    near, far = THRESHOLD.confidence(np.array([distance, distance + more]))
    assert 1 >= near >= far >= 0


def test_a_threshold_survives_json() -> None:
    assert DistanceThreshold.model_validate_json(THRESHOLD.model_dump_json()) == THRESHOLD


def test_a_threshold_of_old_may_not_know_what_strangers_have_to_expect() -> None:
    assert DistanceThreshold.model_validate_json('{"value": 0.5, "how": "It has served well."}').fpir is None
