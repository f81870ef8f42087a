"""What should be known of a trained face recogniser, in whole sentences: how it names and refuses, and what it has learnt from.

What belongs here: the notes at the end of training and in the report. What does not: figures (`recognition.enrolling`), the verdict
(`whosthat.evaluation`), what is said while training runs (`train_faces`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from whosthat.evaluation.verdict import suspects_sentence
from whosthat.recognition.heads import IN_WORDS
from whosthat.translation import _
from whosthat.wording import counted, listing, percent

if TYPE_CHECKING:
    from whosthat.checking.face_audit import FaceAudit
    from whosthat.evaluation.metrics import Evaluation
    from whosthat.recognition.enrolling import FittedIdentifier
    from whosthat.recognition.gallery import Gallery
    from whosthat.training.recipe_base import FaceRecipe


def face_notes(
    recipe: FaceRecipe, fitted: FittedIdentifier, evaluation: Evaluation | None, faces: FaceAudit, enrolled: Gallery
) -> tuple[str, ...]:
    """Say how names are given and refused, and what the saved recogniser has learnt from."""
    notes = [how_named(fitted), *_of_heads(fitted)]
    if len(fitted.identifier.gallery.people) == 1:
        notes.append(_of_an_only_person(fitted))
    if evaluation is None:
        notes.append(_("No person has three different photos, so there was no test. Add photos."))
    else:
        notes.append(suspects_sentence(evaluation, {suspect.photo for suspect in faces.suspects}))
        notes.append(_("The tested recogniser had not seen the test photos."))
    if enrolled.ages is not None:
        notes += [age_note(enrolled, person) for person in sorted({enrolled.people[label] for label in enrolled.labels[enrolled.ages > 0]})]
    photos = counted(len(enrolled.photos), "photo")
    notes.append(
        _("It is the saved one, with {photos} enrolled.", photos=photos)
        if recipe.keep_test_out
        else _("The saved one has all {photos} enrolled.", photos=photos)
    )
    return tuple(note for note in notes if note)


def how_named(fitted: FittedIdentifier) -> str:
    """Say how near a face must be to get a name, and how that was chosen."""
    return _(
        "A face gets a name if it is close enough to that person (distance {threshold:.2f} or less). {how}",
        threshold=fitted.identifier.threshold.value,
        how=fitted.identifier.threshold.how,
    )


def _of_an_only_person(fitted: FittedIdentifier) -> str:
    """Say of an only person how many of their photos the others would name, which nothing was chosen by; empty of a single photo."""
    compared = fitted.photos.own[np.isfinite(fitted.photos.own)]
    if not len(compared):
        return ""
    return _(
        "Each of {photos} was compared with the others, but not with its copies or its burst: {named:,} would get the name. "
        "There is nobody else to confuse them with, so that no other method was tried.",
        photos=counted(len(compared), "photo"),
        named=int((compared <= fitted.identifier.threshold.value).sum()),
    )


def age_note(gallery: Gallery, person: str) -> str:
    """Say which photos of one of the people have a template of their own; empty where none has."""
    ages = gallery.ages
    rows = [] if ages is None else np.flatnonzero((gallery.labels == gallery.people.index(person)) & (ages > 0)).tolist()
    if not rows:
        return ""
    return _(
        "{photos} of {person} are unlike the others and like each other, as those of another age are, and have a template of their "
        "own: {names}. If they show somebody else, move them.",
        person=person,
        photos=counted(len(rows), "photo"),
        names=listing([gallery.photos[row].name for row in rows]),
    )


def _of_heads(fitted: FittedIdentifier) -> list[str]:
    """Say which method was chosen, and how the others did."""
    tried = {
        name: _("{method} ({share} correct in cross-validation)", method=_(IN_WORDS[name]), share=percent(share))
        for name, share in fitted.accuracies.items()
    }
    notes = []
    if tried:
        chosen = tried.pop(fitted.identifier.head)
        others = _(", ").join(tried.values())
        notes.append(
            _("Method: {chosen}. Also tried: {others}.", chosen=chosen, others=others) if others else _("Method: {chosen}.", chosen=chosen)
        )
    return notes + [_("Not tried, because there are too many photos: {method}.", method=_(IN_WORDS[name])) for name in fitted.not_tried]
