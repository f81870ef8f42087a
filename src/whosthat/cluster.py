"""The one place that imports Ray: work for many machines, handed out in batches and taken back in order.

What belongs here: reaching a cluster, bounding what is in flight, workers that die or do not fit, and saying so. What does not: what the
work is (`whosthat.workflow.cluster_faces`). Threads of one machine are `whosthat.dataset.threads`.

Nothing of Ray is imported before a cluster is opened, and Ray reports no usage statistics from here. Ray's processes talk in pickles, so
whoever can reach a cluster can run code on it: a cluster is trusted as this computer is. Reasons: ``docs/decisions/0024-many-machines.md``.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from importlib.util import find_spec
from typing import Any, NoReturn, Protocol, TypeVar

from whosthat.errors import ClusterError, UsageError, WhosthatError, did_you_mean, system_reason
from whosthat.progress import SILENT, Progress
from whosthat.translation import _, language, use
from whosthat.version import __version__

Item = TypeVar("Item")
Result = TypeVar("Result")
Tool = TypeVar("Tool")
Tool_co = TypeVar("Tool_co", covariant=True)

LOCAL, RAY = ENGINES = "local", "ray"
"""Where work can be done: in the threads of this process, or on a Ray cluster."""

ADDRESS = "RAY_ADDRESS"
"""The environment variable that names the cluster's head, ``HOST:PORT``; without it, a cluster of this computer alone is started."""

AHEAD = 4
"""Batches in flight for each core: no worker idles while a slow one is waited for, and memory stays flat."""

RETRIES = 3
"""So often a batch is begun again, elsewhere, after the process that worked on it died."""

WORKER_BYTES = 2**30
"""Memory that is reserved for each worker; the photos that it has unfolded at any time take less (`whosthat.photos.memory`)."""

STORE_BYTES = 2**28
"""Memory of the cluster of one computer for what its processes share: the weights, once, and the results in flight."""

REACHED_WITHIN = 5.0  # seconds in which the head of a cluster must answer
SAID_AFTER = 20.0  # seconds without a first result, after which it is said that the cluster is full
ASKED_EVERY = 2.0  # seconds after which the cluster is asked again how many cores it has

_DECIDING = ("numpy", "opencv-python-headless", "onnxruntime", "onnxruntime-gpu", "pillow")
"""Packages whose other versions may give other bits."""

_QUIET = {"RAY_USAGE_STATS_ENABLED": "0"}
_TOKENS = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
"""What says how programs prove that they may use a cluster. Unless somebody has set one, a cluster of this computer gets a new token: its
ports are open to the network, and Ray would leave a token at home that clusters which are started later ask for, too."""

_ONE_CORE = {"OPENCV_FOR_THREADS_NUM": "1", "OMP_NUM_THREADS": "1", "WHOSTHAT_DEVICE": "cpu"}
"""A worker has one core, and no GPU."""


class Tools(Protocol[Tool_co]):
    """What a worker opens once and then works with; it is sent to each worker once. ``key`` tells it from others."""

    @property
    def key(self) -> str:
        """A word that changes whenever the opened tool would work differently."""

    def open(self) -> Tool_co:
        """Open it in the worker."""


def check_engine(name: str) -> None:
    """Refuse an engine that is none of `ENGINES`, or not installed; UsageError."""
    if name not in ENGINES:
        raise UsageError(_('There is no engine "{name}". {choice}', name=name, choice=did_you_mean(name, ENGINES)))
    if name == RAY and find_spec("ray") is None:
        raise UsageError(_('The engine "ray" needs Ray. Install it: pip install "whosthat[ray]".'))


@contextmanager
def engine(name: str, progress: Progress = SILENT) -> Iterator[Cluster | None]:
    """Hold what an engine of `ENGINES` works with while the block runs: None for the threads of this process, or a cluster.

    Raises UsageError where there is no such engine, or Ray is not installed, ClusterError where the cluster cannot be reached.
    """
    check_engine(name)
    with nullcontext() if name == LOCAL else closing(Cluster(progress=progress)) as cluster:
        yield cluster


