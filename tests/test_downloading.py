"""Downloading, from a server on this computer that behaves well and badly."""

from __future__ import annotations

import errno
import os
import shutil
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from whosthat import downloading
from whosthat.downloading import check_address, fetch
from whosthat.errors import UsageError, WeightsError
from whosthat.progress import Silent

CONTENT = bytes(range(256)) * 1000  # several pieces


@pytest.fixture
def unfinished(tmp_path: Path) -> Path:
    return tmp_path / "file.part"


def test_a_file_comes_whole_and_private(file_server: Any, unfinished: Path, heard: Any) -> None:
    file_server.content = CONTENT
    fetch(file_server.address, unfinished, len(CONTENT), heard)
    assert unfinished.read_bytes() == CONTENT
    assert file_server.asked == [("/file", None)]
    assert heard.steps[-1] == ("MB downloaded", 1, 1)
    assert os.name == "nt" or unfinished.stat().st_mode & 0o777 == 0o600
    fetch(file_server.address, unfinished, len(CONTENT))
    assert len(file_server.asked) == 1, "what is whole is not asked for again"


@pytest.mark.parametrize("ranges", [True, False])
def test_what_an_earlier_try_left_is_gone_on_with(file_server: Any, unfinished: Path, ranges: bool) -> None:
    file_server.content, file_server.ranges = CONTENT, ranges
    unfinished.write_bytes(CONTENT[:1000])
    fetch(file_server.address, unfinished, len(CONTENT))
    assert file_server.asked == [("/file", "bytes=1000-")]
    assert unfinished.read_bytes() == CONTENT


@pytest.mark.parametrize("says_length", [True, False])
def test_a_download_that_is_cut_off_goes_on_by_itself(file_server: Any, unfinished: Path, heard: Any, says_length: bool) -> None:
    file_server.content, file_server.cuts, file_server.says_length = CONTENT, [100, 70_000], says_length
    fetch(file_server.address, unfinished, len(CONTENT), heard)
    assert [wanted for _, wanted in file_server.asked] == [None, "bytes=100-", "bytes=70100-"]
    assert heard.said == ["The connection was cut off; going on."] * 2
    assert unfinished.read_bytes() == CONTENT


@pytest.mark.parametrize(("cut", "how"), [("reset", "reset by peer"), ("stall", "timed out")])
def test_a_connection_that_breaks_or_sleeps_counts_as_cut_off(
    file_server: Any, unfinished: Path, monkeypatch: pytest.MonkeyPatch, cut: str, how: str
) -> None:
    file_server.content, file_server.cuts, file_server.cut = CONTENT, [100, 0], cut
    with monkeypatch.context() as patch:
        patch.setattr(downloading, "TIMEOUT", 0.5)
        with pytest.raises(WeightsError, match=f"cut off after 100 of 256,000 bytes .*{how}"):
            fetch(file_server.address, unfinished, len(CONTENT))
    fetch(file_server.address, unfinished, len(CONTENT))
    assert unfinished.read_bytes() == CONTENT


def test_a_connection_that_brings_nothing_ends_it_and_keeps_what_came(file_server: Any, unfinished: Path) -> None:
    file_server.content, file_server.cuts = CONTENT, [100, 0]
    with pytest.raises(WeightsError, match=r"was cut off after 100 of 256,000 bytes .*What has come is kept"):
        fetch(file_server.address, unfinished, len(CONTENT))
    assert unfinished.read_bytes() == CONTENT[:100]


def test_only_so_many_connections_are_made(file_server: Any, unfinished: Path) -> None:
    file_server.content, file_server.cuts = CONTENT, [1] * 99
    with pytest.raises(WeightsError, match=r"cut off after 5 of 256,000 bytes \(tried 5 times\)"):
        fetch(file_server.address, unfinished, len(CONTENT))
    assert len(file_server.asked) == downloading.TRIES


