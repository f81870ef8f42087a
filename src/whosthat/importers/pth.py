"""Read the tensors of a PyTorch checkpoint (.pth) without executing anything in it, and without torch.

A .pth file holds a pickle, and unpickling runs whatever the file asks for. This reader never unpickles: it walks the pickle's operation
codes (`pickletools.genops` only names them), carries out the handful that a dictionary of tensors needs, and refuses anything else. Both
layouts are read: the zip archive of PyTorch 1.6 and later, and the older sequence of pickles. What the tensors mean belongs to networks.
"""

from __future__ import annotations

import io
import math
import pickletools
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from whosthat.errors import WeightsError, system_reason
from whosthat.translation import _

MAX_BYTES = 1024 * 1024 * 1024  # a checkpoint larger than this (1 GiB) is refused

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_STORAGES = {
    "torch FloatStorage": "<f4",
    "torch DoubleStorage": "<f8",
    "torch HalfStorage": "<f2",
    "torch LongStorage": "<i8",
    "torch IntStorage": "<i4",
}
_DICTIONARY = "collections OrderedDict"
_REBUILD = "torch._utils _rebuild_tensor_v2"

Tensors: TypeAlias = dict[str, NDArray[Any]]


class _RefusedError(Exception):
    """Why a file is refused; becomes a `WeightsError` with the path."""


@dataclass(frozen=True)
class _Global:
    name: str


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: str
    count: int


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    axes: tuple[int, ...]  # the axes in the order in which the storage runs through them, slowest first: 0, 1, 2, ... unless transposed


def read_tensors(path: Path) -> Tensors:
    """Read every tensor of a checkpoint saved with ``torch.save(model.state_dict(), path)`` as a read-only array, by its name.

    Raises:
        WeightsError: The file is absent, damaged, too large, or holds anything but a flat dictionary of tensors.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _RefusedError(_("it has more than {max_bytes:,} bytes", max_bytes=MAX_BYTES))
        content = path.read_bytes()
        return _read_zip(content) if content.startswith(b"PK") else _read_sequence(content)
    except OSError as error:
        raise WeightsError("The checkpoint {path} cannot be read: {error}.", path=path, error=system_reason(error)) from error
    except _RefusedError as error:
        raise WeightsError(
            "The checkpoint {path} is refused: {error}. Expected a file saved by torch.save(model.state_dict(), ...).",
            path=path,
            error=error,
        ) from error


def _read_sequence(content: bytes) -> Tensors:
    """The older layout: magic number, protocol, system facts, the dictionary, the storage keys, then each storage's numbers."""
    stream = io.BytesIO(content)
    if _run_pickle(stream) != _MAGIC or _run_pickle(stream) != _PROTOCOL:
        raise _RefusedError(_("it does not begin like a PyTorch checkpoint"))
    system = _run_pickle(stream)
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise _RefusedError(_("it was not written by a little-endian machine"))
    tensors = _only_tensors(_run_pickle(stream))
    keys = _run_pickle(stream)
    storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    if not isinstance(keys, list) or any(key not in storages for key in keys if isinstance(key, str)) or len(keys) != len(storages):
        raise _RefusedError(_("its list of storages does not belong to its tensors"))
    data = {}
    for key in keys:
        storage = storages[key]
        if int.from_bytes(stream.read(8), "little") != storage.count:
            raise _RefusedError(_("storage {key} has another length than its tensors say", key=key))
        data[key] = stream.read(storage.count * np.dtype(storage.dtype).itemsize)
    if stream.read(1):
        raise _RefusedError(_("there are bytes after its end"))
    return _build(tensors, data)


