"""The head once more, on other photos: what it says of photos that it has not learnt from, and a head that has learnt from fewer, or all.

What belongs here: training a head on stored features again and again, as long as the tested one was trained and at its rates. What does
not: the stage that finds out how long that is (`stages`), and what is fitted on the answers (calibration, thresholds).

The loop over batches runs inside TensorFlow: 29 epochs of a head on 800 photos took 0.3 s so, and 0.8 s in ``Model.fit``.
Everything follows from the seed: after a resumed training the bits are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from whosthat.dataset.batches import Batches, class_weights, epoch_order
from whosthat.errors import TrainingError
from whosthat.training.checkpoints import model_variables, named, read, restore
from whosthat.training.features import StoredFeatures
from whosthat.training.stage_context import Run
from whosthat.training.stages import compile_model
from whosthat.translation import _

if TYPE_CHECKING:
    import keras

    from whosthat.types import FloatArray, IntArray

_MAX_PIECE_BYTES = 64 << 20
"""So much of the features is in memory at once."""


@dataclass(frozen=True)
class Plan:
    """What a training does besides: on what its head is trained again, where features are kept, and when it gives up."""

    # int64 (n,): the fold of each training photo, then of each validation photo, in their order; None: the head is not trained again
    folds: IntArray | None = None
    test: Batches | None = None  # the test photos, which are answered by heads that learnt from ``fewer``
    learn_from_test: bool = True  # whether the saved head learns from them as well, if given; else it is the tested one
    fewer: Sequence[IntArray] = ()  # rows of training photos, each time those from which alone a head learns
    features: Path | None = None  # a folder in which several runs keep the features of these photos; None keeps them in the run
    hopeless: Callable[[Sequence[float]], bool] | None = None  # asked after each epoch, with the validation accuracy of all so far


NOTHING_BESIDES = Plan()


@dataclass(frozen=True)
class Refitted:
    """What came of it."""

    # For each training, then each validation photo, the probabilities of a head that has not learnt from its fold, float32 (n, classes).
    answers: FloatArray
    head: Mapping[str, NDArray[Any]] | None  # the variables of the head that has learnt from all photos, where one was asked for
    # What each head that learnt from fewer photos says of the test photos, probabilities, float32 (n test photos, classes).
    answers_of_fewer: Sequence[FloatArray] = ()


def refit(
    head: keras.Model, first: Mapping[str, NDArray[Any]], parts: Sequence[StoredFeatures], plan: Plan, rates: Sequence[float], run: Run
) -> Refitted | None:
    """Train a head once without each fold, once on each of the fewer photos, and once on everything; it is left as it was.

    None where the plan has no folds.

    Args:
        head: From features to probabilities, as it was tested.
        first: Its variables before any training.
        parts: Features of training and validation photos, and of the test photos where there are such in the plan.
        plan: On what it is trained again.
        rates: The learning rate of each epoch after which the tested head was best.
        run: The recipe, and who watches.

    Raises:
        TrainingInterruptedError: Somebody stopped it; resuming does it again.
        TrainingError: A weight is no longer a number.
    """
    if plan.folds is None:
        return None
    tested = read(model_variables(head))
    features = _All(parts)
    learner = _Learner(head, first, features, rates, run)
    answers = np.empty((len(plan.folds), features.n_classes), np.float32)
    for fold in np.unique(plan.folds):
        inside = plan.folds == fold
        learner.learn(np.flatnonzero(~inside), _("cross-validation"))
        answers[inside] = learner.answers(np.flatnonzero(inside))
    of_test = np.arange(len(plan.folds), len(features.labels))
    answers_of_fewer = []
    for number, rows in enumerate(plan.fewer if len(of_test) else ()):
        learner.learn(rows, _("learning curve"), (number, len(plan.fewer)), parts[0].n_photos)
        answers_of_fewer.append(learner.answers(of_test))
    everything = None
    if plan.test is not None and plan.learn_from_test:
        learner.learn(np.arange(len(features.labels)), _("learning from all photos"))
        everything = read(model_variables(head))
    restore(model_variables(head), tested)
    return Refitted(answers, everything, answers_of_fewer)


class _All:
    """The features of several parts as one row of photos, part after part."""

    def __init__(self, parts: Sequence[StoredFeatures]) -> None:
        self._parts = parts
        self._ends = np.cumsum([part.n_photos for part in parts])
        self.labels = np.concatenate([part.labels for part in parts])
        self.n_classes = parts[0].n_classes

    def of(self, rows: IntArray, epoch: int = 0) -> FloatArray:
        """Features of some photos as an epoch sees them, float32 (len(rows), ...)."""
        which = np.searchsorted(self._ends, rows, side="right")
        starts = self._ends - [part.n_photos for part in self._parts]
        pieces = [part.of(rows[which == place] - starts[place], epoch) for place, part in enumerate(self._parts)]
        features = np.empty((len(rows), *pieces[0].shape[1:]), np.float32)
        for place, piece in enumerate(pieces):
            features[which == place] = piece
        return features


class _Learner:
    """A head that forgets what it has learnt whenever it learns anew."""

    def __init__(self, head: keras.Model, first: Mapping[str, NDArray[Any]], features: _All, rates: Sequence[float], run: Run) -> None:
        restore(model_variables(head), first)
        compile_model(head, run.recipe)
        self._head, self._features, self._rates, self._run = head, features, rates, run
        self._variables = model_variables(head) | named("optimiser", head.optimizer.variables)
        self._first = read(self._variables)
        self._steps = _steps_of(head, run.recipe.batch_size)
        self._targets = np.eye(features.n_classes, dtype=np.float32)[features.labels]
        balanced = class_weights(features.labels, features.n_classes) if run.recipe.class_weights else np.ones(features.n_classes)
        self._weights = balanced[features.labels].astype(np.float32)
        photo_bytes = 4 * int(np.prod(head.input_shape[1:]))
        self._at_once = max(1, _MAX_PIECE_BYTES // (photo_bytes * run.recipe.batch_size)) * run.recipe.batch_size

    def learn(self, rows: IntArray, what: str, place: tuple[int, int] = (0, 1), n: int = 0) -> None:
        """Begin with the first weights and learn from these photos alone; ``place``: after so many of so many times.

        They are shown again until an epoch has ``n`` of them, if that is more: so a head that knows fewer photos takes as many steps as one
        that knows all, and what it lacks is photos, not training.
        """
        before, times = place
        restore(self._variables, self._first)
        for epoch, rate in enumerate(self._rates):
            if self._run.stop_request.signal:
                raise self._run.interrupted(_("during {what}", what=what))
            self._head.optimizer.learning_rate = rate
            order = rows[epoch_order(max(n, len(rows)), self._run.recipe.seed, epoch) % len(rows)]
            for piece in self._pieces(order):
                self._steps(self._features.of(piece, epoch), self._targets[piece], self._weights[piece])
            self._run.progress.step(what, before * len(self._rates) + epoch + 1, times * len(self._rates))
        if not all(np.isfinite(array).all() for array in read(model_variables(self._head)).values()):
            raise TrainingError("A weight is no longer finite ({what}). Start a new run with a lower learning rate.", what=what)

    def answers(self, rows: IntArray) -> FloatArray:
        """Probabilities for photos, float32 (len(rows), classes)."""
        return np.concatenate([np.asarray(self._head(self._features.of(piece), training=False)) for piece in self._pieces(rows)])

    def _pieces(self, rows: IntArray) -> Iterator[IntArray]:
        return (rows[start : start + self._at_once] for start in range(0, len(rows), self._at_once))


def _steps_of(model: keras.Model, batch_size: int) -> Callable[[FloatArray, FloatArray, FloatArray], None]:
    """Return a function that takes the training steps of ``Model.fit``, batch after batch, without coming back to Python."""
    import tensorflow as tf

    def steps(inputs: Any, targets: Any, weights: Any) -> None:
        for start in tf.range(0, tf.shape(inputs)[0], batch_size):
            batch = slice(start, start + batch_size)
            model.train_step((inputs[batch], targets[batch], weights[batch]))

    shapes = ((None, *model.input_shape[1:]), (None, *model.output_shape[1:]), (None,))
    compiled: Callable[[FloatArray, FloatArray, FloatArray], None] = tf.function(
        steps, input_signature=[tf.TensorSpec(shape, tf.float32) for shape in shapes]
    )
    return compiled
