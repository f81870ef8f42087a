"""Whose certificates are believed, for every connection that is encrypted. Nothing else belongs here."""

from __future__ import annotations

import ssl
from pathlib import Path

from whosthat.errors import UsageError, system_reason


def trusting(ca: Path | None) -> ssl.SSLContext:
    """Return how certificates are checked: against those of the system, or those in a file (PEM) alone.

    Raises:
        UsageError: The file cannot be read, or holds no certificate.
    """
    try:
        return ssl.create_default_context(cafile=None if ca is None else str(ca))
    except OSError as error:
        raise UsageError("{path} cannot be used as a file of certificates: {reason}.", path=ca, reason=system_reason(error)) from error
