from __future__ import annotations

from pathlib import Path

import pytest

from whosthat.cartoons import HEROES, draw_photo_folder
from whosthat.workflow import choosing
from whosthat.workflow.choosing import choose_model


@pytest.mark.parametrize(("face", "model"), [(True, "faces"), (False, choosing.NETWORK)])
def test_a_folder_of_one_person_gets_faces_where_photos_show_them(
    face: bool, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_photo_folder(tmp_path, photos_each=2, names=HEROES[:1], size=48)
    monkeypatch.setattr(choosing, "_shows_face", lambda *_: face)
    assert choose_model(tmp_path).model == model
