from __future__ import annotations

import numpy as np
import pytest

from whosthat.errors import WeightsError
from whosthat.inference import open_session
from whosthat.networks import efficientnet_lite, registry
from whosthat.networks.backend import load_keras
from whosthat.networks.ends import photo_input, predictions
from whosthat.networks.onnx_writer import parity, write_onnx
from whosthat.networks.registry import Design
from whosthat.networks.weights import weights_of

CATS, DOGS = range(281, 286), range(151, 269)


@pytest.fixture(scope="module")
def classifier():
    """The network with its own classifier of ImageNet's 1,000 classes, to check that weights and layers belong together."""
    design = Design(n_classes=1000, size=224)
    photo = photo_input(design)
    model = load_keras().Model(photo, predictions(efficientnet_lite._features(photo), design), name="efficientnet-lite0-imagenet")
    efficientnet_lite._fill(model, efficientnet_lite._checkpoint(None), skip=())
    return model


def test_exported_imagenet_classifier_agrees(classifier):
    photos = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), np.uint8)
    assert parity(classifier, write_onnx(classifier), photos) <= 1e-4


def test_embedded_weights_are_the_default_and_the_classifier_is_new(classifier):
    mine = weights_of(registry.build("efficientnet-lite0", Design(n_classes=2, size=64)))
    for path, array in weights_of(classifier).items():
        if not path.startswith("predictions/"):
            np.testing.assert_array_equal(array, mine[path])
    assert mine["predictions/kernel"].shape == (1280, 2)


def test_checkpoint_that_is_none_is_refused(tmp_path):
    file = tmp_path / "mine.pth"
    file.write_bytes(b"no checkpoint")
    with pytest.raises(WeightsError, match=r"mine\.pth is refused"):
        registry.build("efficientnet-lite0", Design(n_classes=2, size=64, weights=file))


@pytest.mark.real
@pytest.mark.slow
def test_cats_and_dogs_land_among_imagenets_cats_and_dogs(classifier, real_data):
    """0.97 of the dogs, 0.79 of the cats: many of those are black, and none of ImageNet's five domestic cats is. Chance: 0.06."""
    from whosthat.photos.preparing import PrepareSpec, prepare
    from whosthat.photos.reading import read

    session, right = open_session(write_onnx(classifier), threads=2), []
    for kind, classes in (("cats", CATS), ("dogs", DOGS)):
        for path in sorted((real_data / "cats_dogs" / kind).iterdir()):
            (probabilities,) = session.run(prepare(read(path), PrepareSpec(size=224, fit="crop"))[None])
            right.append(int(probabilities.argmax()) in classes)
    assert len(right) == 300
    assert np.mean(right) > 0.85
