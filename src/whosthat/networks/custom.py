"""custom: a network of the user's own blocks, in one line of a recipe.

    conv 64 3, conv 64 3 valid, pool 2 stride 2, norm, dropout 0.5, flatten, dense 128 tanh l2 0.001

`_WORDS` says what there is; docs/networks.md says it in a table. Numbers stand first; what stands behind them may stand in any order.

What belongs here: the words, reading them, the layer that each becomes, and the network. The classifier with its softmax is added. What
the language cannot say, a Python file can: `registry.load_custom`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from whosthat.errors import NetworkError, did_you_mean
from whosthat.networks.backend import load_keras
from whosthat.networks.design import Design, NetworkFacts
from whosthat.networks.ends import photo_input, predictions, rescaled
from whosthat.networks.registry import register
from whosthat.translation import N_, _, pgettext

if TYPE_CHECKING:
    import keras

EXAMPLE = "conv 32 3, pool, norm, conv 64 3, pool, norm, conv 128 3, pool, norm, global, dropout 0.25, dense 128"  # not translated: blocks
"""What is built when a recipe gives no blocks."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block: its word, its settings by name with defaults filled in, and what was written, for messages."""

    word: str
    settings: Mapping[str, Any]  # whole numbers, shares, and words such as "same"
    written: str


@dataclass(frozen=True, slots=True)
class _Range:
    """The numbers that a setting can be."""

    words: str
    whole: bool
    allows: Callable[[float], bool]


_COUNT = _Range(N_("a whole number from 1 to 100,000"), True, lambda number: 1 <= number <= 100_000)
_NUMBERS = {
    "filters": _COUNT,
    "side": _COUNT,
    "units": _COUNT,
    "rate": _Range(N_("a number from 0 to below 1"), False, lambda number: 0 <= number < 1),
    "stride": _COUNT,
    "l2": _Range(N_("a number above 0, at most 1"), False, lambda number: 0 < number <= 1),
}
_NAMED = {"stride": "stride N", "l2": "l2 RATE"}
"""The numbers before which their names are written; the others stand first, in their order."""

_CHOICES = {"padding": ("same", "valid"), "activation": ("relu", "tanh", "sigmoid", "linear")}


@dataclass(frozen=True, slots=True)
class _Word:
    """What a word of the language takes and makes."""

    settings: Mapping[str, float | str | None]  # in the order in which they are written, with defaults; None where it must be given
    takes: str  # "map" (height x width x filters), "vector", or "both"
    layer: Callable[[Mapping[str, Any], Design], tuple[str, dict[str, object]]]  # to a Keras layer's class name and arguments

    def usage(self, word: str) -> str:
        """How it is written."""
        parts = [_NAMED.get(name) or "|".join(_CHOICES.get(name, (name.upper(),))) for name in self.settings]
        return " ".join(
            [word, *(part if self.settings[name] is None else f"[{part}]" for name, part in zip(self.settings, parts, strict=True))]
        )

    def tokens(self) -> dict[str, str]:
        """The words that may follow, with the setting that each belongs to."""
        return {token: name for name in self.settings for token in _CHOICES.get(name, (name,) if name in _NAMED else ())}


def _convolution(settings: Mapping[str, Any], design: Design) -> tuple[str, dict[str, object]]:
    sides = {"filters": settings["filters"], "kernel_size": settings["side"], "strides": settings["stride"]}
    return "Conv2D", {**sides, "padding": settings["padding"], **_weighted(settings, design)}


def _pool(settings: Mapping[str, Any], design: Design) -> tuple[str, dict[str, object]]:
    side = settings["side"]
    return "MaxPooling2D", {"pool_size": side, "strides": settings["stride"] or side, "padding": settings["padding"]}


def _dense(settings: Mapping[str, Any], design: Design) -> tuple[str, dict[str, object]]:
    return "Dense", {"units": settings["units"], **_weighted(settings, design)}


def _weighted(settings: Mapping[str, Any], design: Design) -> dict[str, object]:
    """What layers with weights share."""
    penalty = load_keras().regularizers.L2(settings["l2"]) if settings["l2"] else None
    drawn = design.initialiser or "glorot_uniform"
    return {"activation": settings["activation"], "kernel_initializer": drawn, "kernel_regularizer": penalty}


_WORDS = {
    "conv": _Word({"filters": None, "side": 3, "padding": "same", "activation": "relu", "stride": 1, "l2": 0.0}, "map", _convolution),
    "pool": _Word({"side": 2, "padding": "valid", "stride": 0}, "map", _pool),
    "norm": _Word({}, "both", lambda settings, design: ("BatchNormalization", {"momentum": design.batch_norm_momentum or 0.9})),
    "dropout": _Word({"rate": None}, "both", lambda settings, design: ("Dropout", {"rate": settings["rate"]})),
    "global": _Word({}, "map", lambda settings, design: ("GlobalAveragePooling2D", {})),
    "flatten": _Word({}, "map", lambda settings, design: ("Flatten", {})),
    "dense": _Word({"units": None, "activation": "relu", "l2": 0.0}, "vector", _dense),
}


