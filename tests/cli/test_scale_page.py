"""The commands of docs/scale.md, as they stand there, on a small set: on this computer, and on three machines that are processes."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from whosthat.cartoons import HEROES, draw_hero
from whosthat.cli.app import main
from whosthat.errors import UsageError
from whosthat.photos.drawing import save_image

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
ONE_COMPUTER, NODES, USING_THEM, IN_STORAGE = (
    block.splitlines() for block in re.findall(r"^```\n(.*?)\n```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders that the page names: people to train on, and a holiday with them; trained without a cluster."""
    folder = tmp_path_factory.mktemp("scale")
    for name in HEROES[:3]:
        (folder / "people" / name).mkdir(parents=True)
        for seed in range(4):
            save_image(draw_hero(name, seed, 200), folder / "people" / name / f"{seed}.png")
    (folder / "holiday").mkdir()
    for seed in range(20):
        save_image(draw_hero(HEROES[seed % 4], 100 + seed, 200), folder / "holiday" / f"{seed}.png")
    return folder


@pytest.mark.slow
def test_on_one_computer(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("ray")
    from whosthat.cluster import Cluster
    from whosthat.workflow import demo

    monkeypatch.chdir(place)
    monkeypatch.setattr(demo, "PHOTOS_EACH", 20)
    monkeypatch.setattr(demo, "STRANGERS_EACH", 2)
    monkeypatch.setattr(demo, "require_keras", lambda: pytest.fail("faces need no Keras"))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    install, *commands = ONE_COMPUTER
    assert install == 'pip install "whosthat[ray,parquet]"'
    pytest.importorskip("pyarrow")
    cluster = Cluster(cores=2)  # which the commands share: each would start its own
    try:
        for command in commands:
            assert "--engine ray" in command
            assert main(shlex.split(command)[1:]) == 0
    finally:
        cluster.close()
    out = capsys.readouterr().out
    assert "miss many cartoon faces" in out
    assert "holiday" in out
    assert Path("faces.parquet").read_bytes()[:4] == b"PAR1"


@pytest.mark.slow
def test_from_storage(place: Path, bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.holds(place / "people", "bucket/people")
    bucket.holds(place / "holiday", "bucket/unsorted")
    bucket.holds(place / "holiday", "bucket/holiday")
    (tmp_path / "more" / HEROES[0]).mkdir(parents=True)
    (tmp_path / "others").mkdir()
    for seed in range(20, 23):
        save_image(draw_hero(HEROES[0], seed, 200), tmp_path / "more" / HEROES[0] / f"{seed}.png")
        save_image(draw_hero(HEROES[4], seed, 200), tmp_path / "others" / f"{seed}.png")
    bucket.holds(tmp_path / "more", "bucket/more")
    bucket.holds(tmp_path / "others", "bucket/others")
    monkeypatch.chdir(tmp_path)
    assert len(IN_STORAGE) == 6
    for command in IN_STORAGE:
        assert "s3://bucket/" in command
        assert main(shlex.split(command)[1:]) == 0
    assert list(tmp_path.glob("s3:*")) == []


@pytest.mark.slow
def test_what_ray_says_is_no_answer(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("ray")
    from ray._private.utils import publish_error_to_driver
    from ray._private.worker import global_worker

    from whosthat.cluster import Cluster
    from whosthat.workflow import cluster_predict

    written: list[tuple[str, str]] = []

    def load_on(cluster: Cluster, path: str | Path) -> None:
        publish_error_to_driver("node_died", "a machine has gone", global_worker.gcs_client)
        for _try in range(300):
            written.append(capsys.readouterr())
            if "a machine has gone" in "".join(written[-1]):
                break
            time.sleep(0.1)
        raise UsageError("enough")

    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(cluster_predict, "load_on", load_on)
    assert main(["predict", "bundle", str(place / "holiday"), "--engine", "ray", "--csv"]) == UsageError.exit_code
    assert "(raylet)" in written[-1][1]
    assert {out for out, _err in [*written, capsys.readouterr()]} == {""}


@pytest.fixture
def three_nodes(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Three nodes of one core, started as the page says, and the environment of programs that use them."""
    pytest.importorskip("ray")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    mode, head, other = (line.replace("HOST", "127.0.0.1").replace("6379", port) for line in NODES)
    assert mode == USING_THEM[0] == "export RAY_AUTH_MODE=token"
    # a token of its own, in the place of the file
    environment = os.environ | {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32), "RAY_ADDRESS": f"127.0.0.1:{port}"}
    small = " --num-cpus=1 --object-store-memory=100000000"
    nodes: list[subprocess.Popen[bytes]] = []
    try:
        for number, command in enumerate((head + " --include-dashboard=false", other, other)):
            nodes.append(_started(command + small, environment, tmp_path / f"node {number}"))
        yield environment
    finally:
        for node in reversed(nodes):  # a node without its head waits for half a minute
            node.send_signal(signal.SIGTERM)
            node.wait(60)


def _started(command: str, environment: dict[str, str], said: Path) -> subprocess.Popen[bytes]:
    """Start a node and wait until it has: two that start at once on one machine take the same names for their sockets, and both end."""
    program, *arguments = shlex.split(command)
    environment = {name: value for name, value in environment.items() if name != "RAY_ADDRESS"}
    with said.open("wb") as log:
        node = subprocess.Popen([Path(sys.executable).with_name(program), *arguments], env=environment, stdout=log, stderr=log)
    for _try in range(600):
        if b"Ray runtime started" in said.read_bytes():
            return node
        time.sleep(0.1)
    node.kill()
    pytest.fail(f"the node does not start: {said.read_text()}")


@pytest.mark.slow
def test_on_several_machines(loopback: None, three_nodes: dict[str, str], place: Path) -> None:
    if not (place / "runs").exists():
        _run("whosthat train people --model faces", place, os.environ)
    _mode, _address, predict = USING_THEM
    command, _redirection, file = predict.rpartition(" > ")
    assert file == "names.csv"
    there, here = (
        _run(one, place, env) for one, env in ((f"{command} --no-cache", three_nodes), (command.replace("--engine ray", ""), os.environ))
    )
    assert there == here
    assert there.count("\n") > 15


def _run(command: str, place: Path, environment: dict[str, str] | os._Environ[str]) -> str:
    arguments = [sys.executable, "-m", *shlex.split(command)]
    ran = subprocess.run(arguments, cwd=place, env=dict(environment), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
