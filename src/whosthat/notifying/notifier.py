"""What every notifier can do, and the queue behind those that have none of their own: a thread that sends, tries again, and gives up.

What does not belong here: any one way to send.
"""

from __future__ import annotations

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

    @property
    def dropped(self) -> int:
        """How many messages were given up."""

    def tell(self, message: Message) -> None:
        """Take a message, and return at once."""

    def close(self) -> None:
        """Send what still waits, if that takes no longer than `LAST_WORDS` seconds, and close the connection."""


class NotSentError(Exception):
    """A message that did not arrive; ``again`` says whether it may the next time."""

    def __init__(self, reason: str, *, again: bool) -> None:
        super().__init__(reason)
        self.again = again


class Outbox:
    """Sends messages one by one in a thread of its own; the oldest go when too many wait.

    Args:
        send: Sends a message and returns when it has arrived, or raises `NotSentError`; it may take its time.
        whom: Whom the messages are for, in a few words.
        say: Is told a sentence when messages begin to fail, and when they arrive again.
    """

    def __init__(self, send: Callable[[Message], None], whom: str, say: Callable[[str], None]) -> None:
        self._send, self._whom, self._say = send, whom, say
        self._waiting: deque[tuple[float, Message]] = deque()
        self._changed = threading.Condition()
        self._ends_at: float | None = None
        self._fails = False
        self.dropped = 0
        self._thread = threading.Thread(target=self._work, name="whosthat-outbox", daemon=True)
        self._thread.start()

    def tell(self, message: Message) -> None:
        """See `Notifier.tell`."""
        with self._changed:
            while len(self._waiting) >= WAITING:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append((time.monotonic(), message))
            self._changed.notify_all()

    def close(self) -> None:
        """See `Notifier.close`; a thread that hangs in a connection is left behind, and ends with the process."""
        with self._changed:
            self._ends_at = time.monotonic() + LAST_WORDS
            self._changed.notify_all()
        self._thread.join(LAST_WORDS + 0.5)

    def _work(self) -> None:
        pause = 0.0
        while (found := self._next(pause)) is not None:
            since, message = found
            try:
                self._send(message)
            except NotSentError as error:
                self._tell_once(fails=True, reason=str(error))
                pause = min(max(2 * pause, FIRST_PAUSE), LONGEST_PAUSE)
                if error.again and time.monotonic() - since < OLDEST:
                    self._put_back(since, message)
                else:
                    self.dropped += 1
                    pause = pause if error.again else 0.0
                continue
            pause = 0.0
            self._tell_once(fails=False)

    def _next(self, pause: float) -> tuple[float, Message] | None:
        """Wait for a message, after a pause; None when it is time to end."""
        begin = time.monotonic() + pause
        with self._changed:
            while True:
                now = time.monotonic()
                if self._ends_at is not None and (not self._waiting or now >= self._ends_at):
                    self.dropped += len(self._waiting)
                    return None
                if self._waiting and now >= begin:
                    return self._waiting.popleft()
                ends = [moment for moment in (begin if now < begin else None, self._ends_at) if moment is not None]
                self._changed.wait(min(ends) - now if ends else None)

    def _put_back(self, since: float, message: Message) -> None:
        with self._changed:
            if len(self._waiting) < WAITING:
                self._waiting.appendleft((since, message))
            else:
                self.dropped += 1

    def _tell_once(self, *, fails: bool, reason: str = "") -> None:
        if fails and not self._fails:
            self._say(_("{whom} cannot be told: {reason}. Trying again.", whom=self._whom, reason=reason))
        elif self._fails and not fails:
            self._say(_("{whom} can be told again.", whom=self._whom))
        self._fails = fails
