"""whosthat: folders of photos in, a recogniser you can trust out.

    import whosthat

    whosthat.check("photos")                                          what is wrong with these photos?
    whosthat.train("photos", whosthat.default_recipe("cnn6"))         a run with a bundle and a report
    whosthat.load("runs/latest").identify("photo.jpg")                who is in this photo?
    whosthat.evaluate("runs/latest", "other photos")                  how good is it, really?

Every name below is imported when it is first used, so that ``import whosthat`` costs nothing. Nothing else belongs here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from whosthat.version import __version__

if TYPE_CHECKING:
    from whosthat.errors import WhosthatError
    from whosthat.recognition import load
    from whosthat.recognition.recogniser import Recogniser
    from whosthat.training.recipe import Recipe, default_recipe, read_recipe
    from whosthat.types import Box, Sighting
    from whosthat.workflow.check import check
    from whosthat.workflow.evaluate import evaluate
    from whosthat.workflow.export import export
    from whosthat.workflow.predict import predict
    from whosthat.workflow.prediction import Prediction
    from whosthat.workflow.train import resume, train

_HOMES = {
    "Box": "whosthat.types",
    "Prediction": "whosthat.workflow.prediction",
    "Recipe": "whosthat.training.recipe",
    "Recogniser": "whosthat.recognition.recogniser",
    "Sighting": "whosthat.types",
    "WhosthatError": "whosthat.errors",
    "check": "whosthat.workflow.check",
    "default_recipe": "whosthat.training.recipe",
    "evaluate": "whosthat.workflow.evaluate",
    "export": "whosthat.workflow.export",
    "load": "whosthat.recognition",
    "predict": "whosthat.workflow.predict",
    "read_recipe": "whosthat.training.recipe",
    "resume": "whosthat.workflow.train",
    "train": "whosthat.workflow.train",
}

__all__ = [
    "Box",
    "Prediction",
    "Recipe",
    "Recogniser",
    "Sighting",
    "WhosthatError",
    "__version__",
    "check",
    "default_recipe",
    "evaluate",
    "export",
    "load",
    "predict",
    "read_recipe",
    "resume",
    "train",
]


def __getattr__(name: str) -> object:
    """Import a public name from its home when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'whosthat' has no attribute {name!r}; it offers {', '.join(__all__)}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
