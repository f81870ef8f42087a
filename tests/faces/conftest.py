"""A face that everybody may show, and the networks, opened once."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import numpy as np
import pytest

from whosthat.faces.embedder import DLIB, OnnxEmbedder
from whosthat.faces.finding import FaceReader
from whosthat.faces.models import DETECTORS, detector_files, dlib_graph
from whosthat.faces.mtcnn import Mtcnn
from whosthat.photos.reading import read

HOPPER = "matplotlib/mpl-data/sample_data/grace_hopper.jpg"


@pytest.fixture(scope="session")
def hopper() -> np.ndarray:
    """Grace Hopper's portrait by the US Navy, public domain, which matplotlib brings along; RGB uint8 (600, 512, 3)."""
    return read(Path(str(importlib.metadata.distribution("matplotlib").locate_file(HOPPER))))


@pytest.fixture(scope="session")
def mtcnn() -> Mtcnn:
    return DETECTORS["mtcnn"].open(detector_files(DETECTORS["mtcnn"]))


@pytest.fixture(scope="session")
def dlib_onnx() -> bytes:
    return dlib_graph()


@pytest.fixture(scope="session")
def embedder(dlib_onnx: bytes) -> OnnxEmbedder:
    return OnnxEmbedder(DLIB, dlib_onnx)


@pytest.fixture(scope="session")
def reader(mtcnn: Mtcnn, embedder: OnnxEmbedder) -> FaceReader:
    return FaceReader(mtcnn, embedder)
