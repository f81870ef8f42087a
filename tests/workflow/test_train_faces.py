"""The face route on drawn people: the detector sees every photo as one face, the embedder reads who it is off one pixel."""

from __future__ import annotations

import errno
import itertools
import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterable
from html import unescape
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from whosthat.checking.costly import CostlyPhotos
from whosthat.cli.app import main
from whosthat.dataset.audit import audit_folder
from whosthat.dataset.split import split
from whosthat.durable import replace_file
from whosthat.errors import DatasetError, RunError
from whosthat.evaluation.outcomes import Outcomes
from whosthat.faces.embedder import DLIB
from whosthat.faces.finding import FaceReader
from whosthat.faces.models import EMBEDDERS
from whosthat.faces.remembered import RememberedFaces
from whosthat.photos.drawing import save_image
from whosthat.recognition.bundle import open_bundle
from whosthat.recognition.face_recogniser import FaceRecogniser
from whosthat.recognition.face_threshold import DistanceThreshold
from whosthat.recognition.heads import IN_WORDS
from whosthat.recognition.identifier import Identifier
from whosthat.runs.folders import latest, set_latest
from whosthat.training.recipe import default_recipe
from whosthat.types import Box, Face, Image
from whosthat.workflow.evaluate import evaluate
from whosthat.workflow.face_photos import KEPT_EVERY, OpenedReader
from whosthat.workflow.gallery_bundle import gallery_of
from whosthat.workflow.train import resume, train

SIDE = 150
NOBODY = 9
"""A photo with this number in its middle shows no face."""

RECIPE = default_recipe("faces", detector="mtcnn")


def face_at(middle: float, side: float) -> Face:
    """A face in half the height of the photo."""
    points = (middle + (np.array(DLIB.templates["mtcnn"].points) - 75) * side / SIDE + [0, 75 - middle]).tolist()
    return Face(Box(middle - side / 2, 75 - side / 2, middle + side / 2, 75 + side / 2), tuple(map(tuple, points)), 1.0)


TWO, SMALL, CUT, BLURRED = 1, 2, 3, 4
FACES = {0: [face_at(75, SIDE)], TWO: [face_at(75, SIDE), face_at(20, 30)], SMALL: [face_at(75, 30)], CUT: [face_at(0, 100)]}
FACES[BLURRED] = FACES[0]
"""What is found in a photo, by the red of its first pixel where that has no green and no blue."""


class OneFace:
    name, licence, sure, likely = "mtcnn", "MIT", 0.9, 0.9

    def detect(self, image: Image, *, smallest: float = 20.0, lenient: bool = False) -> list[Face]:
        if image.shape != (SIDE, SIDE, 3) or image[75, 75, 0] == NOBODY * 25:
            return []
        return FACES[image[0, 0, 0]] if tuple(image[0, 0, 1:]) == (0, 0) else FACES[0]


