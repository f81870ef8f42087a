"""Limits and places: the numbers and folders that are not a recipe's business, each in one place.

Every value can be changed through an environment variable named beside it; nothing here is read from photos or bundles.
This module imports nothing of whosthat.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

MAX_PHOTO_BYTES = 100 * 1024 * 1024
"""A photo file larger than this (100 MiB) is refused."""

MAX_PHOTO_PIXELS = 120_000_000
"""A photo with more pixels than this is refused before it is decoded (a 100-megapixel camera fits)."""

MAX_UNFOLDED_BYTES = 1 << 30
"""Photos that take more than this together (1 GiB) are not read at the same time, on any number of cores."""

MAX_VIDEO_PIXELS = 40_000_000
"""A video whose frames have more pixels than this is refused (8K, which has 33 million, fits)."""

MAX_VIDEO_FRAMES = 1_000_000
"""A video is read no further than this many frames: nine hours at 30 a second."""

ONNX_PARITY_TOLERANCE = 1e-4
"""Largest difference allowed between a network's probabilities and its exported graph's."""


def cache_folder() -> Path:
    """Where prepared photos are kept: ``WHOSTHAT_CACHE``, or the user's cache folder. Whoever creates it makes it private to its owner."""
    return _chosen("WHOSTHAT_CACHE") or _of_the_user("user_cache_dir")


def weights_folder() -> Path:
    """Where downloaded or added weights are kept: ``WHOSTHAT_WEIGHTS``, or the user's data folder."""
    return _chosen("WHOSTHAT_WEIGHTS") or _of_the_user("user_data_dir") / "weights"


def weights_file(name: str, package: str = "", inside: str = "") -> Path | None:
    """Find a file of weights in the weights folder, or ``inside`` a package (which is never imported); None where it is in neither."""
    import importlib.metadata  # only who looks into packages pays for it

    places = [weights_folder() / name]
    if package:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            places.append(Path(str(importlib.metadata.distribution(package).locate_file(inside))))
    return next((place for place in places if place.is_file()), None)


def token_file() -> Path:
    """Where the service keeps its token: ``WHOSTHAT_TOKEN_FILE``, or a file in the user's data folder."""
    return _chosen("WHOSTHAT_TOKEN_FILE") or _of_the_user("user_data_dir") / "service-token"


def secret(variable: str) -> str | None:
    """Return a password: what an environment variable holds, or what stands in the file that the variable with ``_FILE`` behind it names.

    None where neither is set. OSError where the file cannot be read, UnicodeDecodeError where it holds no text. Words of a command line are
    seen by everybody on a computer, these are not.
    """
    if os.environ.get(variable):
        return os.environ[variable]
    file = _chosen(f"{variable}_FILE")
    return None if file is None else file.read_text(encoding="utf-8").rstrip("\r\n") or None


def _chosen(variable: str) -> Path | None:
    return Path(os.environ[variable]) if os.environ.get(variable) else None


def _of_the_user(kind: str) -> Path:
    import platformdirs  # only runs that keep a cache pay for it

    return Path(getattr(platformdirs, kind)("whosthat", appauthor=False))
