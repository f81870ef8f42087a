"""Does the order of the frames say which class a clip is? Then cnn-lstm learns it, and cnn6, which sees single frames, cannot.

Drawn clips of 12 frames: a disc or a square, of any colour, size, height and speed, moves over dark tiles from left to right, or from right
to left; what leaves at one edge comes in at the other, so that it may be anywhere in any frame. Clips of both classes are drawn alike; then
the frames of one class are put in reverse order. 300 clips a class, 8:1:1. cnn-lstm learns from the clips (recipe `cnn-lstm-motion`), cnn6
from one frame of each clip, drawn by lot. Both runs are ordinary ones, as of `whosthat train`. Accuracy is that of the closed set: a
threshold would hide what chance gets right.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from benchmarks.measuring import Row, new_folder
from whosthat.proportions import wilson_interval
from whosthat.training.recipe import AnyRecipe
from whosthat.types import Image

TITLE = "Movement: cnn-lstm on clips against cnn6 on single frames"

N_CLIPS, N_FRAMES, SIDE = 300, 12, 64
CLASSES = ("to-the-left", "to-the-right")


def measure() -> list[Row]:
    """Test accuracy of both, and the time."""
    from whosthat.training.recipe import default_recipe, read_recipe

    with new_folder() as folder:
        clips, frames = folder / "clips", folder / "frames"
        draw_data_set(clips, frames)
        sequences = read_recipe("cnn-lstm-motion")
        single = default_recipe("cnn6", size=48, epochs=20, augmentation={"flip": False})
        return [
            *tested("cnn-lstm on clips", clips, sequences, ">= 0.95"),
            *tested("cnn6 on single frames", frames, single, "0.5 within the interval"),
        ]


def tested(what: str, photos: Path, recipe: AnyRecipe, target: str) -> list[Row]:
    """Train by a recipe and say how the test went."""
    from whosthat.workflow.train import train

    began = time.perf_counter()
    evaluation = train(photos, recipe, runs=photos.parent / "runs").evaluation
    seconds = time.perf_counter() - began
    if evaluation is None:
        raise RuntimeError("There are too few clips for a test.")
    n, share = evaluation.n, evaluation.closed_set
    interval = wilson_interval(round(n * share), n)
    figure = f"{share:.3f} of {n} (95 % interval {interval.low:.3f} to {interval.high:.3f})"
    return [Row(f"{what}: test accuracy", figure, target), Row(f"{what}: whole run", f"{seconds:.0f} s")]


def draw_data_set(clips: Path, frames: Path | None = None, *, n_clips: int = N_CLIPS) -> None:
    """Draw clips of both classes as folders of numbered frames and, where asked, a data set of one frame of each."""
    from PIL import Image as PillowImage

    for label, name in enumerate(CLASSES):
        for number in range(n_clips):
            chance = np.random.default_rng((label, number))
            clip = draw_clip(chance)[:: 1 if name == "to-the-right" else -1]
            place = clips / name / f"{number:03}"
            place.mkdir(parents=True)
            for index, image in enumerate(clip, start=1):
                PillowImage.fromarray(image).save(place / f"{index:02}.png")
            if frames is not None:
                (frames / name).mkdir(parents=True, exist_ok=True)
                PillowImage.fromarray(clip[chance.integers(len(clip))]).save(frames / name / f"{number:03}.png")


def draw_clip(chance: np.random.Generator) -> list[Image]:
    """Draw something that moves to the right: frames, RGB uint8 (64, 64, 3)."""
    down, across = np.mgrid[:SIDE, :SIDE] / SIDE
    ground, colour = np.kron(chance.uniform(0, 110, (8, 8, 3)), np.ones((8, 8, 1))), chance.uniform(120, 255, 3)
    start, way, height = chance.uniform(0, 1), chance.uniform(0.4, 0.9), chance.uniform(0.2, 0.8)
    radius, is_square = chance.uniform(0.07, 0.16), chance.random() < 0.5
    frames = []
    for share in np.linspace(0, 1, N_FRAMES):
        right, below = np.abs((across - start - way * share + 0.5) % 1 - 0.5), np.abs(down - height)
        inside = np.maximum(right, below) < radius if is_square else np.hypot(right, below) < radius
        picture = np.where(inside[:, :, None], colour, ground) + chance.normal(0, 12, (SIDE, SIDE, 3))
        frames.append(np.clip(picture, 0, 255).astype(np.uint8))
    return frames
