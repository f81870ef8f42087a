"""CompreFace's words for what a recogniser answers."""

from __future__ import annotations

import numpy as np
import pytest

from whosthat.server.compreface_forms import Recognised, recognised
from whosthat.types import Box, Face, Sighting

POINTS = ((814.4, 713.2), (1104.0, 829.0), (832.0, 937.0), (704.0, 1030.0), (1017.0, 1133.0))


BOX = Box(548.3, 295.2, 1420.0, 1368.4)


def sighting(name: str | None = "anna", *, box: Box = BOX, score: float = 0.99) -> Sighting:
    return Sighting(
        name,
        0.97858,
        box=box,
        probabilities={"anna": 0.97858, "tom": 0.01, "eva": 0.002},
        embedding=np.array([0.25, -0.5], np.float32),
        face=Face(box, POINTS, score),
    )


def test_a_face_reads_as_in_the_documentation() -> None:
    answer = Recognised(result=recognised([sighting()], plugins=("landmarks", "calculator"))).model_dump(exclude_none=True)
    assert answer == {
        "result": [
            {
                "box": {"probability": 0.99, "x_max": 1420, "y_max": 1368, "x_min": 548, "y_min": 295},
                "subjects": [{"subject": "anna", "similarity": 0.97858}],
                "landmarks": [(814, 713), (1104, 829), (832, 937), (704, 1030), (1017, 1133)],
                "embedding": [0.25, -0.5],
            }
        ]
    }


def test_without_plugins_there_is_no_more_than_box_and_subjects() -> None:
    (face,) = recognised([sighting()])
    assert (face.landmarks, face.embedding) == (None, None)


@pytest.mark.parametrize(("predictions", "names"), [(0, []), (1, ["anna"]), (2, ["anna", "tom"]), (9, ["anna", "tom", "eva"])])
def test_so_many_subjects_as_were_asked_for(predictions: int, names: list[str]) -> None:
    (face,) = recognised([sighting()], predictions=predictions)
    assert [subject.subject for subject in face.subjects] == names


def test_a_limit_keeps_the_largest_faces() -> None:
    small, large = sighting("tom", box=Box(0, 0, 10, 10)), sighting("anna", box=Box(20, 0, 60, 40))
    assert [face.subjects[0].similarity for face in recognised([small, large], limit=1)] == [0.97858]
    assert [face.box.x_min for face in recognised([small, large], limit=1)] == [20]
    assert [face.box.x_min for face in recognised([small, large])] == [0, 20]


def test_faces_of_which_the_detector_is_not_sure_are_left_out() -> None:
    assert [face.box.probability for face in recognised([sighting(score=0.7), sighting(score=0.9)], least=0.8)] == [0.9]
