"""A network's weights as one safetensors file, keyed by stable variable paths (layer name / variable name).

What belongs here: weights to and from that file. What does not: optimiser and seed states (`training.checkpoints`), and
published weights in other formats (`pretrained`, `pth`). A safetensors file holds numbers only; reading it executes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from whosthat.durable import replace_file
from whosthat.errors import WeightsError

if TYPE_CHECKING:
    import keras

_CLASSIFIER = "predictions/"


def weights_of(model: keras.Model) -> dict[str, NDArray[Any]]:
    """Every weight, trainable or not, by its path, such as ``"stage1_conv1/kernel"``.

    Raises:
        WeightsError: Two weights have one path, because two layers have one name.
    """
    paths = [variable.path for variable in model.weights]
    twice = {path for path in paths if paths.count(path) > 1}
    if twice:
        raise WeightsError(f"Two weights of the network {model.name!r} are named {min(twice)!r}. Give every layer its own name.")
    return {variable.path: np.asarray(variable.numpy()) for variable in model.weights}


def save_weights(model: keras.Model, path: Path) -> None:
    """Save every weight; the file is there whole, or as it was before.

    Args:
        model: The network.
        path: The ``.safetensors`` file; its folder must exist.

    Raises:
        OSError: No room, no permission, no such folder.
    """
    import safetensors.numpy

    replace_file(path, safetensors.numpy.save(weights_of(model)))


def load_weights(model: keras.Model, path: Path) -> None:
    """Load every weight, to the bit. Nothing is changed unless everything fits.

    Args:
        model: The network; changed in place.
        path: A file from `save_weights`.

    Raises:
        WeightsError: The file is absent, damaged, or holds other weights; the first difference is named.
    """
    arrays = _read(path)
    _check_same(arrays, model, path, model.weights)
    for variable in model.weights:
        variable.assign(arrays[variable.path])


def load_matching(model: keras.Model, path: Path) -> None:
    """Load everything but the classifier, and that too when it has as many classes; for going on from an earlier run.

    Args:
        model: The network; changed in place.
        path: A file from `save_weights` of the same network, with any number of classes.

    Raises:
        WeightsError: The file is absent, damaged, or of another network; the first difference is named.
    """
    arrays = _read(path)
    of_classifier = {variable.path: tuple(variable.shape) for variable in model.weights if variable.path.startswith(_CLASSIFIER)}
    same_classes = all(path in arrays and arrays[path].shape == shape for path, shape in of_classifier.items())
    wanted = [variable for variable in model.weights if same_classes or variable.path not in of_classifier]
    kept = {path: array for path, array in arrays.items() if same_classes or not path.startswith(_CLASSIFIER)}
    _check_same(kept, model, path, wanted)
    for variable in wanted:
        variable.assign(kept[variable.path])


def _read(path: Path) -> dict[str, NDArray[Any]]:
    import safetensors
    import safetensors.numpy

    try:
        return safetensors.numpy.load_file(path)
    except OSError as error:
        raise WeightsError(f"The weights file {path} cannot be read: {error}.") from error
    except (safetensors.SafetensorError, KeyError) as error:  # KeyError: a number type that numpy lacks
        raise WeightsError(f"The weights file {path} is damaged or not a safetensors file: {error}.") from error


def _check_same(arrays: Mapping[str, NDArray[Any]], model: keras.Model, path: Path, variables: list[keras.Variable]) -> None:
    wanted = {variable.path: (tuple(variable.shape), str(variable.dtype)) for variable in variables}
    for name, (shape, dtype) in wanted.items():
        if name not in arrays:
            raise WeightsError(f"{path} lacks the weight {name!r}, so it belongs to another network than {model.name!r}.")
        came = arrays[name]
        if (came.shape, str(came.dtype)) != (shape, dtype):
            raise WeightsError(f"The weight {name!r} in {path} has shape {came.shape} ({came.dtype}), expected {shape} ({dtype}).")
    extra = sorted(set(arrays) - set(wanted))
    if extra:
        raise WeightsError(f"{path} holds the weight {extra[0]!r}, which the network {model.name!r} does not have.")
