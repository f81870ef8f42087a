from __future__ import annotations

import pytest

from whosthat.errors import NetworkError
from whosthat.networks import registry
from whosthat.networks.custom import parse_blocks
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


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ("conv 8, cnv 8", r"Block 2 \('cnv 8'\) is not known. Did you mean \"conv\"\?"),
        ("conv 8,, pool", "Block 2 .* is empty"),
        ("conv", r"Block 1 \('conv'\) has 0 numbers. Write it as: conv FILTERS \[SIDE\]"),
        ("pool 2 2", "has 2 numbers. Write it as: pool"),
        ("conv 0", "needs a whole number from 1 to 100,000, got '0'"),
        ("conv 8.5", "needs a whole number"),
        ("conv 8, dropout 1", "0 to below 1, got '1'"),
        ("dropout nan", "0 to below 1, got 'nan'"),
        ("conv 8, dense 4", r"Block 2 \('dense 4'\) needs a vector, got a map .* Put global or flatten before it"),
        ("flatten, conv 8", "needs a map, got a vector .* Put it before global or flatten"),
        ("pool 4, pool 4, pool 4, global", "Block 3 .* needs maps of at least 4 x 4, got 1 x 1"),
        ("conv 8, pool", "The blocks end in maps"),
    ],
)
def test_block_that_does_not_work_is_named_with_its_position(blocks, message):
    with pytest.raises(NetworkError, match=message):
        build(blocks)
