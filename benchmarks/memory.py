"""Peak resident memory against the number of photos.

Of the whole process `whosthat train` (one epoch of a small custom network at 64 pixels), on folders of 1,000 and of 20,000
photos that were drawn for it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.measuring import Row, cost_of, new_folder

TITLE = "Memory against the number of photos"
BLOCKS = "conv 16 3, pool, conv 32 3, pool, flatten, dense 32"


def measure() -> list[Row]:
    """Peak memory for both numbers of photos."""
    rows, peaks = [], []
    with new_folder() as folder:
        for n_photos in (1_000, 20_000):
            photos = folder / f"photos{n_photos}"
            draw_noise(photos, n_photos)
            recipe = ["--model", "custom", "--size", "64", "--epochs", "1", "--blocks", BLOCKS]
            peaks.append(cost_of(["train", photos, *recipe, "--runs", folder / "runs"]).megabytes)
            rows.append(Row(f"{n_photos:,} photos", f"{peaks[-1]:.0f} MB"))
    return [
        *rows,
        Row(
            "growth",
            f"{peaks[1] - peaks[0]:.0f} MB for 19,000 photos (as arrays they would take {19_000 * 64 * 64 * 3 / 1e6:.0f} MB)",
            "none",
        ),
    ]


def draw_noise(folder: Path, n_photos: int) -> None:
    """Write photos of coloured blocks, each different from all others, in two classes."""
    from whosthat.photos.drawing import encode_image

    generator = np.random.default_rng(n_photos)
    for number in range(n_photos):
        place = folder / ("warm" if number % 2 else "cold")
        place.mkdir(parents=True, exist_ok=True)
        blocks = generator.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        blocks[..., 0 if number % 2 else 2] |= 128
        (place / f"{number}.jpg").write_bytes(encode_image(np.kron(blocks, np.ones((12, 12, 1), np.uint8))))
