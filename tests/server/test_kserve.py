"""The routes of KServe's inference protocol."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

MODEL = "/v2/models/colours"


def body(photo: np.ndarray, **changes: Any) -> dict[str, Any]:
    return {"inputs": [{"name": "photo", "shape": list(photo.shape), "datatype": "UINT8", "data": photo.ravel().tolist(), **changes}]}


def red(count: int = 1) -> np.ndarray:
    return np.tile(np.array([200, 10, 10], np.uint8), (count, 8, 8, 1))


def test_the_server_and_its_models_say_what_they_are(ask: Any) -> None:
    assert ask.get("/v2").json()["extensions"] == ["binary_tensor_data"]
    assert ask.get("/v2/health/live").json() == {"live": True}
    assert ask.get("/v2/health/ready").json() == {"ready": True}
    assert ask.get(f"{MODEL}/ready").json() == {"ready": True}
    facts = ask.get(MODEL).json()
    assert facts["inputs"] == [{"name": "photo", "datatype": "UINT8", "shape": [-1, 8, 8, 3]}]
    assert facts["outputs"] == [{"name": "predictions", "datatype": "FP32", "shape": [-1, 3]}]


def test_the_network_answers_in_json(ask: Any) -> None:
    answer = ask.post(f"{MODEL}/infer", json={"id": "a", **body(red(2))}).json()
    assert (answer["model_name"], answer["id"]) == ("colours", "a")
    (output,) = answer["outputs"]
    assert (output["name"], output["shape"], output["datatype"]) == ("predictions", [2, 3], "FP32")
    assert np.reshape(output["data"], (2, 3)).argmax(axis=1).tolist() == [0, 0]


def test_the_network_answers_the_same_in_binary_data(ask: Any) -> None:
    plain = ask.post(f"{MODEL}/infer", json=body(red())).json()["outputs"][0]["data"]
    numbers = red().tobytes()
    document = body(red(), parameters={"binary_data_size": len(numbers)})
    del document["inputs"][0]["data"]
    head = json.dumps({**document, "parameters": {"binary_data_output": True}}).encode()
    answer = ask.post(f"{MODEL}/infer", content=head + numbers, headers={"Inference-Header-Content-Length": str(len(head))})
    assert answer.headers["content-type"] == "application/octet-stream"
    length = int(answer.headers["Inference-Header-Content-Length"])
    assert json.loads(answer.content[:length])["outputs"][0]["parameters"] == {"binary_data_size": 12}
    assert np.frombuffer(answer.content[length:], "<f4").tolist() == pytest.approx(plain)


@pytest.mark.parametrize(
    ("path", "content", "length", "status"),
    [
        ("/v2/models/nobody/infer", b"{}", None, 404),
        (f"{MODEL}/infer", b"{}", None, 400),
        (f"{MODEL}/infer", b"\xff\xfe", None, 400),
        (f"{MODEL}/infer", b"{}", "-1", 400),
        (f"{MODEL}/infer", b"{}", "9" * 40, 400),
        (f"{MODEL}/infer", b"{}", "100", 400),
    ],
)
def test_what_cannot_be_answered_is_an_error_in_one_sentence(ask: Any, path: str, content: bytes, length: str | None, status: int) -> None:
    headers = {} if length is None else {"Inference-Header-Content-Length": length}
    answer = ask.post(path, content=content, headers=headers)
    assert answer.status_code == status, answer.text
    assert list(answer.json()) == ["error"]
    assert isinstance(answer.json()["error"], str)


def test_a_model_whose_bundle_is_gone_is_not_ready(ask: Any) -> None:
    ask.app.state.service.bundles["colours"].trouble = "gone"
    for path in (f"{MODEL}/ready", "/v2/health/ready"):
        answer = ask.get(path)
        assert (answer.status_code, answer.json()) == (503, {"ready": False})
    assert ask.get("/v2/health/live").status_code == 200


def test_whoever_has_no_token_learns_nothing(ask: Any, colour_photo: Callable[..., bytes]) -> None:
    del ask.headers["authorization"]
    assert {ask.get(path).status_code for path in ("/v2", MODEL, "/metrics", "/v1/people")} == {401}
