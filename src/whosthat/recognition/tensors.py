"""Arrays of a safetensors file where they lie, in memory or in a mapped file: nothing is copied.

What belongs here: reading the header of a hostile file. The library would copy every array, which for a large gallery are gigabytes. What
does not: what the arrays mean (`gallery`, `index`).
"""

from __future__ import annotations

import json
import math
import mmap
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Content: TypeAlias = bytes | mmap.mmap

OWN_HEADER_BYTES, MAX_HEADER_BYTES = 1 << 20, 64 << 20
"""A header longer than the first, as an older whosthat wrote, is first checked by the library; none is longer than the second."""

_DTYPES: Mapping[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "I64": np.dtype("<i8"), "U8": np.dtype("u1")}


def read_tensors(content: Content) -> tuple[dict[str, NDArray[Any]], Mapping[str, str]]:
    """Return the arrays by name, which cannot be written to, and what is said about them; ValueError where the file is damaged.

    Source: the format as the library's own documentation defines it: eight bytes with the length of a JSON header, the header, the arrays.
    """
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > min(MAX_HEADER_BYTES, len(content) - 8):
        raise ValueError("its header is cut off")  # not translated: told as damage
    if length > OWN_HEADER_BYTES:
        _check_by_library(content)
    header = json.loads(content[8 : 8 + length])
    told = header.pop("__metadata__", {})
    if not all(isinstance(one, str) for one in told.values()):
        raise ValueError("its header says no text")  # not translated: told as damage
    return {name: _array(content, 8 + length, facts) for name, facts in header.items()}, told


def _check_by_library(content: Content) -> None:
    """Refuse a header that is something else than text and arrays: lists of lists take twenty times their length in memory."""
    from safetensors import SafetensorError, deserialize

    try:
        deserialize(bytes(content))  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def _array(content: Content, begin: int, facts: Mapping[str, Any]) -> NDArray[Any]:
    dtype, shape, (start, end) = _DTYPES[facts["dtype"]], tuple(int(n) for n in facts["shape"]), facts["data_offsets"]
    count = math.prod(shape)
    if min(shape, default=0) < 0 or not 0 <= start <= end <= len(content) - begin or end - start != count * dtype.itemsize:
        raise ValueError("an array lies beyond its end")  # not translated: told as damage
    array: NDArray[Any] = np.frombuffer(content, dtype, count, begin + start) if count else np.empty(0, dtype)
    return array.reshape(shape)


def let_go(array: NDArray[Any]) -> None:
    """Let the system take back the memory of what was read of an array that lies in a mapped file; of any other, nothing happens."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    mapped = base.obj if isinstance(base, memoryview) else base
    if isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