class Cluster:
    """A Ray cluster: the one that ``RAY_ADDRESS`` names, the one that this program is connected to, or one of this computer's cores.

    Args:
        cores: Cores of the cluster of this computer; None is all. Without meaning for any other cluster.
        progress: Hears when the cluster is full.

    Raises:
        UsageError: Ray is not installed.
        ClusterError: The cluster cannot be reached.
    """

    def __init__(self, *, cores: int | None = None, progress: Progress = SILENT) -> None:
        check_engine(RAY)
        self._ray = _import_ray()
        self._progress = progress
        self._sent: dict[str, Any] = {}
        self._cores, self._asked = 0, -ASKED_EVERY
        self._opened_here = not self._ray.is_initialized()
        if self._opened_here:
            _connect(self._ray, cores)

    def close(self) -> None:
        """Leave the cluster; one of this computer alone ends with it."""
        self._sent.clear()
        if self._opened_here:
            self._ray.shutdown()

    def in_order(
        self,
        work: Callable[[Item, Tool], Result],
        tools: Tools[Tool],
        items: Iterable[Item],
        named: Callable[[Item], str] = str,
        cores: int = 1,
    ) -> Iterator[Result]:
        """Yield ``work(item, tool)`` for every item, in the order of the items, computed by the workers a few items ahead.

        A worker that dies costs the items that it was working on, which others begin again. Items are taken as results are: what waits
        is bounded.

        Who stops listening leaves the few items in flight to be worked on for nothing: where ``ray.cancel`` comes as a result does,
        Ray 2.60 ends the whole program.

        Args:
            work: A function of a module, which workers have too.
            tools: What it works with.
            items: Small values that can be pickled, such as paths.
            named: Says which item it is, for messages.
            cores: How many cores each piece of work keeps busy.

        Raises:
            ClusterError: A worker does not fit, or workers died over one item more than `RETRIES` times.
            WhosthatError: What ``work`` raised.
        """
        if tools.key not in self._sent:
            self._sent = {tools.key: self._ray.put(tools)}
        sent, terms = self._sent[tools.key], (language(), versions())
        options = {
            "num_cpus": cores,
            "memory": cores * WORKER_BYTES,
            "max_retries": RETRIES,
            "runtime_env": {"env_vars": _QUIET | _ONE_CORE},
        }
        task = self._ray.remote(**options)(_carry_out)
        remaining = iter(items)
        waiting: deque[tuple[Item, Any]] = deque()
        began: float | None = time.monotonic()
        while True:
            for item in remaining:
                waiting.append((item, task.remote(work, [sent], tools.key, terms, item)))  # in a list: fetched once, not for each
                if len(waiting) >= AHEAD * self.cores():
                    break
            if not waiting:
                return
            item, pending = waiting[0]
            result = self._result(pending, began, named(item))
            waiting.popleft()
            began = None
            yield result

    def cores(self) -> int:
        """How many cores the cluster has by now, at least one: machines may join."""
        if time.monotonic() - self._asked >= ASKED_EVERY:
            self._cores = max(1, int(self._ray.cluster_resources().get("CPU", 0)))
            self._asked = time.monotonic()
        return self._cores

    def _result(self, pending: Any, began: float | None, item: str) -> Any:
        """Wait for a result; where it is the first and does not come, say why."""
        if began is not None:
            ready, _rest = self._ray.wait([pending], timeout=max(0.0, began + SAID_AFTER - time.monotonic()))
            if not ready and self._ray.available_resources().get("CPU", 0) < 1:
                self._progress.say(
                    _(
                        "No worker has answered for {seconds:.0f} seconds: no core of the cluster is free. whosthat goes on waiting; "
                        "Ctrl-C stops it.",
                        seconds=SAID_AFTER,
                    )
                )
        try:
            return self._ray.get(pending)
        except self._ray.exceptions.RayTaskError as error:
            _raise_cause(error)
        except self._ray.exceptions.RayError as error:
            first = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
            raise ClusterError(
                _(
                    "The cluster could not look at {item}, even when it was tried {n} times: {error} Move the photos away if they are the "
                    "reason. What was found so far is in the cache.",
                    item=item,
                    n=RETRIES + 1,
                    error=first,
                )
            ) from error


