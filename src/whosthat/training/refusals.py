"""Why settings are refused: what pydantic found wrong with them, in sentences that name the key and can be translated.

What belongs here: from one of pydantic's errors to a sentence. What does not: reading settings (`recipe`, `experiments`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

from whosthat.errors import did_you_mean
from whosthat.translation import N_, _

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

_EXPECTED = {
    "bool_type": N_("boolean"),
    "finite_number": N_("a finite number"),
    "float_type": N_("number"),
    "greater_than": N_("greater than {gt}"),
    "greater_than_equal": N_("greater than or equal to {ge}"),
    "int_type": N_("integer"),
    "less_than": N_("less than {lt}"),
    "less_than_equal": N_("less than or equal to {le}"),
    "model_attributes_type": N_("a section of settings"),
    "model_type": N_("a section of settings"),
    "string_too_long": N_("a text of at most {max_length} characters"),
    "string_too_short": N_("a text that is not empty"),
    "string_type": N_("string"),
    "tuple_type": N_("tuple"),
}
"""What was expected, by the type of pydantic's error; places have the names of its limits."""

MESSAGES = (
    N_("Extra inputs are not permitted"),
    N_("Field required"),
    N_("Input should be a valid dictionary"),
    N_("Input should be a valid list"),
    N_("Input should be a valid string"),
    N_("String should have at least 1 character"),
    N_("String should have at most 60 characters"),
)
"""Pydantic's own messages about a series, whose keys have few ways to be wrong."""


def refusal(problem: ErrorDetails, kind: type[BaseModel], settings: Mapping[str, Any]) -> str:
    """Say in a sentence or two what is wrong with one key of a recipe: what was expected, what came, and the nearest name.

    ``kind`` is the recipe's class, ``settings`` are what was refused.
    """
    path = _path(problem["loc"], settings)
    key, error, context = ".".join(path), problem["type"], problem.get("ctx", {})
    if not path:
        return str(context.get("error", problem["msg"]))
    if error == "extra_forbidden":
        return _('There is no key "{key}". {choice}', key=key, choice=did_you_mean(path[-1], _known_keys(kind, path[:-1], settings)))
    if error == "missing":
        return _('The key "{key}" is missing.', key=key)
    if error == "union_tag_invalid":
        choice = did_you_mean(str(context["tag"]), _choices(context["expected_tags"]))
        return _('"{key}.name" cannot be "{tag}". {choice}', key=key, tag=context["tag"], choice=choice)
    if error == "union_tag_not_found":
        return _('"{key}.name" is missing.', key=key)
    given = problem["input"]
    sentence = _('"{key}": expected {expected}, got {given!r}.', key=key, expected=_expected(problem), given=given)
    if error != "literal_error" or not isinstance(given, str):
        return sentence
    return f"{sentence} {did_you_mean(given, _choices(context['expected']))}"


def _expected(problem: ErrorDetails) -> str:
    """What a value should be, in words."""
    context = problem.get("ctx", {})
    if problem["type"] == "value_error":  # said by our own validators
        return str(context["error"])
    if problem["type"] == "literal_error":
        return _either([repr(choice) for choice in _choices(context["expected"])])
    if problem["type"] not in _EXPECTED:
        return problem["msg"]
    limits = {name: int(limit) if isinstance(limit, float) and limit.is_integer() else limit for name, limit in context.items()}
    return _(_EXPECTED[problem["type"]], **limits)


def _either(choices: Sequence[str]) -> str:
    *first, last = choices
    return _("{choices} or {last}", choices=_(", ").join(first), last=last) if first else last


def _choices(listed: str) -> list[str]:
    """Take pydantic's ``'a', 'b' or 'c'`` apart."""
    return [choice.strip(" '") for choice in listed.replace(" or ", ", ").split(",")]


def _path(location: tuple[int | str, ...], settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Drop the tag that pydantic puts between a section with a ``name`` and its key."""
    section = settings.get(str(location[0])) if location else None
    tagged = len(location) > 2 and isinstance(section, Mapping) and section.get("name") == location[1]
    parts = (location[0], *location[2:]) if tagged else location
    return tuple(str(part) for part in parts)


def _known_keys(recipe: type[BaseModel], path: tuple[str, ...], settings: Mapping[str, Any]) -> list[str]:
    """Return the keys of the section at a path, or of the recipe itself."""
    if not path:
        return list(recipe.model_fields)
    annotation = recipe.model_fields[path[0]].annotation
    sections: tuple[type[BaseModel], ...] = get_args(annotation) or (annotation,)
    name = settings[path[0]].get("name")
    every = [section.model_fields for section in sections]
    return [key for fields in every if "name" not in fields or fields["name"].default == name for key in fields]
