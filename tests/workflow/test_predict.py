"""Every photo gets its answer, in order, and no photo stops the others."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.errors import UsageError
from whosthat.faces.finding import MOST_FACES, crowd_words
from whosthat.library.store import Library
from whosthat.photos.drawing import save_image
from whosthat.photos.reading import read
from whosthat.types import Box, Likeness, Sighting
from whosthat.workflow.embeddings import with_embeddings
from whosthat.workflow.explaining import explain
from whosthat.workflow.predict import predict
from whosthat.workflow.prediction import CSV_COLUMNS, Prediction, csv_rows, to_dict

COLOURS = dict(zip(("red", "green", "blue"), np.eye(3, dtype=np.uint8) * 255, strict=True))


def save_photo(path: Path, colour: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_image(np.full((12, 9, 3), COLOURS[colour], np.uint8), path)
    return path


def names(predictions: Iterator[Prediction]) -> list[tuple[str, str | None]]:
    return [(prediction.path.name, prediction.sightings[0].name if prediction.sightings else None) for prediction in predictions]


def test_files_and_folders_are_answered_in_order(bundle: Path, tmp_path: Path) -> None:
    for name in ("b/2.png", "b/10.png", "a/x.png"):
        save_photo(tmp_path / "photos" / name, "green")
    last = save_photo(tmp_path / "last.png", "red")
    assert names(predict(bundle, [tmp_path / "photos", str(last)])) == [
        ("x.png", "green"),
        ("10.png", "green"),
        ("2.png", "green"),
        ("last.png", "red"),
    ]


@pytest.mark.parametrize("n_photos", [1, 3, 4, 12, 13])
def test_batches_lose_and_mix_nothing(n_photos: int, bundle: Path, tmp_path: Path) -> None:
    wanted = [list(COLOURS)[number % 3] for number in range(n_photos)]
    photos = [save_photo(tmp_path / f"{number}.png", colour) for number, colour in enumerate(wanted)]
    assert [name for _, name in names(predict(bundle, photos))] == wanted


def test_what_cannot_be_read_is_said_and_stops_nothing(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("hello", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    good = save_photo(tmp_path / "good.png", "blue")
    predictions = list(predict(bundle, [tmp_path / "text.jpg", tmp_path / "folder", tmp_path / "gone.jpg", good]))
    assert [bool(prediction.error) for prediction in predictions] == [True, True, True, False]
    assert predictions[1].error == "the folder holds no photos"
    assert "not found" in predictions[2].error
    assert predictions[3].sightings[0].name == "blue"


def test_folders_are_walked_without_hidden_files_other_files_and_loops(bundle: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    save_photo(photos / "one.png", "red")
    save_photo(photos / ".hidden" / "two.png", "red")
    save_photo(photos / "._one.png", "red")
    (photos / "notes.txt").write_text("", encoding="utf-8")
    if os.name != "nt":
        (photos / "loop").symlink_to(photos, target_is_directory=True)
    assert names(predict(bundle, [photos])) == [("one.png", "red")]


class Counting:
    """A recogniser that counts how many prepared photos wait for an answer."""

    labels, frames, every = ("a",), 1, None

    def __init__(self) -> None:
        self.lock, self.waiting, self.most = threading.Lock(), 0, 0

    def prepare(self, photo: object) -> object:
        with self.lock:
            self.waiting += 1
            self.most = max(self.most, self.waiting)
        return photo

    def identify_prepared(self, prepared: list) -> list[list[Sighting]]:
        with self.lock:
            self.waiting -= len(prepared)
        return [[Sighting("a", 1.0)] for _ in prepared]

    def identify(self, photo: object) -> list[Sighting]:
        return self.identify_prepared([self.prepare(photo)])[0]


def test_memory_does_not_grow_with_the_photos() -> None:
    recogniser = Counting()
    assert sum(1 for _ in predict(recogniser, (f"{number}.jpg" for number in range(500)))) == 500
    assert recogniser.most <= 4 * (os.cpu_count() or 1)


def test_whoever_stops_listening_stops_the_reading() -> None:
    recogniser = Counting()
    answers = predict(recogniser, (f"{number}.jpg" for number in range(500)))
    next(answers)
    answers.close()
    assert recogniser.most <= 4 * (os.cpu_count() or 1)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("photos")]


def test_drawn_copies_overwrite_nothing(bundle: Path, tmp_path: Path) -> None:
    photos = [save_photo(tmp_path / folder / "beach.jpg", colour) for folder, colour in (("a", "red"), ("b", "blue"))]
    before = [photo.read_bytes() for photo in photos]
    drawn = [prediction.drawn for prediction in predict(bundle, photos, draw=tmp_path / "a")]
    assert [path.name for path in drawn] == ["beach-2.jpg", "beach-3.jpg"]
    assert [photo.read_bytes() for photo in photos] == before
    assert not np.array_equal(read(drawn[0]), read(photos[0]))


def test_drawn_copies_come_with_one_contact_sheet(bundle: Path, tmp_path: Path) -> None:
    photos = [save_photo(tmp_path / f"{colour}.jpg", colour) for colour in ("red", "blue")]
    for _ in range(2):
        assert all(prediction.drawn for prediction in predict(bundle, photos, draw=tmp_path / "drawn"))
        assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == ["blue.jpg", "contact-sheet.jpg", "red.jpg"]
    list(predict(bundle, photos[:1], draw=tmp_path / "single"))
    assert [path.name for path in (tmp_path / "single").iterdir()] == ["red.jpg"]


def test_a_contact_sheet_that_cannot_be_written_is_explained(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = [save_photo(tmp_path / f"{colour}.jpg", colour) for colour in ("red", "blue")]
    answers = predict(bundle, photos, draw=tmp_path / "drawn")
    taken = [next(answers), next(answers)]
    monkeypatch.setattr("whosthat.workflow.drawn_copies.replace_file", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(UsageError, match=r"No space left.*Name another folder"):
        next(answers)
    assert all(answer.drawn for answer in taken)


def test_a_place_where_nothing_can_be_drawn_is_explained(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Name another folder for the drawn copies"):
        predict(bundle, [], draw=bundle / "bundle.json" / "drawn")


FACE = Sighting("=cmd()", 0.9, "@x", 0.1, Box(-1, 2, 30, 40.26), {"=cmd()": 0.9, "@x": 0.1}, (Likeness("Ann", "=ann/1.jpg", 0.314),))


def test_rows_hold_one_sighting_each_and_no_formula() -> None:
    rows = csv_rows(Prediction(Path("-party.jpg"), (FACE, Sighting(None, 0.3))))
    assert [row["name"] for row in rows] == ["'=cmd()", "unknown"]
    assert (rows[0]["path"], rows[0]["runner_up"], rows[0]["left"], rows[0]["bottom"]) == ("'-party.jpg", "'@x", "-1.0", "40.3")
    assert rows[0]["nearest"] == "'=ann/1.jpg (0.31)"
    assert csv_rows(Prediction(Path("a.jpg"), error="the file is empty"))[0]["error"] == "the file is empty"


def test_a_name_in_csv_commands_no_terminal_and_takes_one_line() -> None:
    (row,) = csv_rows(Prediction(Path("\x1b[2Ja\n\u202egpj.exe"), (Sighting("\x9b1m", 0.3),)))
    assert (row["path"], row["name"]) == (r"\x1b[2Ja\n\u202egpj.exe", r"\x9b1m")


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_text_of_any_kind_starts_a_formula(path: str, error: str) -> None:
    (row,) = csv_rows(Prediction(Path(path), error=error))
    assert tuple(row) == CSV_COLUMNS
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values())
    assert all(cell.encode("utf-8") is not None for cell in (row["path"], row["drawn"]))


def test_a_photo_with_more_faces_than_are_named_is_a_part_of_an_answer() -> None:
    crowd = (Sighting(None, 0.1, box=Box(0, 0, 5, 5)),) * MOST_FACES
    assert Prediction(Path("crowd.jpg"), crowd[1:]).problem == ""
    assert to_dict(Prediction(Path("crowd.jpg"), crowd))["error"] == crowd_words(MOST_FACES)


def test_json_holds_every_class_best_first() -> None:
    plain = to_dict(Prediction(Path("a.jpg"), (FACE,)))
    assert plain["sightings"][0]["box"] == {"left": -1, "top": 2, "right": 30, "bottom": 40.26}
    assert list(plain["sightings"][0]["probabilities"]) == ["=cmd()", "@x"]
    assert plain["sightings"][0]["nearest"] == [{"person": "Ann", "photo": "=ann/1.jpg", "distance": 0.314}]
    assert (plain["error"], plain["drawn"]) == (None, None)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_that_is_no_text_can_still_be_written() -> None:
    broken = Path(os.fsdecode(b"caf\xe9.jpg"))
    assert to_dict(Prediction(broken))["path"] == "caf\\udce9.jpg"


@pytest.mark.parametrize("place", ["photos", "."])
def test_copies_are_not_put_among_the_photos(bundle: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(UsageError, match="The photos themselves lie in"):
        predict(bundle, [tmp_path / "photos"], draw=tmp_path / place)


def test_nothing_is_drawn_into_a_library(bundle: Path, tmp_path: Path) -> None:
    with Library(tmp_path / "library", create=True):
        for write in (
            lambda place: predict(bundle, [], draw=place),
            lambda place: explain([], bundle, place),
            lambda place: with_embeddings([], SimpleNamespace(reader=None), place),
        ):
            with pytest.raises(UsageError, match="could not forget it"):
                write(tmp_path / "library" / "drawn")


def test_copies_drawn_into_the_photos_folder_are_not_taken_for_photos(bundle: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    for name in ("a.png", "z.png"):
        save_photo(photos / name, "red")
    save_photo(photos / "sorted" / "old.png", "red")
    for _ in range(2):
        answers = predict(bundle, [photos], draw=photos / "drawn", without=[photos / "sorted"])
        assert [name for name, _ in names(answers)] == ["a.png", "z.png"]
