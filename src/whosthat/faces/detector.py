"""What every face detector offers, and what two of them share.

What belongs here: the protocol and the suppression of boxes that mean the same face. What does not: a detector's own way (`mtcnn`,
`yunet`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.types import Face, Image


class Detector(Protocol):
    """Finds faces; may be asked by several threads at once.

    Attributes:
        name: A word for reports and bundles; its landmarks sit where this detector puts them, so a crop template belongs to it.
        licence: Licence of its weights.
    """

    name: str
    licence: str

    def detect(self, image: Image, *, smallest: float = 20.0, lenient: bool = False) -> list[Face]:
        """Find all faces.

        Args:
            image: Upright RGB, uint8 (height, width, 3).
            smallest: Side of the smallest face worth finding, in pixels; a larger value is faster.
            lenient: Take what is less sure as well; for a photo that is known to hold a face.

        Returns:
            The faces, surest first.
        """


def suppress(
    boxes: NDArray[np.floating[Any]], scores: NDArray[np.floating[Any]], limit: float, *, of_smaller: bool = False
) -> NDArray[np.intp]:
    """Keep the surest of boxes that lie over each other (greedy non-maximum suppression).

    Args:
        boxes: (n, 4): left, top, right, bottom.
        scores: (n,): how sure each is.
        limit: Largest overlap that two kept boxes may have, 0 to 1.
        of_smaller: Measure the overlap as a share of the smaller box instead of the union: this finds a box inside another.

    Returns:
        Indices of the kept boxes, surest first.
    """
    order = np.argsort(-scores, kind="stable")
    left, top, right, bottom = boxes.T
    area = (right - left) * (bottom - top)
    kept = []
    while order.size:
        best, rest = order[0], order[1:]
        kept.append(best)
        width = np.minimum(right[best], right[rest]) - np.maximum(left[best], left[rest])
        height = np.minimum(bottom[best], bottom[rest]) - np.maximum(top[best], top[rest])
        common = np.maximum(width, 0) * np.maximum(height, 0)
        whole = np.minimum(area[best], area[rest]) if of_smaller else area[best] + area[rest] - common
        order = rest[common <= limit * whole]
    return np.array(kept, dtype=np.intp)
