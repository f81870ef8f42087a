"""What an audit has to say about a folder of photos, in whole sentences with counts and names.

What belongs here: one small function per kind of finding, from facts to a sentence. What does not: reading or comparing photos.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from whosthat.dataset.duplicates import FLAT
from whosthat.dataset.folder import EMPTY_CLASS, Photo
from whosthat.dataset.odd_names import odd_names, odd_names_sentence
from whosthat.types import SetAside
from whosthat.wording import counted, listing

LARGEST_IMBALANCE = 3.0
"""Largest class divided by smallest class above which a network leans towards the large one."""

SMALLEST_SIDE = 64
"""Side in pixels below which a photo shows little of a face or an object."""

FEW_PHOTOS = 20
"""Photos in a class below which a network trained from scratch learns the photos rather than the class."""

Severity = Literal["problem", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("problem", "warning", "note")
"""The most serious first."""


@dataclass(frozen=True, slots=True)
class AuditedPhoto:
    """A photo that can be read, and what is known of it.

    Attributes:
        photo: The file and its class.
        sha256: Of the file, in hexadecimal.
        width: Of the upright image, in pixels.
        height: Of the upright image, in pixels.
        fingerprint: 64-bit perceptual hash; 0 for a picture of one colour.
        taken_at: When it was taken, in seconds (EXIF); None when the file does not say.
        group: Photos with one number are copies, look-alikes or a burst, and stay on one side of a split.
    """

    photo: Photo
    sha256: str
    width: int
    height: int
    fingerprint: int
    taken_at: float | None
    group: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth knowing about a folder of photos.

    Attributes:
        kind: What it is about, one word ("imbalance"): the same in every version.
        severity: "problem" (training would learn something wrong, or cannot), "warning" or "note".
        sentence: What was found, and what it means.
        photos: Names of the photos concerned.
    """

    kind: str
    severity: Severity
    sentence: str
    photos: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """All that findings are made from. Pairs are photos of which the second repeats the first."""

    root: Path
    classes: tuple[str, ...]
    photos: Sequence[AuditedPhoto]
    left_out: Sequence[SetAside]
    unreadable: Mapping[Photo, str]
    contradictions: Sequence[tuple[Photo, ...]]
    copies: Sequence[tuple[AuditedPhoto, AuditedPhoto]]
    look_alikes: Sequence[tuple[AuditedPhoto, AuditedPhoto]]
    bursts: Sequence[tuple[AuditedPhoto, AuditedPhoto]]


def examine(evidence: Evidence) -> tuple[Finding, ...]:
    """Return every finding, the most serious first."""
    rules = (
        _contradictions,
        _lost_classes,
        _one_class,
        _odd_names,
        _too_few,
        _unreadable,
        _look_alikes_across,
        _copies,
        _imbalance,
        _small,
        _flat,
    )
    notes = (_look_alikes, _bursts, _left_out)
    found = [finding for rule in (*rules, *notes) for finding in rule(evidence)]
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def count_by_class(photos: Iterable[AuditedPhoto], classes: Sequence[str]) -> dict[str, int]:
    """Count the photos of each class, classes without photos included."""
    counted = Counter(item.photo.class_name for item in photos)
    return {name: counted[name] for name in classes}


def pictures_by_class(photos: Iterable[AuditedPhoto], classes: Sequence[str]) -> dict[str, int]:
    """Count the groups of each class: photos that are not copies, look-alikes or a burst of one another."""
    counted = Counter(class_name for class_name, _ in {(item.photo.class_name, item.group) for item in photos})
    return {name: counted[name] for name in classes}


# ------------------------------------------------------------------------------------------------------------- problems


def _contradictions(evidence: Evidence) -> Iterator[Finding]:
    if evidence.contradictions:
        pairs = [" = ".join(photo.name for photo in copies) for copies in evidence.contradictions]
        yield Finding(
            "two-names",
            "problem",
            f"{counted(len(pairs), 'photo')} {'is' if len(pairs) == 1 else 'are'} in two folders ({listing(pairs)}). One folder is "
            "wrong, so no copy is used; delete the wrong one.",
            tuple(photo.name for copies in evidence.contradictions for photo in copies),
        )


def _lost_classes(evidence: Evidence) -> Iterator[Finding]:
    lost = sorted(path.name for path in (item.path for item in evidence.left_out if item.reason == EMPTY_CLASS))
    if lost:
        yield Finding("empty-class", "warning", f"{counted(len(lost), 'folder')} without photos: {listing(lost)}. Not used as a class.")
    had = {photo.class_name for photo in evidence.unreadable} | {photo.class_name for same in evidence.contradictions for photo in same}
    gone = sorted(had - set(evidence.classes))
    if gone:
        yield Finding("lost-class", "problem", f"No photo of {listing(gone)} can be used, so it is not a class. Add readable photos.")


def _one_class(evidence: Evidence) -> Iterator[Finding]:
    if len(evidence.classes) != 1:
        return
    name = evidence.classes[0]
    inside = sorted({item.photo.name.split("/")[1] for item in evidence.photos if item.photo.name.count("/") > 1})
    if len(inside) > 1:
        yield Finding(
            "one-class",
            "problem",
            f"There is one class, {name}, and its photos are in {len(inside)} folders: {listing(inside)}. If each of them is a class, "
            f"use the folder {evidence.root / name} instead.",
        )
    else:
        yield Finding(
            "one-class", "note", f"There is one class, {name}. A face recogniser can find this person; a network needs two classes."
        )


def _odd_names(evidence: Evidence) -> Iterator[Finding]:
    odd = odd_names(evidence.classes)
    if odd:
        yield Finding("odd-names", "warning", odd_names_sentence(odd))


