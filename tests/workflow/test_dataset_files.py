"""Data sets as files: what a run wrote, training reads back, and nothing is left half done."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import Mock

import h5py
import numpy as np
import pytest

from whosthat.cartoons import HEROES, draw_photo_folder
from whosthat.cli.app import main
from whosthat.dataset.audit import audit_folder
from whosthat.dataset.split import split
from whosthat.errors import DatasetError, UsageError
from whosthat.photos.preparing import PrepareSpec, prepare
from whosthat.photos.reading import read
from whosthat.training.recipe import default_recipe
from whosthat.workflow.check import check
from whosthat.workflow.choosing import photo_folder
from whosthat.workflow.dataset_files import export_dataset, unpacked
from whosthat.workflow.training_run import TrainingRun, begin

CUSTOM = {"size": 24, "fit": "pad", "epochs": 1, "network": {"blocks": "conv 4 3, pool, flatten, dense 8"}}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run that has just begun, on drawn photos."""
    return begun(tmp_path, "custom", **CUSTOM)


def begun(tmp_path: Path, model: str, **settings: object) -> Path:
    draw_photo_folder(tmp_path / "photos", photos_each=8, names=HEROES[:3], size=48)
    recipe, audit = default_recipe(model, **settings), audit_folder(tmp_path / "photos")
    folder = tmp_path / "runs" / "photos-1"
    folder.mkdir(parents=True)
    begin(TrainingRun(folder, tmp_path / "photos", audit, split(audit, ratios=recipe.ratios, seed=recipe.seed)), recipe, latest=True)
    return folder


def test_the_files_hold_the_runs_photos(run: Path, tmp_path: Path) -> None:
    export_dataset(tmp_path / "runs" / "latest", tmp_path / "set")
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == ["classes.txt", "dataset.h5", "labels.h5"]
    with h5py.File(tmp_path / "set" / "dataset.h5") as photos, h5py.File(tmp_path / "set" / "labels.h5") as labels:
        assert {name: (array.shape, array.dtype) for name, array in [*photos.items(), *labels.items()]} == {
            "X_train": ((21, 24, 24, 3), np.uint8),
            "X_test": ((3, 24, 24, 3), np.uint8),
            "y_train": ((21, 3), np.uint8),
            "y_test": ((3, 3), np.uint8),
        }
        tested = [row for row in (run / "split.csv").read_text().splitlines() if ",test," in row]
        for row, image, label in zip(tested, photos["X_test"], labels["y_test"], strict=True):
            path, name = row.split(",")[:2]
            np.testing.assert_array_equal(image, prepare(read(tmp_path / "photos" / path), PrepareSpec(24, "pad")))
            assert sorted(HEROES[:3])[label.argmax()] == name


def test_frames_and_faces_are_written_as_photos(tmp_path: Path) -> None:
    export_dataset(begun(tmp_path / "lstm", "cnn-lstm", size=32), tmp_path / "a")
    export_dataset(begun(tmp_path / "faces", "faces"), tmp_path / "b")
    for folder, size in (("a", 32), ("b", 224)):
        with h5py.File(tmp_path / folder / "dataset.h5") as photos:
            assert photos["X_test"].shape == (3, size, size, 3)


def test_crops_are_written_where_the_network_sees_crops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = begun(tmp_path, "custom", **CUSTOM | {"crop": "faces", "detector": "mtcnn"})
    rows = (tmp_path / "runs/photos-1/split.csv").read_text().splitlines()
    faceless = read(tmp_path / "photos" / next(row for row in rows if ",train," in row).split(",")[0])

    class Corner:
        missing, key = "no face was found in it", "corner"

        def portrait(self, image: np.ndarray) -> np.ndarray | None:
            return None if np.array_equal(image, faceless) else image[:24, :24]

    monkeypatch.setattr("whosthat.workflow.dataset_files.open_cropper", lambda detector, size: (Corner(), {}))
    assert main(["export", str(run), "--dataset", str(tmp_path / "set")]) == 0
    assert "is not used: no face was found in it." in capsys.readouterr().err.replace("\n", " ")
    row = next(row for row in rows if ",test," in row)
    with h5py.File(tmp_path / "set" / "dataset.h5") as photos:
        np.testing.assert_array_equal(photos["X_test"][0], read(tmp_path / "photos" / row.split(",")[0])[:24, :24])


def test_nothing_is_overwritten_unasked(run: Path, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "labels.h5").write_text("mine")
    with pytest.raises(UsageError, match=r"labels\.h5 already exists"):
        export_dataset(run, tmp_path / "set")
    export_dataset(run, tmp_path / "set", overwrite=True)
    assert h5py.is_hdf5(tmp_path / "set" / "labels.h5")


