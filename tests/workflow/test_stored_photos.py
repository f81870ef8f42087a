"""Training, checking, testing and grouping photos in storage gives what the same photos give in a folder, and fetches each once."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from whosthat.cartoons import HEROES, draw_hero
from whosthat.cli.app import main
from whosthat.errors import DatasetError, TrainingInterruptedError, UsageError
from whosthat.evaluation.check_page import SAMPLES
from whosthat.evaluation.face_part import read_face_part
from whosthat.photos.drawing import save_image
from whosthat.photos.storage import StoredPhoto
from whosthat.progress import Silent
from whosthat.recognition.bundle import WEIGHTS, open_bundle
from whosthat.recognition.gallery import FILE
from whosthat.training.recipe import default_recipe
from whosthat.types import Sighting
from whosthat.workflow.check import check
from whosthat.workflow.compare import compare
from whosthat.workflow.discover import discover
from whosthat.workflow.evaluate import count_strangers, evaluate
from whosthat.workflow.forgetting import photos_in_run
from whosthat.workflow.people import add_person
from whosthat.workflow.predict import predict
from whosthat.workflow.prediction import Prediction
from whosthat.workflow.setting_aside import moves_of, plan_moves
from whosthat.workflow.sorting import sort_copies
from whosthat.workflow.train import resume, train

ADDRESS = "s3://photos/heroes"


@pytest.fixture
def heroes(bucket: Any, tmp_path: Path) -> Path:
    """Photos of three people, in a folder and in storage; of a fourth, in storage as strangers."""
    folder = tmp_path / "heroes"
    for name in HEROES[:3]:
        (folder / name).mkdir(parents=True)
        for seed in range(6):
            save_image(draw_hero(name, seed, 200), folder / name / f"{seed}.png")
    (tmp_path / "others" / HEROES[3]).mkdir(parents=True)
    for seed in range(4):
        save_image(draw_hero(HEROES[3], seed, 200), tmp_path / "others" / HEROES[3] / f"{seed}.png")
    bucket.holds(folder, "photos/heroes")
    bucket.holds(tmp_path / "others", "photos/others")
    return folder


@pytest.fixture
def another_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], None]:
    return lambda: monkeypatch.setenv("WHOSTHAT_CACHE", str(tmp_path / "another cache"))


class StoppedInTheSecondEpoch(Silent):
    def step(self, what: str, done: int, total: int, note: str = "") -> None:
        if what == "epoch 2 of 3":
            signal.raise_signal(signal.SIGINT)


def figures_of(run: Path) -> Any:
    return json.loads((run / "metrics.json").read_bytes())["evaluation"]


def each_once(bucket: Any, folder: str = "photos/heroes") -> bool:
    return Counter(bucket.fetched) == Counter(name for name in bucket.files if name.startswith(f"{folder}/"))


def test_faces_are_learnt_as_in_a_folder_and_each_photo_is_fetched_once(
    heroes: Path, bucket: Any, tmp_path: Path, another_cache: Callable[[], None]
) -> None:
    here = train(heroes, "faces", runs=tmp_path / "here", strangers=tmp_path / "others")
    another_cache()
    there = train(ADDRESS, "faces", runs=tmp_path / "there", strangers="s3://photos/others")
    assert open_bundle(there.run).file(FILE) == open_bundle(here.run).file(FILE)
    assert figures_of(there.run) == figures_of(here.run)
    assert open_bundle(there.run).facts.threshold == open_bundle(here.run).facts.threshold
    assert there.run.name == here.run.name == "heroes-faces-1"
    assert json.loads((there.run / "environment.json").read_bytes())["photos"] == ADDRESS
    assert each_once(bucket, "photos")
    assert not [file for file in (tmp_path / "another cache").rglob("*") if file.is_file() and not file.name.startswith("photos.sqlite")]


def test_a_second_training_fetches_what_its_report_shows(heroes: Path, bucket: Any, tmp_path: Path) -> None:
    train(ADDRESS, "faces", runs=tmp_path / "runs")
    bucket.asked.clear()
    run = train(ADDRESS, "faces", runs=tmp_path / "runs").run
    shown = {answer["path"] for answer in figures_of(run)["answers"]}
    assert sorted(bucket.fetched) == sorted(f"photos/heroes/{name}" for name in read_face_part(run).suspected | shown)


def test_a_report_lacks_the_photos_that_cannot_be_fetched_any_more(heroes: Path, bucket: Any, tmp_path: Path) -> None:
    train(ADDRESS, "faces", runs=tmp_path / "runs")
    bucket.bad = dict.fromkeys(bucket.files, "error")
    run = train(ADDRESS, "faces", runs=tmp_path / "runs").run
    assert (run / "report.html").exists()
    assert json.loads((run / "plots" / "photos.json").read_bytes()) == {}


def test_a_check_says_the_same_and_its_second_look_fetches_nothing(
    heroes: Path, bucket: Any, tmp_path: Path, another_cache: Callable[[], None]
) -> None:
    here = check(heroes, faces=True).to_dict()
    another_cache()
    there = check(ADDRESS, faces=True).to_dict()
    assert (here.pop("root"), there.pop("root")) == (str(heroes), ADDRESS)
    assert there == here
    assert each_once(bucket)
    for _look in ("first", "second"):
        bucket.asked.clear()
        check(ADDRESS)
    assert bucket.fetched == []
    check(ADDRESS, page=tmp_path / "check.html")
    assert (tmp_path / "check.html").read_text().count("data:image/jpeg") == 3 * SAMPLES


@pytest.mark.usefixtures("two_threads")
def test_a_network_learns_the_same_and_goes_on_where_it_was_stopped(
    bucket: Any, draw_colours: Callable[..., Path], tmp_path: Path, another_cache: Callable[[], None]
) -> None:
    recipe = default_recipe("custom", size=12, epochs=3, batch_size=4, network={"blocks": "flatten, dense 4"})
    bucket.holds(draw_colours(tmp_path / "colours", each=10), "photos/colours")
    here = train(tmp_path / "colours", recipe, runs=tmp_path / "here")
    another_cache()
    with pytest.raises(TrainingInterruptedError):
        train("s3://photos/colours", recipe, runs=tmp_path / "there", progress=StoppedInTheSecondEpoch())
    assert each_once(bucket, "photos/colours")
    bucket.asked.clear()
    there = resume(tmp_path / "there" / "latest")
    assert len(bucket.fetched) == figures_of(here.run)["n"]
    assert open_bundle(there.run).file(WEIGHTS) == open_bundle(here.run).file(WEIGHTS)
    assert figures_of(there.run) == figures_of(here.run)


def test_photos_that_were_never_seen_test_a_recogniser(
    heroes: Path, bucket: Any, tmp_path: Path, another_cache: Callable[[], None]
) -> None:
    run = train(heroes, "faces", runs=tmp_path / "runs", keep_test_out=True).run
    here, strangers = evaluate(run, heroes), count_strangers(run, tmp_path / "others")
    another_cache()
    assert evaluate(run, ADDRESS) == here
    assert each_once(bucket)
    assert count_strangers(run, Path("s3://photos/others")) == strangers
    assert each_once(bucket, "photos")
    bucket.asked.clear()
    assert (evaluate(run, ADDRESS), count_strangers(run, Path("s3://photos/others"))) == (here, strangers)
    assert bucket.fetched == []


def test_names_are_given_again_without_fetching_what_is_unchanged(heroes: Path, bucket: Any, tmp_path: Path) -> None:
    run = train(heroes, "faces", runs=tmp_path / "runs").run
    first = list(predict(run, ADDRESS, remember=True))
    assert [one.sightings for one in first] == [one.sightings for one in predict(run, heroes)]
    assert each_once(bucket)
    changed = min(bucket.files)
    bucket.files[changed] = bucket.files["photos/others/" + f"{HEROES[3]}/0.png"]
    bucket.asked.clear()
    assert [one.sightings for one in predict(run, ADDRESS, remember=True)][1:] == [one.sightings for one in first][1:]
    assert bucket.fetched == [changed]
    bucket.asked.clear()
    assert len(list(predict(run, f"s3://{changed}", remember=True))) == 1
    assert bucket.fetched == [changed]


def test_people_in_storage_are_grouped(heroes: Path, bucket: Any, another_cache: Callable[[], None]) -> None:
    def told(found: Any, root: str) -> str:
        return json.dumps(found.to_dict()).replace(root, "")

    here = discover(heroes)
    another_cache()
    for _look in ("first", "second"):
        assert told(discover([ADDRESS]), ADDRESS) == told(here, str(heroes))
    assert each_once(bucket)


def test_copies_of_photos_in_storage_are_sorted(heroes: Path, bucket: Any, tmp_path: Path) -> None:
    names = [f"{HEROES[0]}/0.png", f"{HEROES[1]}/0.png", f"{HEROES[0]}/gone.png"]
    found = [Prediction(StoredPhoto(f"{ADDRESS}/{name}"), (Sighting(name.split("/")[0], 0.9),)) for name in names]
    for _again in range(2):
        bucket.asked.clear()
        list(sort_copies(found, tmp_path / "sorted"))
        assert sorted(bucket.fetched) == sorted(f"photos/heroes/{name}" for name in names)
    copies = {path.relative_to(tmp_path / "sorted").as_posix(): path.read_bytes() for path in (tmp_path / "sorted").rglob("*.png")}
    assert copies == {name: (heroes / name).read_bytes() for name in names[:2]}
    (first, *_later) = sorted((tmp_path / "sorted").glob("*.csv"))
    assert "gone.png" in first.read_text()
    assert "not copied: the file can no longer be read" in first.read_text()


def test_models_are_compared(heroes: Path, bucket: Any, tmp_path: Path) -> None:
    networks = [default_recipe("custom", size=12, epochs=1, network={"blocks": blocks}) for blocks in ("flatten, dense 4",)]
    result = compare(ADDRESS, ["faces", *networks], runs=tmp_path / "runs")
    assert {one.model for one in result.comparison.contestants} == {"faces", "custom"}
    assert each_once(bucket)


def test_nothing_is_moved_in_storage(heroes: Path, bucket: Any, capsys: pytest.CaptureFixture[str]) -> None:
    bucket.files["photos/heroes/night_baker/broken.png"] = bucket.files[next(iter(bucket.files))][:900]
    with pytest.raises(UsageError, match=f"Nothing is moved in storage, and {ADDRESS} is there"):
        plan_moves(check(ADDRESS))
    with pytest.raises(UsageError, match="Nothing is moved in storage"):
        moves_of({}, Path(ADDRESS))
    assert main(["check", ADDRESS, "--fix", "--yes"]) == 2
    assert "Nothing is moved in storage" in capsys.readouterr().err


def test_a_removed_persons_photos_in_storage_are_known(heroes: Path, tmp_path: Path) -> None:
    run = train(ADDRESS, "faces", runs=tmp_path / "runs").run
    name = HEROES[0]
    assert {photo.split("/")[0] for photo in photos_in_run(run, name, ())} == {name}


def test_somebody_is_enrolled_from_storage(heroes: Path, tmp_path: Path) -> None:
    galleries = []
    for place in (str(tmp_path / "others"), "s3://photos/others"):
        run = train(heroes, "faces", runs=tmp_path / "runs").run
        add_person(run, "somebody", place, anyway=True)
        galleries.append(open_bundle(run).file(FILE))
    assert galleries[0] == galleries[1]


def test_storage_that_is_away_is_said_before_anything_is_begun(heroes: Path, bucket: Any, tmp_path: Path) -> None:
    bucket.refuses = True
    with pytest.raises(DatasetError, match=f"{ADDRESS} cannot be listed: Access Denied"):
        train(ADDRESS, "faces", runs=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
