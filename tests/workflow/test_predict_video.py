"""Videos: from frames to people with their times."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from whosthat.errors import PhotoError, UsageError
from whosthat.faces import finding
from whosthat.photos.reading import read
from whosthat.photos.video import open_video
from whosthat.photos.video_writing import VideoWriter, find_ffmpeg
from whosthat.recognition.tracking import Span
from whosthat.types import Box, Image, Sighting
from whosthat.workflow.face_photos import open_reader
from whosthat.workflow.predict import predict
from whosthat.workflow.predict_video import predict_video
from whosthat.workflow.prediction import CSV_COLUMNS, Prediction, csv_rows, to_dict

RATE = 10.0


class FindsSquares:
    """Finds a red square and calls it Ann, and a blue one, a stranger; every third look at Ann is too blurred to name her."""

    labels, frames, every = ("Ann", "Bo"), 1, None

    def __init__(self) -> None:
        self.lock, self.waiting, self.most, self.looks = threading.Lock(), 0, 0, 0

    def prepare(self, photo: Any) -> list[tuple[str | None, Box]]:
        with self.lock:
            self.waiting += 1
            self.most = max(self.most, self.waiting)
        image = photo if isinstance(photo, np.ndarray) else read(photo)
        return [(name, box) for name, channel in (("Ann", 0), (None, 2)) if (box := self.square(image, channel)) is not None]

    @staticmethod
    def square(image: Image, channel: int) -> Box | None:
        rows, columns = np.nonzero(image[:, :, channel].astype(int) - image[:, :, 1] > 128)
        return Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) if len(rows) > 40 else None

    def identify_prepared(self, prepared: Any) -> list[list[Sighting]]:
        self.waiting -= len(prepared)
        return [[self.answer(name, box) for name, box in one] for one in prepared]

    def answer(self, name: str | None, box: Box) -> Sighting:
        self.looks += name is not None
        return Sighting(name, 0.9, box=box) if name is not None and self.looks % 3 else Sighting(None, 0.4, box=box)

    def identify(self, photo: Any) -> list[Sighting]:
        return self.identify_prepared([self.prepare(photo)])[0]


def film(path: Path, n_frames: int = 40) -> Path:
    """A red square moves right through the first half; a blue one stands still below; from 2 s on the red one is gone."""
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"mp4v"), RATE, (160, 120))
    for number in range(n_frames):
        frame = np.full((120, 160, 3), 128, np.uint8)
        frame[80:110, 100:130] = (255, 0, 0)
        if number < 20:
            frame[10:40, 4 + 4 * number : 34 + 4 * number] = (0, 0, 255)
        writer.write(frame)
    writer.release()
    return path


def test_faces_are_followed_named_and_timed(tmp_path: Path) -> None:
    answer = predict_video(FindsSquares(), film(tmp_path / "film.mp4"), every=2)
    assert [(track.name, track.n_frames) for track in answer.tracks] == [("Ann", 10), (None, 20)]
    assert answer.people == {"Ann": (Span(0.0, pytest.approx(1.8)),)}
    assert (answer.n_frames, answer.seconds, answer.problem) == (20, pytest.approx(3.8), "")


def test_what_was_seen_until_it_was_stopped_is_the_answer(tmp_path: Path) -> None:
    answer = predict_video(FindsSquares(), film(tmp_path / "film.mp4"), every=2, stops=lambda: True)
    assert (answer.n_frames, [track.name for track in answer.tracks]) == (1, ["Ann", None])


def test_memory_does_not_grow_with_the_video(tmp_path: Path) -> None:
    recogniser = FindsSquares()
    predict_video(recogniser, film(tmp_path / "film.mp4"), every=1)
    assert recogniser.most <= 8


def test_a_picture_shows_each_track_with_the_voted_names(tmp_path: Path) -> None:
    drawn = predict_video(FindsSquares(), film(tmp_path / "ünï.mp4"), every=5, draw=tmp_path).drawn
    assert len(drawn) == len(set(drawn)) > 0
    assert all(path.name.startswith("ünï 0.0") and path.suffix == ".jpg" for path in drawn)
    assert all(read(path).shape == (120, 160, 3) for path in drawn)


def drawn_film(folder: Path, source: Path, **more: Any) -> Any:
    if find_ffmpeg() is None:
        pytest.skip("FFmpeg is not installed")
    (folder / "drawn").mkdir(exist_ok=True)
    return predict_video(FindsSquares(), source, draw=folder / "drawn", **more)


def test_the_video_is_drawn_with_boxes_that_follow_between_looks(tmp_path: Path) -> None:
    answer = drawn_film(tmp_path, film(tmp_path / "film.mp4"), every=5)
    assert (answer.annotated, answer.problem) == (tmp_path / "drawn" / "film.mp4", "")
    with open_video(answer.annotated) as video:
        frames = [frame.image for frame in video.frames()]
    assert len(frames) == 40
    for number in (0, 3, 8):  # 3 and 8 lie between looks: a line runs down at the square's left side, which moves by 4 pixels a frame
        line = frames[number][15:35, 4 + 4 * number].astype(int)
        assert np.abs(line - (250, 0, 0)).max(axis=1).mean() > 60
    assert to_dict(Prediction(tmp_path / "film.mp4", video=answer))["video"]["annotated"] == str(answer.annotated)


def test_a_drawn_video_replaces_its_own_copy_and_nothing_else(tmp_path: Path) -> None:
    source = film(tmp_path / "film.mp4", 10)
    first = drawn_film(tmp_path, source).annotated
    assert drawn_film(tmp_path, source).annotated == first
    assert stat.S_IMODE(first.stat().st_mode) == 0o600 or os.name == "nt"
    with first.open("r+b") as file:
        file.seek(200)
        file.write(b"edited")
    assert drawn_film(tmp_path, source).annotated == first.with_name("film-2.mp4")
    assert drawn_film(tmp_path, source).annotated == first.with_name("film-2.mp4")
    assert not list((tmp_path / "drawn").glob(".new-*"))


def test_a_drawn_video_that_is_not_finished_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, written = film(tmp_path / "film.mp4"), VideoWriter.write

    def stopped(self: VideoWriter, image: Image, seconds: float) -> None:
        if seconds > 1:
            raise KeyboardInterrupt
        written(self, image, seconds)

    monkeypatch.setattr(VideoWriter, "write", stopped)
    with pytest.raises(KeyboardInterrupt):
        drawn_film(tmp_path, source)
    assert not [path for path in (tmp_path / "drawn").iterdir() if path.suffix != ".jpg"]


def test_what_a_killed_drawing_left_is_deleted_when_it_is_old_and_nothing_of_others(tmp_path: Path) -> None:
    (tmp_path / "drawn").mkdir()
    old, young, mine = (tmp_path / "drawn" / name for name in (".new-aaaaaaaaaaaa", ".new-bbbbbbbbbbbb", ".new-ideas"))
    for left, age in ((old, 4000), (young, 100), (mine, 4000)):
        left.write_bytes(b"half")
        os.utime(left, (time.time() - age,) * 2)
    drawn_film(tmp_path, film(tmp_path / "film.mp4", 10))
    assert (old.exists(), young.exists(), mine.exists()) == (False, True, True)


def test_where_ffmpeg_fails_the_answer_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(self: VideoWriter, image: Image, seconds: float) -> None:
        raise PhotoError(None, "FFmpeg failed: {reason}", reason="no room")

    monkeypatch.setattr(VideoWriter, "write", failing)
    answer = drawn_film(tmp_path, film(tmp_path / "film.mp4"))
    assert set(answer.people) == {"Ann"}
    assert (answer.annotated, answer.problem) == (None, "it could not be drawn: FFmpeg failed: no room")


def test_pictures_alone_where_wanted(tmp_path: Path) -> None:
    answer = drawn_film(tmp_path, film(tmp_path / "film.mp4", 10), whole=False)
    assert (answer.annotated, answer.problem) == (None, "")
    assert {path.suffix for path in (tmp_path / "drawn").iterdir()} == {".jpg"}


def test_without_ffmpeg_there_are_pictures_and_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: Any) -> None:
    monkeypatch.setattr("whosthat.workflow.annotating.find_ffmpeg", lambda: None)
    films = [film(tmp_path / name, 10) for name in ("one.mp4", "two.mp4")]
    answers = list(predict(FindsSquares(), films, draw=tmp_path / "drawn", progress=heard))
    assert [answer.video.annotated for answer in answers] == [None, None]
    assert all(answer.video.drawn for answer in answers)
    assert [sentence for sentence in heard.said if "apt install ffmpeg" in sentence] == heard.said[:1]


def test_a_recogniser_of_whole_photos_gives_runs(tmp_path: Path, save_colours: Callable[..., Path]) -> None:
    writer = cv2.VideoWriter(str(tmp_path / "film.avi"), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"MJPG"), RATE, (32, 32))
    for bgr in [(0, 0, 255)] * 10 + [(255, 0, 0)] * 10:
        writer.write(np.full((32, 32, 3), bgr, np.uint8))
    writer.release()
    (prediction,) = predict(save_colours(tmp_path / "bundle"), [tmp_path / "film.avi"], every=3)
    assert prediction.names == ("red", "blue")
    assert [(track.name, track.start, track.end) for track in prediction.video.tracks] == [
        ("red", 0, pytest.approx(0.9)),
        ("blue", pytest.approx(1.2), pytest.approx(1.8)),
    ]


def test_photos_and_videos_are_answered_in_one_go(tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"\0\0\0\x20ftypisom")
    paths = [film(tmp_path / "film.mp4"), tmp_path / "broken.mp4", tmp_path / "gone.jpg"]
    told: list[tuple[Any, ...]] = []

    class Progress:
        def say(self, sentence: str) -> None: ...

        def step(self, *what: Any) -> None:
            told.append(what)

    one, two, three = predict(FindsSquares(), paths, every=10, progress=Progress())
    assert one.names == ("Ann", None)
    assert "damaged, cut off" in two.error
    assert three.error
    assert told == [("frames of film.mp4 looked at", done, 4) for done in (1, 2, 3, 4)]


def test_rows_and_json_hold_tracks_and_spans(tmp_path: Path) -> None:
    (prediction,) = predict(FindsSquares(), [film(tmp_path / "film.mp4")], every=2)
    rows = csv_rows(prediction)
    assert all(tuple(row) == CSV_COLUMNS for row in rows)
    assert [(row["name"], row["start"], row["end"], row["frames"]) for row in rows] == [
        ("Ann", "0.00", "1.80", "10"),
        ("unknown", "0.00", "3.80", "20"),
    ]
    document = to_dict(prediction)
    assert document["video"]["people"] == [{"name": "Ann", "spans": [{"start": 0, "end": pytest.approx(1.8)}]}]
    assert [track["frames"] for track in document["video"]["tracks"]] == [10, 20]
    assert document["video"]["tracks"][1]["box"]["top"] == pytest.approx(80, abs=2)
    assert (document["sightings"], document["error"]) == ([], None)


def test_what_cannot_be_read_whole_is_a_problem_but_no_error(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 64, 64, 3), np.uint8)
    writer = cv2.VideoWriter(str(tmp_path / "f.mkv"), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"mp4v"), RATE, (64, 64))
    for frame in noise:
        writer.write(frame)
    writer.release()
    content = (tmp_path / "f.mkv").read_bytes()
    (tmp_path / "f.mkv").write_bytes(content[: len(content) // 2])
    (prediction,) = predict(FindsSquares(), [tmp_path / "f.mkv"])
    assert prediction.error == ""
    assert prediction.problem.startswith("the file is cut off or damaged: only")
    assert csv_rows(prediction)[0]["error"] == to_dict(prediction)["error"] == prediction.problem


@pytest.mark.parametrize("most", [2, 3])
def test_a_frame_with_more_faces_than_are_taken_is_told(most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MOST_FACES", most)
    answers = [predict_video(FindsSquares(), film(tmp_path / "film.mp4"), draw=drawn, whole=False) for drawn in (None, tmp_path)]
    assert [answer.problem for answer in answers] == [finding.crowd_words(2)] * 2
    assert bool(answers[0].problem) == (most == 2)


def test_every_0_frames_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="must be 1 or more; it is 0"):
        predict(FindsSquares(), [], every=0)
    with pytest.raises(PhotoError, match="not found"):
        predict_video(FindsSquares(), tmp_path / "gone.mp4")


class KnowsNobody:
    """Finds and embeds faces as a face recogniser does, and knows nobody."""

    labels, frames, every = (), 1, None

    def __init__(self) -> None:
        self.reader = open_reader("mtcnn", "dlib-resnet").reader

    def prepare(self, photo: Image) -> Any:
        return self.reader.cut(photo)

    def identify_prepared(self, prepared: Any) -> list[list[Sighting]]:
        return [
            [Sighting(None, 0.0, box=face.box, embedding=vector, face=face) for face, vector in zip(seen.faces, seen.vectors, strict=True)]
            for seen in self.reader.see(prepared)
        ]


@pytest.mark.real
def test_strangers_of_the_real_clip_are_told_apart(real_data: Path) -> None:
    """The singer is seen from afar until 0.5 s, and alone from 2.8 s on; nobody else of the clip gets his number."""
    tracks = predict_video(KnowsNobody(), real_data / "video" / "short_clip.mp4", every=5).tracks
    near = max(tracks, key=lambda track: track.end - track.start)
    afar = max((track for track in tracks if track.start == 0), key=lambda track: track.boxes[track.best_frame].left)
    assert near.stranger == afar.stranger > 0
    assert [track for track in tracks if track.stranger == near.stranger] == [afar, near]
    audience = [track.stranger for track in tracks if track.start > 7.1 and track.end > 8.9]
    assert len(audience) == len(set(audience)) >= 3
    assert 0 not in audience


@pytest.mark.real
def test_faces_of_the_real_clip_are_followed_within_their_scenes(real_data: Path) -> None:
    """A concert: the singer alone from 2.7 to 7.0 s, then four people of the audience side by side, seen from the side."""
    answer = predict_video(KnowsNobody(), real_data / "video" / "short_clip.mp4", every=10)
    assert answer.people == {}
    singer = max(answer.tracks, key=lambda track: track.end - track.start)
    assert (singer.start, singer.end) == (pytest.approx(2.8, abs=0.4), pytest.approx(7.0, abs=0.4))
    audience = [track for track in answer.tracks if track.start > 7.1 and track.end > 8.9]
    assert len(audience) >= 3
    assert not any(track.start < 7.0 and track.end > 7.1 for track in answer.tracks)
