from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from whosthat.errors import ExportError, TrainingInterruptedError
from whosthat.progress import Silent


def test_every_view_goes_through_the_backbone_once(tiny, tmp_path, heard):
    fitted = tiny.fit(tmp_path, tiny.transfer_recipe(), progress=heard)
    features = {what: done for what, done, _ in heard.steps if what.startswith("features")}
    assert features == {
        "features of the training photos, view 1 of 2": 44,
        "features of the training photos, view 2 of 2": 44,
        "features of the validation photos, view 1 of 1": 20,
    }
    assert len(fitted.history) == 5
    assert not (tmp_path / "checkpoints" / "features").exists()


def test_stored_features_are_those_of_the_photos_as_they_are_and_augmented(tiny, tmp_path):
    from whosthat.networks.registry import backbone_and_head
    from whosthat.runs.lock import StopRequest
    from whosthat.training.features import FeatureStore
    from whosthat.training.fitting import build_network

    backbone, _ = backbone_and_head(build_network(tiny.transfer_recipe(), 3))
    train, _ = tiny.parts()
    run = SimpleNamespace(folder=tmp_path, stop_request=StopRequest(), progress=Silent(), threads=1)
    features = FeatureStore(backbone, run).of("training", train, 2)
    assert len(features) == len(train)
    for epoch, augmented in ((0, False), (1, True)):
        came, labels = features.batch(epoch, 2)
        photos, wanted = train.batch(epoch, 2)
        if not augmented:
            photos = train.images[train.order(epoch)[16:24]]
        np.testing.assert_allclose(came, backbone.predict_on_batch(photos), atol=1e-4)
        np.testing.assert_array_equal(labels, wanted)


def test_a_backbone_that_cannot_be_exported_is_refused_before_anything_is_trained(tiny, tmp_path):
    from whosthat.networks.backend import load_keras
    from whosthat.training.features import FeatureStore

    keras = load_keras()
    photo = keras.Input((16, 16, 3), dtype="uint8", name="photo")
    backbone = keras.Model(photo, keras.layers.UpSampling2D(name="larger")(photo))
    with pytest.raises(ExportError, match="'larger' is a UpSampling2D, which cannot be exported to ONNX"):
        FeatureStore(backbone, SimpleNamespace(folder=tmp_path)).of("training", tiny.parts()[0])


def test_runs_that_share_a_folder_compute_features_once(tiny, tmp_path, heard):
    from whosthat.training.refitting import Plan

    shared = tmp_path / "features"

    def computed(run, features=shared, **changes):
        heard.steps.clear()
        fitted = tiny.fit(tmp_path / run, tiny.head_recipe(**changes), plan=Plan(np.arange(64) % 5, features=features), progress=heard)
        return sorted({what for what, *_ in heard.steps if what.startswith("features")}), tiny.bits(fitted.model)

    rate = {"optimiser": {"name": "adam", "learning_rate": 0.003}}
    first, bits = computed("first")
    assert len(first) == len(list(shared.glob("*.npy"))) == 3
    again, other = computed("again", **rate)
    assert again == []
    assert other != bits
    assert computed("alone", None, **rate) == (first, other)
    assert computed("another backbone", seed=1)[0] == first


def test_the_backbone_stays_as_it_was_until_it_is_unfrozen_and_its_statistics_for_ever(tiny, tmp_path):
    from whosthat.networks.registry import backbone_and_head
    from whosthat.training.fitting import build_network
    from whosthat.training.transfer import _unfreeze

    before = build_network(tiny.head_recipe(), 3)
    after = tiny.fit(tmp_path, tiny.head_recipe()).model
    changed = {
        weight.path for old, weight in zip(before.weights, after.weights, strict=True) if not np.array_equal(old.numpy(), weight.numpy())
    }
    assert len(changed) == 4
    assert not any("conv" in path or "normalization" in path for path in changed)

    backbone, _ = backbone_and_head(after)
    _unfreeze(backbone)
    assert [weight.name for weight in backbone.trainable_weights] == ["kernel", "bias"]


@pytest.mark.parametrize("phrase", ["features of the training photos, view 2", "epoch 2 of 3", "epoch 5 of 5"])
def test_stopped_in_any_stage_it_resumes_to_the_same_bits(tiny, tmp_path, unbroken, phrase):
    recipe = tiny.transfer_recipe(checkpoint_minutes=0.0)
    with pytest.raises(TrainingInterruptedError):
        tiny.fit(tmp_path, recipe, progress=tiny.StopAt(phrase))
    assert tiny.bits(tiny.fit(tmp_path, recipe, resume=True).model) == tiny.bits(unbroken["transfer_recipe"][1].model)


def test_features_too_large_for_memory_are_read_in_batches_and_train_to_the_same_bits(tiny, tmp_path, unbroken, monkeypatch):
    from whosthat.training import features

    monkeypatch.setattr(features, "_MAX_TABLE_BYTES", 0)
    assert tiny.bits(tiny.fit(tmp_path, tiny.transfer_recipe()).model) == tiny.bits(unbroken["transfer_recipe"][1].model)
