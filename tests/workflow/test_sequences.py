"""Clips from folder to answer: a network learns which way something moves, is tested, saved, and says from when to when it sees it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whosthat.dataset.split import read_rows
from whosthat.errors import DatasetError, PhotoError, RecipeError, UsageError
from whosthat.photos.reading import read
from whosthat.recognition import load
from whosthat.recognition.bundle import open_bundle
from whosthat.training.recipe import Recipe, default_recipe
from whosthat.types import Image, Sighting
from whosthat.workflow.check import check
from whosthat.workflow.choosing import choose_model
from whosthat.workflow.compare import compare
from whosthat.workflow.evaluate import count_strangers, evaluate
from whosthat.workflow.export import export
from whosthat.workflow.predict import find_photos, predict
from whosthat.workflow.predict_video import predict_video
from whosthat.workflow.sorting import sort_copies
from whosthat.workflow.train import resume, train
from whosthat.workflow.training_run import TrainResult

DrawClip = Callable[..., Path]
FRAMES = 4


def recipe(**changes: Any) -> Recipe:
    settings = {"size": 16, "frames": FRAMES, "epochs": 30, "batch_size": 8, "split": "6:2:2", "optimiser": {"learning_rate": 0.02}}
    return default_recipe("cnn-lstm", **{**settings, "augmentation": {"enabled": False}, "early_stopping": {"enabled": False}, **changes})


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, draw_clip: DrawClip) -> TrainResult:
    """A network of 40 clips a class; each clip of one class is one of the other backwards, and one in five is a video."""
    root = tmp_path_factory.mktemp("sequences")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHOSTHAT_CACHE", str(root / "cache"))
        for seed in range(40):
            for name in ("left", "right"):
                suffix = ".mp4" if seed % 5 == 0 else ""
                draw_clip(root / "clips" / name / f"{seed}{suffix}", seed, left=name == "left")
        return train(root / "clips", recipe(), runs=root / "runs")


def test_a_network_learns_what_the_order_alone_tells(trained: TrainResult) -> None:
    assert trained.evaluation.n == 16
    assert trained.evaluation.closed_set >= 0.9


def test_a_run_holds_its_clips_in_one_part_each(trained: TrainResult) -> None:
    rows = read_rows(trained.run / "split.csv")
    assert len({row["path"] for row in rows}) == len(rows) == 80
    assert sum(row["path"].endswith(".mp4") for row in rows) == 16
    assert json.loads((trained.run / "audit.json").read_text(encoding="utf-8"))["n_clips"] == 80
    report = (trained.run / "report.html").read_text(encoding="utf-8")
    assert "data:image/" in report


def test_a_bundle_knows_how_many_frames_and_how_far_apart(trained: TrainResult) -> None:
    recogniser = load(trained.bundle)
    assert (recogniser.frames, recogniser.every) == (FRAMES, 2)  # 8 frames a clip: (8 - 1) / (4 - 1)
    assert open_bundle(trained.bundle).facts.every == 2


def test_a_folder_of_frames_is_one_sample_and_so_is_each_clip_in_a_folder(
    trained: TrainResult, draw_clip: DrawClip, tmp_path: Path
) -> None:
    draw_clip(tmp_path / "new" / "a", 200)
    draw_clip(tmp_path / "new" / "more" / "b", 201, left=True)
    shutil.copy(tmp_path / "new" / "a" / "1.png", tmp_path / "new" / "photo.png")
    answers = list(predict(trained.bundle, [tmp_path / "new" / "a", tmp_path / "new"], draw=tmp_path / "drawn"))
    assert [answer.path.name for answer in answers] == ["a", "a", "photo.png", "b"]
    assert [answer.sightings[0].name or next(iter(answer.sightings[0].probabilities)) for answer in answers[:2]] == ["right", "right"]
    assert next(iter(answers[3].sightings[0].probabilities)) == "left"
    assert read(answers[0].drawn).shape[1] == 320  # the result picture, of the frame in its middle
    everything = [path.name for path in find_photos([tmp_path / "new"]) if isinstance(path, Path)]
    assert len(everything) == 17  # for a network of photos every frame is one


def test_a_video_is_looked_at_in_windows_and_says_from_when_to_when(trained: TrainResult, draw_clip: DrawClip, tmp_path: Path) -> None:
    video = draw_clip(tmp_path / "film.mp4", 300, then=301)
    recogniser = load(trained.bundle)
    recogniser.threshold = 0.5
    (answer,) = predict(recogniser, video)
    assert (answer.video.every, answer.video.n_frames) == (2, 8)
    assert answer.video.tracks[0].name == "right"
    assert answer.video.tracks[-1].name == "left"
    assert answer.video.tracks[0].start == 0.0
    assert answer.video.tracks[-1].end == pytest.approx(1.4)
    assert answer.video.tracks[0].end == pytest.approx(0.8, abs=0.5)  # 8 frames at 10 a second, then it turns


def test_a_test_photo_is_answered_as_by_evaluate_and_known_clips_are_left_out(
    trained: TrainResult, draw_clip: DrawClip, tmp_path: Path
) -> None:
    for seed in range(400, 404):
        draw_clip(tmp_path / "new" / "left" / f"{seed}.mp4", seed, left=True)
        draw_clip(tmp_path / "new" / "right" / str(seed), seed)
    learnt = next(row for row in read_rows(trained.run / "split.csv") if row["part"] == "train")
    source = trained.run.parents[1] / "clips" / learnt["path"]
    (shutil.copy if source.is_file() else shutil.copytree)(source, tmp_path / "new" / learnt["class"] / source.name)
    judged = evaluate(trained.bundle, tmp_path / "new")
    assert judged.n == 8
    assert judged.closed_set >= 0.75
    strangers = count_strangers(trained.bundle, tmp_path / "new" / "left")
    assert strangers.n >= 4


def test_a_killed_run_goes_on_and_a_bundle_is_exported(trained: TrainResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHOSTHAT_CACHE", str(trained.run.parents[1] / "cache"))
    shutil.copytree(trained.run, tmp_path / "runs" / trained.run.name)
    run = tmp_path / "runs" / trained.run.name
    for name in ("metrics.json", "report.html"):
        (run / name).unlink()
    again = resume(run)
    assert again.evaluation.closed_set == trained.evaluation.closed_set
    assert export(trained.bundle, "onnx", tmp_path / "network.onnx").is_file()


def test_a_folder_of_frames_is_not_copied_when_photos_are_sorted(trained: TrainResult, draw_clip: DrawClip, tmp_path: Path) -> None:
    clip = draw_clip(tmp_path / "new" / "a", 200)
    list(sort_copies(predict(trained.bundle, clip), tmp_path / "sorted"))
    (receipt,) = (tmp_path / "sorted").glob("*.csv")
    assert "not copied: a folder of frames" in receipt.read_text(encoding="utf-8")


def test_a_clip_that_cannot_be_used_is_an_answer_with_its_reason(trained: TrainResult, draw_clip: DrawClip, tmp_path: Path) -> None:
    folder = draw_clip(tmp_path / "damaged", 1)
    (folder / "2.png").write_bytes(b"")
    (answer,) = predict(trained.bundle, folder)
    assert answer.error == "its frame 2.png cannot be read: the file is empty"
    with pytest.raises(PhotoError, match="a clip of one frame"):
        load(trained.bundle).identify(draw_clip(tmp_path / "one.mp4", 2, n_frames=1))


class Counts:
    """Says of each window how bright its first look was."""

    labels, frames, every = ("a",), 4, None

    def __init__(self) -> None:
        self.windows: list[list[int]] = []

    def prepare(self, photo: Image) -> Image:
        return np.repeat(photo[None, :1, :1], 4, axis=0)

    def identify_prepared(self, prepared: Sequence[Image]) -> list[list[Sighting]]:
        self.windows += [[round(int(frame.mean()) / 10) for frame in one] for one in prepared]
        return [[Sighting(str(len(self.windows)), 0.9)] for _ in prepared]


@pytest.mark.parametrize(
    ("n_frames", "windows", "answers"),
    [
        (6, [[0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5]], [("1", 2), ("2", 1), ("3", 3)]),
        (4, [[0, 1, 2, 3]], [("1", 4)]),
        (2, [[0, 0, 1, 1]], [("1", 2)]),
        (1, [[0, 0, 0, 0]], [("1", 1)]),
    ],
)
def test_each_look_is_answered_by_the_window_around_it(
    n_frames: int, windows: list[list[int]], answers: list[tuple[str, int]], tmp_path: Path
) -> None:
    import cv2

    writer = cv2.VideoWriter(str(tmp_path / "film.avi"), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"MJPG"), 10.0, (64, 64))
    for number in range(n_frames):
        writer.write(np.full((64, 64, 3), 10 * number, np.uint8))
    writer.release()
    counts = Counts()
    answer = predict_video(counts, tmp_path / "film.avi", every=1)
    assert counts.windows == windows
    assert [(track.name, track.n_frames) for track in answer.tracks] == answers


def test_clips_are_checked_where_they_are_asked_for(draw_clip: DrawClip, tmp_path: Path) -> None:
    for seed in range(3):
        draw_clip(tmp_path / "clips" / "right" / str(seed), seed)
    found = check(tmp_path / "clips", frames=4)
    assert (found.to_dict()["n_clips"], found.faces) == (3, None)
    assert check(tmp_path / "clips", faces=False).to_dict()["n_photos"] == 24


def test_what_does_not_go_together_is_refused(draw_clip: DrawClip, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match='"crop" cannot be "faces" where "frames" is 4'):
        recipe(crop="faces")
    with pytest.raises(UsageError, match="Some of these models learn from clips and others from photos"):
        compare(tmp_path, [recipe(), default_recipe("cnn6")])
    draw_clip(tmp_path / "clips" / "left" / "only", 1)
    draw_clip(tmp_path / "clips" / "right" / "only", 1, left=True)
    with pytest.raises(DatasetError, match="too few different pictures"):
        train(tmp_path / "clips", recipe(), runs=tmp_path / "runs")


def test_a_network_for_clips_is_chosen_and_mirrors_nothing(tmp_path: Path) -> None:
    assert choose_model(tmp_path, settings={"frames": 8}).model == "cnn-lstm"
    assert not default_recipe("cnn-lstm", frames=8).augmentation.flip
    assert default_recipe("cnn-lstm", frames=8, augmentation={"flip": True}).augmentation.flip
    assert default_recipe("cnn-lstm").augmentation.flip
