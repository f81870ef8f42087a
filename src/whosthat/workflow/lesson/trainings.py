"""The steps of the lesson that train: real trainings of a small network, each in seconds.

Each step has two halves, ``..._before`` and ``..._after`` the question; both return facts for the text and exhibits. The trainings happen
in the second, so that predictions are made before anything is known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from whosthat.cartoons import draw_hero
from whosthat.dataset.audit import audit_folder
from whosthat.dataset.split import split
from whosthat.durable import make_private_folder
from whosthat.evaluation.diagnosis import GOOD_TRAINING, STATIONS
from whosthat.evaluation.lesson_page import Grid, Picture
from whosthat.evaluation.metrics import Evaluation
from whosthat.evaluation.plots.chart import draw_chart
from whosthat.evaluation.plots.charts import accuracy_chart, loss_chart
from whosthat.evaluation.plots.flow_chart import HEIGHT, WIDTH, draw_flow_chart, station_words
from whosthat.evaluation.plots.lesson_charts import draw_tiles, losses_chart, tiles_size
from whosthat.photos.drawing import encode_image
from whosthat.photos.preparing import PrepareSpec, prepare
from whosthat.photos.reading import read
from whosthat.runs.files import writing
from whosthat.translation import _
from whosthat.wording import percent
from whosthat.workflow.lesson.arithmetic import convolved
from whosthat.workflow.lesson.workshop import (
    BLOCKS,
    BLOCKS_WITH_DROPOUT,
    PEOPLE,
    POOL_SEED,
    Experiment,
    Photos,
    Shown,
    Words,
    Workshop,
    probabilities,
)

SMALL, GOOD, LARGE = 0.0001, 0.01, 0.2
"""Learning rates of SGD for the lesson's network; with the last one each step overshoots."""

MOMENTUM = 0.9
COPIES = "copies"
"""Folder with photos that were drawn with replacement."""

DRAWN_SIDE = 160
"""Side of the photos in it, as in the demo, so that the data check has something to look at."""

TRAIN_SHARE = (7.0, 1.0, 2.0)
"""Of that folder, seven tenths train; the rest is tested on, because the lesson's own validation photos choose."""

BARS = "▁▂▃▄▅▆▇█"
SHADES = " .:-=+*#%@"


def sparkline(values: Sequence[float]) -> str:
    """Draw a curve in letters, from zero to its largest value.

    Example:
        >>> sparkline([0, 1, 2])
        '▁▅█'
    """
    top = max(max(values), 1e-9)
    return "".join(BARS[min(len(BARS) - 1, int(value / top * len(BARS)))] for value in values)


def function_before(shop: Workshop, words: Words) -> Shown:
    """Show the people and count the numbers of a photo."""
    images, labels = shop.test
    side, _, channels = images.shape[1:]
    facts = {"people": len(PEOPLE), "side": side, "channels": channels, "darkest": 0, "brightest": np.iinfo(images.dtype).max}
    facts |= {"numbers": images[0].size, "weights": shop.network.count_params(), "tested": len(labels), "each": shop.scale.test}
    tiles = [(name, images[shop.scale.test * place]) for place, name in enumerate(PEOPLE)]
    return facts, (Picture("heroes", words["heroes"].format(**facts), tiles_size(len(tiles)), draw_tiles, (tiles,)),)


def function_after(shop: Workshop, words: Words) -> Shown:
    """Test the network that has learnt nothing."""
    tested, first = shop.tested(shop.network, shop.test), probabilities(shop.network, shop.test[0][:1])[0]
    rows = tuple((name, f"{share:.3f}") for name, share in zip(PEOPLE, first, strict=True))
    facts = {"correct": tested.outcomes.correct, "accuracy": percent(tested.accuracy), "baseline": percent(tested.baseline)}
    return facts, (Grid(words["probabilities"].format(truth=PEOPLE[0]), rows, (words["name"], words["probability"])),)


def rates_before(shop: Workshop, words: Words) -> Shown:
    """Say what is trained."""
    chance = f"{math.log(len(PEOPLE)):.2f}"
    facts = {"weights": shop.network.count_params(), "photos": len(shop.train[1]), "epochs": shop.scale.epochs, "people": len(PEOPLE)}
    return facts | {"chance_loss": chance, "momentum": MOMENTUM, "small": f"{SMALL:g}", "good": f"{GOOD:g}", "large": f"{LARGE:g}"}, ()


