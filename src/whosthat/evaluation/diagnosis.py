"""What the curves of a training mean: one of five cases, the numbers it rests on, and one concrete next step.

What belongs here: trends of the losses, the case they show, the next step and the way through the slide's flow chart.
What does not: whether the test went well (`verdict`), drawing (`plots`).

The five cases compare the training loss with the loss on photos that are not trained on. Here those are the validation
photos: the test photos are kept for the end, so that they choose nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from whosthat.evaluation.metrics import Evaluation
from whosthat.evaluation.verdict import FEWEST_PHOTOS, TOO_FEW, Verdict, correct_of, judge, worst_class
from whosthat.proportions import wilson_interval
from whosthat.wording import counted, percent

FEWEST_EPOCHS = 3
"""Fewer epochs than this show no trend."""

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


@dataclass(frozen=True, slots=True)
class Training:
    """How a training went, in the numbers that the diagnosis and the report need.

    Attributes:
        model: The network's name.
        n_train: Training photos.
        n_validation: Validation photos.
        batch_size: Photos in one iteration.
        epochs: Epochs that were asked for.
        best_epoch: The epoch whose weights were kept, counted from 1; 0 when the route has no epochs.
        learning_rate: The rate that the schedule started from.
        pretrained: Whether the network brought knowledge along.
        seconds: Wall time of the training.
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
    """Where a loss is heading.

    Attributes:
        direction: ``falls``, ``flat``, ``rises`` or ``broken`` (not a number).
        start: The fitted line at the first epoch looked at.
        end: The fitted line at the last epoch.
        n_epochs: Epochs looked at.
    """

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
        "Still learning",
        "The training loss and the validation loss both fall: what is learned also holds for unseen photos.",
    ),
    "overfitting": Case(
        "Overfitting",
        "The network does clearly better on its training photos than on unseen ones. What helps: more photos, "
        "augmentation, dropout, batch normalisation, stopping early, or a pretrained network.",
    ),
    "data": Case(
        "Something is odd about the photos",
        "The validation loss falls although the training loss does not: the two parts may hold different things.",
    ),
    "bottleneck": Case(
        "Settled",
        "The validation loss gets no better any more. If the result is not good enough, a lower learning rate or a smaller batch may help.",
    ),
    "design": Case(
        "Going wrong",
        "The training loss rises. The network or its settings do not fit; most often the learning rate is too high.",
    ),
    "broken": Case(
        "Broke down", "A loss is not a number any more, so nothing was learned from there on. Most often the learning rate is too high."
    ),
    "too short": Case(
        "Too little was seen",
        f"Fewer than {FEWEST_EPOCHS} epochs show no trend.",
    ),
    "no epochs": Case("No curves", "Faces are learnt in one step, without epochs."),
}
"""The five cases of the slides, and three in which curves say nothing."""

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


STATIONS = ("data", "split", "loss", "optimise", "training good", "test good", "deploy", "overfitting")
"""The slide's flow chart, top to bottom; the last is where "test set good? no" leads."""


def diagnose(history: Sequence[Mapping[str, float]], evaluation: Evaluation, training: Training) -> Diagnosis:
    """Read a training's curves and its test.

    Args:
        history: One row an epoch with ``loss``, ``accuracy``, ``val_loss`` and ``val_accuracy``; may be empty.
        evaluation: The honest test.
        training: How the training went.
    """
    train, validation = (trend([row[name] for row in history]) for name in ("loss", "val_loss"))
    kept = history[min(max(training.best_epoch, 1), len(history)) - 1] if history else {}
    verdict = judge(evaluation)
    case = _case(train, validation, history, training)
    return Diagnosis(
        case=case,
        title=CASES[case].title,
        sentences=(CASES[case].meaning, *_evidence(train, validation, kept, training)),
        numbers=_numbers(train, validation, kept),
        verdict=verdict,
        next_step=_next_step(case, training, evaluation, verdict),
        path=_path(case, kept, evaluation, verdict),
        arithmetic=arithmetic(training, len(history)),
    )


def trend(losses: Sequence[float]) -> Trend:
    """Fit a line to the last third of a loss, smoothed over three epochs.

    Args:
        losses: One value an epoch; may hold NaN.

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
    size = f"{min(batch, photos)} photos" if not rest or iterations == 1 else f"{batch} photos, the last of {rest}"
    epoch = f"One epoch is {counted(iterations, 'iteration')} of {size}: {photos} training photos / batch {batch}."
    return f"{epoch} {counted(n_epochs, 'epoch')} made {counted(iterations * n_epochs, 'iteration')}, each one step of the optimiser."


def _smoothed(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Average each value with its neighbours; the ends, which have only one, are left alone so that the last word is the data's."""
    smooth = values.copy()
    smooth[1:-1] = (values[:-2] + values[1:-1] + values[2:]) / 3
    return smooth


