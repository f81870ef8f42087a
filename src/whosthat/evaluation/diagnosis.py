"""What the curves of a training mean: one of five cases, the numbers it rests on, and one concrete next step.

What belongs here: trends of the losses, the case they show, the next step and the way through the slide's flow chart. What does not:
whether the test went well (`verdict`), drawing (`plots`).

The five cases compare the training loss with that on unseen photos. Those are the validation photos: test photos choose nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from whosthat.evaluation.metrics import Evaluation
from whosthat.evaluation.verdict import FEWEST_PHOTOS, TOO_FEW, Verdict, correct_of, judge, worst_class
from whosthat.proportions import wilson_interval
from whosthat.translation import N_, _, ngettext
from whosthat.wording import counted, percent

FEWEST_EPOCHS = 3
"""Fewer epochs than this show no trend; `CASES` says so in words."""

NOTABLE_CHANGE, SMALLEST_CHANGE = 0.05, 0.01
"""A loss falls or rises when, over the last third of the epochs, it changes by more than 5 % of itself and by more than 0.01."""

LOW_LOSS = 0.1
"""A loss that stays below this is flat: nearly all photos are correct, and what it still does changes no answer."""

NOTABLE_GAP = 0.10
"""Training accuracy above that of unseen photos by this much, and beyond chance, is overfitting, whatever the losses do."""

FEWEST_BEHIND = 3
"""Fewer unseen photos than this make no gap."""

GOOD_TRAINING = 0.80
"""The training set counts as learned from this accuracy on."""

BEST_READY_MADE = "efficientnet-lite0"
"""The network that brings its knowledge along and learns from few photos."""

_EVALUATE, _PREDICT = "whosthat evaluate RUN OTHER_PHOTOS", "whosthat predict RUN NEW_PHOTOS"  # not translated: commands
_CHECK, _TRAIN = "whosthat check PHOTOS", "whosthat train PHOTOS --model"  # not translated: commands


@dataclass(frozen=True, slots=True)
class Training:
    """How a training went, in the numbers that the diagnosis and the report need.

    Attributes:
        batch_size: Photos in one iteration.
        epochs: Epochs that were asked for.
        best_epoch: The epoch whose weights were kept, counted from 1; 0 when the route has no epochs.
        learning_rate: The rate that the schedule started from.
        pretrained: Whether the network brought knowledge along.
        seconds: Wall time.
        stopped: Why it ended, as a sentence; empty when every epoch was run.
    """

    model: str
    n_train: int
    n_validation: int
    batch_size: int
    epochs: int
    best_epoch: int
    learning_rate: float
    pretrained: bool
    seconds: float
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class Trend:
    """Where a loss is heading: ``falls``, ``flat``, ``rises`` or ``broken`` (not a number), from the fitted line's start to its end."""

    direction: str
    start: float
    end: float
    n_epochs: int


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that curves can show: a title and what it means."""

    title: str
    meaning: str


CASES: Mapping[str, Case] = {
    "learning": Case(
        N_("Still learning"), N_("The training loss and the validation loss both fall: what is learned also holds for unseen photos.")
    ),
    "overfitting": Case(
        N_("Overfitting"),
        N_(
            "The network does clearly better on its training photos than on unseen ones. What helps: more photos, "
            "augmentation, dropout, batch normalisation, stopping early, or a pretrained network."
        ),
    ),
    "data": Case(
        N_("Something is odd about the photos"),
        N_("The validation loss falls although the training loss does not: the two parts may hold different things."),
    ),
    "bottleneck": Case(
        N_("Settled"),
        N_(
            "The validation loss gets no better any more. If the result is not good enough, a lower learning rate or "
            "a smaller batch may help."
        ),
    ),
    "design": Case(
        N_("Going wrong"), N_("The training loss rises. The network or its settings do not fit; most often the learning rate is too high.")
    ),
    "broken": Case(
        N_("Broke down"),
        N_("A loss is not a number any more, so nothing was learned from there on. Most often the learning rate is too high."),
    ),
    "too short": Case(N_("Too little was seen"), N_("Fewer than 3 epochs show no trend.")),  # not translated: a key
    "no epochs": Case(N_("No curves"), N_("Faces are learnt in one step, without epochs.")),  # not translated: a key
}
"""The five cases of the slides, and three in which curves say nothing; their texts are translated where they are shown."""

_CASE_OF_TRENDS = {
    ("falls", "falls"): "learning",
    ("falls", "flat"): "bottleneck",
    ("falls", "rises"): "bottleneck",
    ("flat", "rises"): "bottleneck",
    ("flat", "falls"): "data",
    ("flat", "flat"): "bottleneck",
}
"""Unless it is overfitting, which the losses alone do not show."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do next: one sentence, and the command to type (empty when there is none)."""

    sentence: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a run shows and what to do about it.

    Attributes:
        case: A key of `CASES`.
        title: Its title.
        sentences: What it means and the numbers it rests on.
        numbers: Those numbers by name; the losses in nats, accuracies 0 to 1.
        verdict: Whether the result is good.
        next_step: One concrete next step.
        path: The stations of the flow chart that this run passed (`STATIONS`), in order.
        arithmetic: What an epoch was, in photos, batches and iterations; empty without epochs.
    """

    case: str
    title: str
    sentences: tuple[str, ...]
    numbers: Mapping[str, float]
    verdict: Verdict
    next_step: NextStep
    path: tuple[str, ...]
    arithmetic: str


STATIONS = ("data", "split", "loss", "optimise", "training good", "test good", "deploy", "overfitting")  # not translated: keys
"""The slide's flow chart, top to bottom; the last is where "test set good? no" leads."""


