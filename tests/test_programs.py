"""The programs of docs/programs run, and fail with a sentence where something is wrong."""

from __future__ import annotations

import importlib.util
import io
import json
import re
import runpy
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import whosthat
from whosthat.photos.reading import read
from whosthat.recognition.recogniser import Recogniser

PROGRAMS = Path(__file__).resolve().parents[1] / "docs" / "programs"
SAYS = {
    "add_person": "2 photos of cy enrolled\nann: 6 photos, bo: 6 photos, Cyrus: 2 photos\nnow known: Cyrus",
    "draw_names": r"photo with names.jpg has \d+ x 470 pixels",
    "embed_faces": r"holiday/ann.jpg is most like ann.jpg, distance 0\.\d\d",
    "find_faces": r"(a face of \d+ x \d+ pixels, the nose at \d+, \d+\n?){3}",
    "find_grandma": r"cy.jpg: distance 0\.\d\d",
    "label_folder": "ann.jpg: ann\nbo.jpg: bo\ncy.jpg: unknown\nsky.jpg: no face",
    "same_person": r"holiday/ann.jpg: the same person, distance 0\.\d+ of 0\.5\d\nholiday/cy.jpg: another person, distance [\d.]+ of 0.5\d",
    "save_json": "who.json tells of 4 photos",
    "test_honestly": "correct: 100% of 2 photos; with 95 % confidence between 34% and 100%",
    "train_people": r"(?s).*trained: ann, bo; the report is runs.photos-faces-2.report.html",
    "watch_frames": r"0 \['ann'\]\n1 \['ann', None, 'bo'\]",
    "who_is_it": r"ann \(confidence [01].\d\d\), at \d+ pixels from the left\nunknown .*\nbo .*",
}


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the programs run, made once."""
    spec = importlib.util.spec_from_file_location("programs_folder", Path(__file__).with_name("programs_folder.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = tmp_path_factory.mktemp("programs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHOSTHAT_CACHE", str(folder / "cache"))
        module.make_folder(folder)
    return folder


@pytest.fixture
def folder(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder, in which we stand."""
    copy = shutil.copytree(prepared, tmp_path / "here", symlinks=True)
    monkeypatch.chdir(copy)
    return copy


@pytest.fixture(scope="session")
def recogniser(prepared: Path) -> Recogniser:
    return whosthat.load(prepared / "runs" / "latest")


def test_there_are_twelve_programs_of_about_ten_lines() -> None:
    assert {path.stem for path in PROGRAMS.glob("*.py")} == set(SAYS)
    assert max(len(path.read_text().splitlines()) for path in PROGRAMS.glob("*.py")) <= 16


@pytest.mark.parametrize("name", SAYS)
def test_a_program_does_what_it_says(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(PROGRAMS / f"{name}.py"), run_name="__main__")
    assert re.fullmatch(SAYS[name], capsys.readouterr().out.strip().replace("holiday\\", "holiday/"))


@pytest.mark.parametrize("name", sorted(set(SAYS) - {"train_people"}))
def test_a_program_without_its_bundle_says_so(name: str, folder: Path) -> None:
    shutil.rmtree(folder / "runs")
    with pytest.raises(whosthat.BundleError, match=r"There is no bundle at runs.latest"):
        runpy.run_path(str(PROGRAMS / f"{name}.py"), run_name="__main__")


# ------------------------------------------------------------------------------------------------- kinds of photos

VERBS: dict[str, Callable[[Recogniser, Any], Any]] = {
    "identify": lambda recogniser, photo: recogniser.identify(photo),
    "faces": lambda recogniser, photo: recogniser.faces(photo),
    "embed": lambda recogniser, photo: recogniser.embed(photo),
    "verify": lambda recogniser, photo: recogniser.verify(photo, photo),
    "draw": lambda recogniser, photo: recogniser.draw(photo),
}


@pytest.mark.parametrize(
    "given",
    [
        str,
        lambda path: path,
        lambda path: path.read_bytes(),
        lambda path: bytearray(path.read_bytes()),
        lambda path: io.BytesIO(path.read_bytes()),
        lambda path: path.open("rb"),
        Image.open,
        read,
        lambda path: Image.open(path).convert("RGBA"),
        lambda path: np.dstack([read(path), np.full(read(path).shape[:2], 255, np.uint8)]),
    ],
    ids=["str", "path", "bytes", "bytearray", "BytesIO", "file", "PIL", "array", "PIL-RGBA", "RGBA"],
)
def test_every_kind_of_photo_gives_the_same_answer(recogniser: Recogniser, prepared: Path, given: Callable[[Path], Any]) -> None:
    photo = given(prepared / "ann.jpg")
    assert recogniser.identify(photo) == recogniser.identify(prepared / "ann.jpg")
    if isinstance(photo, io.IOBase):
        assert recogniser.identify(photo)[0].name == "ann"  # a second time
        photo.close()


