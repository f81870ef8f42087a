"""Dividing photos into training, validation and test so that the test is honest.

What belongs here: which photo goes where, and the file ``split.csv`` that says so. What does not: finding out which photos belong together
(`duplicates`), or reading them (`cache`).

A split depends on the photos' contents, their classes and groups, the ratios and the seed; not on the order of the files, nor on anything
that is trained. Where chance decides it is a hash of the seed and the photo, so that one photo more or less moves a few others at most.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from whosthat.dataset.audit import Audit, AuditedPhoto
from whosthat.dataset.findings import pictures_by_class
from whosthat.durable import replace_file
from whosthat.errors import DatasetError, system_reason
from whosthat.translation import N_, _
from whosthat.types import PARTS
from whosthat.wording import counted, listing

Ratios = tuple[float, float, float]

COLUMNS = ("path", "class", "part", "group", "sha256")

IN_PART = {"train": N_("{name} in train"), "validation": N_("{name} in validation"), "test": N_("{name} in test")}
"""How it is said that a class is in a part."""


@dataclass(frozen=True)
class Split:
    """Which photos train, which choose the best epoch, and which are kept for the test."""

    classes: tuple[str, ...]  # sorted; the index is the label
    parts: Mapping[str, tuple[AuditedPhoto, ...]]  # of "train", "validation" and "test", each sorted by class, then by name


def split(audit: Audit, *, ratios: Ratios = (8, 1, 1), seed: int = 0, pictures_per_class: int | None = None) -> Split:
    """Divide the photos of an audit, class by class, keeping groups together.

    Every class gets the shares as nearly as its groups allow, and at least one photo in each part. Groups of several photos go
    to training first: the test is made of pictures that are different from one another, so far as there are enough.

    Ratios are the shares of training, validation and test: any three positive numbers. The seed decides where chance decides. With
    ``pictures_per_class``, 1 or more, so many photos of each class take part in the whole run, in all parts together, each at most once.

    Raises:
        DatasetError: A class has fewer than three groups, or groups that tie classes together leave a part without it.
    """
    photos = list(audit.photos)
    if pictures_per_class is not None:
        photos = _sampled(photos, pictures_per_class, seed)
    _check_groups(photos, audit.classes)
    return _made(audit.classes, _Division(photos, ratios, seed).part_of_photo())


def split_table(split: Split) -> bytes:
    """Return a split as a CSV table with the columns path, class, part, group and sha256."""
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(COLUMNS)
    for part in PARTS:
        for item in split.parts[part]:
            writer.writerow((item.photo.name, item.photo.class_name, part, item.group, item.sha256))
    return table.getvalue().encode("utf-8")


def write_split(split: Split, path: Path) -> None:
    """Write the table of a split, in one step; DatasetError where that cannot be."""
    try:
        replace_file(path, split_table(split))
    except OSError as error:
        raise DatasetError(
            "The split cannot be written to {path}: {error}. Make room or choose another folder.", path=path, error=system_reason(error)
        ) from error


def read_split(path: Path, audit: Audit) -> Split:
    """Read back what `write_split` wrote. Each photo of the table must be in the audit with the same content; others are left out.

    Raises:
        DatasetError: The file cannot be read, is no split, or names photos that are gone or changed.
    """
    known = {item.photo.name: item for item in audit.photos}
    part_of: dict[AuditedPhoto, str] = {}
    changed: list[str] = []
    for row in read_rows(path):
        item = known.get(row["path"])
        if row["part"] not in PARTS:
            raise DatasetError(
                '{path} is not a split file: "{part}" is not one of {parts}.', path=path, part=row["part"], parts=_(", ").join(PARTS)
            )
        if item is None or item.sha256 != row["sha256"]:
            changed.append(row["path"])
        elif item in part_of:
            raise DatasetError("{path} is not a split file: {photo} is listed twice.", path=path, photo=row["path"])
        else:
            part_of[item] = row["part"]
    if changed:
        raise DatasetError(
            "{photos} of the split {path} are missing or have changed ({changed}). Restore them, or train again.",
            photos=counted(len(changed), "photo"),
            path=path,
            changed=listing(changed),
        )
    classes = tuple(sorted({item.photo.class_name for item in part_of}))
    return _made(classes, part_of)


class _Division:
    """The state while groups are given to parts: how many photos of each class each part still wants."""

    def __init__(self, photos: Iterable[AuditedPhoto], ratios: Ratios, seed: int) -> None:
        members: defaultdict[int, list[AuditedPhoto]] = defaultdict(list)
        for item in photos:
            members[item.group].append(item)
        self._seed = seed
        self._groups = sorted(members.values(), key=self._turn)
        sizes = Counter(item.photo.class_name for group in self._groups for item in group)
        self._wanted = {name: dict(zip(PARTS, _shares(n, ratios), strict=True)) for name, n in sizes.items()}
        self._empty = {name: set(PARTS) for name in sizes}
        self._groups_left = Counter(name for group in self._groups for name in _classes(group))

    def part_of_photo(self) -> dict[AuditedPhoto, str]:
        """Give every group to a part."""
        part_of: dict[AuditedPhoto, str] = {}
        for group in self._groups:
            part = self._choose(group)
            for item in group:
                part_of[item] = part
                self._wanted[item.photo.class_name][part] -= 1
            for name in _classes(group):
                self._empty[name].discard(part)
                self._groups_left[name] -= 1
        lacking = [_(IN_PART[part], name=name) for name, parts in sorted(self._empty.items()) for part in PARTS if part in parts]
        if lacking:
            raise DatasetError(
                'Photos that look alike stay in one part of the split, which leaves none for: {lacking}. "whosthat check" '
                "lists them; add photos, or delete those in the wrong folder.",
                lacking=listing(lacking),
            )
        return part_of

    def _turn(self, group: list[AuditedPhoto]) -> tuple[int, int, tuple[str, str]]:
        """Sort key: groups over several classes first, then the largest, then as the seed wants it."""
        return (-len(_classes(group)), -len(group), min(_lot("split", self._seed, item) for item in group))

    def _choose(self, group: list[AuditedPhoto]) -> str:
        sizes = Counter(item.photo.class_name for item in group)
        # a class with as many groups left as parts without it must give each of them one
        urgent = [self._empty[name] for name in sizes if self._groups_left[name] <= len(self._empty[name])]
        allowed = set(PARTS).intersection(*urgent) or set(PARTS)
        fitting = [part for part in PARTS if part in allowed and all(self._wanted[name][part] >= n for name, n in sizes.items())]
        if fitting:
            return fitting[0] if len(group) > 1 else fitting[-1]
        return max((part for part in PARTS if part in allowed), key=lambda part: sum(self._wanted[name][part] for name in sizes))


def _shares(n: int, ratios: Ratios) -> list[int]:
    """Divide ``n`` things by largest remainder, each part at least one when there are three or more."""
    exact = [n * share / sum(ratios) for share in ratios]
    sizes = [math.floor(share) for share in exact]
    by_remainder = sorted(range(3), key=lambda index: sizes[index] - exact[index])
    for index in by_remainder[: n - sum(sizes)]:
        sizes[index] += 1
    while n >= 3 and 0 in sizes:
        sizes[sizes.index(max(sizes))] -= 1
        sizes[sizes.index(0)] += 1
    return sizes


def _sampled(photos: Sequence[AuditedPhoto], pictures_per_class: int, seed: int) -> list[AuditedPhoto]:
    of_class: defaultdict[str, list[AuditedPhoto]] = defaultdict(list)
    for item in sorted(photos, key=lambda item: _lot("sample", seed, item)):
        of_class[item.photo.class_name].append(item)
    return [item for members in of_class.values() for item in members[:pictures_per_class]]


def _lot(purpose: str, seed: int, item: AuditedPhoto) -> tuple[str, str]:
    """A photo's lot: as good as chance, the same wherever and whenever it is drawn; copies keep the order of their names."""
    return hashlib.sha256(f"{purpose} {seed} {item.sha256}".encode()).hexdigest(), item.photo.name


