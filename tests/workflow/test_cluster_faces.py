"""Faces that a cluster finds are those that threads find, to the bit."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest

import whosthat
from whosthat.cartoons import HEROES, draw_hero
from whosthat.cluster import Cluster
from whosthat.errors import ClusterError, PhotoError, UsageError
from whosthat.photos.drawing import save_image
from whosthat.photos.reading import opened, sha256_of
from whosthat.recognition.bundle import open_bundle
from whosthat.recognition.gallery import FILE
from whosthat.workflow.cluster_faces import _looked_at, _seen
from whosthat.workflow.cluster_predict import load_on
from whosthat.workflow.face_photos import faces_of_photos, open_reader, seen_in_photos
from whosthat.workflow.predict import predict


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three people, six photos each."""
    folder = tmp_path_factory.mktemp("photos") / "people"
    for name in HEROES[:3]:
        (folder / name).mkdir(parents=True)
        for seed in range(6):
            save_image(draw_hero(name, seed, 200), folder / name / f"{seed}.png")
    return folder


@pytest.fixture(scope="module")
def mixed(people: Path) -> Path:
    """Photos, one that cannot be read, and one without a face."""
    folder = people.parent / "mixed"
    folder.mkdir()
    for number, photo in enumerate(sorted(people.rglob("*.png"))[::2]):
        shutil.copy(photo, folder / f"{number}.png")
    (folder / "broken.png").write_bytes((folder / "1.png").read_bytes()[:2000])
    (folder / "empty.jpg").touch()
    return folder


