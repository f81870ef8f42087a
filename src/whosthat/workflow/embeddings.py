"""The faces that `predict` saw as a Parquet file: what other programs search, cluster or join, a row for each face.

What belongs here: the columns, and writing them bit by bit. What does not: seeing and naming (`predict`).

Privacy: embeddings are biometric data. The file is written because somebody asked for it, for its owner's eyes alone (mode 0600).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from whosthat.errors import UsageError
from whosthat.library.store import outside_libraries
from whosthat.recognition.recogniser import Recogniser
from whosthat.version import __version__
from whosthat.workflow.export import check_target, whole_or_absent
from whosthat.workflow.prediction import Prediction, as_text

ROWS_AT_ONCE = 10_000
"""Faces that are kept in memory until they are written, as one group of rows: 5 MB of 128 numbers each."""

SUFFIX = ".parquet"


def with_embeddings(predictions: Iterable[Prediction], recogniser: Path | Recogniser, file: Path) -> Iterator[Prediction]:
    """Write each face of photos to a Parquet file, and pass the predictions on, unchanged and in order; a file that is there is replaced.

    Columns: ``photo`` (path, text), ``person`` (text; null for unknown), ``confidence`` (float32, 0 to 1), ``left``, ``top``, ``right``,
    ``bottom`` (float32, pixels), ``embedder`` (text) and ``embedding`` (a list of fixed size of float32). The file's metadata holds
    ``whosthat``, its version, and ``reader``, by which embeddings that can be compared with each other are told. The file appears when the
    last prediction was taken, or not at all. Faces of videos have no row: they were seen in many frames.

    Raises:
        UsageError: The recogniser is none of faces, PyArrow is not installed, or the file's name cannot be used, or lies in a library.
        ExportError: The file cannot be written.
    """
    outside_libraries(file)
    reader = getattr(recogniser, "reader", None)
    if reader is None:
        raise UsageError("Only faces have embeddings, and this recogniser looks at whole photos. Leave out the file for them.")
    if find_spec("pyarrow") is None:
        raise UsageError('A Parquet file needs PyArrow. Install it: pip install "whosthat[parquet]".')
    check_target(file, SUFFIX, overwrite=True)
    return _written(predictions, reader, file)


def _written(predictions: Iterable[Prediction], reader: Any, file: Path) -> Iterator[Prediction]:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    facts = reader.embedder.facts
    numbers = {name: pa.float32() for name in ("confidence", "left", "top", "right", "bottom")}
    columns = {"photo": pa.string(), "person": pa.string(), **numbers, "embedder": pa.string()}
    schema = pa.schema({**columns, "embedding": pa.list_(pa.float32(), facts.dimensions)}, {"whosthat": __version__, "reader": reader.key})

    def rows(one: Prediction) -> Iterator[dict[str, Any]]:
        for seen in one.sightings:
            box = seen.box
            if box is not None and seen.embedding is not None:
                place = {"left": box.left, "top": box.top, "right": box.right, "bottom": box.bottom}
                answer = {
                    "photo": as_text(one.path),
                    "person": None if seen.name is None else as_text(seen.name),
                    "confidence": seen.confidence,
                }
                yield {**answer, **place, "embedder": facts.name, "embedding": np.asarray(seen.embedding, np.float32)}

    with whole_or_absent(file, SUFFIX) as temporary:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL, 0o600))
        with ParquetWriter(temporary, schema) as writer:
            waiting: list[dict[str, Any]] = []
            for one in predictions:
                waiting += rows(one)
                if len(waiting) >= ROWS_AT_ONCE:
                    writer.write_table(pa.Table.from_pylist(waiting, schema))
                    waiting = []
                yield one
            writer.write_table(pa.Table.from_pylist(waiting, schema))
