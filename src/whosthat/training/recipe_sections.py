"""The sections of a recipe: optimisers, schedules, augmentation, stopping, network, transfer.

What belongs here: each section's keys, defaults and limits. What does not: the recipe as a whole (`recipe`), and anything
that acts on a setting (`stages`, `schedules`, `transfer`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
"""A number from 0 to 1."""


class Settings(BaseModel):
    """Base of every section: frozen, unknown keys refused, no silent conversion (``"12"`` is not 12)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class _Optimiser(Settings):
    """What every optimiser understands.

    Attributes:
        learning_rate: The rate that the schedule starts from, above 0.
        clip_norm: Gradients are scaled down until their joint length is at most this; 0 leaves them alone.
        decay: The rate is divided by ``1 + decay * steps`` (the ``decay`` of old Keras optimisers); 0 does nothing.
        ema: Momentum of a moving average of the weights, which is then what is validated and kept (0.999 looks back
            about 1,000 steps); 0 keeps the weights themselves.
    """

    learning_rate: float = Field(default=1e-3, gt=0)
    clip_norm: float = Field(default=0.0, ge=0)
    decay: float = Field(default=0.0, ge=0)
    ema: float = Field(default=0.0, ge=0, lt=1)


class SGD(_Optimiser):
    """Stochastic gradient descent; ``momentum`` 0 to 1, ``nesterov`` looks one step ahead."""

    name: Literal["sgd"] = "sgd"
    learning_rate: float = Field(default=1e-2, gt=0)
    momentum: Share = 0.9
    nesterov: bool = True


class Adam(_Optimiser):
    """Adam (Kingma and Ba 2015)."""

    name: Literal["adam"] = "adam"


class AdamW(_Optimiser):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019); biases and normalisation are not decayed."""

    name: Literal["adamw"] = "adamw"
    weight_decay: float = Field(default=4e-3, ge=0)


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
    every: int = Field(default=12, ge=1)


class Plateau(Settings):
    """The rate is multiplied by ``factor`` after ``patience`` epochs without a lower validation loss, down to ``minimum``."""

    name: Literal["plateau"] = "plateau"
    factor: float = Field(default=0.5, gt=0, lt=1)
    patience: int = Field(default=5, ge=1)
    minimum: float = Field(default=1e-6, ge=0)


class Cosine(Settings):
    """The rate rises evenly for ``warmup_epochs``, then falls along half a cosine to ``final`` times the rate (0 to 1)."""

    name: Literal["cosine"] = "cosine"
    warmup_epochs: float = Field(default=1.0, ge=0)
    final: Share = 0.01


class AugmentationSettings(Settings):
    """How training photos are varied, a new way each epoch.

    Attributes:
        enabled: False shows every photo as it is.
        rotation: Largest turn to either side, in degrees.
        shift: Largest shift, as a share of width and height.
        zoom: Largest zoom in or out, as a share.
        flip: Whether every second photo is mirrored left to right.
        brightness: Largest change of brightness, as a share; 0 for none.
        contrast: Largest change of contrast, as a share; 0 for none.
    """

    enabled: bool = True
    rotation: float = Field(default=12.0, ge=0, le=180)
    shift: float = Field(default=0.13, ge=0, le=1)
    zoom: float = Field(default=0.2, ge=0, le=0.9)
    flip: bool = True
    brightness: float = Field(default=0.0, ge=0, lt=1)
    contrast: float = Field(default=0.0, ge=0, lt=1)


class EarlyStopping(Settings):
    """Training ends after ``patience`` epochs without a lower validation loss."""

    enabled: bool = True
    patience: int = Field(default=20, ge=1)


class NetworkSettings(Settings):
    """What is given to the network when it is built.

    Attributes:
        dropout: One rate for each dropout layer; absent leaves the network's own.
        batch_norm_momentum: Share of the old running statistics that batch normalisation keeps at every step; absent
            leaves the network's own.
        initialiser: How the first weights are drawn, such as ``"he_normal"``; absent leaves the network's own.
        rescale: Range into which pixels are scaled, ``"0..1"`` or ``"-1..1"``; absent leaves the network's own.
        blocks: The layers of ``custom``, as in ``"conv 64 3, conv 64 3, pool, flatten, dense 128"``.
    """

    dropout: Annotated[tuple[Annotated[float, Field(ge=0, lt=1)], ...], Field(strict=False)] | None = None
    batch_norm_momentum: float | None = Field(default=None, gt=0, lt=1)
    initialiser: Literal["glorot_normal", "glorot_uniform", "he_normal", "he_uniform"] | None = None
    rescale: Literal["0..1", "-1..1"] | None = None
    blocks: str = ""


class TransferSettings(Settings):
    """Two-stage training of a network that brings a pretrained backbone.

    First the head alone, for ``epochs`` of the recipe, on features that the frozen backbone computed once; then, if
    asked for, the whole network at a low rate.

    Attributes:
        enabled: False trains the whole network from the first epoch.
        views: How many views of every training photo go through the backbone: the photo as it is, then augmented ones.
            Epochs take them in turn.
        fine_tune_epochs: Epochs with the backbone unfrozen, after the head's; 0 for none.
        fine_tune_learning_rate: The constant learning rate of those epochs.
    """

    enabled: bool = False
    views: int = Field(default=1, ge=1, le=1000)
    fine_tune_epochs: int = Field(default=0, ge=0)
    fine_tune_learning_rate: float = Field(default=1e-5, gt=0)
