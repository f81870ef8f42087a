"""The steps of the lesson that are arithmetic: each computes with numpy what its text says, on photos that are drawn.

Each step has two halves, ``..._before`` and ``..._after`` the question; both return facts for the text and exhibits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whosthat.dataset.batches import Batches
from whosthat.evaluation.lesson_page import Grid, Picture
from whosthat.evaluation.plots.chart import draw_chart
from whosthat.evaluation.plots.lesson_charts import draw_tiles, losses_chart, tiles_size
from whosthat.translation import _
from whosthat.wording import percent
from whosthat.workflow.lesson.workshop import PEOPLE, Shown, Words, Workshop

Array = NDArray[Any]

WHITE = 9
"""Grey values of the pencil exercise go from 0 to this."""

PIECE = 6
"""Side of the piece of a photo on which a convolution is computed: with a 3 x 3 filter, 4 x 4 numbers are left, and 2 x 2 after pooling."""

LEAST = 3
"""The first result of the exercise is at least this far from zero, so that there is something to add up."""

FILTER = np.array([[1, 0, -1]] * 3)
"""Left minus right: finds upright edges."""

POOL = 2
INPUTS = (-4.0, -1.0, 0.0, 1.0, 4.0)
START, SMALL, GOOD, LARGE, STEPS = 2.0, 0.05, 0.4, 1.1, 6
"""Gradient descent with one weight: where it begins, the learning rates, and how many steps are shown."""

ACTIVATIONS: Mapping[str, Callable[[Any], Any]] = {
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
}


def convolved(image: Array, weights: Array) -> Array:
    """Lay a filter on every place of an image where it fits, ``(height, width)``, multiply and add up.

    Example:
        >>> convolved(np.eye(3), np.ones((2, 2))).tolist()
        [[2.0, 1.0], [1.0, 2.0]]
    """
    windows = np.lib.stride_tricks.sliding_window_view(image, weights.shape)
    return np.asarray(np.einsum("hwij,ij->hw", windows, weights))


def max_pooled(image: Array, side: int) -> Array:
    """Keep the largest number of each square of this side, which divides height and width.

    Example:
        >>> max_pooled(np.arange(16).reshape(4, 4), 2).tolist()
        [[5, 7], [13, 15]]
    """
    height, width = image.shape
    return np.asarray(image.reshape(height // side, side, width // side, side).max(axis=(1, 3)))


def piece_of(photo: Array) -> tuple[int, int, Array]:
    """Find the piece of a photo where the filter answers most, to edges of both kinds: its top, its left, its grey values, int64 (6, 6)."""
    grey = np.rint(photo.mean(axis=2) * (WHITE / 255)).astype(np.int64)
    answers, inside = convolved(grey, FILTER), np.ones((PIECE - len(FILTER) + 1,) * 2)
    bright_to_dark, dark_to_bright = (convolved(np.maximum(sign * answers, 0), inside) for sign in (1, -1))
    strength = np.minimum(bright_to_dark, dark_to_bright)
    strength[np.abs(answers[: strength.shape[0], : strength.shape[1]]) < LEAST] = 0
    top, left = np.unravel_index(strength.argmax(), strength.shape)
    return int(top), int(left), grey[top : top + PIECE, left : left + PIECE]


def map_of(shop: Workshop) -> Array:
    """Return the result of the convolution on the piece, int64 (4, 4)."""
    return convolved(piece_of(shop.test[0][0])[2], FILTER)


def block(caption: str, numbers: Array) -> Grid:
    """Show a matrix of whole numbers."""
    return Grid(caption, tuple(tuple(str(number) for number in row) for row in numbers))


def joined(terms: Iterable[str]) -> str:
    """Write a sum; a negative term is subtracted."""
    return " + ".join(terms).replace("+ -", "- ")


def convolution_before(shop: Workshop, words: Words) -> Shown:
    """Show a piece of a photo and a filter."""
    photo = shop.test[0][0]
    top, left, piece = piece_of(photo)
    facts = {"height": PIECE, "width": PIECE, "black": 0, "white": WHITE, "filter_side": len(FILTER)}
    framed = np.repeat(np.rint(photo.mean(axis=2))[..., None], 3, axis=2).astype(np.uint8)
    ring = np.zeros(framed.shape[:2], bool)
    ring[max(top - 1, 0) : top + PIECE + 1, max(left - 1, 0) : left + PIECE + 1] = True
    ring[top : top + PIECE, left : left + PIECE] = False
    framed[ring] = (255, 90, 0)
    picture = Picture("piece", words["photo"], tiles_size(1), draw_tiles, ([("", framed)],))
    return facts, (picture, block(words["piece"], piece), block(words["filter"], FILTER))


def convolution_after(shop: Workshop, words: Words) -> Shown:
    """Compute the convolution."""
    piece, result = piece_of(shop.test[0][0])[2], map_of(shop)
    corner = piece[: len(FILTER), : len(FILTER)]
    pairs = zip(corner.flat, FILTER.flat, strict=True)
    products = joined(f"{number} x {weight}" if weight >= 0 else f"-{number} x {-weight}" for number, weight in pairs)
    rows, columns = result.shape
    return {"first": int(result[0, 0]), "products": products, "rows": rows, "columns": columns}, (block(words["result"], result),)


def activation_before(shop: Workshop, words: Words) -> Shown:
    """Show the numbers that relu is applied to."""
    result, ends = map_of(shop), (("low", -100.0), ("high", 100.0))
    limits = {f"{name}_{end}": f"{ACTIVATIONS[name](np.array(x)):.0f}" for name in ("sigmoid", "tanh") for end, x in ends}
    return {"cells": result.size, **limits}, (block(words["before"], result),)


def activation_after(shop: Workshop, words: Words) -> Shown:
    """Apply relu to them, and all functions to a few numbers."""
    after, large, nudge = ACTIVATIONS["relu"](map_of(shop)), INPUTS[-1], 1e-6
    slopes = {name: (function(large + nudge) - function(large)) / nudge for name, function in ACTIVATIONS.items()}
    facts = {
        "zeros": int((after == 0).sum()),
        "large": f"{large:g}",
        "sigmoid_slope": f"{slopes['sigmoid']:.3f}",
        "tanh_slope": f"{slopes['tanh']:.4f}",
        "relu_slope": f"{slopes['relu']:.0f}",
    }
    rows = tuple((f"{x:g}", *(f"{function(x):.3f}" for function in ACTIVATIONS.values())) for x in INPUTS)
    return facts, (block(words["after"], after), Grid(words["table"], rows, (words["input"], *ACTIVATIONS)))


def pooling_before(shop: Workshop, words: Words) -> Shown:
    """Show the numbers that are pooled."""
    before = ACTIVATIONS["relu"](map_of(shop))
    facts = {"pool": POOL, "square": POOL * POOL, "cells": before.size, "left": max_pooled(before, POOL).size}
    return facts, (block(words["before"], before),)


def pooling_after(shop: Workshop, words: Words) -> Shown:
    """Pool them."""
    after = max_pooled(ACTIVATIONS["relu"](map_of(shop)), POOL)
    return {"kept": _(", ").join(map(str, after.flat))}, (block(words["after"], after),)


def shapes_before(shop: Workshop, words: Words) -> Shown:
    """Describe the lesson's network."""
    first, second = (layer for layer in shop.network.layers if "conv" in layer.name)
    return {"side": shop.scale.side, "first_filters": first.filters, "second_filters": second.filters}, ()


