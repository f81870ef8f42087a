"""Face networks that somebody added: what they say of them, and their graphs and descriptions in the weights folder.

What belongs here: the description, its limits, reading it from a TOML file; keeping, listing and removing embedders. What does not:
whether a graph fits its description (`adapting`), names that are taken (`models`).

An embedder NAME is two files: ``embedder-NAME.onnx``, as it came, and ``embedder-NAME.json``, which is written last and removed first: an
embedder whose description is there is there.
"""

from __future__ import annotations

import hashlib
import math
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from whosthat.errors import UsageError, WeightsError, did_you_mean, system_reason
from whosthat.faces.alignment import CropTemplate
from whosthat.faces.embedder import ANY_DETECTOR, EmbedderFacts
from whosthat.faces.weight_files import WeightsFile, read_at_most, store
from whosthat.settings import weights_folder
from whosthat.translation import N_, _

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MAX_FILE_BYTES = 1 << 16  # a description has at most 64 KiB
NAME = re.compile("[a-z0-9][a-z0-9-]{0,49}")  # what the whole of a name has to look like: it becomes part of file names, on every system

_PREFIX = "embedder-"
_MEANINGS = {
    "colours": N_('"rgb" or "bgr"'),
    "mean": N_("what is subtracted from each pixel, such as 127.5, or 0"),
    "scale": N_("what the rest is multiplied by, such as 0.0078125, or 1"),
    "compare": N_('"cosine" or "distance"'),
    "same_person": N_("the smallest cosine, or the largest distance, of two photos of the same person"),
    "points": N_("five pairs of pixels in the crop: eyes, nose, corners of the mouth, from left to right"),
}
_EXPECTED = {
    "string_type": N_("a valid string"),
    "string_too_short": N_("at least 1 character"),
    "string_too_long": N_("at most {max_length} characters"),
    "string_pattern_mismatch": N_("one line without control characters"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), N_("a valid integer")),
    **dict.fromkeys(("float_type", "float_parsing"), N_("a valid number")),
    "finite_number": N_("a finite number"),
    "greater_than_equal": N_("greater than or equal to {ge:.0f}"),
    "less_than_equal": N_("less than or equal to {le:.0f}"),
    "tuple_type": N_("a list of numbers"),
    "missing": N_("a longer list"),
    "too_long": N_("a shorter list"),
}
"""What a value should have been, by pydantic's name for what is wrong with it."""

_Number = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
_Point = tuple[_Number, _Number]
_Line = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")]


class EmbedderDescription(BaseModel):
    """All that is needed to use a face network, besides its graph."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    licence: _Line  # of its weights, best as an SPDX identifier
    source: _Line  # who made it and where it comes from
    dimensions: Annotated[int, Field(ge=2, le=10_000)]  # length of its vectors
    crop_size: Annotated[int, Field(ge=16, le=1024)]  # side of its square crop in pixels
    points: tuple[_Point, _Point, _Point, _Point, _Point]
    """Where the eye on the left, the eye on the right, the nose, the mouth's left and its right corner lie in the crop, as the picture
    shows them, in pixels; whichever detector finds them."""
    points_origin: _Line | None = None  # where these points come from, in one sentence
    colours: Literal["rgb", "bgr"]  # order of the colours that it was trained with
    layout: Literal["nchw", "nhwc"] | None = None  # order of its input's dimensions; None where the graph itself says it
    mean: _Number | tuple[_Number, _Number, _Number]  # subtracted from each pixel (0 to 255): one number, or one for each of ``colours``
    scale: _Number | tuple[_Number, _Number, _Number]  # what is left is multiplied by it
    compare: Literal["cosine", "distance"]  # ``cosine``: its vectors are brought to length one; ``distance``: Euclidean, as they are
    same_person: _Number  # from which cosine on, or up to which distance, two photos show the same person, as its makers say

    @field_validator("name")
    @classmethod
    def _name_is_a_plain_word(cls, name: str) -> str:
        if not NAME.fullmatch(name):
            raise ValueError(_("at most 50 small letters, digits and hyphens, such as my-net"))
        return name

    @field_validator("scale")
    @classmethod
    def _scale_keeps_something(cls, scale: float | tuple[float, float, float]) -> float | tuple[float, float, float]:
        if scale == 0 or (isinstance(scale, tuple) and 0 in scale):
            raise ValueError(_("numbers other than 0"))
        return scale

    @model_validator(mode="after")
    def _numbers_fit(self) -> Self:
        """Refuse points outside the crop or that name left and right from the person's own view, and a limit that cannot be one."""
        left_eye, right_eye, _nose, left_mouth, right_mouth = self.points
        if not all(0 <= value <= self.crop_size for point in self.points for value in point):
            raise ValueError(_('"points" must lie inside the crop, between 0 and {crop_size}.', crop_size=self.crop_size))
        if left_eye[0] >= right_eye[0] or left_mouth[0] >= right_mouth[0]:
            raise ValueError(_('"points" must begin with the eye on the left of the picture, and name the left corner of the mouth first.'))
        if max(left_eye[1], right_eye[1]) >= min(left_mouth[1], right_mouth[1]):
            raise ValueError(
                _('"points" must have the eyes above the mouth: the first number is the distance from the left, the second from the top.')
            )
        if self.compare == "cosine" and not -1 < self.same_person < 1:
            raise ValueError(
                _('"same_person" is a cosine here: expected a number between -1 and 1, got {same_person:g}.', same_person=self.same_person)
            )
        if self.compare == "distance" and self.same_person <= 0:
            raise ValueError(
                _('"same_person" is a distance here: expected a number above 0, got {same_person:g}.', same_person=self.same_person)
            )
        return self

    @property
    def same_person_distance(self) -> float:
        """Up to which Euclidean distance two photos show the same person."""
        return math.sqrt(2 - 2 * self.same_person) if self.compare == "cosine" else self.same_person

    @property
    def facts(self) -> EmbedderFacts:
        """The same, as for every other embedder."""
        origin = self.points_origin or f"As described with {self.name}."  # not translated: caches of faces depend on it
        template = CropTemplate(self.crop_size, self.points, origin)
        return EmbedderFacts(self.name, self.dimensions, {ANY_DETECTOR: template}, self.licence, self.source)


