"""How much of the reference's 0.8424 was the leak? Its recipes, trained honestly and as it did, on the same photos.

    python -m benchmarks.reference_leak ../shared/data/avengers split.csv results.jsonl reference-cnn6 [--leaky] [--seed 0] [--backend jax]

*Honestly*: whosthat's grouped split 5.6:1.4:3; the best epoch is chosen on validation, the test photos are asked once. For comparison
the line also says what picking the epoch on the test photos would have shown.
*As the reference did*: each class draws as many photos as it has, WITH replacement; 7:3; no validation part; the best epoch is chosen
on the test photos.

The networks, recipes, preparation and augmentation are whosthat's own; the loop around them is Keras' `fit`, so that a graphics card
of any Keras backend can run it: 200 epochs of 224 x 224 take two cores many hours.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from whosthat.networks import backend, registry
from whosthat.networks.design import Design
from whosthat.photos.augmenting import Augmentation, augment, view_generator
from whosthat.photos.preparing import PrepareSpec, prepare
from whosthat.photos.reading import read

RECIPES = Path(backend.__file__).parents[1] / "training/recipes"


@dataclass(frozen=True)
class Photos:
    """All usable photos: inputs uint8 ``(n, 224, 224, 3)``, class numbers and split parts ``(n,)``."""

    inputs: Any
    labels: Any
    parts: Any
    classes: tuple[str, ...]


def main() -> None:
    """Train one recipe one way and append one line of results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("photos", type=Path)
    parser.add_argument("split", type=Path, help="made when it is absent")
    parser.add_argument("results", type=Path)
    parser.add_argument("recipe")
    parser.add_argument("--leaky", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--rate", type=float, help="another learning rate than the recipe's")
    parser.add_argument("--backend", default="tensorflow")
    given = parser.parse_args()
    backend._ENVIRONMENT["KERAS_BACKEND"] = given.backend
    if not given.split.exists():
        make_split(given.photos, given.split)
    recipe = tomllib.loads((RECIPES / f"{given.recipe}.toml").read_text())
    recipe["optimiser"]["learning_rate"] = given.rate or recipe["optimiser"]["learning_rate"]
    photos = load(given.photos, given.split)
    began = time.perf_counter()
    line = {
        "recipe": given.recipe,
        "leaky": given.leaky,
        "seed": given.seed,
        "rate": recipe["optimiser"]["learning_rate"],
        "n": len(photos.labels),
        "backend": given.backend,
    }
    line |= run(recipe, photos, given.leaky, given.seed, given.epochs or recipe["epochs"])
    line["seconds"] = round(time.perf_counter() - began, 1)
    with given.results.open("a") as out:
        out.write(json.dumps(line) + "\n")
    print({key: value for key, value in line.items() if key != "history"}, flush=True)


def make_split(photos: Path, path: Path) -> None:
    """Write whosthat's grouped split of a folder of photos."""
    from whosthat.dataset.audit import audit_folder
    from whosthat.dataset.split import split, write_split

    write_split(split(audit_folder(photos), ratios=(5.6, 1.4, 3), seed=0), path)


def load(root: Path, split: Path) -> Photos:
    """Read and prepare every photo of the split as training does."""
    rows = list(csv.DictReader(split.open()))
    spec = PrepareSpec(size=224)
    with ThreadPoolExecutor() as pool:
        inputs = np.stack(list(pool.map(lambda row: prepare(read(root / row["path"]), spec), rows)))
    classes = tuple(sorted({row["class"] for row in rows}))
    return Photos(inputs, np.array([classes.index(row["class"]) for row in rows]), np.array([row["part"] for row in rows]), classes)


def leaky_parts(labels: Any, seed: int) -> tuple[Any, Any]:
    """The reference's sampling: rows of training and test, drawn with replacement."""
    draw = np.random.default_rng(seed)
    drawn = np.concatenate([draw.choice(np.flatnonzero(labels == label), (labels == label).sum()) for label in np.unique(labels)])
    draw.shuffle(drawn)
    n_test = round(0.3 * len(drawn))
    return drawn[n_test:], drawn[:n_test]


def run(recipe: dict[str, Any], photos: Photos, leaky: bool, seed: int, epochs: int) -> dict[str, Any]:
    """Train once; what was right of the photos that chose the epoch, and of the test."""
    keras = backend.load_keras()
    if leaky:
        train, test = leaky_parts(photos.labels, seed)
        choosing = test
    else:
        train, choosing, test = (np.flatnonzero(photos.parts == part) for part in ("train", "validation", "test"))
    framed = recipe["model"] == "cnn-lstm"
    inputs = photos.inputs[:, None] if framed else photos.inputs
    network = recipe.get("network", {})
    design = Design(
        n_classes=len(photos.classes),
        size=224,
        seed=seed,
        dropout=tuple(network["dropout"]) if "dropout" in network else None,
        batch_norm_momentum=network.get("batch_norm_momentum"),
    )
    model = registry.build(recipe["model"], design)
    model.compile(optimizer=optimiser(keras, recipe), loss=recipe["loss"], metrics=["accuracy"])
    watch = Watch(keras, inputs, photos.labels, choosing, test, recipe)
    feed = feed_of(keras, inputs, photos, train, recipe, seed)
    model.fit(feed, epochs=epochs, verbose=0, callbacks=[watch.callback], shuffle=False)
    best = watch.best
    seen = np.isin(test, train)
    result = {"epochs": len(watch.history), "best_epoch": best["epoch"], "train": len(train), "test": len(test), "accuracy": best["test"]}
    result |= {"loss": best["loss"], "best_on_test": max(row["test"] for row in watch.history), "last": watch.history[-1]["test"]}
    result |= {"copies_in_test": int(seen.sum()), "on_copies": share(best["right"][seen]), "on_others": share(best["right"][~seen])}
    return result | {"history": [(row["epoch"], row["chosen_by"], row["test"], row["train_loss"]) for row in watch.history]}


def share(right: Any) -> float | None:
    """Share of True; None of nothing."""
    return round(float(right.mean()), 4) if len(right) else None


def optimiser(keras: Any, recipe: dict[str, Any]) -> Any:
    """The recipe's optimiser; ``decay`` as old Keras did it, where no schedule overwrites it."""
    settings = recipe["optimiser"]
    rate = settings["learning_rate"]
    if settings.get("decay") and recipe["schedule"]["name"] == "constant":
        rate = keras.optimizers.schedules.InverseTimeDecay(rate, 1, settings["decay"])
    if settings["name"] == "adam":
        return keras.optimizers.Adam(rate)
    return keras.optimizers.SGD(rate, momentum=settings["momentum"], nesterov=settings["nesterov"])


def feed_of(keras: Any, inputs: Any, photos: Photos, rows: Any, recipe: dict[str, Any], seed: int) -> Any:
    """Batches of augmented photos, another order and other views each epoch."""
    settings = recipe["augmentation"]
    change = Augmentation(**settings) if settings.get("enabled", True) else None
    one_hot = np.eye(len(photos.classes), dtype=np.float32)
    size = recipe["batch_size"]
    pool = ThreadPoolExecutor()

    class Feed(keras.utils.PyDataset):  # type: ignore[misc]
        epoch = 0

        def __len__(self) -> int:
            return int(len(rows) // size)  # whole batches: one compiled step

        def on_epoch_begin(self) -> None:
            self.order = np.random.default_rng((seed, self.epoch)).permutation(len(rows))

        def on_epoch_end(self) -> None:
            self.epoch += 1

        def __getitem__(self, index: int) -> tuple[Any, Any]:
            if not hasattr(self, "order"):
                self.on_epoch_begin()
            picked = self.order[index * size : (index + 1) * size]
            views = list(pool.map(lambda place: self.view(place), picked))
            return np.stack(views).astype(np.float32), one_hot[photos.labels[rows[picked]]]

        def view(self, place: int) -> Any:
            photo = inputs[rows[place]]
            return photo if change is None else augment(photo, change, view_generator(seed, self.epoch, int(place)))

    return Feed()


class Watch:
    """Looks at the choosing photos and at the test after each epoch, and keeps what the best epoch answered."""

    def __init__(self, keras: Any, inputs: Any, labels: Any, choosing: Any, test: Any, recipe: dict[str, Any]) -> None:
        self.history: list[dict[str, Any]] = []
        self.best: dict[str, Any] = {"chosen_by": -1.0}
        watch = self
        patience = recipe["early_stopping"].get("patience", 20) if recipe["early_stopping"].get("enabled", True) else None
        step = recipe["schedule"]["name"] == "step"
        asked = np.concatenate([choosing, test])
        lowest = [np.inf, 0]

        class Callback(keras.callbacks.Callback):  # type: ignore[misc]
            def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
                if step:
                    fall = recipe["schedule"]["drop"] ** ((1 + epoch) // recipe["schedule"]["every"])
                    self.model.optimizer.learning_rate = recipe["optimiser"]["learning_rate"] * fall

            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                scores = predict(self.model, inputs, asked)
                right = scores.argmax(1) == labels[asked]
                losses = -np.log(np.clip(scores[np.arange(len(asked)), labels[asked]], 1e-7, 1))
                n = len(choosing)
                row = {
                    "epoch": epoch + 1,
                    "chosen_by": share(right[:n]),
                    "test": share(right[n:]),
                    "train_loss": round(float(logs["loss"]), 4),
                }
                watch.history.append(row)
                if row["chosen_by"] > watch.best["chosen_by"]:
                    watch.best = row | {"right": right[n:], "loss": round(float(losses[n:].mean()), 4)}
                if losses[:n].mean() < lowest[0]:
                    lowest[:] = [losses[:n].mean(), epoch]
                if patience and epoch - lowest[1] >= patience:
                    self.model.stop_training = True

        self.callback = Callback()


def predict(model: Any, inputs: Any, rows: Any, batch: int = 32) -> Any:
    """Scores of some photos, in whole batches: one compiled shape."""
    padded = np.resize(rows, -(-len(rows) // batch) * batch)
    return np.concatenate(
        [np.asarray(model.predict_on_batch(inputs[padded[at : at + batch]].astype(np.float32))) for at in range(0, len(padded), batch)]
    )[: len(rows)]


if __name__ == "__main__":
    main()
