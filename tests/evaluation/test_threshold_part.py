from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from whosthat.errors import RunError
from whosthat.evaluation.threshold_part import THRESHOLD_FILE, ThresholdCurve, in_words, read_threshold_curve, write_threshold_curve
from whosthat.recognition.threshold import CurvePoint, curve_of_confidences, fit_threshold

CURVE = ThresholdCurve("distance", (CurvePoint(0.3, 0.0, 0.5), CurvePoint(0.5, 0.01, 0.1), CurvePoint(0.7, 0.4, None)))


def test_a_curve_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_threshold_curve(tmp_path) is None
    write_threshold_curve(tmp_path, CURVE)
    assert read_threshold_curve(tmp_path) == CURVE


def test_between_two_points_lies_what_is_between_and_beyond_the_ends_the_end() -> None:
    assert CURVE.at(0.4) == CurvePoint(0.4, pytest.approx(0.005), None)
    assert CURVE.at(2.0).strangers == 0.4
    assert CURVE.at(0.1).strangers == 0.0


@pytest.mark.parametrize(
    ("point", "words"),
    [
        (
            CurvePoint(0.5, 0.00012, 0.487),
            "Of 100 strangers fewer than 0.1 would get a name; of 100 known photos about 49 would stay unknown.",
        ),
        (CurvePoint(0.5, 0.0, 0.0), "Of 100 strangers 0 would get a name; of 100 known photos 0 would stay unknown."),
        (CurvePoint(0.5, 0.034, None), "Of 100 strangers about 3.4 would get a name."),
        (CurvePoint(0.5, None, 0.05), "Of 100 known photos about 5 would stay unknown. How many strangers would get a name is not known."),
        (CurvePoint(0.5, None, None), "What this threshold would do is not known."),
    ],
)
def test_a_point_is_said_in_words(point: CurvePoint, words: str) -> None:
    assert in_words(point) == words


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"format": 1, "kind": "distance", "points": []}',
        '{"format": 1, "kind": "guess", "points": [[0.1, 0, 0]]}',
        '{"format": 1, "kind": "distance", "points": [[0.2, 0, 0], [0.1, 0, 0]]}',
        '{"format": 1, "kind": "distance", "points": [[0.2, "many", 0]]}',
        '{"format": 2, "kind": "distance", "points": [[0.1, 0, 0]]}',
    ],
)
def test_a_damaged_or_newer_file_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / THRESHOLD_FILE).write_text(text)
    with pytest.raises(RunError, match=r"threshold\.json is damaged"):
        read_threshold_curve(tmp_path)


def test_a_curve_says_of_the_chosen_threshold_what_was_counted() -> None:
    known, strangers = np.linspace(0.5, 1, 40), np.linspace(0.1, 0.6, 50)
    threshold = fit_threshold(known, strangers, stranger_rate=0.1)
    points = curve_of_confidences(known, strangers, chosen=threshold.value)
    chosen = ThresholdCurve("confidence", points).at(threshold.value)
    assert chosen.known_unknown == pytest.approx(1 - threshold.known_named)
    assert chosen.strangers == pytest.approx((strangers >= threshold.value).mean())
    assert all(one.strangers >= later.strangers and one.known_unknown <= later.known_unknown for one, later in itertools.pairwise(points))
