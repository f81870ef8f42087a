"""Draw the pictures of the README, of docs/concepts.md and of docs/networks.md from things that whosthat draws itself.

Run: ``python docs/pictures/make_pictures.py`` (or ``make docs``).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from PIL import Image

from whosthat.cartoons import HEROES, draw_hero
from whosthat.evaluation.plots.architecture import picture_of
from whosthat.networks import registry
from whosthat.workflow.show_network import network_layers

HERE = Path(__file__).resolve().parent
BLUE, ORANGE, GREEN, GREY = "#2f6fb0", "#d9822b", "#3b8f5a", "#8a8f98"


def save(figure: Figure, name: str) -> None:
    """Write one picture beside this script, without a date in it: the same input gives the same file."""
    figure.savefig(HERE / f"{name}.png", dpi=110, bbox_inches="tight", facecolor="white", metadata={"Software": None})


def heroes() -> None:
    """The seven of the demo in a row."""
    row = np.hstack([draw_hero(name, seed=33, size=140) for name in HEROES])
    Image.fromarray(row).quantize(128).save(HERE / "heroes.png", optimize=True)


def report() -> None:
    """The top of the demo's report, as a browser shows it."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
    if browser is None:
        print("There is no Chromium here, so report.png stays as it is.")
        return
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder) / "demo"
        subprocess.run([sys.executable, "-m", "whosthat", "demo", demo], check=True)
        page = (demo / "runs" / "latest" / "report.html").resolve().as_uri()
        options = ["--headless", "--hide-scrollbars", "--window-size=1000,520", f"--user-data-dir={folder}/browser"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            options.append("--no-sandbox")  # Chromium's does not work for root
        subprocess.run([browser, *options, f"--screenshot={HERE / 'report.png'}", page], check=True, capture_output=True)


def split() -> None:
    """Ten heroes in a row, cut into three parts."""
    figure = Figure(figsize=(9, 2.1))
    axes = figure.subplots(1, 10)
    parts = [("training: teaches", BLUE, 8), ("validation: chooses", ORANGE, 1), ("test: judges", GREEN, 1)]
    colours = [colour for _, colour, number in parts for _ in range(number)]
    for index, (axis, colour) in enumerate(zip(axes, colours, strict=True)):
        axis.imshow(draw_hero(HEROES[index % len(HEROES)], seed=index, size=120))
        axis.set(xticks=[], yticks=[])
        for spine in axis.spines.values():
            spine.set(color=colour, linewidth=5)
    for title, colour, axis in zip([title for title, _, _ in parts], [BLUE, ORANGE, GREEN], [axes[3], axes[8], axes[9]], strict=True):
        axis.set_title(title.replace(": ", ":\n"), color=colour, fontsize=10)
    save(figure, "split")


def epoch() -> None:
    """Ten batches of forty small squares."""
    figure = Figure(figsize=(9, 2.4))
    axis = figure.subplots()
    for batch in range(10):
        axis.add_patch(FancyBboxPatch((batch * 6 - 0.4, -0.6), 4.9, 8.7, boxstyle="round,pad=0.2", fill=False, edgecolor=BLUE))
        columns, rows = np.meshgrid(np.arange(5), np.arange(8))
        axis.scatter(batch * 6 + columns.ravel(), rows.ravel(), marker="s", s=28, color=GREY)
        axis.text(batch * 6 + 2, -2.0, f"iteration {batch + 1}", ha="center", fontsize=8)
    axis.text(29, 9.4, "one epoch: 400 photos, seen once, in 10 batches of 40", ha="center", fontsize=11)
    axis.set(xlim=(-2, 60), ylim=(-3, 11))
    axis.axis("off")
    save(figure, "epoch")


def convolution() -> None:
    """A hero, three 3 x 3 filters over it, and 4 x 4 max-pooling."""
    image = draw_hero(HEROES[0], seed=4, size=128)
    grey = image.mean(axis=2) / 255
    filters = {
        "upright edges": np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
        "level edges": np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]),
        "spots": np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
    }
    figure = Figure(figsize=(9, 4.6))
    axes = figure.subplots(2, 4)
    axes[0, 0].imshow(image)
    axes[0, 0].set_title("photo", fontsize=10)
    axes[1, 0].axis("off")
    axes[1, 0].text(
        0.5, 0.5, "above: each filter's answer\nbelow: after pooling,\na sixteenth of the numbers", ha="center", va="center", fontsize=9
    )
    windows = np.lib.stride_tricks.sliding_window_view(grey, (3, 3))
    for column, (title, kernel) in enumerate(filters.items(), start=1):
        answer = np.maximum(np.einsum("hwij,ij->hw", windows, kernel), 0)[:124, :124]
        pooled = answer.reshape(31, 4, 31, 4).max(axis=(1, 3))
        axes[0, column].imshow(answer, cmap="magma")
        axes[0, column].set_title(title, fontsize=10)
        axes[1, column].imshow(pooled, cmap="magma")
    for axis in axes.ravel():
        axis.set(xticks=[], yticks=[])
    save(figure, "convolution")


def motion() -> None:
    """A clip of the benchmark "motion", its frames above the same ones in reverse order."""
    sys.path.insert(0, str(HERE.parents[1]))
    from benchmarks.motion import draw_clip

    frames = draw_clip(np.random.default_rng(8))[:8]
    figure = Figure(figsize=(9, 2.5))
    for axes, title, row in zip(figure.subplots(2, 8), ("to the right", "to the left"), (frames, frames[::-1]), strict=True):
        for number, (axis, frame) in enumerate(zip(axes, row, strict=True), start=1):
            axis.imshow(frame)
            axis.set(xticks=[], yticks=[], xlabel=f"frame {number}" if row is not frames else "")
        axes[0].set_ylabel(title, fontsize=10)
    save(figure, "motion")


LESSON = ("heroes", "piece", "descent", "rates", "maps", "overfitting-loss", "cured-loss", "way-large", "way-few", "way-all")
"""Pictures of the lesson that docs/concepts.md shows."""


def lesson() -> None:
    """The pictures that ``whosthat demo --lesson`` makes: every curve is that of a real training."""
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder) / "demo"
        subprocess.run([sys.executable, "-m", "whosthat", "demo", demo, "--lesson", "--yes"], check=True, stdout=subprocess.DEVNULL)
        for name in LESSON:
            shutil.copy(demo / "lesson" / f"{name}.png", HERE / f"lesson-{name}.png")


def networks() -> None:
    """Every network, at its usual size and for seven classes, and the block of the slides."""
    slides = "conv 64, conv 64, pool 2 stride 2, flatten, dense 128"
    for name in registry.names():
        layers = network_layers("custom", size=224, classes=2, blocks=slides) if name == "custom" else network_layers(name)
        (HERE / f"network-{name}.svg").write_bytes(picture_of(layers, ".svg"))


if __name__ == "__main__":
    for draw in (heroes, split, epoch, convolution, motion, lesson, networks, report):
        draw()
