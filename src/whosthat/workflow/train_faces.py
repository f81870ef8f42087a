"""Training on faces: find and embed them, fit, test on photos kept aside, then enrol everybody and save.

What belongs here: the order of the steps of the face route, and what one hands to the next. What does not: the steps themselves,
and what all routes share (`training_run`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from whosthat.dataset.audit import Audit, AuditedPhoto
from whosthat.dataset.findings import pictures_by_class
from whosthat.dataset.split import Split, split
from whosthat.errors import DatasetError, PhotoError
from whosthat.evaluation.diagnosis import Training, diagnose
from whosthat.evaluation.face_part import SUSPECTS_SHOWN, FacePart, face_picture, write_face_part
from whosthat.evaluation.learning_curve import Embedded, LearningCurve, learning_curve
from whosthat.evaluation.metrics import Evaluation, evaluate
from whosthat.evaluation.run_facts import RunFacts
from whosthat.evaluation.verdict import percent
from whosthat.faces.remembered import PhotoFaces
from whosthat.photos.reading import read
from whosthat.progress import Progress
from whosthat.recognition.bundle import BundleFacts, DataFacts, save_bundle
from whosthat.recognition.enrolling import FittedNaming, fit_naming
from whosthat.recognition.face_audit import FaceAudit, audit_faces
from whosthat.recognition.face_facts import FaceFacts
from whosthat.recognition.face_recogniser import KIND, bundle_files
from whosthat.recognition.face_threshold import refused_sentence
from whosthat.recognition.gallery import EnrolledPhoto, Gallery
from whosthat.recognition.heads import by_template
from whosthat.recognition.naming import Naming
from whosthat.training.occupation import occupied
from whosthat.training.recipe import FaceRecipe
from whosthat.types import PARTS, FloatArray, Image, IntArray, SetAside
from whosthat.wording import counted, listing
from whosthat.workflow.face_photos import OpenedReader, faces_of_photos, open_reader, read_strangers, stacked
from whosthat.workflow.resuming import resumable, saving
from whosthat.workflow.runs import set_latest
from whosthat.workflow.training_run import BUNDLE, TrainingRun, TrainResult, conclude, figures, versions, write_audit

NO_FACE = "no face was found in it"


@dataclass(frozen=True)
class _Tested:
    """How the photos that were kept aside were answered; rows as in the evaluation."""

    evaluation: Evaluation
    refused: int
    wrong: int


def split_faces(audit: Audit, recipe: FaceRecipe) -> Split:
    """Split as for every other model, but let people with too few photos for that take part in training alone.

    Args:
        audit: The photos.
        recipe: Shares, seed and number of photos.
    """
    testable = [name for name, n in pictures_by_class(audit.photos, audit.classes).items() if n >= len(PARTS)]
    kept = tuple(item for item in audit.photos if item.photo.class_name in testable)
    others = tuple(item for item in audit.photos if item.photo.class_name not in testable)
    if not kept:
        return Split(audit.classes, {"train": others, "validation": (), "test": ()}, recipe.ratios, recipe.seed)
    part = replace(audit, classes=tuple(testable), photos=kept)
    made = split(part, ratios=recipe.ratios, seed=recipe.seed, pictures_per_class=recipe.pictures_per_class)
    train = sorted((*made.parts["train"], *others), key=lambda item: (item.photo.class_name, item.photo.name))
    return replace(made, classes=audit.classes, parts={**made.parts, "train": tuple(train)})


def carry_out(run: TrainingRun, recipe: FaceRecipe, *, strangers: Path | None = None, progress: Progress) -> TrainResult:
    """Train, test and save a face recogniser.

    Args:
        run: Where and on what.
        recipe: How.
        strangers: A folder with photos of people who are in none of the folders; None when there is none.
        progress: Hears what is being done.

    Raises:
        DatasetError: No photo of somebody shows a face.
        WeightsError: Weights are missing or wrong.
        RunError: The run cannot be written; ``runs/latest`` then still points at the run before.
    """
    with resumable(run.folder), occupied(run.folder), saving(run.folder):
        result = _carry_out(run, recipe, strangers, progress)
        set_latest(run.folder)
    return result


def _carry_out(run: TrainingRun, recipe: FaceRecipe, strangers: Path | None, progress: Progress) -> TrainResult:
    # ---- look: every photo's face, once ------------------------------------------------------------------
    began = time.monotonic()
    opened = open_reader(recipe.detector, recipe.embedder)
    photos = [item for part in PARTS for item in run.parts.parts[part]]
    found = faces_of_photos({item.sha256: item.photo.path for item in photos}, opened.reader, progress=progress)
    run = _without_faceless(run, found, progress)
    faces = audit_faces(run.audit, found)
    write_face_part(run.folder, FacePart(faces, _pictures_of_suspects(run.audit, faces, found)))
    dimensions = opened.reader.embedder.facts.dimensions
    parts = {part: _gallery(run.parts.parts[part], found, run.parts.classes, dimensions) for part in PARTS}
    seen = frozenset(item.sha256 for item in photos)
    others = None if strangers is None else read_strangers(strangers, seen, opened.reader, progress=progress)

    # ---- fit: on all photos but those of the test --------------------------------------------------------
    progress.say("Learning who is who, and how near is near enough.")
    learnt = (*run.parts.parts["train"], *run.parts.parts["validation"])
    fitted = fit_naming(
        parts["train"].joined(parts["validation"]),
        _groups(learnt),
        head=recipe.head,
        strangers=others,
        rate=recipe.stranger_rate,
        embedder=opened.reader.embedder.facts.name,
    )

    # ---- test once ---------------------------------------------------------------------------------------
    tested = _test(fitted.naming, parts["test"]) if parts["test"].photos else None
    threshold = fitted.naming.threshold
    if tested is not None:
        threshold = threshold.model_copy(update={"known_refused": tested.refused / tested.evaluation.n})

    # ---- enrol everybody, save, report -------------------------------------------------------------------
    gallery = parts["train"].joined(parts["validation"]).joined(parts["test"])
    naming = Naming(gallery, fitted.naming.head, threshold, fitted.naming.temperature)
    facts = _facts(recipe, run, opened, naming, None if tested is None else tested.evaluation)
    save_bundle(run.folder / BUNDLE, facts, graph=opened.graph, more=bundle_files(gallery, opened.detector_files))
    notes = _notes(fitted, tested, len(gallery.photos))
    if tested is None:
        return TrainResult(run.folder, run.folder / BUNDLE, None, None, notes)
    training = _training(recipe, parts, time.monotonic() - began)
    diagnosis = diagnose([], tested.evaluation, training)
    curve = _learning_curve(fitted.naming, parts["test"], recipe.seed)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    figures_of_run = RunFacts(run.photos_name, now, naming.temperature, training, tested.evaluation, diagnosis, notes, curve)
    return conclude(run, figures_of_run, [], _Photos(run.parts.parts["test"]))


class _Photos:
    """Photos of a part by row, read when they are asked for."""

    def __init__(self, photos: Sequence[AuditedPhoto]) -> None:
        self._photos = photos

    def __getitem__(self, row: int) -> Image:
        return read(self._photos[row].photo.path)


def _pictures_of_suspects(audit: Audit, faces: FaceAudit, found: dict[str, PhotoFaces]) -> dict[str, str]:
    """Cut out the faces that the report shows, by the photo's name; a photo that is gone by now has none."""
    items = {item.photo.name: item for item in audit.photos}
    pictures = {}
    for suspect in faces.suspects[:SUSPECTS_SHOWN]:
        item = items[suspect.photo]
        face = found[item.sha256].face
        with suppress(PhotoError):
            if face is not None:
                pictures[suspect.photo] = face_picture(read(item.photo.path), face.box)
    return pictures


