"""The one job that the studio does besides answering: check, train, resume, look through a video.

What belongs here: the process (`workflow.background`), what it told, who listens, and stopping it. What does not: what it does.

A job goes on whether or not anybody listens; who comes later, or again, gets what was told since the number that they have. Everything
here happens in the event loop's thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Literal

from whosthat import translation
from whosthat.server.refusals import Refusal, not_found
from whosthat.translation import _
from whosthat.workflow.background import COMMAND

State = Literal["running", "done", "stopped", "failed"]

MOST_EVENTS = 5000
"""So much of what a job told is kept; of steps of one kind, the last alone."""

MOST_JOBS = 8
"""So many jobs can be asked about when they are over."""

STILL_HERE = 15.0
"""Seconds of silence after which a listener is told that the line is open."""

LOOKS_UP = 0.5
"""Seconds after which a listener who hears nothing looks whether the studio ends."""

LONGEST_LINE = 64 << 20
"""Bytes of one line of the process; what was found in very large folders is one."""

PATIENCE = 20.0
"""Seconds that a job has to write its checkpoint when the studio ends."""


class Job:
    """What is being done, or was, and what it told."""

    def __init__(self, kind: str, folder: str | None, run: str | None) -> None:
        self.id = secrets.token_hex(8)
        self.kind, self.folder, self.run = kind, folder, run
        self.state: State = "running"
        self.message = ""
        self.result: dict[str, Any] | None = None
        self.stopping = False
        self._told: deque[tuple[int, str, dict[str, Any]]] = deque(maxlen=MOST_EVENTS)
        self._number = 0
        self._news = asyncio.Event()

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values; of what it told, the last epoch."""
        names = ("id", "kind", "state", "folder", "run", "message", "stopping")
        epoch = next((data for _number, event, data in reversed(self._told) if event == "epoch"), None)
        return {**{name: getattr(self, name) for name in names}, "epoch": epoch}

    def tell(self, event: str, data: dict[str, Any]) -> None:
        """Keep what was told, and wake whoever listens."""
        self._number += 1
        if event == "step" and self._told and self._told[-1][1] == "step" and self._told[-1][2]["what"] == data["what"]:
            self._told.pop()
        self._told.append((self._number, event, data))
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def listen(self, after: int = 0, ending: Callable[[], bool] = bool) -> AsyncIterator[str]:
        """Yield what was told after that number, and what is told from now on, as server-sent events; it ends with the job.

        It also ends when the studio is ``ending``, which waits for whoever still listens.
        """
        quiet = 0.0
        while not ending():
            news, over = self._news, self.state != "running"
            fresh = []
            for told in reversed(self._told):
                if told[0] <= after:
                    break
                fresh.append(told)
            for number, event, data in reversed(fresh):
                after = number
                yield f"id: {number}\nevent: {event}\ndata: {json.dumps(data)}\n\n"  # not translated: a protocol
            if over:
                return
            try:
                await asyncio.wait_for(news.wait(), LOOKS_UP)
                quiet = 0.0
            except TimeoutError:
                quiet += LOOKS_UP
            if quiet >= STILL_HERE:
                quiet = 0.0
                yield ": still here\n\n"  # not translated: a protocol


