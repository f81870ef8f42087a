"""What all recipes share, whatever they train: the model's name, the seed, the split; and being written as TOML.

What belongs here: the shared settings, and the face route's, which learns in one step, so that there is little to set. What does not:
those of networks (`recipe`), or reading files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator

from whosthat.training.recipe_sections import Settings


class BaseRecipe(Settings):
    """What every recipe says.

    Attributes:
        model: What is trained.
        seed: Decides all that chance decides.
        split: Training, validation and test shares, as in ``"8:1:1"``.
        pictures_per_class: At most so many photos of each class are used; absent for all.
        keep_test_out: Save the very recogniser that was tested. Otherwise the saved one learns from the test photos as well, once
            the test is done, and can then not be tested on them again.
    """

    model: str = Field(min_length=1)
    seed: int = Field(default=0, ge=0, lt=2**32)
    split: str = "8:1:1"
    pictures_per_class: int | None = Field(default=None, ge=1)
    keep_test_out: bool = False

    @field_validator("split")
    @classmethod
    def _three_shares(cls, text: str) -> str:
        """Refuse a split that is not three numbers above 0."""
        _ratios(text)
        return text

    @property
    def ratios(self) -> tuple[float, float, float]:
        """Training, validation and test shares as numbers.

        Example:
            >>> BaseRecipe(model="cnn6", split="7:1.5:1.5").ratios
            (7.0, 1.5, 1.5)
        """
        return _ratios(self.split)

    def key(self) -> str:
        """Return 16 hexadecimal digits that change with every setting."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]

    def to_toml(self) -> str:
        """Return the recipe as TOML, complete: `recipe.read_recipe` gives an equal recipe back."""
        return to_toml(self.model_dump(mode="json", exclude_none=True))


def to_toml(settings: Mapping[str, Any]) -> str:
    """Write flat sections as TOML: plain keys first, then one table for each mapping.

    Example:
        >>> print(to_toml({"epochs": 2, "schedule": {"name": "step"}}), end="")
        epochs = 2
        <BLANKLINE>
        [schedule]
        name = "step"
    """
    plain = {key: value for key, value in settings.items() if not isinstance(value, Mapping)}
    tables = {key: value for key, value in settings.items() if isinstance(value, Mapping) and value}
    blocks = [_lines(plain)] + [f"[{name}]\n{_lines(table)}" for name, table in tables.items()]
    return "\n".join(block for block in blocks if block)


def _lines(values: Mapping[str, Any]) -> str:
    return "".join(f"{key} = {_toml_value(value)}\n" for key, value in values.items())


def _toml_value(value: Any) -> str:
    """Write one value; TOML's strings, numbers, booleans and arrays are JSON's, but for the delete character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _ratios(text: str) -> tuple[float, float, float]:
    """Read ``"8:1:1"``."""
    try:
        shares = tuple(float(part) for part in text.split(":"))
    except ValueError:
        shares = ()
    if len(shares) != 3 or not all(0 < share < 1e9 for share in shares):
        raise ValueError('three numbers above 0 for training, validation and test, such as "8:1:1"')
    return shares


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
