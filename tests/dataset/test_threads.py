from __future__ import annotations

import threading

import pytest

from whosthat.dataset.threads import in_order


def test_results_keep_the_order_of_the_items() -> None:
    assert list(in_order(lambda item: item * 2, range(100))) == list(range(0, 200, 2))


def test_an_error_in_the_work_reaches_the_listener() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_order(lambda item: 1 // item, [1, 0, 1]))


def test_only_a_few_items_are_taken_ahead_and_none_after_the_listener_left() -> None:
    taken: list[int] = []
    results = in_order(lambda item: item, (taken.append(item) or item for item in range(100_000)))
    next(results)
    results.close()
    assert len(taken) < 10_000
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("photos") and thread.is_alive()]