def _too_few(evidence: Evidence) -> Iterator[Finding]:
    pictures = pictures_by_class(evidence.photos, evidence.classes)
    impossible = [f"{name} ({n})" for name, n in pictures.items() if n < 3]
    if impossible:
        yield Finding(
            "too-few-to-split",
            "problem",
            f"{counted(len(impossible), 'class')} with fewer than 3 different pictures: {listing(impossible)}."
            " Training, validation and test need one each; add photos.",
        )
    counts = count_by_class(evidence.photos, evidence.classes)
    few = [f"{name} ({n})" for name, n in counts.items() if n < FEW_PHOTOS]
    if few:
        yield Finding(
            "too-few",
            "warning",
            f"{counted(len(few), 'class')} with fewer than {FEW_PHOTOS} photos: {listing(few)}. A network trained from scratch needs "
            "hundreds per class.",
        )


# ------------------------------------------------------------------------------------------------------------- warnings


def _unreadable(evidence: Evidence) -> Iterator[Finding]:
    if evidence.unreadable:
        reasons = [f"{photo.name} ({reason})" for photo, reason in evidence.unreadable.items()]
        names = tuple(photo.name for photo in evidence.unreadable)
        n = counted(len(names), "file")
        yield Finding("unreadable", "warning", f"{n} cannot be read and will not be used: {listing(reasons)}.", names)


def _look_alikes_across(evidence: Evidence) -> Iterator[Finding]:
    across = [pair for pair in evidence.look_alikes if len(_classes_of(pair)) == 2]
    if across:
        yield Finding(
            "look-alikes-across",
            "warning",
            f"The same picture is in two folders: {counted(len(across), 'pair')} ({_pair_listing(across)}). Look at them: one folder may be"
            " wrong, or both people are in the picture.",
            _names_of(across),
        )


def _copies(evidence: Evidence) -> Iterator[Finding]:
    if evidence.copies:
        yield Finding(
            "copies",
            "warning",
            f"The same picture is twice in one class: {counted(len(evidence.copies), 'pair')} ({_pair_listing(evidence.copies)}). "
            "Copies stay in one part of the split; delete them to save time.",
            _names_of(evidence.copies),
        )


def _imbalance(evidence: Evidence) -> Iterator[Finding]:
    counts = count_by_class(evidence.photos, evidence.classes)
    largest, smallest = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    ratio = counts[largest] / counts[smallest]
    if ratio > LARGEST_IMBALANCE:
        yield Finding(
            "imbalance",
            "warning",
            f"The largest class ({largest}, {counts[largest]:,} photos) is {ratio:.1f} times the smallest ({smallest}, "
            f"{counts[smallest]:,}). The network will favour it; add photos to the smallest or use class weights.",
        )


def _small(evidence: Evidence) -> Iterator[Finding]:
    small = [item for item in evidence.photos if min(item.width, item.height) < SMALLEST_SIDE]
    if small:
        sizes = [f"{item.photo.name} ({item.width} x {item.height})" for item in small]
        used = "It is used, but has little detail." if len(small) == 1 else "They are used, but have little detail."
        yield Finding(
            "too-small",
            "warning",
            f"{counted(len(small), 'photo')} smaller than {SMALLEST_SIDE} pixels on a side: {listing(sizes)}. {used}",
            tuple(item.photo.name for item in small),
        )


def _flat(evidence: Evidence) -> Iterator[Finding]:
    names = tuple(item.photo.name for item in evidence.photos if item.fingerprint == FLAT)
    if names:
        yield Finding("flat", "warning", f"{counted(len(names), 'photo')} of a single colour: {listing(names)}. They show nothing.", names)


# ---------------------------------------------------------------------------------------------------------------- notes


def _look_alikes(evidence: Evidence) -> Iterator[Finding]:
    within = [pair for pair in evidence.look_alikes if len(_classes_of(pair)) == 1]
    if within:
        yield Finding(
            "look-alikes",
            "note",
            f"Nearly the same picture in one class: {counted(len(within), 'pair')} ({_pair_listing(within)}): resized, recoloured, "
            "cropped, framed, rotated or mirrored. They stay in one part of the split.",
            _names_of(within),
        )


def _bursts(evidence: Evidence) -> Iterator[Finding]:
    if evidence.bursts:
        yield Finding(
            "bursts",
            "note",
            f"{counted(len(evidence.bursts), 'photo')} were taken within 2 seconds of another ({_pair_listing(evidence.bursts)})."
            " They stay in one part of the split.",
            _names_of(evidence.bursts),
        )


def _left_out(evidence: Evidence) -> Iterator[Finding]:
    by_reason: dict[str, list[str]] = {}
    for item in evidence.left_out:
        if item.reason != EMPTY_CLASS:
            by_reason.setdefault(item.reason, []).append(item.path.relative_to(evidence.root).as_posix())
    for reason, names in by_reason.items():
        yield Finding("left-out", "note", f"{counted(len(names), 'item')} left out ({reason}): {listing(names)}.", tuple(names))


def _classes_of(pair: tuple[AuditedPhoto, AuditedPhoto]) -> set[str]:
    return {item.photo.class_name for item in pair}


def _pair_listing(pairs: Sequence[tuple[AuditedPhoto, AuditedPhoto]]) -> str:
    return listing([f"{first.photo.name} ~ {second.photo.name}" for first, second in pairs])


def _names_of(pairs: Sequence[tuple[AuditedPhoto, AuditedPhoto]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.photo.name for pair in pairs for item in pair))
