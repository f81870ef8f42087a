"""Which networks exist, their facts, and the one way to build them.

A family is a module of this package with functions decorated by `register`. They are found by listing the package (`pkgutil`), so a new
network is one new file and no other edit. Facts travel with the function and are read without Keras. How a network looks belongs in its
family; which weights file it takes, in `pretrained`.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import runpy
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from whosthat.errors import NetworkError, UsageError, WeightsError, did_you_mean
from whosthat.networks.backend import load_keras
from whosthat.networks.design import Design, NetworkFacts, check_design
from whosthat.networks.pretrained import require_published
from whosthat.translation import _

if TYPE_CHECKING:
    import keras

__all__ = [
    "Design",
    "NetworkFacts",
    "backbone_and_head",
    "build",
    "check",
    "describe",
    "facts",
    "is_custom",
    "load_custom",
    "names",
    "register",
    "require_weights",
]

Builder: TypeAlias = "Callable[[Design], keras.Model]"
_BUILDERS: dict[str, tuple[NetworkFacts, Builder, str]] = {}
_CUSTOM_FILES: dict[Path, tuple[str, ...]] = {}


def register(facts: NetworkFacts, about: str = "") -> Callable[[Builder], Builder]:
    """Register the decorated function under ``facts.name``.

    The function takes a `Design` and returns a functional Keras model whose input is named ``photo`` (pixels 0 to 255), with
    a layer ``features`` (one vector per photo) just before the classifier, and an output layer ``predictions`` (probabilities).
    A name that another network has is a NetworkError. ``about`` says in a few sentences, marked with `N_`, what the network is; without
    it the function's docstring says so.
    """

    def keep(builder: Builder) -> Builder:
        if facts.name in _BUILDERS:
            raise NetworkError("Two networks are named {name!r}. Give yours another name.", name=facts.name)
        _BUILDERS[facts.name] = facts, builder, about
        return builder

    return keep


@cache
def _load_families() -> None:
    package = importlib.import_module("whosthat.networks")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


def names() -> tuple[str, ...]:
    """Names of all networks, sorted."""
    _load_families()
    return tuple(sorted(_BUILDERS))


def facts(name: str) -> NetworkFacts:
    """Facts of one network, read without Keras; a UsageError where there is none of this name."""
    return _entry(name)[0]


def describe(name: str) -> str:
    """Say what one network is, in a few sentences."""
    _facts, builder, about = _entry(name)
    return _(about) if about else inspect.getdoc(builder) or ""


def _entry(name: str) -> tuple[NetworkFacts, Builder, str]:
    known = names()
    if name not in _BUILDERS:
        raise UsageError("There is no network named {name!r}. {choice}", name=name, choice=did_you_mean(name, known))
    return _BUILDERS[name]


def check(name: str, design: Design) -> None:
    """Refuse a design without building it; what takes Keras to find out is left to `build`.

    Raises:
        UsageError: There is no such network.
        NetworkError: The design does not fit the network.
        WeightsError: The weights file it names is absent.
    """
    check_design(facts(name), design)
    if design.blocks:
        from whosthat.networks.custom import parse_blocks  # which registers itself here

        parse_blocks(design.blocks)
    if isinstance(design.weights, Path) and not design.weights.is_file():
        raise WeightsError("There is no weights file {weights}. Check the path, or use weights = none.", weights=design.weights)


def require_weights(name: str, design: Design) -> None:
    """Refuse a design that starts from published weights which are not here, without reading them: a WeightsError says how to get them."""
    known = facts(name)
    if known.weights_file and known.weights == "imagenet" and design.weights in (None, "imagenet"):
        require_published(known)


def build(name: str, design: Design) -> keras.Model:
    """Build a network; the same design gives the same bits. Sets Keras' global random seed to ``design.seed``.

    Returns:
        A functional Keras model, not compiled: input ``photo`` of shape ``(b, size, size, 3)`` (with frames
        ``(b, frames, size, size, 3)``) with pixel values 0 to 255, output ``predictions`` of shape ``(b, n_classes)``.

    Raises:
        UsageError: There is no such network.
        NetworkError: The design does not fit the network.
        WeightsError: The weights it shall start from are absent or wrong.
    """
    known, builder, _about = _entry(name)
    check_design(known, design)
    load_keras().utils.set_random_seed(design.seed)
    model = builder(design)
    _check_conventions(name, model, design)
    if isinstance(design.weights, Path) and design.weights.suffix == ".safetensors":
        from whosthat.networks.weights import load_matching  # needs numpy

        load_matching(model, design.weights)
    elif isinstance(design.weights, Path) and known.old_keras:
        from whosthat.networks.pretrained import fill_from_old_keras

        fill_from_old_keras(model, design.weights)
    return model


def _check_conventions(name: str, model: Any, design: Design) -> None:
    """Refuse a model that the rest of whosthat could not train, cut or export; matters for users' own networks."""
    shape = (design.size, design.size, 3)
    expected: list[tuple[str, object, object]] = [
        (_("its inputs"), [item.name for item in model.inputs], ["photo"]),
        (_("the shape of its input"), tuple(model.inputs[0].shape[1:]), (design.frames, *shape) if facts(name).frames else shape),
        (_("the shape of its output"), tuple(model.outputs[0].shape[1:]), (design.n_classes,)),
        (_("its last layer"), model.layers[-1].name, "predictions"),
        (_("the number of its layers named features"), sum(layer.name == "features" for layer in model.layers), 1),
    ]
    for what, came, wanted in expected:
        if came != wanted:
            raise NetworkError(
                "The network {name!r} breaks a convention: {what} must be {wanted}, got {came}.",
                name=name,
                what=what,
                wanted=wanted,
                came=came,
            )


