"""The lesson: no text states a number that is not computed, and what is computed is right."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from whosthat.cartoons import draw_hero
from whosthat.dataset.audit import audit_folder
from whosthat.errors import NetworkError, UsageError
from whosthat.evaluation.lesson_page import Grid, Part, Picture
from whosthat.workflow.lesson import arithmetic, steps, trainings
from whosthat.workflow.lesson.steps import STEPS, give_lesson
from whosthat.workflow.lesson.texts import TEXTS, StepText
from whosthat.workflow.lesson.workshop import Experiment, Scale, Workshop, probabilities

SMALL = Scale(side=16, each=8, validation=2, test=4, few=2, pool=10, epochs=2, many_epochs=3, batch_size=10, small_batch=5)
NUMBER_WORDS = re.compile(r"\b(three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million)\b", re.I)


def stated_numbers(sentence: str) -> list[str]:
    """Numbers that a sentence states by itself: digits outside braces, and number words."""
    plain = re.sub(r"\{[^}]*\}", "", sentence)
    return [*re.findall(r"\d+", plain), *NUMBER_WORDS.findall(plain)]


class Pupil:
    """Answers every question with its number, and keeps what it saw."""

    def __init__(self) -> None:
        self.asked_about: list[Part] = []
        self.learnt: list[Part] = []

    def predict(self, part: Part) -> str:
        self.asked_about.append(part)
        return f"<b>{part.number}</b>"

    def learn(self, part: Part) -> None:
        self.learnt.append(part)


TRAINED_FOR = {"large": "small", "dropout": "few", "augmentation": "few", "all": "more"}
"""Trainings that are not made in the tests, and the one that stands in: each costs seconds and differs in its recipe alone."""


class QuickWorkshop(Workshop):
    """Trains what is not like another training."""

    def experiment(self, name: str, *arguments: Any, **options: Any) -> Experiment:
        twin = self.experiments.get(TRAINED_FOR.get(name, ""))
        if twin is None:
            return super().experiment(name, *arguments, **options)
        self.experiments[name] = twin
        return twin


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Pupil, Workshop]:
    """The whole lesson, taken once at a small scale; also the workshop in which it was made."""
    folder, pupil, shops = tmp_path_factory.mktemp("lesson") / "demo", Pupil(), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "Workshop", lambda *arguments: shops.append(QuickWorkshop(*arguments)) or shops[-1])
        assert give_lesson(folder, pupil, scale=SMALL) == folder / "lesson.html"
    return folder, pupil, shops[0]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.text.title)
def test_no_text_states_a_number_by_itself(step: steps.Step) -> None:
    assert [number for sentence in step.text.sentences() for number in stated_numbers(sentence)] == []


def test_a_planted_number_is_found() -> None:
    assert stated_numbers("{photos} photos make 10 batches of forty, in {epochs:.2f} epochs; three of them") == ["10", "three"]


def test_every_text_of_a_step_stands_in_the_lesson() -> None:
    assert {id(step.text) for step in STEPS} == set(map(id, TEXTS.values()))


@pytest.mark.slow
def test_each_part_tells_asks_and_answers(taken: tuple[Path, Pupil, Workshop]) -> None:
    _, pupil, _ = taken
    assert [part.number for part in pupil.learnt] == list(range(1, len(STEPS) + 1))
    for before, after in zip(pupil.asked_about, pupil.learnt, strict=True):
        assert before.result == ""  # nothing is known before the prediction
        assert before.found == ()
        assert after.prediction == f"<b>{after.number}</b>"
        assert after.result
        assert after.answer
        assert not any("{" in sentence for sentence in (*after.text, after.question, after.result, *after.answer))
        for exhibit in (*after.shown, *after.found):
            assert "{" not in exhibit.caption


def test_every_fact_is_used(taken: tuple[Path, Pupil, Workshop]) -> None:
    """A fact that no text uses is computed for nobody; a text that uses an unknown one fails above."""
    shop = taken[2]
    for step in STEPS:
        if step.before in (trainings.leak_before,):
            continue  # draws files; its facts are few
        facts = step.before(shop, step.text.words)[0]
        named = {name for sentence in step.text.sentences() for _, name, _, _ in Formatter().parse(sentence) if name}
        assert set(facts) <= named, step.text.title


def test_the_page_holds_predictions_and_results_and_loads_nothing(taken: tuple[Path, Pupil, Workshop]) -> None:
    folder, pupil, _ = taken
    html = (folder / "lesson.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;3&lt;/b&gt;" in html  # answers are escaped
    assert "<b>3</b>" not in html
    assert all(part.title in html for part in pupil.learnt)
    assert not re.search(r"(src|href)=\"(?!data:|#)", html)
    assert html.count('role="img"') == sum(isinstance(one, Picture) for part in pupil.learnt for one in (*part.shown, *part.found))
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_pictures_lie_beside_the_page(taken: tuple[Path, Pupil, Workshop]) -> None:
    folder, pupil, _ = taken
    names = [one.name for part in pupil.learnt for one in (*part.shown, *part.found) if isinstance(one, Picture)]
    assert len(names) == len(set(names))
    assert {path.stem for path in (folder / "lesson").glob("*.png")} == set(names)


def test_the_leak_is_real_and_whosthat_closes_it(taken: tuple[Path, Pupil, Workshop]) -> None:
    folder, pupil, _ = taken
    leak = next(part for part in pupil.learnt if part.title == TEXTS["leak"].title)
    table = next(one for one in leak.found if isinstance(one, Grid))
    shared = table.columns.index(TEXTS["leak"].words["shared"])
    leaky, honest = (int(row[shared].split(" / ")[0]) for row in table.rows)
    assert leaky > 0
    assert honest == 0
    assert any(one.kind == "copies" for one in audit_folder(folder / "lesson" / "copies").findings)


def test_the_first_layer_is_computed_as_the_network_does(taken: tuple[Path, Pupil, Workshop]) -> None:
    shop = taken[2]
    model = shop.experiments["good"].model
    layer = next(layer for layer in model.layers if "conv" in layer.name)
    expected = np.asarray(layer(shop.test[0][:1].astype(np.float32) / 255))[0]
    np.testing.assert_allclose(np.stack(trainings.first_maps(shop), axis=-1), expected, atol=1e-5)


def test_the_untrained_network_is_tested_on_every_photo(taken: tuple[Path, Pupil, Workshop]) -> None:
    shop = taken[2]
    best = probabilities(shop.network, shop.test[0]).argmax(axis=1)
    assert f"{int((best == shop.test[1]).sum())} of {len(best)} photos" in taken[1].learnt[0].result


def test_photos_of_the_parts_are_different(taken: tuple[Path, Pupil, Workshop]) -> None:
    shop = taken[2]
    parts = [{photo.tobytes() for photo in images} for images, _ in (shop.train, shop.validation, shop.test)]
    assert len(set.union(*parts)) == sum(map(len, parts))


def test_a_lesson_can_be_taken_again_in_the_folder_of_a_demo(taken: tuple[Path, Pupil, Workshop], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "STEPS", STEPS[1:4])
    give_lesson(taken[0], pupil := Pupil(), scale=SMALL)
    assert len(pupil.learnt) == 3


def test_the_lesson_is_given_in_the_current_language(marked: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "STEPS", STEPS[1:4])
    html = give_lesson(tmp_path / "demo", pupil := Pupil(), scale=SMALL).read_text(encoding="utf-8")
    for part in pupil.learnt:
        exhibits = (*part.shown, *part.found)
        columns = [one.columns[0] for one in exhibits if isinstance(one, Grid) and one.columns]
        said = [part.title, *part.text, part.question, part.result, *part.answer, *(one.caption for one in exhibits), *columns]
        assert [sentence for sentence in said if not sentence.startswith("漢")] == []
        assert not any("{" in sentence for sentence in said)
    assert re.search(r'<html lang="zh-[A-Za-z-]+">', html)
    assert "<h1>漢My lesson in image recognition</h1>" in html
    assert "<dt>漢photos drawn</dt>" in html


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").touch()
    with pytest.raises(UsageError, match="is not a demo"):
        give_lesson(tmp_path, Pupil())
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_without_keras_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "require_keras", Mock(side_effect=NetworkError("keras is not installed")))
    with pytest.raises(NetworkError, match="not installed"):
        give_lesson(tmp_path / "demo", Pupil())
    assert not (tmp_path / "demo").exists()


# ---- the arithmetic, at the scale of the lesson ----------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """The lesson's workshop, with photos that are drawn in no time."""
    workshop, scale = Workshop(tmp_path), Scale()
    photo = draw_hero("captain_marigold", 200_000, scale.side)
    workshop.__dict__["test"] = photo[None], np.array([0])
    workshop.__dict__["train"] = np.zeros((400, 8, 8, 3), np.uint8), np.repeat(np.arange(5), 80)
    return workshop


