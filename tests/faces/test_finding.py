from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from whosthat.faces.finding import MOST_FACES, FaceCropper, FaceReader, Portrait, Search, crowd_words, main_face, sharpness
from whosthat.faces.yunet import YuNet
from whosthat.photos.reading import read, sha256_of
from whosthat.types import Box, Face


def face(left: float, top: float, side: float, score: float = 0.9) -> Face:
    points = tuple((left + side * x, top + side * y) for x, y in ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)))
    return Face(Box(left, top, left + side, top + side), points, score)


def distance(reader: FaceReader, one: np.ndarray, other: np.ndarray) -> float:
    vectors = [reader.embed(reader.crops(image, reader.search(image).faces[:1]))[0] for image in (one, other)]
    return float(np.linalg.norm(vectors[0] - vectors[1]))


def test_the_face_of_a_portrait_is_found_where_it_is(reader: FaceReader, hopper: np.ndarray) -> None:
    (found,) = reader.find(hopper)
    assert 0.99 < found.score <= 1
    left_eye, right_eye, nose, left_mouth, right_mouth = found.landmarks
    assert found.box.left < left_eye[0] < nose[0] < right_eye[0] < found.box.right
    assert found.box.top < left_eye[1] < nose[1] < left_mouth[1] < found.box.bottom
    assert abs(left_mouth[1] - right_mouth[1]) < 0.2 * found.box.height


def jpeg(picture: np.ndarray, place: Path, **how: Any) -> Path:
    Image.fromarray(picture).save(place, quality=92, **how)
    return place


def enlarged(picture: np.ndarray, times: int) -> np.ndarray:
    return cv2.resize(picture, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)


def test_a_large_jpeg_shows_the_same_face_at_the_same_place(reader: FaceReader, hopper: np.ndarray, tmp_path: Path) -> None:
    large = jpeg(enlarged(hopper, 11), tmp_path / "large.jpg")  # 6,600 pixels: decoded at half its sides
    shrunk, whole = reader.cut_file(large), reader.cut(read(large))
    assert shrunk.sha256 == sha256_of(large)
    (one,), (other,) = shrunk.faces, whole.faces
    assert np.abs(np.array(one.landmarks) - other.landmarks).max() < 0.02 * other.box.width
    assert np.linalg.norm(reader.embed(shrunk.crops) - reader.embed(whole.crops)) < 0.05  # two photos of one person differ by 0.3 to 0.5


def test_a_small_face_in_a_large_jpeg_is_cut_out_of_the_whole_photo(reader: FaceReader, hopper: np.ndarray, tmp_path: Path) -> None:
    scene = np.full((1300, 6500, 3), 90, np.uint8)
    scene[400:1000, 1400:1912] = hopper  # a face of about 150 pixels
    large = jpeg(scene, tmp_path / "scene.jpg")
    cut = reader.cut_file(large)
    (found,) = cut.faces
    np.testing.assert_array_equal(cut.crops, reader.crops(read(large), [found]))


def test_a_photo_that_is_not_shrunk_gives_the_same_from_its_file(reader: FaceReader, hopper: np.ndarray, tmp_path: Path) -> None:
    small = jpeg(hopper, tmp_path / "small.jpg")
    from_file, from_image = reader.cut_file(small), reader.cut(read(small))
    assert from_file.faces == from_image.faces
    np.testing.assert_array_equal(from_file.crops, from_image.crops)


@pytest.mark.parametrize("times", [1, 6])
def test_the_portrait_in_a_file_lies_in_the_pixels_of_the_photo(reader: FaceReader, hopper: np.ndarray, tmp_path: Path, times: int) -> None:
    turned = np.ascontiguousarray(np.rot90(enlarged(hopper, times)))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it to the right to see it upright
    portrait = reader.portrait_in_file(jpeg(turned, tmp_path / "sideways.jpg", exif=exif))
    assert portrait.size == (512 * times, 600 * times)
    assert portrait.face is not None
    assert portrait.face in portrait.search.faces
    (found,) = reader.find(hopper)
    assert np.abs(np.array(portrait.face.landmarks) / times - found.landmarks).max() < 0.05 * found.box.width
    assert portrait.crop is not None
    assert np.linalg.norm(reader.embed(portrait.crop[None]) - reader.embed(reader.crops(hopper, [found]))) < 0.2


