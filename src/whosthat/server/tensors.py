"""Requests and answers of KServe's inference protocol, version 2: from JSON and bytes to arrays, and back.

What belongs here: what a network takes and gives in the protocol's words, checking a request against it, writing the answer, in JSON and
in the protocol's extension for binary data. What does not: routes (`kserve`), running a network (`whosthat.inference`).

Source: KServe, "Open Inference Protocol (V2)"; Triton, "Binary Tensor Data Extension".
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from whosthat.errors import UsageError
from whosthat.inference.limits import OPEN_SIDE, PICTURES
from whosthat.translation import _

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.inference import Session

DATATYPES: dict[str, tuple[str, np.dtype[Any]]] = {
    "tensor(uint8)": ("UINT8", np.dtype("u1")),
    "tensor(int32)": ("INT32", np.dtype("<i4")),
    "tensor(int64)": ("INT64", np.dtype("<i8")),
    "tensor(float16)": ("FP16", np.dtype("<f2")),
    "tensor(float)": ("FP32", np.dtype("<f4")),
    "tensor(double)": ("FP64", np.dtype("<f8")),
}
"""ONNX Runtime's word for a type, the protocol's, and the bytes of a number in binary data."""

_Name = Annotated[str, Field(max_length=1_000)]
_Open = ConfigDict(extra="ignore")  # the protocol lets clients send more


class _Parameters(BaseModel):
    model_config = ConfigDict(extra="ignore", use_attribute_docstrings=True)
    binary_data_size: Annotated[int | None, Field(strict=True, ge=0)] = None
    """Bytes of this tensor behind the JSON."""
    binary_data: bool | None = None
    binary_data_output: bool | None = None


class InputTensor(BaseModel):
    """One input: its numbers stand in ``data``, nested or flat, or behind the JSON."""

    model_config = _Open
    name: _Name
    shape: Annotated[list[Annotated[int, Field(strict=True, ge=0, lt=1 << 31)]], Field(max_length=8)]
    datatype: Annotated[str, Field(max_length=10)]
    parameters: _Parameters = _Parameters()
    data: list[Any] | None = None


class OutputWish(BaseModel):
    """One output that is wanted."""

    model_config = _Open
    name: _Name
    parameters: _Parameters = _Parameters()


class InferRequest(BaseModel):
    """A request for inference."""

    model_config = _Open
    id: _Name | None = None
    inputs: Annotated[list[InputTensor], Field(max_length=8)]
    outputs: Annotated[list[OutputWish] | None, Field(max_length=8)] = None
    parameters: _Parameters = _Parameters()


class TensorFacts(BaseModel):
    """What a network takes or gives; a side of -1 is the number of pictures, or open."""

    name: str
    datatype: str
    shape: list[int]


class ModelFacts(BaseModel):
    """What a network takes and gives."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorFacts]
    outputs: list[TensorFacts]


@dataclass(frozen=True)
class InferCall:
    """A checked request: the arrays in the order of the network's inputs, and which outputs are wanted, as bytes or as JSON."""

    id: str | None
    arrays: tuple[NDArray[Any], ...]
    outputs: dict[str, bool]


def facts_of(name: str, version: str, network: Session) -> ModelFacts:
    """Say what a network takes and gives."""
    return ModelFacts(
        name=name,
        versions=[version],
        platform="onnxruntime_onnx",  # not translated: the protocol's word
        inputs=_tensors(network.inputs, network.input_types, network.input_shapes),
        outputs=_tensors(network.outputs, network.output_types, network.output_shapes),
    )


def read_request(body: bytes, json_length: int | None, network: Session) -> InferCall:
    """Read a request and hold it against what the network takes.

    Args:
        body: JSON, and behind it the numbers of the inputs that are sent as binary data, in their order.
        json_length: Bytes of the JSON; None when it is the whole body.
        network: The network that answers.

    Raises:
        UsageError: It is no request, or not one that this network can answer.
    """
    if json_length is not None and json_length > len(body):
        raise UsageError("Inference-Header-Content-Length is {length}, but the body has {n} bytes.", length=json_length, n=len(body))
    end = len(body) if json_length is None else json_length
    try:
        request = InferRequest.model_validate_json(body[:end])
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "JSON"  # not translated: a place in a document
        raise UsageError("The request cannot be read: {place}: {reason}.", place=place, reason=first["msg"]) from None
    given = {tensor.name: tensor for tensor in request.inputs}
    if sorted(tensor.name for tensor in request.inputs) != sorted(network.inputs):
        raise UsageError("This network takes {expected}; got {given}.", expected=_names(network.inputs), given=_names(list(given)))
    binary = _binary_parts(request, memoryview(body)[end:])
    arrays = tuple(
        _array(given[name], binary.get(name), kind, shape)
        for name, kind, shape in zip(network.inputs, network.input_types, network.input_shapes, strict=True)
    )
    return InferCall(request.id, arrays, _wanted(request, network))


