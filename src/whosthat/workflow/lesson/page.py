"""What stands on the page of a lesson around its parts.

What belongs here: the page's own words, and the facts at its top. What does not: the parts (`steps`) and the layout
(`evaluation.lesson_page`).
"""

from __future__ import annotations

from datetime import datetime

from whosthat.version import __version__
from whosthat.wording import duration
from whosthat.workflow.lesson.workshop import Workshop

PAGE = {
    "title": "My lesson in image recognition",
    "name": "Name:",
    "summary": "What I predicted, and what happened",
    "introduction": "Every number on this page was computed on this computer during the lesson.",
    "part": "part",
    "question": "Question",
    "predicted": "My prediction",
    "happened": "What happened",
    "nothing": "(no prediction)",
    "private": "This page holds drawn pictures and your answers, and no photo. It loads nothing from anywhere.",
    "made": "Made by whosthat {version} with: whosthat demo --lesson",
    "date": "made on",
    "time": "time spent computing",
    "photos": "photos drawn",
    "trainings": "networks trained",
}
"""The words of the page around the parts."""


def page_words() -> dict[str, str]:
    """Return `PAGE` with the version filled in."""
    return {name: words.format(version=__version__) for name, words in PAGE.items()}


def page_facts(shop: Workshop) -> list[tuple[str, str]]:
    """Return the facts at the top of the page, each with its heading."""
    facts = {
        "date": datetime.now().astimezone().strftime("%Y-%m-%d"),
        "photos": f"{shop.n_drawn:,}",
        "trainings": str(len(shop.experiments)),
        "time": duration(shop.seconds),
    }
    return [(PAGE[name], value) for name, value in facts.items()]
