"""The threshold on distances: from where on a face is "unknown", and the confidence that follows from a distance.

What belongs here: the threshold of recognisers that go by distance, and the confidence that follows from a distance.
What does not: fitting it (`distance_fitting`), distances themselves (`heads`), thresholds on probabilities (`threshold`).

Every distance here is first made comparable (`corrected`): templates of one or two photos lie farther from everybody. All numbers
are on the scale of `faces.embedder.SAME_PERSON`, to which the vectors of every embedder are brought; they were measured with dlib's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from whosthat.recognition.threshold import with_present_names

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.types import FloatArray, IntArray

DEFAULT_DISTANCE = 0.5
"""A face this near to somebody's template mostly shows them. dlib's own limit is 0.6 between two single photos, which one pair of different
people in a hundred does not reach; comparing with an average of several photos shortens distances by a tenth and more."""

FEW_PHOTOS = 0.06
"""A template of n photos: this share, divided by n squared, is taken off its squared distances. Measured: where 1 % of strangers
come nearest to one of the enrolled people, 0.56 for one photo each, 0.51 for two, 0.50 for three and more."""

STEEPEST, FLATTEST = 100.0, 20.0
DEFAULT_STEEPNESS = 60.0
"""How fast confidence falls with the distance: distances of the same person scatter around 0.34, those to the nearest other
person around 0.63, both by about 0.07."""

_Rate = Annotated[float, Field(ge=0, le=1)]


class DistanceThreshold(BaseModel):
    """The largest distance that gets a name, and what it does to strangers and to known people.

    Attributes:
        value: Comparable distance to the person's template; equal is near enough.
        kind: What is compared: ``distance``.
        how: How it was found and what to expect of it, in whole sentences.
        fpir: Share of strangers that is expected to get a name; None in recognisers of old, where it was not known.
        fpir_low: Lower end of its 95 % interval for a set of new strangers; None likewise.
        fpir_high: Upper end.
        n_strangers: How many faces of strangers, or of known people who played them, it was fitted on.
        fnir: Of the test photos of known people, the share that does not get its own name (false negative identification rate); None
            without test photos.
        centre: Distance at which a known person and a stranger are equally likely, were there as many of both.
        steepness: How fast confidence falls around it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    value: Annotated[float, Field(gt=0, le=10)]
    kind: Literal["distance"] = "distance"
    how: Annotated[str, Field(max_length=2000)]
    fpir: _Rate | None = None
    fpir_low: _Rate | None = None
    fpir_high: _Rate | None = None
    n_strangers: Annotated[int, Field(ge=0)] = 0
    fnir: _Rate | None = None
    centre: Annotated[float, Field(gt=0, le=10)] = DEFAULT_DISTANCE
    steepness: Annotated[float, Field(ge=FLATTEST, le=STEEPEST)] = DEFAULT_STEEPNESS

    _older = model_validator(mode="before")(with_present_names)

    def accepts(self, distance: float) -> bool:
        """Tell whether a corrected distance gets a name."""
        return distance <= self.value

    def confidence(self, distance: NDArray[Any]) -> NDArray[np.float64]:
        """Return how likely it is that a face at this distance is no stranger, 0 to 1; falls with the distance."""
        return 1 / (1 + np.exp(np.clip(self.steepness * (np.asarray(distance, np.float64) - self.centre), -50, 50)))


def corrected(distances: FloatArray, counts: IntArray) -> FloatArray:
    """Make distances to templates of different numbers of photos comparable.

    Args:
        distances: float32 (m, people), or (m,).
        counts: int64 (people,) or of the shape of ``distances``: photos that each template was made of; 0 where there is none.
    """
    allowance = FEW_PHOTOS / np.maximum(counts, 1).astype(np.float32) ** 2
    return np.sqrt(np.maximum(distances**2 - allowance, 0)).astype(np.float32)


def uncorrected(distance: float, count: int) -> float:
    """Return the distance to a template of so many photos that `corrected` would turn into this one."""
    return float(np.sqrt(distance**2 + FEW_PHOTOS / max(count, 1) ** 2))