def facts_of(shop: Workshop, text: StepText) -> dict[str, object]:
    step = next(step for step in STEPS if step.text is text)
    return step.before(shop, text.words)[0] | step.after(shop, text.words)[0]


def test_a_convolution_is_multiplying_and_adding(shop: Workshop) -> None:
    facts = facts_of(shop, TEXTS["convolution"])
    piece = arithmetic.piece_of(shop.test[0][0])[2]
    by_hand = sum(int(piece[row, column]) * int(arithmetic.FILTER[row, column]) for row in range(3) for column in range(3))
    assert facts["first"] == by_hand
    assert eval(str(facts["products"]).replace("x", "*")) == by_hand
    assert abs(by_hand) >= arithmetic.LEAST


def test_relu_and_pooling_have_something_to_do(shop: Workshop) -> None:
    result = arithmetic.map_of(shop)
    assert (result > 0).any()
    assert (result < 0).any()
    assert facts_of(shop, TEXTS["activation"])["zeros"] == int((result <= 0).sum())
    kept = [int(number) for number in str(facts_of(shop, TEXTS["pooling"])["kept"]).split(", ")]
    assert kept == [max(0, *result[top : top + 2, left : left + 2].ravel()) for top in (0, 2) for left in (0, 2)]


def test_an_epoch_of_400_photos_in_batches_of_40_is_10_iterations(shop: Workshop) -> None:
    facts = facts_of(shop, TEXTS["epoch"])
    assert (facts["photos"], facts["batch"], facts["iterations"]) == (400, 40, 10)
    assert (facts["other"], facts["other_iterations"], facts["rest"]) == (32, 13, 16)


