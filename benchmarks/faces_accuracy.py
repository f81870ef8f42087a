"""Who is named rightly, who wrongly, and how many faces are found, with each detector that is here.

Accuracy on `avengers`: five splits (seeds 0 to 4), each tested by a recogniser that has seen none of its test photos nor their
look-alikes; all answers together with their 95 % interval, which takes them for independent although some photos are in
the tests of two seeds, and the worst and best seed. Photos in which no face is found are not among them; they are counted.

Known and strangers: the same five recognisers. Known faces are test photos; named rightly means accepted and with the
right name. The threshold is fitted three ways: each person in turn as the stranger (no stranger is seen); with `--strangers` and
all of `strangers`, so that the share of them that is named is the one asked for; and with half of the strangers, counted
on the other ten people, both ways round.

LFW fold 1: a pair is genuine when two embeddings lie no farther apart than a distance: dlib's published 0.6, and the one that
divides best all pairs of photos of `avengers` and `strangers`, genuine and impostor pairs weighing the same.

Faces found: photos of `group_photos` whose name tells the number of faces. Only numbers are compared: a miss and a false
detection in one photo cancel.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.face_photos import AVENGERS, DETECTORS, GROUP_PHOTOS, LFW, STRANGERS, gallery_of, private_places
from benchmarks.measuring import Row
from whosthat.faces.embedder import DLIB
from whosthat.photos.reading import read
from whosthat.proportions import wilson_interval
from whosthat.recognition.enrolling import Strangers, fit_naming
from whosthat.recognition.face_recogniser import FaceRecogniser
from whosthat.recognition.heads import distances
from whosthat.training.recipe import FaceRecipe
from whosthat.types import Box, Face
from whosthat.workflow.check import check
from whosthat.workflow.face_photos import faces_of_photos, open_reader
from whosthat.workflow.train_faces import split_faces

if TYPE_CHECKING:
    from whosthat.dataset.audit import Audit
    from whosthat.faces.finding import FaceReader
    from whosthat.faces.remembered import PhotoFaces
    from whosthat.recognition.gallery import Gallery
    from whosthat.types import FloatArray, IntArray

TITLE = "Faces: accuracy"
SEEDS = range(5)
SOMEWHERE = Face(Box(0, 0, 1, 1), ((0, 0),) * 5, 1.0)
"""A face's name does not depend on its place."""
DLIB_DISTANCE, DLIB_ACCURACY = 0.6, 0.9938


@dataclass(frozen=True)
class Trial:
    """One seed under one threshold: test photos (all, named rightly if all were named, named rightly) and strangers (all, named)."""

    known: int
    right: int
    named_rightly: int
    strangers: int
    strangers_named: int


def measure() -> list[Row]:
    """Every figure, detector by detector."""
    with private_places("mtcnn"):
        avengers, strangers = check(AVENGERS), check(STRANGERS)
    return [row for detector in DETECTORS for row in rows(detector, avengers, strangers)]


def rows(detector: str, avengers: Audit, strangers: Audit) -> list[Row]:
    """The figures of one detector."""
    name = DETECTORS[detector]
    with private_places(detector):
        reader = open_reader(detector).reader
        found = faces_of_photos({item.sha256: item.photo.path for audit in (avengers, strangers) for item in audit.photos}, reader)
        others = gallery_of(strangers.photos, found, strangers.classes)
        trials = list(zip(*(trials_of(seed, reader, avengers, found, others) for seed in SEEDS), strict=True))
        everybody = gallery_of(avengers.photos, found, avengers.classes)
        divided = dividing_distance(everybody, others)
        apart, genuine = lfw_pairs(reader)
    faceless = sum(found[item.sha256].taken is None for item in avengers.photos if item.sha256 in found)
    return [
        Row(f"test accuracy, {name}", accuracy_of(trials[0]), ">= 0.990"),
        Row(f"photos without a face, {name}", f"{faceless} of {len(avengers.photos):,}"),
        Row(f"threshold without strangers, {name}", rates_of(trials[0])),
        Row(f"threshold with `--strangers`, {name}", rates_of(trials[1]), ">= 97 % at <= 1 in 100"),
        Row(f"threshold with half the strangers, counted on the others, {name}", rates_of([*trials[2], *trials[3]])),
        Row(f"LFW fold 1 at dlib's {DLIB_DISTANCE}, {name}", pairs_right(apart, genuine, DLIB_DISTANCE), f">= {DLIB_ACCURACY - 0.005:.4f}"),
        Row(
            f"LFW fold 1 at {divided:.3f}, from other data, {name}", pairs_right(apart, genuine, divided), f">= {DLIB_ACCURACY - 0.005:.4f}"
        ),
        Row(f"faces found in `group_photos`, {name}", faces_found(reader)),
    ]


def trials_of(seed: int, reader: FaceReader, avengers: Audit, found: Mapping[str, PhotoFaces], others: Gallery) -> Iterator[Trial]:
    """Train with one seed, and test under each threshold."""
    parts = split_faces(avengers, FaceRecipe(seed=seed)).parts
    learnt = gallery_of((*parts["train"], *parts["validation"]), found, avengers.classes)
    test = gallery_of(parts["test"], found, avengers.classes)
    group_of = {item.sha256: item.group for item in avengers.photos}
    groups = np.array([group_of[photo.sha256] for photo in learnt.photos])

    naming = fit_naming(learnt, groups, embedder=DLIB.name).naming
    recogniser = FaceRecogniser(reader, naming)
    yield trial(recogniser, test, others)
    halves = [others.of(others.owners % 2 == half) for half in (0, 1)]
    for fitted_on, counted_on in ((others, others), (halves[0], halves[1]), (halves[1], halves[0])):
        fitted = fit_naming(learnt, groups, head="trimmed-mean", strangers=as_strangers(fitted_on), embedder=DLIB.name)
        naming.threshold = fitted.naming.threshold  # it is the same whatever the head, and this head is the quickest
        yield trial(recogniser, test, counted_on)


