"""A training that is killed ten times against one that is left alone.

The process is killed (SIGKILL, or its like on Windows) at random moments and resumed after each; its final weights are
compared with those of the unbroken training. Drawn photos, augmentation and dropout on, eight epochs, a checkpoint after
every batch.
"""

from __future__ import annotations

import hashlib
import random
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measuring import WHOSTHAT, Row, new_folder, process

TITLE = "Killed and resumed against unbroken"
KILLS = 10


def measure() -> list[Row]:
    """Both networks."""
    from whosthat.cartoons import draw_photo_folder

    rows = []
    with new_folder() as folder:
        draw_photo_folder(folder / "heroes", photos_each=30)
        for model, size, tuning in (("cnn6", "64", []), ("efficientnet-lite0", "96", ["--set", "transfer.fine_tune_epochs=3"])):
            settings = ["--model", model, "--size", size, "--epochs", "8", "--batch-size", "16", "--set", "checkpoint_minutes=0", *tuning]
            process(["train", folder / "heroes", *settings, "--runs", folder / "unbroken"])
            kills = kill_and_resume(["train", folder / "heroes", *settings, "--runs", folder / "killed"], folder / "killed")
            equal = digest(folder / "unbroken") == digest(folder / "killed")
            rows.append(
                Row(
                    f"{model}, killed {kills} times",
                    f"weights {'identical' if equal else 'DIFFERENT'} ({digest(folder / 'killed')[:16]})",
                    "identical",
                )
            )
            for runs in ("unbroken", "killed"):
                (folder / runs).rename(folder / f"{runs}-{model}")
    return rows


def kill_and_resume(start: Sequence[str | Path], runs: Path) -> int:
    """Kill until it was killed often enough or has come to its end; returns how often it was killed."""
    chance = random.Random(0)
    command, kills = start, 0
    while kills < KILLS:
        with subprocess.Popen([*WHOSTHAT, *map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
            if chance.random() < 0.8:  # most moments lie in training itself, the others anywhere from the start on
                wait_for_a_checkpoint(running, runs)
                time.sleep(chance.uniform(0, 0.6))
            else:
                time.sleep(chance.uniform(0, 5))
            if running.poll() is not None:
                break
            running.kill()
        kills += 1
        if (runs / "latest" / "split.csv").exists():
            command = ["train", "--resume", runs / "latest"]
    if not any(runs.glob("*/metrics.json")):
        process(command)
    return kills


def wait_for_a_checkpoint(running: subprocess.Popen[bytes], runs: Path) -> None:
    """Wait until this very process has written a checkpoint, or ended."""
    before = set(runs.glob("*/checkpoints/step-*"))
    while running.poll() is None and not set(runs.glob("*/checkpoints/step-*")) - before:
        time.sleep(0.02)


def digest(runs: Path) -> str:
    """SHA-256 of the weights that the bundle holds."""
    return hashlib.sha256((runs / "latest" / "bundle" / "weights.safetensors").read_bytes()).hexdigest()
