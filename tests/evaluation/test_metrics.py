import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from whosthat.errors import DatasetError
from whosthat.evaluation.metrics import N_BINS, Evaluation, evaluate
from whosthat.proportions import wilson_interval

LABELS = ("ann", "bo", "čeněk", "大卫")


def random_test(seed: int, n: int, n_classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    return generator.dirichlet(np.ones(n_classes), size=n), generator.integers(0, n_classes, size=n)


def judged(seed: int = 0, n: int = 60) -> Evaluation:
    probabilities, truth = random_test(seed, n)
    return evaluate(probabilities, truth, LABELS, [f"{row}.jpg" for row in range(n)])


def test_every_figure_agrees_with_scikit_learn():
    from sklearn import metrics as theirs

    probabilities, truth = random_test(3, 200)
    ours = judged(3, 200)
    said = probabilities.argmax(axis=1)
    precision, recall, f1, n = theirs.precision_recall_fscore_support(truth, said, zero_division=0)
    assert ours.accuracy == pytest.approx(theirs.accuracy_score(truth, said))
    assert ours.loss == pytest.approx(theirs.log_loss(truth, probabilities))
    assert ours.top3 == pytest.approx(theirs.top_k_accuracy_score(truth, probabilities, k=3))
    assert np.array_equal(ours.confusion, theirs.confusion_matrix(truth, said))
    np.testing.assert_allclose(
        [(score.precision, score.recall, score.f1, score.n) for score in ours.per_class],
        np.transpose([precision, recall, f1, n]),
    )


def test_the_calibration_error_is_that_of_a_plain_loop():
    probabilities, truth = random_test(4, 300)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    expected = 0.0
    for b in range(N_BINS):
        inside = (confidence > b / N_BINS) & (confidence <= (b + 1) / N_BINS)
        if inside.any():
            expected += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    assert judged(4, 300).ece == pytest.approx(expected)


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_the_figures_are_consistent_with_each_other(seed, n):
    result = judged(seed, n)
    assert sum(map(sum, result.confusion)) == n == sum(score.n for score in result.per_class) == sum(one.n for one in result.bins)
    assert 0 <= result.interval.low <= result.accuracy <= result.interval.high <= 1
    assert result.accuracy <= result.top3 <= 1
    assert result.accuracy == result.n_right / n
    assert 0 <= result.ece <= 1
    assert len(result.mistakes) == n - result.n_right
    assert list(result.mistakes) == sorted(result.mistakes, key=lambda answer: -answer.confidence)


@given(st.integers(0, 2**32 - 1))
def test_the_order_of_the_photos_does_not_change_the_figures(seed):
    probabilities, truth = random_test(seed, 25)
    shuffled = np.random.default_rng(seed).permutation(25)
    paths = [str(row) for row in range(25)]
    one = evaluate(probabilities, truth, LABELS, paths)
    other = evaluate(probabilities[shuffled], truth[shuffled], LABELS, paths)
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


def test_a_class_nobody_was_called_and_a_class_without_photos_score_zero():
    result = evaluate(np.eye(4)[[0, 0]], np.array([0, 1]), LABELS, ["a", "b"])
    assert [score.precision for score in result.per_class] == [0.5, 0, 0, 0]
    assert [score.recall for score in result.per_class] == [1, 0, 0, 0]


def test_an_evaluation_survives_json():
    result = judged()
    assert Evaluation.from_dict(json.loads(json.dumps(result.to_dict()))) == result


def test_no_test_photo_is_refused():
    with pytest.raises(DatasetError, match="no test photo"):
        evaluate(np.empty((0, 4)), np.empty(0, int), LABELS, [])


def test_labels_that_do_not_fit_are_refused():
    with pytest.raises(DatasetError, match=r"expected probabilities of shape \(1, 4\)"):
        evaluate(np.ones((1, 3)) / 3, np.array([0]), LABELS, ["a"])
    with pytest.raises(DatasetError, match="outside 0 to 3"):
        evaluate(np.ones((1, 4)) / 4, np.array([4]), LABELS, ["a"])


@given(arrays.arrays(float, (2, 4), elements=st.sampled_from([0.5, float("nan"), -0.1, 7.0])))
def test_values_that_are_no_probabilities_are_refused(values):
    if (values == 0.5).all():
        return
    with pytest.raises(DatasetError, match="not a number between 0 and 1"):
        evaluate(values, np.array([0, 1]), LABELS, ["a", "b"])


def test_judging_loads_neither_scikit_learn_nor_keras_nor_matplotlib():
    code = "import sys, whosthat.evaluation.metrics, whosthat.recognition.calibration, whosthat.evaluation.diagnosis; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"sklearn", "keras", "tensorflow", "matplotlib"} & set(loaded)
