"""An honest test of a recogniser on photos whose people are known: each is answered as ``predict`` answers it.

What belongs here: asking about such photos, and which photos of a folder may be used for the test of a saved recogniser. What does not:
outcomes and figures (`whosthat.evaluation`), showing them.

A photo that trained the recogniser, or chose anything about it, proves nothing; such photos are recognised by the SHA-256 of their file and
left out. That finds exact copies. A copy that was resized or saved again has other bytes and is not found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from whosthat.dataset.folder import Photo, scan
from whosthat.errors import DatasetError, did_you_mean, path_given
from whosthat.evaluation.metrics import Evaluation
from whosthat.evaluation.metrics import evaluate as judge
from whosthat.evaluation.outcomes import Answer, answer_of
from whosthat.photos.storage import fetched_once
from whosthat.progress import SILENT, Progress
from whosthat.proportions import Interval, wilson_interval
from whosthat.recognition import load
from whosthat.recognition.bundle import open_bundle
from whosthat.recognition.recogniser import Recogniser
from whosthat.translation import N_, _
from whosthat.types import SetAside
from whosthat.wording import counted
from whosthat.workflow.known_files import contents_of
from whosthat.workflow.predict import answer_each, counting
from whosthat.workflow.strangers import stranger_photos

_PARTS_THAT_CHOSE = {
    "train": N_("the recogniser knows it as a training photo"),
    "validation": N_("the recogniser knows it as a validation photo"),
}
"""The parts of the split whose photos shaped the recogniser, and why these prove nothing; its old test photos may be used again."""


@fetched_once()
def evaluate(bundle: str | Path, photos: str | Path, *, progress: Progress = SILENT) -> Evaluation:
    """Test a saved recogniser on a folder of photos, one sub-folder per class; classes may be missing.

    Args:
        bundle: A bundle, a run folder or ``runs/latest``.
        photos: The folder. Its class names must be names that the recogniser knows.
        progress: Where to show how far it is, and to say which photos were left out.

    Returns:
        Figures over the bundle's own labels, with its own threshold: what ``predict`` answers for the same photos.

    Raises:
        UsageError: ``bundle`` or ``photos`` is no path.
        BundleError: The bundle cannot be used.
        DatasetError: The folder cannot be used, holds a class that the recogniser does not know, or no photo is left.
    """
    recogniser, seen = load(bundle), open_bundle(bundle).facts.data
    folder = scan(path_given(photos, _("The folder of photos")), clips=recogniser.frames > 1)
    _refuse_unknown_classes(folder.classes, recogniser.labels)
    digests = contents_of([photo.path for photo in folder.photos])
    known = {photo: _PARTS_THAT_CHOSE.get(seen.part_of(digest) or "", "") for photo, digest in zip(folder.photos, digests, strict=True)}
    answered = answer_photos(recogniser, [photo for photo, reason in known.items() if not reason], progress=progress)
    left_out = [SetAside(photo.path, reason) for photo, reason in known.items() if reason] + list(answered.left_out)
    told = _what_was_left_out(left_out)
    if not answered.answers:
        raise DatasetError(
            "No photo of {folder} can be used for a test. {reasons} Choose photos that the recogniser has never seen; a "
            "run with --keep-test-out can be tested on its own test photos again.",
            folder=photos,
            reasons=" ".join(told),
        )
    for sentence in told:
        progress.say(sentence)
    return judge(answered.answers, recogniser.labels)


@dataclass(frozen=True)
class StrangerTest:
    """Of ``n`` photos of people whom the recogniser does not know, those in which anybody got a name.

    ``share`` is the false positive identification rate (FPIR), 0 to 1; its Wilson 95 % interval takes photos for independent.
    """

    n: int
    named: int
    share: float
    interval: Interval


@fetched_once()
def count_strangers(bundle: str | Path, folder: Path, *, progress: Progress = SILENT) -> StrangerTest:
    """Count how many photos of strangers, at any depth of a folder, get a name from a saved recogniser, as ``predict`` answers.

    Raises BundleError when the bundle cannot be used, DatasetError when the folder holds no photo of a stranger that can be.
    """
    recogniser, seen = load(bundle), open_bundle(bundle).facts.data
    paths = [
        path for digest, path in stranger_photos(Path(folder), clips=recogniser.frames > 1).paths.items() if seen.part_of(digest) is None
    ]
    predictions = counting(answer_each(recogniser, paths, remember=True, progress=progress), _("photos of strangers"), len(paths), progress)
    answered = [any(name is not None for name in prediction.names) for prediction in predictions if not prediction.error]
    if not answered:
        raise DatasetError(
            "No photo of {folder} can be used: each is damaged, or the recogniser knows it. Choose photos of other people.", folder=folder
        )
    n, named = len(answered), sum(answered)
    return StrangerTest(n, named, named / n, wilson_interval(named, n))


@dataclass(frozen=True)
class Answers:
    """Answers about photos of known people, one a photo that can be read (`Answer.index` is its row), and the others with the reason."""

    answers: tuple[Answer, ...]
    left_out: tuple[SetAside, ...]


def answer_photos(recogniser: Recogniser, photos: Sequence[Photo], *, progress: Progress = SILENT) -> Answers:
    """Ask a recogniser about photos it has not learnt from, through the very function that answers ``whosthat predict``."""
    answers, left_out = [], []
    predictions = answer_each(recogniser, [photo.path for photo in photos], remember=True, progress=progress)
    shown = counting(predictions, _("photos tested"), len(photos), progress)
    for row, (photo, prediction) in enumerate(zip(photos, shown, strict=True)):
        if prediction.error:
            left_out.append(SetAside(photo.path, prediction.error))
        else:
            answers.append(answer_of(row, photo.name, photo.class_name, prediction.sightings, recogniser.labels))
    return Answers(tuple(answers), tuple(left_out))


def _refuse_unknown_classes(classes: tuple[str, ...], labels: tuple[str, ...]) -> None:
    unknown = [name for name in classes if name not in labels]
    if unknown:
        raise DatasetError(
            "The recogniser does not know {classes}, so photos of them cannot be correct. {choice} Rename the folder, or move it away.",
            classes=_(", ").join(map(repr, unknown[:10])),
            choice=did_you_mean(unknown[0], labels),
        )


def _what_was_left_out(left_out: Sequence[SetAside]) -> list[str]:
    """Return a sentence for each reason, with the first photo as an example."""
    counts = Counter(item.reason for item in left_out).most_common()
    examples = {item.reason: item.path for item in reversed(left_out)}
    return [
        _(
            "{photos} left out of the test, such as {example}: {reason}.",
            photos=counted(count, "photo"),
            example=examples[reason],
            reason=_(reason),
        )
        for reason, count in counts
    ]