class Jobs:
    """The job that runs, and those before it.

    Args:
        tidy: Takes places on this computer out of what people read.
    """

    def __init__(self, tidy: Callable[[str], str] = str) -> None:
        self._tidy = tidy
        self._jobs: dict[str, Job] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._following: asyncio.Task[None] | None = None
        self._busy = False

    @property
    def last(self) -> Job | None:
        """The job that runs, or ran last."""
        return next(reversed(self._jobs.values()), None)

    def get(self, id: str) -> Job:
        """Return a job by its number; `Refusal` where there is none."""
        if id not in self._jobs:
            raise not_found(_("job"))
        return self._jobs[id]

    async def start(
        self,
        kind: str,
        arguments: Mapping[str, Any],
        *,
        folder: str | None = None,
        run: str | None = None,
        over: Callable[[Job], None] | None = None,
    ) -> Job:
        """Begin a job; `Refusal` while another runs. ``over`` is called when it has ended, before anybody hears of it."""
        if self._busy:
            raise Refusal(409, "busy", "One thing at a time: wait until the present job ends, or stop it.")
        self._busy = True
        try:
            self._process = await _started()
            self._process.stdin.write((json.dumps({"call": kind, "arguments": dict(arguments)}) + "\n").encode("ascii"))  # type: ignore[union-attr]
        except OSError as error:
            self._busy = False
            raise Refusal(503, "no_process", "No process can be started for it: {error}.", error=error) from error
        job = Job(kind, folder, run)
        self._jobs[job.id] = job
        while len(self._jobs) > MOST_JOBS:
            self._jobs.pop(next(iter(self._jobs)))
        self._following = asyncio.create_task(self._follow(job, self._process, over))
        return job

    def cancel(self, job: Job) -> None:
        """Ask a job to stop, as Ctrl-C does; asking again, or too late, changes nothing."""
        if job.state == "running" and not job.stopping and self._process is not None:
            job.stopping = True
            self._process.stdin.close()  # type: ignore[union-attr]

    async def close(self) -> None:
        """Stop what runs, and wait until it has written what it keeps."""
        if self._following is None or self._process is None or self._following.done():
            return
        self._process.stdin.close()  # type: ignore[union-attr]
        done, _rest = await asyncio.wait([self._following], timeout=PATIENCE)
        if not done:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._following

    async def _follow(self, job: Job, process: asyncio.subprocess.Process, over: Callable[[Job], None] | None) -> None:
        end: dict[str, Any] | None = None
        try:
            async for line in process.stdout:  # type: ignore[union-attr]
                told = json.loads(line)
                if "end" in told:
                    end = told
                else:
                    _hear(job, told, self._tidy)
        except (ValueError, LookupError, TypeError):  # a line that is too long, or none of ours
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        status = await process.wait()
        with contextlib.suppress(OSError):
            process.stdin.close()  # type: ignore[union-attr]
        self._end(job, end, status, over)

    def _end(self, job: Job, end: Mapping[str, Any] | None, status: int, over: Callable[[Job], None] | None) -> None:
        if end is None:
            stopped = job.stopping and status in (0, -signal.SIGINT)  # it had not begun
            message = _("The process ended by itself (exit status {status}); perhaps memory ran out.", status=status)
            end = {"end": "stopped" if stopped else "failed", "message": _("Stopped.") if stopped else message, "result": None}
        job.state, job.message, job.result = end["end"], self._tidy(end["message"]), end["result"]
        if job.state == "stopped" and job.kind in ("train", "resume"):  # what a training says of going on is for a terminal
            job.message = (
                _("Stopped.") if job.run is None else _("Stopped. Nothing is lost: go on with {run} whenever you like.", run=job.run)
            )
        self._busy = False
        if over is not None:
            over(job)
        job.tell("end", {"state": job.state, "message": job.message, "run": job.run, "result": job.result})


_HEARD = {"say": ("sentence",), "result": ("sentence",), "step": ("what", "done", "total", "note"), "table": ("columns", "rows")}
"""What a progress hears, with the names of the values."""


def _hear(job: Job, told: Mapping[str, Any], tidy: Callable[[str], str]) -> None:
    """Take in one line of the process."""
    if "run" in told:
        job.run = told["run"]
        job.tell("run", {"run": job.run})
    elif "epoch" in told:
        row = told["epoch"]
        job.tell("epoch", {"n": row["epoch"], **{name: value for name, value in row.items() if name != "epoch"}})
    else:
        values = [tidy(value) if isinstance(value, str) else value for value in told["values"]]
        job.tell(told["step"], dict(zip(_HEARD[told["step"]], values, strict=True)))


async def _started() -> asyncio.subprocess.Process:
    """Start the process; Ctrl-C is for the studio alone, which then ends the job's input."""
    group: dict[str, Any] = {"start_new_session": True} if os.name == "posix" else {"creationflags": 0x200}  # CREATE_NEW_PROCESS_GROUP
    environment = {**os.environ, translation.VARIABLE: translation.language()}
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*COMMAND, stdin=pipe, stdout=pipe, limit=LONGEST_LINE, env=environment, **group)
