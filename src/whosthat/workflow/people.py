"""Who a face recogniser knows: list, add, rename, rule out, in seconds and without training again.

What belongs here: changing the gallery of a saved bundle, and refusing what would make it worse. What does not: single enrolled photos
(`people_photos`), removing somebody (`removing`), the arithmetic of embeddings (`whosthat.recognition`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from whosthat.errors import DatasetError, UsageError
from whosthat.photos.reading import sha256_of
from whosthat.progress import SILENT, Progress
from whosthat.recognition.ages import with_ages
from whosthat.recognition.bundle import open_bundle
from whosthat.recognition.face_recogniser import FaceRecogniser, index_in
from whosthat.recognition.gallery import EnrolledPhoto, Gallery
from whosthat.recognition.index import grown, search_words
from whosthat.translation import N_, _
from whosthat.types import Added, Enrolled, SetAside
from whosthat.wording import counted, listing
from whosthat.workflow.doubts import check_not_somebody_else, check_one_person
from whosthat.workflow.face_choice import Chosen, choose_face, choose_faces
from whosthat.workflow.face_notes import age_note
from whosthat.workflow.face_photos import faces_of_photos
from whosthat.workflow.gallery_bundle import (
    check_name,
    check_others_left,
    face_facts,
    gallery_of,
    known_name,
    normal_name,
    recogniser_of,
    refuse_of_library,
    save_gallery,
)
from whosthat.workflow.predict import find_photos, places_given
from whosthat.workflow.prediction import Prediction
from whosthat.workflow.removing import held


def list_people(bundle: str | Path) -> tuple[Enrolled, ...]:
    """Return everybody whom a recogniser knows; BundleError when it is no face recogniser."""
    gallery = gallery_of(bundle)
    counts = np.bincount(gallery.labels, minlength=len(gallery.people))
    return tuple(Enrolled(name, int(n)) for name, n in zip(gallery.people, counts, strict=True))


def list_photos(bundle: str | Path) -> tuple[tuple[str, str], ...]:
    """Return every enrolled photo, whose it is and its SHA-256; errors as of `list_people`."""
    gallery = gallery_of(bundle)
    return tuple((gallery.people[label], photo.sha256) for label, photo in zip(gallery.labels, gallery.photos, strict=True))


def how_searched(bundle: str | Path) -> str:
    """Say how the enrolled photos of a large gallery are searched, in a sentence or two; empty where they are few."""
    opened = open_bundle(bundle)
    facts = face_facts(opened)
    return search_words(facts.n_enrolled, index_in(opened, (facts.n_enrolled, facts.dimensions)))


def add_person(
    bundle: str | Path,
    name: str,
    photos: str | Path | Sequence[str | Path],
    *,
    face: int | None = None,
    anyway: bool = False,
    progress: Progress = SILENT,
) -> Added:
    """Enrol photos, files and folders, of somebody, known or new; the bundle is replaced in one step, the threshold is unchanged.

    Of several faces in a photo, the one that fits the person's other photos is taken, or number ``face`` of the one photo, from 1, from
    left to right. Faces less than half as large as the largest are bystanders' and ask no question. ``anyway`` enrols also photos that do
    not seem to show one person, or that show somebody who is enrolled under another name; of three and more that show the person at
    another age, it makes a template of their own.

    Raises:
        BundleError: The bundle cannot be used or saved; the old one is then still there.
        UsageError: The name cannot be used, there is no such face, or ``face`` is given with several photos.
        DatasetError: No photo shows a face, or all are enrolled already; WhichFaceError: it is not clear which face is meant.
        DoubtError: The photos seem to show several people, or somebody else; ``anyway`` was not given.
    """
    name = normal_name(name)
    with held(bundle) as (opened, _rest):
        recogniser = recogniser_of(opened)
        gallery = recogniser.identifier.gallery
        check_name(name, [one for one in gallery.people if one != name])
        places, left = _to_enrol(name, photos, gallery, one=face is not None)
        chosen, enrolled = _chosen(name, places, left, recogniser, face, progress)
        if not anyway:
            check_one_person(chosen.vectors, enrolled)
            check_not_somebody_else(name, chosen.vectors, recogniser.identifier)
        more = gallery.with_photos(name, chosen.vectors, enrolled)
        if anyway:
            more = with_ages(more, name)
        save_gallery(opened, more, grown(recogniser.identifier.index, more.vectors, more.labels))
    threshold = recogniser.identifier.threshold
    ages = filter(None, [age_note(more, name)] * anyway)
    notes = (*chosen.notes, *ages, *threshold.notes_on(len(gallery.people), len(more.people)))
    return Added(name, tuple(photo.name for photo in enrolled), tuple(left), threshold.value, notes)


def rename_person(bundle: str | Path, name: str, new_name: str) -> None:
    """Call somebody by another name; the bundle is replaced in one step.

    Raises BundleError when it cannot be used or saved, UsageError when nobody has the first name, or the second cannot be used.
    """
    refuse_of_library(bundle, N_("Rename the person there: whosthat correct {library} --rename OLD=NEW"))
    new_name = normal_name(new_name)
    with held(bundle) as (opened, _rest):
        identifier = recogniser_of(opened).identifier
        name = known_name(name, identifier.gallery.people)
        check_name(new_name, [one for one in identifier.gallery.people if one != name])
        save_gallery(opened, identifier.gallery.renamed(name, new_name), identifier.index)


def rule_out(bundle: str | Path, name: str, photo: str | Path) -> None:
    """Note that the face of a photo that gets somebody's name is not theirs; the bundle is replaced in one step.

    From then on this face, and every face that is nearer to it than to the person, does not get the name. Where the photo is enrolled by
    this face as one of the person, it is no longer.

    Raises:
        BundleError: The bundle cannot be used or saved; the old one is then still there.
        UsageError: Nobody has this name, no face of the photo gets it, or it is the only photo by which they are known.
        PhotoError: The photo cannot be read.
    """
    with held(bundle) as (opened, _rest):
        recogniser = recogniser_of(opened)
        identifier, gallery = recogniser.identifier, recogniser.identifier.gallery
        name = known_name(name, gallery.people)
        sightings = recogniser.identify(photo)
        vectors = [sighting.embedding for sighting in sightings if sighting.embedding is not None]
        own = next((row for row, sighting in enumerate(sightings) if sighting.name == name), None)
        if own is None:
            raise UsageError("No face in {photo} is called {name}. Nothing was changed.", photo=photo, name=name)
        digest = sha256_of(Path(photo))
        theirs = np.flatnonzero(gallery.labels == gallery.people.index(name)).tolist()
        enrolled = [row for row in theirs if gallery.photos[row].sha256 == digest]
        mistaken = [row for row in enrolled if np.linalg.norm(np.stack(vectors) - gallery.vectors[row], axis=1).argmin() == own]
        check_others_left(gallery, name, photo, len(mistaken))
        index = identifier.index
        if mistaken:
            index = index and index.without(np.array(mistaken, np.int64))
            gallery = gallery.of(np.setdiff1d(np.arange(len(gallery.photos)), mistaken))
        save_gallery(opened, gallery.ruling_out(name, vectors[own], digest), index)


def _to_enrol(
    name: str, photos: str | Path | Sequence[str | Path], gallery: Gallery, *, one: bool
) -> tuple[dict[str, Path], list[SetAside]]:
    """Return where the photos to enrol lie, by SHA-256, and those that cannot be enrolled.

    ``one``: a face of one photo is to be enrolled; somebody else in that photo may then be enrolled by it, too.
    """
    left: list[SetAside] = []
    places: dict[str, Path] = {}
    found = list(find_photos(places_given(photos)))
    if one and len(found) != 1:
        raise UsageError(
            "A face can be chosen in one photo only, but {photos} were given. Add them one by one.", photos=counted(len(found), "photo")
        )
    for path in found:
        if isinstance(path, Prediction):
            left.append(SetAside(path.path, path.error))
        elif not (digest := sha256_of(path)):
            left.append(SetAside(path, _("it cannot be read")))
        else:
            places.setdefault(digest, path)
    _drop_enrolled(name, places, gallery, left, others_too=one)
    return places, left


def _chosen(
    name: str, places: Mapping[str, Path], left: list[SetAside], recogniser: FaceRecogniser, face: int | None, progress: Progress
) -> tuple[Chosen, tuple[EnrolledPhoto, ...]]:
    """Return the embeddings of the photos that show a face, and which photos these are; the others join those that are left."""
    found = faces_of_photos(places, recogniser.reader, progress=progress)
    kept = {digest: path for digest, path in places.items() if digest in found and found[digest].face is not None}
    reasons = {True: _("no face was found"), False: _("it cannot be read")}
    left += [SetAside(path, reasons[digest in found]) for digest, path in places.items() if digest not in kept]
    if not kept:
        why = listing([_("{path}: {reason}", path=item.path, reason=_(item.reason)) for item in left]) or _("no photo was given")
        raise DatasetError("No photo of {name} can be enrolled ({why}). Give photos in which the face can be seen.", name=name, why=why)
    enrolled = tuple(EnrolledPhoto(f"{name}/{path.name}", digest) for digest, path in kept.items())
    if face is None:
        return choose_faces(name, kept, found, recogniser.identifier, recogniser.reader), enrolled
    ((digest, path),) = kept.items()
    return Chosen(choose_face(name, path, found[digest], recogniser.identifier, recogniser.reader, face)), enrolled


def _drop_enrolled(name: str, places: dict[str, Path], gallery: Gallery, left: list[SetAside], *, others_too: bool) -> None:
    """Leave out photos that are enrolled for this person; refuse those of somebody else, unless ``others_too``."""
    own = {photo.sha256 for photo in gallery.photos_of(name)} if name in gallery.people else set()
    owner_of = {photo.sha256: gallery.people[owner] for photo, owner in zip(gallery.photos, gallery.labels, strict=True)}
    for digest, path in list(places.items()):
        owner = owner_of.get(digest, "")
        if digest in own:
            left.append(SetAside(places.pop(digest), _("it is enrolled already")))
        elif owner and not others_too:
            raise DatasetError(
                "{path} is enrolled as a photo of {owner}. Remove it from the photos of {name}, or remove {owner} first.",
                path=path,
                owner=owner,
                name=name,
            )
