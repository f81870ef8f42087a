from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.dataset.batches import Batches, class_weights
from whosthat.photos.augmenting import Augmentation

IMAGES = np.random.default_rng(0).integers(0, 256, (11, 12, 12, 3), dtype=np.uint8)
LABELS = np.arange(11) % 3


def batches(images: object = IMAGES, **options: object) -> Batches:
    return Batches(images, LABELS, **{"n_classes": 3, "batch_size": 4, **options})


@given(seed=st.integers(0, 2**63), epoch=st.integers(0, 1000))
def test_an_epoch_sees_every_photo_once(seed: int, epoch: int) -> None:
    assert sorted(batches(seed=seed, shuffle=True).order(epoch)) == list(range(11))


def test_the_order_follows_from_seed_and_epoch() -> None:
    orders = {tuple(batches(seed=seed, shuffle=True).order(epoch)) for seed in (0, 1) for epoch in (0, 1)}
    assert len(orders) == 4
    assert batches(seed=1, shuffle=True).order(5).tolist() == batches(seed=1, shuffle=True).order(5).tolist()
    assert batches(shuffle=False).order(5).tolist() == list(range(11))


def test_batches_hold_photos_and_one_hot_labels_and_the_last_one_what_is_left() -> None:
    made = batches()
    photos, one_hot = made.batch(0, 2)
    assert (len(made), made.n_photos) == (3, 11)
    np.testing.assert_array_equal(photos, IMAGES[8:])
    assert one_hot.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert (photos.dtype, one_hot.dtype) == (np.uint8, np.float32)


def test_augmentation_depends_on_seed_epoch_and_photo_not_on_the_batch() -> None:
    whole = batches(batch_size=11, augmentation=Augmentation(), shuffle=True, seed=7)
    small = batches(batch_size=2, augmentation=Augmentation(), shuffle=True, seed=7)
    together = np.concatenate([small.batch(3, index)[0] for index in range(len(small))])
    np.testing.assert_array_equal(together, whole.batch(3, 0)[0])
    assert (whole.batch(3, 0)[0][0] != whole.batch(4, 0)[0][0]).any()
    assert (together != IMAGES[whole.order(3)]).any()


def test_a_data_set_read_from_several_threads_gives_what_an_array_gives(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = batches(file.create_dataset("X", data=IMAGES, chunks=(1, 12, 12, 3)), shuffle=True)
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda index: made.batch(1, index)[0], list(range(3)) * 10))
    for index, photos in enumerate(found):
        np.testing.assert_array_equal(photos, batches(shuffle=True).batch(1, index % 3)[0])


def test_class_weights_let_every_class_count_alike() -> None:
    labels = np.array([0] * 6 + [1] * 3 + [2])
    weights = class_weights(labels, 3)
    assert weights * np.bincount(labels) == pytest.approx([10 / 3] * 3)


def test_a_class_without_photos_has_no_weight() -> None:
    with pytest.raises(ValueError, match="Class 1 has no photos"):
        class_weights(np.array([0, 2]), 3)
