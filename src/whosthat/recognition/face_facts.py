"""What ``bundle.json`` says about faces: how they are found and cut out, and of a face recogniser how they are named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from whosthat.faces.alignment import CropTemplate

_Pixels = Annotated[float, Field(ge=-10_000, le=10_000)]
_Point = tuple[_Pixels, _Pixels]


class CropFacts(BaseModel):
    """How faces are found and cut out.

    The ``detector_files`` are named as in `faces.weight_files.FILES`; in the bundle they are ``NAME.onnx``. A crop is ``crop_size`` pixels
    wide, its five landmarks lie at ``crop_points``, and ``crop_origin`` says where these points come from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    detector: Annotated[str, Field(max_length=100)]
    detector_files: Annotated[tuple[Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")], ...], Field(min_length=1, max_length=10)]
    crop_size: Annotated[int, Field(ge=8, le=4096)]
    crop_points: tuple[_Point, _Point, _Point, _Point, _Point]
    crop_origin: Annotated[str, Field(max_length=500)] = ""

    @classmethod
    def with_template(cls, template: CropTemplate, **others: object) -> Self:
        """Make the facts from a crop template and everything else."""
        crop = {"crop_size": template.size, "crop_points": template.points, "crop_origin": template.origin}
        return cls.model_validate({**crop, **others})

    @property
    def template(self) -> CropTemplate:
        """The crop template."""
        return CropTemplate(self.crop_size, self.crop_points, self.crop_origin)


class FaceFacts(CropFacts):
    """How faces are found, cut out, embedded (the embedder's graph is the bundle's) and named; ``n_enrolled`` counts photos.

    ``looks`` is that of `faces.embedder.EmbedderFacts`; bundles that do not say it were made with two.
    """

    embedder: Annotated[str, Field(max_length=100)]
    dimensions: Annotated[int, Field(ge=1, le=10_000)]
    looks: Literal[1, 2] = 2
    head: Literal["trimmed-mean", "nearest", "logistic"]
    n_enrolled: Annotated[int, Field(ge=0)]


def as_bundle_files(detector_files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the weights of a detector by their file names in a bundle."""
    return {f"{name}.onnx": content for name, content in detector_files.items()}
