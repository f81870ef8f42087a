"""How near strangers come: what is known of a face network before anybody's own photos are looked at.

A formula carries the numbers of each network over to a gallery of any number of people and photos. What a user's own photos say stands
in `distance_fitting`.

Measured on photos of Labeled Faces in the Wild, with two looks at each face: 1,500 strangers against templates of 158 other people.
One look of reid-0095 is brought to the same scale (`faces.models.REID`); genuine distances are then 1.5 % larger. They are a starting
point, not the truth for anybody's photos: relatives, children, and people who are rare among those that a network learnt from, lie nearer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from whosthat.recognition.face_threshold import corrected

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.types import IntArray

SHARES = np.array([1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 5e-2, 0.5])
"""Of all pairs of a stranger's photo and somebody else's template, the shares whose distances the tables give."""

MOST_PHOTOS = 10
"""Templates of more photos lie as those of this many."""

UNKNOWN_SCATTER = 0.06
"""What `Measured.scatter` is taken to be for a network that was never measured: a guess on the careful side."""

STEP, STRAY = 0.02, 1e-4
"""How finely `Impostors.crowding` looks, and how likely a distance is taken to be that fits neither of its two bells."""

FALL, LEAST_SCATTER = 0.3, 0.015
"""Galleries of n people scatter by so much less, n to the power of -0.3 (measured for 1 to 60), but photos of another kind do not."""


class Measured(NamedTuple):
    """A network's numbers, on the scale of `faces.embedder.SAME_PERSON`."""

    impostors: Mapping[int, tuple[float, ...]]
    """Distances that the shares `SHARES` of strangers do not exceed, by the number of photos in the template."""
    genuine: Mapping[int, float]
    """Distance that half of a person's other photos do not exceed, likewise; templates of 5 and more are alike."""
    genuine_spread: float
    """One standard deviation of the distances between two photos of one person."""
    scatter: float
    """How far distances to a single other person lie from these numbers: of dlib's network as among people of LFW; of reid-0095 more,
    because celebrities' photos lay 0.025 nearer throughout."""
    groups: float
    """Distance, on average over their photos, that one pair in 1,000 of different people does not exceed: of 75 with 4 photos or more."""


NETWORKS: Mapping[str, Measured] = {
    "dlib-resnet": Measured(
        {
            1: (0.4171, 0.4396, 0.4660, 0.4948, 0.5295, 0.5626, 0.6013, 0.6600, 0.8072),
            2: (0.4004, 0.4184, 0.4441, 0.4720, 0.5031, 0.5351, 0.5716, 0.6294, 0.7790),
            3: (0.3933, 0.4127, 0.4345, 0.4612, 0.4925, 0.5251, 0.5620, 0.6197, 0.7689),
            5: (0.3876, 0.4050, 0.4314, 0.4580, 0.4879, 0.5185, 0.5549, 0.6118, 0.7610),
            10: (0.3837, 0.3973, 0.4251, 0.4545, 0.4825, 0.5137, 0.5493, 0.6062, 0.7551),
        },
        {1: 0.4173, 2: 0.3616, 3: 0.3393, 5: 0.3203},
        0.0776,
        0.032,
        0.613,
    ),
    "reid-0095": Measured(
        {
            1: (0.5453, 0.5631, 0.5926, 0.6138, 0.6357, 0.6583, 0.6848, 0.7211, 0.7893),
            2: (0.5155, 0.5410, 0.5641, 0.5837, 0.6067, 0.6284, 0.6537, 0.6891, 0.7574),
            3: (0.5114, 0.5306, 0.5535, 0.5742, 0.5959, 0.6176, 0.6429, 0.6783, 0.7468),
            5: (0.5038, 0.5227, 0.5480, 0.5666, 0.5881, 0.6102, 0.6349, 0.6698, 0.7380),
            10: (0.5004, 0.5185, 0.5424, 0.5622, 0.5816, 0.6039, 0.6286, 0.6637, 0.7311),
        },
        {1: 0.4301, 2: 0.3729, 3: 0.3496, 5: 0.3311},
        0.081,
        0.045,
        0.667,
    ),
}
NEAREST = "dlib-resnet"
"""Of the networks that were measured, the one whose strangers come nearest: the careful choice for all others."""


