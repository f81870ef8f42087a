"""A face reader as bytes: all that another process needs to open the very same one, wherever the weights are.

What does not belong here: finding the weights (`weight_files`), sending the bytes (`whosthat.cluster`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from whosthat.errors import ClusterError
from whosthat.faces.alignment import CropTemplate
from whosthat.faces.embedder import EmbedderFacts, OnnxEmbedder
from whosthat.faces.finding import FaceReader
from whosthat.faces.models import detector_facts


@dataclass(frozen=True)
class ReaderFiles:
    """A detector and an embedder with their files; ``key`` is `finding.FaceReader.key` of what they open."""

    key: str
    detector: str
    detector_files: Mapping[str, bytes] = field(repr=False)
    embedder: EmbedderFacts
    graph: bytes = field(repr=False)
    template: CropTemplate

    def open(self) -> FaceReader:
        """Open the reader.

        Raises:
            GraphError: A graph cannot be opened.
            ClusterError: The reader is not the one that the key names: its code or files are others.
        """
        detector = detector_facts(self.detector).open(self.detector_files)
        reader = FaceReader(detector, OnnxEmbedder(self.embedder, self.graph), self.template)
        if reader.key != self.key:
            raise ClusterError(
                "The faces of {key} were asked for, but these files give {other}. Load the recogniser again; where machines work "
                "together, install the same whosthat on all.",
                key=self.key,
                other=reader.key,
            )
        return reader
