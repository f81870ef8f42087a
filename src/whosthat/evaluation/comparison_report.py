"""A comparison as files: ``comparison.json`` for programs, a self-contained ``compare.html`` for people.

What belongs here: writing the two. What does not: the choice (`comparison`), the report of a single run (`report`).
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from whosthat.durable import replace_file
from whosthat.errors import RunError
from whosthat.evaluation.comparison import PHOTOS_TO_NAME, Comparison, Contestant
from whosthat.evaluation.report import template
from whosthat.version import __version__
from whosthat.wording import percent

FORMAT = 2
"""The version of comparison.json."""

JSON_FILE, REPORT_FILE = "comparison.json", "compare.html"


def to_dict(comparison: Comparison) -> dict[str, Any]:
    """Return plain values, ready for JSON; the answers photo by photo stand in each run's ``metrics.json``."""
    document = asdict(comparison)
    for contestant in document["contestants"]:
        del contestant["correct"]
    return {"format": FORMAT, **document}


def write_comparison(folder: Path, comparison: Comparison) -> Path:
    """Write both files.

    Args:
        folder: Must exist.
        comparison: What they shall say.

    Returns:
        The page.

    Raises:
        RunError: A file cannot be written.
    """
    page = template("compare.html.j2").render(comparison=comparison, cells=cells, n_to_name=PHOTOS_TO_NAME, version=__version__)
    try:
        replace_file(folder / JSON_FILE, json.dumps(to_dict(comparison), allow_nan=False, indent=1).encode("ascii"))
        replace_file(folder / REPORT_FILE, page.encode("utf-8", errors="replace"))
    except OSError as error:
        raise RunError(f"{folder} cannot be written: {error.strerror or error}. Make room there and try again.") from error
    return folder / REPORT_FILE


def cells(one: Contestant) -> dict[str, str]:
    """Return a model's figures as short texts, by the heading of their column; the same on the page and on the terminal."""
    return {
        "model": one.model,
        "correct": percent(one.accuracy),
        "95 % interval": f"{percent(one.interval.low)} to {percent(one.interval.high)}",
        "wrong": f"{one.outcomes.wrong:,}",
        "unknown": f"{one.outcomes.unknown:,}",
        "no face": f"{one.outcomes.no_face:,}",
        "strangers named": _strangers(one),
        "photos a second": f"{one.photos_per_second:,.1f}",
        "training": f"{one.seconds:,.1f} s",
        "size": f"{one.n_bytes / 1e6:,.1f} MB",
    }


def _strangers(one: Contestant) -> str:
    if one.fpir is None or one.strangers is None:
        return "not known"
    return f"{percent(one.fpir)} ({percent(one.strangers.low)} to {percent(one.strangers.high)})"
