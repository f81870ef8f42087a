import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.errors import DatasetError
from whosthat.evaluation.metrics import FEW_CLASSES, MOST_CLASSES, N_BINS, Evaluation, evaluate, matrix_of
from whosthat.proportions import wilson_interval

LABELS = ("ann", "bo", "čeněk", "大卫")


def random_test(seed: int, n: int, n_classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    return generator.dirichlet(np.ones(n_classes), size=n), generator.integers(0, n_classes, size=n)


@pytest.fixture(scope="module")
def tested(judged) -> Callable[..., Evaluation]:
    def build(seed: int = 0, n: int = 60, threshold: float = 0.0) -> Evaluation:
        return judged(*random_test(seed, n), LABELS, [f"{row}.jpg" for row in range(n)], threshold)

    return build


def test_every_figure_agrees_with_scikit_learn(tested):
    from sklearn import metrics as theirs

    probabilities, truth = random_test(3, 200)
    ours = tested(3, 200)
    said = probabilities.argmax(axis=1)
    precision, recall, f1, n = theirs.precision_recall_fscore_support(truth, said, zero_division=0)
    assert ours.accuracy == ours.closed_set == pytest.approx(theirs.accuracy_score(truth, said))
    assert ours.loss == pytest.approx(theirs.log_loss(truth, probabilities))
    assert ours.top3 == pytest.approx(theirs.top_k_accuracy_score(truth, probabilities, k=3))
    matrix = matrix_of(ours)
    assert np.array_equal(matrix.counts, theirs.confusion_matrix(truth, said))
    assert (matrix.columns, matrix.whole) == (LABELS, True)
    np.testing.assert_allclose(
        [(score.precision, score.recall, score.f1, score.n) for score in ours.per_class],
        np.transpose([precision, recall, f1, n]),
    )


def test_the_calibration_error_is_that_of_a_plain_loop(tested):
    probabilities, truth = random_test(4, 300)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    expected = 0.0
    for b in range(N_BINS):
        inside = (confidence > b / N_BINS) & (confidence <= (b + 1) / N_BINS)
        if inside.any():
            expected += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    assert tested(4, 300).ece == pytest.approx(expected)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 40), threshold=st.sampled_from([0.0, 0.5, 0.9]))
def test_the_figures_are_consistent_with_each_other(tested, seed, n, threshold):
    result = tested(seed, n, threshold)
    assert sum(count for *_, count in result.confusion) == n == sum(score.n for score in result.per_class) == result.outcomes.n
    assert sum(one.n for one in result.bins) == result.outcomes.correct + result.outcomes.wrong
    assert sum(count for _, answer, count in result.confusion if answer == len(LABELS)) == result.outcomes.unknown
    assert 0 <= result.interval.low <= result.accuracy <= result.interval.high <= 1
    assert result.accuracy <= result.closed_set <= result.top3 <= 1
    assert result.accuracy == result.outcomes.correct / n
    assert 0 <= result.ece <= 1
    assert len(result.mistakes) == n - result.outcomes.correct
    wrong = [answer for answer in result.mistakes if answer.predicted is not None]
    assert list(result.mistakes[: len(wrong)]) == sorted(wrong, key=lambda answer: -answer.confidence)


@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_the_photos_does_not_change_the_figures(judged, seed):
    probabilities, truth = random_test(seed, 25)
    shuffled = np.random.default_rng(seed).permutation(25)
    paths = [str(row) for row in range(25)]
    one = judged(probabilities, truth, LABELS, paths)
    other = judged(probabilities[shuffled], truth[shuffled], LABELS, paths)
    assert (one.confusion, one.interval, one.per_class) == (other.confusion, other.interval, other.per_class)
    assert one.loss == pytest.approx(other.loss)
    assert one.ece == pytest.approx(other.ece)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_wilson_interval_holds_the_rate_and_agrees_with_its_mirror(counts):
    n_right, n = counts
    interval, mirrored = wilson_interval(n_right, n), wilson_interval(n - n_right, n)
    assert 0 <= interval.low <= n_right / n <= interval.high <= 1
    assert interval.low == pytest.approx(1 - mirrored.high, abs=1e-9)


