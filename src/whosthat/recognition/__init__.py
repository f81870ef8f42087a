"""Saved recognisers: from a photo to a name, on a machine without Keras.

    recogniser          what every recogniser can do
    image_classifier    one answer for a whole photo, by a network
    face_classifier     a name for every face of a photo, by a network that learnt from faces
    face_recogniser     a name for every face of a photo, by a gallery of enrolled people
    gallery, distances, heads, identifier   whose embedding is it?
    index, tensors      large galleries: which photos may be near, arrays where they lie
    enrolling           from embeddings of photos to an identifier
    threshold, face_threshold               the confidence from which, and the distance up to which, a name is given
    distance_fitting, impostors             how near strangers come: from the photos, and from what is known of the network
    tracking            faces followed from frame to frame of a video
    face_facts          what a bundle says of faces
    calibration         one temperature, so that "90 %" means nine in ten
    ranking             from confidences to sightings
    bundle, manifest    a recogniser in a folder: saving, opening, checking

What does not belong here: training, figures (`whosthat.evaluation`), reading many photos (`whosthat.workflow.predict`).
"""

from __future__ import annotations

import shlex
from importlib import import_module
from pathlib import Path

from whosthat.errors import BundleError, path_given
from whosthat.recognition.bundle import Bundle, is_unknown, open_bundle
from whosthat.recognition.recogniser import Recogniser
from whosthat.translation import _

_KINDS = {"image-classifier": "ImageClassifier", "face-classifier": "FaceClassifier", "face-recogniser": "FaceRecogniser"}
"""For each kind of bundle the class that opens it, in the module of the same name; what a class can do is asked of it, not of the kind."""


def load(path: str | Path) -> Recogniser:
    """Load the recogniser of a bundle, a run folder or ``runs/latest``; where a process replaces it meanwhile (`people`), the new one.

    Raises:
        UsageError: ``path`` is no path.
        BundleError: There is no bundle, it is damaged, newer than this whosthat, of an unknown kind, or it has a class whose name is the
            answer for strangers.
    """
    path = path_given(path, _("A saved recogniser"))
    try:
        return _load(path)
    except BundleError:  # between two files the bundle may have been replaced: then another look finds the new one
        return _load(path)


def _load(path: Path) -> Recogniser:
    bundle = open_bundle(path)
    kind = bundle.facts.kind
    if kind not in _KINDS:
        raise BundleError(
            "{folder} is of the kind {kind!r}; this whosthat knows {known}. Update whosthat.",
            folder=bundle.folder,
            kind=kind,
            known=_(", ").join(_KINDS),
        )
    _refuse_unknown(bundle)
    module = import_module(f"whosthat.recognition.{kind.replace('-', '_')}")  # numpy and the photo decoder: not needed to read facts
    recogniser: Recogniser = getattr(module, _KINDS[kind]).open(bundle)
    return recogniser


def _refuse_unknown(bundle: Bundle) -> None:
    """Refuse a bundle, saved before such names were, whose answers would mean two things."""
    name = next(filter(is_unknown, bundle.facts.labels), None)
    if name is not None:
        advice = _("Rename the folder and train again.")
        if bundle.facts.has_gallery:
            command = f"whosthat people {bundle.folder} rename {shlex.quote(name)} NEW_NAME"  # not translated: a command
            advice = _("Rename that person: {command}.", command=command)
        told = _("{folder} has a class named {name!r}, which is also the answer for strangers.", folder=bundle.folder, name=name)
        raise BundleError(f"{told} {advice}")
