"""What every notifier can do, and the queue behind those that have none of their own: a thread that sends, tries again, and gives up.

What does not belong here: any one way to send.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from whosthat.translation import _

Message = Mapping[str, Any]
"""What happened, as plain values for JSON; `workflow.watching.Notice` says which."""

WAITING, OLDEST = 100, 600.0
"""So many messages wait at most, and none for longer than so many seconds: who came ten minutes ago is no news."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds until a message is tried again: twice as long each time."""

LAST_WORDS = 3.0
"""Seconds in which what still waits is sent when the program ends."""


class Notifier(Protocol):
    """Tells another program what happened."""

    def tell(self, message: Message) -> None:
        """Take a message, and return at once."""

    def close(self) -> None:
        """Send what still waits, if that takes no longer than `LAST_WORDS` seconds, and close the connection."""


class NotSentError(Exception):
    """A message that did not arrive; ``again`` says whether it may the next time."""

    def __init__(self, reason: str, *, again: bool) -> None:
        super().__init__(reason)
        self.again = again


class Reached:
    """Says a sentence when somebody cannot be told any more, and one when they can again.

    Args:
        whom: Who that is, in a few words.
        say: Is told the sentences.
    """

    def __init__(self, whom: str, say: Callable[[str], None]) -> None:
        self._whom, self._say, self._fails = whom, say, False

    def now(self, problem: str = "", *, again: bool = True) -> None:
        """Take in why it failed just now, and whether it is tried again; nothing where it did not fail."""
        if problem and not self._fails:
            told = _("{whom} cannot be told: {reason}.", whom=self._whom, reason=problem)
            self._say(_("{whom} cannot be told: {reason}. Trying again.", whom=self._whom, reason=problem) if again else told)
        elif self._fails and not problem:
            self._say(_("{whom} can be told again.", whom=self._whom))
        self._fails = bool(problem)


class Outbox:
    """Sends messages one by one in a thread of its own; the oldest go when too many wait.

    Args:
        send: Sends a message and returns when it has arrived, or raises `NotSentError`; it may take its time.
        whom: Whom the messages are for, in a few words.
        say: Is told a sentence when messages begin to fail, and when they arrive again.
    """

    def __init__(self, send: Callable[[Message], None], whom: str, say: Callable[[str], None]) -> None:
        self._send, self._reached = send, Reached(whom, say)
        self._waiting: deque[tuple[float, Message]] = deque(maxlen=WAITING)
        self._changed = threading.Condition()
        self._ends_at = math.inf
        self._thread = threading.Thread(target=self._work, name="whosthat-outbox", daemon=True)
        self._thread.start()

    def tell(self, message: Message) -> None:
        """See `Notifier.tell`."""
        with self._changed:
            self._waiting.append((time.monotonic(), message))
            self._changed.notify_all()

    def close(self) -> None:
        """See `Notifier.close`; a thread that hangs in a connection is left behind, and ends with the process."""
        with self._changed:
            self._ends_at = time.monotonic() + LAST_WORDS
            self._changed.notify_all()
        self._thread.join(LAST_WORDS + 0.5)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ends_at < math.inf)
                if not self._waiting or time.monotonic() > self._ends_at:
                    return
                since, message = self._waiting.popleft()
            pause = FIRST_PAUSE
            while not self._is_done_with(message) and time.monotonic() < min(since + OLDEST, self._ends_at):
                self._rest(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def _is_done_with(self, message: Message) -> bool:
        """Send a message; False where it may arrive the next time."""
        try:
            self._send(message)
        except NotSentError as error:
            self._reached.now(str(error), again=error.again)
            return not error.again
        self._reached.now()
        return True

    def _rest(self, seconds: float) -> None:
        """Wait before the next attempt; when it is time to end, no longer than there is time for one more."""
        until = time.monotonic() + seconds
        with self._changed:
            while (left := min(until, self._ends_at) - time.monotonic()) > 0:
                self._changed.wait(left)