def write_answer(name: str, version: str, call: InferCall, outputs: Sequence[NDArray[Any]], network: Session) -> tuple[bytes, int | None]:
    """Write the answer: its bytes, and how many of them are JSON where binary data follows, else None.

    Raises UsageError where the network gave numbers that JSON cannot hold.
    """
    tails, documents = [], []
    for output, kind, array in zip(network.outputs, network.output_types, outputs, strict=True):
        if output not in call.outputs:
            continue
        word, number = DATATYPES[kind]
        document: dict[str, Any] = {"name": output, "shape": list(array.shape), "datatype": word}
        if call.outputs[output]:
            tails.append(np.ascontiguousarray(array, number).tobytes())
            document["parameters"] = {"binary_data_size": len(tails[-1])}
        elif not np.isfinite(array).all():
            raise UsageError("The network gave numbers that are not finite, which JSON cannot hold. Ask for binary data.")
        else:
            document["data"] = array.ravel().tolist()
        documents.append(document)
    answer = {"model_name": name, "model_version": version, **({} if call.id is None else {"id": call.id}), "outputs": documents}
    head = json.dumps(answer).encode()
    return b"".join([head, *tails]), len(head) if tails else None


def _tensors(names: Sequence[str], types: Sequence[str], shapes: Sequence[Sequence[int | str | None]]) -> list[TensorFacts]:
    return [
        TensorFacts(name=name, datatype=DATATYPES[kind][0], shape=[side if isinstance(side, int) else -1 for side in shape])
        for name, kind, shape in zip(names, types, shapes, strict=True)
    ]


def _binary_parts(request: InferRequest, rest: memoryview) -> dict[str, memoryview]:
    """Cut what stands behind the JSON into the inputs' parts."""
    parts, start = {}, 0
    for tensor in request.inputs:
        size = tensor.parameters.binary_data_size
        if size is not None:
            parts[tensor.name] = rest[start : start + size]
            start += size
    if start != len(rest):
        raise UsageError("{n} bytes of binary data were announced; got {given}.", n=start, given=len(rest))
    return parts


def _array(tensor: InputTensor, binary: memoryview | None, kind: str, expected: Sequence[int | str | None]) -> NDArray[Any]:
    """Return an input as an array; UsageError where it does not fit."""
    word, number = DATATYPES[kind]
    if tensor.datatype != word:
        raise UsageError("{name} is {expected}; got {given}.", name=tensor.name, expected=word, given=tensor.datatype)
    if not _fits(tensor.shape, expected):
        raise UsageError(
            "{name} has the shape {expected} (at most {pictures} pictures at once); got {given}.",
            name=tensor.name,
            expected=_shape(expected),
            pictures=PICTURES,
            given=_shape(tensor.shape),
        )
    flat = _from_json(tensor, number) if binary is None else _from_bytes(tensor, binary, number)
    if flat.size != math.prod(tensor.shape):
        raise UsageError(
            "{name} has {n} numbers, but its shape says {expected}.", name=tensor.name, n=flat.size, expected=math.prod(tensor.shape)
        )
    if number.kind == "f" and not np.isfinite(flat).all():
        raise UsageError("{name} holds numbers that are not finite.", name=tensor.name)
    return flat.reshape(tensor.shape)


def _fits(shape: Sequence[int], expected: Sequence[int | str | None]) -> bool:
    """Whether a shape is within what `limits.check_graph` has reckoned with."""
    if len(shape) != len(expected):
        return False
    most = [PICTURES, *[OPEN_SIDE] * (len(shape) - 1)]
    return all(
        given == side if isinstance(side, int) else 0 < given <= limit for given, side, limit in zip(shape, expected, most, strict=True)
    )


def _from_json(tensor: InputTensor, number: np.dtype[Any]) -> NDArray[Any]:
    if tensor.data is None:
        raise UsageError("{name} has neither data nor binary data.", name=tensor.name)
    try:
        values = np.asarray(tensor.data).ravel()
    except (ValueError, OverflowError):
        values = np.empty(0, object)
    kinds, limits = ("iuf", None) if number.kind == "f" else ("iu", np.iinfo(number))
    if values.dtype.kind not in kinds or (limits and values.size and (values.min() < limits.min or values.max() > limits.max)):
        raise UsageError("{name} is to hold numbers of the type {expected}.", name=tensor.name, expected=tensor.datatype)
    with np.errstate(over="ignore"):  # what becomes infinite is refused
        return values.astype(number)


def _from_bytes(tensor: InputTensor, binary: memoryview, number: np.dtype[Any]) -> NDArray[Any]:
    if len(binary) % number.itemsize:
        raise UsageError("{name}: {n} bytes are no whole numbers of {size} bytes.", name=tensor.name, n=len(binary), size=number.itemsize)
    return np.frombuffer(binary, number)


def _wanted(request: InferRequest, network: Session) -> dict[str, bool]:
    """Return the outputs that are wanted, and whether as bytes."""
    all_binary = bool(request.parameters.binary_data_output)
    if request.outputs is None:
        return dict.fromkeys(network.outputs, all_binary)
    wishes = {wish.name: all_binary if wish.parameters.binary_data is None else wish.parameters.binary_data for wish in request.outputs}
    if unknown := sorted(set(wishes) - set(network.outputs)):
        raise UsageError("This network gives {expected}; got {given}.", expected=_names(network.outputs), given=_names(unknown))
    return wishes


def _names(names: Sequence[str]) -> str:
    return _(", ").join(name[:100] for name in names) or _("nothing")


def _shape(shape: Sequence[int | str | None]) -> str:
    return f"[{', '.join(str(side) if isinstance(side, int) else '-1' for side in shape)}]"
