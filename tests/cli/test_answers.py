"""How answers read in the terminal."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from whosthat.cli.answers import show_predictions
from whosthat.recognition.tracking import Track
from whosthat.types import Box, Sighting
from whosthat.workflow.predict_video import VideoAnswer
from whosthat.workflow.prediction import Prediction

BOX = Box(0, 0, 9, 9)


def known(name: str, confidence: float = 0.97, second: float = 0.0) -> Sighting:
    return Sighting(name, confidence, "Zoe", second, BOX, {name: confidence, "Zoe": second})


def stranger(share: float = 0.001, *, better: str | None = None) -> Sighting:
    return Sighting(None, share, None, 0.0, BOX, {"Al": share}, given_to_better=better)


def shown(capsys: pytest.CaptureFixture[str], *sightings: Sighting) -> str:
    show_predictions([Prediction(Path("a.jpg"), sightings)])
    return capsys.readouterr().out.removeprefix("a.jpg: ").rstrip("\n")


@pytest.mark.parametrize(
    ("sightings", "text"),
    [
        ((), "no face"),
        ((stranger(),), "1 face, unknown"),
        ((stranger(),) * 8, "8 faces, none known"),
        ((stranger(), known("Bo", 0.8), known("Cy"), stranger()), "Bo 80 %, Cy 97 %, 2 unknown"),
        ((known("Bo", 1.0, 0.00001),), "Bo > 99 %"),
        ((known("Bo", 0.7, 0.2),), "Bo 70 % (or Zoe 20 %)"),
        ((stranger(0.74), stranger()), "2 faces, none known (perhaps Al 74 %)"),
        ((Sighting(None, 0.6, "Bo", 0.35, BOX, {"Al": 0.6, "Bo": 0.35}),), "1 face, unknown (perhaps Al 60 % or Bo 35 %)"),
        ((known("Al"), stranger(0.99, better="Al")), "Al 97 %, 1 unknown (one also looks like Al)"),
    ],
)
def test_a_photo_takes_one_line(sightings: tuple[Sighting, ...], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, *sightings) == text


def test_the_answer_for_a_whole_photo_speaks_of_no_face(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, Sighting(None, 0.5, probabilities={"cat": 0.5})) == "unknown (perhaps cat 50 %)"
    assert shown(capsys, Sighting(None, 0.994, probabilities={"cat": 0.994})) == "unknown (perhaps cat)"
    assert shown(capsys, Sighting("cat", 0.9, probabilities={"cat": 0.9})) == "cat 90 %"


def test_several_photos_end_with_counts(capsys: pytest.CaptureFixture[str]) -> None:
    answers = [(known("Bo"), stranger()), (known("Bo"), known("Al")), (), (stranger(),)]
    failed = Prediction(Path("e.jpg"), error="the file is empty")
    show_predictions([*(Prediction(Path("a.jpg"), sightings) for sightings in answers), failed])
    assert capsys.readouterr().out.splitlines()[4:] == [
        "",
        "4 photos, 5 faces: 3 known, 2 unknown; no face in 1 photo.",
        "Seen: Bo (2 photos), Al (1 photo).",
    ]


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_lines_fit_the_terminal_and_break_no_word(columns: int, terminal: Callable[..., io.StringIO]) -> None:
    screen = terminal("stdout", columns=columns)
    path = Path("somewhere/on this/computer/a folder of photos/holiday/day1/016_8.jpg")
    names = [f"person_{number}" for number in range(12)]
    show_predictions([Prediction(path, tuple(known(name) for name in names))])
    lines = screen.getvalue().splitlines()
    assert all(len(line) <= columns for line in lines)
    assert {word.strip(",:") for line in lines for word in line.split()} >= {*names}
    assert "day1/016_8.jpg:" in screen.getvalue()


@pytest.mark.parametrize(("columns", "answer"), [(80, "Bo 90 %"), (120, "Bo 90 % (or Zoe 5 %)")])
def test_where_there_is_room_less_likely_names_are_shown(columns: int, answer: str, terminal: Callable[..., io.StringIO]) -> None:
    screen = terminal("stdout", columns=columns)
    show_predictions([Prediction(Path("a.jpg"), (known("Bo", 0.9, 0.05),))])
    assert screen.getvalue() == f"a.jpg: {answer}\n"


def test_on_a_terminal_paths_begin_in_the_folder_that_was_asked_about(terminal: Callable[..., io.StringIO]) -> None:
    screen = terminal("stdout")
    show_predictions([Prediction(Path("ann/holiday/day1/a.jpg"), ())], Path("ann/holiday"))
    assert screen.getvalue().replace("\\", "/") == "day1/a.jpg: no face\n"


def track(name: str | None, start: float, end: float) -> Track:
    frames = range(int(start * 10), int(end * 10) + 1)
    return Track(name, 1.0, 0.9, frames[0], start, end, dict.fromkeys(frames))


def test_videos_get_a_table_of_people_with_times(capsys: pytest.CaptureFixture[str]) -> None:
    tracks = (track("張偉", 0.0, 2.5), track(None, 1.0, 1.0), track("Bo", 3, 5), track("張偉", 70.0, 75.0))
    film = Prediction(Path("film.mp4"), video=VideoAnswer(tracks, 200, 5, 80.0))
    show_predictions([film, Prediction(Path("a.jpg"), (known("Bo"),)), Prediction(Path("cut.mp4"), video=VideoAnswer((), 3, 5, 0.4))])
    assert capsys.readouterr().out.splitlines()[1:] == [
        "",
        "video     name             confidence  frames  seen",
        "film.mp4  張偉                   90 %      77  0:00.0 to 0:02.5, 1:10.0 to 1:15.0",
        "film.mp4  unknown                           1  0:01.0",
        "film.mp4  Bo                     90 %      21  0:03.0 to 0:05.0",
        "cut.mp4   nobody was seen",
    ]