def test_grey_photos_and_those_of_opencv_are_taken(recogniser: Recogniser, prepared: Path) -> None:
    image = read(prepared / "ann.jpg")
    grey = image.mean(axis=2).astype(np.uint8)
    assert [one[0].name for one in map(recogniser.identify, (grey, grey[..., None], Image.fromarray(grey)))] == ["ann"] * 3
    assert recogniser.identify(image[..., ::-1], bgr=True) == recogniser.identify(image)
    with pytest.raises(whosthat.UsageError, match="bgr=True is for arrays from OpenCV; got str"):
        recogniser.identify("ann.jpg", bgr=True)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("photo", "got"),
    [
        (None, "got None"),
        ([], "got list"),
        (3, "got int"),
        (np.zeros((40, 40, 3)), r"got an array of float64 \(40, 40, 3\)\. Numbers from 0 to 1"),
        (np.zeros((40, 40, 2), np.uint8), r"got an array of uint8 \(40, 40, 2\)"),
        (np.zeros((0, 40, 3), np.uint8), r"got an array of uint8 \(0, 40, 3\)"),
        (io.StringIO("text"), "The file gives str, not bytes"),
        (Image.new("F", (9, 9)), 'mode "F"'),
    ],
    ids=["None", "list", "int", "float", "channels", "empty", "text", "PIL-F"],
)
def test_what_is_no_photo_is_refused_with_what_is_accepted(recogniser: Recogniser, verb: str, photo: Any, got: str) -> None:
    with pytest.raises(whosthat.UsageError, match=got):
        VERBS[verb](recogniser, photo)


@pytest.mark.parametrize("verb", VERBS)
def test_photos_that_cannot_be_read_are_named(recogniser: Recogniser, verb: str, tmp_path: Path) -> None:
    closed = io.BytesIO(b"x")
    closed.close()
    for photo, reason in ((tmp_path / "no.jpg", "no.jpg"), (b"", "empty"), (closed, "closed file")):
        with pytest.raises(whosthat.PhotoError, match=reason):
            VERBS[verb](recogniser, photo)


# ---------------------------------------------------------------------------------------------------- recogniser


def test_the_threshold_that_is_set_is_used(folder: Path) -> None:
    recogniser = whosthat.load("runs/latest")
    assert recogniser.threshold == pytest.approx(0.5, abs=0.1)
    recogniser.threshold = 0.01
    assert recogniser.threshold == 0.01
    assert recogniser.identify("ann.jpg")[0].name is None
    for wrong in (-1, "0.4", None, True, float("nan"), 11):
        with pytest.raises(whosthat.UsageError, match="The threshold is the largest distance"):
            recogniser.threshold = wrong
    assert whosthat.load("runs/latest").threshold > 0.01


def test_an_unknown_attribute_cannot_be_set(recogniser: Recogniser) -> None:
    with pytest.raises(AttributeError, match="treshold"):
        recogniser.treshold = 0.4


def test_verifying_a_photo_without_a_face_names_it(recogniser: Recogniser, prepared: Path) -> None:
    with pytest.raises(whosthat.PhotoError, match=r"sky\.jpg: no face was found"):
        recogniser.verify(prepared / "ann.jpg", prepared / "holiday" / "sky.jpg")


def test_faces_embeddings_and_sightings_are_in_one_order(recogniser: Recogniser, prepared: Path) -> None:
    photo = prepared / "photo.jpg"
    faces, sightings, vectors = recogniser.faces(photo), recogniser.identify(photo), recogniser.embed(photo)
    assert [face.box for face in faces] == [sighting.box for sighting in sightings]
    assert vectors.shape == (3, 128)
    assert recogniser.embed(prepared / "holiday" / "sky.jpg").shape == (0, 128)


def test_a_sighting_is_plain_values_and_a_line_in_a_notebook(recogniser: Recogniser, prepared: Path) -> None:
    (sighting,) = recogniser.identify(prepared / "ann.jpg")
    plain = json.loads(json.dumps(sighting.to_dict()))
    assert plain == sighting.to_dict()
    assert list(plain["probabilities"]) == ["ann", "bo"]
    assert list(sighting.to_dict(best=1)["probabilities"]) == ["ann"]
    assert "<b>&lt;i&gt;</b> 84 %" in whosthat.Sighting("<i>", 0.842)._repr_html_()


def test_a_picture_that_cannot_be_saved_says_so(recogniser: Recogniser, prepared: Path, tmp_path: Path) -> None:
    for to in (tmp_path / "nowhere" / "a.jpg", tmp_path / "a.txt"):
        with pytest.raises(whosthat.UsageError, match="cannot be saved"):
            recogniser.draw(prepared / "ann.jpg", to)


