"""Recipes: what to train and how, as typed settings that are read from and written to TOML, and refused in sentences.

What belongs here: the recipe of a network, reading, completing and refusing recipes. Sections and the face route's recipe stand in
`recipe_base`, the settings of one network in ``recipes/<network>.toml``, the reference's in ``recipes/reference-*.toml``. What does not:
anything that acts on a setting (`schedules`, `stages`, `transfer`). Keras is never imported here: a recipe is refused in milliseconds.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, overload

from pydantic import Field, ValidationError, model_validator

from whosthat.errors import RecipeError, did_you_mean, system_reason
from whosthat.networks.design import Design
from whosthat.training.recipe_base import (
    FACES,
    SGD,
    Adam,
    AdamW,
    AugmentationSettings,
    BaseRecipe,
    BelowOne,
    Constant,
    Cosine,
    EarlyStopping,
    FaceRecipe,
    NetworkSettings,
    NotNegative,
    Plateau,
    RMSprop,
    Step,
    TransferSettings,
)
from whosthat.training.refusals import refused
from whosthat.translation import N_, _

if TYPE_CHECKING:
    from whosthat.photos.augmenting import Augmentation
    from whosthat.photos.preparing import PrepareSpec

RECIPES = Path(__file__).with_name("recipes")
"""The recipes that come with whosthat."""

MAX_RECIPE_BYTES = 1024 * 1024
"""A recipe file larger than this (1 MiB) is refused unread."""


class Recipe(BaseRecipe):
    """What to train and how; everything that, together with the photos, decides the outcome.

    Attributes:
        model: A registered network's name.
        classes: Only the first so many classes, in alphabetical order, take part; absent for all.
        size: Side of the square that the network sees, in pixels.
        seed: Decides split, first weights, order of photos, augmentation and dropout.
        epochs: How often every training photo is seen.
        batch_size: Photos in one step.
        split: Training, validation and test shares, as in ``"8:1:1"``.
        pictures_per_class: At most so many photos of each class take part, in all three parts together; absent for all.
        crop: What of a photo the network sees: ``photo`` for all of it, ``faces`` for the face, cut out and turned upright.
        detector: Which detector finds faces to cut out: ``mtcnn``, ``yunet``, or ``auto`` for YuNet where its file is present.
        fit: How a photo becomes a square: ``stretch``, ``crop`` or ``pad``.
        frames: Frames of one input for a network that sees sequences, taken evenly from each clip; absent for all others. From 2 on, videos
            and folders of numbered frames are clips, and a photo is one in which nothing moves.
        weights: ``"none"``, ``"imagenet"`` or the path of a weights file.
        class_weights: Whether photos of rare classes count more, so that every class counts alike.
        loss: ``categorical_crossentropy`` or ``mean_squared_error``.
        label_smoothing: Share of every label that is spread over all classes (cross-entropy alone).
        checkpoint_minutes: Minutes between checkpoints inside an epoch; 0 writes one after every batch.
        optimiser: How the weights are changed.
        schedule: How the learning rate changes with time.
        augmentation: How training photos are varied.
        early_stopping: When training ends early.
        network: What is given to the network.
        transfer: How a pretrained backbone is used.
    """

    classes: int | None = Field(default=None, ge=2)
    size: int = Field(default=224, ge=8, le=4096)
    epochs: int = Field(default=30, ge=1, le=100_000)
    batch_size: int = Field(default=32, ge=1, le=65_536)
    crop: Literal["photo", "faces"] = "photo"
    detector: Literal["auto", "mtcnn", "yunet"] = "auto"
    fit: Literal["stretch", "crop", "pad"] = "stretch"
    frames: int | None = Field(default=None, ge=1, le=1000)
    weights: str = Field(default="none", min_length=1)
    class_weights: bool = False
    loss: Literal["categorical_crossentropy", "mean_squared_error"] = "categorical_crossentropy"
    label_smoothing: BelowOne = 0.0
    checkpoint_minutes: NotNegative = 5.0
    optimiser: SGD | Adam | AdamW | RMSprop = Field(default=Adam(), discriminator="name")
    schedule: Constant | Step | Plateau | Cosine = Field(default=Constant(), discriminator="name")
    augmentation: AugmentationSettings = AugmentationSettings()
    early_stopping: EarlyStopping = EarlyStopping()
    network: NetworkSettings = NetworkSettings()
    transfer: TransferSettings = TransferSettings()

    @model_validator(mode="after")
    def _fitting_together(self) -> Recipe:
        """Refuse settings that contradict each other."""
        if self.label_smoothing and self.loss != "categorical_crossentropy":
            raise ValueError(
                _('"label_smoothing" needs the loss "categorical_crossentropy", but the loss is "{loss}": set it to 0.', loss=self.loss)
            )
        if self.crop == "faces" and (self.frames or 1) > 1:
            raise ValueError(
                _('"crop" cannot be "faces" where "frames" is {frames}: a clip is seen as a whole. Set it to "photo".', frames=self.frames)
            )
        if self.transfer.enabled and self.weights == "none":
            raise ValueError(_('"transfer" needs pretrained weights, but "weights" is "none": set transfer.enabled to false.'))
        return self

    def prepare_spec(self) -> PrepareSpec:
        """Return how a photo becomes this recipe's input."""
        from whosthat.photos.preparing import PrepareSpec

        return PrepareSpec(size=self.size, fit=self.fit, frames=self.frames)

    def augmentation_of_photos(self) -> Augmentation | None:
        """Return how training photos are varied, or None where they are not."""
        from whosthat.photos.augmenting import Augmentation

        return Augmentation(**self.augmentation.model_dump(exclude={"enabled"})) if self.augmentation.enabled else None


