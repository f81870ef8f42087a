"""What is known about a network before it is built, and what can be asked of it.

Here are `NetworkFacts`, `Design` and whether the two fit; reading them needs neither Keras nor numpy. Nothing is built here.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Literal

from whosthat.errors import NetworkError
from whosthat.translation import _

OLD_KERAS = (".hdf5", ".h5")
"""Names of files that Keras 2 saved end so."""

_OPTIONS = ("dropout", "batch_norm_momentum", "initialiser", "rescale", "blocks")


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """What is known about a network before it is built."""

    name: str  # what one types, such as "cnn6"
    _: KW_ONLY
    title: str  # one line that says what it is
    input_size: int  # side of the square input it was made for, in pixels
    minimum_size: int  # smallest side it can be built for, in pixels
    loss: Literal["categorical_crossentropy", "mean_squared_error"] = "categorical_crossentropy"
    optimiser: str = "adam"  # that whosthat starts with, as is the learning rate
    learning_rate: float = 1e-3
    licence: str  # of the weights, or of the design when there are none (SPDX identifier)
    source: str  # where design and weights come from
    paper: str = ""  # with its address
    parameters: int  # number of weights for seven classes at ``input_size``
    options: tuple[str, ...] = ()  # fields of `Design` that it honours beyond the common ones; any other one that is set is refused
    frames: bool = False  # whether a sample is a series of images
    weights: Literal["none", "imagenet"] = "none"  # what it starts from when the design says nothing; "none" is random
    old_keras: bool = False  # whether it also starts from a file that Keras 2 saved from the same layers
    embedded: bool = False  # whether those weights arrive with the extra ``train``
    package: str = ""  # the package that carries them, where there is one; it is never imported
    package_file: str = ""  # their place inside that package, with forward slashes
    weights_file: str = ""  # name of the published weights file
    weights_bytes: int = 0
    weights_sha256: str = ""
    weights_md5: str = ""  # where the publisher names only that; then both have to agree
    weights_address: str = ""  # where it is published; ``whosthat models get`` alone fetches it, after asking


@dataclass(frozen=True, slots=True)
class Design:
    """What to build: the single argument of every network function. What is None is the network's own choice.

    The values of options were checked when the recipe was read (`training.recipe_base`); here is asked whether they fit a network.
    """

    n_classes: int  # 2 or more
    size: int  # side of the square input in pixels
    frames: int = 1  # images in a sample; above 1 only for networks whose facts say ``frames``
    # "none": random. "imagenet": the published weights. A path: that file; a ``.safetensors`` file that whosthat saved works for every
    # network.
    weights: Path | Literal["imagenet", "none"] | None = None
    seed: int = 0  # of the random first weights and of dropout
    dropout: tuple[float, ...] | None = None  # rates in the order of the network's dropout layers, each in [0, 1)
    batch_norm_momentum: float | None = None  # share of the old running statistics kept at every step, in (0, 1)
    initialiser: str | None = None  # how the first weights are drawn, as Keras calls it
    rescale: Literal["0..1", "-1..1"] | None = None  # range into which the pixels 0 to 255 are scaled
    blocks: str = ""  # the block language of `custom`; empty: its own example

    def dropout_or(self, default: tuple[float, ...]) -> tuple[float, ...]:
        """Return the dropout rates, or ``default``; a NetworkError says that there are not as many as in ``default``."""
        if self.dropout is None:
            return default
        if len(self.dropout) != len(default):
            raise NetworkError(
                "This network has {layers} dropout layers, got {n} rates: {rates}.",
                layers=len(default),
                n=len(self.dropout),
                rates=self.dropout,
            )
        return self.dropout


def check_design(known: NetworkFacts, design: Design) -> None:
    """Refuse a design that a network cannot be built to: a NetworkError names what does not fit and what would."""
    if design.n_classes < 2:
        raise NetworkError("A network needs at least 2 classes, got {n}.", n=design.n_classes)
    if design.size < known.minimum_size:
        raise NetworkError(
            "{name} needs photos of at least {minimum_size} x {minimum_size} pixels, got size {size}. Choose a size "
            "of {minimum_size} or more; its usual size is {input_size}.",
            name=known.name,
            minimum_size=known.minimum_size,
            size=design.size,
            input_size=known.input_size,
        )
    if design.frames < 1 or (design.frames > 1 and not known.frames):
        raise NetworkError(
            _("{name} takes 1 or more frames, got frames = {frames}.", name=known.name, frames=design.frames)
            if known.frames
            else _("{name} takes single photos (frames = 1), got frames = {frames}.", name=known.name, frames=design.frames)
        )
    readable = (".safetensors", *OLD_KERAS) if known.old_keras else (".safetensors",)
    saved = isinstance(design.weights, Path) and design.weights.suffix in readable
    if known.weights == "none" and design.weights not in (None, "none") and not saved:
        refused = _(
            "There are no published weights for {name}, got weights = {weights!r}. Use a .safetensors file that "
            "whosthat saved from this network, or none.",
            name=known.name,
            weights=str(design.weights),
        )
        also = [_("A .hdf5 or .h5 file that Keras 2 saved from the same layers is read, too.")] if known.old_keras else []
        raise NetworkError(" ".join([refused, *also]))
    for option in _OPTIONS:
        if getattr(design, option) not in (None, "") and option not in known.options:
            options = _(", ").join(known.options)
            raise NetworkError(
                _("{name} has no option {option!r}. Its options: {options}.", name=known.name, option=option, options=options)
                if options
                else _("{name} has no option {option!r}. Its options: none.", name=known.name, option=option)
            )