def _read_zip(content: bytes) -> Tensors:
    """The newer layout: ``NAME/data.pkl`` beside ``NAME/data/KEY``, one stored (never compressed) member for each storage."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {entry.filename.partition("/")[2]: entry for entry in archive.infolist()}
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in members.values()):
                raise _RefusedError(_("its archive is compressed, which PyTorch never does"))
            if sum(entry.file_size for entry in members.values()) > len(content):
                raise _RefusedError(_("its archive says it holds more bytes than it has"))

            def member(name: str) -> bytes:
                if name not in members:
                    raise _RefusedError(_("its archive lacks {name!r}", name=name))
                return archive.read(members[name])

            if "byteorder" in members and member("byteorder") != b"little":
                raise _RefusedError(_("it was not written by a little-endian machine"))
            tensors = _only_tensors(_run_pickle(io.BytesIO(member("data.pkl"))))
            return _build(tensors, {tensor.storage.key: member(f"data/{tensor.storage.key}") for tensor in tensors.values()})
    except (zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError) as error:  # the last two: encrypted, odd compression
        raise _RefusedError(_("its archive is damaged ({error})", error=error)) from error


def _only_tensors(value: object) -> dict[str, _Tensor]:
    if not isinstance(value, dict):
        raise _RefusedError(_("its content is not a dictionary of tensors"))
    for name, tensor in value.items():
        if not isinstance(name, str) or not isinstance(tensor, _Tensor):
            raise _RefusedError(_("its entry {name!r:.60} is not a tensor", name=name))
    return value


def _build(tensors: dict[str, _Tensor], data: dict[str, bytes]) -> Tensors:
    built = {}
    for name, tensor in tensors.items():
        storage = tensor.storage
        if len(data[storage.key]) != storage.count * np.dtype(storage.dtype).itemsize:
            raise _RefusedError(_("the numbers of {name!r} are cut off or too many", name=name))
        numbers = np.frombuffer(data[storage.key], storage.dtype)
        size = math.prod(tensor.shape)
        if tensor.offset + size > storage.count:
            raise _RefusedError(_("{name!r} reaches beyond its storage", name=name))
        stored = numbers[tensor.offset : tensor.offset + size].reshape([tensor.shape[axis] for axis in tensor.axes])
        built[name] = stored.transpose(np.argsort(tensor.axes)) if tensor.axes else stored
    return built


def _run_pickle(stream: io.BytesIO) -> Any:
    """Carry out one pickle's operations, as far as they are known; leave ``stream`` after it."""
    machine = _Machine()
    try:
        with warnings.catch_warnings():  # damaged text makes genops warn of escapes in it, as if it were our source
            warnings.simplefilter("ignore")
            for operation, argument, _at in pickletools.genops(stream):
                if operation.name not in _OPERATIONS:
                    raise _RefusedError(_("it asks for the pickle operation {name}, which no state dictionary needs", name=operation.name))
                _OPERATIONS[operation.name](machine, argument)
        (value,) = machine.stack
        return value
    except (ValueError, IndexError, KeyError, TypeError, OverflowError) as error:  # a damaged pickle; nothing of it was run
        raise _RefusedError(_("its pickle is damaged ({error})", error=error)) from error


_MARK = object()


class _Machine:
    """A pickle's stack and memo, with the operations that a state dictionary needs and no others."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def to_mark(self) -> list[Any]:
        """Take everything above the last mark."""
        taken = []
        while (value := self.stack.pop()) is not _MARK:
            taken.append(value)
        return taken[::-1]

    def take_tuple(self, length: int) -> None:
        start = len(self.stack) - length
        if start < 0:
            raise IndexError(_("the stack is empty"))
        self.stack[start:] = [tuple(self.stack[start:])]

    def set_items(self, pairs: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) is not dict:
            raise TypeError(_("items for something that is no dictionary"))
        target.update(zip(pairs[::2], pairs[1::2], strict=True))

    def append_items(self, items: list[Any]) -> None:
        if type(self.stack[-1]) is not list:
            raise TypeError(_("items for something that is no list"))
        self.stack[-1].extend(items)

    def find_global(self, name: str) -> None:
        """Push the name of a class or function, if it is one of the known ones; nothing is imported."""
        if name not in {_DICTIONARY, _REBUILD, *_STORAGES}:
            raise _RefusedError(_("it asks for {name!r:.100}, which no state dictionary needs", name=name.replace(" ", ".")))
        self.stack.append(_Global(name))

    def call(self) -> None:
        """Stand in for the two calls that a state dictionary makes."""
        arguments, function = self.stack.pop(), self.stack.pop()
        if function == _Global(_DICTIONARY) and arguments == ():
            self.stack.append({})
        elif function == _Global(_REBUILD):
            self.stack.append(_tensor(*arguments))
        else:
            raise _RefusedError(_("it calls something in a way that no state dictionary does"))

    def persistent(self) -> None:
        """Turn a storage's description into a `_Storage`."""
        kind, storage, key, _location, count, *_rest = self.stack.pop()
        if kind != "storage" or not isinstance(storage, _Global) or storage.name not in _STORAGES:
            raise _RefusedError(_("it refers to something that is no storage of numbers"))
        if not isinstance(key, str) or not _is_count(count):
            raise _RefusedError(_("a storage's key or length is not valid"))
        self.stack.append(_Storage(key, _STORAGES[storage.name], count))

    def drop_state(self) -> None:
        """Forget the attributes of a dictionary (version notes of each module)."""
        state = self.stack.pop()
        if type(state) is not dict or type(self.stack[-1]) is not dict:
            raise _RefusedError(_("it sets the state of something that is no dictionary"))


