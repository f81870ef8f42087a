"""Whatever stops a run that has begun, nothing is lost, and whoever started it is told how to go on.

What belongs here: turning interrupts and refusals of the system into that advice. What does not: checkpoints, stopping in the middle of
training (`training`), and finishing a run that was stopped after its test (`workflow.training_run`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from whosthat.errors import BundleError, RunError


@contextmanager
def resumable(run: Path) -> Iterator[None]:
    """Say how to go on when Ctrl-C, SIGTERM or the system stops the block.

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

    Raises:
        RunError: Also in the place of a BundleError, since it is not the user's data that is bad.
    """
    try:
        yield
    except (BundleError, RunError) as error:
        raise RunError(f"{error} {_advice(run)}") from error


def _advice(run: Path) -> str:
    return f"Nothing is lost: go on with whosthat train --resume {run}."
