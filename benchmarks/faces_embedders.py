"""Which embedder, and how many looks: known people named at exactly the same share of strangers, and milliseconds a face.

Each embedder looks once, and twice (as it is and mirrored, averaged). Photos are cut as training does, with YuNet where it is here; a
template is the head's trimmed mean; the threshold lies where exactly that share of the strangers is as near to somebody, so that nothing
fitted has a say. Means of ten draws:

- avengers: four fifths, or 5, of each person's photos enrolled, the others named; strangers are `strangers` and LFW fold 1.
- LFW fold 1: half the photos of everybody with two or more enrolled, the others named; strangers are all others of LFW and both folders.

Who is in two of these folders (one of the seven is in LFW, too) is one person. The networks may have learnt from people who are in these
photos, public figures all of them. Milliseconds: one thread, 8 crops, the least of a hundred turns.

Fused: squared distances of both embedders, each as it is used (dlib twice, reid once), in units of the distance that 1e-3 of all pairs of
different people do not exceed, added with a weight. A face then costs what both cost.

Scale: distances of single photos of different people with one look, against two, at the shares 1e-3 and 1e-2 of all pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import onnx

from benchmarks.face_photos import AVENGERS, DETECTORS, EMBEDDERS, LFW, STRANGERS, private_places
from benchmarks.measuring import Row, median_seconds
from whosthat.dataset.threads import in_order
from whosthat.faces.embedder import OnnxEmbedder
from whosthat.faces.finding import FaceCropper, main_face
from whosthat.faces.models import REID, detector_facts, detector_files, embedder_model, reid_graph
from whosthat.inference import open_session
from whosthat.photos.reading import read
from whosthat.recognition.distances import distances
from whosthat.recognition.face_threshold import corrected
from whosthat.recognition.heads import templates_of
from whosthat.types import FloatArray, Image, IntArray

TITLE = "Faces: embedders, and one look or two"
SHARES = (0.01, 0.001)
DRAWS = 10
WEIGHTS = (0.5, 0.7, 0.8, 0.9)
N_CROPS = 8
TURNS = 100


def measure() -> list[Row]:
    """Every embedder with one look and with two."""
    avengers, strangers = (sorted(folder.rglob("*.*")) for folder in (AVENGERS, STRANGERS))
    lfw = sorted((LFW / "images").rglob("*.*"))
    photos = [*avengers, *strangers, *lfw]
    names = [*(path.parent.name for path in (*avengers, *strangers)), *(path.stem.rpartition("_")[0] for path in lfw)]
    kinds = np.repeat([0, 1, 2], [len(avengers), len(strangers), len(lfw)])
    crops = crops_of(photos)
    shown = np.array([bool(one) for one in crops])
    people, kinds = np.unique([name.lower() for name in names], return_inverse=True)[1][shown], kinds[shown]
    embedders, cuts, told_of = [], [], []
    found, chosen = [], []
    for number, name in enumerate(EMBEDDERS):
        cut, near = np.stack([one[number] for one in crops if one]), {}
        for looks, embedder in opened(name).items():
            vectors = embedder.embed(cut)
            near[looks] = nearest_pairs(vectors, people)
            if looks == embedder_model(name).facts.looks:
                chosen.append(vectors / near[looks][0])
            embedders.append(embedder)
            cuts.append(cut[:N_CROPS])
            told_of.append((f"{name}, {looks} look{'s' * (looks > 1)}", told(vectors, people, kinds)))
        ratios = " and ".join(f"{ratio:.3f}" for ratio in near[1] / near[2])
        found.append(Row(f"{name}, distances with one look, for 1 with two", ratios))
    costs = quickest([partial(embedder.embed, cut) for embedder, cut in zip(embedders, cuts, strict=True)])
    rows = [Row(what, f"{figure}; {1000 * cost / N_CROPS:.1f} ms a face") for (what, figure), cost in zip(told_of, costs, strict=True)]
    return [*rows, *fused(chosen, people, kinds), *found, *rewriting()]


def fused(vectors: Sequence[FloatArray], people: IntArray, kinds: IntArray) -> list[Row]:
    """What two embedders name together: squared distances are added, weighted, each in units of what 1e-3 of all pairs do not exceed."""
    if len(vectors) != 2:
        return []
    first, second = tuple(EMBEDDERS)
    rows = []
    for weight in WEIGHTS:
        both = np.concatenate([np.sqrt(1 - weight) * vectors[0], np.sqrt(weight) * vectors[1]], axis=1, dtype=np.float32)
        rows.append(Row(f"{first} and {second} fused, the second with weight {weight:g}", told(both, people, kinds)))
    return rows


def quickest(actions: Sequence[Callable[[], object]]) -> list[float]:
    """Return the seconds of each action: the least of turns, which other work on the machine disturbs least."""
    turns = [[median_seconds(action, times=1, warm_up=0) for action in actions] for _ in range(TURNS)]
    return [min(seconds) for seconds in zip(*turns, strict=True)]


def rewriting() -> list[Row]:
    """Milliseconds a face of reid-0095 with PReLU, as it is published, and with LeakyRelu; the least of turns, on one thread."""
    if REID.name not in EMBEDDERS:
        return []
    with private_places("mtcnn", REID.name):
        ours = onnx.load_model_from_string(reid_graph())
    published = onnx.ModelProto()
    published.CopyFrom(ours)
    for node in published.graph.node:
        if node.op_type == "LeakyRelu":
            slope, name = np.full((1, 1, 1), node.attribute[0].f, np.float32), f"slope_{node.output[0]}"
            published.graph.initializer.append(onnx.numpy_helper.from_array(slope, name))
            node.CopyFrom(onnx.helper.make_node("PRelu", [node.input[0], name], list(node.output)))
    sessions = [open_session(model.SerializeToString()) for model in (published, ours)]
    crops = np.random.default_rng(0).integers(0, 256, (8, 128, 128, 3), np.uint8)
    alike = bool((sessions[0].run(crops)[0] == sessions[1].run(crops)[0]).all())
    before, after = (1000 * seconds / len(crops) for seconds in quickest([partial(session.run, crops) for session in sessions]))
    figure = f"{before:.1f} ms a face with PReLU, {after:.1f} with LeakyRelu ({'the same bits' if alike else 'other bits'})"
    return [Row("reid-0095, batches of 8, one thread", figure)]


def nearest_pairs(vectors: FloatArray, people: IntArray) -> FloatArray:
    """Return the distances that 1e-3 and 1e-2 of all pairs of different people do not exceed."""
    rows, columns = np.triu_indices(len(vectors), k=1)
    others = people[rows] != people[columns]
    apart: FloatArray = np.quantile(distances(vectors, vectors)[rows[others], columns[others]], SHARES[::-1])
    return apart


def opened(name: str) -> dict[int, OnnxEmbedder]:
    """Open an embedder with one look and with two."""
    with private_places("mtcnn", name):
        model = embedder_model(name)
        graph = model.graph()
    return {looks: OnnxEmbedder(replace(model.facts, looks=looks), graph) for looks in (1, 2)}


def crops_of(photos: Sequence[Path]) -> list[list[Image]]:
    """Cut the face that each photo is about, for every embedder; nothing where none is found."""
    detector = next(reversed(DETECTORS))
    with private_places(detector):
        facts = detector_facts(detector)
        found = facts.open(detector_files(facts))
    croppers = [FaceCropper(found, embedder_model(name).facts.template(detector)) for name in EMBEDDERS]

    def cut(path: Path) -> list[Image]:
        image = read(path)
        faces = croppers[0].search(image).faces
        if not faces:
            return []
        main = main_face(faces, image.shape[1], image.shape[0])
        return [cropper.crops(image, [main])[0] for cropper in croppers]

    return list(in_order(cut, photos))


def told(vectors: FloatArray, people: IntArray, kinds: IntArray) -> str:
    """Say how many known photos are named, in each of the ways."""
    ways: list[tuple[str, int, Callable[[int], int]]] = [
        ("avengers, four fifths enrolled", 0, lambda n: n * 4 // 5),
        ("avengers, 5 photos enrolled", 0, lambda _n: 5),
        ("LFW, half enrolled", 2, lambda n: n // 2),
    ]
    parts = []
    for what, kind, enrolled in ways:
        shares = np.mean([named(vectors, people, kinds == kind, enrolled, seed) for seed in range(DRAWS)], axis=0)
        parts.append(f"{what}: {100 * shares[0]:.1f} % at 1 in 100 strangers, {100 * shares[1]:.1f} % at 1 in 1,000")
    return "; ".join(parts)


def named(vectors: FloatArray, people: IntArray, of_kind: IntArray, enrolled: Callable[[int], int], seed: int) -> list[float]:
    """Enrol some photos of everybody who has two; return the share of the others that is named rightly at each of `SHARES`."""
    generator = np.random.default_rng(seed)
    learnt = np.zeros(len(people), bool)
    counts = np.bincount(people[of_kind], minlength=people.max() + 1)
    known = np.flatnonzero(counts >= 2)
    for person in known:
        rows = generator.permutation(np.flatnonzero(of_kind & (people == person)))
        learnt[rows[: enrolled(len(rows))]] = True
    labels = np.searchsorted(known, people[learnt])
    templates, sizes = templates_of(vectors[learnt], labels, len(known)), np.bincount(labels)
    asked = of_kind & ~learnt & np.isin(people, known)
    to_people = corrected(distances(vectors, templates), sizes)
    right = known[to_people.argmin(axis=1)] == people
    nearest, others = to_people.min(axis=1), ~np.isin(people, known)
    return [float((right & (nearest <= np.quantile(nearest[others], share, method="lower")))[asked].mean()) for share in SHARES]
