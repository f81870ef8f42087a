"""What is exported answers as the bundle does, or nothing is exported."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from whosthat.errors import ExportError, UsageError
from whosthat.inference import open_session
from whosthat.recognition.bundle import BundleFacts, open_bundle, save_bundle
from whosthat.training.recipe import make_recipe
from whosthat.workflow.export import export, rebuild

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")  # TensorFlow's, inside Keras

RECIPE = {"model": "custom", "size": 16, "network": {"blocks": "conv 4 3, pool, flatten, dense 8"}}


@pytest.fixture(scope="module")
def trained() -> SimpleNamespace:
    """A small network with random weights, as training would leave it."""
    from whosthat.networks import registry
    from whosthat.networks.design import Design
    from whosthat.networks.onnx_writer import write_onnx
    from whosthat.networks.weights import weights_of

    model = registry.build("custom", Design(n_classes=3, size=16, blocks=RECIPE["network"]["blocks"], seed=1))
    return SimpleNamespace(graph=write_onnx(model), weights=weights_of(model))


@pytest.fixture
def bundle(tmp_path: Path, trained: SimpleNamespace) -> Path:
    return save(tmp_path / "bundle", trained)


def save(folder: Path, trained: SimpleNamespace, **changes: Any) -> Path:
    recipe = make_recipe(RECIPE).model_dump(mode="json")
    facts = {"network": "custom", "labels": ("a", "b", "c"), "prepare": {"size": 16, "fit": "crop"}, "recipe": recipe, **changes}
    save_bundle(folder, BundleFacts.model_validate(facts), graph=trained.graph, weights=trained.weights)
    return folder


def test_the_onnx_file_is_the_bundles_graph(bundle: Path, tmp_path: Path, trained: SimpleNamespace) -> None:
    out = export(bundle, "onnx", tmp_path / "new" / "net.onnx")
    assert out.read_bytes() == trained.graph
    assert [path.name for path in out.parent.iterdir()] == ["net.onnx"]


def test_the_keras_file_gives_the_graphs_answers(bundle: Path, tmp_path: Path, trained: SimpleNamespace) -> None:
    out = export(bundle, "keras", tmp_path / "net.weights.h5")
    model = rebuild(open_bundle(bundle))
    model.set_weights([np.zeros_like(weights) for weights in model.get_weights()])
    model.load_weights(out)
    photos = np.random.default_rng(1).integers(0, 256, (2, 16, 16, 3), np.uint8)
    session = open_session(trained.graph)
    wants_floats = session.input_types[0] == "tensor(float)"
    answers = session.run(photos.astype(np.float32) if wants_floats else photos)[0]
    np.testing.assert_allclose(model.predict_on_batch(photos), answers, atol=1e-4)


def test_the_tflite_file_gives_the_graphs_answers(bundle: Path, tmp_path: Path, trained: SimpleNamespace) -> None:
    out = export(bundle, "tflite", tmp_path / "net.tflite")
    photos = np.random.default_rng(1).integers(0, 256, (2, 16, 16, 3), np.uint8)
    interpreter = interpreter_of(out)
    (given,), (answer,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert (tuple(given["shape"]), given["dtype"]) == ((1, 16, 16, 3), np.uint8)
    for photo, expected in zip(photos, open_session(trained.graph).run(photos)[0], strict=True):
        interpreter.set_tensor(given["index"], photo[None])
        interpreter.invoke()
        np.testing.assert_allclose(interpreter.get_tensor(answer["index"])[0], expected, atol=1e-6)


def interpreter_of(file: Path) -> Any:
    import tensorflow

    with pytest.warns(UserWarning, match="ai_edge_litert"):
        interpreter = tensorflow.lite.Interpreter(str(file))
    interpreter.allocate_tensors()
    return interpreter


def test_a_tflite_file_that_answers_otherwise_is_not_kept(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from whosthat.networks import tflite_writer

    def of_other_weights(model: Any, file: Path) -> None:
        weights = model.get_weights()
        model.set_weights([array + 0.5 for array in weights])
        real(model, file)

    real = tflite_writer.write_tflite
    monkeypatch.setattr(tflite_writer, "write_tflite", of_other_weights)
    with pytest.raises(ExportError, match=r"TensorFlow Lite file answers otherwise .*differ by up to .*Nothing was exported"):
        export(bundle, "tflite", tmp_path / "net.tflite")
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


@pytest.mark.parametrize(("format", "name"), [("onnx", "net.onnx"), ("keras", "net.weights.h5"), ("tflite", "net.tflite")])
def test_a_graph_that_disagrees_with_the_weights_is_not_exported(format: str, name: str, tmp_path: Path, trained: SimpleNamespace) -> None:
    other = SimpleNamespace(graph=trained.graph, weights={path: array + 0.5 for path, array in trained.weights.items()})
    bundle = save(tmp_path / "other", other)
    with pytest.raises(ExportError, match=r"differ by up to .*1e-04 is allowed"):
        export(bundle, format, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_a_file_is_overwritten_only_when_that_is_allowed(bundle: Path, tmp_path: Path, trained: SimpleNamespace) -> None:
    out = tmp_path / "net.onnx"
    out.write_bytes(b"precious")
    with pytest.raises(UsageError, match="already exists"):
        export(bundle, "onnx", out)
    assert out.read_bytes() == b"precious"
    export(bundle, "onnx", out, overwrite=True)
    assert out.read_bytes() == trained.graph


@pytest.mark.parametrize(
    ("format", "name", "message"),
    [
        ("onxx", "net.onnx", 'Did you mean "onnx"'),
        ("openvino", "net.xml", "OpenVINO reads ONNX files as they are"),
        ("tflite", "net.lite", r"must end in \.tflite, got 'net\.lite'"),
        ("keras", "net.h5", r"must end in \.weights\.h5, got 'net\.h5'"),
        ("onnx", "bundle", "is a folder"),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_is_built(format: str, name: str, message: str, bundle: Path) -> None:
    with pytest.raises(UsageError, match=message):
        export(bundle, format, bundle.parent / name)


def test_a_network_of_the_users_own_must_be_loaded_first(tmp_path: Path, trained: SimpleNamespace) -> None:
    with pytest.raises(ExportError, match=r"'my-net' is not part of whosthat.*load that file first"):
        export(save(tmp_path / "mine", trained, network="my-net"), "onnx", tmp_path / "net.onnx")
