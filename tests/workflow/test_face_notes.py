from __future__ import annotations

import pytest

from whosthat.recognition.enrolling import FittedIdentifier
from whosthat.recognition.identifier import Identifier
from whosthat.workflow.face_notes import _of_heads


@pytest.mark.parametrize(
    ("accuracies", "ending"),
    [
        (
            {"trimmed-mean": 0.9, "nearest": 0.9, "logistic": 0.8},
            " Also tried: nearest photos (90 % correct in cross-validation), logistic regression (80 % correct in cross-validation).",
        ),
        ({"trimmed-mean": 1.0}, ""),
    ],
)
def test_of_heads_that_do_equally_well_the_simplest_is_taken_and_said(accuracies: dict[str, float], ending: str) -> None:
    fitted = FittedIdentifier(Identifier(None, "trimmed-mean", None), accuracies, None)
    (note,) = _of_heads(fitted)
    assert note.startswith("Method: average of each person's photos (")
    assert note.endswith(f" correct in cross-validation).{ending}")