class OwnEmbedder(BaseModel):
    """An embedder that somebody added, as it stands in ``embedder-NAME.json``: its file, and what they said of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: Literal[1] = 1
    bytes: Annotated[int, Field(ge=1)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    description: EmbedderDescription

    @property
    def file(self) -> WeightsFile:
        """The file of its graph."""
        name, licence, source = self.description.name, self.description.licence, self.description.source
        return WeightsFile(name, name, f"{_PREFIX}{name}.onnx", self.bytes, self.sha256, licence, source, own=True)


def read_description(path: Path) -> EmbedderDescription:
    """Read a description that somebody wrote: a TOML file with the attributes of `EmbedderDescription` as keys.

    Raises:
        UsageError: It cannot be read, is no TOML, or says something that cannot be.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE_BYTES + 1)
        if len(text) > MAX_FILE_BYTES:
            raise UsageError("{path} has more than {n} KiB; a description is a few lines of TOML.", path=path, n=MAX_FILE_BYTES // 1024)
        document = tomllib.loads(text.decode("utf-8"))
    except OSError as error:
        raise UsageError("The description {path} cannot be read: {error}.", path=path, error=system_reason(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            'The description {path} is not TOML: {error}. Write lines such as licence = "MIT".', path=path, error=error
        ) from error
    try:
        return EmbedderDescription.model_validate(document)
    except ValidationError as error:
        problems = " ".join(dict.fromkeys(_sentence(problem) for problem in error.errors(include_url=False)))
        raise UsageError("The description {path} cannot be used. {problems}", path=path, problems=problems) from error


def _sentence(problem: ErrorDetails) -> str:
    message = problem["msg"].removeprefix("Value error, ")  # not translated: pydantic's
    if not problem["loc"]:
        return message
    key = str(problem["loc"][0])
    if problem["type"] == "extra_forbidden":
        return _('There is no key "{key}". {choice}', key=key, choice=did_you_mean(key, EmbedderDescription.model_fields))
    if problem["type"] == "missing" and len(problem["loc"]) == 1:
        meaning = _(_MEANINGS[key]) if key in _MEANINGS else _("it is required")
        return _('The key "{key}" is missing: {meaning}.', key=key, meaning=meaning)
    given = repr(problem["input"])
    given = given if len(given) <= 80 else f"{given[:80]}..."
    template = _EXPECTED.get(problem["type"])
    expected = _(template, **problem.get("ctx", {})) if template else message.removeprefix("Input should be ")  # not translated: pydantic's
    return _('"{key}": expected {expected}, got {given}.', key=key, expected=expected, given=given)


def keep_embedder(graph: bytes, description: EmbedderDescription) -> OwnEmbedder:
    """Write a graph and its description into the weights folder.

    Raises:
        WeightsError: Another embedder of this name is there, or nothing can be written. The same one is written again: that fixes it.
    """
    own = OwnEmbedder(bytes=len(graph), sha256=hashlib.sha256(graph).hexdigest(), description=description)
    if description.name in embedder_names() and read_embedder(description.name) != own:
        raise WeightsError(
            "There is another embedder named {name}. Choose another name in the description, or first run: whosthat models remove {name}.",
            name=description.name,
        )
    store(own.file.file, graph)
    store(f"{_PREFIX}{description.name}.json", own.model_dump_json(indent=2).encode("utf-8"))
    return own


def embedder_names() -> list[str]:
    """Return the names of all that were added, in order."""
    names = (path.stem.removeprefix(_PREFIX) for path in weights_folder().glob(f"{_PREFIX}*.json"))
    return sorted(name for name in names if NAME.fullmatch(name))


def own_embedders() -> Mapping[str, OwnEmbedder]:
    """Return the embedders that were added, by name.

    Raises:
        WeightsError: One of the descriptions is damaged.
    """
    return {name: read_embedder(name) for name in embedder_names()}


def read_embedder(name: str) -> OwnEmbedder:
    """Return an embedder that was added.

    Raises:
        WeightsError: Its description is damaged.
    """
    path = weights_folder() / f"{_PREFIX}{name}.json"
    try:
        own = OwnEmbedder.model_validate_json(read_at_most(path, MAX_FILE_BYTES))
    except ValidationError:
        own = None
    if own is None or own.description.name != name:
        raise WeightsError(
            "The description {path} of the embedder {name} is damaged. Remove it (whosthat models remove {name}) and add it again.",
            path=path,
            name=name,
        )
    return own


def remove_embedder(name: str) -> bool:
    """Delete an embedder that was added, and say whether there was one; bundles that were made with it keep their own copy.

    Raises:
        WeightsError: It cannot be deleted.
    """
    there = name in embedder_names()
    for ending in ("json", "onnx") if there else ():
        path = weights_folder() / f"{_PREFIX}{name}.{ending}"
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise WeightsError("{path} cannot be deleted: {error}. Delete it yourself.", path=path, error=system_reason(error)) from error
    return there
