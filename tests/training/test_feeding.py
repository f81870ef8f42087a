from __future__ import annotations

import numpy as np
import pytest


def test_a_feed_goes_through_the_epochs_from_any_step_on(tiny):
    from whosthat.training.feeding import TrainingFeed

    train, _ = tiny.parts()
    for first in (0, 4, 7):
        feed = TrainingFeed(train, first, 14)
        assert feed.num_batches == 14
        for step in range(14):
            epoch, index = divmod(first + step, 6)
            np.testing.assert_array_equal(feed[step][0], train.batch(epoch, index)[0])


def test_photos_are_fed_as_bytes(tiny):
    from whosthat.training.feeding import TrainingFeed, ValidationFeed

    train, validation = tiny.parts()
    assert TrainingFeed(train, 0, 6)[0][0].dtype == ValidationFeed(validation)[0][0].dtype == np.uint8


def test_class_weights_become_a_weight_for_each_photo(tiny):
    from whosthat.training.feeding import TrainingFeed

    train, _ = tiny.parts()
    _, labels, weights = TrainingFeed(train, 0, 6, class_weights=np.array([1, 2, 3], np.float32))[0]
    np.testing.assert_array_equal(weights, labels.argmax(axis=1) + 1)


def test_what_goes_wrong_while_reading_is_kept(tiny):
    from whosthat.training.feeding import ValidationFeed

    feed = ValidationFeed(tiny.parts()[1])
    with pytest.raises(IndexError):
        feed[99]
    assert isinstance(feed.failure, IndexError)
