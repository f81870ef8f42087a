"""How babel finds the texts that people read: those of Python code with Python's own parser, those of the lesson and of series in their files.

Babel's tokeniser passes over a call inside another call's arguments or inside an f-string; such a text would stay English, and no
catalogue would lack it. ``babel.cfg`` names these functions.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from typing import Any

from whosthat import errors

PLURAL = ("NN_", "ngettext")
SINGULAR = {"_", "N_"} | {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
"""An error translates its message itself."""
REFUSAL = "Refusal"
"""An error of the service, whose message stands behind its status and its code."""


def extract(file: Any, _keywords: Any = None, _comment_tags: Any = None, options: Any = None) -> Iterator[tuple[int, str, Any, list[str]]]:
    """Yield the line, the function, the text (or both forms of a plural) and no comments, for every text that is a literal.

    Babel calls it by these places, and with ``options`` by name; nothing but the file counts.
    """
    for node in ast.walk(ast.parse(file.read())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        name, texts = node.func.id, [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if name in SINGULAR and texts:
            yield node.lineno, "gettext", texts[0], []
        elif name == REFUSAL and len(texts) > 1:
            yield node.lineno, "gettext", texts[1], []
        elif name in PLURAL and len(texts) > 1:
            yield node.lineno, "ngettext", (texts[0], texts[1]), []
        elif name == "pgettext" and len(texts) > 1:
            yield node.lineno, "pgettext", (texts[0], texts[1]), []


def extract_lesson(
    file: Any, _keywords: Any = None, _comment_tags: Any = None, options: Any = None
) -> Iterator[tuple[int, str, Any, list[str]]]:
    """Yield the same for every text of the lesson; its line is not known."""
    from whosthat.workflow.lesson.texts import read_texts

    for step in read_texts(file.read().decode("utf-8")).values():
        yield from ((0, "gettext", text, []) for text in step.sentences())


def extract_series(
    file: Any, _keywords: Any = None, _comment_tags: Any = None, options: Any = None
) -> Iterator[tuple[int, str, Any, list[str]]]:
    """Yield the same for why each step of a series was taken."""
    yield from ((0, "gettext", step["why"], []) for step in tomllib.load(file)["step"] if "why" in step)
