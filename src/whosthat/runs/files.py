"""The names of a run's files, and what they say besides ``metrics.json``: photos by class and part, what the audit found, recipe, versions.

What belongs here: reading those files for people to see, and the error when one cannot be written. What does not: acting on them. A file
that is absent gives an empty answer, because a report is still worth having; a damaged one is an error that names it.
"""

from __future__ import annotations

import csv
import json
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, TypeVar

from whosthat.durable import replace_file
from whosthat.errors import RunError, system_reason
from whosthat.translation import N_, _
from whosthat.types import PARTS

RECIPE, SPLIT, ENVIRONMENT, AUDIT, BUNDLE = "recipe.toml", "split.csv", "environment.json", "audit.json", "bundle"
METRICS, HISTORY, REPORT, CHECKPOINTS, PLOTS, NETWORK = "metrics.json", "history.csv", "report.html", "checkpoints", "plots", "network.json"
TRIAL = "trial.json"
"""What the validation photos say of a network that is trained, whether it is tested or not."""

NOTE = "note.txt"
"""What the run is for, in its owner's words; whoever likes may edit it."""

Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class ClassCount:
    """Photos of one class in each part of the split."""

    name: str
    train: int
    validation: int
    test: int

    @property
    def total(self) -> int:
        """Photos in all parts."""
        return self.train + self.validation + self.test


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the audit found: how severe (note, warning, problem), in a sentence, and the photos concerned."""

    severity: str
    sentence: str
    photos: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """What the audit found, and each file that was set aside, as "class/file", with its reason."""

    found: tuple[Finding, ...] = ()
    set_aside: tuple[tuple[str, str], ...] = ()


def read_counts(run: Path) -> tuple[ClassCount, ...]:
    """Count the photos of ``split.csv`` by class and part, in alphabetical order of the classes."""

    def count(text: str) -> tuple[ClassCount, ...]:
        counts = Counter((row["class"], row["part"]) for row in csv.DictReader(text.splitlines(), strict=True))
        return tuple(ClassCount(name, *(counts[name, part] for part in PARTS)) for name in sorted({name for name, _part in counts}))

    return read_file(run / SPLIT, count, ())


def read_findings(run: Path) -> Findings:
    """Read what ``audit.json`` says was found and set aside."""

    def parse(text: str) -> Findings:
        audit = json.loads(text)
        found = tuple(Finding(str(one["severity"]), str(one["sentence"]), tuple(map(str, one["photos"]))) for one in audit["findings"])
        return Findings(found, tuple((_short(one["path"]), str(one["reason"])) for one in audit["set_aside"]))

    return read_file(run / AUDIT, parse, Findings())


def read_settings(run: Path) -> Mapping[str, str]:
    """Read ``recipe.toml`` as flat names and words, as in ``optimiser.learning_rate`` and ``0.001``."""
    return read_file(run / RECIPE, lambda text: _worded(tomllib.loads(text)), {})


def read_environment(run: Path) -> Mapping[str, str]:
    """Read versions and kind of machine from ``environment.json``; where the photos lie is left out."""

    def parse(text: str) -> dict[str, str]:
        environment = json.loads(text)
        return {
            **_worded(environment["versions"]),
            _("system"): _("{system} on {machine}", system=environment["system"], machine=environment["machine"]),
        }

    return read_file(run / ENVIRONMENT, parse, {})


def read_file(path: Path, parse: Callable[[str], Content], absent: Content) -> Content:
    """Return what ``parse`` makes of the text of one file of a run; ``absent`` when there is no such file.

    Raises:
        RunError: It cannot be read, or is damaged: parsing raised ValueError, KeyError, TypeError or AttributeError.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return absent
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(
            "{path} cannot be read ({error}). Restore it, or delete it to make the report without it.", path=path, error=error
        ) from error
    try:
        return parse(text)
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error, RecursionError) as error:
        raise RunError(
            "{path} is damaged ({error!r}). Restore it, or delete it to make the report without it.", path=path, error=error
        ) from error


def read_document(text: str, newest: int) -> Any:
    """Return the JSON object of a file that says its format; ValueError where that is newer than the newest that is known."""
    document = json.loads(text)
    if document["format"] > newest:
        raise ValueError(
            _("format {format} is newer than {newest}, the newest that this whosthat reads", format=document["format"], newest=newest)
        )
    return document


def checked(kind: type[Content], document: Any) -> Content:
    """Return a value of this type from what JSON holds; ValueError names the first entry that does not fit."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(kind).validate_python(document)
    except ValidationError as error:  # whose own text has many lines
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


@contextmanager
def writing(what: object, advice: str = "") -> Iterator[None]:
    """Raise a `RunError` that tells what cannot be written, and what to do (without advice: make room), in the place of an OSError."""
    try:
        yield
    except OSError as error:
        advice = advice or _("Make room there and try again.")
        raise RunError("{what} cannot be written: {error}. {advice}", what=what, error=system_reason(error), advice=advice) from error


def save_file(path: Path, content: str | bytes, advice: str = "") -> Path:
    """Write a file in one step, text in UTF-8, and return it; what cannot be written is told as by `writing`."""
    with writing(path, advice):  # a file name may hold bytes that are no letters
        replace_file(path, content if isinstance(content, bytes) else content.encode("utf-8", errors="replace"))
    return path


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, object]:
    """Give every setting of nested tables one dotted key."""
    found: dict[str, object] = {}
    for key, value in settings.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return found


def _worded(settings: Mapping[str, Any]) -> dict[str, str]:
    words = {True: N_("yes"), False: N_("no")}  # compared, and translated where they are shown
    return {
        key: words[value] if isinstance(value, bool) else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for key, value in flat(settings).items()
    }


def _short(path: str) -> str:
    """Keep class and file: the folder above is nobody's business."""
    return "/".join(PurePath(str(path).replace("\\", "/")).parts[-2:])
