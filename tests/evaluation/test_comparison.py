"""Which model to use: the most accurate, unless chance explains it and another is quicker; and never one that guesses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.errors import UsageError
from whosthat.evaluation.comparison import Contestant, Failure, compare, figures, mcnemar, to_dict, write_comparison
from whosthat.evaluation.outcomes import Outcomes
from whosthat.proportions import Interval, wilson_interval


def contestant(model: str, n_right: int, n: int = 100, seconds: float = 10, **changes: object) -> Contestant:
    correct = tuple(number < n_right for number in range(n))
    outcomes = Outcomes(n_right, n - n_right, 0, 0)
    plain = Contestant(
        model, f"p-{model}-1", correct, outcomes, n_right / n, wilson_interval(n_right, n), 0.2, None, None, 50, seconds, 10**6, False
    )
    return replace(plain, **changes)


def refusing(correct: int, unknown: int, n: int = 100) -> Outcomes:
    return Outcomes(correct, n - correct - unknown, unknown, 0)


def test_a_clearly_better_model_is_chosen_however_slow() -> None:
    comparison = compare("p", [contestant("quick", 60, seconds=1), contestant("slow", 99, seconds=1000)])
    assert comparison.choice == "slow"
    assert comparison.sentences[0] == "Use slow: of 100 test photos, 99 correct, 1 wrong (99 % correct)."
    assert comparison.sentences[1].startswith("quick is worse (60 %): slow alone is correct for 39 photos, quick alone for 0")


def test_of_models_that_cannot_be_told_apart_the_quicker_is_chosen() -> None:
    comparison = compare("p", [contestant("quick", 97, seconds=1), contestant("slow", 99, seconds=1000)])
    assert comparison.choice == "quick"
    assert "The difference between slow (99 %) and quick (97 %) may be chance" in comparison.sentences[1]
    assert comparison.sentences[1].endswith("quick is quicker: 21 s against 1,020 s for training and naming 1,000 photos.")


def test_where_strangers_are_refused_fewer_known_refused_beats_quicker() -> None:
    fitted = {"fpir": 0.01, "strangers": Interval(0, 0.03)}
    quick = contestant("quick", 98, outcomes=refusing(48, 50), seconds=1, **fitted)
    comparison = compare("p", [quick, contestant("slow", 99, outcomes=refusing(97, 2), **fitted)])
    assert comparison.choice == "slow"
    told = (
        "slow does better with strangers: 1 % of strangers get a name and 2 % of known photos get none, against 1 % of strangers get a name"
    )
    assert told in comparison.sentences[1]


def test_refusing_more_known_photos_may_be_the_price_of_refusing_more_strangers() -> None:
    lenient = contestant("lenient", 98, outcomes=refusing(97, 2), fpir=0.5, strangers=Interval(0.4, 0.6))
    strict = contestant("strict", 98, outcomes=refusing(69, 30), fpir=0.01, strangers=Interval(0, 0.03), seconds=1)
    assert compare("p", [lenient, strict]).choice == "strict"


def test_refusals_of_thresholds_that_saw_no_strangers_decide_nothing() -> None:
    comparison = compare(
        "p", [contestant("quick", 98, outcomes=refusing(48, 50), seconds=1), contestant("slow", 99, outcomes=refusing(97, 2))]
    )
    assert comparison.choice == "quick"
    assert comparison.sentences[-1].startswith("How many strangers get a name is not known for slow, quick")


def test_a_model_that_guesses_is_never_chosen() -> None:
    comparison = compare("p", [contestant("a", 21), contestant("b", 20)])
    assert (comparison.choice, comparison.duels) == (None, ())
    assert (
        "the best, a, is correct for 21 % of the test photos, which is not clearly better than the baseline (20 %"
        in comparison.sentences[0]
    )
    few = compare("p", [contestant("good", 4, n=4, baseline=0.25), contestant("guesser", 2, n=4, baseline=0.25, seconds=0)])
    assert few.choice == "good"
    assert "guesser is not clearly better than the baseline" in few.sentences[1]


def test_with_many_models_one_must_be_worse_by_more() -> None:
    two = compare("p", [contestant("a", 90), contestant("b", 84)])
    assert two.duels[0].told_apart
    four = compare("p", [contestant("a", 90), *(contestant(name, 84) for name in "bcd")])
    assert not any(duel.told_apart for duel in four.duels)


def test_failures_are_told_and_do_not_count() -> None:
    comparison = compare("p", [contestant("a", 90)], [Failure("vgg16", "no weights.")])
    assert (comparison.choice, comparison.sentences[-1]) == ("a", "vgg16 could not be trained: no weights.")


def test_different_photos_are_not_compared() -> None:
    with pytest.raises(UsageError, match=r"the same test photos alone; they answered \[50, 100\]"):
        compare("p", [contestant("a", 9), contestant("b", 9, n=50)])


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_is_a_symmetric_probability(one: int, other: int) -> None:
    assert 0 <= mcnemar(one, other) == mcnemar(other, one) <= 1


@pytest.mark.parametrize(("one", "other", "p"), [(0, 0, 1.0), (10, 0, 2 / 1024), (8, 2, 112 / 1024)])
def test_mcnemar_agrees_with_the_binomial_by_hand(one: int, other: int, p: float) -> None:
    assert mcnemar(one, other) == pytest.approx(p)


def test_photos_without_a_face_are_counted_where_a_model_looks_for_faces(tmp_path: Path) -> None:
    networks = [contestant("a", 90), contestant("b", 50)]
    shown = figures(compare("p", networks))
    assert "no face" not in shown[0]
    page = write_comparison(tmp_path, compare("p", networks)).read_text(encoding="utf-8")
    assert "no face" not in page
    shown = figures(compare("p", [*networks, contestant("faces", 80, looks_for_faces=True)]))
    assert [one["no face"] for one in shown] == ["0"] * 3


def test_the_files_hold_the_figures_and_escape_names(tmp_path: Path) -> None:
    fitted = {"fpir": 0.01, "strangers": Interval(0.002, 0.03), "outcomes": refusing(90, 4)}
    comparison = compare("<b>x", [contestant("a", 90, **fitted), contestant("b", 50)])
    page = write_comparison(tmp_path, comparison).read_text(encoding="utf-8")
    assert "&lt;b&gt;x" in page
    assert "<b>x" not in page
    assert "Use a: of 100 test photos, 90 correct, 6 wrong, 4 unknown" in page
    assert "1\N{NO-BREAK SPACE}% (0.2\N{NO-BREAK SPACE}% to 3\N{NO-BREAK SPACE}%)" in page
    assert "http" not in page.replace("http-equiv", "")
    assert 'href="../p-a-1/report.html"' in page
    document = json.loads((tmp_path / "comparison.json").read_text(encoding="utf-8"))
    assert document == json.loads(json.dumps(to_dict(comparison)))
    assert (document["choice"], document["contestants"][0]["outcomes"]["correct"]) == ("a", 90)
    assert "correct" not in document["contestants"][0]