AnyRecipe: TypeAlias = Recipe | FaceRecipe
"""A recipe of either route."""

_Kind = TypeVar("_Kind", Recipe, FaceRecipe)


def make_any_recipe(settings: Mapping[str, Any], source: str = N_("the recipe")) -> AnyRecipe:
    """Build the recipe of the route that the model belongs to; otherwise like `make_recipe`."""
    return _validated(FaceRecipe, settings, source) if settings.get("model") == FACES else make_recipe(settings, source)


def make_recipe(settings: Mapping[str, Any], source: str = N_("the recipe")) -> Recipe:
    """Build a network's recipe from a mapping, keys and sections as in TOML, of every setting that differs from the plain defaults.

    Raises:
        RecipeError: A key is unknown or a value cannot be used; every such key is named, and where the settings came from.
    """
    return _validated(Recipe, settings, source)


@overload
def default_recipe(model: Literal["faces"], **overrides: Any) -> FaceRecipe: ...
@overload
def default_recipe(model: str, **overrides: Any) -> Recipe: ...
def default_recipe(model: str, **overrides: Any) -> AnyRecipe:
    """Return the recipe with which a model is known to learn, changed where asked.

    Args:
        model: A registered network's name, or ``faces``.
        **overrides: Settings to change; sections as mappings, which change only the keys they name. Naming another
            optimiser or schedule starts from that one's defaults.

    Raises:
        RecipeError: An override is unknown or cannot be used.
        NetworkError: No network has this name.
    """
    return make_any_recipe(_completed(model, overrides))


def read_recipe(source: str | Path, *, complete: bool = False) -> AnyRecipe:
    """Read a recipe file, or one that comes with whosthat by its name.

    Args:
        source: A path, or a name such as ``"reference-cnn6"``.
        complete: True for a file that `Recipe.to_toml` wrote, such as a run's: nothing is added to it. Otherwise what
            the file does not say is taken from the network's default recipe.

    Raises:
        RecipeError: There is no such recipe, it is not TOML, it names no model, or a key or value cannot be used.
    """
    path = find_toml(source, RECIPES, N_("recipe"))
    settings = read_toml(path)
    if not isinstance(settings.get("model"), str):
        raise RecipeError('The recipe {path} does not say which network to train. Add a line such as model = "cnn6".', path=path)
    if not complete:
        settings = _completed(settings["model"], settings)
    return make_any_recipe(settings, _("the recipe {path}", path=path))


