"""Those that `faces_speed` lets compete: whosthat with each detector, and the package `face_recognition` where it is installed."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.face_photos import DETECTORS, enrolled, private_places
from benchmarks.measuring import new_folder
from whosthat.dataset.audit import AuditedPhoto
from whosthat.faces.embedder import DLIB
from whosthat.recognition.enrolling import fit_identifier
from whosthat.recognition.face_recogniser import FaceRecogniser
from whosthat.workflow.face_photos import faces_of_photos, open_reader
from whosthat.workflow.predict import predict

PEER = Path(__file__).with_name("face_recognition_peer.py")
PEER_PYTHON = os.environ.get("WHOSTHAT_FACE_RECOGNITION_PYTHON", "")

Names = Sequence[Sequence[str | None]]


class Whosthat:
    """whosthat with one of its detectors and embedders: enrols people, forgetting all others, and says for each photo who was seen."""

    def __init__(self, detector: str, embedder: str = DLIB.name) -> None:
        self.name = f"whosthat, {DETECTORS[detector]}" + ("" if embedder == DLIB.name else f" and {embedder}")
        with private_places(detector, embedder):
            self.reader = open_reader(detector, embedder).reader

    def enrol(self, photos: Sequence[AuditedPhoto]) -> None:
        """Find, embed and fit, with an empty cache."""
        with new_folder() as empty:
            found = faces_of_photos({item.sha256: item.photo.path for item in photos}, self.reader, file=empty / "photos.sqlite")
        gallery, groups = enrolled(photos, found, tuple(sorted({item.photo.class_name for item in photos})))
        fitted = fit_identifier(gallery, groups, embedder=self.reader.embedder.facts.name)
        self._recogniser = FaceRecogniser(self.reader, fitted.identifier)

    def identify(self, photos: Sequence[Path]) -> Names:
        """Predict, as the command does."""
        return [[sighting.name for sighting in prediction.sightings] for prediction in predict(self._recogniser, photos)]


class FaceRecognition:
    """The package, in a process of its own."""

    name = "face_recognition"

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.enrol([])  # returns when its libraries and weights are loaded

    def ask(self, **request: Any) -> Any:
        """Send one request and wait for the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def enrol(self, photos: Sequence[AuditedPhoto]) -> None:
        """See `face_recognition_peer.enrol`."""
        people = itertools.groupby(photos, key=lambda item: item.photo.class_name)
        self.ask(enrol={person: [str(item.photo.path.resolve()) for item in own] for person, own in people})

    def identify(self, photos: Sequence[Path]) -> Names:
        """See `face_recognition_peer.identify`."""
        names: Names = self.ask(identify=[str(photo.resolve()) for photo in photos])
        return names


Contestant = Whosthat | FaceRecognition


@contextmanager
def peer() -> Iterator[FaceRecognition | None]:
    """Start `face_recognition` where it is installed."""
    if not PEER_PYTHON:
        yield None
        return
    command = [PEER_PYTHON, "-W", "ignore", str(PEER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield FaceRecognition(process)
        finally:
            process.kill()
