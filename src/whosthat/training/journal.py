"""What a run writes down as it goes: history.csv, events.jsonl and TensorBoard's event files.

What belongs here: the form of these files. What does not: deciding when something is worth a line (`callbacks`).
TensorBoard itself is not needed: its file format is a row of TensorFlow records with one message each.
"""

from __future__ import annotations

import csv
import io
import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from whosthat.durable import replace_file
from whosthat.translation import _

HISTORY_COLUMNS = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds")
"""The columns of history.csv; epochs are counted from 1, ``seconds`` is the time one epoch took, validation included."""


def write_history(rows: Sequence[Mapping[str, float]], path: Path) -> None:
    """Write history.csv anew, whole: a crash leaves the old one or this one."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, HISTORY_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    replace_file(path, text.getvalue().encode("utf-8"))


def read_history(path: Path) -> list[dict[str, float]]:
    """Read history.csv back."""
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


class Journal:
    """The open event files of one run: ``events.jsonl`` and ``tensorboard/`` are made in its folder and added to."""

    def __init__(self, run: Path) -> None:
        import tensorflow as tf

        path = run / "events.jsonl"
        torn = path.exists() and path.read_bytes()[-1:] not in (b"", b"\n")
        self._events = path.open("a", encoding="utf-8", newline="\n")
        if torn:  # the process before was killed inside a line
            self._events.write("\n")
        folder = run / "tensorboard"
        folder.mkdir(parents=True, exist_ok=True)
        # Each journal adds a file; TensorBoard reads all as one. Its own names end in the computer's, which is nobody's business.
        file = folder / f"events.out.tfevents.{time.time_ns():020}.whosthat"
        self._messages = tf.compat.v1
        self._failure = tf.errors.OpError
        with self._plain_errors():
            self._scalars = tf.io.TFRecordWriter(str(file))
        self._add(file_version="brain.Event:2")

    def note(self, event: str, **facts: Any) -> None:
        """Add one line to events.jsonl; it is on its way to the disk when this returns."""
        line = {"time": round(time.time(), 3), "event": event, **{key: _plain(value) for key, value in facts.items()}}
        self._events.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._events.flush()

    def note_scalars(self, epoch: int, row: Mapping[str, float]) -> None:
        """Add one epoch's numbers to TensorBoard's files."""
        value = self._messages.Summary.Value
        values = [value(tag=f"epoch/{name}", simple_value=number) for name, number in row.items() if name != "epoch"]
        self._add(step=epoch, summary=self._messages.Summary(value=values))

    def close(self) -> None:
        """Close the files."""
        self._events.close()
        with self._plain_errors():
            self._scalars.close()

    def _add(self, **fields: Any) -> None:
        with self._plain_errors():
            self._scalars.write(self._messages.Event(wall_time=time.time(), **fields).SerializeToString())
            self._scalars.flush()

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        """Raise what Python's own files raise: a full disk is no matter of TensorFlow."""
        try:
            yield
        except self._failure as error:
            raise OSError(_("TensorBoard's file cannot be written: {error}", error=error.message)) from error


def _plain(value: Any) -> Any:
    """JSON knows no infinity and no NaN."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
