"""A test is honest: only photos that the recogniser has not learnt from, judged by the bundle's own labels."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whosthat.errors import DatasetError
from whosthat.evaluation.outcomes import answer_of
from whosthat.photos.drawing import save_image
from whosthat.recognition.bundle import DataFacts
from whosthat.training.recipe import default_recipe
from whosthat.workflow.evaluate import count_strangers, evaluate
from whosthat.workflow.predict import predict
from whosthat.workflow.train import train

COLOURS = dict(zip(("red", "green", "blue"), np.eye(3, dtype=np.uint8) * 255, strict=True))


def save_photo(path: Path, colour: str, width: int = 9) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_image(np.full((12, width, 3), COLOURS[colour], np.uint8), path)
    return path


def test_figures_follow_the_bundles_labels_whatever_the_folders_order(bundle: Path, tmp_path: Path, heard: Any) -> None:
    for colour in COLOURS:
        save_photo(tmp_path / "photos" / colour / "1.png", colour)
    save_photo(tmp_path / "photos" / "green" / "wrong.png", "blue")
    evaluation = evaluate(bundle, tmp_path / "photos", progress=heard)
    assert evaluation.labels == ("red", "green", "blue")
    assert (evaluation.n, evaluation.accuracy) == (4, 0.75)
    assert [(answer.path, answer.truth, answer.predicted) for answer in evaluation.mistakes] == [("green/wrong.png", "green", "blue")]
    assert heard.steps[-1] == ("photos tested", 4, 4)


def test_classes_may_be_missing(bundle: Path, tmp_path: Path) -> None:
    for number in range(20):
        save_photo(tmp_path / "photos" / "blue" / f"{number}.png", "blue")
    evaluation = evaluate(bundle, tmp_path / "photos")
    assert (evaluation.n, evaluation.accuracy) == (20, 1.0)


def test_a_class_that_the_bundle_does_not_know_is_named(bundle: Path, tmp_path: Path) -> None:
    for folder in ("red", "gren"):
        save_photo(tmp_path / "photos" / folder / "1.png", "red")
    with pytest.raises(DatasetError, match=r"does not know 'gren'.*Did you mean \"green\""):
        evaluate(bundle, tmp_path / "photos")


def test_photos_that_shaped_the_recogniser_are_left_out_and_said(tmp_path: Path, save_colours: Callable[..., Path], heard: Any) -> None:
    parts = ("train", "validation", "test", "new")
    photos = {part: save_photo(tmp_path / "photos" / "red" / f"{part}.png", "red", 10 + number) for number, part in enumerate(parts)}
    (tmp_path / "photos" / "red" / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    digests = {part: [hashlib.sha256(photos[part].read_bytes()).hexdigest()] for part in parts[:3]}
    bundle = save_colours(tmp_path / "bundle", data=DataFacts.of("photos", digests))
    evaluation = evaluate(bundle, tmp_path / "photos", progress=heard)
    assert [answer.path for answer in evaluation.answers] == ["red/new.png", "red/test.png"]
    reasons = [re.split(r"\.\w+: ", sentence, maxsplit=1)[1] for sentence in heard.said]
    assert sorted(reasons)[1:] == ["the recogniser knows it as a training photo.", "the recogniser knows it as a validation photo."]
    assert sorted(reasons)[0].startswith("a damaged JPEG file")


def test_a_folder_of_training_photos_alone_proves_nothing(tmp_path: Path, save_colours: Callable[..., Path], heard: Any) -> None:
    photo = save_photo(tmp_path / "photos" / "red" / "1.png", "red")
    data = DataFacts.of("photos", {"train": [hashlib.sha256(photo.read_bytes()).hexdigest()]})
    with pytest.raises(DatasetError, match=r"1 photo left out of the test, such as .*1\.png: the recogniser knows it as a") as refusal:
        evaluate(save_colours(tmp_path / "bundle", data=data), tmp_path / "photos", progress=heard)
    assert heard.said == []
    assert str(refusal.value).count(": ") == 1


def test_strangers_are_counted_as_predict_answers_and_known_photos_are_none(tmp_path: Path, save_colours: Callable[..., Path]) -> None:
    known = save_photo(tmp_path / "strangers" / "zoe" / "known.png", "red")
    save_photo(tmp_path / "strangers" / "zoe" / "named.png", "blue", 10)
    (tmp_path / "strangers" / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    data = DataFacts.of("photos", {"train": [hashlib.sha256(known.read_bytes()).hexdigest()]})
    bundle = save_colours(tmp_path / "bundle", data=data)
    counted = count_strangers(bundle, tmp_path / "strangers")
    assert (counted.n, counted.named, counted.share) == (1, 1, 1.0)
    shutil.rmtree(tmp_path / "strangers" / "zoe")
    with pytest.raises(DatasetError, match="each is damaged, or the recogniser knows it"):
        count_strangers(bundle, tmp_path / "strangers")


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize(("photos", "model"), [("avengers", "faces"), ("cats_dogs", "efficientnet-lite0")])
def test_training_evaluating_and_predicting_give_each_photo_the_same_outcome(
    real_data: Path, tmp_path: Path, photos: str, model: str
) -> None:
    recipe = default_recipe(model, pictures_per_class=60, split="5:1:4", keep_test_out=True)
    trained = train(real_data / photos, recipe, runs=tmp_path / "runs")
    expected = {answer.path: (answer.outcome, answer.predicted) for answer in trained.evaluation.answers}
    for name in expected:
        (tmp_path / "test" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(real_data / photos / name, tmp_path / "test" / name)
    evaluated = evaluate(trained.run, tmp_path / "test")
    assert {answer.path: (answer.outcome, answer.predicted) for answer in evaluated.answers} == expected
    predicted = {}
    for prediction in predict(trained.run, [tmp_path / "test"]):
        name = prediction.path.relative_to(tmp_path / "test").as_posix()
        answer = answer_of(0, name, name.split("/")[0], prediction.sightings, evaluated.labels)
        predicted[name] = answer.outcome, answer.predicted
    assert predicted == expected
    assert len({outcome for outcome, _ in expected.values()}) > 1
