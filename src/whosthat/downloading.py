"""Fetching one file of known size: encrypted, never larger than announced, going on where an earlier try was cut off.

What belongs here: which addresses may be used, requests, redirects, and the unfinished file. What does not: which files there are, and
whether what came is the right one (`workflow.model_files`). Nothing else in whosthat opens a connection; `tests/test_layers.py` guards it.
"""

from __future__ import annotations

import http.client
import ipaddress
import os
import re
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import IO, Any

from whosthat.errors import UsageError, WeightsError, system_reason
from whosthat.progress import SILENT, Progress
from whosthat.translation import N_, _
from whosthat.version import __version__

TIMEOUT = 30.0
"""Seconds without a byte after which a connection counts as cut off."""

SLOWEST = 1000
"""Bytes a second, counted after `TIMEOUT`, below which it counts as cut off, too: nobody waits a day for a file."""

TRIES = 5
"""Connections for one file, as long as each brings some of it."""

_PIECE = 1 << 16
_MEGABYTE = 1_000_000


class _CutOffError(Exception):
    """The connection ended before the file did; the message says how."""


class _OtherPartError(Exception):
    """The server sends another part of the file than it was asked for."""


def fetch(address: str, unfinished: Path, n_bytes: int, progress: Progress = SILENT) -> None:
    """Download a file of ``n_bytes`` to ``unfinished``, which may hold its beginning already; only its owner can read it.

    Proxies are those of the environment (``https_proxy``, ``no_proxy``). Whatever stops this, what has come is kept.

    Raises:
        UsageError: The address is not one of `check_address`.
        WeightsError: The server cannot be reached, refuses, has a file of another size, or sends one on to an address that is not
            encrypted; the connection was cut off again and again; the file cannot be written.
    """
    check_address(address)
    for _attempt in range(TRIES):
        kept = _size(unfinished)
        if kept > n_bytes:
            unfinished.unlink()
            kept = 0
        if kept == n_bytes:
            return
        _require_room(unfinished.parent, n_bytes - kept)
        try:
            _go_on(address, kept, unfinished, n_bytes, progress)
        except _OtherPartError:
            unfinished.unlink()
        except _CutOffError as cut:
            if _size(unfinished) <= kept:
                raise _given_up(address, unfinished, n_bytes, str(cut)) from cut
            progress.say(_("The connection was cut off; going on."))
        except KeyboardInterrupt as stop:
            stop.add_note(_(_KEPT))
            raise
    if _size(unfinished) != n_bytes:
        raise _given_up(address, unfinished, n_bytes, _("tried {tries} times", tries=TRIES))


def check_address(address: str) -> None:
    """Refuse an address that is not encrypted, or holds a password; http is accepted for this computer itself.

    Raises:
        UsageError: It is neither ``https://...`` nor ``http://localhost...``.
    """
    try:
        parts = urllib.parse.urlsplit(address)
        parts.port  # noqa: B018 - it is read when it is asked for, and a ValueError where it is no number
    except ValueError as error:
        raise UsageError("{address} is not an address: {error}.", address=address, error=error) from error
    if parts.username is not None or parts.password is not None:
        raise UsageError("An address with a user name or a password cannot be used. Download the file, then name it with --from FILE.")
    if not _is_safe(address):
        raise UsageError("{address} cannot be used: expected an address that begins with https://, or a file.", address=address)


def _is_safe(address: str) -> bool:
    parts = urllib.parse.urlsplit(address)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and _is_this_computer(parts.hostname or "")))


def _is_this_computer(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows a server only to where a user might have sent it, and from the network never to this computer."""

    max_redirections = 5

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        """Return the request for the new address, or refuse it."""
        here, there = (urllib.parse.urlsplit(url).hostname or "" for url in (req.full_url, newurl))
        if not _is_safe(newurl) or (_is_this_computer(there) and not _is_this_computer(here)):
            raise WeightsError(
                "{host} sends this download on to {address}, which is not an https address. Nothing was taken from there.",
                host=here,
                address=newurl,
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    """Only http and https: urllib's own opener also reads files, FTP and data."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
        _SafeRedirects,
    ):
        opener.add_handler(handler())
    return opener


