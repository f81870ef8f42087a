"""What stands on the page of a lesson around its parts.

What belongs here: the page's own words, and the facts at its top. What does not: the parts (`steps`) and the layout
(`evaluation.lesson_page`).
"""

from __future__ import annotations

from datetime import datetime

from whosthat.translation import N_, _
from whosthat.version import __version__
from whosthat.wording import duration
from whosthat.workflow.lesson.workshop import Workshop

PAGE = {
    "title": N_("My lesson in image recognition"),
    "name": N_("Name:"),
    "summary": N_("What I predicted, and what happened"),
    "introduction": N_("Every number on this page was computed on this computer during the lesson."),
    "part": N_("part"),
    "question": N_("Question"),
    "predicted": N_("My prediction"),
    "happened": N_("What happened"),
    "nothing": N_("(no prediction)"),
    "private": N_("This page holds drawn pictures and your answers, and no photo. It loads nothing from anywhere."),
    "made": N_("Made by whosthat {version} with: whosthat demo --lesson"),
    "date": N_("made on"),
    "time": N_("time spent computing"),
    "photos": N_("photos drawn"),
    "trainings": N_("networks trained"),
}
"""The words of the page around the parts."""


def page_words() -> dict[str, str]:
    """Return `PAGE` in the current language, with the version filled in."""
    return {name: _(words, version=__version__) for name, words in PAGE.items()}


def page_facts(shop: Workshop) -> list[tuple[str, str]]:
    """Return the facts at the top of the page, each with its heading."""
    facts = {
        "date": datetime.now().astimezone().strftime("%Y-%m-%d"),
        "photos": f"{shop.n_drawn:,}",
        "trainings": str(len(shop.experiments)),
        "time": duration(shop.seconds),
    }
    return [(_(PAGE[name]), value) for name, value in facts.items()]