def shapes_after(shop: Workshop, words: Words) -> Shown:
    """Count its weights, layer by layer, from the network itself."""
    rows, flat = [], (0,)
    for layer in shop.network.layers[1:]:
        before, shape = tuple(layer.input.shape[1:]), tuple(layer.output.shape[1:])
        if layer.name.endswith("flatten"):
            flat = before
        if layer.weights or shape != before:
            rows.append((layer.name, " x ".join(map(str, shape)), _counting(layer), f"{layer.count_params():,}"))
    convolution = next(layer for layer in shop.network.layers if "conv" in layer.name)
    dense = next(layer for layer in shop.network.layers if "dense" in layer.name)
    weights = shop.network.count_params()
    facts = {
        "flat": int(np.prod(flat)),
        "flat_products": " x ".join(map(str, flat)),
        "unpadded": len(convolved(np.zeros((shop.scale.side, shop.scale.side)), FILTER)),
        "first_weights": convolution.count_params(),
        "dense_weights": dense.count_params(),
        "dense_share": percent(dense.count_params() / weights),
        "weights": weights,
    }
    return facts, (Grid(words["table"], tuple(rows), (words["layer"], words["shape"], words["arithmetic"], words["weights"])),)


def _counting(layer: Any) -> str:
    """Write how the weights of a layer are counted: those of its filters or connections, and one more for each output."""
    return " + ".join(" x ".join(map(str, weight.shape)) for weight in layer.weights)


def epoch_before(shop: Workshop, words: Words) -> Shown:
    """Say how many photos there are."""
    return {"photos": len(shop.train[1]), "batch": shop.scale.batch_size}, ()


