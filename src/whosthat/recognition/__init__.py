"""Saved recognisers: from a photo to a name, on a machine without Keras.

    recogniser          what every recogniser can do
    image_classifier    one answer for a whole photo, by a network
    face_classifier     a name for every face of a photo, by a network that learnt from faces
    face_recogniser     a name for every face of a photo, by a gallery of enrolled people
    gallery, heads, naming, assignment      whose embedding is it?
    threshold, face_threshold               how sure is sure enough; how near is near enough
    calibration         one temperature, so that "90 %" means nine in ten
    ranking             from confidences to sightings
    bundle, manifest    a recogniser in a folder: saving, opening, checking

What does not belong here: training, figures (`whosthat.evaluation`), reading many photos (`whosthat.workflow.predict`).
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

from whosthat.errors import BundleError, path_given
from whosthat.recognition.bundle import Bundle, is_unknown, open_bundle
from whosthat.recognition.recogniser import Recogniser


def _open_image_classifier(bundle: Bundle) -> Recogniser:
    from whosthat.recognition.image_classifier import ImageClassifier  # numpy and the photo decoder: not needed to read facts

    return ImageClassifier.open(bundle)


def _open_face_classifier(bundle: Bundle) -> Recogniser:
    from whosthat.recognition.face_classifier import FaceClassifier

    return FaceClassifier.open(bundle)


def _open_face_recogniser(bundle: Bundle) -> Recogniser:
    from whosthat.recognition.face_recogniser import FaceRecogniser

    return FaceRecogniser.open(bundle)


_OPENERS: dict[str, Callable[[Bundle], Recogniser]] = {
    "image-classifier": _open_image_classifier,
    "face-classifier": _open_face_classifier,
    "face-recogniser": _open_face_recogniser,
}


def load(path: str | Path) -> Recogniser:
    """Load a saved recogniser; where another process replaces it meanwhile (`people`), the new one.

    Args:
        path: A bundle, a run folder or ``runs/latest``.

    Returns:
        A recogniser; its ``identify(photo)`` answers.

    Raises:
        UsageError: ``path`` is no path.
        BundleError: There is no bundle, it is damaged, newer than this whosthat, of an unknown kind, or it has a class whose name is the
            answer for strangers.
    """
    path = path_given(path, "A saved recogniser")
    try:
        return _load(path)
    except BundleError:  # between two files the bundle may have been replaced: then another look finds the new one
        return _load(path)


def _load(path: Path) -> Recogniser:
    bundle = open_bundle(path)
    opener = _OPENERS.get(bundle.facts.kind)
    if opener is None:
        raise BundleError(
            f"{bundle.folder} is of the kind {bundle.facts.kind!r}; this whosthat knows {', '.join(_OPENERS)}. Update whosthat."
        )
    _refuse_unknown(bundle)
    return opener(bundle)


def _refuse_unknown(bundle: Bundle) -> None:
    """Refuse a bundle, saved before such names were, whose answers would mean two things."""
    name = next(filter(is_unknown, bundle.facts.labels), None)
    if name is not None:
        rename = "Rename the folder and train again."
        if bundle.facts.kind == "face-recogniser":
            rename = f"Rename that person: whosthat people {bundle.folder} rename {shlex.quote(name)} NEW_NAME."
        raise BundleError(f"{bundle.folder} has a class named {name!r}, which is also the answer for strangers. {rename}")
