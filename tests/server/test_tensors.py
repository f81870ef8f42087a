"""From requests of KServe's protocol to arrays, and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from whosthat.errors import UsageError
from whosthat.inference import Session, open_session
from whosthat.server.tensors import facts_of, read_request, write_answer


@pytest.fixture
def network(graph_of_colours: Callable[..., bytes]) -> Session:
    return open_session(graph_of_colours(2))


def body(**changes: Any) -> bytes:
    tensor = {"name": "photo", "shape": [1, 2, 2, 3], "datatype": "UINT8", "data": list(range(12)), **changes}
    return json.dumps({"id": "7", "inputs": [{name: value for name, value in tensor.items() if value is not None}]}).encode()


def binary(numbers: bytes, announced: int | None = None, **more: Any) -> tuple[bytes, int]:
    size = len(numbers) if announced is None else announced
    tensor = {"name": "photo", "shape": [1, 2, 2, 3], "datatype": "UINT8", "parameters": {"binary_data_size": size}}
    head = json.dumps({"inputs": [tensor], **more}).encode()
    return head + numbers, len(head)


def test_the_facts_are_those_of_the_graph(network: Session) -> None:
    assert facts_of("colours", "abc", network).model_dump() == {
        "name": "colours",
        "versions": ["abc"],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": "photo", "datatype": "UINT8", "shape": [-1, 2, 2, 3]}],
        "outputs": [{"name": "predictions", "datatype": "FP32", "shape": [-1, 3]}],
    }


@pytest.mark.parametrize("data", [list(range(12)), np.arange(12).reshape(1, 2, 2, 3).tolist()], ids=["flat", "nested"])
def test_numbers_in_json_become_an_array(network: Session, data: list[Any]) -> None:
    asked = read_request(body(data=data), None, network)
    assert asked.id == "7"
    assert asked.arrays[0].dtype == np.uint8
    assert np.array_equal(asked.arrays[0], np.arange(12).reshape(1, 2, 2, 3))


def test_binary_numbers_become_the_same_array(network: Session) -> None:
    content, length = binary(bytes(range(12)))
    assert np.array_equal(read_request(content, length, network).arrays[0], np.arange(12).reshape(1, 2, 2, 3))


def test_the_answer_is_what_the_network_gives(network: Session) -> None:
    asked = read_request(body(), None, network)
    outputs = network.run(*asked.arrays)
    content, length = write_answer("colours", "1", asked, outputs, network)
    assert length is None
    answer = json.loads(content)
    assert (answer["model_name"], answer["model_version"], answer["id"]) == ("colours", "1", "7")
    assert answer["outputs"] == [{"name": "predictions", "shape": [1, 3], "datatype": "FP32", "data": outputs[0].ravel().tolist()}]


@pytest.mark.parametrize(
    "wish",
    [{"parameters": {"binary_data_output": True}}, {"outputs": [{"name": "predictions", "parameters": {"binary_data": True}}]}],
    ids=["all", "one"],
)
def test_a_binary_answer_holds_the_same_numbers_behind_its_json(network: Session, wish: dict[str, Any]) -> None:
    asked = read_request(*binary(bytes(12), **wish), network)
    outputs = network.run(*asked.arrays)
    content, length = write_answer("colours", "1", asked, outputs, network)
    assert length is not None
    assert json.loads(content[:length])["outputs"] == [
        {"name": "predictions", "shape": [1, 3], "datatype": "FP32", "parameters": {"binary_data_size": 12}}
    ]
    assert np.array_equal(np.frombuffer(content[length:], "<f4"), outputs[0].ravel())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
        (b"{}", "inputs: Field required"),
        (body(name="picture"), "takes photo; got picture"),
        (body(datatype="FP32"), "is UINT8; got FP32"),
        (body(shape=[1, 4, 3]), r"has the shape \[-1, 2, 2, 3\]"),
        (body(shape=[17, 2, 2, 3]), "at most 16 pictures"),
        (body(shape=[0, 2, 2, 3], data=[]), "has the shape"),
        (body(shape=[True, 2, 2, 3]), "shape.0"),
        (body(data=[1, 2]), "has 2 numbers, but its shape says 12"),
        (body(data=None), "neither data nor binary data"),
        (body(data=[256] * 12), "numbers of the type UINT8"),
        (body(data=[-1] * 12), "numbers of the type UINT8"),
        (body(data=[1.5] * 12), "numbers of the type UINT8"),
        (body(data=["a"] * 12), "numbers of the type UINT8"),
        (body(data=[[1], [2, 3]]), "numbers of the type UINT8"),
        (body(data=[10**400] * 12), "numbers of the type UINT8"),
        (body(data=[None] * 12), "numbers of the type UINT8"),
    ],
)
def test_what_the_network_cannot_answer_is_refused(network: Session, content: bytes, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        read_request(content, None, network)


@pytest.mark.parametrize(
    ("content", "length", "sentence"),
    [
        (*binary(bytes(11)), "has 11 numbers"),
        (*binary(bytes(13)), "has 13 numbers"),
        (*binary(bytes(11), 12), "12 bytes of binary data were announced; got 11"),
        (binary(bytes(12))[0], 10_000, "Content-Length is 10000"),
    ],
)
def test_binary_data_of_another_length_is_refused(network: Session, content: bytes, length: int, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        read_request(content, length, network)


def test_an_output_that_is_not_there_is_refused(network: Session) -> None:
    with pytest.raises(UsageError, match="gives predictions; got scores"):
        read_request(*binary(bytes(12), outputs=[{"name": "scores"}]), network)


def test_numbers_that_json_cannot_hold_are_not_sent_in_json(network: Session) -> None:
    asked = read_request(body(), None, network)
    with pytest.raises(UsageError, match="Ask for binary data"):
        write_answer("colours", "1", asked, [np.array([[np.nan, 0, 1]], np.float32)], network)
