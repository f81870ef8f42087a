"""Draw the pictures of the README, of docs/concepts.md and of docs/networks.md from things that whosthat draws itself.

In every language of whosthat: English beside this script, Traditional Chinese in ``zh-TW``. What holds no words is drawn once.

Run: ``python docs/pictures/make_pictures.py`` (or ``make docs``). ``python docs/pictures/make_pictures.py split motion`` draws these two.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from PIL import Image

from whosthat.cartoons import HEROES, draw_hero, draw_photo_folder
from whosthat.evaluation.plots.architecture import picture_of
from whosthat.evaluation.plots.canvas import PRINT, style
from whosthat.networks import registry
from whosthat.photos.lettering import no_chinese_font
from whosthat.translation import LANGUAGES, VARIABLE, language, using
from whosthat.workflow.show_network import network_layers

HERE = Path(__file__).resolve().parent
BLUE, ORANGE, GREEN, GREY = "#2f6fb0", "#d9822b", "#3b8f5a", "#8a8f98"

CHINESE = {
    "training:\nteaches": "訓練：\n用來教",
    "validation:\nchooses": "驗證：\n用來選",
    "test:\njudges": "測試：\n用來評分",
    "iteration {n}": "第 {n} 次迭代",
    "one epoch: 400 photos, seen once, in 10 batches of 40": "一期（epoch）：400 張照片，每張看過一次，分成 10 批，每批 40 張",
    "photo": "照片",
    "upright edges": "垂直的邊緣",
    "level edges": "水平的邊緣",
    "spots": "斑點",
    "above: each filter's answer\nbelow: after pooling,\na sixteenth of the numbers": (
        "上：每個濾波器的結果\n下：池化之後，\n數字剩下十六分之一"
    ),
    "to the\nright": "往右",
    "to the\nleft": "往左",
    "frame {n}": "影格 {n}",
}
"""The words of this script's own drawings. They are not whosthat's, so they stand in no catalogue."""


def words(english: str, n: int = 0) -> str:
    """Return words of a drawing in the language that is being drawn, ``{n}`` filled in."""
    return (english if language() == "en" else CHINESE[english]).format(n=n)


def place(name: str) -> Path:
    """Return the file of a picture in the language that is being drawn."""
    folder = HERE if language() == "en" else HERE / language().replace("_", "-")
    folder.mkdir(exist_ok=True)
    return folder / name


def small(picture: Image.Image, file: Path, colours: Image.Quantize = Image.Quantize.MAXCOVERAGE) -> None:
    """Write a PNG of 256 colours, by default rare ones too, and without a date in it: a third of the size, and the same each time."""
    picture.convert("RGB").quantize(256, colours).save(file, optimize=True)


def save(figure: Figure, name: str) -> None:
    """Write one of this script's own drawings."""
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=110, bbox_inches="tight", facecolor="white")
    small(Image.open(buffer), place(f"{name}.png"))


def whosthat(*arguments: str | Path) -> None:
    """Run a command of whosthat in the language that is being drawn."""
    command, environment = [sys.executable, "-m", "whosthat", *arguments], {**os.environ, VARIABLE: language()}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)


def heroes() -> None:
    """The seven of the demo in a row: no words."""
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
        whosthat("demo", demo)
        page = (demo / "runs" / "latest" / "report.html").resolve().as_uri()
        options = ["--headless", "--hide-scrollbars", "--window-size=1000,520", f"--user-data-dir={folder}/browser"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            options.append("--no-sandbox")  # Chromium's does not work for root
        picture = Path(folder) / "report.png"
        subprocess.run([browser, *options, f"--screenshot={picture}", page], check=True, capture_output=True)
        small(Image.open(picture), place("report.png"))


SHOWN = """
import sys, time
from pathlib import Path
from whosthat.desktop.window import new_root
from whosthat.desktop.main_window import MainWindow
root = new_root()
window = MainWindow(root, None, Path(sys.argv[1]))
root.geometry("960x620+0+0")
end = time.monotonic() + 30
while window.worker.busy or window.viewer.state.bundle is None and time.monotonic() < end:
    root.update()
window.viewer.open_photo(Path(sys.argv[2]))
while window.worker.busy and time.monotonic() < end:
    root.update()
window.viewer.choose_face(0)
for _ in range(50):
    root.update()
    time.sleep(0.01)
Path(sys.argv[3]).write_bytes(Path(sys.argv[4]).read_bytes())
window.close()
"""
"""What the window's picture is taken of: a run, a photo, its first face chosen; the virtual screen's memory is copied to a file."""


def window() -> None:
    """The window with three heroes, on a screen that nobody sees."""
    if shutil.which("Xvfb") is None:
        print("There is no Xvfb here, so window.png stays as it is.")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw_photo_folder(folder / "heroes", photos_each=10)
        whosthat("train", folder / "heroes", "--model", "faces", "--runs", folder / "runs")
        photo = np.hstack([draw_hero(hero, seed=500 + number, size=300) for number, hero in enumerate(list(HEROES)[:3])])
        Image.fromarray(photo).save(folder / "heroes.png")
        numbers, writing = os.pipe()
        arguments = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "960x620x24", "-dpi", "96", "-fbdir", name, "-nolisten", "tcp"]
        server = subprocess.Popen(arguments, pass_fds=[writing], stderr=subprocess.DEVNULL)
        os.close(writing)
        with os.fdopen(numbers) as answer:
            environment = {**os.environ, "DISPLAY": f":{answer.readline().strip()}", VARIABLE: language()}
        files = [folder / one for one in ("runs", "heroes.png", "screen", "Xvfb_screen0")]
        subprocess.run([sys.executable, "-c", SHOWN, *files], check=True, env=environment)
        server.terminate()
        server.wait()
        seen = files[2].read_bytes()  # an X window dump: its header's length first, the number of colours, 12 bytes each, at byte 76
        start = int.from_bytes(seen[:4], "big") + 12 * int.from_bytes(seen[76:80], "big")
        pixels = np.frombuffer(seen, np.uint8, 960 * 620 * 4, start).reshape(620, 960, 4)
        small(Image.fromarray(np.ascontiguousarray(pixels[..., 2::-1])), place("window.png"), Image.Quantize.MEDIANCUT)


