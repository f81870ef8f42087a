"""What all pages share: the templates, how values are written in them, and the one script that may run.

What belongs here: filling a template safely. What does not: what a page shows (`report`, `check_page`, `comparison`, `experiments`,
`lesson_page`).

Everything that is put into a page is escaped. The content security policy of ``page.html.j2`` forbids whatever is not in the file, and lets
one script run: the text of ``page.js``, known by its hash. A name that got through the escaping could still run nothing.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

from whosthat.durable import replace_file
from whosthat.translation import _, language, ngettext
from whosthat.version import __version__
from whosthat.wording import closed_up, confidence_text, counted, date_text, duration, percent, percent_range, visible

TEMPLATES = Path(__file__).with_name("templates")

PAGE_LANGUAGES = {"en": "en", "zh_TW": "zh-Hant-TW"}
"""What a page says of its language, by the code of the language."""

MOST_NAMES = 200
"""Of a longer list of photos only so many are shown."""


def write_page(path: Path, name: str, **values: Any) -> Path:
    """Fill the template of this name into a file, in the place of an older one, and return it; OSError where that fails."""
    text = template(name).render(**values)
    replace_file(path, text.encode("utf-8", errors="replace"))  # a file name may hold bytes that are no letters
    return path


def template(name: str) -> Any:
    """Return the file of this name in `TEMPLATES`, which escapes whatever it is given, translated texts too."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "confidence": lambda share: unbroken(confidence_text(share)),
        "percent": lambda share: unbroken(percent(share)),
        "percent_range": lambda interval: unbroken(percent_range(interval.low, interval.high)),
        "unbroken": unbroken,
        "counted": counted,
        "duration": duration,
        "local_time": local_time,
    }
    environment.concat = lambda parts: closed_up("".join(parts))  # type: ignore[method-assign]
    environment.globals |= {"_": _, "ngettext": ngettext, "page_language": PAGE_LANGUAGES[language()], "version": __version__}
    environment.globals["most_names"] = MOST_NAMES
    environment.globals |= {"script": Markup(script()), "script_hash": script_hash()}  # noqa: S704  our own file
    return environment.get_template(name)


@functools.cache
def script() -> str:
    """Return the text of ``page.js`` as it stands between the tags of a page."""
    return (TEMPLATES / "page.js").read_text(encoding="utf-8")


@functools.cache
def script_hash() -> str:
    """Return how a content security policy names `script`: its SHA-256 in base64."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script().encode("utf-8")).digest()).decode("ascii")


def local_time(created: str) -> str:
    """Write a moment, in ISO 8601, as the clock here shows it; what is none is left as it is."""
    try:
        return date_text(datetime.fromisoformat(created))
    except (ValueError, OverflowError, OSError):
        return created


def unbroken(sentence: str) -> str:
    """Keep numbers and their per cent signs on one line."""
    return sentence.replace(" %", "\N{NO-BREAK SPACE}%")