def diagnose(history: Sequence[Mapping[str, float]], evaluation: Evaluation, training: Training) -> Diagnosis:
    """Read a training's curves and its test; of each epoch, if there is any, loss, accuracy, val_loss and val_accuracy."""
    train, validation = (trend([row[name] for row in history]) for name in ("loss", "val_loss"))
    kept = history[min(max(training.best_epoch, 1), len(history)) - 1] if history else {}
    verdict = judge(evaluation)
    case = _case(train, validation, history, training)
    return Diagnosis(
        case=case,
        title=_(CASES[case].title),
        sentences=(_(CASES[case].meaning), *_evidence(train, validation, kept, training)),
        numbers=_numbers(train, validation, kept),
        verdict=verdict,
        next_step=_next_step(case, training, evaluation, verdict),
        path=_path(case, kept, evaluation, verdict),
        arithmetic=arithmetic(training, len(history)),
    )


def trend(losses: Sequence[float]) -> Trend:
    """Fit a line to the last third of a loss, smoothed over three epochs; it may hold NaN.

    Example:
        >>> trend([2.0, 1.8, 1.6, 1.4, 1.2, 1.0]).direction
        'falls'
    """
    if not losses:
        return Trend("flat", math.nan, math.nan, 0)
    n_epochs = min(len(losses), max(FEWEST_EPOCHS, math.ceil(len(losses) / 3)))
    window = _smoothed(np.asarray(losses, float))[-n_epochs:]
    if not np.isfinite(window).all():
        return Trend("broken", float(window[0]), float(window[-1]), n_epochs)
    slope, start = np.polyfit(np.arange(n_epochs), window, 1) if n_epochs > 1 else (0.0, window[0])
    change = slope * (n_epochs - 1)
    notable = max(start, start + change) >= LOW_LOSS and abs(change) > max(NOTABLE_CHANGE * abs(start), SMALLEST_CHANGE)
    direction = ("rises" if change > 0 else "falls") if notable else "flat"
    return Trend(direction, float(start), float(start + change), n_epochs)


def arithmetic(training: Training, n_epochs: int) -> str:
    """Say what an epoch was, from the run's own numbers; empty when there was none."""
    if not n_epochs:
        return ""
    photos, batch = training.n_train, training.batch_size
    iterations, rest = math.ceil(photos / batch), photos % batch
    numbers = {"iterations": counted(iterations, "iteration"), "photos": photos, "batch": batch}
    if not rest or iterations == 1:
        size = counted(min(batch, photos), "photo")
        epoch = _("One epoch is {iterations} of {size}: {photos} training photos / batch {batch}.", **numbers, size=size)
    else:
        epoch = _(
            "One epoch is {iterations} of {batch} photos, the last of {rest}: {photos} training photos / batch {batch}.",
            **numbers,
            rest=rest,
        )
    steps = _(
        "{epochs} made {iterations}, each one step of the optimiser.",
        epochs=counted(n_epochs, "epoch"),
        iterations=counted(iterations * n_epochs, "iteration"),
    )
    return f"{epoch} {steps}"


