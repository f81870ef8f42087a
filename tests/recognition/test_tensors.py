from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import save

from whosthat.recognition.tensors import read_tensors

ARRAYS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array([7], np.int64), "none": np.empty((0, 4), np.uint8)}


def with_header(header: object, rest: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + rest


def test_what_the_library_writes_is_read_where_it_lies() -> None:
    content = save(ARRAYS, {"said": "so"})
    arrays, told = read_tensors(content)
    assert told == {"said": "so"}
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
    assert not arrays["a"].flags.owndata


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"1234567",
        (1 << 40).to_bytes(8, "little") + b"{}",
        with_header({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, b"1234567"),
        with_header({"a": {"dtype": "F32", "shape": [2], "data_offsets": [-8, 0]}}, b"12345678"),
        with_header({"a": {"dtype": "F32", "shape": [1 << 62, 4], "data_offsets": [0, 0]}}, b"12345678"),
        with_header({"a": {"dtype": "F32", "shape": [-1, -2], "data_offsets": [0, 8]}}, b"12345678"),
        with_header({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0]}}, b"12345678"),
        with_header({"a": {"dtype": "O", "shape": [1], "data_offsets": [0, 8]}}, b"12345678"),
        with_header({"__metadata__": {"a": [1]}}),
        with_header([]),
    ],
)
def test_what_leads_beyond_the_file_is_refused(content: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        read_tensors(content)
