"""The reader of PyTorch checkpoints: right on what torch writes, and deaf to everything else."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
from collections import OrderedDict
from contextlib import suppress
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whosthat.errors import WeightsError
from whosthat.importers.pth import read_tensors

MAGIC = 0x1950A86A20F9469CFC6C


class Call:
    """Pickles as a call of ``function``, which is written by name only."""

    def __init__(self, name, *arguments):
        self.name, self.arguments = name, arguments

    def __reduce__(self):
        return Named(self.name), self.arguments


class Named:
    """A global by name, for a pickler that writes it without importing it."""

    def __init__(self, name):
        self.name = name

    def __call__(self):
        """Picklers want the function of a call to be callable."""


class Stored:
    def __init__(self, key, count, kind="FloatStorage"):
        self.key, self.count, self.kind = key, count, kind


class Pickler(pickle._Pickler):
    """Writes what torch.save writes, without torch."""

    def persistent_id(self, value):
        if isinstance(value, Stored):
            return ("storage", Named(f"torch {value.kind}"), value.key, "cpu", value.count, None)
        return None

    def save_named(self, value):
        self.write(b"c" + value.name.replace(" ", "\n").encode() + b"\n")

    dispatch: ClassVar = {**pickle._Pickler.dispatch, Named: save_named}


def pickled(value):
    stream = io.BytesIO()
    Pickler(stream, 2).dump(value)
    return stream.getvalue()


def tensor(key, shape, *, offset=0, strides=None, count=None, kind="FloatStorage"):
    size = int(np.prod(shape))
    if strides is None:
        strides = tuple(int(np.prod(shape[axis + 1 :])) for axis in range(len(shape)))
    stored = Stored(key, size if count is None else count, kind)
    return Call("torch._utils _rebuild_tensor_v2", stored, offset, shape, strides, False, OrderedDict())


def sequence(state, data, *, keys=None):
    """The older layout."""
    parts = [
        pickled(MAGIC),
        pickled(1001),
        pickled({"little_endian": True}),
        pickled(state),
        pickled(sorted(data) if keys is None else keys),
    ]
    for key in sorted(data):
        parts.append(struct.pack("<q", data[key].size) + data[key].tobytes())
    return b"".join(parts)


def archive(state, data, compression=zipfile.ZIP_STORED):
    """The newer layout."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as writer:
        writer.writestr("model/data.pkl", pickled(state))
        writer.writestr("model/byteorder", "little")
        for key, array in data.items():
            writer.writestr(f"model/data/{key}", array.tobytes())
    return stream.getvalue()


NUMBERS = np.arange(12, dtype=np.float32)


@pytest.fixture
def read(tmp_path):
    def read_bytes(content):
        path = tmp_path / "checkpoint.pth"
        path.write_bytes(content)
        return read_tensors(path)

    return read_bytes


@pytest.mark.parametrize("layout", [sequence, archive])
def test_tensors_come_back(read, layout):
    state = {
        "rows": tensor("0", (3, 4)),
        "turned": tensor("0", (4, 3), strides=(1, 4), count=12),
        "part": tensor("0", (2,), offset=5, count=12),
        "count": tensor("1", (), kind="LongStorage"),
    }
    tensors = read(layout(state, {"0": NUMBERS, "1": np.array([7])}))
    np.testing.assert_array_equal(tensors["rows"], NUMBERS.reshape(3, 4))
    np.testing.assert_array_equal(tensors["turned"], NUMBERS.reshape(3, 4).T)
    np.testing.assert_array_equal(tensors["part"], [5, 6])
    assert tensors["count"] == 7
    assert not tensors["rows"].flags.writeable


@pytest.mark.parametrize("layout", [sequence, archive])
@pytest.mark.parametrize("function", ["os system", "posix system", "builtins eval", "torch load"])
def test_checkpoint_that_calls_anything_else_is_refused_and_nothing_runs(read, tmp_path, layout, function):
    trace = tmp_path / "executed"
    with pytest.raises(WeightsError, match=f"asks for '{function.replace(' ', '.')}'"):
        read(layout({"a": Call(function, f"touch {trace}")}, {}))
    assert not trace.exists()


def test_real_pickle_of_os_system_is_refused(read):
    class Hostile:
        def __reduce__(self):
            return os.system, ("exit 1",)

    with pytest.raises(WeightsError, match="which no state dictionary needs"):
        read(pickle.dumps(MAGIC, 2) + pickle.dumps(1001, 2) + pickle.dumps(Hostile(), 4))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "its pickle is damaged"),
        (b"a text file", "its pickle is damaged"),
        (pickled(5), "does not begin like"),
        (sequence(5, {}), "not a dictionary of tensors"),
        (sequence({"a": 5}, {}), "its entry 'a' is not a tensor"),
        (sequence({"a": tensor("0", (13,))}, {"0": NUMBERS}), "another length"),
        (sequence({"a": tensor("0", (13,), count=12)}, {"0": NUMBERS}), "reaches beyond its storage"),
        (sequence({"a": tensor("0", (4,), offset=9, count=12)}, {"0": NUMBERS}), "reaches beyond its storage"),
        (sequence({"a": tensor("0", (10**9, 10**9), strides=(0, 0), count=12)}, {"0": NUMBERS}), "gaps or overlaps"),
        (sequence({"a": tensor("0", (12,), offset=-1, count=12)}, {"0": NUMBERS}), "not valid"),
        (sequence({"a": tensor("0", (12,), strides=(1, 1), count=12)}, {"0": NUMBERS}), "differ in length"),
        (sequence({"a": tensor("0", (12,), kind="ObjectStorage")}, {"0": NUMBERS}), "asks for 'torch.ObjectStorage'"),
        (sequence({"a": tensor("0", (12,))}, {"0": NUMBERS}, keys=["1"]), "list of storages"),
        (sequence({"a": tensor("0", (12,))}, {"0": NUMBERS}) + b"more", "bytes after its end"),
        (sequence({"a": tensor("0", (12,))}, {"0": NUMBERS})[:-1], "cut off"),
        (archive({"a": tensor("0", (12,))}, {}), "its archive lacks 'data/0'"),
        (archive({"a": tensor("0", (12,))}, {"0": NUMBERS[:5]}), "cut off or too many"),
        (archive({"a": tensor("0", (12,))}, {"0": NUMBERS}, zipfile.ZIP_DEFLATED), "is compressed"),
        (archive({"a": tensor("0", (12,))}, {"0": NUMBERS})[:-30], "archive is damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",  # archives hold the time: two processes would not agree on names
)
def test_file_that_lies_is_refused(read, content, message):
    with pytest.raises(WeightsError, match=message):
        read(content)


def test_absent_file_is_refused(tmp_path):
    with pytest.raises(WeightsError, match="cannot be read"):
        read_tensors(tmp_path / "absent.pth")


@given(position=st.integers(0), byte=st.integers(0, 255), cut=st.integers(0))
@settings(max_examples=150, deadline=None)
def test_damage_anywhere_is_read_or_refused_but_never_crashes(tmp_path_factory, position, byte, cut):
    content = bytearray(sequence({"a": tensor("0", (3, 4)), "b": tensor("0", (12,))}, {"0": NUMBERS}))
    content[position % len(content)] = byte
    path = tmp_path_factory.mktemp("damaged") / "checkpoint.pth"
    path.write_bytes(bytes(content[: len(content) - cut % len(content)]))
    with suppress(WeightsError):
        read_tensors(path)
