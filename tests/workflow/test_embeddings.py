"""The Parquet file of the faces that were seen."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import whosthat
from whosthat.cartoons import HEROES, draw_hero
from whosthat.errors import ExportError, UsageError
from whosthat.photos.drawing import save_image
from whosthat.recognition.recogniser import Recogniser
from whosthat.types import Box, Sighting
from whosthat.workflow import embeddings
from whosthat.workflow.embeddings import with_embeddings
from whosthat.workflow.prediction import Prediction

parquet = pytest.importorskip("pyarrow.parquet")


class Facts:
    name, dimensions = "drawn", 4


class Reader:
    key, embedder = "a key", type("Embedder", (), {"facts": Facts()})()


class Faces:
    reader = Reader()


def seen(number: int, name: str | None = "Ana") -> Sighting:
    return Sighting(name, 0.5, box=Box(number, 2, 30.5, 40), embedding=np.full(4, number, np.float32))


def written(file: Path, *predictions: Prediction) -> list[Prediction]:
    return list(with_embeddings(predictions, Faces(), file))  # type: ignore[arg-type]


def test_each_face_is_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "ROWS_AT_ONCE", 2)
    both = Prediction(Path("b/party.jpg"), (seen(1), seen(2, None)))
    nobody, broken, video = (
        Prediction(Path("empty.jpg")),
        Prediction(Path("bad.jpg"), error="bad"),
        Prediction(Path("v"), (Sighting("Bo", 1),)),
    )
    given = [both, nobody, broken, video, Prediction(Path("\udce9.jpg"), (seen(3, "張偉"),))]
    file = tmp_path / "new" / "faces.parquet"
    assert written(file, *given) == given
    table = parquet.read_table(file)
    assert table.column("photo").to_pylist() == ["b/party.jpg", "b/party.jpg", "\\udce9.jpg"]
    assert table.column("person").to_pylist() == ["Ana", None, "張偉"]
    assert table.column("embedder").to_pylist() == ["drawn"] * 3
    assert [table.column(name)[0].as_py() for name in ("confidence", "left", "top", "right", "bottom")] == [0.5, 1, 2, 30.5, 40]
    assert str(table.schema.field("embedding").type) == "fixed_size_list<element: float>[4]"
    assert table.column("embedding").to_pylist() == [[1] * 4, [2] * 4, [3] * 4]
    assert table.schema.metadata[b"reader"] == b"a key"
    assert parquet.ParquetFile(file).num_row_groups == 2
    assert file.stat().st_mode & 0o777 == 0o600


def test_without_faces_the_file_has_no_rows(tmp_path: Path) -> None:
    written(tmp_path / "faces.parquet")
    assert parquet.read_table(tmp_path / "faces.parquet").num_rows == 0


def test_who_stops_early_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "faces.parquet"
    file.write_text("old")
    answers = with_embeddings([Prediction(Path("a"), (seen(1),))] * 3, Faces(), file)  # type: ignore[arg-type]
    next(answers)
    answers.close()  # type: ignore[attr-defined]
    assert [path.name for path in tmp_path.iterdir()] == ["faces.parquet"]
    assert file.read_text() == "old"


def test_what_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"must end in \.parquet"):
        written(tmp_path / "faces.csv")
    with pytest.raises(ExportError, match="cannot be written"):
        written(tmp_path / "file" / "faces.parquet")
    with pytest.raises(UsageError, match="Only faces have embeddings"):
        with_embeddings([], object(), tmp_path / "faces.parquet")  # type: ignore[arg-type]
    monkeypatch.setattr(embeddings, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r'pip install "whosthat\[parquet\]"'):
        written(tmp_path / "faces.parquet")


def test_they_are_those_that_the_recogniser_gives(tmp_path: Path) -> None:
    for name in HEROES[:2]:
        (tmp_path / "people" / name).mkdir(parents=True)
        for seed in range(4):
            save_image(draw_hero(name, seed, 200), tmp_path / "people" / name / f"{seed}.png")
    recogniser: Recogniser = whosthat.load(whosthat.train(tmp_path / "people", "faces", runs=tmp_path / "runs").run)
    photos = sorted((tmp_path / "people").rglob("*.png"))
    answers = list(with_embeddings(whosthat.predict(recogniser, photos), recogniser, tmp_path / "faces.parquet"))
    table = parquet.read_table(tmp_path / "faces.parquet")
    expected = [vector for photo in photos for vector in recogniser.embed(photo)]  # type: ignore[attr-defined]
    assert len(expected) > 3
    np.testing.assert_allclose(table.column("embedding").to_pylist(), expected, atol=1e-5)  # batches differ in the last bits
    assert table.num_rows == sum(len(one.sightings) for one in answers)
    assert "embedding" not in answers[0].sightings[0].to_dict()
    shutil.rmtree(tmp_path / "runs")
