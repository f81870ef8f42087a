from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from whosthat.errors import BundleError
from whosthat.recognition import identifier as identifiers
from whosthat.recognition import index as module
from whosthat.recognition.face_threshold import DistanceThreshold
from whosthat.recognition.gallery import Gallery
from whosthat.recognition.identifier import Identifier
from whosthat.recognition.index import Index, build_index, grown, index_of, read_index, search_words

SHA256 = "ab" * 32


@pytest.fixture
def gallery(gallery_of: Callable[..., Gallery]) -> Gallery:
    return gallery_of(n_people=200, each=5)


@pytest.fixture
def faces(gallery_of: Callable[..., Gallery]) -> np.ndarray:
    return gallery_of(n_people=200, each=6).vectors[5::6]


@pytest.fixture
def index(gallery: Gallery) -> Index:
    return build_index(gallery.vectors, gallery.labels)


def found(index: Index, labels: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Whether somebody's photo is among those that are proposed for a face of each person."""
    proposed = index.propose(faces)
    return ((labels[proposed] == np.arange(len(faces))[:, None]) & (proposed >= 0)).any(axis=1)


def test_an_index_proposes_the_photos_of_nearly_everybody_and_says_how_often(index: Index, gallery: Gallery, faces: np.ndarray) -> None:
    assert index.recall >= 0.99
    assert found(index, gallery.labels, faces).mean() >= 0.98
    assert sorted(index.rows.tolist()) == list(range(1000))


@pytest.mark.parametrize("head", ["trimmed-mean", "nearest"])
def test_with_an_index_the_answers_are_those_of_comparing_everybody(head: str, index: Index, gallery: Gallery, faces: np.ndarray) -> None:
    exact = Identifier(gallery, head, DistanceThreshold(value=0.6, how=""), 0.4)
    by_index = replace(exact, index=index)
    reachable = faces[found(index, gallery.labels, faces)]
    ends = np.arange(2, len(reachable) + 1, 2)
    both = [one.decide(reachable).people(ends) for one in (exact, by_index)]
    assert np.mean([one == other for one, other in zip(*both, strict=True)]) >= 0.97
    near = [[likeness.photo for likeness in exact.nearest(face[None])[0]] for face in reachable]
    assert np.mean([own == [one.photo for one in by_index.nearest(face[None])[0]] for own, face in zip(near, reachable, strict=True)]) > 0.9
    apart, who = by_index.nearest_people(reachable)
    same = who == exact.nearest_people(reachable)[1]
    assert same.mean() >= 0.97
    np.testing.assert_allclose(apart[same], exact.nearest_people(reachable)[0][same], rtol=1e-4)


def test_a_face_in_an_empty_corner_is_compared_all_the_same(index: Index, gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    lonely = replace(index, probes=1)
    emptied = lonely._sorted(np.zeros(1000, np.int64), index.rows, index.codes)
    far = np.full((1, 128), -9, np.float32)
    answer = Identifier(gallery, "trimmed-mean", DistanceThreshold(value=0.6, how=""), 0.4, emptied).decide(far)
    assert answer.labels.max() >= 0
    assert answer.people(np.array([1])) == [[None]]
    monkeypatch.setattr(identifiers, "TEMPLATES_KEPT", 0)
    again = Identifier(gallery, "trimmed-mean", DistanceThreshold(value=0.6, how=""), 0.4, emptied).decide(far)
    np.testing.assert_array_equal(again.probabilities, answer.probabilities)


def test_photos_are_added_without_new_centres(gallery: Gallery, faces: np.ndarray) -> None:
    first = gallery.labels < 120
    half = build_index(gallery.vectors[first], gallery.labels[first])
    whole = grown(half, gallery.vectors, gallery.labels)
    assert whole is not None
    assert whole.centres is half.centres
    assert found(whole, gallery.labels, faces)[120:].mean() >= 0.95
    assert sorted(whole.rows.tolist()) == list(range(1000))


def test_a_gallery_that_has_doubled_gets_a_new_index(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAYS_FROM", 100)
    first = gallery.labels < 80
    half = build_index(gallery.vectors[first], gallery.labels[first])
    again = grown(half, gallery.vectors, gallery.labels)
    assert again is not None
    assert (again.built_with, again.centres is half.centres) == (1000, False)


def test_of_somebody_who_is_removed_nothing_stays(index: Index, gallery: Gallery, faces: np.ndarray) -> None:
    gone = np.flatnonzero(gallery.labels == 3)
    left = index.without(gone)
    labels = gallery.labels[gallery.labels != 3]
    assert sorted(left.rows.tolist()) == list(range(995))
    assert found(left, labels, faces)[np.arange(200) != 3].mean() >= 0.98
    codes = {index.codes[np.flatnonzero(index.rows == row)[0]].tobytes() for row in gone}
    assert not codes & {code.tobytes() for code in left.codes}


def test_an_index_comes_back_from_its_file(index: Index, faces: np.ndarray) -> None:
    back = read_index(index.to_bytes(SHA256), SHA256, (1000, 128))
    np.testing.assert_array_equal(back.propose(faces), index.propose(faces))
    assert (back.probes, back.built_with) == (index.probes, 1000)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda index: index.to_bytes("cd" * 32), "does not belong to its gallery"),
        (lambda index: index.to_bytes(SHA256).replace(b'format\\": 1', b'format\\": 2'), "has format 2; this whosthat reads 1"),
        (lambda index: index.to_bytes(SHA256)[:-1], "damaged"),
        (lambda index: b"", "damaged"),
        (lambda index: replace(index, rows=index.rows + 1).to_bytes(SHA256), "do not fit the gallery"),
        (lambda index: replace(index, rows=index.rows * 0).to_bytes(SHA256), "do not fit the gallery"),
        (lambda index: replace(index, rows=index.rows[1:], codes=index.codes[1:]).to_bytes(SHA256), "do not fit the gallery"),
        (lambda index: replace(index, sizes=index.sizes * 2).to_bytes(SHA256), "do not fit the gallery"),
        (lambda index: replace(index, sizes=-index.sizes).to_bytes(SHA256), "do not fit the gallery"),
        (lambda index: replace(index, centres=index.centres * np.float32(np.nan)).to_bytes(SHA256), "do not fit the gallery"),
        (lambda index: replace(index, codes=index.codes[:, :7]).to_bytes(SHA256), "do not fit the gallery"),
        (lambda index: replace(index, probes=10**9).to_bytes(SHA256), "do not fit the gallery"),
    ],
)
def test_an_index_that_does_not_fit_is_refused(index: Index, change: Callable[[Index], bytes], complaint: str) -> None:
    with pytest.raises(BundleError, match=complaint):
        read_index(change(index), SHA256, (1000, 128))


