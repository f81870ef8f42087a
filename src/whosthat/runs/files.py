"""What a run folder says besides ``metrics.json``: photos by class and part, what the audit found, recipe, versions.

What belongs here: reading those files for people to see. What does not: acting on them. A file that is absent gives
an empty answer, because a report is still worth having; a damaged one is an error that names it.
"""

from __future__ import annotations

import csv
import json
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, TypeVar

from whosthat.errors import RunError
from whosthat.types import PARTS

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
    """What the audit found.

    Attributes:
        found: One entry a finding.
        set_aside: Each unused file, as "class/file", with its reason.
    """

    found: tuple[Finding, ...] = ()
    set_aside: tuple[tuple[str, str], ...] = ()


def read_counts(run: Path) -> tuple[ClassCount, ...]:
    """Count the photos of ``split.csv`` by class and part, in alphabetical order of the classes."""

    def count(text: str) -> tuple[ClassCount, ...]:
        counts = Counter((row["class"], row["part"]) for row in csv.DictReader(text.splitlines(), strict=True))
        return tuple(ClassCount(name, *(counts[name, part] for part in PARTS)) for name in sorted({name for name, _ in counts}))

    return read_file(run / "split.csv", count, ())


def read_findings(run: Path) -> Findings:
    """Read what ``audit.json`` says was found and set aside."""

    def parse(text: str) -> Findings:
        audit = json.loads(text)
        found = tuple(Finding(str(one["severity"]), str(one["sentence"]), tuple(map(str, one["photos"]))) for one in audit["findings"])
        return Findings(found, tuple((_short(one["path"]), str(one["reason"])) for one in audit["set_aside"]))

    return read_file(run / "audit.json", parse, Findings())


def read_settings(run: Path) -> Mapping[str, str]:
    """Read ``recipe.toml`` as flat names and words, as in ``optimiser.learning_rate`` and ``0.001``."""
    return read_file(run / "recipe.toml", lambda text: dict(_flat(tomllib.loads(text))), {})


def read_environment(run: Path) -> Mapping[str, str]:
    """Read versions and kind of machine from ``environment.json``; where the photos lie is left out."""

    def parse(text: str) -> dict[str, str]:
        environment = json.loads(text)
        return {**dict(_flat(environment["versions"])), "system": f"{environment['system']} on {environment['machine']}"}

    return read_file(run / "environment.json", parse, {})


def read_file(path: Path, parse: Callable[[str], Content], absent: Content) -> Content:
    """Read one file of a run.

    Args:
        path: The file.
        parse: Makes of its text what is wanted; may raise ValueError, KeyError, TypeError or AttributeError.
        absent: What is returned when there is no such file.

    Raises:
        RunError: It cannot be read, or is damaged.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return absent
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path} cannot be read ({error}). Restore it, or delete it to make the report without it.") from error
    try:
        return parse(text)
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error, RecursionError) as error:
        raise RunError(f"{path} is damaged ({error!r}). Restore it, or delete it to make the report without it.") from error


def _flat(settings: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    flat: list[tuple[str, str]] = []
    for name, value in settings.items():
        flat += _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else [(prefix + name, _worded(value))]
    return flat


def _worded(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _short(path: str) -> str:
    """Keep class and file: the folder above is nobody's business."""
    return "/".join(PurePath(str(path).replace("\\", "/")).parts[-2:])
