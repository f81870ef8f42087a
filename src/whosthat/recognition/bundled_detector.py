"""A detector inside a bundle: its weights stand there, so that it opens without looking for packages.

What belongs here: under which names its files are kept, and opening it from them. What does not: detectors (`whosthat.faces`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from whosthat.errors import BundleError, UsageError, WeightsError
from whosthat.faces.models import detector_facts

if TYPE_CHECKING:
    from whosthat.faces.detector import Detector
    from whosthat.recognition.bundle import Bundle
    from whosthat.recognition.face_facts import CropFacts


def as_bundle_files(detector_files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the weights of a detector by their file names in a bundle."""
    return {f"{name}.onnx": content for name, content in detector_files.items()}


def open_detector(bundle: Bundle, facts: CropFacts) -> Detector:
    """Open the detector of a bundle.

    Raises:
        BundleError: It is unknown, or its files are missing or damaged.
    """
    try:
        known = detector_facts(facts.detector)
        return known.open({name: bundle.file(f"{name}.onnx") for name in known.files})
    except (ValueError, UsageError, WeightsError) as error:
        raise BundleError(f"The bundle {bundle.folder} cannot be used: {error} Train again, or ask whoever made it.") from error
