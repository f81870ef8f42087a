"""The recogniser and the networks that a library uses.

What belongs here: which they are, and opening the recogniser. What does not: whose faces count (`reader`), learning (`recogniser`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from whosthat.errors import BundleError
from whosthat.library.store import Library
from whosthat.recognition import load
from whosthat.recognition.bundle import open_bundle

if TYPE_CHECKING:
    from whosthat.recognition.face_recogniser import FaceRecogniser

OWN = "recogniser"
"""The library's own recogniser: its folder in the library, and what the setting ``bundle`` then says."""

LEARNT = "learnt"
"""The setting that says what the own recogniser has learnt from (`recogniser`)."""


def bundle_in_use(library: Library) -> Path | None:
    """Return the bundle of the recogniser in use; None where there is none."""
    setting = library.setting("bundle")
    if setting is None:
        return None
    return library.folder / OWN if setting == OWN else Path(setting)


def own_is_whole(library: Library) -> bool:
    """Tell whether the library's own recogniser is there and complete; another can be learnt at any time."""
    try:
        return open_bundle(library.folder / OWN).folder == library.folder / OWN
    except BundleError:
        return False


def face_recogniser(bundle: str | Path) -> FaceRecogniser | None:
    """Open a bundle; None where it is no face recogniser, BundleError where it cannot be used."""
    recogniser = load(bundle)
    return cast("FaceRecogniser", recogniser) if hasattr(recogniser, "reader") else None


def networks_in_use(library: Library) -> tuple[str, str]:
    """Return the names of the detector and the embedder by which the library's faces were found, or are to be found."""
    from whosthat.faces.models import AUTO  # not needed to say which recogniser is in use

    detector, _blank, embedder = (library.setting("networks") or f"{AUTO} {AUTO}").partition(" ")
    return detector, embedder
