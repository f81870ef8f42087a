"""Face networks that somebody added: their graphs and descriptions in the weights folder.

What belongs here: keeping, listing and removing them. What does not: whether a graph fits its description (`adapting`), names that are
taken (`models`).

An embedder NAME is two files: ``embedder-NAME.onnx``, as it came, and ``embedder-NAME.json``, which is written last and removed first: an
embedder whose description is there is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from whosthat.errors import WeightsError
from whosthat.faces.description import MAX_FILE_BYTES, NAME, EmbedderDescription
from whosthat.faces.weight_files import WeightsFile, read_at_most, store
from whosthat.settings import weights_folder

_PREFIX = "embedder-"


class _Record(BaseModel):
    """What stands in ``embedder-NAME.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: Literal[1] = 1
    bytes: Annotated[int, Field(ge=1)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    description: EmbedderDescription


@dataclass(frozen=True)
class OwnEmbedder:
    """An embedder that somebody added: what they said of it, and its file."""

    description: EmbedderDescription
    file: WeightsFile


def keep_embedder(graph: bytes, description: EmbedderDescription) -> OwnEmbedder:
    """Write a graph and its description into the weights folder.

    Raises:
        WeightsError: Another embedder of this name is there, or nothing can be written. The same one is written again: that fixes it.
    """
    record = _Record(bytes=len(graph), sha256=hashlib.sha256(graph).hexdigest(), description=description)
    own = _own(record)
    if description.name in embedder_names() and read_embedder(description.name) != own:
        raise WeightsError(
            f"There is another embedder named {description.name}. Choose another name in the description, or first run: whosthat models "
            f"remove {description.name}."
        )
    store(own.file.file, graph)
    store(f"{_PREFIX}{description.name}.json", record.model_dump_json(indent=2).encode("utf-8"))
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
        record = _Record.model_validate_json(read_at_most(path, MAX_FILE_BYTES))
    except ValidationError:
        record = None
    if record is None or record.description.name != name:
        raise WeightsError(
            f"The description {path} of the embedder {name} is damaged. Remove it (whosthat models remove {name}) and add it again."
        )
    return _own(record)


def remove_embedder(name: str) -> bool:
    """Delete an embedder that was added; bundles that were made with it keep their own copy.

    Returns:
        Whether there was one.

    Raises:
        WeightsError: It cannot be deleted.
    """
    there = name in embedder_names()
    for ending in ("json", "onnx") if there else ():
        path = weights_folder() / f"{_PREFIX}{name}.{ending}"
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise WeightsError(f"{path} cannot be deleted: {error.strerror or error}. Delete it yourself.") from error
    return there


def _own(record: _Record) -> OwnEmbedder:
    description = record.description
    file = WeightsFile(
        name=description.name,
        part_of=description.name,
        file=f"{_PREFIX}{description.name}.onnx",
        bytes=record.bytes,
        sha256=record.sha256,
        licence=description.licence,
        source=description.source,
        own=True,
    )
    return OwnEmbedder(description, file)
