from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from whosthat.errors import NetworkError, UsageError, WeightsError
from whosthat.networks import registry
from whosthat.networks.registry import Design
from whosthat.networks.weights import save_weights, weights_of

OWN_NETWORK = """
import keras
from whosthat.networks.registry import NetworkFacts, register

@register(NetworkFacts(name="{name}", title="Mine", input_size=16, minimum_size=4, loss="categorical_crossentropy",
    optimiser="adam", learning_rate=0.001, licence="MIT", source="me", paper="", parameters=1))
def mine(design):
    photo = keras.Input((design.size, design.size, 3), name="photo", dtype="uint8")
    x = keras.layers.Rescaling(1 / 255)(photo)
    x = keras.layers.GlobalAveragePooling2D(name="{features}")(x)
    return keras.Model(photo, keras.layers.Dense(design.n_classes, activation="softmax", name="predictions")(x))
"""


@pytest.fixture
def own_file(tmp_path):
    before = dict(registry._BUILDERS)

    def write(name="mine", features="features"):
        file = tmp_path / "mine.py"
        file.write_text(OWN_NETWORK.format(name=name, features=features), encoding="utf-8")
        return file

    yield write
    registry._BUILDERS.clear()
    registry._BUILDERS.update(before)


def test_the_networks_of_the_plan_are_there():
    assert set(registry.names()) >= {"cnn6", "vgg16", "vgg16-bn1", "cnn-lstm", "resnet50", "efficientnet-lite0", "custom"}


def test_reading_facts_loads_neither_keras_nor_tensorflow():
    code = (
        "import sys; from whosthat.networks import registry; registry.facts('cnn6');"
        "print({'keras', 'tensorflow', 'h5py', 'onnx'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_a_network_is_described_in_its_own_words_or_by_its_docstring(own_file):
    assert registry.describe("vgg16").startswith("The convolutions of VGG16")
    own = own_file()
    own.write_text(own.read_text(encoding="utf-8").replace("(design):", '(design):\n    """Mine.\n\n    All mine."""'), encoding="utf-8")
    assert registry.load_custom(own) == ("mine",)
    assert registry.describe("mine") == "Mine.\n\nAll mine."


def test_unknown_network_names_the_nearest():
    with pytest.raises(UsageError, match=r"no network named 'cnn5'\. Did you mean \"cnn6\"\?"):
        registry.facts("cnn5")


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("cnn6", {"n_classes": 1}, "at least 2 classes, got 1"),
        ("cnn6", {"frames": 2}, "takes single photos"),
        ("cnn-lstm", {"frames": 0}, "1 or more frames"),
        ("cnn6", {"blocks": "pool"}, "no option 'blocks'. Its options: dropout, "),
        ("vgg16", {"rescale": "-1..1"}, "no option 'rescale'. Its options: dropout"),
        ("cnn6", {"dropout": (0.1, 0.2)}, "has 5 dropout layers, got 2 rates"),
        ("cnn6", {"weights": "imagenet"}, "no published weights for cnn6"),
    ],
)
def test_design_that_does_not_fit_is_refused(name, changes, message):
    fields = {"n_classes": 3, "size": 64, "weights": "none", **changes}
    with pytest.raises(NetworkError, match=message):
        registry.build(name, Design(**fields))


def test_options_reach_the_layers():
    design = Design(3, 42, dropout=(0, 0.1, 0.2, 0.3, 0.4), batch_norm_momentum=0.7, initialiser="he_normal", rescale="-1..1")
    model = registry.build("cnn6", design)
    assert [layer.rate for layer in model.layers if "dropout" in layer.name] == [0, 0.1, 0.2, 0.3, 0.4]
    assert model.get_layer("stage2_norm").momentum == 0.7
    assert type(model.get_layer("stage1_conv1").kernel_initializer).__name__ == "HeNormal"
    assert model.get_layer("rescale").offset == -1


def test_own_network_from_a_file_is_registered_once(own_file):
    file = own_file()
    assert registry.load_custom(file) == ("mine",)
    assert registry.load_custom(file) == ("mine",)
    assert registry.build("mine", Design(n_classes=2, size=8)).output.shape == (None, 2)


def test_own_network_without_features_is_refused(own_file):
    registry.load_custom(own_file("headless", features="vector"))
    with pytest.raises(NetworkError, match="its layers named features must be 1, got 0"):
        registry.build("headless", Design(n_classes=2, size=8))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("x = 1", "registers no network"),
        ("1 / 0", "failed while it was loaded: ZeroDivisionError"),
        (OWN_NETWORK.format(name="cnn6", features="features"), "Two networks are named 'cnn6'"),
    ],
)
def test_own_file_that_cannot_be_used_is_refused(tmp_path, content, message):
    file = tmp_path / "mine.py"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(NetworkError, match=message):
        registry.load_custom(file)


def test_own_file_that_is_absent_is_refused(tmp_path):
    with pytest.raises(UsageError, match="is missing"):
        registry.load_custom(tmp_path / "absent.py")


@pytest.mark.parametrize(("n_classes", "classifier_too"), [(3, True), (4, False)])
def test_weights_of_an_earlier_run_start_a_network(tmp_path, n_classes, classifier_too):
    earlier = registry.build("custom", Design(n_classes=3, size=8, seed=1))
    save_weights(earlier, tmp_path / "earlier.safetensors")
    later = registry.build("custom", Design(n_classes=n_classes, size=8, seed=2, weights=tmp_path / "earlier.safetensors"))
    old, new = weights_of(earlier), weights_of(later)
    np.testing.assert_array_equal(old["block1_conv/kernel"], new["block1_conv/kernel"])
    assert np.array_equal(old["predictions/kernel"], new["predictions/kernel"]) is classifier_too


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("cnn6", {"frames": 3}, "takes single photos"),
        ("custom", {"blocks": "conv 8, pol"}, 'Did you mean "pool"'),
        ("cnn6", {"weights": Path("absent.safetensors")}, "no weights file absent.safetensors"),
    ],
)
def test_a_design_is_refused_without_building_it(name, changes, message, monkeypatch):
    monkeypatch.setattr(registry, "load_keras", lambda: pytest.fail("Keras was loaded"))
    with pytest.raises(NetworkError, match=message):
        registry.check(name, Design(n_classes=2, size=64, **changes))
    registry.check(name, Design(n_classes=2, size=64))


@pytest.mark.parametrize("weights", [None, "imagenet"])
def test_published_weights_that_are_absent_are_told_without_building(weights):
    with pytest.raises(WeightsError, match="Get it with: whosthat models get vgg16"):
        registry.require_weights("vgg16", Design(n_classes=2, size=64, weights=weights))
    registry.require_weights("vgg16", Design(n_classes=2, size=64, weights="none"))
    registry.require_weights("cnn6", Design(n_classes=2, size=64))
