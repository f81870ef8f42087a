"""The detectors and embedders that exist: their facts, and opening them from their files.

What belongs here: the two tables, and which detector is taken when nobody names one. What does not: the networks themselves.
A bundle keeps the files of its detector and the graph of its embedder, so it opens without looking for packages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from whosthat.errors import UsageError, did_you_mean
from whosthat.faces.detector import Detector
from whosthat.faces.embedder import DLIB, EmbedderFacts
from whosthat.faces.mtcnn import Mtcnn
from whosthat.faces.weights import find_weights, read_weights
from whosthat.faces.yunet import YuNet


@dataclass(frozen=True)
class DetectorFacts:
    """What is known of a detector before it is opened.

    Attributes:
        name: A word for recipes, reports and bundles.
        title: What it is.
        files: Names of its weights, as in `faces.weights.FILES`.
        open: Makes the detector from the bytes of these files, by name.
    """

    name: str
    title: str
    files: tuple[str, ...]
    open: Callable[[Mapping[str, bytes]], Detector]


def _open_mtcnn(files: Mapping[str, bytes]) -> Detector:
    return Mtcnn({name.removeprefix("mtcnn-"): content for name, content in files.items()})


DETECTORS: Mapping[str, DetectorFacts] = {
    "yunet": DetectorFacts("yunet", "YuNet, one small network; fast", ("yunet",), lambda files: YuNet(files["yunet"])),
    "mtcnn": DetectorFacts(
        "mtcnn", "MTCNN, three small networks; comes with the installation", ("mtcnn-pnet", "mtcnn-rnet", "mtcnn-onet"), _open_mtcnn
    ),
}
"""Every detector by name, the one that is preferred first."""

EMBEDDERS: Mapping[str, EmbedderFacts] = {"dlib-resnet": DLIB}
"""Every embedder by name."""

AUTO = "auto"
"""Stands for the first detector whose files are here."""


def detector_facts(name: str) -> DetectorFacts:
    """Return the facts of a detector.

    Args:
        name: A key of `DETECTORS`, or ``auto``.

    Raises:
        UsageError: There is no such detector.
    """
    if name == AUTO:
        return next((facts for facts in DETECTORS.values() if is_here(facts.files)), DETECTORS["mtcnn"])
    if name not in DETECTORS:
        raise UsageError(f"There is no detector named {name!r}. {did_you_mean(name, [AUTO, *DETECTORS])}")
    return DETECTORS[name]


def is_here(files: tuple[str, ...]) -> bool:
    """Say whether all files of a detector or embedder are on this computer."""
    return all(find_weights(file) is not None for file in files)


def detector_files(facts: DetectorFacts) -> dict[str, bytes]:
    """Read the files of a detector, each checked against its checksum.

    Raises:
        WeightsError: One is not here, or is another file.
    """
    return {name: read_weights(name) for name in facts.files}


def dlib_graph() -> bytes:
    """Build the ONNX graph of dlib's face network from its published weights; about half a second.

    Raises:
        WeightsError: The weights are not here, or are another file.
    """
    from whosthat.faces.dlib_format import read_network
    from whosthat.faces.dlib_network import write_graph

    return write_graph(read_network(read_weights(DLIB.name)))