def parse_blocks(text: str) -> tuple[Block, ...]:
    """Read the block language: blocks separated by commas, in capitals or not, line ends allowed. Nothing is built.

    Raises:
        NetworkError: Names the position of the first block that is not understood, what in it, and how it is written.

    Example:
        >>> [(block.word, block.settings) for block in parse_blocks("dense 64 tanh, pool 3 stride 2")]
        [('dense', {'units': 64, 'activation': 'tanh', 'l2': 0.0}), ('pool', {'side': 3, 'padding': 'valid', 'stride': 2})]
    """
    return tuple(_parse(position, written.strip()) for position, written in enumerate(text.split(","), start=1))


def _parse(position: int, written: str) -> Block:
    word, *tokens = written.lower().split() or [""]
    where = _("Block {position} ({written!r:.80})", position=position, written=written)
    if not word:
        raise NetworkError("{where} is empty. Write blocks separated by single commas, for example: conv 64 3, pool, global", where=where)
    if word not in _WORDS:
        raise NetworkError("{where} is not known. {choice}", where=where, choice=did_you_mean(word, _WORDS))
    known = _WORDS[word]
    usage = _("Write it as: {usage}", usage=known.usage(word))
    given = {**known.settings, **_given(where, known, tokens, usage)}
    settings = {name: value for name, value in given.items() if value is not None}
    for name in given:
        if name not in settings:
            raise NetworkError("{where} lacks {name}. {usage}", where=where, name=name.upper(), usage=usage)
    return Block(word, settings, written)


def _given(where: str, known: _Word, tokens: list[str], usage: str) -> dict[str, float | str]:
    """Read what stands behind the word of a block."""
    given: dict[str, float | str] = {}
    allowed = known.tokens()
    plain = [name for name in known.settings if name in _NUMBERS and name not in _NAMED]
    left = iter(tokens)
    for token in left:
        name = allowed.get(token)
        if name is None and plain and (known.settings[plain[0]] is None or token[0] in "+-.0123456789"):
            name = plain.pop(0)
        if name is None:
            advice = did_you_mean(token, allowed) if allowed else _("Nothing more can follow.")
            raise NetworkError(
                "{where}: {token!r:.40} is not allowed there. {advice} {usage}", where=where, token=token, advice=advice, usage=usage
            )
        if name in given:
            raise NetworkError(
                "{where}: {token!r:.40} comes after {before!r}; give one of them. {usage}",
                where=where,
                token=token,
                before=str(given[name]),
                usage=usage,
            )
        number = next(left, pgettext("what follows a word of a block", "nothing")) if name in _NAMED else token
        given[name] = token if name in _CHOICES else _number(where, name, number, usage)
    return given


def _number(where: str, name: str, written: str, usage: str) -> float:
    limits = _NUMBERS[name]
    try:
        number = int(written) if limits.whole else float(written)
    except ValueError:
        number = -1
    if not limits.allows(number):
        raise NetworkError(
            "{where}: {name} must be {expected}, got {written!r:.40}. {usage}",
            where=where,
            name=name.upper(),
            expected=_(limits.words),
            written=written,
            usage=usage,
        )
    return number


def _add_block(x: keras.KerasTensor, position: int, block: Block, design: Design) -> keras.KerasTensor:
    """One block's layer on top of ``x``."""
    where = _("Block {position} ({written!r:.80})", position=position, written=block.written)
    known = _WORDS[block.word]
    came = "map" if len(x.shape) == 4 else "vector"
    if known.takes not in (came, "both"):
        shape = tuple(x.shape[1:])
        raise NetworkError(
            _("{where} needs a vector, got a map of shape {shape}. Put global or flatten before it.", where=where, shape=shape)
            if came == "map"
            else _("{where} needs a map, got a vector of shape {shape}. Put it before global or flatten.", where=where, shape=shape)
        )
    side = block.settings.get("side", 0)
    if block.settings.get("padding") == "valid" and side > x.shape[1]:
        raise NetworkError(
            "{where} needs maps of at least {side} x {side}, got {height} x {width}. Choose a size above {size}, pool "
            "less, or use the padding same.",
            where=where,
            side=side,
            height=x.shape[1],
            width=x.shape[2],
            size=design.size,
        )
    layer, arguments = known.layer(block.settings, design)
    return getattr(load_keras().layers, layer)(**arguments, name=f"block{position}_{block.word}")(x)


@register(
    NetworkFacts(
        name="custom",
        title=N_("Your own blocks, trained from scratch"),
        input_size=112,
        minimum_size=8,
        licence="Apache-2.0",
        source=N_("Your recipe"),
        parameters=111_559,
        options=("blocks", "batch_norm_momentum", "initialiser", "rescale"),
    ),
    N_("Your own blocks, such as conv 64 3, conv 64 3 valid, pool, flatten, dense 128, and a classifier."),
)
def custom(design: Design) -> keras.Model:
    """Build the blocks of ``Design.blocks``, and the classifier."""
    keras = load_keras()
    photo = photo_input(design)
    x = rescaled(photo, design)
    for position, block in enumerate(parse_blocks(design.blocks or EXAMPLE), start=1):
        x = _add_block(x, position, block, design)
    if len(x.shape) != 2:
        raise NetworkError(
            "The blocks end in maps of shape {shape}, but the classifier needs a vector. Add global or flatten.", shape=tuple(x.shape[1:])
        )
    x = keras.layers.Identity(name="features")(x)
    return keras.Model(photo, predictions(x, design), name="custom")