def versions(packages: Iterable[str] = ("whosthat", *_DECIDING)) -> dict[str, str | None]:
    """Return the versions that must be the same on all machines, by package; None where one is not installed."""
    return {name: __version__ if name == "whosthat" else _version(name) for name in packages}


_opened: dict[str, Any] = {}
"""The one tool that a worker has open, by its key; another one takes its place, so that memory stays bounded."""


def _carry_out(
    work: Callable[[Any, Any], Result], sent: list[Any], key: str, terms: tuple[str, Mapping[str, str | None]], item: Any
) -> Result:
    """Do one piece of work, in a worker that speaks a language and must have some versions."""
    if key not in _opened:
        spoken, wanted = terms
        refuse_other_versions(wanted)
        use(spoken)
        _opened.clear()
        _opened[key] = _import_ray().get(sent[0]).open()
    return work(item, _opened[key])


def refuse_other_versions(wanted: Mapping[str, str | None]) -> None:
    """Refuse to work in a worker whose answers might be others: ``wanted`` has versions of packages as `versions` returns them."""
    import platform

    for name, theirs in wanted.items():
        if (have := versions([name])[name]) != theirs:
            raise ClusterError(
                _(
                    "The worker on {node} has {package} {theirs}, this computer {ours}: their results could differ. Install the same "
                    "versions on all machines.",
                    node=platform.node(),
                    package=name,
                    theirs=have or _("not installed"),
                    ours=theirs or _("not installed"),
                )
            )


def _raise_cause(error: Any) -> NoReturn:
    """Raise what was raised in a worker."""
    cause = error.cause
    if isinstance(cause, WhosthatError):
        raise cause from None
    raise ClusterError(
        _(
            "A worker of the cluster failed: {error}. It must have the same Python and the same whosthat, with all that belongs to it.",
            error=f"{type(cause).__name__}: {cause}".strip().splitlines()[-1],  # Ray puts whole tracebacks into what it raises
        )
    ) from error


def _import_ray() -> Any:
    os.environ.update(_QUIET)  # before the import, which may read it
    import ray

    return ray


def _connect(ray: Any, cores: int | None) -> None:
    address = os.environ.get(ADDRESS, "")
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    if address and address != "local":
        _refuse_unreachable(address)
        here: dict[str, Any] = {"address": address}
    else:
        here = {"address": "local", "num_cpus": cores, "object_store_memory": STORE_BYTES, "include_dashboard": False}
        if not any(os.environ.get(name) for name in _TOKENS):
            import secrets

            os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    try:
        ray.init(**here, **quiet)
    except (Exception, SystemExit) as error:  # Ray raises a dozen unrelated classes, and ends the program where a cluster went away
        if _wants_token(error):
            raise ClusterError(
                _(
                    "The Ray cluster at {address} asks for a token. Set RAY_AUTH_MODE=token, and the token that its machines have "
                    "(docs/scale.md).",
                    address=address,
                )
            ) from error
        raise ClusterError(_unreachable(address or _("this computer"), system_reason(error))) from error


def _wants_token(error: BaseException | None) -> bool:
    """Tell whether a cluster refused this program: Ray says so at the end of a long chain, in the words of its traceback."""
    while error is not None:
        if "AuthenticationError" in f"{type(error).__name__}: {error}":
            return True
        error = error.__cause__ or error.__context__
    return False


def _refuse_unreachable(address: str) -> None:
    """Refuse an address at which nobody listens: Ray itself tries for two minutes, then ends the program."""
    import socket

    host, _colon, port = address.rpartition("://")[2].rpartition(":")
    if not host or not port.isdecimal():
        raise ClusterError(_("{variable} must be HOST:PORT of a cluster's head; it is {address!r}.", variable=ADDRESS, address=address))
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=REACHED_WITHIN).close()
    except (OSError, OverflowError, UnicodeError) as error:
        raise ClusterError(_unreachable(address, system_reason(error))) from error


def _unreachable(address: str, reason: str) -> str:
    return _(
        "The Ray cluster at {address} cannot be reached: {reason}. Start it or correct {variable}; without that, this computer's cores are "
        "used.",
        address=address,
        reason=reason,
        variable=ADDRESS,
    )


def _version(package: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version  # no command waits for it that needs no cluster

    try:
        return version(package)
    except PackageNotFoundError:
        return None
