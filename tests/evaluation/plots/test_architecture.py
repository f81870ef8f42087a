"""Every network can be drawn, with every layer told and nothing over anything else."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from whosthat.evaluation.network_part import layer_words, shape_words
from whosthat.evaluation.plots import canvas
from whosthat.evaluation.plots.architecture import MOST_IN_A_ROW, architecture_size, describe_architecture, picture_of
from whosthat.networks.layers import BLOCK, LayerFacts, NetworkLayers
from whosthat.networks.registry import names
from whosthat.translation import using
from whosthat.workflow.show_network import network_layers

pytestmark = pytest.mark.usefixtures("two_threads")


def written(layers: NetworkLayers) -> list[str]:
    """All texts of the drawing."""
    root = ElementTree.fromstring(picture_of(layers, ".svg"))
    return ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("name", names())
def test_every_network_is_drawn_with_its_shapes_and_layers(name: str) -> None:
    layers = network_layers(name)
    texts = written(layers)
    together = " ".join(texts)
    assert f"{name}: {layers.parameters:,} parameters" in texts
    assert all(shape_words(layer.shape) in texts for layer in layers.layers)
    assert all(layer_words(layer) in together for layer in layers.layers if layer.kind != BLOCK)


def test_the_labels_are_those_that_a_textbook_has() -> None:
    texts = written(network_layers("cnn6"))
    assert {"Conv 16, 3x3, ReLU", "111 x 111 x 32", "Max-pool 2x2", "Dropout 0.1", "73,728", "Dense 7, softmax"} <= set(texts)
    assert {"3 blocks, 32 layers", "6 blocks, 62 layers"} <= set(written(network_layers("resnet50")))
    assert "2 times Conv 64," in written(network_layers("vgg16"))


@pytest.mark.filterwarnings("ignore:Glyph")
def test_in_chinese_no_line_begins_with_a_lone_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canvas, "no_chinese_font", lambda: "")
    with using("zh_TW"):
        texts = written(network_layers("resnet50"))
    assert {"卷積 64, 7x7,", "步幅 2, valid", "步幅 2"} <= set(texts)
    assert "2" not in texts


def test_boxes_grow_smaller_from_left_to_right() -> None:
    drawing = picture_of(network_layers("vgg16"), ".svg").decode()
    face = r'<path d="M [\d.]+ ([\d.]+) \nL [\d.]+ [\d.]+ \nL [\d.]+ ([\d.]+) [^"]*" clip-path="[^"]*" style="[^"]*opacity: 0.55"'
    faces = re.findall(face, drawing)
    heights = [float(low) - float(high) for low, high in faces]
    assert len(faces) == 12
    assert heights[:10] == sorted(heights[:10], reverse=True)
    assert heights[0] > 5 * heights[9]


def test_long_networks_take_several_rows() -> None:
    def row(n: int) -> NetworkLayers:
        return NetworkLayers("row", tuple(LayerFacts(str(side), "MaxPooling2D", (side, side, 3)) for side in range(n, 0, -1)))

    few, many = architecture_size(row(MOST_IN_A_ROW)), architecture_size(row(3 * MOST_IN_A_ROW))
    assert few[0] == many[0]
    assert many[1] > 2 * few[1]
    assert architecture_size(row(2))[0] < few[0]


def test_a_network_of_vectors_alone_and_hostile_names_are_drawn() -> None:
    layers = NetworkLayers('<a id="b">', (LayerFacts("x", "<Script>", (4,)), LayerFacts("y", "Dense", (1,), units=1)))
    texts = written(layers)
    assert texts[0] == '<a id="b">: 0 parameters'
    assert "<Script>" in texts


def test_the_drawing_is_the_same_each_time_and_a_png_where_asked() -> None:
    layers = network_layers("cnn-lstm")
    assert picture_of(layers, ".svg") == picture_of(layers, ".svg")
    assert picture_of(layers, ".png").startswith(b"\x89PNG")
    assert b"sans-serif" in picture_of(layers, ".svg")


def test_the_description_tells_every_box() -> None:
    words = describe_architecture(network_layers("cnn-lstm"))
    assert words.startswith("1 x 224 x 224 x 3: Photo, Rescale pixels; 1 x 223 x 223 x 1: Conv 1, 2x2, valid, ReLU, each frame; ")
    assert words.endswith("50: LSTM 50; 7: Dense 7, softmax.")
