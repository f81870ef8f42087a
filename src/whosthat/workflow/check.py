"""The data doctor: what is in a folder of photos, and what is wrong with it.

What belongs here: the order of the steps. What does not: the steps themselves (`dataset`), or showing the result (surfaces).
"""

from __future__ import annotations

from pathlib import Path

from whosthat.dataset.audit import Audit, audit
from whosthat.dataset.folder import scan
from whosthat.progress import SILENT, Progress


def check(photos: str | Path, *, progress: Progress = SILENT) -> Audit:
    """Look at every photo of a folder and say what should be known before training.

    Args:
        photos: The folder, with one sub-folder per class.
        progress: Shows the photos as they are read.

    Returns:
        The audit: photos with their facts, what was set aside and why, and findings in whole sentences.

    Raises:
        DatasetError: The folder cannot be used: see `dataset.folder.scan` and `dataset.audit.audit`.
    """
    return audit(scan(Path(photos)), progress=progress)
