"""The detectors and embedders that exist: their facts, and opening them from their files.

What belongs here: the two tables, which detector and embedder are taken when nobody names one, and adding an embedder of one's own. What
does not: the networks themselves. A bundle keeps the files of its detector and the graph of its embedder, so it opens without looking for
packages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from whosthat.errors import UsageError, WeightsError, did_you_mean
from whosthat.faces.adapting import adapt
from whosthat.faces.detector import Detector
from whosthat.faces.embedder import ANY_DETECTOR, DLIB, EmbedderFacts, OnnxEmbedder
from whosthat.faces.mtcnn import Mtcnn
from whosthat.faces.own_embedders import EmbedderDescription, OwnEmbedder, embedder_names, keep_embedder, read_embedder
from whosthat.faces.weight_files import FILES, MAX_FILE_BYTES, WeightsFile, find_weights, read_at_most, read_weights
from whosthat.faces.yunet import YuNet
from whosthat.importers.mtcnn_networks import rewrite
from whosthat.translation import N_, _

SFACE = EmbedderDescription(
    name="sface",
    licence=FILES["sface"].licence,
    source=FILES["sface"].source,
    dimensions=128,
    crop_size=112,
    points=((38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)),
    points_origin=N_("The template of ArcFace, as in OpenCV's FaceRecognizerSF."),
    colours="rgb",
    layout="nchw",
    mean=0.0,
    scale=1.0,
    compare="cosine",
    same_person=0.363,
)
"""SFace, as the OpenCV model zoo publishes it: a MobileFaceNet whose vectors are compared by cosine.

Source: Y. Zhong et al., "SFace: Sigmoid-Constrained Hypersphere Loss for Robust Face Recognition", IEEE Transactions on Image Processing
30, 2021. Input and template: ``cv2.FaceRecognizerSF`` (OpenCV, ``modules/objdetect/src/face_recognize.cpp``), which gives the network red,
green, blue from 0 to 255, nothing subtracted. The limit 0.363 is that of OpenCV's own example (``models/face_recognition_sface``).
"""


REID = EmbedderDescription(
    name="reid-0095",
    licence=FILES["reid-0095"].licence,
    source=FILES["reid-0095"].source,
    dimensions=256,
    crop_size=128,
    points=((40.39, 59.08), (87.38, 59.08), (64.03, 81.98), (44.73, 105.56), (83.64, 105.56)),
    points_origin=N_("The five points of the Open Model Zoo's description of the network."),
    colours="bgr",
    layout="nchw",
    mean=0.0,
    scale=1.0,
    compare="cosine",
    same_person=0.4165,
)
"""face-reidentification-retail-0095, as Intel's Open Model Zoo publishes it: MobileNetV2 blocks with attention, compared by cosine.

