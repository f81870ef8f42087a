"""Which photos, in which order, seen how: the batches of an epoch as a pure function of seed and epoch.

What belongs here: order, reading rows, augmentation, one-hot labels, class weights. What does not: Keras (`training.feeding` wraps this),
or where the rows come from (an array and an HDF5 data set serve alike).
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Protocol

import numpy as np

from whosthat.photos.augmenting import Augmentation, augment, view_generator
from whosthat.translation import _
from whosthat.types import FloatArray, Image, IntArray


class Images(Protocol):
    """Prepared photos that can be read one by one: an array or an h5py data set, uint8 ``(n, ...)``."""

    def __getitem__(self, row: int) -> Image:
        """Read one photo."""


@dataclass(eq=False)
class Batches:
    """The photos of one part of a split, in batches.

    The same seed gives the same batches, bit by bit, whichever batch is asked for first and from however many threads.

    Example:
        >>> batches = Batches(np.zeros((5, 8, 8, 3), np.uint8), np.array([0, 1, 0, 1, 1]), n_classes=2, batch_size=2)
        >>> len(batches), batches.batch(0, 2)[1].tolist()
        (3, [[0.0, 1.0]])
    """

    images: Images  # prepared photos, uint8 (n, size, size, 3) or (n, frames, size, size, 3)
    labels: IntArray  # index of each photo's class, int64 (n,), n 1 or more
    _: KW_ONLY
    n_classes: int
    batch_size: int  # photos in a batch; the last batch of an epoch holds what is left
    seed: int = 0  # what order and augmentation follow from
    shuffle: bool = False  # another order in every epoch; else the order of the rows
    augmentation: Augmentation | None = None  # how each photo is changed anew in every epoch; None leaves photos as they are

    @property
    def n_photos(self) -> int:
        """Photos in an epoch."""
        return len(self.labels)

    def __len__(self) -> int:
        """Batches in an epoch."""
        return -(-self.n_photos // self.batch_size)

    def order(self, epoch: int) -> IntArray:
        """Return the rows in the order in which an epoch sees them: int64 ``(n,)``, each row once."""
        return epoch_order(self.n_photos, self.seed, epoch) if self.shuffle else np.arange(self.n_photos)

    def batch(self, epoch: int, index: int) -> tuple[Image, FloatArray]:
        """Return one batch, both counted from 0: photos, uint8 ``(b, ...)``, and their one-hot labels, float32 ``(b, n_classes)``."""
        rows = self.order(epoch)[index * self.batch_size : (index + 1) * self.batch_size]
        # row by row: one index takes h5py 40 microseconds a photo, a list of indices 9,000
        photos = np.stack([self._seen(int(row), epoch) for row in rows])
        one_hot = np.zeros((len(rows), self.n_classes), np.float32)
        one_hot[np.arange(len(rows)), self.labels[rows]] = 1
        return photos, one_hot

    def _seen(self, row: int, epoch: int) -> Image:
        photo = np.asarray(self.images[row])
        if self.augmentation is None:
            return photo
        return augment(photo, self.augmentation, view_generator(self.seed, epoch, row))


def epoch_order(n_photos: int, seed: int, epoch: int) -> IntArray:
    """Return the order of a shuffled epoch: int64 ``(n_photos,)``, each row once."""
    return np.random.default_rng(np.random.SeedSequence([seed, epoch])).permutation(n_photos)


def class_weights(labels: IntArray, n_classes: int) -> FloatArray:
    """Return weights, float32 ``(n_classes,)``, with which all classes count alike; their mean over the photos is 1.

    Raises:
        ValueError: A class without photos, for which no weight makes sense.

    Example:
        >>> class_weights(np.array([0, 0, 0, 1]), 2).tolist()
        [0.6666666865348816, 2.0]
    """
    counts = np.bincount(labels, minlength=n_classes)
    if (counts == 0).any():
        raise ValueError(_("Class {label} has no photos, so it can have no weight.", label=int(np.flatnonzero(counts == 0)[0])))
    return (len(labels) / (n_classes * counts)).astype(np.float32)
