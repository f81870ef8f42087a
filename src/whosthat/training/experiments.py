"""Series of trainings that each change something: a grid of settings, or steps from a file, as complete recipes before anything is trained.

What belongs here: what a series means, reading ``series/*.toml`` and refusing it in sentences. What does not: training
(`whosthat.workflow.series`), setting the results side by side (`whosthat.evaluation.experiments`).

A series file::

    recipe = "reference-cnn6"          # or model = "cnn6"

    [[step]]
    name = "smaller batches"
    why = "The loss fell too slowly."
    changes = { batch_size = 16, optimiser.learning_rate = 0.001 }

A step builds on the one before it, or on the one that its ``from`` names; a step whose changes name a ``recipe`` or a ``model`` starts
from that.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from whosthat.errors import RecipeError, UsageError, did_you_mean
from whosthat.runs.files import flat
from whosthat.training.recipe import AnyRecipe, Recipe, changed_recipe, find_toml, read_toml
from whosthat.training.recipe_base import FACES, Settings
from whosthat.training.refusals import refused
from whosthat.translation import N_, _

_NUMBER = r"-?([0-9]*\.)?[0-9]+(e-?[0-9]+)?"
RANGE = re.compile(rf"{_NUMBER}\.\.{_NUMBER}")
"""A range of numbers, which a search takes in the place of values."""

SERIES = Path(__file__).with_name("series")
"""The series that come with whosthat; why their steps were taken is translated."""


@dataclass(frozen=True)
class Step:
    """One setting of a series, trained once or several times.

    Attributes:
        name: Its name, unlike all others of the series.
        recipe: What is trained, complete.
        changes: What it changes against the step that it builds on, or in a grid against the model's own recipe; dotted keys.
        why: Why, in the words of whoever wrote the series; empty when nothing was said.
    """

    name: str
    recipe: Recipe
    changes: Mapping[str, object] = field(default_factory=dict)
    why: str = ""

    def repeated(self, times: int) -> tuple[Recipe, ...]:
        """Return the recipe with as many seeds, its own first; the split stays that of the first, so that all train on the same photos."""
        split_seed, first = self.recipe.seed_of_split, self.recipe.seed
        others = (self.recipe.model_copy(update={"seed": first + n, "split_seed": split_seed}) for n in range(1, times))
        return (self.recipe, *others)


def grid(models: Sequence[str], vary: Mapping[str, Sequence[Any]], settings: Mapping[str, Any] | None = None) -> tuple[Step, ...]:
    """Return every combination of the varied settings, for each model.

    Args:
        models: Names of networks; none where ``recipe`` is varied or set.
        vary: The values of each setting, by its dotted key; ``recipe`` and ``model`` are settings here.
        settings: Changes of all recipes, sections as mappings.

    Raises:
        RecipeError: A setting is unknown or cannot be used, or two combinations are the same.
        UsageError: There is no model, no network of this name, one that has no epochs, or models are given and varied.
    """
    axes = dict(vary)
    if texts := [f"{key}={one}" for key, values in axes.items() for one in values if RANGE.fullmatch(str(one))]:
        raise RecipeError('"{range}" is a range. Say how many of its values to try: --tune 20, or give the values.', range=texts[0])
    if models and "model" in axes:
        raise UsageError("--vary names the models already. Leave out {models}.", models=", ".join(models))
    if models:
        axes = {"model": list(models), **axes}
    if not {"model", "recipe"} & set(axes):
        raise UsageError('Name the model whose settings are varied, such as "whosthat compare PHOTOS cnn6 --vary batch_size=16,32".')
    if "recipe" in axes and "model" in axes:
        raise UsageError("A recipe names its model already. Leave out the model, or vary settings instead of recipes.")
    steps = []
    for values in itertools.product(*axes.values()):
        combination = dict(zip(axes, values, strict=True))
        changes = dict(settings or {})
        for key, value in combination.items():
            changes = _with(changes, key, value)
        varied = {key: value for key, value in combination.items() if key != "model" or len(axes["model"]) > 1}
        name = " ".join(f"{key.rpartition('.')[2]}={_worded(value)}" for key, value in varied.items()) or str(combination["model"])
        steps.append(Step(name, _network(changed_recipe(None, changes, _("the recipe with {name}", name=name))), varied))
    return _all_different(steps)


def read_series(source: str | Path, settings: Mapping[str, Any] | None = None) -> tuple[Step, ...]:
    """Read a series file, or a series that comes with whosthat by its name.

    ``settings`` are laid over every step; steps that differ in nothing else are then the same recipe, which is trained once.

    Raises:
        RecipeError: There is no such series, it is not TOML, a key or a value cannot be used, a name stands twice, or steps build on
            each other in a circle; said in a sentence that names the step.
        UsageError: There is no network of this name, or a step has no epochs.
    """
    path = find_toml(source, SERIES, N_("series"))
    document = read_toml(path, N_("series"))
    try:
        series = _Series.model_validate(document)
    except ValidationError as error:
        raise RecipeError(refused(error, _Series, document, _("the series {path}", path=path))) from None
    steps = {step.name: step for step in series.step}
    if len(steps) < len(series.step):
        twice = next(step.name for n, step in enumerate(series.step) if step.name in {one.name for one in series.step[:n]})
        raise RecipeError('The series {path} has two steps named "{name}". Give each step a name of its own.', path=path, name=twice)
    origins = _origins(series.step, path)
    first = {key: value for key, value in (("recipe", series.recipe), ("model", series.model)) if value is not None}
    recipes: dict[str, AnyRecipe] = {}
    for name in _in_order(origins, path):
        origin = origins[name]
        base, changes = (recipes[origin], steps[name].changes) if origin else (None, {**first, **steps[name].changes})
        recipes[name] = changed_recipe(base, changes, _('step "{name}" of the series {path}', name=name, path=path))
    made = _all_different([Step(step.name, _network(recipes[step.name]), flat(step.changes), step.why) for step in series.step])
    if not settings:
        return made
    return tuple(replace(one, recipe=_network(changed_recipe(one.recipe, settings, _("the recipe as changed here")))) for one in made)


class _StepOfFile(Settings):
    """A step as it is written."""

    name: str = Field(min_length=1, max_length=60)
    why: str = ""
    origin: str | None = Field(default=None, alias="from")
    changes: dict[str, Any] = Field(default_factory=dict)


class _Series(Settings):
    """A series as it is written."""

    title: str = ""
    model: str | None = None
    recipe: str | None = None
    step: list[_StepOfFile] = Field(min_length=1)


def _origins(steps: Sequence[_StepOfFile], path: Path) -> dict[str, str]:
    """Return the step that each step builds on; "" for none."""
    names = [step.name for step in steps]
    for step in steps:
        if step.origin is not None and step.origin not in names:
            raise RecipeError(
                'Step "{name}" of the series {path} builds on "{origin}", which is no step. {choice}',
                name=step.name,
                path=path,
                origin=step.origin,
                choice=did_you_mean(step.origin, names),
            )
    before = ["", *names]
    afresh = {step.name for step in steps if {"model", "recipe"} & set(step.changes)}
    return {step.name: "" if step.name in afresh else step.origin or before[place] for place, step in enumerate(steps)}


def _in_order(origins: Mapping[str, str], path: Path) -> list[str]:
    """Put every step behind the one that it builds on."""
    try:
        return list(TopologicalSorter({name: [origin] if origin else [] for name, origin in origins.items()}).static_order())
    except CycleError as error:
        circle = _(", ").join(error.args[1])
        raise RecipeError(
            "In the series {path} steps build on each other in a circle: {circle}. Let one build on another step.", path=path, circle=circle
        ) from None


def _network(recipe: AnyRecipe) -> Recipe:
    if not isinstance(recipe, Recipe):
        raise UsageError('A series is chosen by validation photos, and "{faces}" uses none. Name a network, such as cnn6.', faces=FACES)
    return recipe


def _all_different(steps: Sequence[Step]) -> tuple[Step, ...]:
    first: dict[str, str] = {}
    for step in steps:
        if (key := step.recipe.key()) in first:
            raise RecipeError(
                '"{first}" and "{name}" are the same recipe: the second would show nothing new. Leave out one.',
                first=first[key],
                name=step.name,
            )
        first[key] = step.name
    return tuple(steps)


def _with(settings: Mapping[str, Any], key: str, value: Any) -> dict[str, Any]:
    """Set one dotted key."""
    section, dot, rest = key.partition(".")
    if not dot:
        return {**settings, key: value}
    old = settings.get(section)
    return {**settings, section: _with(old if isinstance(old, Mapping) else {}, rest, value)}


def _worded(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False) if isinstance(value, list | bool) else str(value)
