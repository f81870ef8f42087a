"""Looking at every face of a photo again, on two photos side by side."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import numpy as np
from PIL import Image

from whosthat.faces.finding import rivals
from whosthat.types import Box, Face
from whosthat.workflow.face_choice import _place, look_again
from whosthat.workflow.face_photos import faces_of_photos, open_reader

POINTS = ((15.0, 15.0), (35.0, 15.0), (25.0, 25.0), (18.0, 33.0), (32.0, 33.0))


def face(left: float, top: float, side: float) -> Face:
    return Face(Box(left, top, left + side, top + side), POINTS, 0.9)


def test_every_face_of_a_photo_is_found_and_embedded_from_left_to_right(tmp_path: Path) -> None:
    place = importlib.metadata.distribution("matplotlib").locate_file("matplotlib/mpl-data/sample_data/grace_hopper.jpg")
    portrait, both = Image.open(Path(str(place))).convert("RGB").resize((256, 300)), Image.new("RGB", (512, 300))
    both.paste(portrait, (0, 0))
    both.paste(portrait.resize((200, 234)), (256, 40))
    both.save(tmp_path / "both.png")
    reader = open_reader("mtcnn").reader
    crowd = look_again(tmp_path / "both.png", faces_of_photos({"both": tmp_path / "both.png"}, reader)["both"], reader)
    assert [_place(one, crowd.size) for one in crowd.faces] == ["left", "right"]
    assert len(rivals(crowd.faces)) == 2
    assert np.linalg.norm(crowd.vectors[0] - crowd.vectors[1]) < 0.4


def test_a_face_half_as_large_as_the_largest_may_be_meant_a_smaller_one_not() -> None:
    faces = [face(0, 0, 40), face(100, 0, 20), face(200, 0, 19)]
    assert rivals(faces) == faces[:2]


def test_places_are_named_by_ninths_of_the_photo() -> None:
    places = [_place(face(left, top, 10), (90, 90)) for top in (0, 40, 85) for left in (-20, 40, 85)]
    assert places == ["top left", "top", "top right", "left", "middle", "right", "bottom left", "bottom", "bottom right"]
