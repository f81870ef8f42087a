"""The package `face_recognition`, used as its README shows, answering requests of `faces_speed`; runs in an environment of its own.

One JSON object a line comes in and goes out: ``{"enrol": {person: [photo]}}``, ``{"identify": [photo]}`` or ``{"embed": "crops.npy"}``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import face_recognition
import numpy as np
from face_recognition.api import face_encoder
from numpy.typing import NDArray

TOLERANCE = 0.6
known: list[NDArray[np.float64]] = []
names: list[str] = []


def enrol(people: dict[str, list[str]]) -> None:
    """Keep the encoding of the first face of every photo."""
    known.clear()
    names.clear()
    for person, photos in people.items():
        for photo in photos:
            encodings = face_recognition.face_encodings(face_recognition.load_image_file(photo))
            known.extend(encodings[:1])
            names.extend([person] * len(encodings[:1]))


def identify(photos: list[str]) -> list[list[str | None]]:
    """Name every face of every photo after the nearest enrolled face, or None where that is too far."""
    answers = []
    for photo in photos:
        said = []
        for encoding in face_recognition.face_encodings(face_recognition.load_image_file(photo)):
            matches = face_recognition.compare_faces(known, encoding, TOLERANCE)
            best = int(np.argmin(face_recognition.face_distance(known, encoding)))
            said.append(names[best] if matches[best] else None)
        answers.append(said)
    return answers


def embed(file: str) -> float:
    """Return dlib's median milliseconds for one of the aligned crops in a file; the first is not counted."""
    spans = []
    for crop in np.load(file, allow_pickle=False):
        begin = time.perf_counter()
        face_encoder.compute_face_descriptor(crop)
        spans.append(time.perf_counter() - begin)
    return float(np.median(spans[1:]) * 1000)


ANSWERS: dict[str, Callable[[Any], object]] = {"enrol": enrol, "identify": identify, "embed": embed}

if __name__ == "__main__":
    for line in sys.stdin:
        ((what, argument),) = json.loads(line).items()
        print(json.dumps(ANSWERS[what](argument)), flush=True)
