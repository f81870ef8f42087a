from itertools import pairwise

import pytest

from whosthat.evaluation.diagnosis import STATIONS
from whosthat.evaluation.plots import flow_chart

WAYS = [(*STATIONS[:5], "loss"), (*STATIONS[:6], "deploy"), (*STATIONS[:6], "overfitting")]


def test_the_chart_has_the_stations_of_the_diagnosis():
    assert tuple(flow_chart._STATIONS) == STATIONS


@pytest.mark.parametrize("path", WAYS)
def test_every_step_of_every_way_is_an_arrow_of_the_chart(path):
    assert set(pairwise(path)) <= {edge[:2] for edge in flow_chart._EDGES}


def test_a_way_is_told_in_words():
    assert flow_chart.describe_path(WAYS[1]).endswith("Training set good? → Test set good? → Deploy.")
