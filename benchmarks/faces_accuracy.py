"""What predict answers for known people and for strangers, and how many faces are found, with each detector and embedder that is here.

Known people: five splits of `avengers` (seeds 0 to 4), each tested by a recogniser that has seen none of its test photos nor their
look-alikes; every test photo counts as correct, wrong, unknown or without a face, through the same search for faces and the same naming as
`whosthat predict`. The interval takes photos for independent although some are in the tests of two seeds.

Strangers: the same five recognisers; a photo of `strangers` in which any face gets a name is named. The threshold is fitted three ways:
without strangers; with `--strangers` and all of `strangers`, which are then counted again; and with half of the strangers, counted on the
other ten people, both ways round.

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

import numpy as np

from benchmarks.face_photos import AVENGERS, DETECTORS, EMBEDDERS, GROUP_PHOTOS, LFW, STRANGERS, enrolled, private_places
from benchmarks.measuring import Row
from whosthat.dataset.audit import Audit, AuditedPhoto, audit_folder
from whosthat.evaluation.outcomes import Outcomes, answer_of, count
from whosthat.faces.embedder import DLIB
from whosthat.faces.finding import FaceReader, SeenFaces
from whosthat.faces.remembered import PhotoFaces
from whosthat.photos.reading import read
from whosthat.proportions import wilson_interval
from whosthat.recognition.distances import distances
from whosthat.recognition.enrolling import Strangers, fit_identifier
from whosthat.recognition.face_recogniser import FaceRecogniser
from whosthat.recognition.gallery import Gallery
from whosthat.training.recipe_base import FaceRecipe
from whosthat.types import FloatArray, IntArray, Sighting
from whosthat.workflow.face_photos import faces_of_photos, open_reader, seen_in_photos
from whosthat.workflow.train_faces import split_faces

TITLE = "Faces: accuracy"
SEEDS = range(5)
DLIB_DISTANCE, DLIB_ACCURACY = 0.6, 0.9938


@dataclass(frozen=True)
class Trial:
    """One seed under one threshold: what became of the test photos, and photos of strangers (all, named)."""

    known: Outcomes
    strangers: int
    named: int


@dataclass(frozen=True)
class Photos:
    """Photos of one kind, and what was found in them, by SHA-256: to enrol them, and as predict sees them."""

    audit: Audit
    found: Mapping[str, PhotoFaces]
    seen: Mapping[str, SeenFaces]


def measure() -> list[Row]:
    """Every figure, detector by detector, embedder by embedder."""
    with private_places("mtcnn"):
        avengers, strangers = audit_folder(AVENGERS), audit_folder(STRANGERS)
    return [row for embedder in EMBEDDERS for detector in DETECTORS for row in rows(detector, embedder, avengers, strangers)]


def rows(detector: str, embedder: str, avengers: Audit, strangers: Audit) -> list[Row]:
    """The figures of one detector and one embedder."""
    name = DETECTORS[detector] if embedder == DLIB.name else f"{DETECTORS[detector]}, {embedder}"
    with private_places(detector, embedder):
        reader = open_reader(detector, embedder).reader
        known, others = (looked_at(audit, reader) for audit in (avengers, strangers))
        trials = list(zip(*(trials_of(seed, reader, known, others) for seed in SEEDS), strict=True))
        divided = dividing_distance(*(enrolled(one.audit.photos, one.found, one.audit.classes)[0] for one in (known, others)))
        apart, genuine = lfw_pairs(reader)
    faceless = sum(not faces.faces for faces in known.seen.values())
    return [
        Row(f"test of five seeds, {name}", test_of(trials[0]), ">= 0.990 (set when photos without a face were left out)"),
        Row(f"photos in which predict finds no face, {name}", f"{faceless} of {len(avengers.photos):,}"),
        Row(f"threshold without strangers, {name}", rates_of(trials[0])),
        Row(f"threshold with `--strangers`, {name}", rates_of(trials[1]), ">= 97 % at <= 1 in 100"),
        Row(f"threshold with half the strangers, counted on the others, {name}", rates_of([*trials[2], *trials[3]])),
        Row(f"LFW fold 1 at dlib's {DLIB_DISTANCE}, {name}", pairs_right(apart, genuine, DLIB_DISTANCE), f">= {DLIB_ACCURACY - 0.005:.4f}"),
        Row(
            f"LFW fold 1 at {divided:.3f}, from other data, {name}", pairs_right(apart, genuine, divided), f">= {DLIB_ACCURACY - 0.005:.4f}"
        ),
        *([Row(f"faces found in `group_photos`, {name}", faces_found(reader))] if embedder == DLIB.name else []),
    ]


def looked_at(audit: Audit, reader: FaceReader) -> Photos:
    """Look at photos in both ways."""
    paths = {item.sha256: item.photo.path for item in audit.photos}
    return Photos(audit, faces_of_photos(paths, reader), seen_in_photos(paths, reader, what="photos"))


def trials_of(seed: int, reader: FaceReader, known: Photos, others: Photos) -> Iterator[Trial]:
    """Train with one seed, and test under each threshold."""
    parts = split_faces(known.audit, FaceRecipe(seed=seed)).parts
    learnt, groups = enrolled((*parts["train"], *parts["validation"]), known.found, known.audit.classes)
    identifier = fit_identifier(learnt, groups, embedder=reader.embedder.facts.name).identifier
    recogniser = FaceRecogniser(reader, identifier)
    everybody = others.audit.photos
    yield trial(recogniser, parts["test"], known, everybody, others)
    halves = [[item for item in everybody if others.audit.classes.index(item.photo.class_name) % 2 == half] for half in (0, 1)]
    for fitted_on, counted_on in ((everybody, everybody), (halves[0], halves[1]), (halves[1], halves[0])):
        given, network = as_strangers(fitted_on, others), reader.embedder.facts.name
        fitted = fit_identifier(learnt, groups, head="trimmed-mean", strangers=given, embedder=network)
        identifier.threshold = fitted.identifier.threshold  # it is the same whatever the head, and this head is the quickest
        yield trial(recogniser, parts["test"], known, counted_on, others)


def as_strangers(photos: Sequence[AuditedPhoto], others: Photos) -> Strangers:
    """Take the first face that predict sees in each photo."""
    shown = [item for item in photos if others.seen[item.sha256].faces]
    people = np.array([others.audit.classes.index(item.photo.class_name) for item in shown], np.int64)
    return Strangers(np.stack([others.seen[item.sha256].vectors[0] for item in shown]), people)


def trial(
    recogniser: FaceRecogniser, test: Sequence[AuditedPhoto], known: Photos, strangers: Sequence[AuditedPhoto], others: Photos
) -> Trial:
    """Answer for test photos and for strangers as predict does."""

    def sightings(item: AuditedPhoto, photos: Photos) -> list[Sighting]:
        seen = photos.seen[item.sha256]
        return recogniser.name(seen.faces, seen.vectors)

    answers = [
        answer_of(row, item.photo.name, item.photo.class_name, sightings(item, known), recogniser.labels) for row, item in enumerate(test)
    ]
    named = sum(any(one.name for one in sightings(item, others)) for item in strangers)
    return Trial(count(answers), len(strangers), named)


def test_of(seeds: Sequence[Trial]) -> str:
    """All outcomes, the share that is correct with its interval, and that of the worst and the best seed."""
    correct, n = sum(one.known.correct for one in seeds), sum(one.known.n for one in seeds)
    interval, each = wilson_interval(correct, n), sorted(one.known.correct / one.known.n for one in seeds)
    wrong, unknown, no_face = (sum(getattr(one.known, kind) for one in seeds) for kind in ("wrong", "unknown", "no_face"))
    return (
        f"{correct / n:.4f} ({interval.low:.4f} to {interval.high:.4f}; {correct} of {n} correct, {wrong} wrong, {unknown} unknown, "
        f"{no_face} no face; by seed {each[0]:.3f} to {each[-1]:.3f})"
    )


def rates_of(trials: Sequence[Trial]) -> str:
    """Say what a threshold does to the known and to strangers, over all trials."""
    correct, n_known = sum(one.known.correct for one in trials), sum(one.known.n for one in trials)
    named, n = sum(one.named for one in trials), sum(one.strangers for one in trials)
    return f"{100 * correct / n_known:.1f} % of known photos correct, {100 * named / n:.1f} % of strangers' photos named"


def dividing_distance(*galleries: Gallery) -> float:
    """Find the distance that best divides genuine from impostor pairs."""
    vectors = np.concatenate([gallery.vectors for gallery in galleries])
    labels = np.concatenate([gallery.labels + 1000 * number for number, gallery in enumerate(galleries)])
    rows, columns = np.triu_indices(len(vectors), k=1)
    apart, same = distances(vectors, vectors)[rows, columns], labels[rows] == labels[columns]
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
    numbers = {photo: photo.stem.rpartition("_")[2] for photo in sorted(GROUP_PHOTOS.iterdir())}
    true = {photo: int(number) for photo, number in numbers.items() if number.isdigit()}
    found = {photo: len(reader.find(read(photo))) for photo in true}
    hit = sum(min(found[photo], true[photo]) for photo in true)
    too_many = sum(max(found[photo] - true[photo], 0) for photo in true)
    return f"{hit} of {sum(true.values())} in {len(true)} photos (recall {hit / sum(true.values()):.3f}), {too_many} false"
