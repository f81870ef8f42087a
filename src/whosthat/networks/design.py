"""What is known about a network before it is built, and what can be asked of it.

What belongs here: `NetworkFacts`, `Design` and whether the two fit. Reading them needs neither Keras nor numpy.
What does not: building anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from whosthat.errors import NetworkError, did_you_mean

INITIALISERS = ("glorot_normal", "glorot_uniform", "he_normal", "he_uniform")
"""Ways to draw the first weights that a design may name."""

_OPTIONS = ("dropout", "batch_norm_momentum", "initialiser", "rescale", "blocks")


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """What is known about a network before it is built.

    Attributes:
        name: What one types, such as "cnn6".
        title: One line that says what it is.
        input_size: Side of the square input it was made for, in pixels.
        minimum_size: Smallest side it can be built for, in pixels.
        loss: Loss it is trained with.
        optimiser: Optimiser whosthat starts with: "adam", "sgd" or "rmsprop".
        learning_rate: Learning rate whosthat starts with.
        licence: Licence of the weights, or of the design when there are none (SPDX identifier).
        source: Where design and weights come from.
        paper: The paper, with its address; empty when there is none.
        parameters: Number of weights for seven classes at ``input_size``.
        options: Fields of `Design` that this network honours beyond the common ones; any other one that is set is refused.
        frames: Whether a sample is a series of images.
        weights: What it starts from when the design says nothing: "none" is random.
        embedded: Whether those weights arrive with the installation.
        weights_file: Name of the published weights file.
        weights_bytes: Its size.
        weights_sha256: Its SHA-256, where known.
        weights_md5: Its MD5, where the publisher names only that.
        weights_address: Where it is published; whosthat fetches nothing from there by itself.
    """

    name: str
    title: str
    input_size: int
    minimum_size: int
    loss: Literal["categorical_crossentropy", "mean_squared_error"]
    optimiser: str
    learning_rate: float
    licence: str
    source: str
    paper: str
    parameters: int
    options: tuple[str, ...] = ()
    frames: bool = False
    weights: Literal["none", "imagenet"] = "none"
    embedded: bool = False
    weights_file: str = ""
    weights_bytes: int = 0
    weights_sha256: str = ""
    weights_md5: str = ""
    weights_address: str = ""


@dataclass(frozen=True, slots=True)
class Design:
    """What to build: the single argument of every network function.

    Attributes:
        n_classes: Number of classes, 2 or more.
        size: Side of the square input in pixels.
        frames: Images in a sample; above 1 only for networks whose facts say ``frames``.
        weights: What to start from. None: what the facts say. "none": random. "imagenet": the published weights.
            A path: that file; a ``.safetensors`` file that whosthat saved works for every network.
        seed: Seed of the random first weights and of dropout.
        dropout: Dropout rates in the order of the network's dropout layers, each in [0, 1); None: the network's own.
        batch_norm_momentum: Share of the old running statistics kept at every step, in (0, 1); None: the network's own.
        initialiser: One of `INITIALISERS`; None: the network's own.
        rescale: Range into which the pixels 0 to 255 are scaled; None: the network's own.
        blocks: The block language of `custom`; empty: its own example.
    """

    n_classes: int
    size: int
    frames: int = 1
    weights: Path | Literal["imagenet", "none"] | None = None
    seed: int = 0
    dropout: tuple[float, ...] | None = None
    batch_norm_momentum: float | None = None
    initialiser: str | None = None
    rescale: Literal["0..1", "-1..1"] | None = None
    blocks: str = ""

    def dropout_or(self, default: tuple[float, ...]) -> tuple[float, ...]:
        """Return the dropout rates, or ``default``; the number of rates must be that of ``default``.

        Raises:
            NetworkError: There are too many or too few rates.

        Example:
            >>> Design(n_classes=2, size=64).dropout_or((0.25, 0.5))
            (0.25, 0.5)
        """
        if self.dropout is None:
            return default
        if len(self.dropout) != len(default):
            raise NetworkError(f"This network has {len(default)} dropout layers, got {len(self.dropout)} rates: {self.dropout}.")
        return self.dropout


def check_design(known: NetworkFacts, design: Design) -> None:
    """Refuse a design that a network cannot be built to.

    Raises:
        NetworkError: Names what does not fit and what would.
    """
    if design.n_classes < 2:
        raise NetworkError(f"A network needs at least 2 classes, got {design.n_classes}.")
    if design.size < known.minimum_size:
        raise NetworkError(
            f"{known.name} needs photos of at least {known.minimum_size} x {known.minimum_size} pixels, got size {design.size}. Choose "
            f"a size of {known.minimum_size} or more; its usual size is {known.input_size}."
        )
    if design.frames < 1 or (design.frames > 1 and not known.frames):
        can = "1 or more frames" if known.frames else "single photos (frames = 1)"
        raise NetworkError(f"{known.name} takes {can}, got frames = {design.frames}.")
    _check_weights(known, design)
    _check_options(known, design)


def _check_weights(known: NetworkFacts, design: Design) -> None:
    if known.weights != "none" or design.weights in (None, "none"):
        return
    if not (isinstance(design.weights, Path) and design.weights.suffix == ".safetensors"):
        raise NetworkError(
            f"There are no published weights for {known.name}, got weights = {str(design.weights)!r}. Use a .safetensors file that "
            "whosthat saved from this network, or none."
        )


def _check_options(known: NetworkFacts, design: Design) -> None:
    for option in _OPTIONS:
        if getattr(design, option) not in (None, "") and option not in known.options:
            offered = ", ".join(known.options) or "none"
            raise NetworkError(f"{known.name} has no option {option!r}. Its options: {offered}.")
    for rate in design.dropout or ():
        if not 0 <= rate < 1:
            raise NetworkError(f"A dropout rate must be at least 0 and below 1, got {rate}.")
    if design.batch_norm_momentum is not None and not 0 < design.batch_norm_momentum < 1:
        raise NetworkError(f"The momentum of batch normalisation must be between 0 and 1, got {design.batch_norm_momentum}.")
    if design.initialiser is not None and design.initialiser not in INITIALISERS:
        raise NetworkError(f"There is no initialiser named {design.initialiser!r}. {did_you_mean(design.initialiser, INITIALISERS)}")
    if design.rescale not in (None, "0..1", "-1..1"):
        raise NetworkError(f'Pixels are rescaled to "0..1" or "-1..1", got {design.rescale!r}.')