def _go_on(address: str, kept: int, unfinished: Path, n_bytes: int, progress: Progress) -> None:
    """Ask for what is missing, and write it behind what is there."""
    host = urllib.parse.urlsplit(address).hostname
    headers = {"User-Agent": f"whosthat/{__version__}", "Accept-Encoding": "identity"}
    if kept:
        headers["Range"] = f"bytes={kept}-"
    try:
        response = _opener().open(urllib.request.Request(address, headers=headers), timeout=TIMEOUT)  # noqa: S310 - checked
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and kept:
            raise _OtherPartError from error
        raise WeightsError(
            "{host} answers {code} ({reason}) for {address}. {other_ways}",
            host=host,
            code=error.code,
            reason=error.reason,
            address=address,
            other_ways=_(_OTHER_WAYS),
        ) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        cause = error.reason if isinstance(error, urllib.error.URLError) else error
        raise WeightsError(
            "{host} cannot be reached: {error}. Check the network, and the proxy where there is one (https_proxy). {other_ways}",
            host=host,
            error=system_reason(cause) if isinstance(cause, BaseException) else cause,
            other_ways=_(_OTHER_WAYS),
        ) from error
    with response:
        _write(response, _beginning(response, kept, n_bytes, address), unfinished, n_bytes, progress)


def _beginning(response: Any, kept: int, n_bytes: int, address: str) -> int:
    """Return at which byte an answer begins; refuse one of another size before anything of it is read."""
    begin, offered = 0, response.headers.get("Content-Length", "")
    if response.status == http.client.PARTIAL_CONTENT:
        part = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))  # not translated: HTTP
        if part is None or int(part[1]) != kept:
            raise _OtherPartError
        begin, offered = kept, part[2]
    if offered.isdecimal() and int(offered) != n_bytes:
        raise _other_file(address, offered, n_bytes)
    return begin


def _write(response: Any, begin: int, unfinished: Path, n_bytes: int, progress: Progress) -> None:
    done, started, total = begin, time.monotonic(), -(-n_bytes // _MEGABYTE)
    try:
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        with os.fdopen(os.open(unfinished, flags, 0o600), "wb") as file:
            file.truncate(begin)
            file.seek(begin)
            while piece := _read(response):
                done += len(piece)
                if done > n_bytes:
                    break
                file.write(piece)
                progress.step(_("MB downloaded"), total if done == n_bytes else done // _MEGABYTE, total)
                seconds = time.monotonic() - started
                if seconds > TIMEOUT and (done - begin) / seconds < SLOWEST:
                    raise _CutOffError(_("it became too slow"))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise WeightsError(
            "{file} cannot be written: {error}. Make room, or set WHOSTHAT_WEIGHTS to another folder. {kept}",
            file=unfinished,
            error=system_reason(error),
            kept=_(_KEPT),
        ) from error
    if done > n_bytes:
        unfinished.unlink()
        raise _other_file(address=response.url, offered="", n_bytes=n_bytes)
    if done < n_bytes:
        raise _CutOffError(_("it ended too early"))


def _read(response: Any) -> bytes:
    """Read what is there already, at most a piece; nothing at the end."""
    try:
        return bytes(response.read1(_PIECE))
    except (OSError, http.client.HTTPException) as error:
        raise _CutOffError(str(error)) from error


def _require_room(folder: Path, n_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < n_bytes:
        raise WeightsError(
            "{folder} has room for {free:,} bytes, and {missing:,} are missing. Make room, or set WHOSTHAT_WEIGHTS to another folder.",
            folder=folder,
            free=free,
            missing=n_bytes,
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


_OTHER_WAYS = N_("Another address, or a file that was brought here, is named with --from.")
_KEPT = N_("What has come is kept: the same command goes on from there.")


def _given_up(address: str, unfinished: Path, n_bytes: int, why: str) -> WeightsError:
    return WeightsError(
        "{address} was cut off after {have:,} of {n_bytes:,} bytes ({why}). {kept}",
        address=address,
        have=_size(unfinished),
        n_bytes=n_bytes,
        why=why,
        kept=_(_KEPT),
    )


def _other_file(address: str, offered: str, n_bytes: int) -> WeightsError:
    """Say that a file has another size, ``offered``; without that more bytes came than expected."""
    if offered:
        sizes = _("{address} has {offered} bytes, expected {n_bytes:,}", address=address, offered=offered, n_bytes=n_bytes)
    else:
        sizes = _("{address} has more bytes, expected {n_bytes:,}", address=address, n_bytes=n_bytes)
    return WeightsError(
        "{sizes}: it is another file, or the page of a proxy or of a network's login. Nothing of it is kept. {other_ways}",
        sizes=sizes,
        other_ways=_(_OTHER_WAYS),
    )
