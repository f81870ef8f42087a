from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx import helper, numpy_helper

from whosthat.errors import BundleError
from whosthat.faces.embedder import DLIB, OnnxEmbedder
from whosthat.faces.finding import FaceReader
from whosthat.faces.weight_files import read_weights
from whosthat.recognition import load
from whosthat.recognition.bundle import BundleFacts, open_bundle
from whosthat.recognition.enrolling import fit_identifier
from whosthat.recognition.face_facts import FaceFacts
from whosthat.recognition.face_recogniser import FaceRecogniser
from whosthat.recognition.gallery import EnrolledPhoto, Gallery
from whosthat.recognition.identifier import Identifier
from whosthat.types import Box, Face
from whosthat.workflow.face_photos import OpenedReader, open_reader

POINTS = ((0.0, 0.0), (1.0, 0.0), (0.5, 0.5), (0.2, 1.0), (0.8, 1.0))


def faces(n: int) -> list[Face]:
    return [Face(Box(100 * number, 0, 100 * number + 50, 50), POINTS, 0.99) for number in range(n)]


@pytest.fixture(scope="module")
def opened() -> OpenedReader:
    return open_reader("mtcnn")


@pytest.fixture
def gallery(gallery_of: Callable[..., Gallery]) -> Gallery:
    return gallery_of(n_people=6, each=30)


@pytest.fixture
def recogniser(gallery: Gallery, opened: OpenedReader) -> FaceRecogniser:
    return FaceRecogniser(opened.reader, fit_identifier(gallery, np.arange(180)).identifier)


def save(folder: Path, opened: OpenedReader, identifier: Identifier) -> Path:
    opened.save(folder, BundleFacts(**opened.facts(identifier)), identifier.gallery)
    return folder


def test_a_bundle_with_networks_of_another_version_says_what_to_do(
    recogniser: FaceRecogniser, opened: OpenedReader, tmp_path: Path
) -> None:
    published = {name: read_weights(name) for name in opened.detector_files}
    folder = save(tmp_path / "bundle", replace(opened, detector_files=published), recogniser.identifier)
    with pytest.raises(BundleError, match=r"cannot run\. Train again"):
        load(folder)


@pytest.mark.parametrize("looks", [1, 2])
def test_a_bundle_looks_as_often_as_when_it_was_made_and_an_older_one_twice(
    looks: int, recogniser: FaceRecogniser, opened: OpenedReader, tmp_path: Path
) -> None:
    once = OnnxEmbedder(replace(DLIB, looks=looks), opened.graph)
    reader = FaceReader(opened.reader.detector, once)
    folder = save(tmp_path / "bundle", replace(opened, reader=reader), recogniser.identifier)
    crops = np.random.default_rng(0).integers(0, 256, (3, 150, 150, 3), np.uint8)
    loaded = FaceRecogniser.open(open_bundle(folder))
    assert loaded.reader.key == reader.key
    np.testing.assert_array_equal(loaded.reader.embed(crops), once.embed(crops))
    facts = open_bundle(folder).facts.faces
    assert facts is not None
    assert FaceFacts.model_validate(facts.model_dump(exclude={"looks"})).looks == 2


def test_each_face_gets_a_name_a_box_and_its_reasons(recogniser: FaceRecogniser, gallery: Gallery) -> None:
    rows = [5, 40, 70]
    sightings = recogniser.name(faces(3), gallery.vectors[rows])
    assert [sighting.name for sighting in sightings] == ["person0", "person1", "person2"]
    for sighting, row in zip(sightings, rows, strict=True):
        assert sighting.confidence > 0.5 > sighting.runner_up_confidence
        assert sum(sighting.probabilities.values()) <= 1.0001
        assert sighting.nearest[0].photo == gallery.photos[row].name
        assert [one.person for one in sighting.nearest] == [sighting.name] * 3
    assert [sighting.box for sighting in sightings] == [face.box for face in faces(3)]
    assert [sighting.face for sighting in sightings] == faces(3)
    assert "face" not in sightings[0].to_dict()


def test_the_network_embeds_crops_as_they_are(recogniser: FaceRecogniser) -> None:
    crops = np.random.default_rng(0).integers(0, 256, (2, 150, 150, 3), np.uint8)
    network = recogniser.network
    assert (network.outputs, network.output_types, network.output_shapes[0][1:]) == (("embeddings",), ("tensor(float)",), (128,))
    once, mirrored = network.run(crops)[0], network.run(np.ascontiguousarray(crops[:, :, ::-1]))[0]
    assert np.allclose((once + mirrored) / 2, recogniser.reader.embed(crops), atol=1e-5)


def test_strangers_are_unknown(recogniser: FaceRecogniser, strangers_of: Callable[..., np.ndarray]) -> None:
    sightings = recogniser.name(faces(20), strangers_of(20, 1))
    assert sum(sighting.name is not None for sighting in sightings) <= 1
    assert np.mean([sighting.confidence for sighting in sightings]) < 0.5


def test_one_person_is_named_once_where_the_face_fits_best(recogniser: FaceRecogniser, gallery: Gallery) -> None:
    own = gallery.vectors[gallery.labels == 2]
    near = own.mean(axis=0)
    far = near + 1.2 * (own[0] - near)
    sightings = recogniser.name(faces(2), np.stack([far, near]))
    assert recogniser.identifier.distances(far[None])[0, 2] <= recogniser.identifier.threshold.value
    assert [(sighting.name, sighting.given_to_better) for sighting in sightings] == [(None, "person2"), ("person2", None)]