def test_a_file_without_a_face_has_no_portrait(reader: FaceReader, tmp_path: Path) -> None:
    plain = jpeg(np.full((40, 60, 3), 128, np.uint8), tmp_path / "plain.jpg")
    assert reader.portrait_in_file(plain) == Portrait((60, 40), Search((), ""), None, None)


def test_a_plain_look_is_enough_for_a_portrait(reader: FaceReader, hopper: np.ndarray) -> None:
    assert reader.search(hopper).way == "plain"


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_photo_that_lies_on_its_side_shows_the_same_person(reader: FaceReader, hopper: np.ndarray, quarters: int) -> None:
    upright = hopper[40:440, 60:460]  # head and shoulders: upside down, the whole portrait's cap and collar pass for a face
    turned = np.ascontiguousarray(np.rot90(upright, quarters))
    assert reader.search(turned).way == "turned"
    assert distance(reader, upright, turned) < 0.15


@pytest.mark.parametrize("quarters", [1, 3])
def test_an_unsure_look_does_not_keep_a_photo_from_being_turned(reader: FaceReader, hopper: np.ndarray, quarters: int) -> None:
    upright = hopper[40:440, 60:460]

    class Misled:
        """Finds a face in a photo that lies on its side, too, but unsurely."""

        name, licence, sure, likely = reader.detector.name, reader.detector.licence, reader.detector.sure, reader.detector.likely

        def detect(self, image: np.ndarray, *, smallest: float = 20.0, lenient: bool = False) -> list[Face]:
            return reader.detector.detect(image, smallest=smallest, lenient=lenient) or [face(0, 0, 100, score=self.sure - 0.01)]

    search = FaceReader(Misled(), reader.embedder).search(np.ascontiguousarray(np.rot90(upright, quarters)))
    assert (search.way, search.faces[0].score > reader.detector.sure) == ("turned", True)


def test_a_face_that_the_edge_cuts_is_found_with_a_border(reader: FaceReader, hopper: np.ndarray) -> None:
    box = reader.find(hopper)[0].box
    cut = hopper[int(box.top) + 10 : int(box.bottom) - 5, int(box.left) + 6 : int(box.right) - 6]
    assert reader.search(np.ascontiguousarray(cut)).faces
    assert distance(reader, hopper, np.ascontiguousarray(cut)) < 0.45


def test_a_large_photo_costs_no_more_and_its_faces_lie_in_its_own_pixels(reader: FaceReader, hopper: np.ndarray) -> None:
    large = hopper.repeat(6, axis=0).repeat(6, axis=1)  # 3600 x 3072
    small_box, large_box = reader.find(hopper)[0].box, reader.find(large)[0].box
    assert large_box.left == pytest.approx(6 * small_box.left, rel=0.1)
    assert large_box.width == pytest.approx(6 * small_box.width, rel=0.1)
    assert distance(reader, hopper, large) < 0.15


@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (400, 3), (30, 30), (200, 300)])
def test_no_face_is_found_where_there_is_none(reader: FaceReader, shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), 120, np.uint8)
    search = reader.search(image)
    assert (search.faces, search.way, reader.find(image)) == ((), "", [])
    assert reader.crops(image, []).shape == (0, 150, 150, 3)


def test_several_people_are_all_found(reader: FaceReader, hopper: np.ndarray) -> None:
    assert len(reader.find(np.hstack([hopper, hopper[:, ::-1], hopper]))) == 3


def crowd_of(portrait: np.ndarray, rows: int, side: int) -> np.ndarray:
    """The same face many times, side by side."""
    return np.tile(cv2.resize(portrait[40:440, 60:460], (side, side), interpolation=cv2.INTER_AREA), (rows, rows, 1))


def test_of_three_thousand_faces_the_surest_are_taken_and_that_is_told(reader: FaceReader, hopper: np.ndarray) -> None:
    found = reader.find(crowd_of(hopper, 55, 29))
    assert len(found) == MOST_FACES
    assert f"{MOST_FACES:,}" in crowd_words(len(found))
    assert not crowd_words(MOST_FACES - 1)