def _tensor(storage: object, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_rest: object) -> _Tensor:
    counts = (offset, *shape, *strides)
    if not isinstance(storage, _Storage) or not all(_is_count(value) for value in counts):
        raise _RefusedError(_("a tensor's storage, offset or shape is not valid"))
    if len(shape) != len(strides):
        raise _RefusedError(_("a tensor's shape and strides differ in length"))
    axes = tuple(sorted(range(len(shape)), key=lambda axis: (-strides[axis], axis)))
    for position, axis in enumerate(axes):
        expected = math.prod(shape[faster] for faster in axes[position + 1 :])
        if shape[axis] > 1 and strides[axis] != expected:
            raise _RefusedError(_("a tensor has gaps or overlaps in its storage"))
    return _Tensor(storage, offset, tuple(shape), axes)


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


_PUSH_ARGUMENT = ("BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE", "SHORT_BINUNICODE", "BINFLOAT")
_OPERATIONS: dict[str, Callable[[_Machine, Any], object]] = {
    **dict.fromkeys(("PROTO", "STOP"), lambda machine, _argument: None),
    **dict.fromkeys(_PUSH_ARGUMENT, lambda machine, argument: machine.stack.append(argument)),
    "NONE": lambda machine, _argument: machine.stack.append(None),
    "NEWTRUE": lambda machine, _argument: machine.stack.append(True),
    "NEWFALSE": lambda machine, _argument: machine.stack.append(False),
    "EMPTY_TUPLE": lambda machine, _argument: machine.stack.append(()),
    "EMPTY_LIST": lambda machine, _argument: machine.stack.append([]),
    "EMPTY_DICT": lambda machine, _argument: machine.stack.append({}),
    "MARK": lambda machine, _argument: machine.stack.append(_MARK),
    **dict.fromkeys(("BINPUT", "LONG_BINPUT"), lambda machine, slot: machine.memo.update({slot: machine.stack[-1]})),
    **dict.fromkeys(("BINGET", "LONG_BINGET"), lambda machine, slot: machine.stack.append(machine.memo[slot])),
    "TUPLE": lambda machine, _argument: machine.stack.append(tuple(machine.to_mark())),
    "TUPLE1": lambda machine, _argument: machine.take_tuple(1),
    "TUPLE2": lambda machine, _argument: machine.take_tuple(2),
    "TUPLE3": lambda machine, _argument: machine.take_tuple(3),
    "SETITEM": lambda machine, _argument: machine.set_items([machine.stack.pop(-2), machine.stack.pop()]),
    "SETITEMS": lambda machine, _argument: machine.set_items(machine.to_mark()),
    "APPEND": lambda machine, _argument: machine.append_items([machine.stack.pop()]),
    "APPENDS": lambda machine, _argument: machine.append_items(machine.to_mark()),
    "GLOBAL": _Machine.find_global,
    "REDUCE": lambda machine, _argument: machine.call(),
    "BINPERSID": lambda machine, _argument: machine.persistent(),
    "BUILD": lambda machine, _argument: machine.drop_state(),
}