def _classes(group: Iterable[AuditedPhoto]) -> set[str]:
    return {item.photo.class_name for item in group}


def _check_groups(photos: Sequence[AuditedPhoto], classes: Sequence[str]) -> None:
    short = [_("{name} ({n})", name=name, n=n) for name, n in pictures_by_class(photos, classes).items() if n < len(PARTS)]
    if short:
        raise DatasetError(
            "{classes} with too few different pictures to be split: {short}. Training, validation and test need one "
            "each, and copies, look-alikes and bursts count as one. Add photos, or move the folder away.",
            classes=counted(len(short), "class"),
            short=listing(short),
        )


def _made(classes: tuple[str, ...], part_of: Mapping[AuditedPhoto, str]) -> Split:
    ordered = sorted(part_of, key=lambda item: (item.photo.class_name, item.photo.name))
    return Split(classes, {part: tuple(item for item in ordered if part_of[item] == part) for part in PARTS})


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read the table of `write_split` as it is; DatasetError where the file cannot be read, or is no split."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise DatasetError("{path} is not a split file: expected the columns {columns}.", path=path, columns=_(", ").join(COLUMNS))
            rows = list(reader)
    except (OSError, ValueError, csv.Error) as error:
        raise DatasetError("The split {path} cannot be read: {error}.", path=path, error=error) from error
    if any(None in row.values() or None in row for row in rows):
        raise DatasetError("{path} is not a split file: a line has too few or too many columns.", path=path)
    return rows
