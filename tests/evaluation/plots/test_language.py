"""Pictures speak the reader's language: every word goes through the translation, where a font has its characters."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from whosthat.evaluation.diagnosis import STATIONS, Training, diagnose
from whosthat.evaluation.learning_curve import LearningCurve, Point
from whosthat.evaluation.metrics import Evaluation, matrix_of
from whosthat.evaluation.plots import architecture, canvas, charts, flow_chart, writing
from whosthat.evaluation.plots.canvas import PRINT, drawn, svg_file
from whosthat.evaluation.plots.chart import draw_chart
from whosthat.evaluation.run_facts import RunFacts
from whosthat.networks.layers import LayerFacts, NetworkLayers
from whosthat.translation import using

HISTORY = [
    {"loss": 1.0, "val_loss": 1.2, "accuracy": 0.5, "val_accuracy": 0.4},
    {"loss": 0.5, "val_loss": 0.9, "accuracy": 0.8, "val_accuracy": 0.6},
]
LABELS = ("7", "8", "9")
CURVE = LearningCurve((Point(1, 0.5, 0.4, 0.6), Point(2, 0.6, 0.5, 0.7)), 60, ())
WORDS = re.compile("[A-Za-z]{2}")

Pictures = dict[str, tuple[Any, ...]]


@pytest.fixture
def pictures(answer_with: Callable[..., Evaluation], training: Training) -> Callable[[], Pictures]:
    """Return what draws every picture with words of ours; the classes are called by numbers."""

    def make() -> Pictures:
        with using("en"):  # how a run is judged is not asked here
            evaluation = answer_with(30, 40, labels=LABELS)
            facts = RunFacts("heroes", "", 1.3, training, evaluation, diagnose(HISTORY, evaluation, training))
        return {
            "accuracy": (draw_chart, charts.accuracy_chart, HISTORY, 2),
            "loss": (draw_chart, charts.loss_chart, HISTORY, 2),
            "reliability": (draw_chart, charts.reliability_chart, evaluation.bins),
            "learning": (draw_chart, charts.learning_chart, CURVE),
            "classes": (draw_chart, charts.learning_chart, replace(CURVE, each="class")),
            "confusion": (charts.draw_confusion, matrix_of(evaluation)),
            "flow": (flow_chart.draw_flow_chart, STATIONS, writing.flow_captions(facts)),
        }

    return make


def texts(what: tuple[Any, ...]) -> list[str]:
    """Return every text of a picture that holds words."""
    draw, *rest = what
    root = ElementTree.fromstring(drawn((6, 6), PRINT, svg_file, draw, *rest))
    found = ("".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text"))
    return [text for text in found if WORDS.search(text)]


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.usefixtures("marked")
def test_every_word_of_a_picture_is_translated(pictures: Callable[[], Pictures], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canvas, "no_chinese_font", lambda: "")
    for name, what in pictures().items():
        assert texts(what), name
        assert [text for text in texts(what) if "漢" not in text] == [], name


@pytest.mark.usefixtures("marked")
def test_without_a_chinese_font_pictures_are_in_english(pictures: Callable[[], Pictures], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canvas, "no_chinese_font", lambda: "Install one.")
    told = [text for what in pictures().values() for text in texts(what)]
    assert {"Loss", "Training set good?", "yes", "predicted", "all", "400 : 50 : 40 photos"} <= set(told)
    assert [text for text in told if "漢" in text] == []


@pytest.mark.usefixtures("marked")
def test_words_for_those_who_cannot_see_a_picture_are_translated_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canvas, "no_chinese_font", lambda: "Install one.")
    assert charts.describe_curves(HISTORY, ("loss", "val_loss")).startswith("漢")
    assert charts.describe_learning_curve(CURVE).startswith("漢")
    assert charts.describe_reliability(()) == "漢漢no photo got a name."
    assert flow_chart.describe_path(STATIONS[:1]) == "漢This run's way: 漢Data."


def test_stations_keep_their_names_in_every_language(marked: None) -> None:
    assert flow_chart.TRAINED in STATIONS
    assert flow_chart.TESTED in STATIONS
    assert flow_chart.station_words(flow_chart.TESTED) == "漢Test set good?"


def test_chinese_and_minus_are_drawn_where_there_is_a_font(marked: None) -> None:
    if canvas.no_chinese_font():
        pytest.skip("this machine has no font with Chinese characters")

    def draw(axes: Any, _inks: Any) -> None:
        axes.plot([-2, -1], [-1, 1])
        axes.set_title("臺灣的混淆矩陣（−1），Anna", fontweight="bold")

    assert drawn((3, 3), PRINT, canvas.png, draw).startswith(b"\x89PNG")  # a missing character would be a warning, hence an error


def test_a_wide_name_is_shortened_to_the_same_width() -> None:
    assert canvas.width_of("安na") == 4
    known = frozenset(map(ord, "王…"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(canvas, "_characters", lambda: known)
        assert canvas.drawable("王" * 11) == "王" * 11
        assert canvas.drawable("王" * 12) == "王" * 10 + "…"


def test_no_line_under_a_box_is_wider_than_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(architecture, "layer_words", lambda _layer: "卷積 1,280, 3x3, 步幅 2, 每一影格全域平均池化")
    lines = architecture._wrapped((LayerFacts("a", "Conv2D", (4, 4, 3)),))
    assert max(map(canvas.width_of, lines)) <= architecture._WORDS_ACROSS + 1  # half of a character
    assert "".join(lines).replace(" ", "") == "卷積1,280,3x3,步幅2,每一影格全域平均池化"


def test_the_title_of_a_network_is_translated(marked: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canvas, "no_chinese_font", lambda: "Install one.")
    layers = NetworkLayers("own", (LayerFacts("a", "Dense", (4,), units=4),))
    assert texts((architecture.draw_architecture, layers))[0] == "own: 0 parameters"
    with using("zh_TW"):
        assert architecture.describe_architecture(layers).startswith("漢漢4: ")
