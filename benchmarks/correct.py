"""Corrections of a library of 100,000 faces, and whether harmful ones are found.

*Speed*: 50,000 drawn photos of two faces each, 200 people; the library's own recogniser learnt from 20 faces of
each. `answer_again` works out who all of them are; a whole command says of one face who it is, and answers all again.

*Harm*: real photos of avengers, 7 people. A library whose recogniser has learnt so many faces of each person gets one correction with
leave to learn from it: a right one, or one that calls a face by another's name. How many of the wrong ones, and of the right ones, are
said to do harm, because the other enrolled faces are answered right more often without them, and how many are doubted, because these faces
speak for somebody else.
"""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.face_photos import AVENGERS, DETECTORS, EMBEDDERS, private_places
from benchmarks.measuring import Row, cost_of, median_seconds
from whosthat.checking.costly import Answered
from whosthat.library import contents, facts
from whosthat.library.facts import Saying
from whosthat.library.store import Library
from whosthat.recognition.enrolling import fit_identifier
from whosthat.recognition.gallery import EnrolledPhoto, Gallery
from whosthat.workflow.face_photos import open_reader
from whosthat.workflow.library.answering import answer_again
from whosthat.workflow.library.recogniser import effects_in, learn
from whosthat.workflow.library.scanning import scan

TITLE = "Corrections of a library"
N_PHOTOS, N_PEOPLE, LEARNT = 50_000, 200, 20
TRIALS = 42


def measure() -> list[Row]:
    """How long it takes, then what is found."""
    with private_places(list(DETECTORS)[-1], EMBEDDERS[-1]) as folder:
        rows = speed(folder / "library")
    for embedder in EMBEDDERS:
        with private_places(list(DETECTORS)[-1], embedder) as folder:
            rows += harm(folder / "library", embedder)
    return rows


def speed(folder: Path) -> list[Row]:
    """Time what one correction costs, step by step and as a whole command."""
    draw(folder)
    with Library(folder) as library:
        begin = time.perf_counter()
        with library.alone():
            learnt = learn(library)
        rows = [Row(f"learning {learnt.faces if learnt else 0:,} faces of {N_PEOPLE} people", f"{time.perf_counter() - begin:.1f} s")]
        span = median_seconds(partial(answer_again, library), times=5)
        rows.append(Row(f"answering {2 * N_PHOTOS:,} faces again", f"{span:.1f} s", "seconds"))
        photo = library.rows("SELECT lower(hex(sha256)) FROM photos LIMIT 1")[0][0]
    cost = cost_of(["correct", folder, photo, "--face", "1", "--is", "Somebody new"])
    return [*rows, Row("whole command: correct --is", f"{cost.seconds:.1f} s, {cost.megabytes:.0f} MB", "<= 600 MB")]


def draw(folder: Path) -> None:
    """Make the library: people as far apart as strangers are, some faces of each with a name."""
    random, reader = np.random.default_rng(0), open_reader().reader
    wide = reader.embedder.facts.dimensions
    people = random.normal(size=(N_PEOPLE, wide)) * 0.79 / np.sqrt(2 * wide)
    who = random.integers(0, N_PEOPLE, 2 * N_PHOTOS)
    vectors = (people[who] + random.normal(size=(2 * N_PHOTOS, wide)) * 0.3 / np.sqrt(wide)).astype("<f4")
    with Library(folder, create=True) as library:
        with library.changing() as change:
            contents.set_setting(change, "reader", reader.key)
            contents.set_setting(change, "networks", f"{reader.detector.name} {reader.embedder.facts.name}")
            digests = ((row + 1, hashlib.sha256(f"photo {row}".encode()).digest()) for row in range(N_PHOTOS))
            change.executemany("INSERT INTO photos (id, sha256, width, height) VALUES (?, ?, 4000, 3000)", digests)
            boxes = ((400.0, 100.0, 490.0, 200.0), (800.0, 100.0, 890.0, 200.0))
            faces = (
                (row + 1, row // 2 + 1, reader.key, row % 2 + 1, *boxes[row % 2], bytes(40), 0.99, 50.0, vectors[row].tobytes())
                for row in range(2 * N_PHOTOS)
            )
            change.executemany(f"INSERT INTO faces VALUES ({', '.join('?' * 12)})", faces)
        named = {int(face) + 1: int(person) for person in range(N_PEOPLE) for face in np.flatnonzero(who == person)[:LEARNT]}
        places = {face.row: facts.Place(face.photo, face.place) for face in contents.faces_of(library)}
        facts.say(library, [Saying(places[face], "is", f"Person {person}", "group") for face, person in named.items()])


def harm(folder: Path, embedder: str) -> list[Row]:
    """Enrol right and wrong corrections in turn, beside a few faces of each person."""
    scan(folder, [AVENGERS])
    with Library(folder) as library:
        places = contents.files_of_photos(library)
        faces = contents.faces_of(library)
        network = (library.setting("networks") or "").rpartition(" ")[2]
    of: dict[str, list[np.ndarray]] = defaultdict(list)
    for one in faces:
        if sum(other.photo == one.photo for other in faces) == 1:
            of[places[one.photo][0].parent.name].append(one.vector)
    rows = []
    for each in (3, 10, 30):
        wrong, right = (shown(of, network, each, wrong=kind) for kind in (True, False))
        for what, n_wrong, n_right in zip(("said to do harm", "doubted"), wrong, right, strict=True):
            figure = f"{n_wrong} of {TRIALS} wrong corrections, {n_right} of {TRIALS} right ones"
            rows.append(Row(f"{embedder}, {each} faces of each person: {what}", figure))
    return rows


def shown(of: dict[str, list[np.ndarray]], network: str, each: int, *, wrong: bool) -> tuple[int, int]:
    """Return how many corrections are said to do harm, and how many are doubted."""
    random, people = np.random.default_rng(each), tuple(sorted(of))
    harmful = doubted = 0
    for trial in range(TRIALS):
        person = trial % len(people)
        chosen = {label: random.permutation(len(of[name]))[: each + 1] for label, name in enumerate(people)}
        rows = [(label, of[people[label]][row]) for label, own in chosen.items() for row in own[:each]]
        said_to_be = (person + int(random.integers(1, len(people)))) % len(people) if wrong else person
        rows.append((said_to_be, of[people[person]][chosen[person][each]]))
        photos = tuple(EnrolledPhoto(str(row), "0" * 64) for row in range(len(rows)))
        gallery = Gallery(people, np.stack([vector for _label, vector in rows]), np.array([label for label, _vector in rows]), photos)
        groups = np.arange(len(rows))
        answered = Answered.by(fit_identifier(gallery, groups, embedder=network), groups)
        (effect,) = effects_in(gallery, answered, {len(rows) - 1: 0}).values()
        harmful, doubted = harmful + effect.harms, doubted + effect.is_doubtful
    return harmful, doubted
