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

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of photos, then the shape of one."""

    def __getitem__(self, row: int) -> Image:
        """Read one photo."""


@dataclass(eq=False)
class Batches:
    """The photos of one part of a split, in batches.

    The same seed gives the same batches, bit by bit, whichever batch is asked for first and from however many threads.

    Raises:
        ValueError: No photos, as many labels as photos are not given, or a batch size below 1.

    Example:
        >>> batches = Batches(np.zeros((5, 8, 8, 3), np.uint8), np.array([0, 1, 0, 1, 1]), n_classes=2, batch_size=2)
        >>> len(batches), batches.batch(0, 2)[1].tolist()
        (3, [[0.0, 1.0]])
    """

    images: Images  # prepared photos, uint8 (n, size, size, 3) or (n, frames, size, size, 3)
    labels: IntArray  # index of each photo's class, int64 (n,)
    _: KW_ONLY
    n_classes: int
    batch_size: int  # photos in a batch; the last batch of an epoch holds what is left
    seed: int = 0  # what order and augmentation follow from
    shuffle: bool = False  # another order in every epoch; else the order of the rows
    augmentation: Augmentation | None = None  # how each photo is changed anew in every epoch; None leaves photos as they are

    def __post_init__(self) -> None:
        if self.batch_size < 1 or len(self.labels) == 0 or self.images.shape[0] != len(self.labels):
            raise ValueError(
                _(
                    "Expected at least one photo, a label for each and batches of at least one; "
                    "got {n_photos} photos, {n_labels} labels and batch_size={batch_size}.",
                    n_photos=self.images.shape[0],
                    n_labels=len(self.labels),
                    batch_size=self.batch_size,
                )
            )

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
        """Return one batch, both counted from 0: photos, uint8 ``(b, ...)``, and their one-hot labels, float32 ``(b, n_classes)``.

        Raises:
            IndexError: There is no such batch.
        """
        if not 0 <= index < len(self):
            raise IndexError(_("An epoch has batches 0 to {last}; there is no batch {index}.", last=len(self) - 1, index=index))
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