def test_a_photo_without_faces_has_no_sightings(recogniser: FaceRecogniser) -> None:
    plain = np.full((120, 160, 3), 90, np.uint8)
    assert recogniser.identify(plain) == []
    assert recogniser.identify_prepared([recogniser.prepare(plain)] * 2) == [[], []]


def test_a_saved_recogniser_answers_as_before_and_needs_no_packages(
    hopper_and_friends: tuple[np.ndarray, Gallery], opened: OpenedReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, gallery = hopper_and_friends
    identifier = fit_identifier(gallery, np.arange(len(gallery.photos))).identifier
    before = FaceRecogniser(opened.reader, identifier).identify(photo)
    folder = save(tmp_path / "bundle", opened, identifier)
    monkeypatch.setattr("whosthat.faces.weight_files.find_weights", lambda name: None)
    (sighting,) = load(folder).identify(photo)
    assert sighting == before[0]
    assert sighting.name == "grace"
    assert sighting.nearest[0].photo == "grace/portrait.jpg"


def test_predicting_loads_nothing_that_only_training_needs(opened: OpenedReader, gallery: Gallery, tmp_path: Path) -> None:
    folder = save(tmp_path / "bundle", opened, fit_identifier(gallery, np.arange(180)).identifier)
    program = (
        "import sys, numpy; from whosthat.recognition import load;"
        f"load({str(folder)!r}).identify(numpy.zeros((90, 80, 3), 'uint8'));"
        "sys.exit(bool({'keras', 'tensorflow', 'sklearn', 'onnx', 'matplotlib', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_bundle_that_does_not_fit_together_is_refused(opened: OpenedReader, gallery: Gallery, tmp_path: Path) -> None:
    folder = save(tmp_path / "bundle", opened, fit_identifier(gallery, np.arange(180)).identifier)
    bundle = open_bundle(folder)
    fewer = bundle.facts.model_copy(update={"labels": bundle.facts.labels[:-1]})
    with pytest.raises(BundleError, match=r"gallery\.safetensors does not fit"):
        FaceRecogniser.open(replace(bundle, facts=fewer))
    with pytest.raises(BundleError, match="does not say how faces are identified"):
        FaceRecogniser.open(replace(bundle, facts=bundle.facts.model_copy(update={"faces": None})))
    (folder / "gallery.safetensors").write_bytes(b"\0" * (folder / "gallery.safetensors").stat().st_size)
    with pytest.raises(BundleError, match="not the file that was saved"):
        load(folder)


@pytest.fixture
def hopper_and_friends(opened: OpenedReader, gallery: Gallery) -> tuple[np.ndarray, Gallery]:
    """Grace Hopper's portrait, and a gallery in which she is enrolled among drawn people."""
    import importlib.metadata

    from whosthat.photos.reading import read

    place = importlib.metadata.distribution("matplotlib").locate_file("matplotlib/mpl-data/sample_data/grace_hopper.jpg")
    photo = read(Path(str(place)))
    vector = opened.reader.embed(opened.reader.crops(photo, opened.reader.find(photo)))
    joined = Gallery(
        (*gallery.people, "grace"),
        np.concatenate([gallery.vectors, vector]),
        np.append(gallery.labels, 6),
        (*gallery.photos, EnrolledPhoto("grace/portrait.jpg", "ab" * 32)),
    )
    return photo, joined


def another_network(name: str, shape: tuple[int | str, ...], factor: float = 1.0) -> bytes:
    """A graph that takes what a network of a recogniser takes, and gives one number whatever it is shown."""
    nodes = [
        helper.make_node("Cast", [name], ["floats"], to=1),
        helper.make_node("Mul", ["floats", "factor"], ["large"]),
        helper.make_node("ReduceMean", ["large"], ["found"], axes=[1, 2, 3]),
    ]
    weights = [numpy_helper.from_array(np.array(factor, np.float32), "factor")]
    taken, given = helper.make_tensor_value_info(name, 2, shape), helper.make_tensor_value_info("found", 1, None)
    graph = helper.make_graph(nodes, "another", [taken], [given], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


@pytest.mark.parametrize(
    ("file", "network", "complaint"),
    [
        ("mtcnn-pnet", another_network("pictures", ("n", "h", "w", 3)), "not a list of faces"),
        ("mtcnn-onet", another_network("pictures", ("n", 48, 48, 3)), "not a list of faces"),
        ("mtcnn-rnet", another_network("pictures", ("n", 9, 9, 3)), "cannot be run"),
        ("graph", another_network("faces", ("n", 150, 150, 3)), "should give 128 numbers"),
        ("graph", another_network("faces", ("n", "h", "w", 3)), "not crops of 150 pixels"),
    ],
)
def test_a_bundle_with_another_network_is_to_blame(
    file: str, network: bytes, complaint: str, hopper_and_friends: tuple[np.ndarray, Gallery], opened: OpenedReader, tmp_path: Path
) -> None:
    photo, gallery = hopper_and_friends
    files = {**opened.detector_files, file: network} if file != "graph" else opened.detector_files
    graph = network if file == "graph" else opened.graph
    identifier = fit_identifier(gallery, np.arange(len(gallery.photos))).identifier
    folder = save(tmp_path / "bundle", replace(opened, detector_files=files, graph=graph), identifier)
    with pytest.raises(BundleError, match=complaint):
        load(folder).identify(photo)