def as_strangers(gallery: Gallery) -> Strangers:
    """See people of a gallery as strangers."""
    return Strangers(gallery.vectors, gallery.owners)


def trial(recogniser: FaceRecogniser, test: Gallery, others: Gallery) -> Trial:
    """Name test photos and strangers."""
    people = np.array(test.people)[test.owners]
    likeliest = recogniser.naming.shares(test.vectors).argmax(axis=1)
    named = sum(name is not None for name in names(recogniser, others))
    rightly = sum(name == person for name, person in zip(names(recogniser, test), people, strict=True))
    return Trial(len(people), int((likeliest == test.owners).sum()), rightly, len(others.photos), named)


def names(recogniser: FaceRecogniser, faces: Gallery) -> Iterator[str | None]:
    """Name faces one by one, as if each were alone in its photo."""
    for vector in faces.vectors:
        (sighting,) = recogniser.name([SOMEWHERE], vector[None])
        yield sighting.name


def accuracy_of(seeds: Sequence[Trial]) -> str:
    """Accuracy over all seeds, with its interval, and that of the worst and the best seed."""
    right, n = sum(one.right for one in seeds), sum(one.known for one in seeds)
    interval, each = wilson_interval(right, n), sorted(one.right / one.known for one in seeds)
    return f"{right / n:.4f} ({interval.low:.4f} to {interval.high:.4f}; {right} of {n}; by seed {each[0]:.3f} to {each[-1]:.3f})"


def rates_of(trials: Sequence[Trial]) -> str:
    """Say what a threshold does to the known and to strangers, over all trials."""
    known, n_known = sum(one.named_rightly for one in trials), sum(one.known for one in trials)
    named, n = sum(one.strangers_named for one in trials), sum(one.strangers for one in trials)
    return f"{100 * known / n_known:.1f} % of the known named rightly, {100 * named / n:.1f} % of strangers named"


def dividing_distance(*galleries: Gallery) -> float:
    """Find the distance that best divides genuine from impostor pairs."""
    vectors = np.concatenate([gallery.vectors for gallery in galleries])
    owners = np.concatenate([gallery.owners + 1000 * number for number, gallery in enumerate(galleries)])
    rows, columns = np.triu_indices(len(vectors), k=1)
    apart, same = distances(vectors, vectors)[rows, columns], owners[rows] == owners[columns]
    genuine, impostor = np.sort(apart[same]), np.sort(apart[~same])
    tried = np.arange(0.3, 0.9, 0.001)
    right = np.searchsorted(genuine, tried) / len(genuine) + 1 - np.searchsorted(impostor, tried) / len(impostor)
    return float(tried[right.argmax()])


def lfw_pairs(reader: FaceReader) -> tuple[FloatArray, IntArray]:
    """Return the distance of every pair (infinite where a face is not found), and whether it is genuine."""
    with (LFW / "pairs_fold1.tsv").open(encoding="utf-8", newline="") as file:
        pairs = list(csv.reader(file, delimiter="\t"))
    names = sorted({name for pair in pairs for name in pair[:2]})
    digests = {name: hashlib.sha256((LFW / "images" / name).read_bytes()).hexdigest() for name in names}
    found = faces_of_photos({digest: LFW / "images" / name for name, digest in digests.items()}, reader)

    def apart(one: str, other: str) -> float:
        faces = found[digests[one]], found[digests[other]]
        return float("inf") if any(face.taken is None for face in faces) else float(np.linalg.norm(faces[0].vector - faces[1].vector))

    return np.array([apart(one, other) for one, other, _ in pairs]), np.array([same == "1" for *_, same in pairs])


def pairs_right(apart: FloatArray, genuine: IntArray, distance: float) -> str:
    """Say how many pairs are judged rightly at a distance, with the interval."""
    right, n = int(((apart <= distance) == genuine).sum()), len(apart)
    interval = wilson_interval(right, n)
    return f"{right / n:.4f} ({interval.low:.4f} to {interval.high:.4f}; {right} of {n} pairs)"


def faces_found(reader: FaceReader) -> str:
    """Compare the numbers of faces found with those that the files' names tell."""
    true = {photo: int(photo.stem.rpartition("_")[2]) for photo in numbered_photos()}
    found = {photo: len(reader.find(read(photo))) for photo in true}
    hit = sum(min(found[photo], true[photo]) for photo in true)
    too_many = sum(max(found[photo] - true[photo], 0) for photo in true)
    return f"{hit} of {sum(true.values())} in {len(true)} photos (recall {hit / sum(true.values()):.3f}), {too_many} false"


def numbered_photos() -> list[Path]:
    """Return the group photos whose name ends in a number."""
    return sorted(photo for photo in GROUP_PHOTOS.iterdir() if photo.stem.rpartition("_")[2].isdigit())