def test_every_face_of_a_large_group_is_found(reader: FaceReader, hopper: np.ndarray) -> None:
    assert len(reader.find(crowd_of(hopper, 25, 64))) == 625


@pytest.mark.real
def test_yunet_loses_no_face_before_the_limit_either(real_weights: Path, reader: FaceReader, hopper: np.ndarray) -> None:
    yunet = YuNet((real_weights / "face_detection_yunet_2026may.onnx").read_bytes())
    cropper = FaceCropper(yunet, reader.embedder.facts.template("yunet"))
    assert [len(cropper.find(crowd_of(hopper, rows, side))) for rows, side in ((25, 64), (55, 29))] == [625, MOST_FACES]


def test_the_largest_face_stands_for_a_photo_unless_it_is_in_a_corner() -> None:
    middle, corner, small = face(150, 150, 100), face(0, 0, 110, score=1.0), face(190, 190, 20)
    assert main_face([small, corner, middle], 400, 400) is middle
    assert main_face([small, middle, face(0, 0, 200)], 400, 400).box.width == 200


def test_a_blurred_crop_is_less_sharp(reader: FaceReader, hopper: np.ndarray) -> None:
    crop = reader.crops(hopper, reader.find(hopper))[0]
    soft = crop.reshape(30, 5, 30, 5, 3).mean(axis=(1, 3)).astype(np.uint8).repeat(5, axis=0).repeat(5, axis=1)
    assert sharpness(crop) > 20 > sharpness(np.full_like(crop, 7))
    assert sharpness(soft) > 0


def test_the_key_tells_readers_apart(reader: FaceReader) -> None:
    assert reader.key.startswith("mtcnn-dlib-resnet-")
    other = FaceReader(reader.detector, reader.embedder, reader.embedder.facts.templates["yunet"])
    assert other.key != reader.key


@pytest.mark.parametrize("degrees", [60, -60, 90, -90])
def test_a_face_is_found_however_the_photo_is_held(reader: FaceReader, hopper: np.ndarray, degrees: float) -> None:
    upright = hopper[40:440, 60:460]
    whole = cv2.copyMakeBorder(upright, 90, 90, 90, 90, cv2.BORDER_REPLICATE)
    middle = (whole.shape[1] - 1) / 2, (whole.shape[0] - 1) / 2
    matrix = cv2.getRotationMatrix2D(middle, degrees, 1)
    turned = cv2.warpAffine(whole, matrix, whole.shape[1::-1])
    found = reader.find(turned)[0]
    (expected,) = reader.find(whole)
    points = np.array(expected.landmarks) @ matrix[:, :2].T + matrix[:, 2]
    assert np.abs(np.array(found.landmarks) - points).max() < 0.1 * expected.box.width
    assert found.box.left < points[:, 0].min() < points[:, 0].max() < found.box.right
    vectors = [reader.embed(reader.crops(image, [face]))[0] for image, face in ((turned, found), (whole, expected))]
    assert np.linalg.norm(vectors[0] - vectors[1]) < 0.15


@pytest.mark.parametrize(("score", "ways"), [(0.6, (0, "turned")), (0.9, (1, "turned"))])
def test_what_is_seen_unsurely_in_a_turned_photo_is_a_face_only_where_one_must_be(
    reader: FaceReader, score: float, ways: tuple[int, str]
) -> None:
    class SeesOneWay:
        """Sees a face in a photo that is higher than wide."""

        name, licence, sure, likely = "mtcnn", "MIT", 0.95, 0.8

        def detect(self, image: np.ndarray, *, smallest: float = 20.0, lenient: bool = False) -> list[Face]:
            return [face(20, 40, 30, score=score)] if len(image) > image.shape[1] else []

    reader = FaceReader(SeesOneWay(), reader.embedder)
    photo = np.zeros((100, 200, 3), np.uint8)
    search = reader.search(photo)
    assert (len(reader.find(photo)), search.way) == ways
    box = search.faces[0].box  # the photo was turned to the left: what lies 40 below its top lay 40 from its right
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx((200 - 70, 20, 200 - 40, 50))