def epoch_after(shop: Workshop, words: Words) -> Shown:
    """Count the batches of an epoch as training makes them."""
    size = shop.scale.batch_size
    other, *_ = sizes = (size * 4 // 5, size, 2 * size)
    batches = {batch: Batches(*shop.train, n_classes=len(PEOPLE), batch_size=batch) for batch in sizes}
    rests = {batch: len(one.batch(0, len(one) - 1)[1]) for batch, one in batches.items()}
    iterations = len(batches[size])
    facts = {"iterations": iterations, "epochs": shop.scale.epochs, "steps": iterations * shop.scale.epochs}
    facts |= {"other": other, "other_iterations": len(batches[other]), "rest": rests[other]}
    rows = tuple((str(batch), str(len(one)), str(rests[batch])) for batch, one in batches.items())
    return facts, (Grid(words["table"], rows, (words["batch"], words["iterations"], words["rest"])),)


ANSWERS = {"right": (0.9, 0.05, 0.05), "unsure": (0.4, 0.3, 0.3), "wrong": (0.01, 0.98, 0.01)}
"""Probabilities for names, of which the first is the right one."""


def squared_error(shares: Array) -> float:
    """Compute MSE, where the first name is right.

    Example:
        >>> squared_error(np.array([0.5, 0.5]))
        0.25
    """
    return float(np.mean((shares - np.eye(len(shares))[0]) ** 2))


def cross_entropy(shares: Array) -> float:
    """Compute cross-entropy, in nats, where the first name is right.

    Example:
        >>> round(cross_entropy(np.array([0.5, 0.5])), 3)
        0.693
    """
    return float(-np.log(shares[0]))


def loss_before(shop: Workshop, words: Words) -> Shown:
    """Show the answers."""
    names = PEOPLE[: len(ANSWERS["right"])]
    rows = tuple((words[name], *(f"{share:g}" for share in shares)) for name, shares in ANSWERS.items())
    return {"yes": 1, "no": 0, "answers": len(ANSWERS), "truth": names[0]}, (Grid(words["answers"], rows, (words["answer"], *names)),)


def loss_after(shop: Workshop, words: Words) -> Shown:
    """Compute both losses of each answer."""
    squared, entropy = ({name: loss(np.array(shares)) for name, shares in ANSWERS.items()} for loss in (squared_error, cross_entropy))
    wrong = ANSWERS["wrong"]
    squares = " + ".join(f"({share:g} - {truth})²" for share, truth in zip(wrong, (1, 0, 0), strict=True))
    facts = {
        "mse_growth": f"{squared['wrong'] / squared['unsure']:.1f}",
        "entropy_growth": f"{entropy['wrong'] / entropy['unsure']:.1f}",
        "mse_arithmetic": f"({squares}) / {len(wrong)}",
        "mse": f"{squared['wrong']:.3f}",
        "entropy_arithmetic": f"-ln({wrong[0]:g})",
        "entropy": f"{entropy['wrong']:.3f}",
        "mse_limit": f"{squared_error(np.array((0.0, 1.0, 0.0))):.3f}",
    }
    rows = tuple((words[name], f"{squared[name]:.3f}", f"{entropy[name]:.3f}") for name in ANSWERS)
    return facts, (Grid(words["losses"], rows, (words["answer"], words["mse"], words["entropy"])),)


def descended(rate: float) -> list[float]:
    """Follow a weight w down the loss w x w, whose gradient is 2 x w."""
    weights = [START]
    for _rest in range(STEPS):
        weights.append(weights[-1] - rate * 2 * weights[-1])
    return weights


def descent_before(shop: Workshop, words: Words) -> Shown:
    """Say where it begins."""
    return {"slope": 2, "start": f"{START:g}", "large": f"{LARGE:g}"}, ()


def descent_after(shop: Workshop, words: Words) -> Shown:
    """Take the steps with each learning rate."""
    ways = {rate: descended(rate) for rate in (SMALL, GOOD, LARGE)}
    landed = ways[LARGE][1]
    facts = {
        "landed": f"{landed:.2g}",
        "loss_before": f"{START**2:.2f}",
        "loss_after": f"{landed**2:.2f}",
        "small": f"{SMALL:g}",
        "good": f"{GOOD:g}",
        "steps": STEPS,
    }
    rows = tuple((str(step), *(f"{ways[rate][step]:.3f}" for rate in ways)) for step in range(STEPS + 1))
    headings = (words["step"], *(words["rate"].format(rate=f"{rate:g}") for rate in ways))
    losses = {heading: [weight**2 for weight in way] for heading, way in zip(headings[1:], ways.values(), strict=True)}
    picture = Picture("descent", words["picture"], (4.7, 3.0), draw_chart, (losses_chart, losses, (words["loss"], words["step"]), 0))
    return facts, (Grid(words["table"], rows, headings), picture)
