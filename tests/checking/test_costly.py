from __future__ import annotations

import numpy as np
import pytest

from whosthat.checking import costly as module
from whosthat.checking.costly import Answered, find_costly, lost_to
from whosthat.recognition.heads import compared, folds_of, held_out_distances

LIMIT, DIMENSIONS = 0.45, 64


def people(counts: list[int], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw people 0.65 apart whose photos lie 0.3 from them; embeddings and labels."""
    chance = np.random.default_rng(seed)
    centres = np.linalg.qr(chance.normal(size=(DIMENSIONS, len(counts))))[0].T * 0.65 / np.sqrt(2)
    labels = np.repeat(np.arange(len(counts)), counts)
    return (centres[labels] + 0.3 * chance.normal(size=(len(labels), DIMENSIONS)) / np.sqrt(DIMENSIONS)).astype(np.float32), labels


def found(vectors: np.ndarray, labels: np.ndarray, groups: np.ndarray | None = None) -> list[tuple[set[int], int]]:
    return [(set(one.rows), one.lost) for one in find_costly(answered(vectors, labels, groups))]


def answered(vectors: np.ndarray, labels: np.ndarray, groups: np.ndarray | None = None) -> Answered:
    groups = np.arange(len(labels)) if groups is None else groups
    return Answered.of(vectors, labels, groups, compared(vectors, labels, groups, int(labels.max()) + 1), LIMIT)


def n_right(vectors: np.ndarray, labels: np.ndarray, folds: np.ndarray, asked: np.ndarray) -> int:
    """Ask some photos in the plainest way: the template of their own person without their fold, those of the others whole."""
    from whosthat.recognition.face_threshold import corrected
    from whosthat.recognition.heads import templates_of

    n_people = int(labels.max()) + 1
    own = corrected(*held_out_distances(vectors, labels, folds, n_people))
    templates, counts = templates_of(vectors, labels, n_people), np.bincount(labels, minlength=n_people)
    right = 0
    for row in np.flatnonzero(asked):
        others = corrected(np.linalg.norm(templates - vectors[row], axis=1), counts)
        others[labels[row]] = np.inf
        right += bool(own[row] <= LIMIT and own[row] <= others.min())
    return right


def test_photos_of_somebody_else_cost_the_answers_that_leaving_them_out_gives_back() -> None:
    vectors, labels = people([3, 8, 8])
    labels[[11, 12]] = 0  # two photos of the last person lie with the first, who has three
    first, *rest = found(vectors, labels)
    folds, kept = folds_of(labels, np.arange(len(labels))), np.ones(len(labels), bool)
    kept[list(first[0])] = False
    gained = n_right(vectors[kept], labels[kept], folds[kept], np.ones(kept.sum(), bool)) - n_right(vectors, labels, folds, kept)
    assert first[1] == gained >= 2
    assert first[0] == {11, 12}
    assert rest == []


@pytest.mark.parametrize("seed", range(8))
def test_what_photos_cost_is_what_a_plain_loop_counts(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FEWEST_LOST", -99)
    chance = np.random.default_rng(seed)
    vectors, labels = people([3, 4, 5, 6, 7, 3], seed)
    mixed = chance.permutation(len(labels))[:8]
    labels[mixed] = chance.permutation(labels[mixed])
    groups = np.arange(len(labels)) // 2 * 2 if seed % 2 else np.arange(len(labels))
    folds, told = folds_of(labels, groups), found(vectors, labels, groups)
    assert told
    for rows, lost in told:
        kept = np.ones(len(labels), bool)
        kept[list(rows)] = False
        assert lost == n_right(vectors[kept], labels[kept], folds[kept], np.ones(kept.sum(), bool)) - n_right(vectors, labels, folds, kept)


def test_single_photos_are_asked_about_too_even_the_only_one_of_somebody() -> None:
    vectors, labels = people([4, 4, 4, 1])
    vectors[12] = vectors[:4].mean(axis=0) + 0.02  # nearer to the first one's photos than their template is
    labels[[3, 7]] = labels[[7, 3]]
    folds, rows = folds_of(labels, np.arange(13)), (3, 7, 0, 12)
    for row, lost in zip(rows, lost_to(answered(vectors, labels), [np.array([row]) for row in rows]), strict=True):
        kept = np.arange(13) != row
        before = n_right(vectors, labels, folds, kept)
        assert lost == n_right(vectors[kept], labels[kept], folds[kept], np.ones(12, bool)) - before, row
    assert lost > 0


def test_people_whose_photos_are_all_their_own_cost_nothing() -> None:
    assert found(*people([3, 8, 20, 2, 1])) == []


def test_copies_of_a_wrong_photo_go_with_it() -> None:
    vectors, labels = people([3, 8, 8])
    wrong = np.array([11, 12])  # a photo of the last person and its copy, in the first one's folder
    vectors[12], labels[wrong] = vectors[11], 0
    groups = np.arange(len(labels))
    groups[12] = 11
    assert found(vectors, labels, groups)[0][0] == {11, 12}


def test_nobody_is_left_with_a_single_photo() -> None:
    vectors, labels = people([2, 2, 6])
    labels[4] = 0
    for rows, _lost in found(vectors, labels):
        assert ((labels == labels[min(rows)]).sum() - len(rows)) >= 2


def test_with_more_sets_than_fit_at_once_the_answers_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FEWEST_LOST", -99)
    vectors, labels = people([4] * 12, 3)
    labels[::5] = np.roll(labels[::5], 1)
    at_once = found(vectors, labels)
    monkeypatch.setattr(
        module,
        "_without",
        lambda asked, tried, _all=module._without: (part for one in tried for part in _all(asked, [one])),
    )
    assert found(vectors, labels) == at_once
    assert len(at_once) > 3