def _without_faceless(run: TrainingRun, found: dict[str, PhotoFaces], progress: Progress) -> TrainingRun:
    """Set aside the photos without a face: the split stays that of all other models, so nothing moves from part to part."""

    def has_face(item: AuditedPhoto) -> bool:
        return item.sha256 in found and found[item.sha256].taken is not None

    faceless = [item for part in PARTS for item in run.parts.parts[part] if not has_face(item)]
    parts = {part: tuple(item for item in run.parts.parts[part] if has_face(item)) for part in PARTS}
    enrolled = {item.photo.class_name for items in parts.values() for item in items}
    if lost := [name for name in run.parts.classes if name not in enrolled]:
        raise DatasetError(
            f"No face was found in any photo of: {listing(lost)}. Add photos in which their faces can be seen, or move the folders away. "
            "For photos of other things than people, train another model, such as --model efficientnet-lite0."
        )
    taught = {item.photo.class_name for part in PARTS[:2] for item in parts[part]}
    if lost := [name for name in run.parts.classes if name not in taught]:
        raise DatasetError(f"Faces of {listing(lost)} were found in test photos alone. Add photos in which their faces can be seen.")
    if faceless:
        progress.say(f"No face was found in {counted(len(faceless), 'photo')}: {listing([item.photo.name for item in faceless])}.")
        set_aside = [*run.audit.set_aside, *(SetAside(item.photo.path, NO_FACE) for item in faceless)]
        run = replace(run, audit=replace(run.audit, set_aside=tuple(sorted(set_aside, key=lambda item: item.path))))
        write_audit(run.folder, run.audit)
    return replace(run, parts=replace(run.parts, parts=parts))


