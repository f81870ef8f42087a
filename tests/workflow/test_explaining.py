"""Heat lies where the class is, in pictures that anybody can open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pytest

from whosthat.cli.app import main
from whosthat.errors import BundleError, NetworkError, UsageError
from whosthat.evaluation.metrics import Evaluation
from whosthat.evaluation.plots.writing import HEAT_FILE, read_photos
from whosthat.photos.drawing import save_image
from whosthat.photos.maps import MAP_TILE
from whosthat.photos.preparing import PrepareSpec
from whosthat.photos.reading import read
from whosthat.recognition.bundle import open_bundle
from whosthat.recognition.explaining import Explainer
from whosthat.recognition.image_classifier import ImageClassifier
from whosthat.training.recipe import default_recipe
from whosthat.types import Sighting
from whosthat.workflow.explaining import _Explaining, draw_activations, explain, keep_insight_of
from whosthat.workflow.prediction import Prediction
from whosthat.workflow.train import train

SIDE, MARK = 32, 8
COLOURS = {"lower": (250, 40, 40), "upper": (40, 60, 250)}
CORNERS = {"lower": (slice(-MARK, None), slice(-MARK, None)), "upper": (slice(MARK), slice(MARK))}


def marked(corner: str, seed: int) -> np.ndarray:
    """A grey, noisy picture with a coloured square in one corner, which alone says what class it is."""
    picture = np.random.default_rng(seed).integers(60, 140, (SIDE, SIDE, 3), dtype=np.uint8)
    picture[CORNERS[corner]] = COLOURS[corner]
    return picture


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("marks")
    for seed in range(40):
        corner = sorted(CORNERS)[seed % 2]
        (place / "photos" / corner).mkdir(parents=True, exist_ok=True)
        save_image(marked(corner, seed), place / "photos" / corner / f"{seed}.png")
    recipe = default_recipe(
        "custom",
        size=SIDE,
        epochs=8,
        batch_size=8,
        optimiser={"learning_rate": 0.003},
        augmentation={"enabled": False},
        early_stopping={"enabled": False},
        network={"blocks": "conv 8 3, pool, conv 8 3, pool, conv 8 3, global"},
    )
    return train(place / "photos", recipe, runs=place / "runs").run


def test_heat_lies_on_the_mark_that_tells_the_class(run: Path) -> None:
    bundle = open_bundle(run)
    explainer = Explainer(bundle.graph(), PrepareSpec.from_dict(bundle.facts.prepare))
    for label, corner in enumerate(bundle.facts.labels):
        heat = np.mean([explainer.heat(marked(corner, seed), label) for seed in range(100, 110)], axis=0)
        assert heat.shape == (8, 8)
        near = np.zeros((8, 8), bool)
        rows, columns = CORNERS[corner]
        near[slice(rows.start and -3, rows.stop and 3), slice(columns.start and -3, columns.stop and 3)] = True
        assert near[np.unravel_index(heat.argmax(), heat.shape)]
        assert heat[near].mean() > 3 * heat[~near].mean()


def test_predict_saves_a_picture_of_photo_and_heat_for_each_photo(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo = tmp_path / "new" / "a.png"
    photo.parent.mkdir()
    save_image(marked("upper", 7), photo)
    (tmp_path / "new" / "b.png").write_bytes(b"no photo")
    for _ in range(2):  # the second time, the picture replaces the first
        assert main(["predict", str(run), str(photo.parent), "--explain", str(tmp_path / "new" / "why")]) == 3
    assert "Heat maps are in" in capsys.readouterr().err
    assert main(["predict", str(run), str(photo.with_name("gone.png")), "--explain", str(tmp_path / "none")]) == 3
    assert "Heat maps" not in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "new" / "why").iterdir()] == ["a.jpg"]
    picture = read(tmp_path / "new" / "why" / "a.jpg").astype(int)
    side = 4 * SIDE  # small photos grow
    left, right = picture[:side, :side], picture[:side, side + 8 :]
    colour = np.abs(right - left).mean(axis=2)
    assert colour[: side // 4, : side // 4].mean() > 3 * colour[side // 2 :, side // 2 :].mean()


def test_the_heat_of_an_unknown_photo_is_that_of_the_likeliest_class(run: Path, tmp_path: Path) -> None:
    photo = tmp_path / "a.png"
    save_image(marked("upper", 7), photo)
    for number, sighting in enumerate([Sighting(None, 0.5, probabilities={"lower": 0.4, "upper": 0.5}), Sighting("upper", 0.5)]):
        list(explain([Prediction(photo, (sighting,))], run, tmp_path / str(number)))
    pictures = [read(tmp_path / str(number) / "a.jpg")[: 4 * SIDE].astype(int) for number in range(2)]
    assert np.abs(pictures[0] - pictures[1]).max() < 16


def test_face_recognisers_and_networks_without_convolutions_are_refused(tmp_path: Path, save_colours, monkeypatch) -> None:
    bundle = save_colours(tmp_path / "bundle")
    with pytest.raises(NetworkError, match="no convolution"):
        explain([], bundle, tmp_path / "why")
    monkeypatch.setattr("whosthat.recognition.bundle.BundleFacts.has_gallery", True)
    with pytest.raises(UsageError, match=r"compares faces with enrolled ones, so there is no heat map"):
        explain([], bundle, tmp_path / "why")
    assert not (tmp_path / "why").exists()


def test_a_damaged_graph_is_the_fault_of_the_bundle(tmp_path: Path, save_colours: Callable[..., Path]) -> None:
    bundle = save_colours(tmp_path / "bundle", graph=b"no graph")
    save_image(marked("upper", 7), tmp_path / "a.png")
    for look in (lambda: explain([], bundle, tmp_path / "why"), lambda: draw_activations(bundle, tmp_path / "a.png", tmp_path / "b.png")):
        with pytest.raises(BundleError, match="cannot be used"):
            look()


def test_a_folder_that_cannot_be_written_is_said(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError, match=r"cannot be written.*Choose another folder for the pictures that explain"):
        explain([], run, tmp_path / "file")
    photo = tmp_path / "a.png"
    save_image(marked("upper", 7), photo)
    monkeypatch.setattr("whosthat.workflow.explaining.save_copy", Mock(side_effect=OSError(28, "No space left on device")))
    with pytest.raises(UsageError, match="No space left"):
        list(explain([Prediction(photo, (Sighting("upper", 1.0),))], run, tmp_path / "why"))


def test_the_report_shows_where_the_network_looked_in_its_mistakes_and_its_first_filters(run: Path) -> None:
    assert read(run / "plots" / "filters.png").shape[2] == 3
    assert 'class="filters" src="data:image/png' in (run / "report.html").read_text(encoding="utf-8")


def test_heat_is_kept_for_the_mistakes_that_are_shown_where_the_photo_can_be_read(
    run: Path, tmp_path: Path, judged: Callable[..., Evaluation]
) -> None:
    bundle, paths = open_bundle(run), [tmp_path / name for name in ("a.png", "b.png", "c.png")]
    for path in paths[:2]:
        save_image(marked("upper", 7), path)
    evaluation = judged([[0.9, 0.1], [0.1, 0.9], [0.8, 0.2]], [1, 1, 1], ("lower", "upper"), [str(path) for path in paths])
    tested = [SimpleNamespace(photo=SimpleNamespace(path=path)) for path in paths]
    place = SimpleNamespace(folder=tmp_path / "run", parts=SimpleNamespace(parts={"test": tested}))
    place.folder.mkdir()
    keep_insight_of(place, evaluation, ImageClassifier.open(bundle), bundle.graph(), None)
    assert list(read_photos(place.folder, HEAT_FILE)) == [0]  # the second is correct, the third cannot be read


def test_activations_are_drawn_layer_by_layer(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo, picture = tmp_path / "a.png", tmp_path / "layers.png"
    save_image(marked("upper", 7), photo)
    assert main(["models", "activations", str(run), str(photo), "--draw", str(picture)]) == 0
    assert capsys.readouterr().out == f"What the layers see is drawn in {picture}.\n"
    assert read(picture).shape[0] > 5 * MAP_TILE
    assert main(["models", "activations", str(run), str(photo), "--draw", str(tmp_path / "no" / "layers.png")]) == 2
    assert "Choose another place for the picture" in capsys.readouterr().err


def test_a_network_of_faces_explains_each_face(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = marked("upper", 7)
    photo = tmp_path / "a.png"
    save_image(image, photo)
    cutting = SimpleNamespace(prepare=lambda _: SimpleNamespace(crops=np.stack([image[:16, :16], image[16:, 16:]])))
    looking = _Explaining.__new__(_Explaining)
    looking._faces, looking._spec, looking._labels = cutting, PrepareSpec(16), ("lower", "upper")
    looking.explainer = SimpleNamespace(heat=lambda prepared, label: np.full((2, 2), label, np.float32))
    picture = looking.picture(photo, (Sighting("lower", 0.9), Sighting("upper", 0.9)))
    height = len(picture) // 2
    left, right = picture[:, : 16 * 4], picture[:, 16 * 4 + 8 :]
    assert (left[:60] == right[:60]).all()
    assert not (left[height : height + 60] == right[height : height + 60]).all()
    cutting.prepare = lambda _: SimpleNamespace(crops=np.empty((0, 16, 16, 3), np.uint8))
    monkeypatch.setattr("whosthat.workflow.explaining._Explaining", lambda _: looking)
    monkeypatch.setattr("whosthat.workflow.explaining.open_bundle", lambda _: None)
    with pytest.raises(UsageError, match="There is no face in"):
        draw_activations("bundle", photo, tmp_path / "layers.png")