@pytest.mark.parametrize("part_at", [7, None])
def test_a_part_that_does_not_fit_is_dropped(file_server: Any, unfinished: Path, part_at: int | None) -> None:
    """The server sends another part, or has less than what is there."""
    file_server.content, file_server.part_at = CONTENT[:90_000], part_at
    unfinished.write_bytes(b"?" * (1000 if part_at else 90_001))
    fetch(file_server.address, unfinished, 90_000)
    assert unfinished.read_bytes() == CONTENT[:90_000]


def test_a_server_that_says_there_is_no_such_part_is_asked_for_all(file_server: Any, unfinished: Path) -> None:
    file_server.content = CONTENT[:50]
    unfinished.write_bytes(b"?" * 60)
    with pytest.raises(WeightsError, match=r"has 50 bytes, expected 100: it is another file"):
        fetch(file_server.address, unfinished, 100)
    assert [wanted for _, wanted in file_server.asked] == ["bytes=60-", None]


@pytest.mark.parametrize("size", [999, 1001])
def test_a_file_of_another_size_is_refused_before_it_comes(file_server: Any, unfinished: Path, size: int) -> None:
    file_server.content = bytes(size)
    with pytest.raises(WeightsError, match=f"has {size} bytes, expected 1,000: .*login"):
        fetch(file_server.address, unfinished, 1000)
    assert not unfinished.exists()


def test_a_file_without_an_announced_size_ends_at_the_expected_one(file_server: Any, unfinished: Path) -> None:
    file_server.content, file_server.says_length = CONTENT, False
    with pytest.raises(WeightsError, match="has more bytes, expected 1,000"):
        fetch(file_server.address, unfinished, 1000)
    assert not unfinished.exists()


@pytest.mark.parametrize("status", [403, 404, 407, 500])
def test_a_refusal_is_told_with_its_number(file_server: Any, unfinished: Path, status: int) -> None:
    file_server.status = status
    with pytest.raises(WeightsError, match=rf"127\.0\.0\.1 answers {status} .*--from"):
        fetch(file_server.address, unfinished, 1000)


def test_a_redirect_on_this_computer_is_followed(file_server: Any, unfinished: Path) -> None:
    file_server.content, file_server.redirect = CONTENT, "/elsewhere"
    unfinished.write_bytes(CONTENT[:10])
    fetch(file_server.address, unfinished, len(CONTENT))
    assert file_server.asked == [("/file", "bytes=10-"), ("/elsewhere", "bytes=10-")]


@pytest.mark.parametrize("there", ["http://example.org/file", "ftp://example.org/file", "file:///etc/passwd", "http:///file"])
def test_a_redirect_that_is_not_encrypted_is_refused(file_server: Any, unfinished: Path, there: str) -> None:
    file_server.redirect = there
    with pytest.raises(WeightsError, match=r"sends this download on to|answers 302"):
        fetch(file_server.address, unfinished, 1000)
    assert not unfinished.exists()


def test_a_redirect_from_the_network_to_this_computer_is_refused() -> None:
    request = SimpleNamespace(full_url="https://example.org/file")
    with pytest.raises(WeightsError, match=r"example\.org sends this download on to http://127\.0\.0\.1"):
        downloading._SafeRedirects().redirect_request(request, None, 302, "", None, "http://127.0.0.1:8080/admin")


