from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from whosthat.errors import PhotoError
from whosthat.server.queueing import BATCH, Queue
from whosthat.server.refusals import Refusal
from whosthat.translation import language, using


class Recogniser:
    """Answers with what it was given, once ``goes`` is set; remembers its batches."""

    def __init__(self) -> None:
        self.goes, self.begun, self.batches = threading.Event(), threading.Event(), []

    def prepare(self, photo: bytes) -> str:
        self.begun.set()
        assert self.goes.wait(60)
        if photo == b"bad":
            raise PhotoError(None, "it is no photo")
        return photo.decode() + language()

    def identify_prepared(self, prepared: list[str]) -> list[list[str]]:
        self.batches.append(list(prepared))
        if "failen" in prepared:
            raise ZeroDivisionError
        return [[one] for one in prepared]


@pytest.fixture
def make_queue() -> Iterator[Callable[..., Queue]]:
    made: list[Queue] = []

    def make(threads: int = 1, most: int = 32) -> Queue:
        made.append(Queue(threads, most))
        return made[-1]

    yield make
    for queue in made:
        queue.close()


def test_photos_are_answered_in_order_in_batches(make_queue: Callable[..., Queue]) -> None:
    queue, recogniser = make_queue(), Recogniser()
    recogniser.goes.set()
    names = [f"{n}" for n in range(11)]
    answers = asyncio.run(queue.identify(recogniser, [name.encode() for name in names]))
    assert answers == [[f"{name}en"] for name in names]
    assert [len(batch) for batch in recogniser.batches] == [BATCH, BATCH, 3]


def test_two_threads_share_what_waits(make_queue: Callable[..., Queue]) -> None:
    queue, recogniser = make_queue(threads=2), Recogniser()
    recogniser.goes.set()
    asyncio.run(queue.identify(recogniser, [b"a", b"b"]))
    assert sorted(recogniser.batches) == [["aen"], ["ben"]]


def test_a_thread_that_is_free_first_leaves_the_rest_to_the_other(make_queue: Callable[..., Queue]) -> None:
    queue, slow, recogniser = make_queue(threads=2), Recogniser(), Recogniser()
    recogniser.goes.set()

    async def ask() -> None:
        asking = asyncio.create_task(queue.identify(slow, [b"a"]))
        await asyncio.to_thread(slow.begun.wait, 10)
        await queue.identify(recogniser, [b"b", b"c", b"d"])
        slow.goes.set()
        await asking

    asyncio.run(ask())
    assert recogniser.batches == [["ben"], ["cen"], ["den"]]


def test_a_bad_photo_costs_its_batch_nothing(make_queue: Callable[..., Queue]) -> None:
    queue, recogniser = make_queue(), Recogniser()
    recogniser.goes.set()
    first, bad, last = asyncio.run(queue.identify(recogniser, [b"a", b"bad", b"b"]))
    assert (first, last) == (["aen"], ["ben"])
    assert isinstance(bad, PhotoError)


def test_a_failure_reaches_whoever_asked_and_the_thread_lives_on(make_queue: Callable[..., Queue]) -> None:
    queue, recogniser = make_queue(), Recogniser()
    recogniser.goes.set()
    with pytest.raises(ZeroDivisionError):
        asyncio.run(queue.identify(recogniser, [b"fail"]))
    assert asyncio.run(queue.identify(recogniser, [b"a"])) == [["aen"]]


def test_recognisers_do_not_share_a_batch(make_queue: Callable[..., Queue]) -> None:
    queue, first, second = make_queue(), Recogniser(), Recogniser()
    first.goes.set()
    second.goes.set()

    async def both() -> Any:
        return await asyncio.gather(queue.identify(first, [b"a"]), queue.identify(second, [b"b"]), queue.call(lambda: "called"))

    assert asyncio.run(both()) == [[["aen"]], [["ben"]], "called"]
    assert (first.batches, second.batches) == ([["aen"]], [["ben"]])


def test_a_full_queue_refuses_at_once_and_loses_nothing(make_queue: Callable[..., Queue]) -> None:
    queue, recogniser = make_queue(most=4), Recogniser()

    async def crowd() -> None:
        held = asyncio.create_task(queue.identify(recogniser, [b"a"]))
        await asyncio.to_thread(recogniser.begun.wait, 10)
        waiting = asyncio.create_task(queue.identify(recogniser, [b"b", b"c", b"d"]))
        await asyncio.sleep(0)
        assert queue.waiting == 3
        for photos in ([b"e", b"f"], [b"e"] * 5):
            with pytest.raises(Refusal, match="Too many photos are waiting") as refused:
                await queue.identify(recogniser, photos)
            assert refused.value.status == 429
            assert refused.value.retry_after >= 1
        recogniser.goes.set()
        assert await held == [["aen"]]
        assert await waiting == [["ben"], ["cen"], ["den"]]

    asyncio.run(crowd())
    assert queue.waiting == 0


def test_what_nobody_waits_for_is_not_answered(make_queue: Callable[..., Queue]) -> None:
    queue, recogniser = make_queue(), Recogniser()

    async def leave() -> None:
        held = asyncio.create_task(queue.identify(recogniser, [b"a"]))
        await asyncio.to_thread(recogniser.begun.wait, 10)
        gone = asyncio.create_task(queue.identify(recogniser, [b"b"]))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        recogniser.goes.set()
        assert await held == [["aen"]]
        assert await queue.identify(recogniser, [b"c"]) == [["cen"]]

    asyncio.run(leave())
    assert recogniser.batches == [["aen"], ["cen"]]


def test_threads_speak_the_language_of_whoever_asks(make_queue: Callable[..., Queue]) -> None:
    queue, recogniser = make_queue(), Recogniser()
    recogniser.goes.set()
    with using("zh_TW"):
        assert asyncio.run(queue.identify(recogniser, [b"a"])) == [["azh_TW"]]


def test_a_closed_queue_finishes_and_takes_nothing_more(make_queue: Callable[..., Queue]) -> None:
    queue, recogniser = make_queue(), Recogniser()

    async def end() -> Any:
        asked = asyncio.create_task(queue.identify(recogniser, [b"a", b"b"]))
        await asyncio.to_thread(recogniser.begun.wait, 10)
        closing = asyncio.create_task(asyncio.to_thread(queue.close))
        recogniser.goes.set()
        answers = await asked
        await closing
        with pytest.raises(Refusal, match="being stopped"):
            await queue.identify(recogniser, [b"c"])
        return answers

    assert asyncio.run(end()) == [["aen"], ["ben"]]