def test_people_come_and_go(folder: Path) -> None:
    recogniser = whosthat.load("runs/latest")
    recogniser.threshold = 0.45
    assert recogniser.people.add("cy", "cy").left == ()
    assert recogniser.identify("holiday/cy.jpg")[0].name == "cy"
    assert recogniser.people.remove("cy").is_file()
    assert [person.name for person in recogniser.people.list()] == list(recogniser.labels) == ["ann", "bo"]
    assert recogniser.threshold == 0.45
    with pytest.raises(whosthat.UsageError, match="Nobody here is named 'dan'"):
        recogniser.people.remove("dan")
    with pytest.raises(whosthat.DatasetError, match="No photo of dan can be enrolled"):
        recogniser.people.add("dan", [])
    with pytest.raises(whosthat.UsageError, match="The name of a person is a text; got None"):
        recogniser.people.add(None, "cy")
    with pytest.raises(whosthat.UsageError, match="Photos are a path or a list of paths; got int"):
        recogniser.people.add("dan", 3)


def test_a_recogniser_answers_when_its_bundle_is_gone_but_its_people_stay(folder: Path) -> None:
    recogniser = whosthat.load("runs/latest")
    shutil.rmtree(folder / "runs")
    assert recogniser.identify("ann.jpg")[0].name == "ann"
    for change in (recogniser.people.list, lambda: recogniser.people.rename("ann", "Anna")):
        with pytest.raises(whosthat.BundleError, match="There is no bundle"):
            change()


def test_what_a_network_cannot_do_says_what_to_do(tmp_path: Path, save_colours: Callable[..., Path]) -> None:
    classifier = whosthat.load(save_colours(tmp_path / "bundle"))
    red = np.full((9, 9, 3), (255, 0, 0), np.uint8)
    for verb in ("faces", "embed", "verify"):
        with pytest.raises(whosthat.UsageError, match="Train one on photos of people"):
            VERBS[verb](classifier, red)
    with pytest.raises(whosthat.BundleError, match="has no gallery"):
        classifier.people.list()
    assert classifier.threshold is None
    assert classifier.draw(red).shape == red.shape
    classifier.threshold = 1
    assert classifier.identify(red)[0].name is None
    with pytest.raises(whosthat.UsageError, match="smallest confidence"):
        classifier.threshold = 1.5


# ------------------------------------------------------------------------------------------------- functions


@pytest.mark.parametrize("wrong", [None, 3, ["photos"]])
def test_functions_say_what_they_take(wrong: Any, recogniser: Recogniser, tmp_path: Path) -> None:
    calls = (
        lambda: whosthat.load(wrong),
        lambda: whosthat.train(wrong, "faces"),
        lambda: whosthat.compare(wrong, ["faces", "cnn6"]),
        lambda: whosthat.evaluate(tmp_path, wrong),
        lambda: whosthat.predict(wrong, "photos"),
    )
    for call in calls:
        with pytest.raises(whosthat.WhosthatError, match=r"must be a path|There is no|holds no"):
            call()
    with pytest.raises(whosthat.UsageError, match="path"):
        whosthat.predict(recogniser, [wrong])


def test_models_are_names_or_recipes(tmp_path: Path) -> None:
    with pytest.raises(whosthat.UsageError, match='A model is a name such as "faces" or "cnn6", or a recipe; got int'):
        whosthat.train(tmp_path, 3)
    with pytest.raises(whosthat.UsageError, match="epochs cannot be set beside a recipe"):
        whosthat.train(tmp_path, whosthat.default_recipe("cnn6"), epochs=3)
    with pytest.raises(whosthat.UsageError, match="Models are given as a list"):
        whosthat.compare(tmp_path, "faces")
    with pytest.raises(whosthat.UsageError, match=r'"head" .*nearest|head'):
        whosthat.train(tmp_path, "faces", head="tail")


@pytest.mark.parametrize("begin", [lambda: whosthat.train("nowhere", "cnn6"), lambda: whosthat.compare("nowhere", ["faces", "cnn6"])])
def test_a_missing_extra_is_said_before_any_photo_is_read(begin: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    with pytest.raises(whosthat.WhosthatError, match=r'keras is not installed\. Install them with: pip install "whosthat\[train\]"'):
        begin()


def test_a_name_that_is_no_bundle_is_not_suggested(prepared: Path) -> None:
    with pytest.raises(whosthat.BundleError, match=r'There is no bundle at .*Did you mean "photos-faces-1"\?'):
        whosthat.load(prepared / "runs" / "photos-faces-2")
    with pytest.raises(whosthat.BundleError, match=r"or runs/latest\.$"):
        whosthat.load(prepared / "nope")