def rates_after(shop: Workshop, words: Words) -> Shown:
    """Train with each learning rate."""
    runs = {}
    for name, rate in (("small", SMALL), ("good", GOOD), ("large", LARGE)):
        optimiser = {"name": "sgd", "learning_rate": rate, "momentum": MOMENTUM}
        runs[name] = rate, shop.experiment(name, shop.recipe(epochs=shop.scale.epochs, optimiser=optimiser))
    facts: dict[str, Any] = {"steps": shop.scale.epochs * math.ceil(len(shop.train[1]) / shop.scale.batch_size)}
    for name, (_rate, run) in runs.items():
        facts |= {f"{name}_first": f"{run.losses[0]:.2f}", f"{name}_last": f"{run.losses[-1]:.2f}"}
    best_rate, best = min(runs.values(), key=lambda pair: pair[1].losses[-1])
    facts |= {"best": f"{best_rate:g}", "best_loss": f"{best.losses[-1]:.2f}"}
    top = max(max(run.losses) for _rate, run in runs.values())
    rows = tuple(
        (f"{rate:g}", sparkline([*run.losses, top])[:-1], f"{run.losses[0]:.2f}", f"{run.losses[-1]:.2f}", percent(run.evaluation.accuracy))
        for rate, run in runs.values()
    )
    columns = (words["run"], words["curve"], words["first"], words["last"], words["accuracy"])
    losses = {words["rate"].format(rate=f"{rate:g}"): run.losses for rate, run in runs.values()}
    picture = Picture("rates", words["picture"], (5.6, 3.3), draw_chart, (losses_chart, losses, (words["title"], words["epochs"]), 1))
    return facts, (Grid(words["table"], rows, columns), picture)


def first_layer_before(shop: Workshop, words: Words) -> Shown:
    """Say how many filters there are."""
    return {"good": f"{GOOD:g}", "filters": len(first_maps(shop)), "truth": PEOPLE[0]}, ()


def first_layer_after(shop: Workshop, words: Words) -> Shown:
    """Lay each filter of the first layer on a photo."""
    photo, maps = shop.test[0][0], first_maps(shop)
    busy = [float((one > 0).mean()) for one in maps]
    facts = {"active": sum(share > 0 for share in busy), "busiest": percent(max(busy))}
    tiles: list[tuple[str, Any]] = [(words["photo"], photo)]
    tiles += [(words["filter"].format(number=n, share=percent(busy[n - 1])), one) for n, one in enumerate(maps, start=1)]
    strongest = maps[int(np.argmax([one.std() for one in maps]))]
    return facts, (Picture("maps", words["maps"], tiles_size(len(tiles)), draw_tiles, (tiles,), in_letters(strongest)),)


def first_maps(shop: Workshop) -> list[Any]:
    """Compute what the first layer of the well trained network makes of a photo: a map (side, side) for each filter, by our own hands."""
    layer = next(layer for layer in shop.experiments["good"].model.layers if "conv" in layer.name)
    kernel, bias = layer.get_weights()
    padded = np.pad(shop.test[0][0].astype(np.float32) / 255, ((1, 1), (1, 1), (0, 0)))
    channels = range(padded.shape[2])
    sums = [sum(convolved(padded[..., channel], kernel[:, :, channel, n]) for channel in channels) for n in range(len(bias))]
    return [np.maximum(one + bias[n], 0) for n, one in enumerate(sums)]


def in_letters(numbers: Any) -> tuple[str, ...]:
    """Draw a map with a letter for each place, every second line: letters are twice as high as wide."""
    share = numbers / max(float(numbers.max()), 1e-9)
    return tuple("".join(SHADES[min(len(SHADES) - 1, int(one * len(SHADES)))] for one in line) for line in share[::2])


def overfitting_before(shop: Workshop, words: Words) -> Shown:
    """Say on how few photos is trained."""
    facts = {"photos": len(shop.few[1]), "few": shop.scale.few, "epochs": shop.scale.many_epochs}
    return facts | {"batch": shop.scale.small_batch, "validation": len(shop.validation[1])}, ()


