"""whosthat: folders of photos in, a recogniser you can trust out.

    import whosthat

    whosthat.scan("family", "photos")                                 keep a library of photos; only new ones are looked at
    whosthat.discover("holiday").groups                               who is in unsorted photos, without names?
    whosthat.name_groups("family", {"1": "Anna", "2": "Tom"})         who is who among them? kept for ever
    whosthat.find("library", "anna and not tom").photos               which photos show her without him?
    whosthat.check("photos")                                          what is wrong with these photos?
    result = whosthat.train("photos", "faces", strangers="others")    a run with a bundle and a report
    whosthat.compare("photos", ["faces", "cnn6"])                     which model is best for them?
    whosthat.run_series("photos", whosthat.grid(["cnn6"], {"batch_size": [16, 32]}))    which setting?
    whosthat.correct("family", "beach.jpg", "is", "Anna", face=2)     who is this, really? kept for ever, and taken back with undo
    recogniser = whosthat.load("runs/latest")
    recogniser.identify("photo.jpg")                                  who is in this photo?
    whosthat.predict(recogniser, ["holiday"])                         who is in these photos?
    whosthat.watch("runs/latest", "0")                                who comes before the camera?
    whosthat.write_xmp(predictions)                                   names where digiKam and Lightroom see them
    whosthat.evaluate("runs/latest", "other photos")                  how good is it, really?

Every name below is imported when it is first used, so that ``import whosthat`` costs nothing. Nothing else belongs here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from whosthat.version import __version__

if TYPE_CHECKING:
    from whosthat.errors import BundleError, DatasetError, PhotoError, UsageError, WhosthatError
    from whosthat.evaluation.metrics import Evaluation
    from whosthat.recognition.presence import Change
    from whosthat.recognition.recogniser import People, Recogniser
    from whosthat.training.experiments import Step, grid, read_series
    from whosthat.training.recipe import Recipe, default_recipe, read_recipe
    from whosthat.training.search import Search
    from whosthat.types import Added, Box, Enrolled, Face, Likeness, Sighting, Verification
    from whosthat.workflow.check import Checkup, check
    from whosthat.workflow.compare import CompareResult, compare
    from whosthat.workflow.discover import discover
    from whosthat.workflow.discovery import Discovery, FoundFace, Group
    from whosthat.workflow.evaluate import evaluate
    from whosthat.workflow.export import export
    from whosthat.workflow.library.correcting import Corrected, Correction, correct, corrections, redo_correction, undo_correction
    from whosthat.workflow.library.find import Found, FoundPhoto, find
    from whosthat.workflow.library.forgetting import ForgottenPerson, forget
    from whosthat.workflow.library.groups import NamedGroups, name_groups
    from whosthat.workflow.library.likeness import Similar
    from whosthat.workflow.library.metadata import read_library_xmp, write_library_xmp
    from whosthat.workflow.library.scanning import Scan, scan
    from whosthat.workflow.library.status import LibraryCheck, LibraryStatus, library_status, verify_library
    from whosthat.workflow.loading import load
    from whosthat.workflow.metadata import XmpRead, XmpWritten, read_xmp, write_xmp
    from whosthat.workflow.predict import predict
    from whosthat.workflow.prediction import Prediction
    from whosthat.workflow.series import SeriesResult, run_series
    from whosthat.workflow.thresholds import RunThreshold, run_threshold, save_threshold
    from whosthat.workflow.train import resume, train
    from whosthat.workflow.training_run import TrainResult
    from whosthat.workflow.untagging import Untagged, untag
    from whosthat.workflow.watching import Notice, Watching, watch

_NAMES = {
    "errors": ("BundleError", "DatasetError", "PhotoError", "UsageError", "WhosthatError"),
    "evaluation.metrics": ("Evaluation",),
    "recognition.presence": ("Change",),
    "recognition.recogniser": ("People", "Recogniser"),
    "training.experiments": ("Step", "grid", "read_series"),
    "training.recipe": ("Recipe", "default_recipe", "read_recipe"),
    "training.search": ("Search",),
    "types": ("Added", "Box", "Enrolled", "Face", "Likeness", "Sighting", "Verification"),
    "workflow.check": ("Checkup", "check"),
    "workflow.compare": ("CompareResult", "compare"),
    "workflow.library.correcting": ("Corrected", "Correction", "correct", "corrections", "redo_correction", "undo_correction"),
    "workflow.discover": ("discover",),
    "workflow.discovery": ("Discovery", "FoundFace", "Group"),
    "workflow.evaluate": ("evaluate",),
    "workflow.export": ("export",),
    "workflow.library.status": ("LibraryCheck", "LibraryStatus", "library_status", "verify_library"),
    "workflow.library.groups": ("NamedGroups", "name_groups"),
    "workflow.library.forgetting": ("ForgottenPerson", "forget"),
    "workflow.library.metadata": ("read_library_xmp", "write_library_xmp"),
    "workflow.library.find": ("Found", "FoundPhoto", "find"),
    "workflow.library.likeness": ("Similar",),
    "workflow.loading": ("load",),
    "workflow.metadata": ("XmpRead", "XmpWritten", "read_xmp", "write_xmp"),
    "workflow.predict": ("predict",),
    "workflow.prediction": ("Prediction",),
    "workflow.library.scanning": ("Scan", "scan"),
    "workflow.series": ("SeriesResult", "run_series"),
    "workflow.thresholds": ("RunThreshold", "run_threshold", "save_threshold"),
    "workflow.train": ("resume", "train"),
    "workflow.training_run": ("TrainResult",),
    "workflow.untagging": ("Untagged", "untag"),
    "workflow.watching": ("Notice", "Watching", "watch"),
}
_HOMES = {name: f"whosthat.{home}" for home, names in _NAMES.items() for name in names}

__all__ = [
    "Added",
    "Box",
    "BundleError",
    "Change",
    "Checkup",
    "CompareResult",
    "Corrected",
    "Correction",
    "DatasetError",
    "Discovery",
    "Enrolled",
    "Evaluation",
    "Face",
    "ForgottenPerson",
    "Found",
    "FoundFace",
    "FoundPhoto",
    "Group",
    "LibraryCheck",
    "LibraryStatus",
    "Likeness",
    "NamedGroups",
    "Notice",
    "People",
    "PhotoError",
    "Prediction",
    "Recipe",
    "Recogniser",
    "RunThreshold",
    "Scan",
    "Search",
    "SeriesResult",
    "Sighting",
    "Similar",
    "Step",
    "TrainResult",
    "Untagged",
    "UsageError",
    "Verification",
    "Watching",
    "WhosthatError",
    "XmpRead",
    "XmpWritten",
    "__version__",
    "check",
    "compare",
    "correct",
    "corrections",
    "default_recipe",
    "discover",
    "evaluate",
    "export",
    "find",
    "forget",
    "grid",
    "library_status",
    "load",
    "name_groups",
    "predict",
    "read_library_xmp",
    "read_recipe",
    "read_series",
    "read_xmp",
    "redo_correction",
    "resume",
    "run_series",
    "run_threshold",
    "save_threshold",
    "scan",
    "train",
    "undo_correction",
    "untag",
    "verify_library",
    "watch",
    "write_library_xmp",
    "write_xmp",
]


def __getattr__(name: str) -> object:
    """Import a public name from its home when it is first used."""
    if name not in _HOMES:
        offered = ", ".join(__all__)
        raise AttributeError(f"module 'whosthat' has no attribute {name!r}; it offers {offered}")  # not translated: for programmers
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
