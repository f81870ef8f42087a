"""cnn6 from scratch on photos of seven people: whole ones at 80 and 224 pixels, and faces that are cut out at 80.

8:1:1, near duplicates on one side, the best epoch chosen by validation alone. At 80 pixels with the default recipe, at 224 with the
recipe cnn6-224.
"""

from __future__ import annotations

import json
from typing import Any

from benchmarks.measuring import SHARED, Row, new_folder, process

TITLE = "cnn6 from scratch"


RUNS = {
    "whole photos, 80 pixels": ["--model", "cnn6"],
    "whole photos, 224 pixels": ["--recipe", "cnn6-224"],
    "faces cut out, 80 pixels": ["--model", "cnn6", "--crop", "faces"],
}


def measure() -> list[Row]:
    """Test accuracy with its 95 % interval, and how long it took."""
    rows = []
    with new_folder() as folder:
        for number, (what, arguments) in enumerate(RUNS.items()):
            runs = folder / str(number)
            process(["train", SHARED / "data" / "avengers", *arguments, "--runs", runs])
            rows.append(Row(what, described(json.loads((runs / "latest" / "metrics.json").read_text(encoding="utf-8")))))
    return rows


def described(facts: dict[str, Any]) -> str:
    """One run in a line."""
    test, training = facts["evaluation"], facts["training"]
    return (
        f"{test['accuracy']:.3f} of {test['n']} test photos ({test['interval']['low']:.3f} to {test['interval']['high']:.3f}), "
        f"best of {training['epochs']} epochs: {training['best_epoch']}, {training['seconds'] / 60:.0f} min"
    )
