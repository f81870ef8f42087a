"""The options of ``whosthat train``, and the recipe settings that they stand for.

A recipe's keys, defaults and limits stand in ``training.recipe``; here is only which option sets which key.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from whosthat.cli.options import DATA, FACES, MODEL, NETWORK, OUTPUT, argument, option, place_named
from whosthat.errors import UsageError
from whosthat.translation import N_

RECIPE_KEYS: dict[str, str] = {}
"""Which recipe setting each option sets, by the option's name in Python, a section's name before what is in it; `setting` fills it."""


def setting(shown: str, help: str, group: str, key: str = "") -> Any:
    """Return an option that sets a recipe's ``key``; without one, the key that is called like the option."""
    name = shown.split()[0].removeprefix("--").replace("-", "_")
    RECIPE_KEYS[name] = key or name
    return option(shown, help, group)


_PHOTOS_HELP = N_(
    "Folder that holds one folder of photos for each person or class; s3://bucket/folder, too, or dataset.h5 with labels.h5 beside it."
)
PhotosOrNothing = Annotated[Path | None, argument("PHOTOS", _PHOTOS_HELP, DATA, callback=place_named)]
ModelOption = Annotated[str | None, option("--model -m NAME", N_('A network of "whosthat models list", faces, or auto.'), MODEL)]
RecipeOption = Annotated[
    str | None, option("--recipe FILE", N_("A recipe file, or a recipe that comes with whosthat, such as reference-cnn6."), MODEL)
]
ResumeOption = Annotated[Path | None, option("--resume RUN", N_("Go on with a run that was stopped."), MODEL)]
SeedOption = Annotated[int | None, setting("--seed N", N_("Same seed, same split, same weights."), MODEL)]
SetOption = Annotated[
    list[str] | None, option("--set KEY=VALUE", N_("Any other recipe setting, such as schedule.name=cosine. Repeatable."), MODEL)
]
NoteOption = Annotated[str, option("--note TEXT", N_("What this run is for; kept with it and shown in lists of runs."), OUTPUT)]
SplitOption = Annotated[str | None, setting("--split A:B:C", N_("Shares of training, validation and test photos, such as 8:1:1."), DATA)]
PicturesOption = Annotated[
    int | None,
    setting("--pictures-per-class N", N_("Use at most N photos of each class, for training, validation and test together."), DATA),
]
YesOption = Annotated[bool, option("--yes", N_("Train on folders with odd names, such as day1, without being asked."), DATA)]
CropOption = Annotated[
    str | None, setting("--crop WHAT", N_("What of a photo a network sees: photo, or faces that are cut out and turned upright."), FACES)
]
KeepSuspectsOption = Annotated[
    bool | None, setting("--keep-suspects", N_("Learn also from photos that probably show another person than their folder says."), FACES)
]
SizeOption = Annotated[int | None, setting("--size PIXELS", N_("Side of the square that the network sees."), NETWORK)]
EpochsOption = Annotated[int | None, setting("--epochs N", N_("How often every training photo is seen."), NETWORK)]
BatchSizeOption = Annotated[int | None, setting("--batch-size N", N_("Photos in one step."), NETWORK)]
OptimiserOption = Annotated[str | None, setting("--optimiser NAME", N_("sgd, adam, adamw or rmsprop."), NETWORK, "optimiser.name")]
LearningRateOption = Annotated[
    float | None, setting("--learning-rate X", N_("Learning rate of the optimiser."), NETWORK, "optimiser.learning_rate")
]
WeightsOption = Annotated[str | None, setting("--weights FILE", N_("First weights: a file, none or imagenet."), NETWORK)]
FramesOption = Annotated[
    int | None, setting("--frames N", N_("Frames that the network sees of each clip: a video, or a folder of numbered frames."), NETWORK)
]
BlocksOption = Annotated[
    str | None,
    setting(
        "--blocks LAYERS",
        N_('Layers of the custom network: "conv 64 3, pool, flatten, dense 128"; docs/networks.md.'),
        NETWORK,
        "network.blocks",
    ),
]
NoAugmentOption = Annotated[bool, option("--no-augment", N_("Show every photo as it is, in every epoch."), NETWORK)]
KeepTestOutOption = Annotated[
    bool | None, setting("--keep-test-out", N_("Save the recogniser as it was tested; it then never learns from the test photos."), OUTPUT)
]


def recipe_changes(context: typer.Context) -> dict[str, Any]:
    """Return the recipe settings that a command's options and its ``--set`` ask for; options that were not given are None."""
    given = context.params
    changes: dict[str, Any] = {"augmentation": {"enabled": False}} if given.get("no_augment") else {}
    for name, key in RECIPE_KEYS.items():
        if given.get(name) is not None:
            changes = merged(changes, nested(key, given[name]))
    return merged(changes, assignments(given["settings"] or ()))


def assignments(texts: Iterable[str]) -> dict[str, Any]:
    """Read ``key=value`` texts into recipe sections; values are TOML, and what is not TOML is a word.

    Raises:
        UsageError: A text has no ``=``, or a key has an empty part.

    Example:
        >>> assignments(["schedule.name=cosine", "epochs=5"])
        {'schedule': {'name': 'cosine'}, 'epochs': 5}
    """
    settings: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not all(key.split(".")):
            raise UsageError('--set takes KEY=VALUE, such as "optimiser.learning_rate=0.001", got "{text}".', text=text)
        settings = merged(settings, nested(key.strip(), _value(value.strip())))
    return settings


def varied(texts: Iterable[str]) -> dict[str, list[Any]]:
    """Read ``key=a,b`` texts into the values of each key, TOML or words as in `assignments`; arrays keep their commas.

    Raises:
        UsageError: A text has no ``=``, a key has an empty part or comes twice, or there is no value.

    Example:
        >>> varied(["batch_size=16,32", "optimiser.name=sgd,adam", "network.dropout=[0.1, 0.5],[0.5, 0.5]"])
        {'batch_size': [16, 32], 'optimiser.name': ['sgd', 'adam'], 'network.dropout': [[0.1, 0.5], [0.5, 0.5]]}
    """
    found: dict[str, list[Any]] = {}
    for text in texts:
        key, equals, values = (part.strip() for part in text.partition("="))
        if not equals or not values or not all(key.split(".")):
            raise UsageError('--vary takes KEY=A,B,..., such as "batch_size=16,32", got "{text}".', text=text)
        if key in found:
            raise UsageError('--vary was given twice for "{key}". Give all its values once, separated by commas.', key=key)
        listed = _value(f"[{values}]")
        found[key] = listed if isinstance(listed, list) else [_value(value.strip()) for value in values.split(",")]
    return found


def nested(key: str, value: Any) -> dict[str, Any]:
    """Return the section that one dotted key means.

    Example:
        >>> nested("optimiser.momentum", 0.9)
        {'optimiser': {'momentum': 0.9}}
    """
    *sections, last = key.split(".")
    setting: dict[str, Any] = {last: value}
    for section in reversed(sections):
        setting = {section: setting}
    return setting


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with changes laid over them, section by section.

    A section that changes its ``name`` starts afresh: the momentum of SGD says nothing to Adam.

    Example:
        >>> merged({"optimiser": {"name": "sgd", "momentum": 0.9}}, {"optimiser": {"name": "adam"}})
        {'optimiser': {'name': 'adam'}}
    """
    result = dict(base)
    for key, value in changes.items():
        old = result.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping) and value.get("name") in (None, old.get("name")):
            value = merged(old, value)
        result[key] = value
    return result


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
