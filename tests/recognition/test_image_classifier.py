"""One way from file to answer: the bundle's own preparation, labels, calibration and threshold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import whosthat
from whosthat.errors import BundleError, PhotoError
from whosthat.photos.drawing import save_image
from whosthat.photos.preparing import PrepareSpec, prepare
from whosthat.photos.reading import read
from whosthat.recognition.bundle import Bundle, open_bundle
from whosthat.recognition.image_classifier import ImageClassifier

RED, GREEN, BLUE = np.eye(3, dtype=np.uint8) * 255


def photo(colour: np.ndarray, height: int = 12, width: int = 9) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


@pytest.fixture
def classifier(bundle_folder: Path) -> ImageClassifier:
    return ImageClassifier.open(open_bundle(bundle_folder))


@pytest.fixture
def saved(tmp_path: Path, save_colours: Callable[..., Path]) -> Callable[..., ImageClassifier]:
    return lambda **changes: ImageClassifier.open(open_bundle(save_colours(tmp_path / "bundle", **changes)))


def changed(graph: bytes, change: Callable[[onnx.ModelProto], object]) -> bytes:
    model = onnx.load_from_string(graph)
    change(model)
    return model.SerializeToString()


@pytest.mark.parametrize(("colour", "name"), [(RED, "red"), (GREEN, "green"), (BLUE, "blue")])
def test_a_photo_gets_the_name_of_its_class(colour: np.ndarray, name: str, bundle_folder: Path, tmp_path: Path) -> None:
    save_image(photo(colour), tmp_path / "照片.png")
    (sighting,) = whosthat.load(bundle_folder.parent).identify(tmp_path / "照片.png")
    assert sighting.name == name
    assert next(iter(sighting.probabilities)) == name
    assert sighting.confidence == sighting.probabilities[name] > sighting.runner_up_confidence
    assert sum(sighting.probabilities.values()) == pytest.approx(1)


def test_the_network_alone_gives_what_is_not_yet_calibrated(saved: Callable[..., ImageClassifier]) -> None:
    classifier = saved(temperature=3.0)
    inputs = classifier.prepare(photo(RED))[None]
    assert classifier.network.run(inputs)[0].max() > classifier.probabilities(inputs).max()


def test_names_come_from_the_bundles_labels_by_index(saved: Callable[..., ImageClassifier]) -> None:
    assert saved(labels=("zoe", "adam", "mia")).identify(photo(RED))[0].name == "zoe"


def test_path_bytes_and_image_give_the_same_answer(classifier: ImageClassifier, tmp_path: Path) -> None:
    file = tmp_path / "green.png"
    save_image(photo(GREEN), file)
    answers = [classifier.identify(source) for source in (file, str(file), file.read_bytes(), photo(GREEN))]
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
def test_the_input_is_what_the_loader_of_the_training_makes(fit: str, saved: Callable[..., ImageClassifier], tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 30, 3), np.uint8)
    save_image(noise, tmp_path / "noise.jpg")
    classifier = saved(prepare={"size": 8, "fit": fit})
    np.testing.assert_array_equal(classifier.prepare(tmp_path / "noise.jpg"), prepare(read(tmp_path / "noise.jpg"), PrepareSpec(8, fit)))


def test_many_photos_are_answered_as_each_alone(classifier: ImageClassifier) -> None:
    photos = [photo(colour) for colour in (BLUE, RED, GREEN)]
    together = classifier.identify_prepared([classifier.prepare(one) for one in photos])
    assert [answer[0].name for answer in together] == ["blue", "red", "green"]
    assert together[1][0].confidence == pytest.approx(classifier.identify(photos[1])[0].confidence, abs=1e-6)


def test_the_temperature_softens_and_changes_no_name(saved: Callable[..., ImageClassifier]) -> None:
    sharp, soft = (saved(temperature=temperature).identify(photo(RED))[0] for temperature in (1.0, 3.0))
    assert sharp.name == soft.name == "red"
    assert soft.confidence < sharp.confidence


def test_below_the_threshold_nobody_is_named(saved: Callable[..., ImageClassifier]) -> None:
    grey = photo(np.array([128, 127, 127]))
    assert saved().identify(grey)[0].name == "red"
    (sighting,) = saved(threshold={"value": 0.9, "how": "by hand", "known_named": 1}).identify(grey)
    assert sighting.name is None
    assert sighting.confidence == pytest.approx(1 / 3, abs=0.01)


def test_one_class_has_no_runner_up(saved: Callable[..., ImageClassifier], graph_of_colours: Callable[..., bytes]) -> None:
    (sighting,) = saved(labels=("red",), graph=graph_of_colours(n_classes=1)).identify(photo(BLUE))
    assert (sighting.name, sighting.confidence, sighting.runner_up) == ("red", 1, None)


def test_an_unreadable_photo_is_an_error_with_its_path(classifier: ImageClassifier, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").write_bytes(b"")
    with pytest.raises(PhotoError, match=r"empty\.jpg: the file is empty"):
        classifier.identify(tmp_path / "empty.jpg")


def test_inputs_of_the_wrong_kind_are_refused(classifier: ImageClassifier) -> None:
    with pytest.raises(ValueError, match="Expected uint8 inputs"):
        classifier.probabilities(np.zeros((1, 8, 8, 3), np.float32))


def reach_outside(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="bundle.json")


def give_a_table(model: onnx.ModelProto) -> None:
    """Whatever the photo, 7 x 11 numbers; where there are not so many, the network fails."""
    graph = model.graph
    del graph.node[:], graph.initializer[:]
    graph.initializer.append(numpy_helper.from_array(np.array([7, 11]), "shape"))
    graph.node.extend(
        [
            helper.make_node("Cast", ["photo"], ["pixels"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", ["pixels"], ["mean"], axes=[1, 2, 3]),
            helper.make_node("Reshape", ["mean", "shape"], ["predictions"]),
        ]
    )
    graph.output[0].type.tensor_type.ClearField("shape")


def test_a_graph_that_fails_on_a_photo_is_the_bundles_fault(
    saved: Callable[..., ImageClassifier], graph_of_colours: Callable[..., bytes]
) -> None:
    with pytest.raises(BundleError, match="does not fit together"):
        saved(graph=changed(graph_of_colours(), give_a_table)).identify(photo(RED))


def leave_its_size_open(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "any"


def test_a_graph_says_what_size_it_takes(saved: Callable[..., ImageClassifier], graph_of_colours: Callable[..., bytes]) -> None:
    with pytest.raises(BundleError, match="should take one input"):
        saved(graph=changed(graph_of_colours(), leave_its_size_open))


def test_a_bundle_that_is_replaced_while_it_is_opened_is_opened_anew(
    tmp_path: Path, save_colours: Callable[..., Path], graph_of_colours: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = save_colours(tmp_path / "bundle")
    read, swaps = Bundle.graph, []

    def swapped(bundle: Bundle) -> bytes:
        if not swaps:
            swaps.append(save_colours(folder, labels=("tom", "tim"), graph=graph_of_colours(n_classes=2)))
        return read(bundle)

    monkeypatch.setattr(Bundle, "graph", swapped)
    assert whosthat.load(folder).labels == ("tom", "tim")


def test_a_bundle_that_is_replaced_while_its_files_are_listed_is_opened_anew(bundle_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed, missed = Path.iterdir, []

    def gone_once(folder: Path) -> object:
        if folder == bundle_folder and not missed:
            missed.append(folder)
            raise FileNotFoundError(2, "No such file or directory")
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", gone_once)
    assert whosthat.load(bundle_folder).labels == ("red", "green", "blue")


def give_scores(model: onnx.ModelProto) -> None:
    model.graph.node[-1].op_type = "Identity"
    model.graph.node[-1].ClearField("attribute")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda graph: b"not a graph", "damaged"),
        (lambda graph: graph[:-5], "damaged"),
        (lambda graph: changed(graph, reach_outside), "weights in another file"),
    ],
)
def test_a_graph_that_cannot_be_trusted_is_refused(
    change: Callable[[bytes], bytes], message: str, saved: Callable[..., ImageClassifier], graph_of_colours: Callable[..., bytes]
) -> None:
    with pytest.raises(BundleError, match=f"cannot be used: .*{message}"):
        saved(graph=change(graph_of_colours()))


def test_a_graph_for_another_size_is_refused(saved: Callable[..., ImageClassifier], graph_of_colours: Callable[..., bytes]) -> None:
    with pytest.raises(BundleError, match=r"should take one input \(b, 8, 8, 3\)"):
        saved(graph=graph_of_colours(size=16))


@pytest.mark.parametrize("spec", [{"size": 0}, {"sise": 8}, {"size": 8, "fit": "squash"}])
def test_a_prepare_spec_that_makes_no_sense_is_refused(spec: dict, saved: Callable[..., ImageClassifier]) -> None:
    with pytest.raises(BundleError, match=r"cannot be used: .*Train again"):
        saved(prepare=spec)


def test_answers_that_are_no_probabilities_are_refused(
    saved: Callable[..., ImageClassifier], graph_of_colours: Callable[..., bytes]
) -> None:
    with pytest.raises(BundleError, match="should give probabilities"):
        saved(graph=changed(graph_of_colours(), give_scores)).identify(photo(RED))
    with pytest.raises(BundleError, match=r"of the shape \(1, 3\)"):
        saved(labels=("red", "green")).identify(photo(RED))


def test_a_kind_from_the_future_is_refused(tmp_path: Path, save_colours: Callable[..., Path]) -> None:
    with pytest.raises(BundleError, match="of the kind 'hologram'; this whosthat knows image-classifier"):
        whosthat.load(save_colours(tmp_path / "bundle", kind="hologram"))


@pytest.mark.real
def test_every_odd_photo_gives_predictor_and_loader_the_same_bits(classifier: ImageClassifier, real_data: Path) -> None:
    readable = 0
    for path in sorted((real_data / "odd_images").rglob("*")):
        try:
            image = read(path)
        except PhotoError:
            continue
        readable += 1
        loaded = prepare(image, classifier.spec)
        for source in (path, path.read_bytes(), image):
            np.testing.assert_array_equal(classifier.prepare(source), loaded)
    assert readable > 10
