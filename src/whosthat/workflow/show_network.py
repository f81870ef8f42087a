"""A network's layers before anything is trained: read off its design, and drawn into a file.

What belongs here: from what somebody asks for to the layers, and the file of their drawing. What does not: reading layers
(`networks.layers`), their words (`evaluation.network_part`), the drawing (`evaluation.plots.architecture`).
"""

from __future__ import annotations

from pathlib import Path

from whosthat.errors import UsageError
from whosthat.evaluation.network_part import arithmetic, layer_words
from whosthat.networks.design import Design
from whosthat.networks.layers import LayerFacts, NetworkLayers, layers_of_design
from whosthat.networks.registry import facts
from whosthat.runs.files import save_file
from whosthat.translation import _

CLASSES = 7
"""So many classes are assumed, as in `NetworkFacts.parameters`."""


def network_layers(name: str, *, size: int | None = None, classes: int | None = None, blocks: str = "") -> NetworkLayers:
    """Return the layers that a network would have. Takes the seconds of importing Keras, and no memory for weights.

    Args:
        name: A network, as the list of models names it.
        size: Side of the square input, in pixels; its usual size where left out.
        classes: How many classes it would tell apart; `CLASSES` where left out.
        blocks: The blocks of ``custom``.

    Raises:
        UsageError: There is no such network.
        NetworkError: It cannot be built like that, or Keras is not installed.
    """
    known = facts(name)
    size = known.input_size if size is None else size
    return layers_of_design(name, Design(CLASSES if classes is None else classes, size, weights="none", blocks=blocks))


def draw_network(layers: NetworkLayers, file: Path) -> Path:
    """Draw a network into a new file and return it: an SVG, or a PNG where its name ends so.

    Raises:
        UsageError: The name ends in neither, or the file is there.
        RunError: It cannot be written.
    """
    from whosthat.evaluation.plots.architecture import picture_of  # imports matplotlib

    if file.suffix.lower() not in (".svg", ".png"):
        raise UsageError("{file} is neither an SVG nor a PNG. Give a name that ends in .svg or .png.", file=file)
    if file.exists():
        raise UsageError("{file} already exists. Choose another name.", file=file)
    return save_file(file, picture_of(layers, file.suffix.lower()), _("Choose another folder."))


def layer_document(layer: LayerFacts) -> dict[str, object]:
    """Return what programs read about one layer: name, kind, words, output shape, parameters with their arithmetic, and what is inside."""
    document: dict[str, object] = {
        "name": layer.name,
        "kind": layer.kind,
        "words": layer_words(layer),
        "shape": layer.shape,
        "weights": layer.weights,
        "parameters": layer.parameters,
        "trainable": layer.trainable,
        "non_trainable": layer.non_trainable,
        "arithmetic": arithmetic(layer),
    }
    return document | ({"layers": [layer_document(one) for one in layer.inside]} if layer.inside else {})
