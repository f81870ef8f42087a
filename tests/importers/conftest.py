from __future__ import annotations

import pytest

from whosthat.faces.models import dlib_graph


@pytest.fixture(scope="session")
def dlib_onnx() -> bytes:
    return dlib_graph()
