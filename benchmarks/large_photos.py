"""Peak resident memory for twelve PNG photos of 119 megapixels, of whole processes, two threads.

`whosthat check --no-faces` on two folders of six, and `whosthat predict` with a small network. All threads together may hold one gigabyte
of unfolded photos, so more cores do not mean more memory.
"""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from benchmarks.face_photos import private_places
from benchmarks.measuring import Row, cost_of, process
from benchmarks.memory import BLOCKS, draw_noise

TITLE = "Memory for large photos"
WIDTH, HEIGHT = 14_000, 8_500


def measure() -> list[Row]:
    """Peaks of both commands."""
    with private_places("mtcnn") as folder:
        large, small = folder / "large", folder / "small"
        draw_large(large)
        draw_noise(small, 60)
        process(["train", small, "--model", "custom", "--size", "32", "--epochs", "1", "--blocks", BLOCKS, "--runs", folder / "runs"])
        check = cost_of(["check", large, "--no-faces"])
        predict = cost_of(["predict", folder / "runs" / "latest", large])
    return [
        Row("`check --no-faces`, 12 photos of 119 megapixels", f"{check.megabytes / 1000:.2f} GB, {check.seconds:.0f} s", "<= 1.5 GB"),
        Row("`predict`, the same", f"{predict.megabytes / 1000:.2f} GB, {predict.seconds:.0f} s", "<= 1.5 GB"),
    ]


def draw_large(folder: Path) -> None:
    """Write the photos, each of two colours."""
    for number in range(12):
        place = folder / ("warm" if number % 2 else "cold")
        place.mkdir(parents=True, exist_ok=True)
        picture = Image.new("RGB", (WIDTH, HEIGHT), (20 * number, 90, 200 - 10 * number))
        picture.paste((255 - 20 * number, 30, 60), (0, 0, WIDTH // 2, HEIGHT * (number + 1) // 13))
        held = io.BytesIO()
        picture.save(held, "PNG", compress_level=1)
        (place / f"{number}.png").write_bytes(held.getvalue())
