from __future__ import annotations

import json
import math

import pytest

from whosthat.training.journal import HISTORY_COLUMNS, Journal, read_history, write_history

pytestmark = pytest.mark.usefixtures("two_threads")


def test_history_comes_back_as_it_was_written(tmp_path):
    rows = [dict.fromkeys(HISTORY_COLUMNS, 0.1) | {"epoch": float(epoch)} for epoch in (1, 2)]
    write_history(rows, tmp_path / "history.csv")
    assert read_history(tmp_path / "history.csv") == rows
    assert (tmp_path / "history.csv").read_bytes().startswith(b"epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds\n")


@pytest.mark.parametrize("left", [["""{"event": "start"}""", """{"eve"""], []])
def test_events_are_lines_of_json_also_after_a_line_that_a_kill_tore(tmp_path, left):
    (tmp_path / "events.jsonl").write_text("\n".join(left), encoding="utf-8")
    journal = Journal(tmp_path)
    journal.note("best", loss=math.inf)
    journal.close()
    *lines, last = (tmp_path / "events.jsonl").read_text(encoding="utf-8").splitlines()
    assert lines == left
    assert json.loads(last)["loss"] == "inf"


def test_tensorboard_finds_the_numbers(tmp_path):
    import tensorflow as tf

    journal = Journal(tmp_path)
    journal.note_scalars(3, {"epoch": 3, "loss": 0.25})
    journal.close()
    (file,) = (tmp_path / "tensorboard").glob("events.out.tfevents.*")
    events = [tf.compat.v1.Event.FromString(record.numpy()) for record in tf.data.TFRecordDataset(str(file))]
    assert events[0].file_version == "brain.Event:2"
    assert [(event.step, event.summary.value[0].tag, event.summary.value[0].simple_value) for event in events[1:]] == [
        (3, "epoch/loss", 0.25)
    ]


def test_what_tensorflow_cannot_write_is_an_error_of_the_system(tmp_path):
    journal = Journal(tmp_path)
    journal._scalars.close()
    with pytest.raises(OSError, match="TensorBoard's file cannot be written"):
        journal.note_scalars(1, {"loss": 0.5})
    journal._events.close()