@pytest.mark.parametrize("full", [False, True])
def test_a_folder_that_cannot_be_written_is_said(run: Path, tmp_path: Path, full: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if full:
        monkeypatch.setattr("whosthat.dataset.array_files.replacing", Mock(side_effect=OSError(28, "No space left")))
    else:
        (tmp_path / "set").write_text("a file")
    with pytest.raises(DatasetError, match="cannot be written to .*No space left" if full else "cannot be made: "):
        export_dataset(run, tmp_path / "set")
    if full:
        assert list((tmp_path / "set").iterdir()) == []


def test_photos_that_changed_are_not_exported(run: Path, tmp_path: Path) -> None:
    next((tmp_path / "photos" / HEROES[0]).iterdir()).unlink()
    with pytest.raises(DatasetError, match="missing or have changed"):
        export_dataset(run, tmp_path / "set")


def test_unpacked_photos_are_those_of_the_files_and_are_used_again(run: Path, tmp_path: Path) -> None:
    export_dataset(run, tmp_path / "set")
    folder = unpacked(tmp_path / "set" / "dataset.h5")
    audit = audit_folder(folder)
    assert audit.counts() == dict.fromkeys(sorted(HEROES[:3]), 8)
    assert audit.set_aside == ()
    with h5py.File(tmp_path / "set" / "dataset.h5") as photos, h5py.File(tmp_path / "set" / "labels.h5") as labels:
        name = audit.classes[labels["y_train"][4].argmax()]
        np.testing.assert_array_equal(read(folder / name / "train-00005.png"), photos["X_train"][4])
    before = next(folder.rglob("*.png")).stat()
    assert photo_folder(tmp_path / "set" / "dataset.h5") == folder
    assert next(folder.rglob("*.png")).stat() == before
    assert photo_folder(tmp_path / "photos") == tmp_path / "photos"
    assert len(check(tmp_path / "set" / "dataset.h5", faces=False).audit.photos) == 24
    (tmp_path / "set" / "classes.txt").unlink()
    assert unpacked(tmp_path / "set" / "dataset.h5") != folder


def test_copies_in_the_files_are_found(run: Path, tmp_path: Path) -> None:
    """As the report sampled: one photo drawn twice, once for training and once for the test."""
    export_dataset(run, tmp_path / "set")
    with h5py.File(tmp_path / "set" / "dataset.h5", "a") as photos, h5py.File(tmp_path / "set" / "labels.h5", "a") as labels:
        photos["X_test"][0], labels["y_test"][0] = photos["X_train"][0], labels["y_train"][0]
    audit = audit_folder(unpacked(tmp_path / "set" / "dataset.h5"))
    group = {item.photo.name.split("/")[1]: item.group for item in audit.photos}
    assert group["train-00001.png"] == group["test-00001.png"]


@pytest.mark.parametrize(("names", "message"), [("a\nb\n.c\n", "begins with a dot"), ("a\nb\n../c\n", "cannot be a name")])
def test_names_that_are_no_folders_are_refused(run: Path, tmp_path: Path, names: str, message: str) -> None:
    export_dataset(run, tmp_path / "set")
    (tmp_path / "set" / "classes.txt").write_text(names)
    with pytest.raises(DatasetError, match=message):
        unpacked(tmp_path / "set" / "dataset.h5")


def test_what_was_stopped_leaves_nothing(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export_dataset(run, tmp_path / "set")
    for stopped, raised in ((OSError(28, "No space left on device"), DatasetError), (KeyboardInterrupt(), KeyboardInterrupt)):
        with monkeypatch.context() as patch:
            patch.setattr("whosthat.workflow.dataset_files.encode_image", lambda *_, stopped=stopped: (_ for _ in ()).throw(stopped))
            with pytest.raises(raised):
                unpacked(tmp_path / "set" / "dataset.h5")
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == ["classes.txt", "dataset.h5", "labels.h5"]


def test_from_the_command_line_there_and_back(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["export", "runs/latest", "--dataset", "set", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"run": "runs/latest", "folder": "set"}
    assert main(["export", "runs/latest", "--dataset", "set"]) == 2
    assert main(["export", "runs/latest", "--dataset", "set", "--overwrite"]) == 0
    assert capsys.readouterr().out.strip() == "set"
    assert main(["export", "runs/latest"]) == 2
    assert main(["export", "runs/latest", "--dataset", "new", "--out", "network.onnx"]) == 2
    assert "--dataset DIR" in capsys.readouterr().err
    words = ["--model", "custom", "--blocks", CUSTOM["network"]["blocks"], "--size", "24", "--epochs", "1"]
    assert main(["train", "set/dataset.h5", *words, "--json"]) == 0
    told = capsys.readouterr()
    assert "Unpacking 24 photos of set/dataset.h5" in told.err.replace("\\", "/").replace("\n", " ")
    assert json.loads(told.out)["run"].startswith("runs/dataset-photos-")
