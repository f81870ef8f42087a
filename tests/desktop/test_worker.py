from __future__ import annotations

import gc
import threading
import weakref

from whosthat.desktop.worker import collect_if_due, collected_here


class Cycle:
    """Garbage that only the collector finds."""

    def __init__(self, ended_in: list[str]) -> None:
        self.itself = self
        weakref.finalize(self, lambda: ended_in.append(threading.current_thread().name))


def make_objects() -> None:
    """So many that Python would collect several times."""
    for _ in range(20):
        _ = [[] for _ in range(2000)]


def test_garbage_ends_in_the_thread_of_the_window_and_nowhere_else() -> None:
    ended_in: list[str] = []
    with collected_here():
        Cycle(ended_in)
        other = threading.Thread(target=make_objects, name="other")
        other.start()
        other.join()
        assert ended_in == []
        objects = [[] for _ in range(2000)]
        collect_if_due()
        assert ended_in == [threading.current_thread().name]
        del objects


def test_what_is_left_ends_with_the_window_and_collection_goes_on() -> None:
    ended_in: list[str] = []
    with collected_here():
        Cycle(ended_in)
    assert ended_in == [threading.current_thread().name]
    assert gc.isenabled()


def test_where_python_collects_by_itself_nothing_is_done() -> None:
    before = gc.get_stats()[0]["collections"]
    collect_if_due()
    assert gc.get_stats()[0]["collections"] - before <= 1


def test_what_was_there_before_the_window_is_not_looked_at_inside_it() -> None:
    before = gc.get_freeze_count()
    with collected_here():
        assert gc.get_freeze_count() > before + 1000
    assert gc.get_freeze_count() == 0
