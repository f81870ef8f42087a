"""The layers of a run's network, in words and in their file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from whosthat.errors import RunError
from whosthat.evaluation.network_part import (
    arithmetic,
    head_parameters,
    layer_words,
    read_network,
    shape_words,
    totals,
    write_network,
)
from whosthat.networks.layers import BLOCK, LayerFacts, NetworkLayers
from whosthat.networks.registry import names
from whosthat.workflow.show_network import network_layers

CONV = LayerFacts("conv", "Conv2D", (8, 8, 16), ((3, 3, 3, 16), (16,)), 448, 0, 16, (3, 3), (1, 1), "same", "relu")
POOL = LayerFacts("pool", "MaxPooling2D", (4, 4, 16), window=(2, 2), strides=(2, 2), padding="valid")
DENSE = LayerFacts("features", "Dense", (5,), ((256, 5), (5,)), 1285, 0, 5, activation="linear")
LAST = LayerFacts("predictions", "Dense", (2,), ((5, 2), (2,)), 12, 0, 2, activation="softmax")
NETWORK = NetworkLayers("small", (LayerFacts("photo", "InputLayer", (8, 8, 3)), CONV, POOL, DENSE, LAST))

pytestmark = pytest.mark.usefixtures("two_threads")


REFERENCE = {
    "cnn6": (
        """224 x 224 x 3: 0 | 224 x 224 x 3: 0 | 224 x 224 x 16: 3x3x3x16 + 16 = 448 | 222 x 222 x 32: 3x3x16x32 + 32 = 4,640
        | 111 x 111 x 32: 0 | 111 x 111 x 32: 4x32 = 128 | 111 x 111 x 32: 0 | 111 x 111 x 64: 3x3x32x64 + 64 = 18,496
        | 55 x 55 x 64: 0 | 55 x 55 x 64: 4x64 = 256 | 55 x 55 x 64: 0 | 55 x 55 x 256: 3x3x64x256 + 256 = 147,712
        | 53 x 53 x 256: 3x3x256x256 + 256 = 590,080 | 26 x 26 x 256: 0 | 26 x 26 x 256: 4x256 = 1,024 | 26 x 26 x 256: 0
        | 26 x 26 x 512: 3x3x256x512 + 512 = 1,180,160 | 24 x 24 x 512: 3x3x512x512 + 512 = 2,359,808 | 12 x 12 x 512: 0
        | 12 x 12 x 512: 4x512 = 2,048 | 12 x 12 x 512: 0 | 73,728: 0 | 1,024: 73,728x1,024 + 1,024 = 75,498,496 | 1,024: 0
        | 7: 1,024x7 + 7 = 7,175""",
        "All parameters: 79,810,471. Trainable: 79,808,743. Non-trainable: 1,728.",
    ),
    "cnn-lstm": (
        """1 x 224 x 224 x 3: 0 | 1 x 224 x 224 x 3: 0 | 1 x 223 x 223 x 1: 2x2x3x1 + 1 = 13 | 1 x 111 x 111 x 1: 0
        | 1 x 110 x 110 x 1: 2x2x1x1 + 1 = 5 | 1 x 55 x 55 x 1: 0 | 1 x 55 x 55 x 1: 4x1 = 4 | 1 x 55 x 55 x 1: 0 | 1 x 3,025: 0
        | 50: 4x(3,025x50 + 50x50 + 50) = 615,200 | 7: 50x7 + 7 = 357""",
        "All parameters: 615,579. Trainable: 615,577. Non-trainable: 2.",
    ),
    "vgg16": ("7: 25,088x7 + 7 = 175,623", "All parameters: 14,890,311. Trainable: 14,890,311. Non-trainable: 0."),
    "vgg16-bn1": (
        """112 x 112 x 64: 4x64 = 256 | 1,024: 25,088x1,024 + 1,024 = 25,691,136 | 1,024: 1,024x1,024 + 1,024 = 1,049,600
        | 7: 1,024x7 + 7 = 7,175""",
        "All parameters: 41,462,855. Trainable: 41,462,727. Non-trainable: 128.",
    ),
}


@pytest.mark.parametrize("name", REFERENCE)
def test_the_tables_of_the_reference_come_out_to_the_number(name: str) -> None:
    rows, sums = REFERENCE[name]
    layers = network_layers(name)
    came = [f"{shape_words(layer.shape)}: {arithmetic(layer)}" for layer in layers.layers]
    wanted = [row.strip() for row in rows.split("|")]
    assert (came if name in ("cnn6", "cnn-lstm") else [row for row in came if row in wanted]) == wanted
    assert " ".join(totals(layers)) == sums


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (CONV, "Conv 16, 3x3, ReLU"),
        (replace(CONV, strides=(2, 2), padding="valid", activation="tanh", l2=0.01), "Conv 16, 3x3, stride 2, valid, tanh, L2 0.01"),
        (replace(CONV, window=(1, 1), padding="valid", activation="linear"), "Conv 16, 1x1"),
        (replace(CONV, each_frame=True), "Conv 16, 3x3, ReLU, each frame"),
        (replace(CONV, kind="DepthwiseConv2D", units=0, activation="silu"), "Depthwise conv, 3x3, SiLU"),
        (POOL, "Max-pool 2x2"),
        (replace(POOL, strides=(1, 1), padding="same"), "Max-pool 2x2, stride 1, same"),
        (replace(POOL, kind="GlobalAveragePooling2D", window=(), strides=()), "Global average"),
        (DENSE, "Dense 5"),
        (LayerFacts("a", "Dropout", (5,), rate=0.25), "Dropout 0.25"),
        (LayerFacts("a", "ReLU", (5,), activation="relu6"), "ReLU6"),
        (LayerFacts("a", "Activation", (5,), activation="linear"), "Linear"),
        (LayerFacts("a", "LSTM", (50,), units=50, activation="tanh"), "LSTM 50"),
        (LayerFacts("a", "Mystery", (50,)), "Mystery"),
        (LayerFacts("conv2_block1", BLOCK, (5,), inside=(DENSE, LAST)), "conv2_block1, 2 layers"),
    ],
)
def test_a_layer_is_told_in_a_few_words(layer: LayerFacts, words: str) -> None:
    assert layer_words(layer) == words


@pytest.mark.parametrize("name", names())
def test_no_network_of_ours_has_a_layer_without_words(name: str) -> None:
    def kinds(layers: tuple[LayerFacts, ...]) -> list[LayerFacts]:
        return [one for layer in layers for one in (layer, *kinds(layer.inside))]

    assert [layer.kind for layer in kinds(network_layers(name).layers) if layer_words(layer).startswith(f"{layer.kind}2D")] == []
    assert not any("2D" in layer_words(layer) for layer in kinds(network_layers(name).layers))


def test_the_file_gives_back_what_was_written(tmp_path: Path) -> None:
    assert read_network(tmp_path) is None
    folded = NetworkLayers("folded", (*NETWORK.layers, LayerFacts("b", BLOCK, (2,), trainable=3, inside=(LAST,))))
    assert write_network(tmp_path, folded).name == "network.json"
    assert read_network(tmp_path) == folded


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"network": "a", "layers": []}', '{"network": "a", "layers": [{"name": "a", "kind": "Dense", "shape": []}]}',
     '{"network": "a", "layers": [{"name": "a", "kind": "Dense", "shape": [0]}]}', "\udcff",
     '{"network": "a", "layers": [{"name": "a", "kind": "MaxPooling2D", "shape": [1, 1, 1], "window": [2, 2]}]}',
     '{"network": "a", "layers": [{"name": "a", "kind": "LSTM", "shape": [1], "weights": [[]]}]}'],
)  # fmt: skip
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "network.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(RunError, match=r"network\.json .*Restore it, or delete it to make the report without it"):
        read_network(tmp_path)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"network\.json cannot be written"):
        write_network(tmp_path / "nowhere", NETWORK)


@pytest.mark.parametrize(
    ("settings", "n"),
    [
        ({}, None),
        ({"transfer.enabled": "no", "transfer.fine_tune_epochs": "0"}, None),
        ({"transfer.enabled": "yes", "transfer.fine_tune_epochs": "3"}, None),
        ({"transfer.enabled": "yes", "transfer.fine_tune_epochs": "0"}, 12),
    ],
)
def test_what_a_head_alone_learnt_is_counted(settings: dict[str, str], n: int | None) -> None:
    assert head_parameters(NETWORK, settings) == n


def test_no_head_is_made_up_where_no_layer_is_called_features() -> None:
    other = NetworkLayers("other", (CONV, LAST))
    assert head_parameters(other, {"transfer.enabled": "yes", "transfer.fine_tune_epochs": "0"}) is None
