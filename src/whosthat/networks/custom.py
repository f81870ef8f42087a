"""custom: a network of the user's own blocks, in one line of a recipe.

    conv 64 3, conv 64 3, pool, norm, dropout 0.5, flatten, dense 128

| block                | meaning                                                                            |
|----------------------|------------------------------------------------------------------------------------|
| conv FILTERS [SIDE]  | convolution with relu, padding "same"; the filters are SIDE x SIDE, 3 if left out   |
| pool [SIDE]          | maximum of every SIDE x SIDE square, 2 if left out                                  |
| norm                 | batch normalisation                                                                |
| dropout RATE         | drop this share of the values while training                                       |
| global               | the mean of each map: one number per filter                                        |
| flatten              | all maps in one row                                                                |
| dense UNITS          | fully connected layer with relu, after global or flatten                           |

What belongs here: the words, reading them, the layer that each becomes, and the network. The classifier with its softmax is added. What
the language cannot say, a Python file can: `registry.load_custom`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from whosthat.errors import NetworkError, did_you_mean
from whosthat.networks.backend import load_keras
from whosthat.networks.design import Design, NetworkFacts
from whosthat.networks.ends import photo_input, predictions, rescaled
from whosthat.networks.registry import register

if TYPE_CHECKING:
    import keras

EXAMPLE = "conv 32 3, pool, norm, conv 64 3, pool, norm, conv 128 3, pool, norm, global, dropout 0.25, dense 128"
"""What is built when a recipe gives no blocks."""

_MAX_COUNT = 100_000


@dataclass(frozen=True, slots=True)
class Block:
    """One block: its word, its numbers with defaults filled in, and what was written, for messages."""

    word: str
    numbers: tuple[float, ...]
    written: str


@dataclass(frozen=True, slots=True)
class _Word:
    """What a word of the language takes and makes."""

    usage: str  # how it is written
    defaults: tuple[float | None, ...]  # one entry per number; None where the number must be given
    whole: bool  # whether its numbers are counts; otherwise they are shares in [0, 1)
    takes: str  # "map" (height x width x filters), "vector", or "both"
    layer: Callable[[tuple[float, ...], Design], tuple[str, dict[str, object]]]  # to a Keras layer's class name and arguments


def _convolution(numbers: tuple[float, ...], design: Design) -> tuple[str, dict[str, object]]:
    filters, side = map(int, numbers)
    return "Conv2D", {"filters": filters, "kernel_size": side, "padding": "same", "activation": "relu", **_drawn(design)}


def _dense(numbers: tuple[float, ...], design: Design) -> tuple[str, dict[str, object]]:
    return "Dense", {"units": int(numbers[0]), "activation": "relu", **_drawn(design)}


def _drawn(design: Design) -> dict[str, object]:
    return {"kernel_initializer": design.initialiser or "glorot_uniform"}


_WORDS = {
    "conv": _Word("conv FILTERS [SIDE]", (None, 3), True, "map", _convolution),
    "pool": _Word("pool [SIDE]", (2,), True, "map", lambda numbers, design: ("MaxPooling2D", {"pool_size": int(numbers[0])})),
    "norm": _Word(
        "norm", (), True, "both", lambda numbers, design: ("BatchNormalization", {"momentum": design.batch_norm_momentum or 0.9})
    ),
    "dropout": _Word("dropout RATE", (None,), False, "both", lambda numbers, design: ("Dropout", {"rate": numbers[0]})),
    "global": _Word("global", (), True, "map", lambda numbers, design: ("GlobalAveragePooling2D", {})),
    "flatten": _Word("flatten", (), True, "map", lambda numbers, design: ("Flatten", {})),
    "dense": _Word("dense UNITS", (None,), True, "vector", _dense),
}


def parse_blocks(text: str) -> tuple[Block, ...]:
    """Read the block language: blocks separated by commas, line ends allowed. Nothing is built.

    Raises:
        NetworkError: Names the position of the first block that is not understood, and how it is written.

    Example:
        >>> [(block.word, block.numbers) for block in parse_blocks("conv 64, pool")]
        [('conv', (64.0, 3.0)), ('pool', (2.0,))]
    """
    return tuple(_parse(position, written.strip()) for position, written in enumerate(text.split(","), start=1))


def _parse(position: int, written: str) -> Block:
    word, *given = written.split() or [""]
    where = f"Block {position} ({written!r:.80})"
    if not word:
        raise NetworkError(f"{where} is empty. Write blocks separated by single commas, for example: conv 64 3, pool, global")
    if word not in _WORDS:
        raise NetworkError(f"{where} is not known. {did_you_mean(word, _WORDS)}")
    known = _WORDS[word]
    if not sum(default is None for default in known.defaults) <= len(given) <= len(known.defaults):
        raise NetworkError(f"{where} has {len(given)} numbers. Write it as: {known.usage}")
    numbers = tuple(_number(where, known, number) for number in given)
    rest = tuple(float(default) for default in known.defaults[len(given) :] if default is not None)
    return Block(word, numbers + rest, written)


def _number(where: str, known: _Word, written: str) -> float:
    try:
        number = float(int(written) if known.whole else written)
    except ValueError:
        number = -1.0
    valid = 1 <= number <= _MAX_COUNT if known.whole else 0 <= number < 1
    if not valid:
        wanted = f"a whole number from 1 to {_MAX_COUNT:,}" if known.whole else "a number from 0 to below 1"
        raise NetworkError(f"{where} needs {wanted}, got {written!r:.40}. Write it as: {known.usage}")
    return number


def _add_block(x: keras.KerasTensor, position: int, block: Block, design: Design) -> keras.KerasTensor:
    """One block's layer on top of ``x``."""
    where = f"Block {position} ({block.written!r:.80})"
    known = _WORDS[block.word]
    came = "map" if len(x.shape) == 4 else "vector"
    if known.takes not in (came, "both"):
        advice = "Put global or flatten before it." if came == "map" else "Put it before global or flatten."
        raise NetworkError(f"{where} needs a {known.takes}, got a {came} of shape {tuple(x.shape[1:])}. {advice}")
    if block.word == "pool" and x.shape[1] < block.numbers[0]:
        raise NetworkError(
            f"{where} needs maps of at least {block.numbers[0]:.0f} x {block.numbers[0]:.0f}, got {x.shape[1]} x {x.shape[2]}. Choose a "
            f"size above {design.size}, or pool less."
        )
    layer, arguments = known.layer(block.numbers, design)
    return getattr(load_keras().layers, layer)(**arguments, name=f"block{position}_{block.word}")(x)


@register(
    NetworkFacts(
        name="custom",
        title="Your own blocks, trained from scratch",
        input_size=112,
        minimum_size=8,
        licence="Apache-2.0",
        source="Your recipe",
        parameters=111_559,
        options=("blocks", "batch_norm_momentum", "initialiser", "rescale"),
    )
)
def custom(design: Design) -> keras.Model:
    """The blocks of ``Design.blocks``, such as ``conv 64 3, conv 64 3, pool, flatten, dense 128``, and a classifier."""
    keras = load_keras()
    photo = photo_input(design)
    x = rescaled(photo, design)
    for position, block in enumerate(parse_blocks(design.blocks or EXAMPLE), start=1):
        x = _add_block(x, position, block, design)
    if len(x.shape) != 2:
        raise NetworkError(
            f"The blocks end in maps of shape {tuple(x.shape[1:])}, but the classifier needs a vector. Add global or flatten."
        )
    x = keras.layers.Identity(name="features")(x)
    return keras.Model(photo, predictions(x, design), name="custom")
