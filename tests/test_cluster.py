"""Work on a cluster: on one of this computer's cores, with workers that die, do not fit, or have no time."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from whosthat import cluster as clusters
from whosthat.cluster import AHEAD, RETRIES, Cluster, check_engine, engine
from whosthat.errors import ClusterError, PhotoError, UsageError
from whosthat.progress import Silent


class Told(Silent):
    """Keeps what was said."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)


def letters(key: str = "!") -> Any:
    """The tool of these tests. What is made inside a function is sent whole: workers do not have this module."""

    @dataclass(frozen=True)
    class Letters:
        key: str

        def open(self) -> str:
            return self.key

    return Letters(key)


def do(cluster: Cluster, work: Callable[[Any, str], Any], items: Any) -> list[Any]:
    return list(cluster.in_order(work, letters(), items))


def test_there_is_no_other_engine() -> None:
    with pytest.raises(UsageError, match=r'There is no engine "rya"\. Did you mean "ray"\?'):
        check_engine("rya")


def test_where_ray_is_not_installed_it_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r'pip install "whosthat\[ray\]"'), engine("ray"):
        pass


@pytest.mark.parametrize("address", ["here", "10.0.0.1", "10.0.0.1:ssh", "ray://"])
def test_an_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    pytest.importorskip("ray")
    monkeypatch.setenv("RAY_ADDRESS", address)
    with pytest.raises(ClusterError, match="RAY_ADDRESS must be HOST:PORT of a cluster's head"):
        clusters._refuse_unreachable(address)


def test_a_cluster_that_does_not_answer_is_said_at_once(loopback: None) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    began = time.monotonic()
    with pytest.raises(ClusterError, match=f"The Ray cluster at {address} cannot be reached: Connection refused. Start it or correct RAY_"):
        clusters._refuse_unreachable(address)
    assert time.monotonic() - began < 5


def test_a_cluster_that_asks_for_a_token_is_told_from_one_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray")

    class Refusing:
        def is_initialized(self) -> bool:
            return False

        def init(self, **options: object) -> None:
            try:
                raise RuntimeError("Traceback: ray.exceptions.AuthenticationError: RPC error: InvalidAuthToken")
            except RuntimeError as error:
                raise ConnectionError("Failed to connect") from error

    monkeypatch.setattr(clusters, "_refuse_unreachable", lambda address: None)
    monkeypatch.setattr(clusters, "_import_ray", Refusing)
    monkeypatch.setenv("RAY_ADDRESS", "head:6379")
    with pytest.raises(ClusterError, match="The Ray cluster at head:6379 asks for a token"):
        Cluster()


@pytest.mark.slow
def test_a_cluster_of_this_computer_has_a_token_of_its_own(two_cores: Cluster) -> None:
    assert re.fullmatch("[0-9a-f]{64}", os.environ["RAY_AUTH_TOKEN"])
    assert os.environ["RAY_AUTH_MODE"] == "token"


def test_without_a_cluster_ray_is_never_imported() -> None:
    code = (
        "import sys, whosthat.cli.app, whosthat.cli.predict, whosthat.cli.train, whosthat.workflow.train, whosthat.workflow.train_faces, "
        "whosthat.workflow.cluster_predict as p\n"
        "from whosthat.cluster import engine\n"
        "with engine('local') as cluster: assert cluster is None\n"
        "assert 'ray' not in sys.modules and 'pyarrow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ)


@pytest.mark.slow
def test_results_come_in_order_and_few_items_are_taken_ahead(two_cores: Cluster) -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(1, 61):
            taken.append(item)
            yield item

    def work(item: int, tool: str) -> str:
        return f"{item}{tool}"

    for done, result in enumerate(two_cores.in_order(work, letters(), items()), start=1):
        assert result == f"{done}!"
        assert len(taken) - done < AHEAD * 2


@pytest.mark.slow
def test_no_process_of_ray_reports_usage_statistics(two_cores: Cluster) -> None:
    import ray
    from ray._common.usage import usage_lib

    def work(item: int, tool: str) -> bool:
        from ray._common.usage import usage_lib

        return bool(usage_lib.usage_stats_enabled())

    assert not usage_lib.usage_stats_enabled()
    assert do(two_cores, work, [1]) == [False]
    session = Path(ray._private.worker.global_worker.node.get_session_dir_path())
    assert not list(session.rglob("usage_stats*.json"))
    environments = [environment for environment, parent in map(_process, Path("/proc").glob("[0-9]*")) if parent == os.getpid()]
    environments = [environment for environment in environments if b"RAY_" in environment]
    assert environments
    assert all(b"RAY_USAGE_STATS_ENABLED=0" in environment for environment in environments)


def _process(process: Path) -> tuple[bytes, int]:
    """The environment of a process, and its parent."""
    try:
        return (process / "environ").read_bytes(), int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:  # it has ended
        return b"", 0


def test_usage_statistics_are_off_before_ray_is_imported() -> None:
    code = """
import os, sys
from importlib.abc import MetaPathFinder

class Watch(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "ray":
            sys.exit(f"statistics: {os.environ['RAY_USAGE_STATS_ENABLED']}")

sys.meta_path.insert(0, Watch())
from whosthat import cluster
cluster.find_spec = lambda name: name
cluster.Cluster()
"""
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "1"}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert ran.stderr == "statistics: 0\n"