def overfitting_after(shop: Workshop, words: Words) -> Shown:
    """Train on them until they are learnt by heart."""
    run = shop.experiment("few", shop.recipe(batch_size=shop.scale.small_batch), shop.few)
    train, validation = run.losses, [row["val_loss"] for row in run.history]
    lowest = int(np.argmin(validation))
    facts = {
        "learnt": percent(run.history[-1]["accuracy"]),
        "unseen": percent(run.history[-1]["val_accuracy"]),
        "case": run.diagnosis.title,
        "meaning": run.diagnosis.sentences[0],
        "lowest_epoch": lowest + 1,
        "lowest": f"{validation[lowest]:.2f}",
        "last": f"{validation[-1]:.2f}",
        "train_last": f"{train[-1]:.2f}",
    }
    curves = ((words["train"], train), (words["validation"], validation))
    rows = tuple((name, sparkline(curve), f"{curve[-1]:.2f}") for name, curve in curves)
    table = Grid(words["table"], rows, (words["what"], words["curve"], words["last"]))
    accuracy = Picture(
        "overfitting-accuracy", words["accuracy"].format(photos=len(shop.few[1])), (4.7, 3.1), draw_chart, (accuracy_chart, run.history, 0)
    )
    return facts, (table, accuracy, Picture("overfitting-loss", words["loss"], (4.7, 3.1), draw_chart, (loss_chart, run.history, 0)))


def cure_before(shop: Workshop, words: Words) -> Shown:
    """Name the remedies."""
    dropout = percent(float(BLOCKS_WITH_DROPOUT.split("dropout ")[1].split(",")[0]))
    return {"dropout": dropout, "photos": len(shop.few[1]), "more": len(shop.train[1]), "tested": len(shop.test[1])}, ()


def cure_after(shop: Workshop, words: Words) -> Shown:
    """Train with each remedy, and with all."""
    turned = {"augmentation": {"enabled": True}}
    small = {"batch_size": shop.scale.small_batch}
    runs = {
        "none": shop.experiments["few"],
        "dropout": shop.experiment("dropout", shop.recipe(BLOCKS_WITH_DROPOUT, **small), shop.few),
        "augmentation": shop.experiment("augmentation", shop.recipe(BLOCKS, **small, **turned), shop.few),
        "more": shop.experiment("more", shop.recipe()),
        "all": shop.experiment("all", shop.recipe(BLOCKS_WITH_DROPOUT, **turned)),
    }
    counts = {"photos": len(shop.few[1]), "more": len(shop.train[1])}
    names = {name: words[name].format(**counts) for name in runs}
    best = max(("dropout", "augmentation", "more"), key=lambda name: runs[name].evaluation.accuracy)
    accuracy = {name: percent(run.evaluation.accuracy) for name, run in runs.items()}
    facts = {"alone": accuracy["none"], "best": accuracy[best], "best_name": names[best], "together": accuracy["all"]}
    rows = tuple(
        (names[name], percent(run.history[-1]["accuracy"]), percent(run.history[-1]["val_accuracy"]), *_tested(run.evaluation))
        for name, run in runs.items()
    )
    columns = tuple(words[key] for key in ("run", "train", "validation", "test", "interval"))
    picture = Picture("cured-loss", words["loss"], (4.7, 3.1), draw_chart, (loss_chart, runs["all"].history, 0))
    return facts, (Grid(words["table"], rows, columns), picture)


def _tested(evaluation: Evaluation) -> tuple[str, str]:
    """Write an accuracy and its interval."""
    return percent(evaluation.accuracy), f"{percent(evaluation.interval.low)} – {percent(evaluation.interval.high)}"


def leak_before(shop: Workshop, words: Words) -> Shown:
    """Draw photos with replacement into a folder, as the reference did, and say how they are split."""
    folder = shop.folder / COPIES
    generator = np.random.default_rng(0)
    with writing(folder):
        for place, person in enumerate(PEOPLE):
            make_private_folder(folder / person)
            pool = [encode_image(draw_hero(person, POOL_SEED + number, DRAWN_SIDE), quality=90) for number in range(shop.scale.pool)]
            for number, chosen in enumerate(generator.choice(len(pool), len(pool)), start=1):
                (folder / person / f"{number:03d}.jpg").write_bytes(pool[chosen])
                shop.progress.step(_("photos drawn"), place * len(pool) + number, len(PEOPLE) * len(pool))
    files = len(PEOPLE) * shop.scale.pool
    shop.n_drawn += files
    train = round(files * TRAIN_SHARE[0] / sum(TRAIN_SHARE))
    shown = "/".join(folder.resolve().parts[-3:])  # the page may be handed in: the folders above are nobody's business
    facts = {"pool": shop.scale.pool, "folder": shown, "files": files, "train": train, "test": files - train, "fresh": len(shop.test[1])}
    return facts, ()


