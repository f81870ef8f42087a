from __future__ import annotations

import http.client
import json
import logging
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from whosthat.errors import UsageError
from whosthat.server.serving import Address, door_of, listen, log_to_stderr, token_in


def test_a_token_is_made_told_once_and_kept_for_its_owner(tmp_path: Path, heard: Any) -> None:
    file = tmp_path / "new folder" / "token"
    token = token_in(file, heard)
    assert len(token) >= 40
    assert token in str(heard.said)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    heard.said.clear()
    assert token_in(file, heard) == token
    assert token not in str(heard.said)
    assert str(file) in str(heard.said)


@pytest.mark.parametrize("content", ["", "short", "x" * 1001, "a token with spaces in it", "tokens-of-ü-letters-ü", "a" * 20 + "\x00"])
def test_what_is_no_token_is_refused(tmp_path: Path, heard: Any, content: str) -> None:
    file = tmp_path / "token"
    file.write_text(content)
    file.chmod(0o600)
    with pytest.raises(UsageError, match="holds no token"):
        token_in(file, heard)


@pytest.mark.skipif(os.name == "nt", reason="this file system knows no modes")
def test_a_token_that_others_can_read_is_refused(tmp_path: Path, heard: Any) -> None:
    file = tmp_path / "token"
    file.write_text("a-token-of-the-tests")
    file.chmod(0o644)
    with pytest.raises(UsageError, match="Others can read the token"):
        token_in(file, heard)


def test_a_folder_is_no_token_file(tmp_path: Path, heard: Any) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(UsageError, match="cannot be used: Is a directory"):
        token_in(tmp_path, heard)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "photos.example"])
def test_other_computers_need_a_token(host: str) -> None:
    with pytest.raises(UsageError, match="Leave out --no-token"):
        door_of(Address(host), None)
    assert door_of(Address(host), "a-token-of-the-tests").knows(host if ":" not in host else f"[{host}]:8770")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.9.9.9"])
def test_this_computer_may_do_without(host: str) -> None:
    assert door_of(Address(host), None).token is None


def test_two_services_cannot_have_one_port() -> None:
    with (
        listen(Address(port=0)) as first,
        pytest.raises(UsageError, match=r"cannot listen on 127\.0\.0\.1, port \d+: Address already in use"),
    ):
        listen(Address(port=first.getsockname()[1]))


def test_an_address_of_another_computer_is_refused() -> None:
    with pytest.raises(UsageError, match=r"cannot listen on 192\.0\.2\.1"):
        listen(Address("192.0.2.1", 0))


def test_the_log_is_one_object_a_line_without_the_words_of_failures(capsys: pytest.CaptureFixture[str]) -> None:
    loggers = [logging.getLogger(name) for name in ("whosthat.server", "uvicorn.error")]
    before = [(logger, logger.level, logger.propagate, list(logger.handlers)) for logger in loggers]
    try:
        for logger in loggers:
            logger.handlers = []
        log_to_stderr()
        log_to_stderr()
        try:
            raise ValueError("photo of Anna")
        except ValueError:
            loggers[1].exception("Exception in ASGI application\n")
        loggers[0].info("request", extra={"facts": {"event": "request", "status": 200}})
    finally:
        for logger, level, propagate, handlers in before:
            logger.level, logger.propagate, logger.handlers = level, propagate, handlers
    written = capsys.readouterr().err
    failure, request = map(json.loads, written.splitlines())
    assert (failure["error"], failure["level"]) == ("ValueError", "error")
    assert (request["event"], request["status"]) == ("request", 200)
    assert "Anna" not in written


@pytest.fixture
def serve(loopback: None, tmp_path: Path, save_colours: Callable[..., Path]) -> Iterator[Callable[..., Any]]:
    """Run the command itself with further words; returns the process, its lines so far, and the address."""
    processes: list[subprocess.Popen[str]] = []

    def start(*words: str) -> tuple[subprocess.Popen[str], list[str], tuple[str, int]]:
        command = [sys.executable, "-m", "whosthat", "serve", str(save_colours(tmp_path / "colours")), "--port", "0", *words]
        environment = {**os.environ, "WHOSTHAT_TOKEN_FILE": str(tmp_path / "token"), "PYTHONPATH": os.pathsep.join(sys.path)}
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        processes.append(process)
        lines: list[str] = []
        for line in process.stderr:
            lines.append(line)
            if found := re.search(r"http://([\d.]+):(\d+)", line):
                return process, lines, (found[1], int(found[2]))
        pytest.fail(f"it did not start: {lines}")

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_the_command_answers_and_drains(serve: Callable[..., Any], tmp_path: Path, colour_photo: Callable[..., bytes]) -> None:
    process, lines, address = serve()
    token = (tmp_path / "token").read_text().strip()
    assert sum(token in line for line in lines) == 1
    photo = colour_photo(side=200)
    with closing(http.client.HTTPConnection(*address)) as client, closing(http.client.HTTPConnection(*address)) as second:
        client.putrequest("POST", "/v1/identify")
        client.putheader("authorization", f"Bearer {token}")
        client.putheader("content-type", "image/png")
        client.putheader("content-length", str(len(photo)))
        client.endheaders(photo[:1000])
        assert status_of(second, "/healthz") == 200  # so the first request has begun as well
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        client.send(photo[1000:])
        answer = client.getresponse()
        assert (answer.status, json.loads(answer.read())["photos"][0]["answer"]) == (200, "known")
        assert process.wait(60) == 0
        with pytest.raises(OSError, match="refused"):
            http.client.HTTPConnection(*address).connect()


def test_ctrl_c_ends_it_as_well(serve: Callable[..., Any]) -> None:
    process, _lines, address = serve("--no-token")
    with closing(http.client.HTTPConnection(*address)) as client:
        assert status_of(client, "/v1/bundles") == 200
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0


def status_of(client: http.client.HTTPConnection, path: str) -> int:
    client.request("GET", path)
    with client.getresponse() as answer:
        answer.read()
        return answer.status
