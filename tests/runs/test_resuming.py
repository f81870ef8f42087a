from __future__ import annotations

import errno
from pathlib import Path

import pytest

from whosthat.errors import BundleError, RunError
from whosthat.runs.lock import resumable, saving

ADVICE = r"Nothing is lost: go on with whosthat train --resume runs.a-1\."


def test_a_full_disk_is_said_with_how_to_go_on() -> None:
    message = rf"No space left on device \(history\.csv\)\. Make room or allow writing\. {ADVICE}"
    with pytest.raises(RunError, match=message), resumable(Path("runs/a-1")):
        raise OSError(errno.ENOSPC, "No space left on device", "history.csv")


def test_an_interrupt_stays_one_and_carries_how_to_go_on() -> None:
    with pytest.raises(KeyboardInterrupt) as stop, resumable(Path("runs/a-1")):
        raise KeyboardInterrupt
    assert stop.value.__notes__ == ["Nothing is lost: go on with whosthat train --resume runs/a-1."]


@pytest.mark.parametrize("kind", [BundleError, RunError])
def test_results_that_cannot_be_written_are_no_bad_data(kind: type[Exception]) -> None:
    with pytest.raises(RunError, match=rf"It cannot be saved\. {ADVICE}") as refused, saving(Path("runs/a-1")):
        raise kind("It cannot be saved.")
    assert refused.value.exit_code == 1
