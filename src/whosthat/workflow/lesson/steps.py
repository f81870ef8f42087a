"""Giving the lesson: the order of its steps, and for each step the text, the question, the computing, and the page.

What belongs here: how a step is made into a part of the lesson, in the current language. What does not: words (`texts`) and numbers
(`arithmetic`, `trainings`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from whosthat.evaluation.lesson_page import Part, Picture, write_lesson_page
from whosthat.networks.backend import require_keras
from whosthat.progress import SILENT, Progress
from whosthat.runs.files import save_file, writing
from whosthat.translation import _
from whosthat.workflow.demo import claim_folder
from whosthat.workflow.lesson import arithmetic, trainings
from whosthat.workflow.lesson.texts import TEXTS, StepText
from whosthat.workflow.lesson.workshop import Compute, Scale, Workshop

PICTURES = "lesson"
"""Folder inside the demo's, for the pictures of the lesson and its photos."""


@dataclass(frozen=True)
class Step:
    """One step: its words, and what is computed before and after its question."""

    text: StepText
    before: Compute
    after: Compute


STEPS = (
    Step(TEXTS["function"], trainings.function_before, trainings.function_after),
    Step(TEXTS["convolution"], arithmetic.convolution_before, arithmetic.convolution_after),
    Step(TEXTS["activation"], arithmetic.activation_before, arithmetic.activation_after),
    Step(TEXTS["pooling"], arithmetic.pooling_before, arithmetic.pooling_after),
    Step(TEXTS["shapes"], arithmetic.shapes_before, arithmetic.shapes_after),
    Step(TEXTS["epoch"], arithmetic.epoch_before, arithmetic.epoch_after),
    Step(TEXTS["loss"], arithmetic.loss_before, arithmetic.loss_after),
    Step(TEXTS["descent"], arithmetic.descent_before, arithmetic.descent_after),
    Step(TEXTS["rates"], trainings.rates_before, trainings.rates_after),
    Step(TEXTS["first_layer"], trainings.first_layer_before, trainings.first_layer_after),
    Step(TEXTS["overfitting"], trainings.overfitting_before, trainings.overfitting_after),
    Step(TEXTS["cure"], trainings.cure_before, trainings.cure_after),
    Step(TEXTS["leak"], trainings.leak_before, trainings.leak_after),
    Step(TEXTS["path"], trainings.path_before, trainings.path_after),
)
"""The lesson; later steps look at what earlier ones trained."""


class Student(Protocol):
    """What a surface offers: it shows a part up to its question and asks, then it shows what happened."""

    def predict(self, part: Part) -> str:
        """Show title, text and exhibits, ask the question, and return the answer; empty for none."""

    def learn(self, part: Part) -> None:
        """Show what happened."""


def give_lesson(folder: Path, student: Student, *, scale: Scale | None = None, progress: Progress = SILENT) -> Path:
    """Give the lesson in a folder that is new, empty, or a demo's, and return its page; after each part the page is written anew.

    Pictures (PNG) and a folder with copies of photos are left in ``lesson`` inside the folder; what an earlier lesson left is replaced.

    Args:
        folder: Where.
        student: Shows, and answers.
        scale: How large the experiments are; None for the usual ones.
        progress: Hears of drawing and training.

    Raises:
        UsageError: The folder holds something else.
        NetworkError: Keras is not installed.
        RunError: A file cannot be written.
    """
    require_keras()
    claim_folder(folder)
    shop = Workshop(folder / PICTURES, scale or Scale(), progress)
    with writing(shop.folder):
        shop.folder.mkdir(exist_ok=True)
    parts: list[Part] = []
    page = folder
    for number, step in enumerate(STEPS, start=1):
        parts.append(_given(step, number, shop, student))
        page = write_lesson_page(folder, parts, n_photos=shop.n_drawn, n_trainings=len(shop.experiments), seconds=shop.seconds)
        student.learn(parts[-1])
    return page


def _given(step: Step, number: int, shop: Workshop, student: Student) -> Part:
    """Give one step: tell, ask, compute."""
    text = step.text
    words = {name: _(one) for name, one in text.words.items()}
    facts, shown = step.before(shop, words)
    part = Part(number, len(STEPS), _(text.title), _filled(text.text, facts), shown, _(text.question, **facts))
    _keep_pictures(shop, shown)
    prediction = student.predict(part)
    more, found = step.after(shop, words)
    facts = facts | more
    _keep_pictures(shop, found)
    return replace(part, prediction=prediction, result=_(text.result, **facts), answer=_filled(text.answer, facts), found=found)


def _filled(paragraphs: Sequence[str], facts: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(_(paragraph, **facts) for paragraph in paragraphs)


def _keep_pictures(shop: Workshop, exhibits: Sequence[Any]) -> None:
    """Write each picture as a PNG file."""
    for one in exhibits:
        if isinstance(one, Picture):
            save_file(shop.folder / f"{one.name}.png", one.png)