def test_a_small_gallery_has_no_index_and_a_large_one_none_without_faiss(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    assert index_of(gallery.vectors, gallery.labels) is None
    assert search_words(1000, None) == ""
    monkeypatch.setattr(module, "PAYS_FROM", 1000)
    made = index_of(gallery.vectors, gallery.labels)
    assert made is not None
    assert "right person in 100 % of trials" in search_words(1000, made)
    monkeypatch.setattr(module, "available", lambda: False)
    assert index_of(gallery.vectors, gallery.labels) is None
    assert "all 1,000 enrolled photos. The extra whosthat[large]" in search_words(1000, None)


def test_faiss_lives_beside_onnxruntime_and_tensorflow_whichever_comes_first() -> None:
    work = {
        "faiss": "i = faiss.IndexFlatL2(8); i.add(numpy.eye(8, dtype='f')); assert i.search(numpy.eye(8, dtype='f'), 1)[1][7, 0] == 7",
        "onnxruntime": "onnxruntime.get_device()",
        "tensorflow": "assert float(tensorflow.reduce_sum(tensorflow.ones((64, 64)) @ tensorflow.ones((64, 64)))) == 64**3",
    }
    for order in (list(work), list(work)[::-1]):
        program = "\n".join(["import numpy", *(f"import {name}" for name in order), *(work[name] for name in [*order, *order])])
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
