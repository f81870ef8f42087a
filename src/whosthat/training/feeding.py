"""Batches on their way into Keras: photos stay uint8 until they are inside the model.

What belongs here: which batch is handed out when, and with which weights. What does not: the order of photos and their augmentation,
which `whosthat.dataset.batches` decides as a pure function of seed, epoch and place; that is why a training that starts in the middle
of an epoch is fed exactly what one that never stopped would be.

Photos are read ahead in a background thread, so that reading and augmenting hide behind the training step. What fits into memory needs
no reader: there TensorFlow picks the rows by itself, because a step on features is over before Python could hand it a batch (20 epochs
of EfficientNet-Lite0's head on 240 photos: 2.1 s with readers, 0.9 s without).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from numpy.typing import NDArray

from whosthat.networks.backend import load_keras
from whosthat.types import FloatArray, IntArray

if TYPE_CHECKING:
    import tensorflow as tf

keras: Any = load_keras()

Dataset: TypeAlias = "tf.data.Dataset"

Sample = tuple[NDArray[Any], ...]
"""Inputs, one-hot labels and, with class weights, one weight for each photo."""


class Batches(Protocol):
    """What can be fed: photos (`whosthat.dataset.batches.Batches`) or their stored features (`features.StoredFeatures`)."""

    labels: IntArray
    n_classes: int

    @property
    def n_photos(self) -> int:
        """Photos in one epoch."""

    def __len__(self) -> int:
        """Batches in one epoch."""

    def batch(self, epoch: int, index: int) -> tuple[NDArray[Any], FloatArray]:
        """Inputs ``(b, ...)`` and one-hot labels ``(b, n_classes)`` of one batch."""


class Feed(keras.utils.PyDataset):
    """A row of batches, epoch after epoch, from any step to any other; each class can have a weight, float32 ``(n_classes,)``.

    It is as long as all its epochs together, and Keras is told ``steps_per_epoch``: then there is one iterator over all
    epochs, and the first batches of the next are made ready while this one is being validated.
    """

    def __init__(self, batches: Batches, first_step: int, n_steps: int, class_weights: FloatArray | None = None) -> None:
        super().__init__(workers=1)
        self.batches = batches
        self.first_step = first_step
        self.n_steps = n_steps
        self.class_weights = class_weights
        self.failure: Exception | None = None

    @property
    def num_batches(self) -> int:
        """Batches in all."""
        return self.n_steps

    def __getitem__(self, step: int) -> Sample:
        """Return the batch of one step; what goes wrong is kept, because TensorFlow turns it into a text of its own."""
        epoch, index = divmod(self.first_step + step, len(self.batches))
        try:
            inputs, labels = self.batches.batch(epoch, index)
        except Exception as error:
            self.failure = error
            raise
        if self.class_weights is None:
            return inputs, labels
        return inputs, labels, labels @ self.class_weights


@dataclass(frozen=True)
class Table:
    """Inputs and labels that are in memory."""

    inputs: FloatArray  # float32 (n, ...)
    labels: FloatArray  # one-hot, float32 (n, n_classes)
    rows: Callable[[int], IntArray]  # from an epoch to the rows that it sees, int64 (n_photos,), in its order
    batch_size: int  # the last batch of an epoch holds what is left

    def training_data(self, first_step: int, n_steps: int, class_weights: FloatArray | None = None) -> Dataset:
        """The same batches as a `Feed`'s; Python is asked only for the order of each epoch."""
        import tensorflow as tf

        n_rows = len(self.rows(0))
        batches = -(-n_rows // self.batch_size)
        first_epoch, done = divmod(first_step, batches)
        epochs = range(first_epoch, -(-(first_step + n_steps) // batches))
        weights = () if class_weights is None else (self.labels @ class_weights,)
        columns = [tf.constant(column) for column in (self.inputs, self.labels, *weights)]
        orders = tf.data.Dataset.from_generator(lambda: map(self.rows, epochs), output_signature=tf.TensorSpec((n_rows,), tf.int64))
        picked = orders.flat_map(lambda rows: tf.data.Dataset.from_tensor_slices(rows).batch(self.batch_size)).skip(done)
        return _plain(picked.map(lambda rows: tuple(tf.gather(column, rows) for column in columns)))

    def validation_data(self) -> Dataset:
        """The rows of epoch 0. Nothing is mapped: that would take 11 ms to set up, and each validation sets it up anew."""
        import tensorflow as tf

        rows = self.rows(0)
        return _plain(tf.data.Dataset.from_tensor_slices((self.inputs[rows], self.labels[rows])).batch(self.batch_size))


def _plain(data: Dataset) -> Dataset:
    """Take a pipeline as it is: looking for a faster one takes longer than to run this one to its end."""
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False
    return data.with_options(options)
