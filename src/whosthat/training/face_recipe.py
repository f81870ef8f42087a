"""The recipe of the face route: it learns in one step, so there is little to set.

What belongs here: the settings and their limits. What does not: acting on them (`whosthat.workflow.train_faces`).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from whosthat.training.recipe_base import BaseRecipe

FACES = "faces"
"""What the face route is called wherever a model is named."""


class FaceRecipe(BaseRecipe):
    """How faces are found and named.

    Attributes:
        model: Always ``faces``.
        detector: Which detector finds faces: ``mtcnn``, ``yunet``, or ``auto`` for YuNet where its file is present.
        embedder: Which network turns faces into vectors: ``dlib-resnet``, ``sface`` where its file is present, or one that was added
            (``whosthat models list``).
        head: Which head names: ``auto`` chooses by cross-validation.
        keep_suspects: Learn also from photos that most probably show another person than their folder says.
        stranger_rate: Share of strangers that may be named, by which the threshold is chosen.
    """

    model: Literal["faces"] = "faces"
    detector: Literal["auto", "mtcnn", "yunet"] = "auto"
    embedder: str = Field(default="dlib-resnet", min_length=1, max_length=50)
    head: Literal["auto", "trimmed-mean", "nearest", "logistic"] = "auto"
    keep_suspects: bool = False
    stranger_rate: float = Field(default=0.01, gt=0, lt=0.5)
