from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pytest

from whosthat.errors import UsageError, WeightsError
from whosthat.faces import weight_files
from whosthat.faces.models import DETECTORS, detector_facts, is_here
from whosthat.faces.weight_files import FILES, find_weights, read_weights, store

CONTENT = b"pretend to be a detector"


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the file of YuNet be a few bytes that a test can write."""
    file = dataclasses.replace(FILES["yunet"], bytes=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setattr(weight_files, "FILES", {**FILES, "yunet": file})


@pytest.mark.parametrize("name", [name for name, file in FILES.items() if file.package])
def test_what_packages_carry_is_here_and_is_the_published_file(name: str) -> None:
    assert len(read_weights(name)) == FILES[name].bytes


def test_a_missing_file_is_named_with_where_to_get_it_and_where_to_put_it(tmp_path: Path) -> None:
    with pytest.raises(
        WeightsError,
        match=r"yunet needs .*yunet_2026may\.onnx, which is missing.*ebafce4e.*MIT.*opencv_zoo.*models get yunet.*models add FILE",
    ):
        read_weights("yunet")


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(WeightsError, match='Did you mean "yunet"'):
        find_weights("yunett")


@pytest.mark.usefixtures("pretended")
def test_a_file_in_the_weights_folder_is_found_and_preferred() -> None:
    store(FILES["yunet"].file, CONTENT)
    assert read_weights("yunet") == CONTENT
    assert is_here(("yunet",))
    assert detector_facts("auto").name == "yunet"


@pytest.mark.usefixtures("pretended")
def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "weights" / FILES["yunet"].file
    place.parent.mkdir()
    place.write_bytes(CONTENT[:-1] + b"!")
    with pytest.raises(WeightsError, match="not the published file: expected SHA-256"):
        read_weights("yunet")
    place.write_bytes(CONTENT * 2)
    with pytest.raises(WeightsError, match="larger than the expected 24 bytes"):
        read_weights("yunet")


def test_without_other_files_the_embedded_detector_is_taken() -> None:
    assert detector_facts("auto") is DETECTORS["mtcnn"]
    with pytest.raises(UsageError, match='Did you mean "mtcnn"'):
        detector_facts("mtcn")