def changed_recipe(base: AnyRecipe | None, changes: Mapping[str, Any], source: str) -> AnyRecipe:
    """Return a recipe with changes laid over it, section by section.

    Changes that name a ``recipe`` (as in `read_recipe`) or a ``model`` start from that one instead; without a base they must.

    Raises:
        RecipeError: A key is unknown or a value cannot be used; every such key is named, and ``source``.
        UsageError: No network has this name.
    """
    changes = dict(changes)
    named = changes.pop("recipe", None)
    if named is not None:
        base = read_recipe(str(named))
    elif base is None or "model" in changes:
        return make_any_recipe(_completed(str(changes.get("model", "")), changes), source)
    return make_any_recipe(_merged(base.model_dump(mode="json", exclude_none=True), changes), source)


def design_of(recipe: Recipe, n_classes: int) -> Design:
    """Return the design of a recipe's network."""
    published: dict[str, Literal["none", "imagenet"]] = {"none": "none", "imagenet": "imagenet"}
    weights = published.get(recipe.weights) or Path(recipe.weights)
    settings = recipe.network.model_dump(exclude_none=True)
    return Design(n_classes, recipe.size, frames=recipe.frames or 1, weights=weights, seed=recipe.seed, **settings)


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Lay changes over a base, section by section; None changes nothing.

    A section that changes its ``name`` replaces the base's: the learning rate of Adam says nothing about that of SGD.
    """
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping) and value.get("name", old.get("name")) == old.get("name"):
            merged[key] = _merged(old, value)
        elif value is not None:
            merged[key] = value
    return merged


def _completed(model: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Lay changes over the model's own settings."""
    if model == FACES:
        return _merged({"model": FACES}, changes)
    settings = _merged(_network_settings(model), changes)
    if settings["weights"] == "none" and "transfer" not in changes:
        settings["transfer"] = {"enabled": False}
    if (settings.get("frames") or 1) > 1:  # mirrored, what moves to the left moves to the right: often another class
        settings["augmentation"] = {"flip": False, **settings.get("augmentation", {})}
    return settings


def _network_settings(model: str) -> dict[str, Any]:
    """Return a network's facts as recipe settings, with what its own recipe file says laid over them."""
    from whosthat.networks import registry  # a recipe that is refused for its own sake needs no network

    facts = registry.facts(model)
    pretrained = facts.weights != "none"
    settings: dict[str, Any] = {
        "model": model,
        "size": facts.input_size,
        "loss": facts.loss,
        "weights": facts.weights,
        "optimiser": {"name": facts.optimiser, "learning_rate": facts.learning_rate},
        "transfer": {"enabled": pretrained},
    }
    if facts.frames:
        settings["frames"] = 1
    file = RECIPES / f"{model}.toml"
    return _merged(settings, read_toml(file)) if file.is_file() else settings


def find_toml(source: str | Path, shipped: Path, what: str) -> Path:
    """Find a file, or one of a folder of shipped ones by its name; a RecipeError says which ``what`` (marked with `N_`) is nearest."""
    path = Path(source)
    if path.is_file():
        return path
    known = {file.stem: file for file in shipped.glob("*.toml")}
    if str(source) in known:
        return known[str(source)]
    raise RecipeError(
        'There is no {what} "{source}": no such file, and no {what} of this name. {choice}',
        what=_(what),
        source=source,
        choice=did_you_mean(str(source), known),
    )


def read_toml(path: Path, what: str = N_("recipe")) -> dict[str, Any]:
    """Read a small TOML file; a RecipeError says ``what`` (marked with `N_`) cannot be read, and why."""
    what = _(what)
    try:
        if path.stat().st_size > MAX_RECIPE_BYTES:
            raise RecipeError(
                "The {what} {path} is larger than {size} KiB; a {what} is a few lines of TOML.",
                what=what,
                path=path,
                size=MAX_RECIPE_BYTES // 1024,
            )
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError("The {what} {path} cannot be read: {error}.", what=what, path=path, error=system_reason(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RecipeError(
            "The {what} {path} is not TOML: {error}. Write lines such as epochs = 30.", what=what, path=path, error=error
        ) from error


def _validated(kind: type[_Kind], settings: Mapping[str, Any], source: str) -> _Kind:
    """Build a recipe, or say in sentences why it is refused: each key, what was expected, what came, and the nearest name."""
    try:
        return kind.model_validate(settings)
    except ValidationError as error:
        raise RecipeError(refused(error, kind, settings, _(source))) from None
