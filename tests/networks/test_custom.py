from __future__ import annotations

import re
from pathlib import Path

import pytest

from whosthat.errors import NetworkError
from whosthat.networks import registry
from whosthat.networks.custom import _WORDS, parse_blocks
from whosthat.networks.onnx_writer import parity, write_onnx
from whosthat.networks.registry import Design


def build(blocks, size=16):
    return registry.build("custom", Design(n_classes=2, size=size, blocks=blocks))


def test_blocks_become_layers_in_order():
    model = build("conv 64 3, conv 64 3, pool, norm, dropout 0.5, flatten, dense 128")
    assert [type(layer).__name__ for layer in model.layers[2:-2]] == [
        "Conv2D", "Conv2D", "MaxPooling2D", "BatchNormalization", "Dropout", "Flatten", "Dense",
    ]  # fmt: skip
    assert model.get_layer("block7_dense").count_params() == (8 * 8 * 64 + 1) * 128


def test_blocks_may_stand_on_several_lines():
    assert [block.word for block in parse_blocks("conv 8,\n  pool 3,\n  global")] == ["conv", "pool", "global"]


PAGE = (Path(__file__).resolve().parents[2] / "docs" / "networks.md").read_text(encoding="utf-8")
CNN6, VGG16_BN1 = re.findall(r"```\n(conv.*?)```", PAGE, re.DOTALL)


def test_the_page_tells_all_words_as_they_are_written():
    assert re.findall(r"^\| `(.+?)` \|", PAGE, re.MULTILINE) == [known.usage(word).replace("|", r"\|") for word, known in _WORDS.items()]


def layers(model):
    """Kind, output shape, weights and the settings that matter of every layer with an effect."""
    settings = ("filters", "kernel_size", "padding", "strides", "pool_size", "rate", "units")
    return [
        (type(layer).__name__, layer.output.shape, layer.count_params(), [str(getattr(layer, name, None)) for name in settings],
         getattr(getattr(layer, "activation", None), "__name__", None))
        for layer in model.layers if type(layer).__name__ != "Identity"
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "blocks", "size"), [("cnn6", CNN6, 64), ("vgg16-bn1", VGG16_BN1, 32)])
def test_the_language_writes_the_networks_of_the_reference(name, blocks, size):
    written = registry.build("custom", Design(n_classes=7, size=size, blocks=blocks))
    assert layers(written) == layers(registry.build(name, Design(n_classes=7, size=size)))


def test_the_block_of_the_slides_is_written_as_they_write_it():
    model = build("Conv 64 3 same ReLU, Conv 64 3 same ReLU, Pool 2 stride 2, Flatten, Dense 128")
    assert [layer.output.shape[1:] for layer in model.layers[2:]] == [(16, 16, 64), (16, 16, 64), (8, 8, 64), (4096,), (128,), (128,), (2,)]


def test_settings_stand_in_any_order_and_reach_the_layer():
    model = build("conv 8 tanh l2 0.01 stride 2 valid, pool 3 stride 1 same, flatten, dense 4 l2 0.5 sigmoid, dense 4 linear")
    conv, pool, _, dense, last = model.layers[2:7]
    assert (conv.kernel_size, conv.padding, conv.strides, conv.activation.__name__) == ((3, 3), "valid", (2, 2), "tanh")
    assert (pool.pool_size, pool.padding, pool.strides) == ((3, 3), "same", (1, 1))
    assert (dense.activation.__name__, last.activation.__name__) == ("sigmoid", "linear")
    assert [float(layer.kernel_regularizer.l2) for layer in (conv, dense)] == pytest.approx([0.01, 0.5])
    assert last.kernel_regularizer is None


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ("conv 8, cnv 8", r"Block 2 \('cnv 8'\) is not known. Did you mean \"conv\"\?"),
        ("conv 8,, pool", "Block 2 .* is empty"),
        ("conv", r"Block 1 \('conv'\) lacks FILTERS. Write it as: conv FILTERS \[SIDE\] \[same\|valid\] \[relu\|tanh\|sigmoid\|linear\]"),
        ("conv same", "lacks FILTERS"),
        (
            "pool 2 2",
            r"'2' is not allowed there. Choose one of: same, stride, valid. Write it as: pool \[SIDE\] \[same\|valid\] \[stride N\]",
        ),
        ("conv 8 3 sam", r"Block 1 \('conv 8 3 sam'\): 'sam' is not allowed there. Did you mean \"same\"\? Write it as: conv FILTERS"),
        ("flatten, dense 4 valid", "'valid' is not allowed there"),
        ("norm 3", "'3' is not allowed there. Nothing more can follow. Write it as: norm"),
        ("conv 8 relu tanh", "'tanh' comes after 'relu'; give one of them"),
        ("pool stride 2 stride 3", "'stride' comes after '2'; give one of them"),
        ("pool stride", "STRIDE must be a whole number from 1 to 100,000, got 'nothing'"),
        ("pool stride same", "STRIDE must be a whole number from 1 to 100,000, got 'same'"),
        ("conv 8 l2 -1", "L2 must be a number above 0, at most 1, got '-1'"),
        ("conv 0", "FILTERS must be a whole number from 1 to 100,000, got '0'"),
        ("conv 8.5", "FILTERS must be a whole number"),
        ("conv 8 -3", "SIDE must be a whole number from 1 to 100,000, got '-3'"),
        ("conv 8, dropout 1", "RATE must be a number from 0 to below 1, got '1'"),
        ("dropout nan", "0 to below 1, got 'nan'"),
        ("conv 8 17 valid, global", "Block 1 .* needs maps of at least 17 x 17, got 16 x 16"),
        ("conv 8, dense 4", r"Block 2 \('dense 4'\) needs a vector, got a map .* Put global or flatten before it"),
        ("flatten, conv 8", "needs a map, got a vector .* Put it before global or flatten"),
        ("pool 4, pool 4, pool 4, global", "Block 3 .* needs maps of at least 4 x 4, got 1 x 1"),
        ("conv 8, pool", "The blocks end in maps"),
    ],
)
def test_block_that_does_not_work_is_named_with_its_position(blocks, message):
    with pytest.raises(NetworkError, match=message):
        build(blocks)


def test_all_that_can_be_written_is_exported(photos_for):
    model = build(
        "conv 4 tanh stride 2, norm, pool 3 stride 2 same, conv 4 2 sigmoid valid, conv 4 linear l2 0.1, pool 2 stride 1, dropout 0.5,"
        "flatten, norm, dense 4 tanh, dense 4 sigmoid, dense 4 linear"
    )
    assert parity(model, write_onnx(model), photos_for(model)) < 1e-6
    model = build("conv 4 5 valid stride 3, global, dropout 0.1, dense 4")
    assert parity(model, write_onnx(model), photos_for(model)) < 1e-6
