"""Why settings are refused: what pydantic found wrong with them, in sentences that name the key and can be translated.

What belongs here: from one of pydantic's errors to a sentence. What does not: reading settings (`recipe`, `experiments`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

from whosthat.errors import did_you_mean
from whosthat.translation import N_, _

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

_EXPECTED = {
    "bool_type": N_("boolean"),
    "dict_type": N_("a section of settings"),
    "finite_number": N_("a finite number"),
    "float_type": N_("number"),
    "greater_than": N_("greater than {gt}"),
    "greater_than_equal": N_("greater than or equal to {ge}"),
    "int_type": N_("integer"),
    "less_than": N_("less than {lt}"),
    "less_than_equal": N_("less than or equal to {le}"),
    "list_type": N_("a list"),
    "model_attributes_type": N_("a section of settings"),
    "model_type": N_("a section of settings"),
    "string_too_long": N_("a text of at most {max_length} characters"),
    "string_too_short": N_("a text that is not empty"),
    "string_type": N_("string"),
    "too_short": N_("a list that is not empty"),
    "tuple_type": N_("tuple"),
}
"""What was expected, by the type of pydantic's error; places have the names of its limits."""


def refused(error: ValidationError, kind: type[BaseModel], settings: Mapping[str, Any], subject: str) -> str:
    """Say in sentences why settings are refused: each key, what was expected, what came, and the nearest name.

    ``kind`` is the class of the recipe or series, ``settings`` are what was refused, and ``subject`` is what they are called.
    """
    problems = [_refusal(problem, kind, settings) for problem in error.errors(include_url=False)]
    return " ".join([_("{subject} cannot be used.", subject=subject[0].upper() + subject[1:]), *problems])


def _refusal(problem: ErrorDetails, kind: type[BaseModel], settings: Mapping[str, Any]) -> str:
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
    """Drop the tag that pydantic puts between a section with a ``name`` and its key, and count from 1."""
    section = settings.get(str(location[0])) if location else None
    tagged = len(location) > 2 and isinstance(section, Mapping) and section.get("name") == location[1]
    parts = (location[0], *location[2:]) if tagged else location
    return tuple(str(part + 1 if isinstance(part, int) else part) for part in parts)


def _known_keys(kind: type[BaseModel], path: tuple[str, ...], settings: Mapping[str, Any]) -> list[str]:
    """Return the keys of the section at a path, or of the recipe or series itself."""
    if not path:
        return list(kind.model_fields)
    annotation, given = kind.model_fields[path[0]].annotation, settings[path[0]]
    sections: tuple[type[BaseModel], ...] = get_args(annotation) or (annotation,)
    name = given.get("name") if isinstance(given, Mapping) else None
    every = [section.model_fields for section in sections]
    fitting = [fields for fields in every if name is None or "name" not in fields or fields["name"].default == name]
    return [field.alias or key for fields in fitting for key, field in fields.items()]
