"""What every test shares: private places for caches, and the real photos when they are there."""

from __future__ import annotations

import importlib.util
import itertools
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis
import numpy as np
import pytest

from whosthat.evaluation.metrics import Evaluation, evaluate
from whosthat.evaluation.outcomes import answer_of
from whosthat.recognition.ranking import sighting_of

hypothesis.settings.register_profile("house", deadline=None)  # a busy machine is no bug
hypothesis.settings.register_profile("same", deadline=None, derandomize=True)  # a gate tells the same of the same code each time
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # so a shell starts what runs in its background
    signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED = Path(os.environ.get("WHOSTHAT_SHARED", Path(__file__).resolve().parents[2] / "shared"))


MAY_BE_SKIPPED = ("nothing is read-only to this user", "this file system")
"""Reasons that root or another system gives; under WHOSTHAT_NO_SKIPS every other skip fails, because it is a thing not installed."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Count a skip as a failure where everything that the tests want should be there."""
    report = yield
    if report.skipped and os.environ.get("WHOSTHAT_NO_SKIPS") and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2]
        if not any(allowed in reason for allowed in MAY_BE_SKIPPED):
            report.outcome, report.longrepr = "failed", f"{item.nodeid} must not be skipped here. {reason}"
    return report


@pytest.fixture(autouse=True)
def private_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test's caches and weights inside its own folder."""
    monkeypatch.setenv("WHOSTHAT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("WHOSTHAT_WEIGHTS", str(tmp_path / "weights"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real photos; skips with a reason where it is absent."""
    folder = SHARED / "data"
    if not folder.is_dir():
        if os.environ.get("WHOSTHAT_REQUIRE_REAL"):
            pytest.fail(f"the real photos are required here, and absent ({folder})")
        pytest.skip(f"the real photos are not here ({folder})")
    return folder


class Killed(BaseException):
    """What SIGKILL does, without ending the tests."""


CHANGES = ("link", "symlink", "rename", "replace", "unlink", "rmdir", "fsync")
BEGINNINGS = ("open", "mkdir")
"""Dying there leaves what dying at the change before left."""


@pytest.fixture
def killed_at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AbstractContextManager[list[str]]]:
    """Let a block die at its n-th system call of some kind; whatever tidies up then changes nothing on the disk any more.

    The list that it gives holds the call at which it died, and is empty when the block came to its end.
    """

    @contextmanager
    def killing(nth: int, *calls: str) -> Iterator[list[str]]:
        died: list[str] = []
        counter = itertools.count(1)

        def deadly(name: str) -> Callable[..., object]:
            real = getattr(os, name)

            def call(*arguments: object, **options: object) -> object:
                if not died and name in (calls or CHANGES) and next(counter) == nth:
                    died.append(name)
                if died:
                    raise Killed
                return real(*arguments, **options)

            return call

        with monkeypatch.context() as patch, suppress(Killed):
            for name in (*CHANGES, *BEGINNINGS):
                patch.setattr(os, name, deadly(name))
            yield died

    return killing


def colour_graph(size: int = 8, n_classes: int = 3) -> bytes:
    """Return a network small enough to understand: mean colour -> softmax. A red photo is class 0, a green one 1, a blue one 2."""
    from onnx import TensorProto, helper, numpy_helper

    photo = helper.make_tensor_value_info("photo", TensorProto.UINT8, ["b", size, size, 3])
    predictions = helper.make_tensor_value_info("predictions", TensorProto.FLOAT, ["b", n_classes])
    weights = numpy_helper.from_array(np.eye(3, n_classes, dtype=np.float32) / 51, "weights")
    nodes = [
        helper.make_node("Cast", ["photo"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["pixels"], ["colour"], axes=[1, 2], keepdims=0),
        helper.make_node("MatMul", ["colour", "weights"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["predictions"], axis=1),
    ]
    graph = helper.make_graph(nodes, "colours", [photo], [predictions], [weights])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


@pytest.fixture
def graph_of_colours() -> Callable[..., bytes]:
    """`colour_graph`, for tests that need a strange one."""
    return colour_graph


@pytest.fixture
def save_colours() -> Callable[..., Path]:
    """Save a bundle whose classes are red, green and blue; keywords change its facts, ``graph`` its network."""

    def save(folder: Path, *, graph: bytes | None = None, **changes: object) -> Path:
        import numpy as np

        from whosthat.recognition.bundle import BundleFacts, save_bundle

        facts = {"network": "colours", "labels": ("red", "green", "blue"), "prepare": {"size": 8, "fit": "stretch"}, **changes}
        weights = {"weights": np.eye(3, dtype=np.float32)}
        save_bundle(folder, BundleFacts.model_validate(facts), graph=graph or colour_graph(), weights=weights)
        return folder

    return save


@pytest.fixture(scope="session")
def foreign() -> ModuleType:
    """The module `faces/foreign.py`, loaded once: stand-ins for face networks of others."""
    return _module("faces/foreign.py")


@pytest.fixture(scope="session")
def old_keras() -> ModuleType:
    """The module `networks/old_keras.py`, loaded once: a weights file of Keras 2."""
    return _module("networks/old_keras.py")


def _module(path: str) -> ModuleType:
    file = Path(__file__).parent / path
    spec = importlib.util.spec_from_file_location(f"whosthat_{file.stem}", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def judged() -> Callable[..., Evaluation]:
    """Judge rows of probabilities as if a network had answered whole photos: every answer from the threshold on is a name."""

    def build(probabilities: Any, truth: Any, labels: Sequence[str], paths: Sequence[str], threshold: float = 0.0) -> Evaluation:
        answers = []
        for row, (shares, label) in enumerate(zip(np.asarray(probabilities, float), truth, strict=True)):
            best = int(shares.argmax())
            person = best if shares[best] >= threshold else None
            answers.append(answer_of(row, paths[row], labels[label], [sighting_of(labels, shares, person)], labels))
        return evaluate(answers, labels)

    return build