@pytest.mark.parametrize(("n_right", "n", "low", "high"), [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662)])
def test_the_wilson_interval_has_the_published_values(n_right, n, low, high):
    # The last row is the worked example of Newcombe, "Two-sided confidence intervals", Statistics in Medicine 17 (1998).
    interval = wilson_interval(n_right, n)
    assert (interval.low, interval.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_a_class_nobody_was_called_and_a_class_without_photos_score_zero(judged):
    result = judged(np.eye(4)[[0, 0]], np.array([0, 1]), LABELS, ["a", "b"])
    assert [score.precision for score in result.per_class] == [0.5, 0, 0, 0]
    assert [score.recall for score in result.per_class] == [1, 0, 0, 0]


def test_of_many_classes_the_most_confused_are_shown_beside_each_other(judged):
    names = [f"person {number}" for number in range(90)]
    truth = np.concatenate([np.arange(90), [70, 70, 40]])
    predicted = np.concatenate([np.arange(90), [80, 80, 41]])
    predicted[5] = 6
    shares = np.eye(90)[predicted] * 0.9 + 0.001
    shares[80] = 0.001
    result = judged(shares, truth, names, ["x"] * 93, threshold=0.5)
    matrix = matrix_of(result)
    assert result.mix_ups == ((70, 80, 2), (5, 6, 1), (40, 41, 1))
    assert [names.index(name) for name in matrix.columns[:-1]] == list(matrix.rows) == [70, 80, 5, 6, 40, 41]
    assert (matrix.columns[-1], matrix.whole, matrix.n.tolist()) == ("unknown", False, [3, 1, 1, 1, 2, 1])
    assert matrix.counts[0].tolist() == [1, 2, 0, 0, 0, 0, 0]


def test_names_of_classes_that_are_not_shown_are_counted_together(judged):
    names = [f"person {number}" for number in range(90)]
    matrix = matrix_of(judged(np.eye(90)[(np.arange(90) + 1) % 90], np.arange(90), names, ["x"] * 90))
    assert len(matrix.rows) == MOST_CLASSES
    assert matrix.columns[-1] == "another name"
    assert matrix.counts.sum() == matrix.n.sum() == MOST_CLASSES


def test_where_many_classes_are_all_correct_some_are_shown(judged):
    assert len(matrix_of(judged(np.eye(90), np.arange(90), [str(n) for n in range(90)], ["x"] * 90)).rows) == FEW_CLASSES


def test_photos_without_a_name_count_as_missed_and_calibrate_nothing(judged):
    result = judged([[0.9, 0.1], [0.6, 0.4]], [0, 0], ("ann", "bo"), ["a", "b"], threshold=0.8)
    assert (result.accuracy, result.closed_set, result.confusion) == (0.5, 1.0, ((0, 0, 1), (0, 2, 1)))
    assert matrix_of(result).columns == ("ann", "bo", "unknown")
    assert matrix_of(result).counts.tolist() == [[1, 0, 1], [0, 0, 0]]
    assert result.ece == pytest.approx(0.1)


def test_where_one_class_alone_is_tested_there_is_no_baseline(judged):
    assert judged([[0.9, 0.1]], [0], ("ann", "bo"), ["a"]).baseline == 0
    assert judged([[0.9, 0.1]] * 4, [0, 0, 0, 1], ("ann", "bo"), list("abcd")).baseline == 0.75


def test_no_test_photo_is_refused():
    with pytest.raises(DatasetError, match="no test photo"):
        evaluate([], LABELS)


def test_judging_loads_neither_scikit_learn_nor_keras_nor_matplotlib():
    code = "import sys, whosthat.evaluation.metrics, whosthat.recognition.calibration, whosthat.evaluation.diagnosis; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"sklearn", "keras", "tensorflow", "matplotlib"} & set(loaded)
