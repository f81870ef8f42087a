"""A bounded queue in front of the recognisers: threads that take photos in small batches, and a clear no when it is full.

What belongs here: who waits, who is next, how many at once, when to ask again. What does not: HTTP, bundles, reading requests.

Each thread reads the photos of its batch and lets the network answer for all of them, as `whosthat.workflow.predict` does. A batch is no
more than a thread's share of what waits, also of the threads that are busy: who took everything would answer the first no sooner than the
last, and leave nothing to the thread that is free a moment later.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any, TypeVar

from whosthat.errors import PhotoError
from whosthat.recognition.recogniser import Recogniser
from whosthat.server.refusals import Refusal
from whosthat.types import Sighting

BATCH = 4
"""Photos that a thread reads and the network answers at once; as in `whosthat.workflow.predict`, more are hardly faster."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class _Waiting:
    """A photo for a recogniser, or a call (``recogniser`` is None), and where the answer goes."""

    recogniser: Recogniser | None
    work: Any
    weight: int
    answer: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    context: Context = field(default_factory=copy_context)  # the language of whoever asks

    def deliver(self, result: Any) -> None:
        if self.answer.done():  # whoever asked has gone
            return
        is_answer = isinstance(result, PhotoError) and self.recogniser is not None  # of one photo among several
        if isinstance(result, Exception) and not is_answer:
            self.answer.set_exception(result)
        else:
            self.answer.set_result(result)


class Queue:
    """The queue and its threads.

    Args:
        threads: How many work at once.
        most: How many photos may wait; above it, whoever comes is told to come again.
    """

    def __init__(self, threads: int, most: int) -> None:
        self.most = most
        self._waiting: deque[_Waiting] = deque()
        self._weight = 0
        self._changed = threading.Condition()
        self._closed = False
        self._seconds_each = 0.1  # a photo's share of a second, by what was measured lately
        self._threads = [threading.Thread(target=self._work, name=f"answering-{number}", daemon=True) for number in range(threads)]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """How many photos wait."""
        return self._weight

    def check_room(self, photos: int = 1) -> None:
        """Raise Refusal (429) where so many photos find no room: worth asking before they are read."""
        if self._closed:
            raise Refusal(503, "draining", "The service is being stopped and takes no more photos.")
        if self._weight + photos > self.most:
            seconds = max(1, math.ceil(self._weight * self._seconds_each))
            raise Refusal(429, "busy", "Too many photos are waiting. Ask again in {n} s.", n=seconds, retry_after=seconds)

    async def identify(self, recogniser: Recogniser, photos: Sequence[bytes]) -> list[list[Sighting] | PhotoError]:
        """Answer for photos, in order; one that cannot be read gives its PhotoError.

        Raises:
            Refusal: There is no room for all of them (429), or the service is being stopped (503).
        """
        loop = asyncio.get_running_loop()
        items = [_Waiting(recogniser, photo, 1, loop.create_future(), loop) for photo in photos]
        self._put(items)
        answers: list[list[Sighting] | PhotoError] = await asyncio.gather(*(item.answer for item in items))
        return answers

    async def call(self, function: Callable[..., Result], *arguments: Any, weight: int = 1) -> Result:
        """Let a thread call a function that counts as so many photos; errors as of `identify`, and those of the function."""
        loop = asyncio.get_running_loop()
        item = _Waiting(None, (function, arguments), weight, loop.create_future(), loop)
        self._put([item])
        result: Result = await item.answer
        return result

    def close(self) -> None:
        """Take nothing more, finish what waits, and end the threads."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _put(self, items: Sequence[_Waiting]) -> None:
        with self._changed:
            self.check_room(sum(item.weight for item in items))
            self._waiting.extend(items)
            self._weight += sum(item.weight for item in items)
            self._changed.notify(len(items))

    def _work(self) -> None:
        while taken := self._next():
            batch = [item for item in taken if not item.answer.done()]  # whoever asked may have gone
            if not batch:
                continue
            begun = time.perf_counter()
            recogniser = batch[0].recogniser
            results = [_called(item) for item in batch] if recogniser is None else _identified(recogniser, batch)
            spent = (time.perf_counter() - begun) / sum(item.weight for item in batch) / len(self._threads)
            self._seconds_each += 0.1 * (spent - self._seconds_each)
            _deliver(batch, results)

    def _next(self) -> list[_Waiting]:
        """Wait for work and return a batch for one recogniser, or one call; nothing when the queue is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if not self._waiting:
                return []
            size = min(BATCH, len(self._waiting) // len(self._threads))
            batch = [self._waiting.popleft()]
            recogniser = batch[0].recogniser
            while recogniser is not None and len(batch) < size and self._waiting and self._waiting[0].recogniser is recogniser:
                batch.append(self._waiting.popleft())
            self._weight -= sum(item.weight for item in batch)
            return batch


def _identified(recogniser: Recogniser, batch: Sequence[_Waiting]) -> list[Any]:
    """Read the photos of a batch and answer for those that can be read; what fails is its own result."""
    results = [_tried(item.context, recogniser.prepare, item.work) for item in batch]
    good = [index for index, result in enumerate(results) if not isinstance(result, Exception)]
    if good:
        answers = _tried(batch[good[0]].context, recogniser.identify_prepared, [results[index] for index in good])
        for position, index in enumerate(good):
            results[index] = answers if isinstance(answers, Exception) else answers[position]
    return results


def _called(item: _Waiting) -> Any:
    function, arguments = item.work
    return _tried(item.context, function, *arguments)


def _tried(context: Context, function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a function gives, or the error that it raises: a thread must outlive every photo."""
    try:
        return context.run(function, *arguments)
    except Exception as error:  # noqa: BLE001  it is raised where the answer is awaited
        return error


def _deliver(batch: Sequence[_Waiting], results: Sequence[Any]) -> None:
    """Hand over the results of a batch to the loop that waits for them; one that was closed meanwhile waits no more."""

    def deliver() -> None:
        for item, result in zip(batch, results, strict=True):
            item.deliver(result)

    with suppress(RuntimeError):
        batch[0].loop.call_soon_threadsafe(deliver)
