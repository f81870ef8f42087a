from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def feeding(tiny):
    """The module, which loads Keras."""
    from whosthat.training import feeding

    return feeding


def test_a_feed_goes_through_the_epochs_from_any_step_on(feeding, tiny):
    train, _ = tiny.parts()
    for first in (0, 4, 7):
        feed = feeding.Feed(train, first, 14)
        assert feed.num_batches == 14
        for step in range(14):
            epoch, index = divmod(first + step, 6)
            np.testing.assert_array_equal(feed[step][0], train.batch(epoch, index)[0])
    assert feed[0][0].dtype == np.uint8


def test_class_weights_become_a_weight_for_each_photo(feeding, tiny):
    train, _ = tiny.parts()
    _, labels, weights = feeding.Feed(train, 0, 6, class_weights=np.array([1, 2, 3], np.float32))[0]
    np.testing.assert_array_equal(weights, labels.argmax(axis=1) + 1)


def test_what_goes_wrong_while_reading_is_kept(feeding, tiny):
    train, _ = tiny.parts()
    train.images = []
    feed = feeding.Feed(train, 0, 6)
    with pytest.raises(IndexError) as gone:
        feed[0]
    assert feed.failure is gone.value


@pytest.fixture
def table(feeding):
    """Two views of eleven photos, shuffled, in batches of four."""

    def rows(epoch):
        return epoch % 2 * 11 + np.random.default_rng(epoch).permutation(11)

    return feeding.Table(np.arange(44, dtype=np.float32).reshape(22, 2), np.tile(np.eye(11, dtype=np.float32), (2, 1)), rows, 4)


def test_a_table_is_fed_in_the_order_of_its_epochs_from_any_step_on(table):
    wanted = [table.rows(epoch)[at : at + 4] for epoch in range(4) for at in (0, 4, 8)]
    for first in (0, 2, 7):
        came = list(table.training_data(first, 12 - first))
        assert len(came) == 12 - first
        for (inputs, labels), rows in zip(came, wanted[first:], strict=True):
            np.testing.assert_array_equal(inputs, table.inputs[rows])
            np.testing.assert_array_equal(labels, table.labels[rows])


def test_a_table_weighs_each_photo_by_its_class(table):
    weights = np.arange(11, dtype=np.float32)
    for _, labels, came in table.training_data(0, 3, weights):
        np.testing.assert_array_equal(came, np.asarray(labels).argmax(axis=1))


def test_a_table_is_validated_in_the_order_of_epoch_0(table):
    came = [inputs for inputs, _ in table.validation_data()]
    assert [len(inputs) for inputs in came] == [4, 4, 3]
    np.testing.assert_array_equal(np.concatenate(came), table.inputs[table.rows(0)])