def test_the_weights_add_up(shop: Workshop) -> None:
    facts = facts_of(shop, TEXTS["shapes"])
    assert facts["first_weights"] == 3 * 3 * 3 * 12 + 12
    assert facts["flat"] == 10 * 10 * 24
    assert facts["weights"] == 336 + (3 * 3 * 12 * 24 + 24) + (2400 * 48 + 48) + (48 * 5 + 5)


def test_both_losses_and_gradient_descent_follow_their_formulas(shop: Workshop) -> None:
    facts = facts_of(shop, TEXTS["loss"])
    assert facts["mse"] == f"{(0.99**2 + 0.98**2 + 0.01**2) / 3:.3f}"
    assert facts["entropy"] == "4.605"
    assert facts["mse_limit"] == "0.667"
    assert facts_of(shop, TEXTS["descent"])["landed"] == "-2.4"
    assert abs(arithmetic.descended(0.4)[-1]) < 1e-3


def test_curves_and_maps_in_letters() -> None:
    assert trainings.sparkline([4, 2, 0]) == "█▅▁"
    assert trainings.sparkline([0.0]) == "▁"
    assert trainings.in_letters(np.array([[0.0, 5.0], [1.0, 1.0]])) == (" @",)
    assert trainings.in_letters(np.zeros((2, 3))) == ("   ",)


DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_the_worksheet_has_the_numbers_of_the_lesson(shop: Workshop) -> None:
    sheet = (DOCS / "worksheet.md").read_text(encoding="utf-8")
    pooled, losses, shapes = (facts_of(shop, text) for text in (TEXTS["pooling"], TEXTS["loss"], TEXTS["shapes"]))
    rows = [" ".join(map(str, row)) for row in arithmetic.map_of(shop)]
    corner = [" ".join(map(str, row[:3])) for row in arithmetic.piece_of(shop.test[0][0])[2][:3]]
    expected = [
        f"rows {', '.join(corner[:2])} and {corner[2]}.",
        f"= {facts_of(shop, TEXTS['convolution'])['first']}.",
        f"the rows {', '.join(rows[:3])} and {rows[3]}.",
        f"\n4. {facts_of(shop, TEXTS['activation'])['zeros']}:",
        f"\n5. {' and '.join(str(pooled['kept']).rsplit(', ', 1))}.",
        f"= {losses['mse']}, and {losses['entropy_arithmetic']} = {losses['entropy']}.",
        f"= {shapes['first_weights']}:",
        f"= {shapes['flat']:,}.",
        f"= {shapes['dense_weights']:,} weights, nearly all of the network's {shapes['weights']:,}.",
        f"= {facts_of(shop, TEXTS['descent'])['landed']}, and",
    ]
    assert [piece for piece in expected if piece not in sheet] == []


def test_the_worksheets_of_both_languages_have_the_same_numbers() -> None:
    english, chinese = (
        [sorted(re.findall(r"-?\d+(?:[.,]\d+)*", line)) for line in page.read_text(encoding="utf-8").splitlines() if line[:1].isdigit()]
        for page in (DOCS / "worksheet.md", DOCS / "zh-TW" / "worksheet.md")
    )
    assert english == chinese
    assert len(english) == 30
