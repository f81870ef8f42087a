from __future__ import annotations

from types import SimpleNamespace

import pytest

from whosthat.errors import TrainingError
from whosthat.training.checkpoints import RunState


@pytest.fixture
def callbacks(tiny):
    """The module, which loads Keras."""
    from whosthat.training import callbacks

    return callbacks


class Notes:
    def __init__(self):
        self.events = []

    def note(self, event, **facts):
        self.events.append(event)


def a_stage(tiny, **changes):
    """A stage without a model; what its callbacks do to the state is what counts."""
    kept = SimpleNamespace(any_written=lambda: True)
    run = SimpleNamespace(recipe=tiny.recipe(**changes), journal=Notes(), checkpoints=kept, hopeless=None)
    return SimpleNamespace(run=run, state=RunState("", "whole"), batches=6, learning_rate=lambda moment: 0.1 - moment / 100)


def model_at(rate=0.0):
    return SimpleNamespace(optimizer=SimpleNamespace(learning_rate=rate), stop_training=False)


def test_training_stops_when_the_validation_loss_has_not_fallen_for_the_patience(callbacks, tiny):
    context = a_stage(tiny, early_stopping={"patience": 2})
    callback = callbacks.WatchValidation(context)
    callback.set_model(model_at())
    stopped = []
    for loss in (1.0, 1.1, 0.9, 0.9, 0.95):
        callback.on_epoch_end(0, {"val_loss": loss})
        stopped.append(bool(context.state.stopped))
    assert stopped == [False, False, False, False, True]
    assert context.state.stopped == callbacks.NOT_FALLEN  # in no language but English: checkpoints keep it
    assert callback.model.stop_training


def test_training_stops_when_it_is_told_that_there_is_no_hope(callbacks, tiny):
    context = a_stage(tiny)
    context.run.hopeless = lambda accuracies: accuracies[-1] < 0.5
    callback = callbacks.WatchValidation(context)
    callback.set_model(model_at())
    for accuracy, stopped in ((0.6, ""), (0.4, "At this epoch other settings were better, so this one was given up.")):
        context.state.history.append({"val_accuracy": accuracy})
        callback.on_epoch_end(0, {"val_loss": 1.0})
        assert context.state.stopped == stopped
    assert callback.model.stop_training


def test_a_plateau_lowers_the_rate_of_the_next_step(callbacks, tiny):
    context = a_stage(tiny, schedule={"name": "plateau", "factor": 0.5, "patience": 1})
    watch, setter = callbacks.WatchValidation(context), callbacks.SetLearningRate(context)
    for callback in (watch, setter):
        callback.set_model(model_at())
    for _ in range(2):
        watch.on_epoch_end(0, {"val_loss": 1.0})
    setter.on_train_batch_begin(0)
    assert setter.model.optimizer.learning_rate == pytest.approx(0.05)
    assert context.run.journal.events == ["plateau"]


def test_the_rate_follows_the_moment_inside_the_stage_and_decays_by_steps(callbacks, tiny):
    context = a_stage(tiny, optimiser={"name": "sgd", "decay": 0.1})
    context.state.first_epoch, context.state.epoch, context.state.batch = 4, 5, 3
    setter = callbacks.SetLearningRate(context)
    setter.set_model(model_at())
    setter.on_train_batch_begin(0)
    assert setter.model.optimizer.learning_rate == pytest.approx((0.1 - 1.5 / 100) / (1 + 0.1 * 9))


def test_each_epoch_is_told_in_one_line(callbacks, tiny):
    context = a_stage(tiny)
    told = []
    context.run.progress, context.last_epoch = SimpleNamespace(result=told.append), 5
    state, numbers = context.state, {"loss": 0.51234, "accuracy": 0.8, "val_loss": 0.611, "val_accuracy": 0.7512, "learning_rate": 6e-4}
    state.first_epoch = 2
    state.history = [{"seconds": 900.0}] * 2
    for epoch, seconds in ((3, 10.0), (4, 20.0), (5, 20.0)):
        state.history.append(numbers | {"seconds": seconds})
        state.epoch = epoch
        state.best.epoch = min(epoch, 4)
        callbacks.TellEpoch(context).on_epoch_end(0)
    figures = "training loss 0.512, accuracy 80 %; validation loss 0.611, accuracy 75.1 %; learning rate 0.0006."
    assert told == [
        f"Epoch 3/5: {figures} Best so far, saved. At most 20 s left.",
        f"Epoch 4/5: {figures} Best so far, saved. At most 15 s left.",
        f"Epoch 5/5: {figures}",
    ]


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_stops_training_and_says_where_and_what_to_do(callbacks, tiny, loss):
    context = a_stage(tiny)
    guard = callbacks.GuardNumbers(context)
    guard.set_model(model_at(rate=0.5))
    with pytest.raises(TrainingError, match=r"became (nan|inf) in epoch 1, batch 1 of 6.*lower learning rate \(it was 0.5"):
        guard.on_train_batch_end(0, {"loss": loss})
    assert context.run.journal.events == ["not-a-number"]
