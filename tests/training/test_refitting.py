"""A head is trained again: without each fold, and on everything."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from whosthat.errors import TrainingError, TrainingInterruptedError

FOLDS = np.arange(64) % 4


def fit(tiny: ModuleType, run: Path, *, with_test: bool = True, recipe: dict | None = None, fewer=(), learn_from_test=True, **settings):
    from whosthat.training.refitting import Plan

    test = tiny.photos(12) if with_test else None
    return tiny.fit(run, tiny.head_recipe(**(recipe or {})), plan=Plan(FOLDS, test, learn_from_test, fewer), **settings)


@pytest.fixture(scope="module")
def fitted(tiny: ModuleType, tmp_path_factory: pytest.TempPathFactory):
    return fit(tiny, tmp_path_factory.mktemp("whole"))


def test_every_photo_is_answered_by_a_head_that_has_not_seen_it(tiny: ModuleType, fitted) -> None:
    answers = fitted.refitted.answers
    assert answers.shape == (64, 3)
    np.testing.assert_allclose(answers.sum(axis=1), 1, rtol=1e-5)
    labels = np.concatenate([part.labels for part in tiny.parts()])
    assert 0.5 < (answers.argmax(axis=1) == labels).mean() <= 1


def test_the_tested_network_is_left_as_it_was_until_it_learns_from_all(tiny: ModuleType, tmp_path: Path) -> None:
    alone = tiny.fit(tmp_path / "alone", tiny.head_recipe())
    again = fit(tiny, tmp_path / "again")
    assert tiny.bits(again.model) == tiny.bits(alone.model)
    assert alone.refitted is None
    again.learn_from_all()
    assert tiny.bits(again.model) != tiny.bits(alone.model)


def test_a_training_stopped_while_it_is_done_again_resumes_to_the_same_bits(tiny: ModuleType, fitted, tmp_path: Path) -> None:
    for what in ("cross-validation", "learning from all photos"):
        with pytest.raises(TrainingInterruptedError):
            fit(tiny, tmp_path / what, progress=tiny.StopAt(what))
        resumed = fit(tiny, tmp_path / what, resume=True)
        assert resumed.refitted.answers.tobytes() == fitted.refitted.answers.tobytes()
        assert all(np.array_equal(array, fitted.refitted.head[name]) for name, array in resumed.refitted.head.items())


def test_a_finished_training_resumes_to_the_same_bits(tiny: ModuleType, fitted, tmp_path: Path) -> None:
    fit(tiny, tmp_path)
    again = fit(tiny, tmp_path, resume=True)
    assert again.refitted.answers.tobytes() == fitted.refitted.answers.tobytes()


def test_the_saved_network_is_the_tested_one_where_the_test_photos_are_kept_out(tiny: ModuleType, tmp_path: Path) -> None:
    kept = fit(tiny, tmp_path, with_test=False)
    before = tiny.bits(kept.model)
    kept.learn_from_all()
    assert (kept.learns_from_all, tiny.bits(kept.model)) == (False, before)
    assert kept.refitted.answers.shape == (64, 3)


def test_heads_that_learn_from_fewer_photos_answer_the_test_photos_and_leave_the_others_as_they_are(
    tiny: ModuleType, fitted, tmp_path: Path
) -> None:
    everything, few = np.arange(44), np.array([0, 1, 2])
    again = fit(tiny, tmp_path, fewer=(few, everything)).refitted
    assert again.answers.tobytes() == fitted.refitted.answers.tobytes()
    assert all(np.array_equal(array, fitted.refitted.head[name]) for name, array in again.head.items())
    tested, test = fit(tiny, tmp_path / "tested", fewer=(few, everything), learn_from_test=False), tiny.photos(12)
    assert (tested.learns_from_all, len(tested.refitted.answers_of_fewer)) == (False, 2)
    expected = np.asarray(tested.model(np.concatenate([test.batch(0, index)[0] for index in range(len(test))])))
    np.testing.assert_allclose(tested.refitted.answers_of_fewer[1], expected, atol=1e-5)  # with all photos it is the tested head
    assert not np.allclose(tested.refitted.answers_of_fewer[0], expected, atol=1e-2)


@pytest.mark.parametrize("changes", [{"transfer": {"fine_tune_epochs": 1}}, {"optimiser": {"name": "sgd", "ema": 0.9}}])
def test_what_is_more_than_a_head_is_not_trained_again(tiny: ModuleType, tmp_path: Path, changes: dict) -> None:
    assert fit(tiny, tmp_path, recipe=changes).refitted is None


def test_it_learns_in_small_pieces_what_it_learns_at_once(
    tiny: ModuleType, fitted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whosthat.training.refitting._MAX_PIECE_BYTES", 1)
    pieces = fit(tiny, tmp_path)
    np.testing.assert_allclose(pieces.refitted.answers, fitted.refitted.answers, atol=1e-5)


def test_it_learns_as_the_stage_does(tiny: ModuleType, tmp_path: Path) -> None:
    """Trained again on the very photos of the stage, with a schedule, the head ends where the stage's did."""
    from whosthat.networks.registry import backbone_and_head
    from whosthat.training.refitting import Plan

    recipe = tiny.head_recipe({"views": 1}, schedule={"name": "step", "every": 1})
    fitted = tiny.fit(tmp_path, recipe, plan=Plan(np.repeat([0, 1], [44, 20])))
    validation = tiny.parts()[1]
    backbone, head = backbone_and_head(fitted.model)
    features = np.concatenate([np.asarray(backbone(validation.batch(0, index)[0])) for index in range(len(validation))])
    np.testing.assert_allclose(fitted.refitted.answers[44:], np.asarray(head(features)), atol=1e-5)


def test_weights_that_are_no_numbers_are_said(tiny: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from whosthat.training import refitting

    def broken(model, batch_size):
        return lambda *_: model.trainable_variables[0].assign(model.trainable_variables[0] * float("nan"))

    monkeypatch.setattr(refitting, "_steps_of", broken)
    with pytest.raises(TrainingError, match="no longer finite"):
        fit(tiny, tmp_path)