def _gallery(photos: Sequence[AuditedPhoto], found: dict[str, PhotoFaces], people: tuple[str, ...], dimensions: int) -> Gallery:
    vectors = stacked([found[item.sha256] for item in photos]) if photos else np.empty((0, dimensions), np.float32)
    owners = np.array([people.index(item.photo.class_name) for item in photos], np.int64)
    return Gallery(people, vectors, owners, tuple(EnrolledPhoto(item.photo.name, item.sha256) for item in photos))


def _groups(photos: Sequence[AuditedPhoto]) -> IntArray:
    return np.array([item.group for item in photos], np.int64)


def _test(naming: Naming, photos: Gallery) -> _Tested:
    """Name the test photos by a gallery that does not hold them."""
    shares, apart = naming.shares(photos.vectors), naming.distances(photos.vectors)
    rows, said = np.arange(len(shares)), shares.argmax(axis=1)
    accepted = apart[rows, said] <= naming.threshold.value
    evaluation = evaluate(shares, photos.owners, photos.people, [photo.name for photo in photos.photos])
    return _Tested(evaluation, int((~accepted).sum()), int((accepted & (said != photos.owners)).sum()))


def _learning_curve(naming: Naming, test: Gallery, seed: int) -> LearningCurve:
    """Ask how the test would have gone with fewer photos of each person.

    Each time, faces are named by templates, whatever the chosen head: sixty logistic regressions would take longer than all the rest.
    """

    def name(vectors: FloatArray, owners: IntArray, faces: FloatArray) -> IntArray:
        said: IntArray = by_template(vectors, owners, len(test.people))(faces).argmax(axis=1)
        return said

    enrolled = Embedded(naming.gallery.vectors, naming.gallery.owners)
    return learning_curve(enrolled, Embedded(test.vectors, test.owners), test.people, name, seed=seed)


def _notes(fitted: FittedNaming, tested: _Tested | None, n_enrolled: int) -> tuple[str, ...]:
    """Say how names are given and refused."""
    threshold = fitted.naming.threshold
    notes = [f"A face is named when it lies at a distance of at most {threshold.value:.3f} from a person's template. {threshold.how}"]
    if fitted.accuracies:
        tried = ", ".join(f"{name} {percent(share)}" for name, share in fitted.accuracies.items())
        notes.append(f"Names come from the head {fitted.naming.head}; right in cross-validation: {tried}.")
    if tested is None:
        notes.append("Nobody has three different photos, so nothing was tested: how often it is right is not known. Add photos.")
    else:
        n = tested.evaluation.n
        notes.append(refused_sentence(tested.refused, n))
        notes.append(
            f"Of {counted(n, 'test photo')}, {n - tested.refused - tested.wrong} get the right name and {tested.wrong} a wrong one."
        )
    if tested is not None:
        notes.append("The test was made with a recogniser that had not seen the test photos.")
    notes.append(f"The saved recogniser has enrolled all {counted(n_enrolled, 'photo')}.")
    return tuple(notes)


def _training(recipe: FaceRecipe, parts: dict[str, Gallery], seconds: float) -> Training:
    """Say how the training went in the words of the evaluation; it has no epochs."""
    return Training(
        model=recipe.model,
        n_train=len(parts["train"].photos),
        n_validation=len(parts["validation"].photos),
        batch_size=1,
        epochs=0,
        best_epoch=0,
        learning_rate=0.0,
        pretrained=True,
        seconds=seconds,
    )


def _facts(recipe: FaceRecipe, run: TrainingRun, opened: OpenedReader, naming: Naming, evaluation: Evaluation | None) -> BundleFacts:
    """Gather what a bundle says of itself."""
    reader, gallery = opened.reader, naming.gallery
    faces = FaceFacts.with_template(
        reader.template,
        detector=reader.detector.name,
        detector_files=tuple(opened.detector_files),
        embedder=reader.embedder.facts.name,
        dimensions=reader.embedder.facts.dimensions,
        head=naming.head,
        n_enrolled=len(gallery.photos),
    )
    return BundleFacts(
        kind=KIND,
        network=reader.embedder.facts.name,
        labels=gallery.people,
        faces=faces,
        temperature=naming.temperature,
        threshold=naming.threshold,
        metrics=figures(evaluation),
        # every photo is enrolled, so none of them can test this bundle any more
        data=DataFacts.of(run.photos_name, {"train": [photo.sha256 for photo in gallery.photos]}),
        licences={reader.detector.name: reader.detector.licence, reader.embedder.facts.name: reader.embedder.facts.licence},
        versions=versions(),
        recipe=recipe.model_dump(mode="json", exclude_none=True),
    )
