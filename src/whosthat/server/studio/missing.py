"""The answer for what is not there, be it a folder, a photo, a run or a job."""

from __future__ import annotations

from whosthat.server.refusals import Refusal


def not_found(what: str) -> Refusal:
    """Refuse a thing that is not there, by its name or what it is, in words."""
    return Refusal(404, "not_found", "There is no {what} here.", what=what)
