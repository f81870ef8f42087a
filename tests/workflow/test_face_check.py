from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from whosthat.cartoons import draw_photo_folder
from whosthat.faces.remembered import PhotoFaces
from whosthat.workflow.choosing import ModelChoice
from whosthat.workflow.face_check import check_up


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Cartoons, in which the stand-in for detector and embedder finds nothing."""
    draw_photo_folder(tmp_path / "photos", photos_each=2, names=("kid_kettle", "madame_moth"), size=64)
    monkeypatch.setattr("whosthat.workflow.face_check.open_reader", lambda **_: SimpleNamespace(reader=None))
    monkeypatch.setattr(
        "whosthat.workflow.face_check.faces_of_photos", lambda places, *_, **__: {digest: PhotoFaces((64, 64)) for digest in places}
    )
    return tmp_path / "photos"


def test_faces_that_are_asked_for_are_looked_at(photos: Path) -> None:
    checkup = check_up(photos, faces=True)
    assert checkup.faces is not None
    assert len(checkup.faces.without_face) == 4
    assert checkup.to_dict()["faces"]["n_photos"] == checkup.to_dict()["n_photos"] == 4
    assert [finding["kind"] for finding in checkup.to_dict()["faces"]["findings"]] == ["no-face-at-all", "no-face"]


@pytest.mark.parametrize(("model", "looked"), [("faces", True), ("efficientnet-lite0", False)])
def test_unasked_faces_are_looked_at_in_photos_of_people(photos: Path, monkeypatch: pytest.MonkeyPatch, model: str, looked: bool) -> None:
    monkeypatch.setattr("whosthat.workflow.face_check.choose_model", lambda _: ModelChoice(model, "a test"))
    assert (check_up(photos).faces is not None) is looked
    assert check_up(photos, faces=False).faces is None