def _smoothed(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Average each value with its neighbours; the ends, which have only one, are left alone so that the last word is the data's."""
    smooth = values.copy()
    smooth[1:-1] = (values[:-2] + values[1:-1] + values[2:]) / 3
    return smooth


def _case(train: Trend, validation: Trend, history: Sequence[Mapping[str, float]], training: Training) -> str:
    if not history:
        return "no epochs"  # not translated: a key of CASES
    if "broken" in (train.direction, validation.direction):
        return "broken"
    if len(history) < FEWEST_EPOCHS:
        return "too short"  # not translated: a key of CASES
    case, last = _CASE_OF_TRENDS.get((train.direction, validation.direction), "design"), history[-1]
    parted = validation.direction == "rises" and validation.end > train.end
    if case == "bottleneck" and (parted or _falls_behind(last["accuracy"], last["val_accuracy"], training.n_validation)):
        return "overfitting"
    return case


def _falls_behind(learned: float, unseen: float, n: int) -> bool:
    """Tell whether n unseen photos do notably worse than those that were learned, and not by chance."""
    gap = learned - unseen
    return gap >= NOTABLE_GAP and gap * n >= FEWEST_BEHIND and wilson_interval(round(unseen * n), n).high < learned


def _evidence(train: Trend, validation: Trend, kept: Mapping[str, float], training: Training) -> tuple[str, ...]:
    if not kept:
        return ()
    losses = ngettext(
        "In the only epoch the training loss {trained}, and the validation loss {unseen}.",
        "Over the last {n} epochs the training loss {trained}, and the validation loss {unseen}.",
        train.n_epochs,
        trained=_moved(train),
        unseen=_moved(validation),
    )
    levels = _(
        "The weights of epoch {epoch} were kept: {trained} of the training photos and {unseen} of the validation photos were correct.",
        epoch=training.best_epoch,
        trained=percent(kept["accuracy"]),
        unseen=percent(kept["val_accuracy"]),
    )
    return (losses, levels, training.stopped) if training.stopped else (losses, levels)


def _moved(movement: Trend) -> str:
    if movement.n_epochs == 1:
        return _("was {end:.2f}", end=movement.end)
    if movement.direction == "broken":
        return _("stopped being a number")
    if movement.direction == "flat":
        return _("stayed about the same ({start:.2f} to {end:.2f})", start=movement.start, end=movement.end)
    if movement.direction == "rises":
        return _("rose ({start:.2f} to {end:.2f})", start=movement.start, end=movement.end)
    return _("fell ({start:.2f} to {end:.2f})", start=movement.start, end=movement.end)


def _numbers(train: Trend, validation: Trend, kept: Mapping[str, float]) -> dict[str, float]:
    if not kept:
        return {}
    numbers = {
        "epochs looked at": float(train.n_epochs),  # not translated: keys in metrics.json, all of these
        "training loss, start": train.start,  # not translated: a key
        "training loss, end": train.end,  # not translated: a key
        "validation loss, start": validation.start,  # not translated: a key
        "validation loss, end": validation.end,  # not translated: a key
        "training accuracy": kept["accuracy"],  # not translated: a key
        "validation accuracy": kept["val_accuracy"],  # not translated: a key
    }
    return {name: value for name, value in numbers.items() if math.isfinite(value)}  # JSON knows no NaN


def _path(case: str, kept: Mapping[str, float], evaluation: Evaluation, verdict: Verdict) -> tuple[str, ...]:
    # Dropout and augmentation make training photos harder than test photos: a good test proves a good training too.
    if kept and max(kept["accuracy"], evaluation.closed_set) < GOOD_TRAINING:
        return (*STATIONS[:5], "loss")
    if verdict.good:
        return (*STATIONS[:6], "deploy")
    overfits = case == "overfitting" or (kept and _falls_behind(kept["accuracy"], evaluation.closed_set, evaluation.n))
    return (*STATIONS[:6], "overfitting") if overfits and verdict.grade != TOO_FEW else STATIONS[:6]


def _next_step(case: str, training: Training, evaluation: Evaluation, verdict: Verdict) -> NextStep:
    if case != "broken" and verdict.grade == TOO_FEW:
        return NextStep(_("Test it on more photos: a grade needs {fewest}.", fewest=FEWEST_PHOTOS), _EVALUATE)
    if case != "broken" and verdict.grade == "very good":  # not translated: a grade as it is stored
        return NextStep(_("Test it on photos from another source."), _EVALUATE)
    if verdict.good and case in ("bottleneck", "no epochs"):  # not translated: keys of CASES
        return NextStep(_("Use it: name the photos you have not sorted yet."), _PREDICT)
    if case == "data":
        return NextStep(_("Check the photos: look for duplicates, wrong folders and damaged files."), _CHECK)
    again = f"{_TRAIN} {training.model}"
    if case in ("learning", "too short"):  # not translated: keys of CASES
        epochs = max(10, 2 * training.epochs)
        longer = _("Train longer: {epochs} epochs instead of {before}.", epochs=epochs, before=training.epochs)
        return NextStep(longer, f"{again} --epochs {epochs}")  # not translated: a command
    if case in ("bottleneck", "design", "broken"):
        rate = f"{training.learning_rate / 10:.2g}"
        lower = _("Lower the learning rate from {before:g} to {rate}.", before=training.learning_rate, rate=rate)
        return NextStep(lower, f"{again} --learning-rate {rate}")  # not translated: a command
    return _know_more(training, evaluation)


def _know_more(training: Training, evaluation: Evaluation) -> NextStep:
    if not training.pretrained:
        return NextStep(_("Train {model}: it is pretrained and needs fewer photos.", model=BEST_READY_MADE), f"{_TRAIN} {BEST_READY_MADE}")
    worst = worst_class(evaluation)
    if worst is None:
        return NextStep(_("Add photos."))
    return NextStep(_("Add photos, first of “{name}” ({correct_of}).", name=worst.name, correct_of=correct_of(worst)))
