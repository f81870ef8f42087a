"""What the face benchmarks share: which photos and detectors there are, private places, and the way from photos to a gallery."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np

from benchmarks.measuring import SHARED, new_folder
from whosthat.dataset.audit import AuditedPhoto
from whosthat.faces.remembered import PhotoFaces
from whosthat.recognition.gallery import EnrolledPhoto, Gallery
from whosthat.types import IntArray
from whosthat.workflow.face_photos import stacked
from whosthat.workflow.model_files import add, add_with_others

AVENGERS = SHARED / "data" / "avengers"
STRANGERS = SHARED / "data" / "strangers"
GROUP_PHOTOS = SHARED / "data" / "group_photos"
LFW = SHARED / "data" / "lfw_fold1"
YUNET_FILE = SHARED / "weights" / "face_detection_yunet_2026may.onnx"
DETECTORS = {"mtcnn": "MTCNN", "yunet": "YuNet"} if YUNET_FILE.is_file() else {"mtcnn": "MTCNN"}
"""The detectors that can be measured here, and what people call them."""
REID_FILE = SHARED / "weights" / "face-reidentification-retail-0095.xml"
EMBEDDERS = ("dlib-resnet", "reid-0095") if REID_FILE.is_file() else ("dlib-resnet",)
"""The embedders that can be measured here."""


@contextmanager
def private_places(detector: str, embedder: str = "dlib-resnet") -> Iterator[Path]:
    """Give whosthat, in this process and those it starts, an empty cache and a weights folder from which it takes these networks."""
    with (
        new_folder() as folder,
        mock.patch.dict(os.environ, WHOSTHAT_CACHE=str(folder / "cache"), WHOSTHAT_WEIGHTS=str(folder / "weights")),
    ):
        if detector == "yunet":
            add(YUNET_FILE)
        if embedder == "reid-0095":
            add_with_others(REID_FILE)
        yield folder


def enrolled(photos: Sequence[AuditedPhoto], found: Mapping[str, PhotoFaces], people: tuple[str, ...]) -> tuple[Gallery, IntArray]:
    """Enrol the photos that show a face; the gallery, and the group of each photo."""
    shown = [item for item in photos if item.sha256 in found and found[item.sha256].taken is not None]
    labels = np.array([people.index(item.photo.class_name) for item in shown], np.int64)
    names = tuple(EnrolledPhoto(item.photo.name, item.sha256) for item in shown)
    gallery = Gallery(people, stacked([found[item.sha256] for item in shown]), labels, names)
    return gallery, np.array([item.group for item in shown])
