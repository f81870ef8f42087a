"""A reader as bytes: it opens to the same reader, or not at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from whosthat.errors import ClusterError
from whosthat.faces.reader_files import ReaderFiles
from whosthat.workflow.face_photos import open_reader


@pytest.fixture(scope="module")
def files() -> ReaderFiles:
    opened = open_reader("mtcnn")
    reader = opened.reader
    return ReaderFiles(reader.key, "mtcnn", opened.detector_files, reader.embedder.facts, opened.graph, reader.template)


def test_the_same_reader_is_opened(files: ReaderFiles) -> None:
    crops = np.random.default_rng(0).integers(0, 256, (2, 150, 150, 3)).astype(np.uint8)
    opened = files.open()
    assert opened.key == files.key
    assert (opened.embed(crops) == open_reader("mtcnn").reader.embed(crops)).all()


def test_another_reader_than_was_asked_for_is_refused(files: ReaderFiles) -> None:
    with pytest.raises(ClusterError, match="The faces of mtcnn-other-1 were asked for, but these files give mtcnn-dlib-resnet-"):
        replace(files, key="mtcnn-other-1").open()


def test_its_files_are_not_shown(files: ReaderFiles) -> None:
    assert len(repr(files)) < 2000