class ByPixel:
    facts, fingerprint = DLIB, "by pixel"

    def __init__(self) -> None:
        self.n_embedded = 0
        points = np.random.default_rng(0).normal(size=(10, 128))
        self.places = 0.5 * points / np.linalg.norm(points, axis=1, keepdims=True)

    def embed(self, crops: Image) -> np.ndarray:
        self.n_embedded += len(crops)
        return np.array([self._one(crop) for crop in crops], np.float32).reshape(-1, 128)

    def _one(self, crop: Image) -> np.ndarray:
        noise = np.random.default_rng(int(crop.sum())).normal(size=128)
        return self.places[crop[75, 75, 0] // 25] + 0.3 * noise / np.sqrt(128)


def draw(path: Path, person: int, seed: int, *, found: int = 0) -> None:
    coarse = np.random.default_rng(1000 * person + seed).integers(0, 256, (10, 10, 3), np.uint8)
    image = coarse.repeat(15, axis=0).repeat(15, axis=1)
    if found == BLURRED:
        image[:] = person * 25
    image[60:90, 60:90] = image[60:90, : 30 * (found == CUT)] = person * 25
    if found:
        image[0, 0] = found, 0, 0
    path.parent.mkdir(parents=True, exist_ok=True)
    save_image(image, path)


def draw_all(folder: Path, person: int, seeds: Iterable[int]) -> None:
    for seed in seeds:
        draw(folder / f"{seed}.png", person, seed)


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def eyes_of(run: Path, embedder: ByPixel) -> FaceRecogniser:
    """The saved recogniser of a run, with these networks."""
    facts = open_bundle(run).facts
    return FaceRecogniser(FaceReader(OneFace(), embedder), Identifier(gallery_of(run), facts.faces.head, facts.threshold))


def full_from(nth: int) -> Callable[[Path, bytes], None]:
    """Writing that works so many times less one, and then finds the disk full."""
    writes = itertools.count(1)

    def write(path: Path, content: bytes) -> None:
        if next(writes) >= nth:
            path.write_bytes(content[: len(content) // 2])
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        path.write_bytes(content)

    return write


@pytest.fixture
def embedder(monkeypatch: pytest.MonkeyPatch) -> ByPixel:
    embedder = ByPixel()
    opened = OpenedReader(FaceReader(OneFace(), embedder), b"graph", {"mtcnn-pnet": b"p", "mtcnn-rnet": b"r", "mtcnn-onet": b"o"})
    monkeypatch.setattr("whosthat.workflow.train_faces.open_reader", lambda *_: opened)
    return embedder


@pytest.fixture
def no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plots cost seconds and are tested where they belong."""
    monkeypatch.setattr("whosthat.workflow.training_run.write_report", lambda run: run)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    for person in range(5):
        draw_all(tmp_path / "people" / f"person{person}", person, range(20))
    return tmp_path / "people"


def test_a_run_ends_with_figures_a_report_and_a_bundle_that_has_enrolled_everybody(people: Path, embedder: ByPixel, tmp_path: Path) -> None:
    result = train(people, RECIPE, runs=tmp_path / "runs")
    assert (result.evaluation.n, result.evaluation.accuracy) == (10, 1.0)
    bundle = open_bundle(result.run)
    assert (bundle.facts.kind, bundle.facts.labels) == ("face-recogniser", tuple(f"person{number}" for number in range(5)))
    assert len(gallery_of(result.run).photos) == 100
    assert {part: len(digests) for part, digests in bundle.facts.data.parts.items()} == {"train": 100}
    assert isinstance(bundle.facts.threshold, DistanceThreshold)
    assert bundle.facts.threshold.fnir is not None
    report = (result.run / "report.html").read_text(encoding="utf-8")
    assert "has all 100 photos enrolled" in report
    metrics = json.loads((result.run / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["outcomes"] == metrics["evaluation"]["outcomes"] == {"correct": 10, "wrong": 0, "unknown": 0, "no_face": 0}
    assert json.loads((result.run / "metrics.json").read_text(encoding="utf-8"))["training"]["epochs"] == 0


@pytest.mark.usefixtures("no_report", "embedder")
def test_training_ends_with_a_line_about_the_better_network_until_it_is_here(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", str(people), "--model", "faces", "--runs", str(tmp_path / "runs")]
    assert main(words) == 0
    last = " ".join(capsys.readouterr().out.rpartition("\n\n")[2].split())
    assert last.startswith("reid-0095 tells people apart better")
    assert "whosthat models get reid-0095 (2.6 MB, once; " in last
    assert main([*words, "--set", "embedder=dlib-resnet"]) == 0  # asked for: nothing to say
    assert "reid-0095" not in capsys.readouterr().out
    (tmp_path / "weights").mkdir()
    for file in EMBEDDERS["reid-0095"].files:
        (tmp_path / "weights" / file.file).touch()
    assert main(words) == 0
    assert "models get" not in capsys.readouterr().out


def test_the_report_says_of_faces_what_was_planted(people: Path, embedder: ByPixel, tmp_path: Path) -> None:
    draw(people / "person0" / "is person1.png", 1, 50)
    draw(people / "person0" / "is nobody.png", 7, 51)
    draw(people / "person1" / "empty.png", NOBODY, 52)
    for name, found in (("two", TWO), ("small", SMALL), ("cut", CUT), ("blurred", BLURRED)):
        draw(people / "person2" / f"{name}.png", 2, 60 + found, found=found)
    run = train(people, RECIPE, runs=tmp_path / "runs").run
    page = (run / "report.html").read_text(encoding="utf-8")
    (part,) = re.findall(r'<section id="faces">(.*?)</section>', page, re.DOTALL)
    words = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", part)))
    for line in (
        "A face was found in 106 of 107 photos.",
        "2 may show somebody else 1 without a face 1 with several faces 1 with a face below 40 pixels",
        "1 with a blurred face 1 with a face cut by the edge",
        "No face was found in 1 photo: person1/empty.png.",
        "person2/two.png: one of 2 faces was taken, it is the largest",
        "person2/small.png: 30 pixels",
        "person2/blurred.png: sharpness",
        "No two people are easily confused. Most alike:",
    ):
        assert line in words, line
    assert re.search(r"\? looks like person1 \(0\.[123]\d\) lies with person0 \(0\.\d\d\) person0/is person1.png", words)
    assert re.search(r"person2/cut.png: (4[89]|5[012]) % of it beyond the edge", words)
    assert re.search(r"\? somebody without a folder lies with person0 \(0\.\d\d\) person0/is nobody.png", words)
    assert part.count("data:image/jpeg") == 2
    first, second, distance = re.findall(r"person(\d) person(\d) (0\.\d\d) not alike 0", words)[0]
    apart = np.linalg.norm(embedder.places[:5, None] - embedder.places[:5], axis=2) + np.eye(5)
    assert float(distance) == pytest.approx(apart.min(), abs=0.05)
    assert apart[int(first), int(second)] == apart.min()


def test_planted_photos_that_cost_right_answers_are_named_with_their_number(
    people: Path, embedder: ByPixel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in range(3):
        draw(people / "ann" / f"{seed}.png", 6, seed)
    for seed in (97, 98, 99):
        draw(people / "ann" / f"wrong {seed}.png", 7, seed)
    settings = ["--set", "stranger_rate=0.0005"]  # so little is allowed that a template between two people names neither
    assert main(["train", str(people), "--model", "faces", "--runs", str(tmp_path / "runs"), *settings, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    (costly,) = document["costly"]
    assert costly["person"] == "ann"
    assert all("wrong" in name for name in costly["photos"])
    assert costly["lost"] == 3  # all photos of hers that were learnt from
    sentence = f"{len(costly['photos'])} photos of ann cost {costly['lost']} right answers: {', '.join(costly['photos'])}."
    run = Path(document["run"])
    metrics = json.loads((run / "metrics.json").read_bytes())
    assert metrics["costly"] == [costly]
    assert any(note.startswith(sentence) for note in metrics["notes"])
    assert sentence in unescape((run / "report.html").read_text("utf-8"))
    assert resume(run).costly == (CostlyPhotos("ann", tuple(costly["photos"]), 3),)


def test_photos_that_may_be_another_age_are_left_out_until_somebody_says_so(
    people: Path, embedder: ByPixel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in range(8):
        draw(people / "person0" / f"child {seed}.png", 8, seed)
    draw(tmp_path / "new.png", 8, 99)

    def named(*options: str) -> tuple[str | None, int, dict[str, object], str]:
        assert main(["train", str(people), "--model", "faces", "--runs", str(tmp_path / "runs"), "--json", *options]) == 0
        told = capsys.readouterr()
        document = json.loads(told.out)
        recogniser = eyes_of(document["run"], embedder)
        n_photos = len(recogniser.identifier.gallery.photos)
        return recogniser.identify(tmp_path / "new.png")[0].name, n_photos, document, " ".join(told.err.split())

    name, n_photos, document, told = named()
    assert name is None
    assert "8 photos of person0 are unlike the others and like each other: person0/child 0.png" in told
    assert "If it is person0, train with --keep-suspects." in told
    report = unescape((Path(str(document["run"])) / "report.html").read_text("utf-8"))
    assert "8 photos of person0 are unlike the others" in report

    name, n_learnt, document, told = named("--keep-suspects")
    assert (name, n_learnt) == ("person0", n_photos + 8)
    assert "--keep-suspects" not in told + json.dumps(document["notes"])
    (note,) = (note for note in document["notes"] if "another age" in note)
    assert note.startswith("8 photos of person0 are unlike the others and like each other")
    outcomes = document["outcomes"]
    assert outcomes["correct"] == sum(outcomes.values()) > 0


def test_a_recogniser_of_one_person_finds_them_and_its_report_holds_no_figure_that_could_not_be_otherwise(
    embedder: ByPixel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw_all(tmp_path / "people" / "grandma", 0, range(20))
    assert main(["train", str(tmp_path / "people"), "--model", "faces", "--runs", str(tmp_path / "runs")]) == 0
    run = tmp_path / "runs" / "people-faces-1"
    told = capsys.readouterr().out
    words = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", (run / "report.html").read_text("utf-8"))))
    for text in (told, words):
        assert "Each of 18 photos was compared with the others, but not with its copies or its burst: 18 would get the name." in text
        assert "One person cannot be confused with another" in text
        assert not re.search("[Cc]losed.set|Confusions|[Pp]recision|temperature", text)
    assert "has all 20 photos enrolled" in words
    assert json.loads((run / "metrics.json").read_text(encoding="utf-8"))["outcomes"]["correct"] == 2
    draw(tmp_path / "new.png", 0, 99)
    draw(tmp_path / "stranger.png", 5, 99)
    answers = [eyes_of(run, embedder).identify(tmp_path / name)[0] for name in ("new.png", "stranger.png")]
    assert [(one.name, one.runner_up) for one in answers] == [("grandma", None), (None, None)]


@pytest.mark.usefixtures("no_report")
@pytest.mark.parametrize("n", [1, 2])
def test_one_or_two_photos_of_one_person_are_enough_to_find_them(n: int, embedder: ByPixel, tmp_path: Path) -> None:
    draw_all(tmp_path / "people" / "grandma", 0, range(n))
    result = train(tmp_path / "people", RECIPE, runs=tmp_path / "runs")
    assert (result.evaluation, open_bundle(result.bundle).facts.labels) == (None, ("grandma",))
    assert any(note.startswith("Each of 2 photos was compared with the others") for note in result.notes) is (n == 2)


@pytest.mark.usefixtures("no_report")
def test_strangers_are_asked_of_one_person_too(embedder: ByPixel, tmp_path: Path) -> None:
    draw_all(tmp_path / "people" / "grandma", 0, range(9))
    for stranger in range(1, 8):
        draw_all(tmp_path / "others" / str(stranger), stranger, range(3))
    result = train(tmp_path / "people", RECIPE, strangers=tmp_path / "others", runs=tmp_path / "runs")
    assert open_bundle(result.run).facts.threshold.n_strangers == 21
    assert not any("correct in cross-validation" in note for note in result.notes)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps the user's profile private by other means")
def test_a_run_and_the_cache_are_their_owners_alone_whatever_the_umask(people: Path, embedder: ByPixel, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        result = train(people, RECIPE, runs=tmp_path / "runs")
    finally:
        os.umask(before)
    for place in (result.run, tmp_path / "cache"):
        others = [path for path in (place, *place.rglob("*")) if path.stat().st_mode & 0o077]
        assert others == []


@pytest.mark.usefixtures("no_report")
class TestWithoutReport:
    def test_the_tested_recogniser_has_not_seen_the_test_photos(
        self, people: Path, embedder: ByPixel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from whosthat.workflow import train_faces

        seen: dict[str, set[str]] = {}

        def watched(gallery, groups, **options):
            seen["learnt"] = {photo.name for photo in gallery.photos}
            return fit_identifier(gallery, groups, **options)

        fit_identifier = train_faces.fit_identifier
        monkeypatch.setattr(train_faces, "fit_identifier", watched)
        result = train(people, RECIPE, runs=tmp_path / "runs")
        assert len(seen["learnt"]) == 90
        assert not seen["learnt"] & {answer.path for answer in result.evaluation.answers}

    def test_the_notes_say_how_names_are_given_and_what_the_test_gave(self, people: Path, embedder: ByPixel, tmp_path: Path) -> None:
        for seed in range(100, 110):
            draw(people / "person0" / f"is person1 {seed}.png", 1, seed)
        for seed in range(100, 108):  # two photos each of four people: three of one would be taken for another age
            draw(people / "person3" / f"is nobody {seed}.png", 5 + seed % 4, seed)
        result = train(people, RECIPE, runs=tmp_path / "runs")
        paths = [answer.path for answer in result.evaluation.answers]
        n, wrong, refused = len(paths), sum("is person1" in path for path in paths), sum("is nobody" in path for path in paths)
        threshold = open_bundle(result.run).facts.threshold
        assert wrong
        assert refused
        assert isinstance(threshold, DistanceThreshold)
        assert result.notes[0].startswith(
            f"A face gets a name if it is close enough to that person (distance {threshold.value:.2f} or less)"
        )
        assert result.notes[0].endswith(threshold.how)
        assert result.notes[1].startswith(f"Method: {IN_WORDS[open_bundle(result.run).facts.faces.head]} (")
        assert result.evaluation.outcomes == Outcomes(n - wrong - refused, wrong, refused, 0)
        assert result.notes[2].startswith(f"{wrong + refused} of {wrong + refused} mistakes are photos that may lie in the wrong folder")
        assert result.notes[3:] == (
            "The tested recogniser had not seen the test photos.",
            "The saved one has all 108 photos enrolled.",
        )

    def test_photos_that_probably_show_another_person_are_named_and_teach_nothing_unless_asked(
        self, people: Path, embedder: ByPixel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for seed in range(100, 103):
            draw(people / "person0" / f"is person1 {seed}.png", 1, seed)
        words = ["train", str(people), "--model", "faces", "--set", "detector=mtcnn", "--runs", str(tmp_path / "runs")]
        assert main(words) == 0
        assert re.search(
            r"photos? probably shows? another person .*is person1 .*looks like person1.*--keep-suspects", capsys.readouterr().err
        )
        assert main([*words, "--keep-suspects"]) == 0
        assert "--keep-suspects" not in capsys.readouterr().err
        enrolled = [{photo.name for photo in gallery_of(tmp_path / "runs" / f"people-faces-{n}").photos} for n in (1, 2)]
        assert (len(enrolled[0]), len(enrolled[1])) == (100, 103)
        assert {name for name in enrolled[1] - enrolled[0] if "is person1" not in name} == set()

    def test_the_saved_recogniser_may_keep_the_test_photos_out(self, people: Path, embedder: ByPixel, tmp_path: Path) -> None:
        result = train(people, default_recipe("faces", detector="mtcnn", keep_test_out=True), runs=tmp_path / "runs")
        facts = open_bundle(result.bundle).facts
        assert {part: len(digests) for part, digests in facts.data.parts.items()} == {"train": 80, "validation": 10, "test": 10}
        assert facts.faces.n_enrolled == 90
        assert result.notes[-1] == "It is the saved one, with 90 photos enrolled."

    def test_the_learning_curve_ends_at_the_test(self, people: Path, embedder: ByPixel, tmp_path: Path) -> None:
        for seed in range(100, 110):
            draw(people / "person0" / f"is person1 {seed}.png", 1, seed)
            draw(people / "person1" / f"faceless {seed}.png", NOBODY, seed)
        result = train(people, RECIPE, runs=tmp_path / "runs")
        learning = json.loads((result.run / "metrics.json").read_text(encoding="utf-8"))["learning"]
        assert result.evaluation.accuracy < 1
        assert learning["points"][-1]["accuracy"] == result.evaluation.accuracy

    def test_the_split_is_that_of_every_other_model(self, people: Path, embedder: ByPixel, tmp_path: Path) -> None:
        draw(people / "person1" / "faceless.png", NOBODY, 1)
        result = train(people, RECIPE, runs=tmp_path / "runs")
        expected = [item.photo.name for item in split(audit_folder(people)).parts["test"]]
        assert [answer.path for answer in result.evaluation.answers] == expected

    def test_one_changed_photo_costs_one_embedding(self, people: Path, embedder: ByPixel, tmp_path: Path) -> None:
        train(people, RECIPE, runs=tmp_path / "runs")
        assert embedder.n_embedded == 100  # those of the test are not looked at again
        draw(people / "person2" / "3.png", 2, 77)
        train(people, RECIPE, runs=tmp_path / "runs")
        assert embedder.n_embedded == 101
        train(people, RECIPE, runs=tmp_path / "runs")
        assert embedder.n_embedded == 101

    def test_photos_without_a_face_teach_nothing_and_count_in_the_test(self, people: Path, embedder: ByPixel, tmp_path: Path) -> None:
        for seed in range(20):
            draw(people / "person1" / f"empty {seed}.png", NOBODY, seed)
        result = train(people, RECIPE, runs=tmp_path / "runs")
        assert result.evaluation.outcomes.no_face == sum("empty" in answer.path for answer in result.evaluation.answers) > 0
        assert open_bundle(result.bundle).facts.faces.n_enrolled == 100

    def test_a_folder_without_any_face_stops_the_run_with_advice(self, people: Path, embedder: ByPixel, tmp_path: Path) -> None:
        draw_all(people / "landscapes", NOBODY, range(5))
        with pytest.raises(DatasetError, match=r"No face was found in any photo of: landscapes.*--model efficientnet-lite0"):
            train(people, RECIPE, runs=tmp_path / "runs")

    def test_one_photo_a_person_is_enough_to_enrol_and_what_is_not_known_is_said(self, embedder: ByPixel, tmp_path: Path) -> None:
        for person in range(3):
            draw(tmp_path / "people" / f"person{person}" / "only.png", person, 0)
        result = train(tmp_path / "people", RECIPE, runs=tmp_path / "runs")
        assert result.evaluation is None
        assert open_bundle(result.bundle).facts.metrics == {}
        assert any("there was no test" in note for note in result.notes)
        assert any("strangers would get a name" in note for note in result.notes)

    def test_a_head_that_was_asked_for_and_cannot_be_used_leaves_no_run(
        self, people: Path, embedder: ByPixel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("whosthat.recognition.heads.MOST_LOGISTIC_WORK", 1000)
        with pytest.raises(DatasetError, match="The head logistic takes too long"):
            train(people, default_recipe("faces", detector="mtcnn", head="logistic"), runs=tmp_path / "runs")
        assert not list((tmp_path / "runs").iterdir())
        notes = train(people, RECIPE, runs=tmp_path / "runs").notes
        assert "Not tried, because there are too many photos: logistic regression." in notes

    def test_one_photo_under_two_names_is_enrolled_for_nobody(self, people: Path, embedder: ByPixel, tmp_path: Path) -> None:
        shutil.copy(people / "person1" / "3.png", people / "person2" / "holiday.png")
        result = train(people, RECIPE, runs=tmp_path / "runs")
        enrolled = {photo.name for photo in gallery_of(result.bundle).photos}
        assert len(enrolled) == 99
        assert not enrolled & {"person1/3.png", "person2/holiday.png"}
        audit = json.loads((result.run / "audit.json").read_text(encoding="utf-8"))
        assert [finding["photos"] for finding in audit["findings"] if finding["kind"] == "two-names"] == [
            ["person1/3.png", "person2/holiday.png"]
        ]
        assert len(audit["set_aside"]) == 2

    def test_people_with_few_photos_are_enrolled_though_not_tested(self, people: Path, embedder: ByPixel, tmp_path: Path) -> None:
        draw(people / "person6" / "only.png", 6, 0)
        result = train(people, RECIPE, runs=tmp_path / "runs")
        assert {score.name: score.n for score in result.evaluation.per_class}["person6"] == 0
        assert "person6" in open_bundle(result.bundle).facts.labels

    def test_strangers_fit_the_threshold(self, people: Path, embedder: ByPixel, tmp_path: Path) -> None:
        for person in (7, 8):
            draw_all(tmp_path / "others" / f"stranger{person}", person, range(5))
        result = train(people, RECIPE, runs=tmp_path / "runs", strangers=tmp_path / "others")
        alone = train(people, RECIPE, runs=tmp_path / "alone")
        counted, without = (open_bundle(one.bundle).facts.threshold.n_strangers for one in (result, alone))
        assert counted == without + 10
        with pytest.raises(DatasetError, match="There is no folder"):
            train(people, RECIPE, runs=tmp_path / "runs", strangers=tmp_path / "nowhere")

    def test_the_bundle_is_tested_on_portraits_it_has_not_enrolled(
        self, people: Path, embedder: ByPixel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        result = train(people, RECIPE, runs=tmp_path / "runs")
        monkeypatch.setattr("whosthat.workflow.evaluate.load", lambda bundle: eyes_of(bundle, embedder))
        with pytest.raises(DatasetError, match=r"100 photos left out of the test.*knows it as a training photo"):
            evaluate(result.run, people)
        draw_all(tmp_path / "new" / "person3", 3, range(500, 503))
        draw(tmp_path / "new" / "person3" / "empty.png", NOBODY, 1)
        evaluation = evaluate(result.run, tmp_path / "new")
        assert evaluation.outcomes == Outcomes(correct=3, wrong=0, unknown=0, no_face=1)

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_a_signal_while_faces_are_found_leaves_the_run_before_as_the_latest_and_what_was_found_is_remembered(
        self,
        number: signal.Signals,
        code: int,
        people: Path,
        embedder: ByPixel,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        def remember_and_stop(*arguments: object) -> None:
            remember(*arguments)
            signal.raise_signal(number)

        draw(tmp_path / "before" / "person0" / "only.png", 0, 500)
        draw(tmp_path / "before" / "person1" / "only.png", 1, 500)
        before = train(tmp_path / "before", RECIPE, runs=tmp_path / "runs").run
        remember = RememberedFaces.put
        words = ["train", str(people), "--model", "faces", "--set", "detector=mtcnn", "--runs", str(tmp_path / "runs")]
        with monkeypatch.context() as patch:
            patch.setattr(RememberedFaces, "put", remember_and_stop)
            assert main(words) == code
        assert "go on with whosthat train --resume" in capsys.readouterr().err
        assert latest(tmp_path / "runs") == before
        embedder.n_embedded = 0
        assert main(words) == 0
        assert embedder.n_embedded == 100 - KEPT_EVERY
        assert latest(tmp_path / "runs").name == "people-faces-2"

    def test_a_full_disk_at_any_write_is_said_and_harms_nothing_that_was_there(
        self, embedder: ByPixel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for person in range(2):
            draw_all(tmp_path / "few" / f"person{person}", person, range(4))
        before = train(tmp_path / "few", RECIPE, runs=tmp_path / "runs").run
        held = contents(before)
        for nth in itertools.count(1):
            with monkeypatch.context() as patch:
                patch.setattr("whosthat.durable.write_file", full_from(nth))
                try:
                    train(tmp_path / "few", RECIPE, runs=tmp_path / "runs")
                except RunError as error:
                    told = str(error)
                else:
                    break
            assert "No space left on device" in told
            assert latest(tmp_path / "runs") == before
            assert contents(before) == held
        assert nth > 8
        for stopped in set((tmp_path / "runs").glob("few-*")) - {before, latest(tmp_path / "runs")}:
            assert resume(stopped).evaluation is not None
        assert embedder.n_embedded == 8

    def test_killed_at_any_call_a_run_is_resumed_whole_becomes_the_latest_and_has_nothing_left_to_do_then(
        self, embedder: ByPixel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_at: Any
    ) -> None:
        monkeypatch.setattr("whosthat.workflow.training_run.write_report", lambda run: replace_file(run / "report.html", b"report"))
        for person in range(2):
            draw_all(tmp_path / "few" / f"person{person}", person, range(4))
        runs = tmp_path / "runs"
        before = train(tmp_path / "few", RECIPE, runs=runs).run
        for nth in itertools.count(1):
            with killed_at(nth) as died:
                train(tmp_path / "few", RECIPE, runs=runs)
            stopped = runs / f"few-faces-{nth + 1}"
            if (stopped / "recipe.toml").exists():
                for _ in range(2):
                    assert resume(stopped).evaluation is not None
                    assert latest(runs) == stopped, (nth, died)
                    assert {"bundle", "metrics.json", "report.html"} <= {path.name for path in stopped.iterdir()}
                assert [path for path in stopped.rglob(".*") if path.name != ".bundle.lock"] == []
                set_latest(before)
            elif died:
                assert latest(runs) == before
            if not died:
                break
        assert nth > 20
        assert {path.name for path in runs.iterdir() if path.name.startswith(".")} == set()

    def test_a_run_that_was_stopped_goes_on(self, people: Path, embedder: ByPixel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as patch:
            patch.setattr("whosthat.workflow.train_faces.fit_identifier", Mock(side_effect=KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                train(people, RECIPE, runs=tmp_path / "runs")
        result = resume(tmp_path / "runs" / "people-faces-1")
        assert result.evaluation is not None
        assert embedder.n_embedded == 100