def leak_after(shop: Workshop, words: Words) -> Shown:
    """Train and test on the folder split at random, and split by whosthat."""
    audit = audit_folder(shop.folder / COPIES, progress=shop.progress)
    photos = list(audit.photos)
    order = np.random.default_rng(1).permutation(len(photos))
    n_train = round(len(photos) * TRAIN_SHARE[0] / sum(TRAIN_SHARE))
    parts = split(audit, ratios=TRAIN_SHARE).parts
    ways = {
        "leaky": ([photos[row] for row in order[:n_train]], [photos[row] for row in order[n_train:]]),
        "honest": (list(parts["train"]), [*parts["validation"], *parts["test"]]),
    }
    facts: dict[str, Any] = {"finding": next(iter(one.sentence for one in audit.findings if one.kind == "copies"), "")}
    rows = []
    for name, (train, test) in ways.items():
        run = shop.experiment(name, shop.recipe(batch_size=shop.scale.small_batch), _prepared(shop, train), _prepared(shop, test))
        fresh = shop.tested(run.model, shop.test)
        shared = sum(item.sha256 in {other.sha256 for other in train} for item in test)
        different = len({item.sha256 for item in train})
        rows.append((words[name], str(different), f"{shared} / {len(test)}", *_tested(run.evaluation), percent(fresh.accuracy)))
        prefix = "" if name == "leaky" else "honest_"
        facts |= {
            f"{name}_different": different,
            f"{prefix}shared": shared,
            f"{prefix}test": len(test),
            name: percent(run.evaluation.accuracy),
        }
        facts |= {f"{name}_fresh": percent(fresh.accuracy), f"{name}_gap": f"{100 * (run.evaluation.accuracy - fresh.accuracy):.1f}"}
    columns = tuple(words[key] for key in ("split", "different", "shared", "test", "interval", "fresh"))
    return facts, (Grid(words["table"], tuple(rows), columns),)


def _prepared(shop: Workshop, photos: Sequence[Any]) -> Photos:
    """Read photos of the folder at the network's size."""
    images = np.stack([prepare(read(item.photo.path), PrepareSpec(shop.scale.side)) for item in photos])
    return images, np.array([PEOPLE.index(item.photo.class_name) for item in photos], np.int64)


SHOWN_WAYS = ("small", "good", "large", "few", "all")
"""The trainings whose way through the flow chart is shown."""

TRAINING_GOOD, TEST_GOOD = "training good", "test good"  # not translated: names of stations

QUESTIONS = STATIONS.index(TRAINING_GOOD)
"""Here ways part."""


def path_before(shop: Workshop, words: Words) -> Shown:
    """Show nothing yet."""
    return {}, ()


def path_after(shop: Workshop, words: Words) -> Shown:
    """Draw the way that each training took."""
    runs: dict[str, Experiment] = {name: shop.experiments[name] for name in SHOWN_WAYS}
    ends = (words["end"].format(run=words[name], station=station_words(run.diagnosis.path[-1])) for name, run in runs.items())
    facts = {"ends": _("; ").join(ends), "good_training": percent(GOOD_TRAINING)}
    rows = tuple(
        (words[name], run.diagnosis.title, " → ".join(map(station_words, run.diagnosis.path[QUESTIONS:]))) for name, run in runs.items()
    )
    charts = []
    for name, run in runs.items():
        captions = {
            TRAINING_GOOD: percent(run.diagnosis.numbers["training accuracy"]),  # not translated: a key
            TEST_GOOD: percent(run.evaluation.accuracy),
        }
        caption = words["chart"].format(run=words[name])
        charts.append(Picture(f"way-{name}", caption, (WIDTH, HEIGHT), draw_flow_chart, (run.diagnosis.path, captions)))
    return facts, (Grid(words["table"], rows, (words["run"], words["case"], words["way"])), *charts)