def split() -> None:
    """Ten heroes in a row, cut into three parts."""
    figure = Figure(figsize=(9, 2.1))
    axes = figure.subplots(1, 10)
    colours = [BLUE] * 8 + [ORANGE, GREEN]
    for index, (axis, colour) in enumerate(zip(axes, colours, strict=True)):
        axis.imshow(draw_hero(HEROES[index % len(HEROES)], seed=index, size=120))
        axis.set(xticks=[], yticks=[])
        for spine in axis.spines.values():
            spine.set(color=colour, linewidth=5)
    for index, title in ((3, "training:\nteaches"), (8, "validation:\nchooses"), (9, "test:\njudges")):
        axes[index].set_title(words(title), color=colours[index], fontsize=10)
    save(figure, "split")


def epoch() -> None:
    """Ten batches of forty small squares."""
    figure = Figure(figsize=(9, 2.4))
    axis = figure.subplots()
    for batch in range(10):
        axis.add_patch(FancyBboxPatch((batch * 6 - 0.4, -0.6), 4.9, 8.7, boxstyle="round,pad=0.2", fill=False, edgecolor=BLUE))
        columns, rows = np.meshgrid(np.arange(5), np.arange(8))
        axis.scatter(batch * 6 + columns.ravel(), rows.ravel(), marker="s", s=28, color=GREY)
        axis.text(batch * 6 + 2, -2.0, words("iteration {n}", batch + 1), ha="center", fontsize=8)
    axis.text(29, 9.4, words("one epoch: 400 photos, seen once, in 10 batches of 40"), ha="center", fontsize=11)
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
    axes[0, 0].set_title(words("photo"), fontsize=10)
    axes[1, 0].axis("off")
    rows = words("above: each filter's answer\nbelow: after pooling,\na sixteenth of the numbers")
    axes[1, 0].text(0.5, 0.5, rows, ha="center", va="center", fontsize=9)
    windows = np.lib.stride_tricks.sliding_window_view(grey, (3, 3))
    for column, (title, kernel) in enumerate(filters.items(), start=1):
        answer = np.maximum(np.einsum("hwij,ij->hw", windows, kernel), 0)[:124, :124]
        pooled = answer.reshape(31, 4, 31, 4).max(axis=(1, 3))
        axes[0, column].imshow(answer, cmap="magma")
        axes[0, column].set_title(words(title), fontsize=10)
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
    for axes, title, row in zip(figure.subplots(2, 8), ("to the\nright", "to the\nleft"), (frames, frames[::-1]), strict=True):
        for number, (axis, frame) in enumerate(zip(axes, row, strict=True), start=1):
            axis.imshow(frame)
            axis.set(xticks=[], yticks=[], xlabel=words("frame {n}", number) if row is not frames else "")
        axes[0].set_ylabel(words(title), fontsize=10, rotation=0, ha="right", va="center")
    save(figure, "motion")


LESSON = ("heroes", "piece", "descent", "rates", "maps", "overfitting-loss", "cured-loss", "way-large", "way-few", "way-all")
"""Pictures of the lesson that docs/concepts.md shows."""

WORDLESS = ("heroes", "piece")
"""Those of them that are alike in every language."""


def lesson() -> None:
    """The pictures that ``whosthat demo --lesson`` makes: every curve is that of a real training."""
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder) / "demo"
        whosthat("demo", demo, "--lesson", "--yes")
        for name in LESSON:
            if language() == "en" or name not in WORDLESS:
                shutil.copyfile(demo / "lesson" / f"{name}.png", place(f"lesson-{name}.png"))


def networks() -> None:
    """Every network, at its usual size and for seven classes, and the block of the slides; of networks with the same blocks, one."""
    slides = "conv 64, conv 64, pool 2 stride 2, flatten, dense 128"
    for name in set(registry.names()) - {"efficientnet-lite2"}:
        layers = network_layers("custom", size=224, classes=2, blocks=slides) if name == "custom" else network_layers(name)
        place(f"network-{name}.svg").write_bytes(picture_of(layers, ".svg"))


DRAWINGS = {draw.__name__: draw for draw in (heroes, split, epoch, convolution, motion, lesson, networks, report, window)}


def main(wanted: list[str]) -> None:
    """Draw the pictures of these names, or all, in every language that the fonts of this machine can write."""
    if strange := [name for name in wanted if name not in DRAWINGS]:
        sys.exit(f"There is no drawing {', '.join(strange)}. There are: {', '.join(DRAWINGS)}.")
    with style(PRINT):
        families = matplotlib.rcParams["font.family"]
    matplotlib.rcParams["font.family"] = families
    for code in LANGUAGES:
        if code != "en" and no_chinese_font():
            print(no_chinese_font())
            continue
        with using(code):
            for name in wanted or DRAWINGS:
                if code == "en" or name != "heroes":
                    DRAWINGS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
