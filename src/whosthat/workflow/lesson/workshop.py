"""The lesson's photos and trainings: drawn people, a small network, and what each of its trainings became.

What belongs here: drawing, training and testing at the lesson's scale. What does not: which experiments there are (`trainings`), or what is
said about them (`texts`).
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from whosthat.cartoons import HEROES, draw_hero
from whosthat.dataset.batches import Batches
from whosthat.evaluation.diagnosis import Diagnosis, Training, diagnose
from whosthat.evaluation.metrics import Evaluation, evaluate
from whosthat.evaluation.outcomes import answer_of
from whosthat.progress import SILENT, Progress, Silent
from whosthat.training.recipe import Recipe, default_recipe
from whosthat.translation import _
from whosthat.types import FloatArray, Image, IntArray, Sighting

Model = Any
"""A Keras model; only ``networks`` and ``training`` import Keras, even for types."""

PEOPLE = HEROES[:5]
"""Whom the lesson is about: five, because 5 x 80 are the 400 photos of the slides."""

BLOCKS = "conv 12 3, pool, conv 24 3, pool, flatten, dense 48"  # not translated: a setting
BLOCKS_WITH_DROPOUT = BLOCKS.replace("flatten", "flatten, dropout 0.4")  # not translated: a setting

VALIDATION_SEED, TEST_SEED, POOL_SEED = 100_000, 200_000, 300_000
"""Photos drawn from these seeds on are unlike those of the other parts."""


@dataclass(frozen=True)
class Scale:
    """How large the experiments are; the defaults are those of the lesson, tests take less."""

    side: int = 40  # of a photo, in pixels
    each: int = 80  # training photos of each person
    validation: int = 20  # validation photos of each person
    test: int = 40  # test photos of each person
    few: int = 5  # training photos of each person, to provoke overfitting
    pool: int = 20  # photos of each person from which the leaky folder is drawn
    epochs: int = 12  # of the three learning rates
    many_epochs: int = 40  # of all other trainings
    batch_size: int = 40
    small_batch: int = 5  # where there are few photos


Photos = tuple[Image, IntArray]
"""Images uint8 ``(n, side, side, 3)`` and labels int64 ``(n,)``."""


@dataclass(frozen=True)
class Experiment:
    """What became of one training."""

    model: Model
    history: list[dict[str, float]]  # one row an epoch
    evaluation: Evaluation  # on the test photos, with the threshold off
    diagnosis: Diagnosis

    @property
    def losses(self) -> list[float]:
        """Training loss by epoch."""
        return [row["loss"] for row in self.history]


@dataclass
class Workshop:
    """Draws, trains and keeps what later steps look at."""

    folder: Path  # the lesson's own; what a student may look at is written here
    scale: Scale = Scale()
    progress: Progress = SILENT
    experiments: dict[str, Experiment] = field(default_factory=dict)
    seconds: float = 0.0  # spent training and testing
    n_drawn: int = 0

    @cached_property
    def train(self) -> Photos:
        """The training photos, sorted by person."""
        return self.draw(self.scale.each, 0)

    @cached_property
    def validation(self) -> Photos:
        """The validation photos of every training."""
        return self.draw(self.scale.validation, VALIDATION_SEED)

    @cached_property
    def test(self) -> Photos:
        """The test photos of every training; none of them is ever learnt from."""
        return self.draw(self.scale.test, TEST_SEED)

    @property
    def few(self) -> Photos:
        """The first few training photos of each person."""
        rows = np.arange(len(PEOPLE) * self.scale.each) % self.scale.each < self.scale.few
        return self.train[0][rows], self.train[1][rows]

    def draw(self, each: int, seed: int) -> Photos:
        """Draw so many photos of each person."""
        images = []
        for person in PEOPLE:
            for number in range(each):
                images.append(draw_hero(person, seed + number, self.scale.side))
                self.progress.step(_("photos drawn"), len(images), each * len(PEOPLE))
        self.n_drawn += len(images)
        return np.stack(images), np.repeat(np.arange(len(PEOPLE)), each)

    def recipe(self, blocks: str = BLOCKS, **settings: Any) -> Recipe:
        """Return the recipe of the lesson's network, changed where asked."""
        plain: dict[str, Any] = {
            "epochs": self.scale.many_epochs,
            "batch_size": self.scale.batch_size,
            "augmentation": {"enabled": False},
            "early_stopping": {"enabled": False},
            "checkpoint_minutes": 60.0,
        }
        return default_recipe("custom", size=self.scale.side, network={"blocks": blocks}, **plain | settings)

    @cached_property
    def network(self) -> Model:
        """The lesson's network with its first weights, not trained."""
        from whosthat.networks.backend import set_threads, usable_cores
        from whosthat.training.fitting import build_network

        set_threads(usable_cores())  # as training does later
        return build_network(self.recipe(), len(PEOPLE))

    def experiment(self, name: str, recipe: Recipe, train: Photos | None = None, test: Photos | None = None) -> Experiment:
        """Train by a recipe on some photos (None for all), test, and keep it under a name."""
        from whosthat.training.fitting import fit

        images, labels = self.train if train is None else train
        began = time.perf_counter()
        settings: Mapping[str, Any] = {"n_classes": len(PEOPLE), "batch_size": recipe.batch_size}
        learning = Batches(images, labels, shuffle=True, augmentation=recipe.augmentation_of_photos(), **settings)
        with tempfile.TemporaryDirectory() as run:
            heard = _Epochs(self.progress, _("epochs of training {n}", n=len(self.experiments) + 1), recipe.epochs)
            fitted = fit(recipe, learning, Batches(*self.validation, **settings), Path(run) / "run", progress=heard)
        evaluation = self.tested(fitted.model, self.test if test is None else test)
        training = Training(
            model=recipe.model,
            n_train=len(labels),
            n_validation=len(self.validation[1]),
            batch_size=recipe.batch_size,
            epochs=recipe.epochs,
            best_epoch=fitted.best_epoch,
            learning_rate=recipe.optimiser.learning_rate,
            pretrained=False,
            seconds=fitted.seconds,
        )
        self.seconds += time.perf_counter() - began
        kept = Experiment(fitted.model, fitted.history, evaluation, diagnose(fitted.history, evaluation, training))
        self.experiments[name] = kept
        return kept

    def tested(self, model: Model, photos: Photos) -> Evaluation:
        """Ask a network about photos; every one gets a name."""
        images, labels = photos
        answers = []
        for row, (shares, label) in enumerate(zip(probabilities(model, images), labels, strict=True)):
            best = np.argsort(-shares, kind="stable")
            sighting = Sighting(PEOPLE[best[0]], float(shares[best[0]]), probabilities={PEOPLE[one]: float(shares[one]) for one in best})
            answers.append(answer_of(row, "", PEOPLE[label], [sighting], PEOPLE))
        return evaluate(answers, PEOPLE)


class _Epochs(Silent):
    """Counts the epochs of a training, where training itself counts photos."""

    def __init__(self, progress: Progress, what: str, total: int) -> None:
        self._progress = progress
        self._what = what
        self._done, self._total = 0, total

    def say(self, sentence: str) -> None:
        """Pass a sentence on."""
        self._progress.say(sentence)

    def result(self, sentence: str) -> None:
        """Hear that an epoch is over."""
        self._done += 1
        self._progress.step(self._what, self._done, self._total)


def probabilities(model: Model, images: Image) -> FloatArray:
    """Ask a network: float32 ``(n, people)``."""
    return np.asarray(model(images.astype(np.float32), training=False))


Facts = dict[str, Any]
"""Numbers by the names that stand in the texts' braces."""

Shown = tuple[Facts, tuple[Any, ...]]
"""What a step computes: facts, and exhibits (`evaluation.lesson_page`)."""

Words = Mapping[str, str]
"""`StepText.words` in the current language."""

Compute = Callable[[Workshop, Words], Shown]
"""One half of a step."""