@pytest.mark.slow
def test_a_tool_is_opened_once_in_each_worker_and_gives_way_to_the_next(two_cores: Cluster) -> None:
    def work(item: int, tool: str) -> tuple[int, str]:
        import os

        return os.getpid(), tool

    first, second = list(two_cores.in_order(work, letters("a"), range(20))), list(two_cores.in_order(work, letters("b"), range(20)))
    assert {tool for _pid, tool in first} == {"a"}
    assert {tool for _pid, tool in second} == {"b"}
    assert len({pid for pid, _tool in [*first, *second]}) <= 4


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_its_item_alone(two_cores: Cluster, tmp_path: Path) -> None:
    log = str(tmp_path / "log")

    def work(item: int, tool: str) -> int:
        import os
        import signal

        with open(log, "a") as file:  # noqa: PTH123
            file.write(f"{item}\n")
        if item == 7 and open(log).read().split().count("7") == 1:  # noqa: PTH123, SIM115
            os.kill(os.getpid(), signal.SIGKILL)
        return item * item

    assert do(two_cores, work, range(20)) == [item * item for item in range(20)]
    begun = Path(log).read_text().split()
    assert begun.count("7") == 2
    assert len(begun) <= 20 + 2  # the other worker's item goes on


@pytest.mark.slow
def test_an_item_that_kills_every_worker_is_named(two_cores: Cluster, tmp_path: Path) -> None:
    log = str(tmp_path / "log")

    def work(item: str, tool: str) -> str:
        import os
        import signal

        with open(log, "a") as file:  # noqa: PTH123
            file.write(item)
        os.kill(os.getpid(), signal.SIGKILL)
        return item

    with pytest.raises(ClusterError, match=r"could not look at deadly.jpg, even when it was tried 4 times"):
        do(two_cores, work, ["deadly.jpg"])
    assert Path(log).read_text() == "deadly.jpg" * (RETRIES + 1)


@pytest.mark.slow
def test_what_a_worker_raises_is_raised_here(two_cores: Cluster) -> None:
    def refuse(item: str, tool: str) -> None:
        from whosthat.errors import PhotoError

        raise PhotoError(None, "the file is empty")

    def fail(item: str, tool: str) -> None:
        raise ZeroDivisionError("by nothing")

    with pytest.raises(PhotoError, match="the file is empty"):
        do(two_cores, refuse, ["a"])
    with pytest.raises(ClusterError, match="A worker of the cluster failed: ZeroDivisionError: by nothing"):
        do(two_cores, fail, ["a"])


@pytest.mark.slow
def test_who_stops_listening_leaves_few_items_to_be_worked_on(two_cores: Cluster, tmp_path: Path) -> None:
    begun = str(tmp_path / "begun")

    def work(item: int, tool: str) -> int:
        import time

        with open(begun, "a") as file:  # noqa: PTH123
            file.write(".")
        time.sleep(0.2)
        return item

    results = two_cores.in_order(work, letters(), range(1000))
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]
    assert do(two_cores, lambda item, tool: item, [1]) == [1]
    assert len(Path(begun).read_text()) <= AHEAD * 2 + 1


@pytest.mark.slow
def test_a_worker_with_another_version_is_refused(two_cores: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "__version__", "99.1")
    with pytest.raises(ClusterError, match=r"has whosthat \d\S*, this computer 99.1: their results could differ"):
        list(two_cores.in_order(lambda item, tool: item, letters("other version"), [1]))


@pytest.mark.slow
def test_a_full_cluster_is_said_and_waited_for(two_cores: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    monkeypatch.setattr(clusters, "SAID_AFTER", 0.3)
    free = str(tmp_path / "free")

    def occupy(path: str, number: int) -> None:
        import os
        import time

        open(f"{path}-{number}", "w").close()  # noqa: PTH123
        while not os.path.exists(path):  # noqa: PTH110
            time.sleep(0.05)

    class Freeing(Told):
        def say(self, sentence: str) -> None:
            super().say(sentence)
            Path(free).touch()

    told = Freeing()
    monkeypatch.setattr(two_cores, "_progress", told)
    others = [ray.remote(num_cpus=1)(occupy).remote(free, number) for number in range(2)]
    while not all(Path(f"{free}-{number}").exists() for number in range(2)) or ray.available_resources().get("CPU", 0) >= 1:
        time.sleep(0.05)  # cores that another test has just left are told as taken, too
    results = two_cores.in_order(lambda item, tool: item, letters("full"), [1])
    assert list(results) == [1]
    assert ["No worker has answered for 0 seconds: no core of the cluster is free." in sentence for sentence in told.sentences] == [True]
    ray.get(others)
