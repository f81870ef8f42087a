"""Whatever stops a run that has begun, nothing is lost, and whoever started it is told how to go on.

What belongs here: turning interrupts and refusals of the system into that advice, and what a run lacks that was stopped after its test.
What does not: checkpoints, and stopping in the middle of training (`training`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from whosthat.errors import BundleError, RunError
from whosthat.evaluation.report import REPORT_FILE, write_report
from whosthat.evaluation.run_facts import METRICS_FILE
from whosthat.progress import SILENT, Progress
from whosthat.training.occupation import occupied
from whosthat.workflow.runs import set_latest


@contextmanager
def resumable(run: Path) -> Iterator[None]:
    """Say how to go on when Ctrl-C, SIGTERM or the system stops the block.

    Args:
        run: The run folder.

    Raises:
        RunError: In the place of an OSError, such as a full disk.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        stop.add_note(_advice(run))
        raise
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise RunError(f"The run had to stop: {error.strerror or error}{where}. Make room or allow writing. {_advice(run)}") from error


@contextmanager
def saving(run: Path) -> Iterator[None]:
    """Say how to go on when the results of a run cannot be written: all that training cost is in its checkpoints.

    Args:
        run: The run folder.

    Raises:
        RunError: Also in the place of a BundleError, since it is not the user's data that is bad.
    """
    try:
        yield
    except (BundleError, RunError) as error:
        raise RunError(f"{error} {_advice(run)}") from error


def finish(run: Path, *, progress: Progress = SILENT) -> bool:
    """Do what a run that was stopped after its test still lacks: its report, and that ``latest`` points at it.

    Args:
        run: The run folder.
        progress: Hears when nothing was missing.

    Returns:
        False when the run has not been tested yet.

    Raises:
        RunError: The run folder cannot be written, or another process works in it.
    """
    if not (run / METRICS_FILE).exists():
        return False
    with resumable(run), occupied(run), saving(run):
        if (run / REPORT_FILE).exists():
            progress.say(f"{run} is finished: it has been tested. Start a new run to train for longer.")
        else:
            write_report(run)
        set_latest(run)
    return True


def _advice(run: Path) -> str:
    return f"Nothing is lost: go on with whosthat train --resume {run}."
