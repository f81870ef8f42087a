"""From file to name: enrol, then identify, beside the package `face_recognition` in the same run.

The package is used as its README shows: `face_encodings` (HOG, one process), then the nearest enrolled face if it lies within
0.6. whosthat uses its threads, and the threshold that it fits on the photos that it enrols. Both have their libraries
and weights loaded, a few photos behind them, and nothing remembered. They take turns, the whole job each.

The photos of `avengers` to identify are from the test part of whosthat's split; one is right when its person is named, wrong
when somebody else is. The photos of `group_photos` are named after the people of `avengers`, none of whom is in them: there
every name is wrong. They come in two lots, because the largest have up to 36 megapixels, and in one.

Embedding alone: aligned crops of 150 x 150, one network pass each. dlib takes them one by one, as `face_recognition` does;
whosthat in batches of 16. When it finds faces whosthat embeds each crop twice, as it is and mirrored.

`face_recognition` is no dependency. To have it measured, with uv:

    uv venv other
    uv pip install --python other dlib-bin face_recognition_models "setuptools<81" click numpy pillow
    uv pip install --python other --no-deps face_recognition

and set `WHOSTHAT_FACE_RECOGNITION_PYTHON` to that environment's python.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.face_contestants import Contestant, FaceRecognition, Names, Whosthat, peer
from benchmarks.face_photos import AVENGERS, DETECTORS, EMBEDDERS, GROUP_PHOTOS, private_places
from benchmarks.measuring import Row, median_seconds, new_folder
from whosthat.dataset.audit import AuditedPhoto, audit_folder
from whosthat.dataset.split import split
from whosthat.faces.finding import FaceReader, main_face
from whosthat.faces.models import dlib_graph
from whosthat.inference import open_session
from whosthat.photos.reading import read
from whosthat.types import Image

TITLE = "Faces: photos per second against face_recognition"
ENROLLED, IDENTIFIED = 30, 15
"""Photos of each person, where there are so many."""
TURNS = 2
LARGE_PIXELS = 1_000_000
N_CROPS = 48


@dataclass
class Score:
    """Seconds, photos and answers of one contestant on one set of photos."""

    seconds: float = 0.0
    n_photos: int = 0
    answers: Names = field(default_factory=list)

    def __add__(self, other: Score) -> Score:
        return Score(self.seconds + other.seconds, self.n_photos + other.n_photos, [*self.answers, *other.answers])

    @property
    def rate(self) -> float:
        """Photos per second."""
        return self.n_photos / self.seconds


def measure() -> list[Row]:
    """Speed and accuracy side by side, then embedding alone."""
    with peer() as other:
        ours = [Whosthat(detector, embedder) for embedder in EMBEDDERS for detector in DETECTORS]
        contestants: list[Contestant] = [*ours, other] if other is not None else [*ours]
        missing = [] if other is not None else [Row("face_recognition", "not installed")]
        return [*missing, *from_file_to_name(contestants), *embedding(ours[0].reader, other)]


def from_file_to_name(contestants: Sequence[Contestant]) -> list[Row]:
    """Let the contestants take turns at each set of photos."""
    enrolled, kept_aside = photos_to_take()
    photos = sorted(GROUP_PHOTOS.iterdir())
    large = [photo for photo in photos if read(photo)[..., 0].size > LARGE_PIXELS]
    small = [photo for photo in photos if photo not in large]
    truth = [item.photo.class_name for item in kept_aside]
    take_turns(contestants, [item.photo.path for item in enrolled[:1]], turns=1, enrolled=enrolled[::ENROLLED])  # warms up
    avengers = take_turns(contestants, [item.photo.path for item in kept_aside], turns=TURNS, enrolled=enrolled)
    few, many = (take_turns(contestants, lot, turns=TURNS) for lot in (small, large))
    return [
        *rows(f"avengers, {len(enrolled)} enrolled and {len(kept_aside)} identified", avengers, truth),
        *rows(f"group_photos, {len(small)} of at most a megapixel", few),
        *rows(f"group_photos, {len(large)} of more", many),
        *rows(f"group_photos, all {len(photos)}", {name: few[name] + many[name] for name in few}),
    ]


def photos_to_take() -> tuple[list[AuditedPhoto], list[AuditedPhoto]]:
    """Choose photos of each person to enrol, and others to identify, which no copy or look-alike ties to them."""
    with private_places("mtcnn"):
        parts = split(audit_folder(AVENGERS)).parts
    return first_of_each(parts["train"], ENROLLED), first_of_each(parts["test"], IDENTIFIED)


def first_of_each(photos: Sequence[AuditedPhoto], count: int) -> list[AuditedPhoto]:
    """Take so many photos of each person; which ones, their checksums decide."""
    people = itertools.groupby(photos, key=lambda item: item.photo.class_name)
    return [item for _, own in people for item in sorted(own, key=lambda item: item.sha256)[:count]]


def take_turns(
    contestants: Sequence[Contestant], photos: Sequence[Path], *, turns: int, enrolled: Sequence[AuditedPhoto] = ()
) -> dict[str, Score]:
    """Measure every contestant once a turn; where photos to enrol are given, that is measured, too."""
    scores = {contestant.name: Score() for contestant in contestants}
    for _ in range(turns):
        for contestant in contestants:
            score = scores[contestant.name]
            begin = time.perf_counter()
            if enrolled:
                contestant.enrol(enrolled)
            score.answers = contestant.identify(photos)
            score.seconds += time.perf_counter() - begin
            score.n_photos += len(photos) + len(enrolled)
    return scores


def rows(photos: str, scores: Mapping[str, Score], truth: Sequence[str] = ()) -> list[Row]:
    """Photos per second and answers of each, and how many times faster whosthat is."""
    found = [Row(f"{photos}: {name}", f"{score.rate:.1f} photos/s, {judged(score.answers, truth)}") for name, score in scores.items()]
    *ours, (other_name, other) = scores.items()
    if other_name != FaceRecognition.name:
        return found
    faster = ", ".join(f"{score.rate / other.rate:.1f} ({name.removeprefix('whosthat, ')})" for name, score in ours)
    return [*found, Row(f"{photos}: times faster", faster, ">= 20 with AVX-512 (15 with AVX2), small photos and up to a megapixel")]


def judged(answers: Names, truth: Sequence[str]) -> str:
    """Say how many photos were named rightly and wrongly; without a truth, how many faces should have got no name."""
    if not truth:
        faces = [name for names in answers for name in names]
        return f"{len(faces)} faces, {sum(name is not None for name in faces)} of them named"
    right = sum(person in names for person, names in zip(truth, answers, strict=True))
    wrong = sum(bool(set(names) - {person, None}) for person, names in zip(truth, answers, strict=True))
    return f"{right} of {len(truth)} right ({right / len(truth):.3f}), {wrong} wrong"


def embedding(reader: FaceReader, other: FaceRecognition | None) -> list[Row]:
    """Milliseconds a crop on the same crops, with one thread and with two."""
    graph, crops = dlib_graph(), aligned_crops(reader)
    theirs = milliseconds_of_dlib(crops, other) if other is not None else None
    found = [] if theirs is None else [Row("embedding alone: dlib", f"{theirs:.1f} ms a face")]
    for threads in (1, 2):
        session = open_session(graph, threads=threads)
        batches = [crops[start : start + 16] for start in range(0, len(crops), 16)]
        ours = median_seconds(lambda: [session.run(batch) for batch in batches]) * 1000 / len(crops)  # noqa: B023  called at once
        times = "" if theirs is None else f", {theirs / ours:.1f} times faster than dlib"
        found.append(
            Row(f"embedding alone: whosthat, {threads} thread{'s' * (threads > 1)}", f"{ours:.2f} ms a face{times}", ">= 15 times")
        )
    return found


def aligned_crops(reader: FaceReader) -> Image:
    """Cut faces out of photos of the first person."""
    crops = []
    for photo in sorted(AVENGERS.rglob("*.jpg"))[:N_CROPS]:
        image = read(photo)
        if faces := reader.find(image):
            crops.append(reader.crops(image, [main_face(faces, image.shape[1], image.shape[0])]))
    return np.concatenate(crops)


def milliseconds_of_dlib(crops: Image, other: FaceRecognition) -> float:
    """Let dlib embed the crops."""
    with new_folder() as folder:
        np.save(folder / "crops.npy", crops)
        return float(other.ask(embed=str(folder / "crops.npy")))