class Impostors:
    """What is known of a network, by the name of the embedder; one that was never measured is taken for `NEAREST`, but trusted less."""

    def __init__(self, network: str) -> None:
        self.network = network
        self.measured = network in NETWORKS
        self._numbers = NETWORKS[network if self.measured else NEAREST]

    def scatter(self, n_people: int) -> float:
        """Return how far, on the scale of distances, those to so many enrolled people may lie from these numbers."""
        single = self._numbers.scatter if self.measured else UNKNOWN_SCATTER
        return max(single * math.pow(n_people, -FALL), LEAST_SCATTER)

    def expected(self, distances: NDArray[Any], counts: IntArray) -> NDArray[np.float64]:
        """Return to how many of the enrolled people a stranger's face is so near, on average.

        For comparable distances of any shape, and the number of photos in each template, int64 (people,), it is float64 of the same
        shape: x, when a share of 1 - exp(-x) of all strangers is so near to somebody.
        """
        total = np.zeros(np.shape(distances))
        for photos, people in enumerate(np.bincount(np.minimum(counts, MOST_PHOTOS))):
            if photos and people:
                total += people * np.logaddexp(0, self._log_odds(np.asarray(distances, np.float64), photos))
        return total

    def nearer_than(self, shares: NDArray[Any]) -> NDArray[np.float64]:
        """Return the distances that such shares of all pairs of single photos of different people do not exceed, of the same shape."""
        alone = self._numbers.impostors[1]
        distances: NDArray[np.float64] = np.interp(np.log(shares), np.log(SHARES), alone)
        return distances

    @property
    def between_groups(self) -> float:
        """How far the photos of two people are apart on average, at least, for all but one pair of people in 1,000."""
        return self._numbers.groups

    def crowding(self, between: NDArray[Any]) -> float:
        """Return by which factor faces without names lie nearer to each other than the network's do: 1, or less.

        Faces of people who are rare among those that a network learnt from crowd together, those of one person and of two: 22 people from
        East Asia by 0.76 with dlib's network. The distances between all of them, of any shape, are pairs of one person and pairs of two,
        nobody knows which: two bells, as they were measured, shrunk by one factor, of which the likeliest is taken, less one `STEP`. Where
        pairs of two people would then be as near as those of one person usually are, the faces are rather of one person, and it is 1.
        """
        same, (edge, middle) = self._numbers.genuine[1], self._numbers.impostors[1][-2:]
        counts, edges = np.histogram(between, 120, (0.0, 1.4))
        factors = np.arange(1.1, (same + 2 * self._numbers.genuine_spread) / middle, -STEP)[:, None]

        def bell(center: float, width: float) -> NDArray[np.float64]:
            away: NDArray[np.float64] = ((edges[1:] + edges[:-1]) / 2 / factors - center) / width
            return np.exp(-(away**2) / 2) / (width * factors)

        one, two = bell(same, self._numbers.genuine_spread), bell(middle, (middle - edge) / 1.645)
        shares = np.concatenate([[0], np.geomspace(0.002, 1, 18)])
        likely = np.max([np.log(share * one + (1 - share) * two + STRAY) @ counts for share in shares], axis=0)
        best = int(likely.argmax())
        return 1.0 if best == len(factors) - 1 else min(1.0, float(factors[max(best - 1, 0), 0]))

    def genuine(self, counts: IntArray) -> float:
        """Return how far, comparably, half of the enrolled people's other photos lie from their templates."""
        sizes = np.array(list(self._numbers.genuine))
        halves = corrected(np.array(list(self._numbers.genuine.values()), np.float32), sizes)
        return float(np.interp(counts, sizes, halves).mean())

    def _log_odds(self, distances: NDArray[np.float64], photos: int) -> NDArray[np.float64]:
        """Return log(share / (1 - share)): between the distances that were measured, and beyond them, a line."""
        sizes = np.array(list(self._numbers.impostors))
        rows = np.array(list(self._numbers.impostors.values()))
        row = [np.interp(np.log(photos), np.log(sizes), column) for column in rows.T]
        measured = corrected(np.array(row, np.float32), np.array(photos)).astype(np.float64)
        odds = np.log(SHARES / (1 - SHARES))
        slopes = np.diff(odds) / np.diff(measured)
        inside = np.interp(distances, measured, odds)
        below, above = np.minimum(distances - measured[0], 0), np.maximum(distances - measured[-1], 0)
        line: NDArray[np.float64] = inside + slopes[0] * below + slopes[-1] * above
        return line
