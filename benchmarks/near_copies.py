"""Photos changed in one way at a time and saved again (JPEG, quality 90), then compared with their originals as `check` does.

A copy is "found" when it lands in its original's group. The limits were chosen on 200 photos of each set, drawn as here: the
copies of those of `avengers` are shown first, then up to 200 others of each set. "joined" counts pairs of different photos that
were put into one group, "across people" those with two names; the limits were chosen with these pairs in view, but for LFW's middle.
The time is that of `check PHOTOS --no-faces` as a whole process; the 20,000 pictures are blends of two photos each: mostly
portraits, and few alike.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps

from benchmarks.face_photos import AVENGERS, private_places
from benchmarks.measuring import SHARED, Row, median_seconds, new_folder, process
from whosthat import photo_cache
from whosthat.dataset.duplicates import Groups, join_look_alikes, thumbnails_of
from whosthat.dataset.facts import PhotoFacts, read_facts
from whosthat.photos.reading import read
from whosthat.wording import counted

TITLE = "Near copies: photos that are cut, framed, tilted, turned or saved again"
DATA = SHARED / "data"
SETS = {"avengers": AVENGERS, "LFW": DATA / "lfw_fold1" / "images", "strangers": DATA / "strangers", "cats_dogs": DATA / "cats_dogs"}
ORIGINALS = 200
MANY = 20_000

Picture: TypeAlias = Pillow.Image


def cut(left: float, top: float, right: float, bottom: float) -> Callable[[Picture], Picture]:
    """Cut these shares off the sides."""

    def inside(picture: Picture) -> Picture:
        width, height = picture.size
        return picture.crop((round(left * width), round(top * height), round((1 - right) * width), round((1 - bottom) * height)))

    return inside


def framed(colour: str) -> Callable[[Picture], Picture]:
    """Put a border of a tenth of the width and the height around a picture."""
    return lambda picture: ImageOps.expand(picture, (round(0.1 * picture.width), round(0.1 * picture.height)), colour)


def tilted(degrees: float, colour: str, *, whole: bool) -> Callable[[Picture], Picture]:
    """Turn a picture about its middle; ``whole`` makes room for its corners."""
    return lambda picture: picture.rotate(degrees, Pillow.Resampling.BICUBIC, expand=whole, fillcolor=colour)


def tilted_reflecting(picture: Picture) -> Picture:
    """Turn a picture by 5 degrees, with its mirror image around it."""
    width, height = picture.size
    pixels = np.pad(np.asarray(picture), ((height // 2,) * 2, (width // 2,) * 2, (0, 0)), "reflect")
    turned = Pillow.fromarray(pixels).rotate(5, Pillow.Resampling.BICUBIC)
    return turned.crop((width // 2, height // 2, width // 2 + width, height // 2 + height))


def saved(picture: Picture, quality: int) -> Picture:
    """Save a picture as a JPEG."""
    picture.save(stored := io.BytesIO(), "JPEG", quality=quality)
    return Pillow.open(stored).convert("RGB")


WAYS: Mapping[str, Callable[[Picture], Picture]] = {
    "half the size": lambda picture: picture.resize((max(1, picture.width // 2), max(1, picture.height // 2))),
    "JPEG of quality 60": lambda picture: saved(picture, 60),
    "20 % brighter": lambda picture: picture.point(lambda value: min(255, value * 1.2)),
    "grey": lambda picture: picture.convert("L").convert("RGB"),
    "mirrored": ImageOps.mirror,
    "turned by 90 degrees": lambda picture: picture.transpose(Pillow.Transpose.ROTATE_90),
    "turned by 180 degrees": lambda picture: picture.transpose(Pillow.Transpose.ROTATE_180),
    "5 % off one side": cut(0.05, 0, 0, 0),
    "15 % off one side": cut(0, 0.15, 0, 0),
    "5 % off every side": cut(0.05, 0.05, 0.05, 0.05),
    "15 % off every side": cut(0.15, 0.15, 0.15, 0.15),
    "12, 2, 3 and 8 % off the sides": cut(0.12, 0.02, 0.03, 0.08),
    "25 % off every side": cut(0.25, 0.25, 0.25, 0.25),
    "white border of 10 %": framed("white"),
    "black border of 10 %": framed("black"),
    "tilted by 5 degrees, reflected edge": tilted_reflecting,
    "tilted by 5 degrees, black corners": tilted(5, "black", whole=False),
    "tilted by 5 degrees, all of it, white corners": tilted(-5, "white", whole=True),
    "tilted by 10 degrees, black corners": tilted(10, "black", whole=False),
    "turned by 90 degrees and cut, 10 % off every side": lambda picture: cut(0.1, 0.1, 0.1, 0.1)(
        picture.transpose(Pillow.Transpose.ROTATE_90)
    ),
    "white border of 10 % and tilted by 5 degrees": lambda picture: tilted(5, "white", whole=False)(framed("white")(picture)),
}


def measure() -> list[Row]:
    """Every way on every set, then false pairs, then the time."""
    photos = {
        name: sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
        for name, folder in SETS.items()
    }
    samples = dict(_samples(photos))
    shares = {name: _shares(paths) for name, paths in samples.items()}
    rows = [Row(f"found: {way}", ", ".join(f"{name} {found[way]:.3f}" for name, found in shares.items())) for way in WAYS]
    facts = {name: [read_facts(path) for path in paths] for name, paths in photos.items()}
    rows += [Row(f"joined: {name}", _joined(photos[name], facts[name])) for name in photos]
    middle = list(_changed(photos["LFW"], cut(0.275, 0.275, 0.275, 0.275)))
    rows.append(Row("joined: LFW, the middle 45 %: nothing but faces", _joined(photos["LFW"], middle)))
    return [*rows, *_times(), Row(f"comparing {MANY:,} pictures", _many([item for some in facts.values() for item in some]))]


def _samples(photos: Mapping[str, Sequence[Path]]) -> Iterator[tuple[str, list[Path]]]:
    """The originals: those on which the limits were chosen are drawn as they were then."""
    generator, fresh = np.random.default_rng(0), np.random.default_rng(1)
    for name, paths in photos.items():
        chosen = generator.choice(len(paths), min(ORIGINALS, len(paths)), replace=False)
        others = np.setdiff1d(np.arange(len(paths)), chosen)
        if name == "avengers":
            yield "avengers (chosen on)", [paths[index] for index in chosen]
        if len(others):
            yield name, [paths[index] for index in fresh.permutation(others)[:ORIGINALS]]


def _shares(paths: Sequence[Path]) -> dict[str, float]:
    originals = [read_facts(path) for path in paths]
    shares = {}
    for way, change in WAYS.items():
        groups = Groups(2 * len(paths))
        join_look_alikes(groups, [*originals, *_changed(paths, change)])
        shares[way] = float(np.mean(groups.labels[: len(paths)] == groups.labels[len(paths) :]))
    return shares


def _changed(paths: Sequence[Path], change: Callable[[Picture], Picture]) -> Iterator[PhotoFacts]:
    with new_folder() as folder:
        file = folder / "copy.jpg"
        for path in paths:
            change(Pillow.fromarray(read(path))).save(file, "JPEG", quality=90)
            yield read_facts(file)


def _joined(paths: Sequence[Path], facts: Sequence[PhotoFacts]) -> str:
    pairs = join_look_alikes(Groups(len(facts)), facts)
    across = sum(paths[first].parent != paths[second].parent for first, second in pairs)
    return f"{counted(len(pairs), 'pair')} of {len(facts):,} photos, {across} across people"


def _times() -> Iterator[Row]:
    with private_places("mtcnn"):

        def warm() -> None:
            process(["check", AVENGERS, "--no-faces"])

        def cold() -> None:
            photo_cache.place().unlink(missing_ok=True)
            warm()

        yield Row("check avengers, cold", f"{median_seconds(cold):.2f} s")
        yield Row("check avengers, warm", f"{median_seconds(warm):.2f} s")


def _many(facts: Sequence[PhotoFacts]) -> str:
    generator = np.random.default_rng(0)
    thumbnails = thumbnails_of(facts)
    one, other = generator.integers(0, len(facts), (2, MANY))
    share = generator.uniform(0.25, 0.4, (MANY, 1, 1))
    blends = np.rint(thumbnails[one] * (1 - share) + thumbnails[other][:, :, ::-1] * share).astype(np.uint8)
    many = [PhotoFacts("", 1, 1, None, blend.tobytes()) for blend in blends]
    begin = time.perf_counter()
    join_look_alikes(Groups(MANY), many)
    return f"{time.perf_counter() - begin:.1f} s"
