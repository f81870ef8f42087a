"""cnn6 from scratch with its default recipe, on whole photos of seven people.

8:1:1, near duplicates on one side, the best epoch chosen by validation alone; at 112 and at 224 pixels.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from benchmarks.measuring import SHARED, Row, process

TITLE = "cnn6 from scratch"


def measure() -> list[Row]:
    """Test accuracy with its 95 % interval, and how long it took."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        for size, epochs in ((112, []), (224, ["--epochs", 40])):
            process(["train", SHARED / "data" / "avengers", "--model", "cnn6", "--size", size, *epochs, "--runs", Path(name) / str(size)])
            facts = json.loads((Path(name) / str(size) / "latest" / "metrics.json").read_text(encoding="utf-8"))
            rows.append(Row(f"{size} pixels, {facts['training']['n_train']} training photos", described(facts)))
    return rows


def described(facts: dict) -> str:
    """One run in a line."""
    test, training = facts["evaluation"], facts["training"]
    return (
        f"{test['accuracy']:.3f} of {test['n']} test photos ({test['interval']['low']:.3f} to {test['interval']['high']:.3f}), "
        f"best of {training['epochs']} epochs: {training['best_epoch']}, {training['seconds'] / 60:.0f} min"
    )
