"""Whole processes from nothing, files in the page cache: medians of 9 runs after a warm-up.

A bare `python -c pass` on the same machine is the floor.
"""

from __future__ import annotations

import subprocess
import sys

from benchmarks.measuring import Row, first_line_seconds, median_seconds, new_folder, process

TITLE = "Start-up"


def measure() -> list[Row]:
    """Help, the first line of training, and one photo predicted cold."""
    from whosthat.cartoons import draw_photo_folder

    with new_folder() as folder:
        draw_photo_folder(folder / "heroes", photos_each=12)
        process(["train", folder / "heroes", "--model", "cnn6", "--size", "112", "--epochs", "1", "--runs", folder / "runs"])
        photo = next((folder / "heroes").rglob("*.jpg"))
        bundle = folder / "runs" / "latest"
        return [
            Row(
                "`python -c pass`",
                f"{median_seconds(lambda: subprocess.run([sys.executable, '-c', 'pass'], check=True), times=9) * 1000:.0f} ms",
            ),
            Row("`whosthat --help`", f"{median_seconds(lambda: process(['--help']), times=9) * 1000:.0f} ms", "<= 150 ms"),
            Row(
                "first line of `whosthat train`",
                f"{sorted(first_line_seconds(['train', folder / 'heroes', '--runs', folder / 'runs']) for _ in range(9))[4] * 1000:.0f} ms",
                "<= 300 ms",
            ),
            Row(
                "`whosthat predict` of one photo, cold (cnn6 at 112 pixels)",
                f"{median_seconds(lambda: process(['predict', bundle, photo]), times=9):.2f} s",
                "<= 1 s",
            ),
        ]
