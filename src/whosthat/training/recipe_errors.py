"""Say in sentences why a recipe was refused: the key, what was expected, what came, and the nearest name.

Nothing else belongs here; the limits themselves stand with the settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

from whosthat.errors import did_you_mean

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails


def describe(error: ValidationError, settings: Mapping[str, Any], source: str, recipe: type[BaseModel]) -> str:
    """Return one sentence for each thing that is wrong.

    Args:
        error: What pydantic found, for the model that the settings were meant for.
        settings: The refused settings.
        source: Where they came from.
        recipe: The model that refused them.
    """
    problems = [_sentence(problem, recipe, settings) for problem in error.errors(include_url=False)]
    return f"{source[0].upper()}{source[1:]} cannot be used. " + " ".join(problems)


def _sentence(problem: ErrorDetails, recipe: type[BaseModel], settings: Mapping[str, Any]) -> str:
    path = _path(problem["loc"], settings)
    key = ".".join(path)
    if not path:
        return problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        return f'There is no key "{key}". {did_you_mean(path[-1], _known_keys(recipe, path[:-1], settings))}'
    if problem["type"] == "missing":
        return f'The key "{key}" is missing.'
    if problem["type"] == "union_tag_invalid":
        context = problem["ctx"]
        choices = [choice.strip().strip("'") for choice in context["expected_tags"].split(",")]
        return f'"{key}.name" cannot be "{context["tag"]}". {did_you_mean(str(context["tag"]), choices)}'
    if problem["type"] == "union_tag_not_found":
        return f'"{key}.name" is missing.'
    return f'"{key}": expected {_expected(problem)}, got {problem["input"]!r}.' + _near(problem)


def _expected(problem: ErrorDetails) -> str:
    message = problem["msg"].removeprefix("Value error, ").removeprefix("Input should be ").removeprefix("Input should ")
    return "a section of settings" if problem["type"] == "model_type" else message.removeprefix("a valid ")


def _near(problem: ErrorDetails) -> str:
    if problem["type"] != "literal_error" or not isinstance(problem["input"], str):
        return ""
    choices = [choice.strip(" '") for choice in problem["ctx"]["expected"].replace(" or ", ", ").split(",")]
    return f" {did_you_mean(problem['input'], choices)}"


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
    fitting = [
        fields for fields in (section.model_fields for section in sections) if "name" not in fields or fields["name"].default == name
    ]
    return [key for fields in fitting for key in fields]
