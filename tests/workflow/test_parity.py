"""One photo, one input, one answer: in training, in predicting and in the exported graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from whosthat.dataset.audit import audit_folder
from whosthat.dataset.cache import prepare_photos
from whosthat.dataset.split import Split
from whosthat.networks import registry
from whosthat.networks.onnx_writer import write_onnx
from whosthat.networks.weights import weights_of
from whosthat.photos.preparing import PrepareSpec
from whosthat.recognition.bundle import BundleFacts, open_bundle, save_bundle
from whosthat.recognition.image_classifier import ImageClassifier
from whosthat.settings import ONNX_PARITY_TOLERANCE
from whosthat.types import PARTS

BLOCKS = "conv 8, pool, norm, conv 16, pool, flatten, dense 16"


@pytest.mark.real
@pytest.mark.parametrize("fit", ["stretch", "crop"])
def test_loader_predictor_and_graph_agree_on_every_odd_photo(fit: str, real_data: Path, tmp_path: Path) -> None:
    audit = audit_folder(real_data / "odd_images")
    everywhere = Split(audit.classes, dict.fromkeys(PARTS, audit.photos))
    spec = PrepareSpec(size=32, fit=fit)
    network = registry.build("custom", registry.Design(n_classes=len(audit.classes), size=spec.size, blocks=BLOCKS))
    facts = BundleFacts(network="custom", labels=audit.classes, prepare=spec.to_dict())
    save_bundle(tmp_path / "bundle", facts, graph=write_onnx(network), weights=weights_of(network))
    predictor = ImageClassifier.open(open_bundle(tmp_path / "bundle"))

    with prepare_photos(everywhere, spec, tmp_path / "photos.h5") as loader:
        assert loader.set_aside == ()
        loaded = loader.images("test")[:]
    assert len(loaded) == len(audit.photos) > 50
    np.testing.assert_array_equal(np.stack([predictor.prepare(item.photo.path) for item in audit.photos]), loaded)

    trained = np.asarray(network.predict_on_batch(loaded))
    assert np.ptp(trained[:, 0]) > 0.01, "all photos look alike to this network, so agreeing means nothing"
    assert np.abs(predictor.probabilities(loaded) - trained).max() <= ONNX_PARITY_TOLERANCE
    for item, expected in zip(audit.photos, trained, strict=True):
        (sighting,) = predictor.identify(item.photo.path)
        assert [sighting.probabilities[label] for label in audit.classes] == pytest.approx(expected, abs=ONNX_PARITY_TOLERANCE)
