"""HDF5 files: ours whole or not at all; of somebody else's, only numbers that stand in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from whosthat import hdf5


@pytest.fixture
def file(tmp_path: Path) -> Any:
    with h5py.File(tmp_path / "numbers.h5", "w") as opened:
        yield opened


def test_numbers_are_found_below_groups(file: h5py.File) -> None:
    file["a/b"] = np.arange(3)
    assert hdf5.own_numbers(file, "a/b")[:].tolist() == [0, 1, 2]
    assert isinstance(hdf5.own(file, "a"), h5py.Group)


@pytest.mark.parametrize("path", ["soft", "external", "no", "a/no", "group/link", "a/b/c"])
def test_links_and_nothing_are_refused(file: h5py.File, path: str) -> None:
    file["a/b"] = np.arange(3)
    file["soft"] = h5py.SoftLink("/a/b")
    file["external"] = h5py.ExternalLink("other.h5", "/x")
    file["group/link"] = h5py.SoftLink("/a/b")
    with pytest.raises(ValueError, match="is missing or refers to numbers elsewhere"):
        hdf5.own(file, path)


def test_what_is_no_array_of_this_file_is_refused(file: h5py.File, tmp_path: Path) -> None:
    file.create_group("group")
    (tmp_path / "other.bin").write_bytes(bytes(10))
    file.create_dataset("outside", (10,), np.uint8, external=[(str(tmp_path / "other.bin"), 0, 10)])
    layout = h5py.VirtualLayout((3,), np.uint8)
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", (3,))
    file.create_virtual_dataset("virtual", layout)
    for path in ("group", "outside", "virtual"):
        with pytest.raises(ValueError, match="is no array, or refers to numbers elsewhere"):
            hdf5.own_numbers(file, path)


def test_claims_are_not_believed(file: h5py.File) -> None:
    file.create_dataset("claims", (10**9, 224, 224, 3), np.uint8, chunks=(1, 224, 224, 3))
    file.create_dataset("pieces", (2**29,), np.uint8, chunks=(2**29,), compression="gzip", compression_opts=1)[:1] = 1
    with pytest.raises(ValueError, match=r"claims to have 150,528,000,000,000 bytes, but the file holds 0 bytes"):
        hdf5.own_numbers(file, "claims")
    with pytest.raises(ValueError, match="pieces of more than 256 MiB"):
        hdf5.own_numbers(file, "pieces")


def test_what_compresses_well_is_read(file: h5py.File) -> None:
    file.create_dataset("black", data=np.zeros((20, 224, 224, 3), np.uint8), compression="gzip", compression_opts=9)
    assert hdf5.own_numbers(file, "black").shape == (20, 224, 224, 3)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    for number in (1, 2):
        with hdf5.replacing(tmp_path / "numbers.h5") as opened:
            opened["a"] = number
    with pytest.raises(ZeroDivisionError), hdf5.replacing(tmp_path / "numbers.h5") as opened:
        opened["a"] = 1 / 0
    with h5py.File(tmp_path / "numbers.h5") as opened:
        assert opened["a"][()] == 2
    assert [path.name for path in tmp_path.iterdir()] == ["numbers.h5"]