def backbone_and_head(model: keras.Model) -> tuple[keras.Model, keras.Model]:
    """Cut a network at its layer ``features``, into the backbone and the head.

    Both parts share their weights with ``model``: training one trains it. ``head(backbone(x))`` equals ``model(x)``.
    """
    model_of = load_keras().Model
    features = model.get_layer("features").output
    backbone = model_of(model.input, features, name=f"{model.name}_backbone")
    return backbone, model_of(features, model.output, name=f"{model.name}_head")


def is_custom(name: str) -> bool:
    """Whether a network was registered by a file of the user's own; a UsageError where there is none of this name."""
    return not _entry(name)[1].__module__.startswith(f"{__package__}.")


def load_custom(path: Path) -> tuple[str, ...]:
    """Run a Python file that registers networks of the user's own, and return the names it added. Again, it changes nothing.

    The file is executed with all rights of the user, like any program: load only files you wrote or have read. whosthat
    never does this by itself; bundles hold no code.

    Raises:
        UsageError: There is no such file, or it is no Python file.
        NetworkError: It fails, or registers nothing.
    """
    path = path.resolve()
    if path in _CUSTOM_FILES:
        return _CUSTOM_FILES[path]
    if not path.is_file() or path.suffix != ".py":
        raise UsageError(
            _("{path} is not a Python file (.py). Name a file that registers a network.", path=path)
            if path.exists()
            else _("{path} is missing. Name a file that registers a network.", path=path)
        )
    before = set(names())
    try:
        runpy.run_path(str(path), run_name=f"whosthat_custom_{len(_CUSTOM_FILES)}")
    except Exception as error:  # a user's file can raise anything
        for name in set(_BUILDERS) - before:
            del _BUILDERS[name]
        raise NetworkError(
            "{path} failed while it was loaded: {kind}: {error}", path=path, kind=type(error).__name__, error=error
        ) from error
    added = tuple(sorted(set(_BUILDERS) - before))
    if not added:
        raise NetworkError(
            "{path} registers no network. Decorate a function with whosthat.networks.registry.register(NetworkFacts(...)).", path=path
        )
    _CUSTOM_FILES[path] = added
    return added
