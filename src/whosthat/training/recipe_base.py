"""What recipes are made of: sections with their keys, defaults and limits, what all recipes share, and the face route's recipe.

What does not belong here: the recipe of a network as a whole and reading files (`recipe`), or anything that acts on a setting.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from whosthat.translation import _

Share = Annotated[float, Field(ge=0, le=1)]
NotNegative = Annotated[float, Field(ge=0)]
BelowOne = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Settings(BaseModel):
    """Base of every section: frozen, unknown keys refused, no silent conversion (``"12"`` is not 12)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class _Optimiser(Settings):
    """What every optimiser understands."""

    learning_rate: Positive = 1e-3  # the schedule starts from it
    clip_norm: NotNegative = 0.0  # gradients are scaled down until their joint length is at most this; 0 leaves them alone
    decay: NotNegative = 0.0  # the rate is divided by ``1 + decay * steps`` (the ``decay`` of old Keras optimisers)
    # Momentum of a moving average of the weights, which is then what is validated and kept (0.999 looks back about 1,000 steps); 0
    # keeps the weights themselves.
    ema: BelowOne = 0.0


class SGD(_Optimiser):
    """Stochastic gradient descent; ``nesterov`` looks one step ahead."""

    name: Literal["sgd"] = "sgd"
    learning_rate: Positive = 1e-2
    momentum: Share = 0.9
    nesterov: bool = True


class Adam(_Optimiser):
    """Adam (Kingma and Ba 2015)."""

    name: Literal["adam"] = "adam"


class AdamW(_Optimiser):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019); biases and normalisation are not decayed."""

    name: Literal["adamw"] = "adamw"
    weight_decay: NotNegative = 4e-3


class RMSprop(_Optimiser):
    """RMSprop (Hinton 2012)."""

    name: Literal["rmsprop"] = "rmsprop"
    momentum: Share = 0.0


class Constant(Settings):
    """The learning rate stays as it is."""

    name: Literal["constant"] = "constant"


class Step(Settings):
    """The reference's schedule: rate times ``drop ** floor((1 + epoch) / every)``, epochs counted from 0."""

    name: Literal["step"] = "step"
    drop: float = Field(default=0.5, gt=0, le=1)
    every: Count = 12


class Plateau(Settings):
    """The rate is multiplied by ``factor`` after ``patience`` epochs without a lower validation loss, down to ``minimum``."""

    name: Literal["plateau"] = "plateau"
    factor: float = Field(default=0.5, gt=0, lt=1)
    patience: Count = 5
    minimum: NotNegative = 1e-6


class Cosine(Settings):
    """The rate rises evenly for ``warmup_epochs``, then falls along half a cosine to ``final`` times the rate."""

    name: Literal["cosine"] = "cosine"
    warmup_epochs: NotNegative = 1.0
    final: Share = 0.01


class AugmentationSettings(Settings):
    """How training photos are varied, a new way each epoch."""

    enabled: bool = True  # False shows every photo as it is
    rotation: float = Field(default=12.0, ge=0, le=180)  # largest turn to either side, in degrees
    shift: Share = 0.13  # largest shift, as a share of width and height
    zoom: float = Field(default=0.2, ge=0, le=0.9)  # largest zoom in or out, as a share
    flip: bool = True  # whether every second photo is mirrored left to right
    brightness: BelowOne = 0.0  # largest change, as a share
    contrast: BelowOne = 0.0  # largest change, as a share


class EarlyStopping(Settings):
    """Training ends after ``patience`` epochs without a lower validation loss."""

    enabled: bool = True
    patience: Count = 20


class NetworkSettings(Settings):
    """What is given to the network when it is built; what is absent is the network's own choice."""

    dropout: Annotated[tuple[BelowOne, ...], Field(strict=False)] | None = None  # one rate for each dropout layer
    batch_norm_momentum: float | None = Field(default=None, gt=0, lt=1)  # share of the old running statistics kept at every step
    initialiser: Literal["glorot_normal", "glorot_uniform", "he_normal", "he_uniform"] | None = None  # of the first weights
    rescale: Literal["0..1", "-1..1"] | None = None  # range into which pixels are scaled
    blocks: str = ""  # the layers of ``custom`` (`networks.custom`)


