"""The options of ``whosthat train``, and the recipe settings that they stand for.

A recipe's keys, defaults and limits stand in ``training.recipe``; here is only which option sets which key.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from whosthat.cli.options import DATA, FACES, MODEL, NETWORK, OUTPUT
from whosthat.errors import UsageError

PhotosOrNothing = Annotated[
    Path | None,
    typer.Argument(
        metavar="PHOTOS", help="Folder that holds one folder of photos for each person or class.", show_default=False, rich_help_panel=DATA
    ),
]
ModelOption = Annotated[
    str | None,
    typer.Option("--model", "-m", metavar="NAME", help='A network of "whosthat models list", faces, or auto.', rich_help_panel=MODEL),
]
RecipeOption = Annotated[
    str | None,
    typer.Option(
        "--recipe",
        metavar="FILE",
        help="A recipe file, or a recipe that comes with whosthat, such as reference-cnn6.",
        rich_help_panel=MODEL,
    ),
]
ResumeOption = Annotated[
    Path | None, typer.Option("--resume", metavar="RUN", help="Go on with a run that was stopped.", rich_help_panel=MODEL)
]
SizeOption = Annotated[
    int | None, typer.Option("--size", metavar="PIXELS", help="Side of the square that the network sees.", rich_help_panel=NETWORK)
]
CropOption = Annotated[
    str | None,
    typer.Option(
        "--crop",
        metavar="WHAT",
        help="What of a photo a network sees: photo, or faces that are cut out and turned upright.",
        rich_help_panel=FACES,
    ),
]
EpochsOption = Annotated[
    int | None, typer.Option("--epochs", metavar="N", help="How often every training photo is seen.", rich_help_panel=NETWORK)
]
BatchSizeOption = Annotated[int | None, typer.Option("--batch-size", metavar="N", help="Photos in one step.", rich_help_panel=NETWORK)]
LearningRateOption = Annotated[
    float | None, typer.Option("--learning-rate", metavar="X", help="Learning rate of the optimiser.", rich_help_panel=NETWORK)
]
OptimiserOption = Annotated[
    str | None, typer.Option("--optimiser", metavar="NAME", help="sgd, adam, adamw or rmsprop.", rich_help_panel=NETWORK)
]
SplitOption = Annotated[
    str | None,
    typer.Option("--split", metavar="A:B:C", help="Shares of training, validation and test photos, such as 8:1:1.", rich_help_panel=DATA),
]
PicturesOption = Annotated[
    int | None, typer.Option("--pictures-per-class", metavar="N", help="Use at most N photos of each class.", rich_help_panel=DATA)
]
SeedOption = Annotated[int | None, typer.Option("--seed", metavar="N", help="Same seed, same split, same weights.", rich_help_panel=MODEL)]
WeightsOption = Annotated[
    str | None, typer.Option("--weights", metavar="FILE", help="First weights: a file, none or imagenet.", rich_help_panel=NETWORK)
]
FramesOption = Annotated[
    int | None, typer.Option("--frames", metavar="N", help="Frames of one input, for networks that see sequences.", rich_help_panel=NETWORK)
]
BlocksOption = Annotated[
    str | None,
    typer.Option(
        "--blocks", metavar="LAYERS", help='Layers of the custom network: "conv 64 3, pool, flatten, dense 128".', rich_help_panel=NETWORK
    ),
]
NoAugmentOption = Annotated[bool, typer.Option("--no-augment", help="Show every photo as it is, in every epoch.", rich_help_panel=NETWORK)]
KeepTestOutOption = Annotated[
    bool | None,
    typer.Option(
        "--keep-test-out", help="Save the recogniser as it was tested; it then never learns from the test photos.", rich_help_panel=OUTPUT
    ),
]
KeepSuspectsOption = Annotated[
    bool | None,
    typer.Option(
        "--keep-suspects", help="Learn also from photos that probably show another person than their folder says.", rich_help_panel=FACES
    ),
]
YesOption = Annotated[
    bool, typer.Option("--yes", help="Train on folders with odd names, such as day1, without being asked.", rich_help_panel=DATA)
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Any other recipe setting, such as schedule.name=cosine. Repeatable.", rich_help_panel=MODEL
    ),
]


RECIPE_KEYS: Mapping[str, str] = {
    "crop": "crop",
    "size": "size",
    "epochs": "epochs",
    "batch_size": "batch_size",
    "optimiser": "optimiser.name",
    "learning_rate": "optimiser.learning_rate",
    "split": "split",
    "pictures_per_class": "pictures_per_class",
    "seed": "seed",
    "weights": "weights",
    "frames": "frames",
    "blocks": "network.blocks",
    "keep_test_out": "keep_test_out",
    "keep_suspects": "keep_suspects",
}
"""Which recipe setting each option sets, by the option's name in Python; None where it was not given."""


def assignments(texts: Iterable[str]) -> dict[str, Any]:
    """Read ``key=value`` texts into recipe sections.

    Values are TOML; what is not TOML is a word.

    Args:
        texts: Such as ``"schedule.name=cosine"`` or ``"network.dropout=[0.2, 0.5]"``.

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
            raise UsageError(f'--set takes KEY=VALUE, such as "optimiser.learning_rate=0.001", got "{text}".')
        settings = merged(settings, nested(key.strip(), _value(value.strip())))
    return settings


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