Its makers state no limit. Its numbers in `recognition.impostors` were measured with a cosine of 0.45 and two looks. With one look all
distances near the threshold are 1.03 times as large (1.027 to 1.035, whatever the detector and the number of photos); 0.4165 takes
that back.
"""


@dataclass(frozen=True)
class DetectorFacts:
    """What is known of a detector before it is opened."""

    name: str  # a word for recipes, reports and bundles
    title: str
    files: tuple[str, ...]  # names of its weights, as in `faces.weight_files.FILES`
    prepare: Callable[[bytes], bytes]  # turns a published file into what is run, and what a bundle keeps
    open: Callable[[Mapping[str, bytes]], Detector]  # makes the detector from its prepared files, by name


DETECTORS: Mapping[str, DetectorFacts] = {
    "yunet": DetectorFacts(
        "yunet", N_("YuNet, one small network; fast"), ("yunet",), lambda published: published, lambda files: YuNet(files["yunet"])
    ),
    "mtcnn": DetectorFacts(
        "mtcnn",
        N_("MTCNN, three small networks; comes with the installation"),
        ("mtcnn-pnet", "mtcnn-rnet", "mtcnn-onet"),
        rewrite,
        lambda files: Mtcnn({name.removeprefix("mtcnn-"): content for name, content in files.items()}),
    ),
}
"""Every detector by name, the one that is preferred first."""

AUTO = "auto"  # stands for the first detector or embedder whose files are here


def detector_facts(name: str) -> DetectorFacts:
    """Return the facts of a detector of `DETECTORS`, or of the one that ``auto`` stands for.

    Raises:
        UsageError: There is no such detector.
    """
    if name == AUTO:
        return next((facts for facts in DETECTORS.values() if is_here(facts.files)), DETECTORS["mtcnn"])
    if name not in DETECTORS:
        raise UsageError("There is no detector named {name!r}. {choice}", name=name, choice=did_you_mean(name, [AUTO, *DETECTORS]))
    return DETECTORS[name]


def is_here(files: tuple[str, ...]) -> bool:
    """Say whether all files of a detector or embedder are on this computer."""
    return all(find_weights(file) is not None for file in files)


def detector_files(facts: DetectorFacts) -> dict[str, bytes]:
    """Read the files of a detector, each checked against its checksum, and prepare them.

    Raises:
        WeightsError: One is not here, or is another file.
    """
    return {name: facts.prepare(read_weights(name)) for name in facts.files}


def dlib_graph() -> bytes:
    """Build the ONNX graph of dlib's face network from its published weights; about half a second.

    Raises:
        WeightsError: The weights are not here, or are another file.
    """
    from whosthat.importers.dlib_format import read_network
    from whosthat.importers.dlib_network import write_graph

    return write_graph(read_network(read_weights(DLIB.name)))


def reid_graph() -> bytes:
    """Build the ONNX graph of reid-0095 from its two published files; about a fifth of a second.

    Raises:
        WeightsError: One is not here, or is another file.
    """
    from whosthat.importers.openvino_format import read_network
    from whosthat.importers.openvino_network import write_graph

    return adapt(write_graph(read_network(read_weights("reid-0095-layers"), read_weights("reid-0095"))), REID)


@dataclass(frozen=True)
class EmbedderModel:
    """An embedder that can be chosen."""

    facts: EmbedderFacts
    files: tuple[WeightsFile, ...]  # the file with its weights, and those that belong to it
    graph: Callable[[], bytes]  # makes its ONNX graph, as `embedder.OnnxEmbedder` takes it; WeightsError where a file is missing or wrong

    @property
    def file(self) -> WeightsFile:
        """The file with its weights."""
        return self.files[0]

    @property
    def here(self) -> bool:
        """Whether all its files are on this computer."""
        return all(find_weights(file) is not None for file in self.files)


def _described(file: WeightsFile, description: EmbedderDescription) -> EmbedderModel:
    return EmbedderModel(description.facts, (file,), lambda: adapt(read_weights(file), description))


EMBEDDERS: Mapping[str, EmbedderModel] = {
    DLIB.name: EmbedderModel(DLIB, (FILES[DLIB.name],), dlib_graph),
    SFACE.name: _described(FILES[SFACE.name], SFACE),
    REID.name: EmbedderModel(replace(REID.facts, looks=1), (FILES["reid-0095"], FILES["reid-0095-layers"]), reid_graph),
}
"""Every embedder that whosthat knows by itself, by name."""

PREFERRED = REID.name
"""The embedder that ``auto`` takes where it is here, else `embedder.DLIB`; see docs/decisions/0021-which-embedder-auto-takes.md."""


def better_network() -> str:
    """Say what the preferred embedder would bring, and how to get it; "" where it is here."""
    better = EMBEDDERS[PREFERRED]
    if better.here:
        return ""
    return _(
        "{name} tells people apart better, most of all many people: {command} ({megabytes:.1f} MB, once; figures: docs/embedders.md).",
        name=PREFERRED,
        command=f"whosthat models get {PREFERRED}",  # not translated: a command
        megabytes=sum(file.bytes for file in better.files) / 1e6,
    )


def all_embedders() -> tuple[str, ...]:
    """Return the name of every embedder that can be chosen, those that somebody added as well."""
    return (*EMBEDDERS, *embedder_names())


def embedder_model(name: str) -> EmbedderModel:
    """Return an embedder by its name, or the one that ``auto`` stands for.

    Raises:
        UsageError: There is none.
        WeightsError: The description of an added one is damaged.
    """
    if name == AUTO:
        return EMBEDDERS[PREFERRED if EMBEDDERS[PREFERRED].here else DLIB.name]
    if name in EMBEDDERS:
        return EMBEDDERS[name]
    if name in embedder_names():
        own = read_embedder(name)
        return _described(own.file, own.description)
    raise UsageError(
        "There is no embedder named {name!r}. {choice} Add your own with: whosthat models add FILE.onnx --describe FILE.toml.",
        name=name,
        choice=did_you_mean(name, [AUTO, *all_embedders()]),
    )


def add_embedder(source: Path, description: EmbedderDescription, *, reserved: Iterable[str] = ()) -> OwnEmbedder:
    """Add a face network of one's own, an ONNX file: it is compared with its description, tried, and copied into the weights folder.

    ``reserved`` are names that mean something else.

    Raises:
        UsageError: The name is taken.
        WeightsError: The file cannot be read or copied, or does not fit the description.
    """
    if description.name in {AUTO, *EMBEDDERS, *DETECTORS, *FILES, *reserved}:
        raise UsageError('The name "{name}" is taken. Choose another one in the description.', name=description.name)
    content = read_at_most(source, MAX_FILE_BYTES)
    try:
        _try(OnnxEmbedder(description.facts, adapt(content, description)))
    except (WeightsError, ValueError) as error:
        raise WeightsError("{source} was not added. {error}", source=source, error=error) from error
    return keep_embedder(content, description)


def _try(embedder: OnnxEmbedder) -> None:
    """Embed two pictures that have nothing in common."""
    size = embedder.facts.template(ANY_DETECTOR).size
    ramp = np.linspace(0, 1, size)
    pictures = np.empty((2, size, size, 3))
    pictures[0], pictures[1] = ramp[:, None, None] * (255, 128, 50), ramp[:, None] * (50, 128, 255)
    first, second = embedder.embed(pictures.astype(np.uint8))
    if np.allclose(first, second, rtol=1e-4, atol=1e-6):
        raise WeightsError(
            "The embedder {name} gives the same embedding for different pictures: its mean or scale must be wrong.",
            name=embedder.facts.name,
        )