class TransferSettings(Settings):
    """Two-stage training of a network that brings a pretrained backbone.

    First the head alone, for ``epochs`` of the recipe, on features that the frozen backbone computed once; then, if asked for, the
    whole network at a low rate.
    """

    enabled: bool = False  # False trains the whole network from the first epoch
    views: int = Field(default=1, ge=1, le=1000)  # of every photo: as it is, then augmented ones; epochs take them in turn
    fine_tune_epochs: int = Field(default=0, ge=0)  # epochs with the backbone unfrozen, after the head's
    fine_tune_learning_rate: Positive = 1e-5  # constant


class BaseRecipe(Settings):
    """What every recipe says, whatever it trains."""

    model: str = Field(min_length=1)
    seed: int = Field(default=0, ge=0, lt=2**32)  # decides all that chance decides
    split_seed: int | None = Field(default=None, ge=0, lt=2**32)  # decides the split alone; absent: ``seed`` does
    split: str = "8:1:1"  # training, validation and test shares
    pictures_per_class: int | None = Field(default=None, ge=1)  # at most so many photos of each class take part in the run; None for all
    # Save the very recogniser that was tested. Otherwise the saved one learns from the test photos as well, once the test is done, and
    # can then not be tested on them again.
    keep_test_out: bool = False

    @field_validator("split")
    @classmethod
    def _three_shares(cls, text: str) -> str:
        """Refuse a split that is not three numbers above 0."""
        _ratios(text)
        return text

    @property
    def ratios(self) -> tuple[float, float, float]:
        """Training, validation and test shares as numbers.

        Example:
            >>> BaseRecipe(model="cnn6", split="7:1.5:1.5").ratios
            (7.0, 1.5, 1.5)
        """
        return _ratios(self.split)

    @property
    def seed_of_split(self) -> int:
        """What decides the split."""
        return self.seed if self.split_seed is None else self.split_seed

    def key(self) -> str:
        """Return 16 hexadecimal digits that change with every setting."""
        text = json.dumps(self.model_dump(mode="json", exclude_none=True), sort_keys=True)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]

    def to_toml(self) -> str:
        """Return the recipe as TOML, complete: `recipe.read_recipe` gives an equal recipe back."""
        settings = self.model_dump(mode="json", exclude_none=True)
        plain = {key: value for key, value in settings.items() if not isinstance(value, dict)}
        tables = {key: value for key, value in settings.items() if isinstance(value, dict)}
        return "\n".join([_lines(plain), *(f"[{name}]\n{_lines(table)}" for name, table in tables.items())])


def _lines(values: Mapping[str, Any]) -> str:
    """One line a key; TOML's strings, numbers, booleans and arrays are JSON's, but for the delete character."""
    written = {key: json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f") for key, value in values.items()}
    return "".join(f"{key} = {value}\n" for key, value in written.items())


def _ratios(text: str) -> tuple[float, float, float]:
    try:
        shares = tuple(float(part) for part in text.split(":"))
    except ValueError:
        shares = ()
    if len(shares) != 3 or not all(0 < share < 1e9 for share in shares):
        raise ValueError(_('three numbers above 0 for training, validation and test, such as "8:1:1"'))
    return shares


FACES = "faces"
"""What the face route is called wherever a model is named."""


class FaceRecipe(BaseRecipe):
    """How faces are found and named."""

    model: Literal["faces"] = "faces"
    detector: Literal["auto", "mtcnn", "yunet"] = "auto"  # auto: YuNet where its file is present
    # Which network turns faces into vectors: ``reid-0095``, ``dlib-resnet``, ``sface``, or one that was added.
    embedder: str = Field(default="auto", min_length=1, max_length=50)  # auto: reid-0095 where its files are present, else dlib-resnet
    head: Literal["auto", "trimmed-mean", "nearest", "logistic"] = "auto"  # auto: chosen by cross-validation
    keep_suspects: bool = False  # learn also from photos that most probably show another person than their folder says
    stranger_rate: float = Field(default=0.01, gt=0, lt=0.5)  # share of strangers that may be named, by which the threshold is chosen
