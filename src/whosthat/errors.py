"""Every error that whosthat raises on purpose, in one tree.

    WhosthatError
    |-- UsageError          a name, option or combination that does not exist            exit 2
    |   |-- RecipeError     a recipe key or value that cannot be used
    |   `-- NameTakenError  a new name that somebody else has already
    |-- PhotoError          one file that cannot be read as a photo                      exit 3
    |-- DatasetError        a folder of photos that cannot be used                       exit 3
    |   |-- DoubtError      photos that do not seem to show the person who is said to be in them
    |   `-- WhichFaceError  a photo of several faces, any of which may be meant
    |-- CacheError          a prepared-photo cache that is damaged or from other photos
    |-- DeviceError         a GPU that was asked for and cannot be used                  exit 2
    |-- NetworkError        a network that is unknown or cannot be built
    |   `-- WeightsError    pretrained weights that are missing, wrong or unreadable
    |-- TrainingError       training that cannot go on (NaN loss, no room, ...)
    |-- TrainingInterruptedError   training stopped by Ctrl-C (exit 130) or SIGTERM (143); it can go on later
    |-- RunError            a run folder that is busy, damaged or cannot be written
    |-- BundleError         a bundle that is damaged, too new or not a bundle            exit 3
    |-- LibraryError        a photo library that is damaged, too new or in use          exit 3
    |-- ExportError         an exported graph that does not agree with its network
    |-- ClusterError        a cluster that cannot be reached, or whose workers cannot do the work
    |-- QualityError        a quality gate that was not reached                          exit 4
    `-- DesktopError        no Tk or no screen

A message says what happened, what was expected, what came instead and what to do.
It is given in English, with named places and their values: ``RunError("{path} is damaged.", path=path)``. The error translates it.
Nothing else belongs here. This module imports the translation alone.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from whosthat.translation import N_, _


class WhosthatError(Exception):
    """Base of every error that whosthat raises on purpose; ``exit_code`` is what the command line returns.

    Args:
        message: What happened, as `translation._` takes it; a text that is in the current language already stays as it is.
        values: What fills its places.
    """

    exit_code = 1

    def __init__(self, message: str, /, **values: Any) -> None:
        super().__init__(_(message, **values))


class UsageError(WhosthatError):
    """A name, option or combination that does not exist."""

    exit_code = 2


class RecipeError(UsageError):
    """A recipe key or value that cannot be used."""


class NameTakenError(UsageError):
    """A new name that somebody else has already; ``merge`` makes one person of both."""


class PhotoError(WhosthatError):
    """One file that cannot be read as a photo.

    Args:
        path: The file, or None for bytes without a name.
        reason: Why, in a few words without the path ("the file is empty"), as `WhosthatError` takes its message.
        values: What fills its places.
    """

    exit_code = 3

    def __init__(self, path: Path | None, reason: str, /, **values: Any) -> None:
        self.path, self.reason = path, _(reason, **values)
        super().__init__(self.reason if path is None else _("{path}: {reason}", path=path, reason=self.reason))

    def __reduce__(self) -> tuple[type[PhotoError], tuple[Path | None, str]]:
        """Rebuild with both arguments, so the error crosses process boundaries."""
        return (type(self), (self.path, self.reason))


class DatasetError(WhosthatError):
    """A folder of photos that cannot be used."""

    exit_code = 3


class DoubtError(DatasetError):
    """Photos that do not seem to show the person who is said to be in them; ``anyway`` enrols them all the same.

    Args:
        doubt: What speaks against it, a whole sentence in the current language; kept for those who ask back.
        advice: What to do, likewise.
    """

    def __init__(self, doubt: str, advice: str) -> None:
        self.doubt = doubt
        super().__init__("{doubt} {advice}", doubt=doubt, advice=advice)


class WhichFaceError(DatasetError):
    """A photo that shows several faces, and it is not clear which is meant; a number chooses one."""


class CacheError(WhosthatError):
    """A cache of prepared photos that is damaged or belongs to other photos."""


class DeviceError(WhosthatError):
    """A processor that does not exist, or a GPU that was asked for and cannot be used."""

    exit_code = 2


class NetworkError(WhosthatError):
    """A network that is unknown or cannot be built."""


class WeightsError(NetworkError):
    """Pretrained weights that are missing, wrong or unreadable."""


class TrainingError(WhosthatError):
    """Training that cannot go on."""


class TrainingInterruptedError(WhosthatError):
    """Training that somebody stopped by a signal, and that can go on later; the message says what was kept, and how to go on."""

    def __init__(self, message: str, signal: int) -> None:
        super().__init__(message)
        self.signal = signal
        self.exit_code = 128 + signal  # as shells do


class RunError(WhosthatError):
    """A run folder that is busy, damaged or cannot be written."""


class BundleError(WhosthatError):
    """A bundle that is damaged, newer than this whosthat, or no bundle at all."""

    exit_code = 3


class LibraryError(WhosthatError):
    """A photo library that is damaged, too new, in use by another process, or cannot be written."""

    exit_code = 3


class ExportError(WhosthatError):
    """An exported graph that does not agree with its network."""


class ClusterError(WhosthatError):
    """A cluster that cannot be reached, or whose workers cannot do the work."""


class QualityError(WhosthatError):
    """A quality gate that was asked for and not reached."""

    exit_code = 4


class DesktopError(WhosthatError):
    """The window cannot open: no Tk, or no screen."""


_OF_THE_SYSTEM = (
    N_("Connection refused"),
    N_("Connection reset by peer"),
    N_("Directory not empty"),
    N_("Disk quota exceeded"),
    N_("File exists"),
    N_("File name too long"),
    N_("Input/output error"),
    N_("Is a directory"),
    N_("Name or service not known"),
    N_("No route to host"),
    N_("No space left on device"),
    N_("No such file or directory"),
    N_("Not a directory"),
    N_("Operation not permitted"),
    N_("Permission denied"),
    N_("Read-only file system"),
    N_("Too many open files"),
    N_("timed out"),
)
"""What systems say most often, to be translated; `system_reason` shows them."""


def system_reason(error: BaseException) -> str:
    """Return why the system refused, without number and path; of another error, its words.

    Example:
        >>> system_reason(OSError(28, "No space left on device", "/tmp/x"))
        'No space left on device'
    """
    return _(getattr(error, "strerror", None) or str(error))


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return a sentence that names the choice nearest to what came, or all of them when none is near.

    Example:
        >>> did_you_mean("cnn5", ["cnn6", "vgg16"])
        'Did you mean "cnn6"?'
        >>> did_you_mean("zebra", ["cnn6", "vgg16"])
        'Choose one of: cnn6, vgg16.'
    """
    known = sorted(choices)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return _('Did you mean "{near}"?', near=near[0]) if near else _("Choose one of: {known}.", known=_(", ").join(known))


def type_given(value: object) -> str:
    """Return the name of the type of what came, for messages.

    Example:
        >>> type_given(None), type_given([])
        ('None', 'list')
    """
    return "None" if value is None else type(value).__name__


def path_given(value: object, what: str) -> Path:
    """Return a path that somebody gave; a UsageError, which begins with what it should be, where it is none.

    Example:
        >>> path_given(None, "The folder of photos")
        Traceback (most recent call last):
        ...
        whosthat.errors.UsageError: The folder of photos must be a path (str or Path); got None.
    """
    if isinstance(value, str | os.PathLike):
        return Path(os.fspath(value))
    raise UsageError("{what} must be a path (str or Path); got {type}.", what=what, type=type_given(value))
