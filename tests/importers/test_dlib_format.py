from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.errors import WeightsError
from whosthat.faces.weight_files import read_weights
from whosthat.importers.dlib_format import Convolution, Dense, read_network


@pytest.fixture(scope="module")
def data() -> bytes:
    return read_weights("dlib-resnet")


def test_the_whole_network_is_read(data: bytes) -> None:
    network = read_network(data)
    assert network.size == 150
    assert network.means == pytest.approx((122.782, 117.001, 104.298))
    assert sum(isinstance(layer, Convolution) for layer in network.layers) == 29
    assert isinstance(network.layers[-1], Dense)
    assert network.layers[-1].weights.shape == (256, 128)
    assert all(
        np.isfinite(array).all()
        for layer in network.layers
        if not isinstance(layer, str)
        for array in vars(layer).values()
        if isinstance(array, np.ndarray)
    )


@pytest.mark.parametrize("length", [0, 1, 2, 40, 500, 1000, 100_000, 5_000_000])
def test_a_file_that_is_cut_short_is_refused(data: bytes, length: int) -> None:
    with pytest.raises(WeightsError, match="not dlib's face network"):
        read_network(data[:length])


@given(place=st.integers(0, 3000), byte=st.integers(0, 255))
def test_a_changed_byte_is_read_or_refused_but_never_runs_away(data: bytes, place: int, byte: int) -> None:
    start = data[:3000]
    with pytest.raises(WeightsError):  # cut short at the latest
        read_network(start[:place] + bytes([byte]) + start[place + 1 :])


def test_an_impossible_array_is_refused_before_memory_is_asked_for(data: bytes) -> None:
    layer = data.index(b"con_4")
    huge = bytes([1, 2]) + bytes([4, 255, 255, 255, 127]) * 4
    with pytest.raises(WeightsError, match="impossible size"):
        read_network(data[: layer + 5] + huge)
