"""Training on faces: find and embed them, fit, test on photos kept aside, then enrol everybody and save.

What belongs here: the order of the steps of the face route, and what one hands to the next. What does not: the steps themselves, and what
all routes share (`training_run`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from whosthat.checking.costly import Answered, CostlyPhotos, find_costly
from whosthat.checking.face_audit import FaceAudit, audit_faces
from whosthat.checking.face_findings import costly_sentence, look_alikes_sentence, unlike_sentence
from whosthat.checking.suspects import judge_photos
from whosthat.cluster import Cluster, engine
from whosthat.dataset.audit import Audit, AuditedPhoto
from whosthat.dataset.findings import pictures_by_class
from whosthat.dataset.split import Split, split
from whosthat.errors import DatasetError, PhotoError
from whosthat.evaluation.diagnosis import Training
from whosthat.evaluation.face_part import SUSPECTS_SHOWN, FacePart, face_picture, write_face_part
from whosthat.evaluation.learning_curve import LearningCurve, learning_curve
from whosthat.evaluation.metrics import Evaluation, evaluate
from whosthat.evaluation.outcomes import answer_of
from whosthat.evaluation.threshold_part import ThresholdCurve, write_threshold_curve
from whosthat.faces.models import AUTO, better_network
from whosthat.faces.remembered import PhotoFaces
from whosthat.photos.reading import read
from whosthat.progress import Progress
from whosthat.recognition.enrolling import FittedIdentifier, fit_identifier
from whosthat.recognition.face_recogniser import FaceRecogniser
from whosthat.recognition.gallery import EnrolledPhoto, Gallery
from whosthat.recognition.heads import compared
from whosthat.recognition.identifier import Identifier
from whosthat.recognition.index import search_words
from whosthat.runs.files import BUNDLE
from whosthat.runs.folders import set_latest
from whosthat.runs.lock import resumable, run_lock, saving
from whosthat.training.recipe_base import FaceRecipe
from whosthat.translation import _, ngettext
from whosthat.types import PARTS, FloatArray, IntArray
from whosthat.wording import counted, listing
from whosthat.workflow.face_notes import face_notes
from whosthat.workflow.face_photos import faces_of_photos, open_reader, read_strangers, seen_in_photos, stacked
from whosthat.workflow.training_run import TrainingRun, TrainResult, bundle_facts, conclude


def split_faces(audit: Audit, recipe: FaceRecipe) -> Split:
    """Split as for every other model, but let people with too few photos for that take part in training alone."""
    testable = {name: n for name, n in pictures_by_class(audit.photos, audit.classes).items() if n >= len(PARTS)}
    kept = tuple(item for item in audit.photos if item.photo.class_name in testable)
    others = tuple(item for item in audit.photos if item.photo.class_name not in testable)
    if not kept:
        return Split(audit.classes, {"train": others, "validation": (), "test": ()})
    part = replace(audit, classes=tuple(testable), photos=kept)
    made = split(part, ratios=recipe.ratios, seed=recipe.seed_of_split, pictures_per_class=recipe.pictures_per_class)
    train = sorted((*made.parts["train"], *others), key=lambda item: (item.photo.class_name, item.photo.name))
    return replace(made, classes=audit.classes, parts={**made.parts, "train": tuple(train)})


def carry_out(run: TrainingRun, recipe: FaceRecipe, progress: Progress) -> TrainResult:
    """Train, test and save a face recogniser.

    Raises DatasetError when no photo of somebody shows a face, WeightsError when weights are missing or wrong, RunError when the run cannot
    be written; ``runs/latest`` then still points at the run before.
    """
    with engine(run.engine, progress) as cluster, resumable(run.folder), run_lock(run.folder), saving(run.folder):
        result = _carry_out(run, recipe, cluster, progress)
        set_latest(run.folder)
    return replace(result, hint=better_network() if recipe.embedder == AUTO else "")


def _carry_out(run: TrainingRun, recipe: FaceRecipe, cluster: Cluster | None, progress: Progress) -> TrainResult:
    # ---- look: every photo's face, once ------------------------------------------------------------------
    began = time.monotonic()
    opened = open_reader(recipe.detector, recipe.embedder, cluster)
    photos = [item for part in PARTS for item in run.parts.parts[part]]
    found = faces_of_photos({item.sha256: item.photo.path for item in photos}, opened.reader, progress=progress)
    faces = audit_faces(run.audit, found)
    if recipe.keep_suspects:  # somebody says that the folders are right
        faces = replace(faces, unlike=())
    part = FacePart(faces, _pictures_of_suspects(run.audit, faces, found))
    write_face_part(run.folder, part)
    _refuse_people_without_faces(run.parts, found)
    known = {item.sha256 for item in photos}
    others = None if run.strangers is None else read_strangers(run.strangers, known, opened.reader, progress=progress)

    # ---- fit: on all photos but those of the test --------------------------------------------------------
    progress.say(_("Fitting the classifier and the threshold."))
    learnt = _portraits(run, recipe, ("train", "validation"), found)
    _tell(learnt, faces, progress)
    name, rate = opened.reader.embedder.facts.name, recipe.stranger_rate
    fitted = fit_identifier(learnt.gallery, learnt.groups, head=recipe.head, strangers=others, rate=rate, embedder=name)
    write_threshold_curve(run.folder, ThresholdCurve("distance", fitted.curve))
    costly = _costly_photos(learnt, fitted)
    write_face_part(run.folder, replace(part, costly=costly))

    # ---- test once: as predict answers -------------------------------------------------------------------
    tested = _test(run.parts.parts["test"], found, FaceRecogniser(opened.reader, fitted.identifier), progress)

    # ---- enrol everybody, save, report -------------------------------------------------------------------
    gallery = fitted.identifier.gallery if recipe.keep_test_out else _portraits(run, recipe, PARTS, found).gallery
    identifier = _with_test(fitted.identifier, gallery, tested)
    evaluation = None if tested is None else tested.evaluation
    data = run.data_facts(learnt_all=not recipe.keep_test_out)
    index = opened.save(run.folder / BUNDLE, bundle_facts(recipe, evaluation, data=data, **opened.facts(identifier)), gallery)
    notes = face_notes(recipe, fitted, evaluation, faces, gallery)
    notes += tuple(map(costly_sentence, costly)) + tuple(filter(None, [search_words(len(gallery.photos), index)]))
    if tested is None:
        return TrainResult(run.folder, run.folder / BUNDLE, None, None, notes, costly=costly)
    training = _training(recipe, run, learnt, time.monotonic() - began)
    curve = _learning_curve(fitted.identifier, tested, recipe.seed)
    temperature = identifier.temperature if len(gallery.people) > 1 else 1.0  # of one person, there is nothing to share out
    return conclude(run, temperature, training, tested.evaluation, notes, learning=curve)


@dataclass(frozen=True)
class _Portraits:
    """Photos with a face, as they are enrolled: embeddings, and groups, int64 (n,), in which copies and bursts share a number.

    Beside them the names of photos that most probably show another person and are left out, and of those without a face.
    """

    gallery: Gallery
    groups: IntArray
    left_out: tuple[str, ...]
    faceless: tuple[str, ...]


@dataclass(frozen=True)
class _TestResult:
    """How the photos that were kept aside were answered: the figures, the label of each, int64 (n,), and every face in them.

    The embeddings of all faces, float32 (m, dimensions), stand photo by photo; ``ends``, int64 (n,), is where the faces of each photo end.
    """

    evaluation: Evaluation
    truth: IntArray
    vectors: FloatArray
    ends: IntArray


def _portraits(run: TrainingRun, recipe: FaceRecipe, parts: Sequence[str], found: Mapping[str, PhotoFaces]) -> _Portraits:
    """Gather the photos of some parts that are enrolled."""
    photos = [item for part in parts for item in run.parts.parts[part]]
    shows_face = [item.sha256 in found and found[item.sha256].taken is not None for item in photos]
    with_face = [item for item, shown in zip(photos, shows_face, strict=True) if shown]
    people = run.parts.classes
    vectors = stacked([found[item.sha256] for item in with_face])
    label_of = {name: label for label, name in enumerate(people)}
    labels = np.array([label_of[item.photo.class_name] for item in with_face], np.int64)
    groups = np.array([item.group for item in with_face], np.int64)
    enrolled = tuple(EnrolledPhoto(item.photo.name, item.sha256) for item in with_face)
    judged = judge_photos(vectors, labels, groups, compared(vectors, labels, groups, len(people)))
    kept = ~(judged.wrong | judged.unlike) | recipe.keep_suspects
    return _Portraits(
        Gallery(people, vectors, labels, enrolled, ages=judged.ages).of(kept),
        groups[kept],
        left_out=tuple(item.photo.name for item, wrong in zip(with_face, judged.wrong & ~kept, strict=True) if wrong),
        faceless=tuple(item.photo.name for item, shown in zip(photos, shows_face, strict=True) if not shown),
    )


def _costly_photos(learnt: _Portraits, fitted: FittedIdentifier) -> tuple[CostlyPhotos, ...]:
    """Name the photos without which more of the others would be answered rightly."""
    gallery = learnt.gallery
    return tuple(
        CostlyPhotos(gallery.people[gallery.labels[one.rows[0]]], tuple(gallery.photos[row].name for row in one.rows), one.lost)
        for one in find_costly(Answered.by(fitted, learnt.groups))
    )


def _tell(learnt: _Portraits, faces: FaceAudit, progress: Progress) -> None:
    """Say which photos teach nothing, and who looks too much like somebody else."""
    for one in faces.unlike:
        progress.say(unlike_sentence(one))
    if learnt.faceless:
        progress.say(
            _(
                "No face was found in {photos}: {names}.",
                photos=counted(len(learnt.faceless), "training photo"),  # not translated: a key
                names=listing(learnt.faceless),
            )
        )
    if learnt.left_out:
        looks_like = {suspect.photo: suspect.looks_like for suspect in faces.suspects}
        shown = [
            _("{photo} (looks like {person})", photo=name, person=looks_like[name]) if looks_like.get(name) else name
            for name in learnt.left_out
        ]
        progress.say(
            ngettext(
                "{photos} probably shows another person and is not used for training: {names}. Move it, or use --keep-suspects.",
                "{photos} probably show another person and are not used for training: {names}. Move them, or use --keep-suspects.",
                len(shown),
                photos=counted(len(shown), "photo"),
                names=listing(shown),
            )
        )
    if alike := look_alikes_sentence(faces):
        progress.say(alike)


def _refuse_people_without_faces(parts: Split, found: Mapping[str, PhotoFaces]) -> None:
    """Refuse people of whom nothing can be learnt."""

    def shown(*names: str) -> set[str]:
        items = [item for part in names for item in parts.parts[part]]
        return {item.photo.class_name for item in items if item.sha256 in found and found[item.sha256].taken is not None}

    anywhere, learnt = shown(*PARTS), shown("train", "validation")
    if lost := [name for name in parts.classes if name not in anywhere]:
        raise DatasetError(
            "No face was found in any photo of: {names}. Add photos in which their faces can be seen, or move the "
            "folders away. For photos of things, use another model, such as --model efficientnet-lite0.",
            names=listing(lost),
        )
    if lost := [name for name in parts.classes if name not in learnt]:
        raise DatasetError(
            "Faces of {names} were found only in test photos. Add photos in which their faces can be seen.", names=listing(lost)
        )


def _test(
    photos: Sequence[AuditedPhoto], searched: Mapping[str, PhotoFaces], recogniser: FaceRecogniser, progress: Progress
) -> _TestResult | None:
    """Name the faces of the test photos as ``predict`` does; every photo that can be read counts, with a face or without."""
    paths = {item.sha256: item.photo.path for item in photos}
    seen = seen_in_photos(paths, recogniser.reader, what=_("photos tested"), searched=searched, progress=progress)
    answers, faces = [], []
    for row, item in enumerate(photos):
        if item.sha256 in seen:
            faces.append(seen[item.sha256])
            sightings = recogniser.name(faces[-1].faces, faces[-1].vectors)
            answers.append(answer_of(row, item.photo.name, item.photo.class_name, sightings, recogniser.labels))
    if not answers:
        return None
    label_of = {name: label for label, name in enumerate(recogniser.labels)}
    truth = np.array([label_of[answer.truth] for answer in answers])
    with_face = [one.vectors for one in faces if one.faces]
    vectors = np.concatenate(with_face) if with_face else np.empty((0, recogniser.identifier.gallery.vectors.shape[1]), np.float32)
    return _TestResult(evaluate(answers, recogniser.labels), truth, vectors, np.cumsum([len(one.faces) for one in faces]))


def _learning_curve(identifier: Identifier, tested: _TestResult, seed: int) -> LearningCurve:
    """Ask how the test would have gone with fewer photos of each person; with all of them, it is the test."""

    def correct(rows: IntArray) -> NDArray[np.bool_]:
        fewer = Identifier(identifier.gallery.of(rows), identifier.head, identifier.threshold, identifier.temperature)
        answers = fewer.decide(tested.vectors).people(tested.ends)
        return np.array([truth in people for truth, people in zip(tested.truth, answers, strict=True)])

    return learning_curve(identifier.gallery.labels, tested.truth, identifier.gallery.people, correct, seed=seed)


def _with_test(identifier: Identifier, gallery: Gallery, tested: _TestResult | None) -> Identifier:
    """Return the naming that is saved: the same, with these people and what the test showed of known people."""
    threshold = identifier.threshold
    if tested is not None:
        threshold = threshold.model_copy(update={"fnir": 1 - tested.evaluation.accuracy})
    return Identifier(gallery, identifier.head, threshold, identifier.temperature)


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


def _training(recipe: FaceRecipe, run: TrainingRun, learnt: _Portraits, seconds: float) -> Training:
    """Say how the training went in the words of the evaluation; it has no epochs."""
    taught = {photo.sha256 for photo in learnt.gallery.photos}
    n_train, n_validation = (sum(item.sha256 in taught for item in run.parts.parts[part]) for part in PARTS[:2])
    return Training(
        recipe.model, n_train, n_validation, batch_size=1, epochs=0, best_epoch=0, learning_rate=0.0, pretrained=True, seconds=seconds
    )
