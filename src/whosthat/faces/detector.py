"""What every face detector offers, and which of several boxes are kept that mean the same face.

What belongs here: the protocol and non-maximum suppression. What does not: a detector's own way (`mtcnn`, `yunet`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.types import Face, Image


class Detector(Protocol):
    """Finds faces; may be asked by several threads at once."""

    name: str  # a word for reports and bundles; its landmarks sit where this detector puts them, so a crop template belongs to it
    licence: str  # licence of its weights
    sure: float  # a score that upright faces mostly reach, and faces in photos that lie on their side or upside down mostly do not
    likely: float  # a score that hardly anything but a face reaches, in whichever way it is looked for

    def detect(self, image: Image, *, smallest: float = 20.0, lenient: bool = False) -> list[Face]:
        """Find all faces of an upright photo, RGB uint8 (height, width, 3), surest first.

        Args:
            image: The photo.
            smallest: Side of the smallest face worth finding, in pixels; a larger value is faster.
            lenient: Take what is less sure as well; for a photo that is known to hold a face.
        """


def suppress(boxes: NDArray[np.floating[Any]], scores: NDArray[np.floating[Any]], limit: float) -> NDArray[np.intp]:
    """Keep the surest of boxes that lie over each other (greedy non-maximum suppression); return their indices, surest first.

    Args:
        boxes: (n, 4): left, top, right, bottom.
        scores: (n,): how sure each is; any numbers.
        limit: Largest overlap, as a share of the union, that two kept boxes may have, 0 to 1.
    """
    import cv2

    if not len(boxes):
        return np.empty(0, np.intp)
    order = np.argsort(-scores, kind="stable")
    places: Any = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1, dtype=np.float64)[order]
    ranks: Any = np.arange(len(order), 0, -1, dtype=np.float32)  # OpenCV wants scores above zero
    return order[cv2.dnn.NMSBoxes(places, ranks, 0.0, limit)]


def keep_outer(boxes: NDArray[np.floating[Any]], scores: NDArray[np.floating[Any]], limit: float) -> NDArray[np.intp]:
    """Keep the surest of boxes that lie over or inside each other: as `suppress`, but the overlap is a share of the smaller box."""
    order = np.argsort(-scores, kind="stable")
    kept = []
    while order.size:
        best, rest = order[0], order[1:]
        kept.append(best)
        smaller = np.minimum(_areas(boxes[rest]), _areas(boxes[best]))
        order = rest[_common(boxes[rest], boxes[best]) <= limit * smaller]
    return np.array(kept, dtype=np.intp)


def overlaps(boxes: NDArray[np.floating[Any]], box: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Return the overlap of boxes (n, 4) with one box (4,), as a share of the union, 0 to 1: (n,)."""
    common = _common(boxes, box)
    shares: NDArray[np.floating[Any]] = common / (_areas(boxes) + _areas(box) - common)
    return shares


def _common(boxes: NDArray[np.floating[Any]], box: NDArray[np.floating[Any]]) -> Any:
    """Return the area that boxes share with one box."""
    sides = np.minimum(boxes[:, 2:], box[2:]) - np.maximum(boxes[:, :2], box[:2])
    return np.maximum(sides, 0).prod(axis=1)


def _areas(boxes: NDArray[np.floating[Any]]) -> Any:
    return (boxes[..., 2:] - boxes[..., :2]).prod(axis=-1)
