"""From aligned crops to embeddings: vectors that lie near each other when they show the same person.

What belongs here: a network that runs as an ONNX graph. What does not: whose face it is (`whosthat.recognition`), where the weights are
(`faces.weight_files`).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from whosthat.errors import WeightsError
from whosthat.faces.alignment import CropTemplate
from whosthat.inference import GraphError, open_session
from whosthat.translation import N_, _

if TYPE_CHECKING:
    from whosthat.types import FloatArray, Image

BATCH = {1: 2, 2: 8}
"""Crops that are embedded at once, by the looks at each. dlib's network is fastest with 16 looks at a time. What reid-0095 computes in
between stays in the processor's cache with one or two: 3.5 ms a face, with 8 it is 3.8 and with 16 4.3."""

SAME_PERSON = 0.6
"""The scale of all distances: two single photos up to this far apart show the same person, as a network's makers say. It is dlib's
own number. The vectors of every other network are scaled to it (`adapting`), so that a distance means the same whatever embeds."""

LARGEST = 1e6  # no number of an embedding is larger; with larger ones, distances could not be computed
ANY_DETECTOR = "any"  # in `EmbedderFacts.templates`: for each detector that has no template of its own


@dataclass(frozen=True)
class EmbedderFacts:
    """What is known of an embedding network before it is opened."""

    name: str  # a word for reports and bundles
    dimensions: int  # length of its vectors
    templates: Mapping[str, CropTemplate]  # where the landmarks of each detector lie in its crop, by the detector's name or `ANY_DETECTOR`
    licence: str
    source: str
    looks: int = 2  # 2: a crop is embedded as it is and mirrored, and the vectors are averaged; 1: as it is

    def template(self, detector: str) -> CropTemplate:
        """Return where the landmarks of a detector lie in the crop."""
        return self.templates[detector if detector in self.templates else ANY_DETECTOR]


class OnnxEmbedder:
    """An embedding network that takes uint8 crops, (n, size, size, 3), and gives vectors on the scale of `SAME_PERSON`.

    With two looks each crop is embedded as it is and mirrored, and the two vectors are averaged: what differs between them is chance.
    ``fingerprint`` changes whenever the same crop might give another vector, but for the number of looks.

    Args:
        facts: What is known of the network.
        graph: Its ONNX graph, complete in these bytes. Where its number of crops is fixed at one, they go through it one by one.
        sha256: Of the graph, where it is known already; to work it out takes as long as embedding seven faces.

    Raises:
        GraphError: The graph cannot be opened, or takes no such crops.
    """

    def __init__(self, facts: EmbedderFacts, graph: bytes, *, sha256: str | None = None) -> None:
        self.facts = facts
        self.fingerprint = sha256 or hashlib.sha256(graph).hexdigest()
        self.session = open_session(graph)
        sides = {template.size for template in facts.templates.values()}
        if self.session.input_types != ("tensor(uint8)",) or {(side, side, 3) for side in sides} != {self.session.input_shapes[0][1:]}:
            raise GraphError(
                _(
                    "The graph of {name} takes {shapes} of {types}, not crops of {sides} pixels.",
                    name=facts.name,
                    shapes=self.session.input_shapes,
                    types=self.session.input_types,
                    sides=", ".join(map(str, sorted(sides))),
                )
            )
        self._one_by_one = self.session.input_shapes[0][0] == 1

    def embed(self, crops: Image) -> FloatArray:
        """Embed RGB crops that are aligned to the template of the detector that found them; float32 (n, dimensions), compared by distance.

        Raises:
            WeightsError: The graph does not take the crops, or gives something else than finite vectors of the known length.
        """
        vectors = np.empty((len(crops), self.facts.dimensions), np.float32)
        size = BATCH[self.facts.looks]
        for start in range(0, len(crops), size):
            batch = crops[start : start + size]
            looks = self._looks(batch) if self.facts.looks == 2 else self._answers(batch)
            vectors[start : start + len(batch)] = looks.reshape(self.facts.looks, len(batch), -1).mean(axis=0)
        return vectors

    @cached_property
    def _beside(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="looks")

    def _looks(self, crops: Image) -> FloatArray:
        """Embed crops as they are, then mirrored; of a single one, whom somebody waits for, both at once."""
        mirrored = crops[:, :, ::-1]
        if len(crops) > 1:
            return self._answers(np.concatenate([crops, mirrored]))
        second = self._beside.submit(copy_context().run, self._answers, np.ascontiguousarray(mirrored))
        return np.concatenate([self._answers(crops), second.result()])

    def _answers(self, crops: Image) -> FloatArray:
        parts = np.split(crops, len(crops)) if self._one_by_one else [crops]
        try:
            answers = np.concatenate([self.session.run(part)[0] for part in parts])
        except ValueError as error:
            raise WeightsError(
                "The embedder {name} cannot embed crops of {height} x {width} pixels: {error}",
                name=self.facts.name,
                height=crops.shape[1],
                width=crops.shape[2],
                error=error,
            ) from error
        if answers.shape != (len(crops), self.facts.dimensions):
            raise WeightsError(
                "The embedder {name} should give {dimensions} numbers for each of {n} crops, but gave an array of "
                "{shape}. Use another file, or correct the number of dimensions.",
                name=self.facts.name,
                dimensions=self.facts.dimensions,
                n=len(crops),
                shape=" x ".join(map(str, answers.shape)) or _("one number"),
            )
        if not (np.abs(answers) <= LARGEST).all():
            raise WeightsError(
                "The embedder {name} gave numbers that are not finite, or huge. Its weights are damaged, or its input is "
                "not scaled as in its training.",
                name=self.facts.name,
            )
        return answers


DLIB = EmbedderFacts(
    name="dlib-resnet",
    dimensions=128,
    templates={
        "yunet": CropTemplate(
            150,
            ((47.6, 48.2), (106.2, 48.9), (77.0, 80.1), (50.5, 105.2), (101.9, 105.5)),
            N_("Median place of YuNet's points on the crops that dlib's own 68-point alignment makes."),
        ),
        "mtcnn": CropTemplate(
            150,
            ((50.1, 47.8), (104.8, 48.0), (77.1, 80.9), (52.7, 108.0), (100.4, 107.9)),
            N_("Median place of MTCNN's points on 413 crops that were aligned by YuNet's points."),
        ),
    },
    licence="CC0-1.0",
    source=N_("dlib_face_recognition_resnet_model_v1.dat by D. E. King, from the package face_recognition_models"),
)
"""dlib's face network; its published distance for "the same person" is `SAME_PERSON`, before mirrored crops are averaged."""