def test_redirects_in_a_circle_end(file_server: Any, unfinished: Path) -> None:
    file_server.redirect = file_server.address
    with pytest.raises(WeightsError, match="answers 302"):
        fetch(file_server.address, unfinished, 1000)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://example.org/file", "expected an address that begins with https://"),
        ("ftp://example.org/file", "begins with https://"),
        ("file:///etc/passwd", "begins with https://"),
        ("https://", "begins with https://"),
        ("https://name:secret@example.org/file", "user name or a password"),
        ("https://[::1/file", "is not an address"),
        ("https://example.org:port/file", "is not an address"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(address: str, message: str, unfinished: Path) -> None:
    with pytest.raises(UsageError, match=message) as refused:
        fetch(address, unfinished, 1000)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("address", ["https://example.org/a?b=c", "http://localhost:8000/a", "http://127.0.0.9/a", "http://[::1]/a"])
def test_encrypted_addresses_and_this_computer_are_accepted(address: str) -> None:
    check_address(address)


def test_without_a_network_it_says_so(file_server: Any, unfinished: Path) -> None:
    with pytest.raises(WeightsError, match=r"127\.0\.0\.1 cannot be reached: Connection refused\. Check the network.*--from"):
        fetch("http://127.0.0.1:1/file", unfinished, 1000)


def test_an_address_with_odd_characters_is_refused(unfinished: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be reached"):
        fetch("http://localhost:1/a b", unfinished, 1000)


def test_the_proxy_of_the_environment_is_asked(file_server: Any, unfinished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file_server.content = CONTENT
    monkeypatch.setenv("http_proxy", file_server.address.removesuffix("/file"))
    monkeypatch.setenv("https_proxy", file_server.address.removesuffix("/file"))
    fetch("http://127.0.0.1:1/file", unfinished, len(CONTENT))
    with pytest.raises(WeightsError, match=r"example\.org cannot be reached: .*403.*https_proxy"):
        fetch("https://example.org/file", unfinished.with_name("other"), len(CONTENT))
    assert file_server.asked == [("http://127.0.0.1:1/file", None), ("example.org:443", None)]


def test_a_certificate_that_is_none_is_not_accepted(file_server: Any, unfinished: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be reached"):
        fetch(file_server.address.replace("http://", "https://"), unfinished, 1000)


def test_too_little_room_is_said_before_anything_comes(file_server: Any, unfinished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unfinished.write_bytes(b"1" * 10)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=989))
    with pytest.raises(WeightsError, match=r"has room for 989 bytes, and 990 are missing\. Make room"):
        fetch(file_server.address, unfinished, 1000)
    assert file_server.asked == []


def test_a_disk_that_fills_up_keeps_what_came(file_server: Any, unfinished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file_server.content = CONTENT
    monkeypatch.setattr(os, "fsync", Mock(side_effect=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))))
    with pytest.raises(WeightsError, match=r"cannot be written: No space left on device\. .*the same command goes on"):
        fetch(file_server.address, unfinished, len(CONTENT))
    assert unfinished.read_bytes() == CONTENT


def test_a_server_that_drips_counts_as_cut_off(file_server: Any, unfinished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file_server.content = CONTENT
    monkeypatch.setattr(downloading, "TIMEOUT", 1e-9)
    monkeypatch.setattr(downloading, "SLOWEST", 1e15)
    monkeypatch.setattr(downloading, "_PIECE", 100)
    monkeypatch.setattr(downloading, "_opener", lambda opener=downloading._opener: _patient(opener()))
    with pytest.raises(WeightsError, match="tried 5 times"):
        fetch(file_server.address, unfinished, len(CONTENT))


def _patient(opener: Any) -> Any:
    return SimpleNamespace(open=lambda request, timeout: opener.open(request, timeout=30))


def test_a_test_that_opens_a_connection_unasked_fails() -> None:
    with socket.socket() as connection, pytest.raises(pytest.fail.Exception, match=r"a connection to .* was opened"):
        connection.connect(("127.0.0.1", 9))


def test_ctrl_c_keeps_what_came_and_says_how_to_go_on(file_server: Any, unfinished: Path) -> None:
    class Stopping(Silent):
        def step(self, what: str, done: int, total: int, note: str = "") -> None:
            raise KeyboardInterrupt

    file_server.content = CONTENT
    with pytest.raises(KeyboardInterrupt) as stopped:
        fetch(file_server.address, unfinished, len(CONTENT), Stopping())
    assert stopped.value.__notes__ == ["What has come is kept: the same command goes on from there."]
    assert CONTENT.startswith(unfinished.read_bytes())
    assert unfinished.stat().st_size > 0


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="this file system follows no links")
def test_a_link_in_the_place_of_the_unfinished_file_is_not_written_through(file_server: Any, unfinished: Path) -> None:
    file_server.content = CONTENT
    mine = unfinished.with_name("mine")
    mine.write_bytes(b"mine")
    unfinished.symlink_to(mine)
    with pytest.raises(WeightsError, match="cannot be written"):
        fetch(file_server.address, unfinished, len(CONTENT))
    assert mine.read_bytes() == b"mine"
