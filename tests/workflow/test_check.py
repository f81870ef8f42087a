from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from whosthat.cartoons import draw_photo_folder
from whosthat.errors import DatasetError, UsageError
from whosthat.faces.remembered import PhotoFaces
from whosthat.workflow.check import check
from whosthat.workflow.choosing import ModelChoice


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Cartoons, in which the stand-in for detector and embedder finds nothing."""
    draw_photo_folder(tmp_path / "photos", photos_each=2, names=("kid_kettle", "madame_moth"), size=64)
    monkeypatch.setattr("whosthat.workflow.check.open_reader", lambda **_: SimpleNamespace(reader=None))
    monkeypatch.setattr(
        "whosthat.workflow.check.faces_of_photos", lambda places, *_, **__: {digest: PhotoFaces((64, 64)) for digest in places}
    )
    return tmp_path / "photos"


def test_faces_that_are_asked_for_are_looked_at(photos: Path) -> None:
    checkup = check(photos, faces=True)
    assert len(checkup.faces.without_face) == 4
    assert checkup.to_dict()["faces"]["n_photos"] == checkup.to_dict()["n_photos"] == 4
    assert [finding["kind"] for finding in checkup.to_dict()["faces"]["findings"]] == ["no-face-at-all", "no-face"]


@pytest.mark.parametrize(("model", "looked"), [("faces", True), ("efficientnet-lite0", False)])
def test_unasked_faces_are_looked_at_in_photos_of_people(photos: Path, monkeypatch: pytest.MonkeyPatch, model: str, looked: bool) -> None:
    monkeypatch.setattr("whosthat.workflow.check.choose_model", lambda _: ModelChoice(model, "a test"))
    assert (check(photos).faces is not None) is looked
    assert check(photos, faces=False).faces is None


def test_check_audits_a_folder_given_as_text(tmp_path: Path) -> None:
    for seed, name in enumerate(("anna", "bert")):
        (tmp_path / name).mkdir()
        Image.fromarray(np.random.default_rng(seed).integers(0, 256, (70, 70, 3), dtype=np.uint8)).save(tmp_path / name / "1.png")
    assert check(str(tmp_path), faces=False).audit.counts() == {"anna": 1, "bert": 1}


def test_check_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="There is no folder"):
        check(tmp_path / "nowhere")


@pytest.mark.parametrize("photos", [None, ["photos"], 3])
def test_check_says_that_a_folder_is_a_path(photos: object) -> None:
    with pytest.raises(UsageError, match="The folder of photos must be a path"):
        check(photos)
