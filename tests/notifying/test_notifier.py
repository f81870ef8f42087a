"""The queue behind notifiers: nobody waits, nothing grows, what fails is tried again."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from whosthat.notifying import notifier
from whosthat.notifying.notifier import NotSentError, Outbox


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifier, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(notifier, "LAST_WORDS", 0.5)


class Receiver:
    """Takes messages, fails as often as it is told, and can be held."""

    def __init__(self, failures: int = 0, *, again: bool = True) -> None:
        self.failures, self.again, self.got = failures, again, []
        self.free = threading.Event()
        self.free.set()

    def __call__(self, message: Any) -> None:
        self.free.wait(10)
        if self.failures:
            self.failures -= 1
            raise NotSentError("it answers 503", again=self.again)
        self.got.append(message["n"])


def test_messages_arrive_in_order_and_once(heard: Any) -> None:
    receiver = Receiver()
    outbox = Outbox(receiver, "example", heard.say)
    for n in range(20):
        outbox.tell({"n": n})
    outbox.close()
    assert (receiver.got, heard.said) == (list(range(20)), [])


def test_what_fails_is_tried_again_and_told_once(heard: Any) -> None:
    receiver = Receiver(failures=3)
    outbox = Outbox(receiver, "example", heard.say)
    outbox.tell({"n": 1})
    outbox.tell({"n": 2})
    outbox.close()
    assert receiver.got == [1, 2]
    assert heard.said == ["example cannot be told: it answers 503. Trying again.", "example can be told again."]


def test_what_can_never_arrive_is_given_up(heard: Any) -> None:
    receiver = Receiver(failures=1, again=False)
    outbox = Outbox(receiver, "example", heard.say)
    outbox.tell({"n": 1})
    outbox.tell({"n": 2})
    outbox.close()
    assert receiver.got == [2]


def test_nobody_waits_for_a_receiver_that_hangs_and_the_newest_are_kept(heard: Any) -> None:
    receiver = Receiver()
    receiver.free.clear()
    outbox = Outbox(receiver, "example", heard.say)
    began = time.monotonic()
    for n in range(1000):
        outbox.tell({"n": n})
    assert time.monotonic() - began < 1
    receiver.free.set()
    outbox.close()
    assert receiver.got[-notifier.WAITING :] == list(range(1000 - notifier.WAITING, 1000))


def test_old_news_is_given_up(heard: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifier, "OLDEST", 0.0)
    receiver = Receiver(failures=1)
    outbox = Outbox(receiver, "example", heard.say)
    outbox.tell({"n": 1})
    outbox.close()
    assert receiver.got == []


def test_closing_takes_no_longer_than_it_may(heard: Any) -> None:
    receiver = Receiver()
    receiver.free.clear()
    outbox = Outbox(receiver, "example", heard.say)
    outbox.tell({"n": 1})
    began = time.monotonic()
    outbox.close()
    assert time.monotonic() - began < 3
    receiver.free.set()