def _case(train: Trend, validation: Trend, history: Sequence[Mapping[str, float]], training: Training) -> str:
    if not history:
        return "no epochs"
    if "broken" in (train.direction, validation.direction):
        return "broken"
    if len(history) < FEWEST_EPOCHS:
        return "too short"
    case = _CASE_OF_TRENDS.get((train.direction, validation.direction), "design")
    last = history[-1]
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
    span = "In the only epoch" if train.n_epochs == 1 else f"Over the last {train.n_epochs} epochs"
    losses = f"{span} the training loss {_moved(train)}, and the validation loss {_moved(validation)}."
    levels = (
        f"The weights of epoch {training.best_epoch} were kept: {percent(kept['accuracy'])} of the training photos and "
        f"{percent(kept['val_accuracy'])} of the validation photos were correct."
    )
    return tuple(sentence for sentence in (losses, levels, training.stopped) if sentence)


def _moved(movement: Trend) -> str:
    if movement.n_epochs == 1:
        return f"was {movement.end:.2f}"
    if movement.direction == "broken":
        return "stopped being a number"
    verb = {"falls": "fell", "rises": "rose", "flat": "stayed about the same"}[movement.direction]
    return f"{verb} ({movement.start:.2f} to {movement.end:.2f})"


def _numbers(train: Trend, validation: Trend, kept: Mapping[str, float]) -> dict[str, float]:
    if not kept:
        return {}
    numbers = {
        "epochs looked at": float(train.n_epochs),
        "training loss, start": train.start,
        "training loss, end": train.end,
        "validation loss, start": validation.start,
        "validation loss, end": validation.end,
        "training accuracy": kept["accuracy"],
        "validation accuracy": kept["val_accuracy"],
    }
    return {name: value for name, value in numbers.items() if math.isfinite(value)}  # JSON knows no NaN


def _path(case: str, kept: Mapping[str, float], evaluation: Evaluation, verdict: Verdict) -> tuple[str, ...]:
    # Dropout and augmentation make training photos harder than test photos: a good test proves a good training too.
    learned = not kept or max(kept["accuracy"], evaluation.closed_set) >= GOOD_TRAINING
    if not learned:
        return (*STATIONS[:5], "loss")
    if verdict.good:
        return (*STATIONS[:6], "deploy")
    overfits = case == "overfitting" or (kept and _falls_behind(kept["accuracy"], evaluation.closed_set, evaluation.n))
    return (*STATIONS[:6], "overfitting") if overfits and verdict.grade != TOO_FEW else STATIONS[:6]


def _next_step(case: str, training: Training, evaluation: Evaluation, verdict: Verdict) -> NextStep:
    if verdict.grade == TOO_FEW and case != "broken":
        return NextStep(f"Test it on more photos: a grade needs {FEWEST_PHOTOS}.", "whosthat evaluate RUN OTHER_PHOTOS")
    if verdict.grade == "very good" and case != "broken":
        return NextStep("Test it on photos from another source.", "whosthat evaluate RUN OTHER_PHOTOS")
    if verdict.good and case in ("bottleneck", "no epochs"):
        return NextStep("Use it: name the photos you have not sorted yet.", "whosthat predict RUN NEW_PHOTOS")
    return _STEP_OF_CASE[case](training, evaluation)


def _train_longer(training: Training, _: Evaluation) -> NextStep:
    epochs = max(10, 2 * training.epochs)
    return NextStep(f"Train longer: {epochs} epochs instead of {training.epochs}.", _train(training, f"--epochs {epochs}"))


def _slow_down(training: Training, _: Evaluation) -> NextStep:
    rate = training.learning_rate / 10
    return NextStep(
        f"Lower the learning rate from {training.learning_rate:g} to {rate:.2g}.", _train(training, f"--learning-rate {rate:.2g}")
    )


def _check_photos(_: Training, __: Evaluation) -> NextStep:
    return NextStep("Check the photos: look for duplicates, wrong folders and damaged files.", "whosthat check PHOTOS")


def _know_more(training: Training, evaluation: Evaluation) -> NextStep:
    if not training.pretrained:
        return NextStep(
            f"Train {BEST_READY_MADE}: it is pretrained and needs fewer photos.", f"whosthat train PHOTOS --model {BEST_READY_MADE}"
        )
    worst = worst_class(evaluation)
    first = "" if worst is None else f", first of “{worst.name}” ({correct_of(worst)})"
    return NextStep(f"Add photos{first}.")


def _train(training: Training, option: str) -> str:
    return f"whosthat train PHOTOS --model {training.model} {option}"


_STEP_OF_CASE: Mapping[str, Callable[[Training, Evaluation], NextStep]] = {
    "learning": _train_longer,
    "too short": _train_longer,
    "overfitting": _know_more,
    "no epochs": _know_more,
    "data": _check_photos,
    "bottleneck": _slow_down,
    "design": _slow_down,
    "broken": _slow_down,
}
