"""What several tests of libraries need."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from whosthat.faces.alignment import CropTemplate
from whosthat.workflow.face_photos import OpenedReader
from whosthat.workflow.library import recogniser


@pytest.fixture
def drawn_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for the networks whose faces the library of `library_of` has; they are never run."""
    facts = SimpleNamespace(name="dlib-resnet", dimensions=16, looks=2, licence="")
    template = CropTemplate(16, ((15.0, 15.0), (35.0, 15.0), (25.0, 25.0), (18.0, 33.0), (32.0, 33.0)), "")
    detector, embedder = SimpleNamespace(name="mtcnn", licence=""), SimpleNamespace(facts=facts)
    reader: Any = SimpleNamespace(key="drawn", template=template, detector=detector, embedder=embedder)
    monkeypatch.setattr(recogniser, "open_reader", lambda *_: OpenedReader(reader, b"graph", {"mtcnn-pnet": b"network"}))
    monkeypatch.setattr("whosthat.recognition.face_recogniser._reader", lambda *_: reader)