@pytest.fixture(scope="module")
def trained(people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHOSTHAT_CACHE", str(tmp_path_factory.mktemp("cache")))
        return whosthat.train(people, "faces", runs=people.parent / "runs").run


def bits(found: dict[str, object]) -> dict[str, tuple[object, bytes]]:
    return {digest: (one, getattr(one, "vector", getattr(one, "vectors", None)).tobytes()) for digest, one in found.items()}


@pytest.mark.slow
def test_the_same_faces_are_found_to_the_bit(two_cores: Cluster, mixed: Path, tmp_path: Path) -> None:
    photos = {sha256_of(path): path for path in sorted(mixed.iterdir())} | {"0" * 64: mixed / "gone.png"}
    here, there = open_reader("mtcnn").reader, open_reader("mtcnn", cluster=two_cores).reader
    assert here.key == there.key
    found = faces_of_photos(photos, here, file=tmp_path / "here")
    assert len(found) == len(photos) - 3
    assert bits(faces_of_photos(photos, there, file=tmp_path / "there")) == bits(found)
    assert faces_of_photos(photos, here, file=tmp_path / "there") == found  # one remembers for the other
    seen = seen_in_photos(photos, there, what="photos")
    shutil.rmtree(tmp_path / "cache")
    assert bits(seen_in_photos(photos, here, what="photos")) == bits(seen)


@pytest.mark.slow
@pytest.mark.parametrize("remember", [False, True])
def test_the_same_names_are_given(two_cores: Cluster, trained: Path, mixed: Path, remember: bool) -> None:
    here = list(predict(trained, mixed))
    loaded = load_on(two_cores, trained)
    for _again in range(1 + remember):
        assert list(predict(loaded, mixed, remember=remember)) == here
    assert sum(bool(one.error) for one in here) == 2
    assert any(one.sightings for one in here)


@pytest.mark.slow
def test_what_was_remembered_is_not_looked_at_again(
    two_cores: Cluster, trained: Path, mixed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = [one for one in predict(trained, mixed, remember=True) if not one.error]
    loaded = load_on(two_cores, trained)
    sent: list[Path] = []
    in_order = two_cores.in_order

    def counted(work: Callable[..., object], tools: object, items: Iterator[list[Path]], named: Callable[..., str]) -> object:
        return in_order(work, tools, (sent.extend(item) or item for item in items), named)  # type: ignore[func-returns-value]

    monkeypatch.setattr(two_cores, "in_order", counted)
    assert [one for one in predict(loaded, mixed, remember=True) if not one.error] == here
    assert sorted(path.name for path in sent) == ["broken.png", "empty.jpg"]


def workers_may_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell workers where the storage is, as their machines do elsewhere."""
    import ray

    there = {name: os.environ[name] for name in os.environ if name.startswith("AWS_")}
    remote = ray.remote
    monkeypatch.setattr(
        ray, "remote", lambda runtime_env, **more: remote(runtime_env={"env_vars": runtime_env["env_vars"] | there}, **more)
    )


@pytest.mark.slow
def test_the_same_recogniser_is_trained_on_photos_in_storage(
    two_cores: Cluster, bucket: Any, people: Path, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.holds(people, "photos/people")
    workers_may_read(monkeypatch)
    result = whosthat.train("s3://photos/people", "faces", runs=tmp_path / "runs", engine="ray")
    assert open_bundle(result.run).file(FILE) == open_bundle(trained).file(FILE)
    assert bucket.fetched
    times = Counter(Counter(bucket.fetched).values())
    assert times == {2: 15, 3: 3}  # once here, once where its face is found, and of the test once more as predict looks at it


@pytest.mark.slow
def test_workers_fetch_photos_from_storage(
    two_cores: Cluster, bucket: Any, trained: Path, mixed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.holds(mixed, "photos/holiday")
    here = [(one.path.name, one.sightings, one.error) for one in predict(trained, mixed)]
    workers_may_read(monkeypatch)
    answers = list(predict(load_on(two_cores, trained), "s3://photos/holiday", remember=True))
    assert [(one.path.name, one.sightings, one.error) for one in answers] == here
    assert str(answers[0].path) == "s3://photos/holiday/0.png"
    assert Counter(bucket.fetched) == dict.fromkeys(bucket.files, 1)  # by the workers, not here
    bucket.asked.clear()
    assert list(predict(load_on(two_cores, trained), "s3://photos/holiday", remember=True)) == answers
    assert sorted(bucket.fetched) == ["photos/holiday/broken.png", "photos/holiday/empty.jpg"]
    assert len(here) > 5


@pytest.mark.slow
def test_the_same_recogniser_is_trained(two_cores: Cluster, people: Path, trained: Path, tmp_path: Path) -> None:
    result = whosthat.train(people, "faces", runs=tmp_path / "runs", engine="ray")
    assert open_bundle(result.run).file(FILE) == open_bundle(trained).file(FILE)
    there, here = (json.loads((run / "metrics.json").read_text()) for run in (result.run, trained))
    assert there["evaluation"] == here["evaluation"]


@pytest.mark.slow
def test_the_check_says_the_same(two_cores: Cluster, people: Path, tmp_path: Path) -> None:
    there = whosthat.check(people, faces=True, engine="ray").to_dict()
    shutil.rmtree(tmp_path / "cache")
    assert there == whosthat.check(people, faces=True).to_dict()


@pytest.mark.slow
def test_a_loaded_recogniser_looks_on_the_cluster(two_cores: Cluster, trained: Path, mixed: Path) -> None:
    recogniser = whosthat.load(trained, engine="ray")
    assert [one.name for one in recogniser.people.list()] == list(HEROES[:3])
    assert list(predict(recogniser, mixed)) == list(predict(trained, mixed))


@pytest.mark.slow
def test_a_network_is_refused(two_cores: Cluster, save_colours: Callable[..., Path], people: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match='is no face recogniser, and the engine "ray" finds faces alone'):
        load_on(two_cores, save_colours(tmp_path / "bundle"))
    with pytest.raises(UsageError, match='The engine "ray" finds faces alone, and cnn6 is a network'):
        whosthat.train(people, "cnn6", runs=tmp_path, engine="ray")


def test_a_worker_that_does_not_see_the_folder_is_refused(tmp_path: Path) -> None:
    reader = open_reader("mtcnn").reader
    with pytest.raises(ClusterError, match=r"The worker on \S+ does not see .*nowhere\. Keep photos and runs in folders that all machines"):
        _seen([tmp_path / "nowhere" / "photo.jpg"], reader)
    with pytest.raises(ClusterError, match="does not see"):
        _looked_at(lambda photos, reader: [], [("0" * 64, tmp_path / "nowhere" / "photo.jpg")], reader)


def test_a_worker_that_sees_another_file_there_is_refused(people: Path) -> None:
    photo = next(people.rglob("*.png"))
    with pytest.raises(
        ClusterError, match=rf"is another file on \S+ than where the work began \({sha256_of(photo)[:8]} instead of 00000000\)"
    ):
        _looked_at(lambda photos, reader: [], [("0" * 64, photo)], open_reader("mtcnn").reader)


def test_a_photo_that_cannot_be_read_comes_back_as_its_error(mixed: Path) -> None:
    error, (digest, seen) = _seen([mixed / "empty.jpg", mixed / "1.png"], open_reader("mtcnn").reader)  # type: ignore[misc]
    assert isinstance(error, PhotoError)
    assert error.reason == "the file is empty"
    assert digest == sha256_of(mixed / "1.png")
    assert len(seen.faces) == len(seen.vectors)


def test_a_worker_reads_a_large_jpeg_as_this_computer_does(tmp_path: Path) -> None:
    hero = cv2.resize(draw_hero(HEROES[1], 0, 200), None, fx=35, fy=35, interpolation=cv2.INTER_CUBIC)
    photo = tmp_path / "large.jpg"
    save_image(hero, photo)
    reader = open_reader("mtcnn").reader
    assert _seen([photo], reader) == [(sha256_of(photo), reader.see([reader.cut_file(photo)])[0])]
    with opened(photo) as whole:
        assert reader.see([reader.cut(whole.image)]) != reader.see([reader.cut_file(photo)])  # or this test would prove nothing


@pytest.mark.slow
def test_the_same_groups_are_discovered_to_the_bit(two_cores: Cluster, mixed: Path, tmp_path: Path) -> None:
    there = whosthat.discover(mixed, engine="ray")
    shutil.rmtree(tmp_path / "cache")
    here = whosthat.discover(mixed)
    assert there.to_dict() == here.to_dict()
    assert [face.vector.tobytes() for face in there.faces] == [face.vector.tobytes() for face in here.faces]
    assert len(here.faces) > 5
    assert len(here.unreadable) == 2
