"""What speaks against enrolling photos of somebody: they show several people, or somebody else.

What belongs here: the questions that ``anyway`` answers. What does not: which face of a photo is meant (`face_choice`), changing a gallery
(`people`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from whosthat.checking.suspects import STRANGER_DISTANCE, find_outliers
from whosthat.errors import DoubtError
from whosthat.recognition.gallery import EnrolledPhoto
from whosthat.recognition.identifier import Identifier
from whosthat.translation import _, ngettext
from whosthat.wording import counted, listing

if TYPE_CHECKING:
    from whosthat.types import FloatArray


def check_one_person(vectors: FloatArray, photos: Sequence[EnrolledPhoto]) -> None:
    """Raise DoubtError when some of the photos do not fit the others; their embeddings are float32 (n, dimensions)."""
    outliers = find_outliers(vectors)
    if outliers:
        doubt = ngettext(
            "The photos do not seem to show one person: {outliers} does not fit the other {photos}.",
            "The photos do not seem to show one person: {outliers} do not fit the other {photos}.",
            len(outliers),
            outliers=listing([photos[row].name for row in outliers]),
            photos=counted(len(photos) - len(outliers), "photo"),
        )
        raise DoubtError(doubt, _("Look at them and leave them out, or enrol all of them anyway. Nothing was changed."))


def check_not_somebody_else(name: str, vectors: FloatArray, identifier: Identifier) -> None:
    """Raise DoubtError when photos look like somebody who is enrolled under another name, or unlike the one who has this name."""
    people = identifier.gallery.people
    compared = sorted({*identifier.likeliest(vectors), *([people.index(name)] if name in people else [])})
    to_people = dict(zip(compared, np.median(identifier.distances(vectors, np.array(compared)), axis=0).tolist(), strict=True))
    own = to_people[people.index(name)] if name in people else np.inf
    nearest = min(to_people, key=lambda person: to_people[person])
    if people[nearest] != name and to_people[nearest] <= identifier.threshold.value and to_people[nearest] < own:
        raise DoubtError(
            _(
                "These photos look like {person}, who is enrolled already (distance {distance:.2f}; up to {threshold:.2f} is the same "
                "person).",
                person=people[nearest],
                distance=to_people[nearest],
                threshold=identifier.threshold.value,
            ),
            _("Add them to {person}, rename that person, or enrol them anyway. Nothing was changed.", person=people[nearest]),
        )
    if name in people and own > STRANGER_DISTANCE:
        raise DoubtError(
            _(
                "These photos do not look like the {name} who is enrolled (distance {distance:.2f}, expected up to {farthest:.2f}).",
                name=name,
                distance=own,
                farthest=STRANGER_DISTANCE,
            ),
            _("Choose another name, or enrol them anyway. Nothing was changed."),
        )
