from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest

from whosthat.errors import WeightsError
from whosthat.faces.embedder import DLIB, OnnxEmbedder
from whosthat.faces.finding import FaceReader
from whosthat.faces.weight_files import find_weights
from whosthat.inference import open_session


@pytest.fixture
def crop(reader: FaceReader, hopper: np.ndarray) -> np.ndarray:
    return reader.crops(hopper, reader.find(hopper)[:1])[0]


def test_a_face_and_its_mirror_image_give_the_same_embedding(embedder: OnnxEmbedder, crop: np.ndarray) -> None:
    plain, mirrored = embedder.embed(np.stack([crop, crop[:, ::-1]]))
    np.testing.assert_allclose(plain, mirrored, atol=1e-5)


def test_embeddings_do_not_depend_on_their_batch(embedder: OnnxEmbedder, crop: np.ndarray) -> None:
    many = embedder.embed(np.stack([np.roll(crop, shift, axis=1) for shift in range(11)]))
    assert many.shape == (11, DLIB.dimensions)
    np.testing.assert_allclose(many[:1], embedder.embed(crop[None]), atol=1e-5)
    assert embedder.embed(crop[None][:0]).shape == (0, DLIB.dimensions)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_graph_agrees_with_dlib(dlib_onnx: bytes, crop: np.ndarray) -> None:
    dlib = pytest.importorskip("dlib", reason="dlib is installed on Linux alone")
    model = dlib.face_recognition_model_v1(str(find_weights("dlib-resnet")))
    noise = np.random.default_rng(0).integers(0, 256, (4, 150, 150, 3), np.uint8)
    crops = np.concatenate([crop[None], np.ascontiguousarray(crop[None, ::-1]), noise])
    expected = np.array([model.compute_face_descriptor(np.ascontiguousarray(one)) for one in crops])
    ours = open_session(dlib_onnx).run(crops)[0]
    assert np.linalg.norm(ours - expected, axis=1).max() < 1e-4


def test_another_network_has_another_fingerprint_and_so_another_place_in_the_cache(
    reader: FaceReader, embedder: OnnxEmbedder, dlib_onnx: bytes
) -> None:
    same = OnnxEmbedder(DLIB, dlib_onnx)
    assert same.fingerprint == embedder.fingerprint
    model = onnx.load_model_from_string(dlib_onnx)
    model.graph.doc_string = "changed"
    other = OnnxEmbedder(DLIB, model.SerializeToString())
    assert FaceReader(reader.detector, same).key == reader.key != FaceReader(reader.detector, other).key


def test_one_look_is_the_crop_as_it_is_two_are_averaged_with_its_mirror_image_and_both_are_remembered_apart(
    reader: FaceReader, embedder: OnnxEmbedder, dlib_onnx: bytes, crop: np.ndarray
) -> None:
    once = OnnxEmbedder(replace(DLIB, looks=1), dlib_onnx)
    crops = np.stack([np.roll(crop, shift, axis=1) for shift in range(17)])
    np.testing.assert_allclose(once.embed(crops), open_session(dlib_onnx).run(crops)[0], atol=1e-6)
    np.testing.assert_allclose(embedder.embed(crops), (once.embed(crops) + once.embed(crops[:, :, ::-1])) / 2, atol=1e-5)
    assert FaceReader(reader.detector, once).key != reader.key


def test_crops_of_another_size_are_refused(embedder: OnnxEmbedder) -> None:
    with pytest.raises(WeightsError, match="dlib-resnet cannot embed crops of 112 x 112 pixels"):
        embedder.embed(np.zeros((1, 112, 112, 3), np.uint8))
