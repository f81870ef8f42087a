"""What several tests of the workflow need."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from whosthat.dataset import facts
from whosthat.recognition.bundle import BundleFacts, save_bundle
from whosthat.recognition.face_facts import FaceFacts
from whosthat.recognition.face_recogniser import KIND, bundle_files
from whosthat.recognition.face_threshold import DistanceThreshold
from whosthat.recognition.gallery import Gallery


@pytest.fixture
def save_people(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Save a bundle of a gallery, whose networks are never run; keywords change its facts."""
    monkeypatch.setattr("whosthat.recognition.face_recogniser._reader", lambda *_: SimpleNamespace(key="fake-reader"))

    def save(folder: Path, gallery: Gallery, *, head: str = "nearest", index: Any = None, **changes: Any) -> Path:
        crop = {"crop_size": 16, "crop_points": [(15, 15), (35, 15), (25, 25), (18, 33), (32, 33)]}
        sizes = {"dimensions": gallery.vectors.shape[1], "n_enrolled": len(gallery.photos)}
        faces = FaceFacts(detector="mtcnn", detector_files=("mtcnn-pnet",), embedder="dlib-resnet", head=head, **crop, **sizes)
        known = {"kind": KIND, "network": "dlib-resnet", "threshold": DistanceThreshold(value=0.5, how="By hand.")}
        files = bundle_files(gallery, {"mtcnn-pnet": b"network"}, index)
        save_bundle(folder, BundleFacts(**known | changes, labels=gallery.people, faces=faces), graph=b"graph", more=files)
        return folder

    return save


@pytest.fixture
def bundle(tmp_path: Path, save_colours: Callable[..., Path]) -> Path:
    """A network that tells red, green and blue apart."""
    return save_colours(tmp_path / "bundle")


@pytest.fixture
def remember_facts(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, Mapping[str, str]], None]:
    """Remember photos of a folder, name to SHA-256, as a check of them does."""

    def remember(root: Path, photos: Mapping[str, str]) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(facts, "read_facts", lambda path: facts.PhotoFacts(photos[path.as_posix()], 50, 50, None, bytes(1024)))
            memory = facts.RememberedFacts(root)
            for name in photos:
                memory.facts(name, Path(name))
            memory.save()

    return remember


@pytest.fixture(scope="session")
def painted() -> ModuleType:
    """The module `painted.py`, loaded once: photos whose faces are fields of colour."""
    file = Path(__file__).with_name("painted.py")
    spec = importlib.util.spec_from_file_location("whosthat_painted", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def painted_reader(painted: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The reader that libraries open here, instead of one with networks."""
    reader = painted.PaintedReader()
    monkeypatch.setattr("whosthat.workflow.library.reader.open_reader", reader.opened)
    return reader
