from __future__ import annotations

import numpy as np
import pytest

from whosthat.recognition import distances as module
from whosthat.recognition.distances import Points, blocks, distances
from whosthat.recognition.face_threshold import corrected


@pytest.fixture
def points() -> np.ndarray:
    """Many people's points, which share a large part, as those of some networks do."""
    generator = np.random.default_rng(0)
    return (50 + generator.normal(size=(300, 16)) / 4).astype(np.float32)


def test_distances_are_euclidean() -> None:
    generator = np.random.default_rng(0)
    one, other = generator.normal(size=(4, 7)).astype(np.float32), generator.normal(size=(3, 7)).astype(np.float32)
    np.testing.assert_allclose(distances(one, other), np.linalg.norm(one[:, None] - other, axis=2), rtol=1e-5)
    assert np.isinf(distances(one, np.full((1, 7), np.inf, np.float32))).all()


def test_little_is_lost_to_rounding_where_all_numbers_share_a_large_part(points: np.ndarray) -> None:
    exact = np.linalg.norm(points[:40, None].astype(np.float64) - points, axis=2)
    np.testing.assert_allclose(distances(points[:40], points)[exact > 0], exact[exact > 0], rtol=1e-5)


def test_the_nearest_are_exact_and_in_order_however_many_blocks_there_are(points: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 1000)
    faces = points[:40] + np.float32(0.01)
    exact = np.linalg.norm(faces[:, None].astype(np.float64) - points, axis=2)
    rows, apart = Points(points).nearest(faces, 3)
    assert (rows == np.argsort(exact, axis=1)[:, :3]).all()
    np.testing.assert_allclose(apart, np.sort(exact, axis=1)[:, :3], atol=1e-5)
    assert Points(points).nearest(points[:1], 1)[1] == 0
    assert Points(points[:2]).nearest(faces, 3)[0].shape == (40, 2)


def test_the_nearest_template_is_that_of_a_plain_table(points: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 1000)
    counts = np.arange(300) % 4
    templates = np.where((counts > 0)[:, None], points, np.float32(np.inf))
    table = corrected(distances(points, templates), counts)
    apart, rows = Points(templates).nearest_template(points, counts)
    assert (rows == table.argmin(axis=1)).all()
    np.testing.assert_allclose(apart, table.min(axis=1), rtol=1e-4)
    table[np.arange(300), np.arange(300)] = np.inf
    assert (Points(templates).nearest_template(points, counts, besides=np.arange(300))[1] == table.argmin(axis=1)).all()


def test_blocks_cover_every_row_once() -> None:
    assert [row for block in blocks(10, module.BLOCK // 3) for row in range(10)[block]] == list(range(10))
    assert list(blocks(2, 2 * module.BLOCK)) == [slice(0, 1), slice(1, 2)]
