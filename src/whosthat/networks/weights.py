"""A network's weights as one safetensors file, keyed by stable variable paths (layer name / variable name).

The file holds numbers only; reading it executes nothing. Optimiser and seed states are `training.checkpoints`' business, published
weights in other formats that of `pretrained` and `importers.pth`.
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
    """Every weight, trainable or not, by its path, such as ``"stage1_conv1/kernel"``; a WeightsError where two layers have one name."""
    paths = [variable.path for variable in model.weights]
    twice = {path for path in paths if paths.count(path) > 1}
    if twice:
        raise WeightsError(
            "Two weights of the network {name!r} are named {weight!r}. Give every layer its own name.", name=model.name, weight=min(twice)
        )
    return {variable.path: np.asarray(variable.numpy()) for variable in model.weights}


def save_weights(model: keras.Model, path: Path) -> None:
    """Save every weight; the file is there whole, or as it was before. Its folder must exist.

    Raises:
        OSError: No room, no permission, no such folder.
    """
    import safetensors.numpy

    replace_file(path, safetensors.numpy.save(weights_of(model)))


def load_weights(model: keras.Model, path: Path) -> None:
    """Load every weight of a file from `save_weights`, to the bit. Nothing is changed unless everything fits.

    Raises:
        WeightsError: The file is absent, damaged, or holds other weights; the first difference is named.
    """
    fill_weights(model, _read(path), path)


def load_matching(model: keras.Model, path: Path) -> None:
    """Load everything but the classifier, and that too when it has as many classes; for going on from an earlier run.

    Raises:
        WeightsError: The file is absent, damaged, or of another network; the first difference is named.
    """
    arrays, shapes = _read(path), {variable.path: tuple(variable.shape) for variable in model.weights}
    as_many = all(name in arrays and arrays[name].shape == shape for name, shape in shapes.items() if name.startswith(_CLASSIFIER))
    fill_weights(model, arrays, path, classifier=as_many)


def _read(path: Path) -> dict[str, NDArray[Any]]:
    import safetensors
    import safetensors.numpy

    try:
        return safetensors.numpy.load_file(path)
    except OSError as error:
        raise WeightsError("The weights file {path} cannot be read: {error}.", path=path, error=error) from error
    except (safetensors.SafetensorError, KeyError) as error:  # KeyError: a number type that numpy lacks
        raise WeightsError("The weights file {path} is damaged or not a safetensors file: {error}.", path=path, error=error) from error


def fill_weights(model: keras.Model, arrays: Mapping[str, NDArray[Any]], path: Path, *, classifier: bool = True) -> None:
    """Set a model's weights, its classifier's only if asked, to what a file holds by their paths, once all of it fits.

    Raises:
        WeightsError: It holds other weights; the first difference is named.
    """
    variables = {variable.path: variable for variable in model.weights if classifier or not variable.path.startswith(_CLASSIFIER)}
    arrays = {name: array for name, array in arrays.items() if classifier or not name.startswith(_CLASSIFIER)}
    for name, variable in variables.items():
        if name not in arrays:
            raise WeightsError(
                "{path} lacks the weight {weight!r}, so it belongs to another network than {name!r}.",
                path=path,
                weight=name,
                name=model.name,
            )
        came, wanted = arrays[name], (tuple(variable.shape), str(variable.dtype))
        if (came.shape, str(came.dtype)) != wanted:
            raise WeightsError(
                "The weight {weight!r} in {path} has shape {shape} ({type}), expected {wanted} ({wanted_type}).",
                weight=name,
                path=path,
                shape=came.shape,
                type=came.dtype,
                wanted=wanted[0],
                wanted_type=wanted[1],
            )
    extra = sorted(set(arrays) - set(variables))
    if extra:
        raise WeightsError(
            "{path} holds the weight {weight!r}, which the network {name!r} does not have.", path=path, weight=extra[0], name=model.name
        )
    for name, variable in variables.items():
        variable.assign(arrays[name])
