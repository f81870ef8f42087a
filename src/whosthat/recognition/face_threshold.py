"""The threshold on distances: from where on a face is "unknown", and the confidence that follows from a distance.

What does not belong here: fitting it (`distance_fitting`), distances themselves (`heads`), thresholds on probabilities (`threshold`).

Every distance here is first made comparable (`corrected`): templates of one or two photos lie farther from everybody. All numbers
are on the scale of `faces.embedder.SAME_PERSON`, to which the vectors of every embedder are brought; they were measured with dlib's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from whosthat.recognition.threshold import AnyThreshold
from whosthat.translation import _
from whosthat.wording import percent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.types import FloatArray, IntArray

DEFAULT_DISTANCE = 0.5
"""A face this near to somebody's template mostly shows them. dlib's own limit is 0.6 between two single photos, which one pair of different
people in a hundred does not reach; comparing with an average of several photos shortens distances by a tenth and more."""

FEW_PHOTOS = 0.06
"""A template of n photos: this share, divided by n squared, is taken off its squared distances. Measured: where 1 % of strangers
come nearest to one of the enrolled people, 0.56 for one photo each, 0.51 for two, 0.50 for three and more."""

LOOK_ALIKE = 0.45
"""Two people whose templates are nearer than this look more alike than strangers do: siblings, or one person with two names. Measured: one
of 13,203 pairs of 163 people and none of 351 pairs of 27 are as near."""

SURE_OF_LOOK_ALIKES = 0.8
"""Of two people who look alike, one gets the name only where it is at least so probable that it is this one of the two."""

STEEPEST, FLATTEST = 100.0, 20.0
DEFAULT_STEEPNESS = 60.0
"""How fast confidence falls with the distance: distances of the same person scatter around 0.34, those to the nearest other
person around 0.63, both by about 0.07."""

CHANGED = "People were added or removed since this was measured."  # not translated: looked for in bundles


class DistanceThreshold(AnyThreshold):
    """The largest comparable distance to a person's template that gets a name, and the confidence that follows from a distance.

    At the ``centre`` a known person and a stranger are equally likely, were there as many of both; around it, confidence falls with the
    ``steepness``.
    """

    value: Annotated[float, Field(gt=0, le=10)]
    kind: Literal["distance"] = "distance"
    how: Annotated[str, Field(max_length=2000)]
    centre: Annotated[float, Field(gt=0, le=10)] = DEFAULT_DISTANCE
    steepness: Annotated[float, Field(ge=FLATTEST, le=STEEPEST)] = DEFAULT_STEEPNESS

    def accepts(self, distance: float) -> bool:
        """Tell whether a corrected distance gets a name."""
        return distance <= self.value

    def with_people(self, times: float) -> DistanceThreshold:
        """Return what this distance does in a gallery of ``times`` as many people: a stranger meets them one by one."""
        rates = {name: getattr(self, name) for name in ("fpir", "fpir_low", "fpir_high")}
        return self.model_copy(update={name: 1 - (1 - rate) ** times for name, rate in rates.items() if rate is not None})

    def among(self, before: int, after: int) -> DistanceThreshold:
        """Return what this distance does among so many people after a change, and say in ``how`` that it was measured before."""
        if before == after:
            return self
        return self.with_people(after / before).model_copy(update={"how": f"{self.how.removesuffix(CHANGED).rstrip()} {CHANGED}"})

    def notes_on(self, before: int, after: int) -> tuple[str, ...]:
        """Say what the gallery's growth from so many people to so many does to strangers; nothing where that is not known."""
        if before == after or self.fpir is None:
            return ()
        return (
            _(
                "With {n:,} people about {share} of strangers would get a name, with {n_before:,} it was {share_before}. Train again "
                "to fit the threshold to so many people.",
                n=after,
                share=percent(self.with_people(after / before).fpir or 0),
                n_before=before,
                share_before=percent(self.fpir),
            ),
        )

    def confidence(self, distance: NDArray[Any]) -> NDArray[np.float64]:
        """Return how likely it is that a face at this distance is no stranger, 0 to 1; falls with the distance."""
        return 1 / (1 + np.exp(np.clip(self.steepness * (np.asarray(distance, np.float64) - self.centre), -50, 50)))


def corrected(distances: FloatArray, counts: IntArray) -> FloatArray:
    """Make distances to templates of different numbers of photos comparable.

    The distances are float32 (m, people), or (m,); the counts, int64 (people,) or of the shape of the distances, say of how many photos
    each template was made, 0 where there is none.
    """
    made: FloatArray = np.sqrt(np.maximum(distances**2 - allowance_of(counts), 0)).astype(np.float32)
    return made


def allowance_of(counts: IntArray) -> FloatArray:
    """Return what is taken off squared distances to templates of so many photos, float32 of the same shape."""
    allowance: FloatArray = FEW_PHOTOS / np.maximum(counts, 1).astype(np.float32) ** 2
    return allowance


def uncorrected(distance: float, count: int) -> float:
    """Return the distance to a template of so many photos that `corrected` would turn into this one."""
    return float(np.sqrt(distance**2 + FEW_PHOTOS / max(count, 1) ** 2))
