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
from whosthat.dataset.folder import EMPTY_CLASS, NO_PHOTO_BUT, Photo
from whosthat.dataset.odd_names import odd_names, odd_names_sentence
from whosthat.translation import _
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
    """A photo or clip that can be read, and what is known of it."""

    photo: Photo  # the file and its class
    sha256: str  # of the file, in hexadecimal
    width: int  # of the upright image, in pixels, as the height
    height: int
    fingerprint: int  # 64-bit perceptual hash; 0 for a picture of one colour
    taken_at: float | None  # when it was taken, in seconds (EXIF); None when the file does not say
    group: int  # photos with one number are copies, look-alikes or a burst, and stay on one side of a split
    n_frames: int = 1  # of a clip 2 or more


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth knowing about a folder of photos."""

    kind: str  # what it is about, one word ("imbalance"): the same in every version
    severity: Severity  # "problem" (training would learn something wrong, or cannot), "warning" or "note"
    sentence: str  # what was found, and what it means
    photos: tuple[str, ...] = ()  # names of the photos concerned


Pair = tuple[AuditedPhoto, AuditedPhoto]
"""Photos of which the second repeats the first."""


@dataclass(frozen=True)
class Evidence:
    """All that findings are made from."""

    root: Path
    classes: tuple[str, ...]
    photos: Sequence[AuditedPhoto]
    left_out: Sequence[SetAside]
    unreadable: Mapping[Photo, str]
    contradictions: Sequence[tuple[Photo, ...]]
    copies: Sequence[Pair]
    look_alikes: Sequence[Pair]
    bursts: Sequence[Pair]
    frames: int = 1  # how many are taken of a clip; 1 where clips are not looked for


def examine(evidence: Evidence) -> tuple[Finding, ...]:
    """Return every finding, the most serious first."""
    first = (_contradictions, _lost_classes, _one_class, _odd_names, _too_few, _unreadable)
    rules = (*first, _repetitions, _imbalance, _small, _flat, _short_clips, _clips, _left_out)
    found = [finding for rule in rules for finding in rule(evidence)]
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def count_by_class(photos: Iterable[AuditedPhoto], classes: Sequence[str]) -> dict[str, int]:
    """Count the photos of each class, classes without photos included."""
    counted = Counter(item.photo.class_name for item in photos)
    return {name: counted[name] for name in classes}


def pictures_by_class(photos: Iterable[AuditedPhoto], classes: Sequence[str]) -> dict[str, int]:
    """Count the groups of each class: photos that are not copies, look-alikes or a burst of one another."""
    counted = Counter(class_name for class_name, _ in {(item.photo.class_name, item.group) for item in photos})
    return {name: counted[name] for name in classes}


def _contradictions(evidence: Evidence) -> Iterator[Finding]:
    if evidence.contradictions:
        pairs = [" = ".join(photo.name for photo in copies) for copies in evidence.contradictions]
        are = _(
            "{photos} {value} in two folders ({pairs}).",
            photos=counted(len(pairs), "photo"),
            value="is" if len(pairs) == 1 else "are",
            pairs=listing(pairs),
        )
        names = tuple(photo.name for copies in evidence.contradictions for photo in copies)
        yield Finding("two-names", "problem", _("{are} One folder is wrong, so no copy is used; delete the wrong one.", are=are), names)


def _lost_classes(evidence: Evidence) -> Iterator[Finding]:
    lost = sorted(path.name for path in (item.path for item in evidence.left_out if item.reason == EMPTY_CLASS))
    if lost:
        yield Finding(
            "empty-class",
            "warning",
            _("{folders} without photos: {lost}. Not used as a class.", folders=counted(len(lost), "folder"), lost=listing(lost)),
        )
    had = {photo.class_name for photo in evidence.unreadable} | {photo.class_name for same in evidence.contradictions for photo in same}
    gone = sorted(had - set(evidence.classes))
    if gone:
        yield Finding(
            "lost-class", "problem", _("No photo of {gone} can be used, so it is not a class. Add readable photos.", gone=listing(gone))
        )


def _one_class(evidence: Evidence) -> Iterator[Finding]:
    if len(evidence.classes) != 1:
        return
    name = evidence.classes[0]
    inside = sorted({item.photo.name.split("/")[1] for item in evidence.photos if item.photo.name.count("/") > 1})
    if len(inside) > 1:
        there = _(
            "There is one class, {name}, and its photos are in {n} folders: {inside}.", name=name, n=len(inside), inside=listing(inside)
        )
        yield Finding(
            "one-class",
            "problem",
            _("{there} If each of them is a class, use the folder {name} instead.", there=there, name=evidence.root / name),
        )
    else:
        what_then = _("A face recogniser can find this person; a network needs two classes.")
        yield Finding("one-class", "note", _("There is one class, {name}. {what_then}", name=name, what_then=what_then))


def _odd_names(evidence: Evidence) -> Iterator[Finding]:
    odd = odd_names(evidence.classes)
    if odd:
        yield Finding("odd-names", "warning", odd_names_sentence(odd))


def _too_few(evidence: Evidence) -> Iterator[Finding]:
    pictures = pictures_by_class(evidence.photos, evidence.classes)
    impossible = [f"{name} ({n})" for name, n in pictures.items() if n < 3]
    if impossible:
        few = _(
            "{classes} with fewer than 3 different pictures: {impossible}.",
            classes=counted(len(impossible), "class"),
            impossible=listing(impossible),
        )
        yield Finding("too-few-to-split", "problem", _("{few} Training, validation and test need one each; add photos.", few=few))
    counts = count_by_class(evidence.photos, evidence.classes)
    small = [f"{name} ({n})" for name, n in counts.items() if n < FEW_PHOTOS]
    if small:
        few = _(
            "{classes} with fewer than {few_photos} photos: {small}.",
            classes=counted(len(small), "class"),
            few_photos=FEW_PHOTOS,
            small=listing(small),
        )
        yield Finding("too-few", "warning", _("{few} A network trained from scratch needs hundreds per class.", few=few))


def _unreadable(evidence: Evidence) -> Iterator[Finding]:
    if evidence.unreadable:
        reasons = [f"{photo.name} ({reason})" for photo, reason in evidence.unreadable.items()]
        names = tuple(photo.name for photo in evidence.unreadable)
        n = counted(len(names), "file")
        yield Finding(
            "unreadable", "warning", _("{n} cannot be read and will not be used: {reasons}.", n=n, reasons=listing(reasons)), names
        )


def _repetitions(evidence: Evidence) -> Iterator[Finding]:
    within: list[Pair] = []
    across: list[Pair] = []
    for pair in evidence.look_alikes:
        (within if pair[0].photo.class_name == pair[1].photo.class_name else across).append(pair)
    look = _("Look at them: one folder may be wrong, or both people are in the picture.")
    yield from _repeated("look-alikes-across", "warning", across, _("The same picture is in two folders: {{pairs}}. {look}", look=look))
    delete = _("Copies stay in one part of the split; delete them to save time.")
    yield from _repeated(
        "copies", "warning", evidence.copies, _("The same picture is twice in one class: {{pairs}}. {delete}", delete=delete)
    )
    stay = _("They stay in one part of the split.")
    how = _("resized, recoloured, cropped, framed, rotated or mirrored")
    yield from _repeated(
        "look-alikes", "note", within, _("Nearly the same picture in one class: {{pairs}}: {how}. {stay}", how=how, stay=stay)
    )
    yield from _repeated(
        "bursts", "note", evidence.bursts, _("{{photos}} were taken within 2 seconds of another ({{names}}). {stay}", stay=stay)
    )


def _repeated(kind: str, severity: Severity, pairs: Sequence[Pair], sentence: str) -> Iterator[Finding]:
    """Say a sentence about pairs of photos, if there are any; it has places for how many ``pairs`` or ``photos``, and for ``names``."""
    if pairs:
        names = listing([f"{first.photo.name} ~ {second.photo.name}" for first, second in pairs])
        filled = sentence.format(pairs=f"{counted(len(pairs), 'pair')} ({names})", photos=counted(len(pairs), "photo"), names=names)
        yield Finding(kind, severity, filled, tuple(dict.fromkeys(item.photo.name for pair in pairs for item in pair)))


def _imbalance(evidence: Evidence) -> Iterator[Finding]:
    counts = count_by_class(evidence.photos, evidence.classes)
    largest, smallest = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    ratio = counts[largest] / counts[smallest]
    if ratio > LARGEST_IMBALANCE:
        than = _("{ratio:.1f} times the smallest ({smallest}, {counts:,})", ratio=ratio, smallest=smallest, counts=counts[smallest])
        what_then = _("The network will favour it; add photos to the smallest or use class weights.")
        yield Finding(
            "imbalance",
            "warning",
            _(
                "The largest class ({largest}, {counts:,} photos) is {than}. {what_then}",
                largest=largest,
                counts=counts[largest],
                than=than,
                what_then=what_then,
            ),
        )


def _small(evidence: Evidence) -> Iterator[Finding]:
    small = [item for item in evidence.photos if min(item.width, item.height) < SMALLEST_SIDE]
    if small:
        sizes = [f"{item.photo.name} ({item.width} x {item.height})" for item in small]
        used = _("It is used, but has little detail.") if len(small) == 1 else _("They are used, but have little detail.")
        found = _(
            "{photos} smaller than {smallest_side} pixels on a side: {sizes}.",
            photos=counted(len(small), "photo"),
            smallest_side=SMALLEST_SIDE,
            sizes=listing(sizes),
        )
        yield Finding("too-small", "warning", f"{found} {used}", tuple(item.photo.name for item in small))


def _flat(evidence: Evidence) -> Iterator[Finding]:
    names = tuple(item.photo.name for item in evidence.photos if item.fingerprint == FLAT)
    if names:
        yield Finding(
            "flat",
            "warning",
            _("{photos} of a single colour: {names}. They show nothing.", photos=counted(len(names), "photo"), names=listing(names)),
            names,
        )


def _short_clips(evidence: Evidence) -> Iterator[Finding]:
    short = [item for item in evidence.photos if 1 < item.n_frames < evidence.frames]
    if short:
        lengths = [f"{item.photo.name} ({item.n_frames})" for item in short]
        found = _(
            "{clips} with fewer than {frames} frames: {lengths}.",
            clips=counted(len(short), "clip"),
            frames=evidence.frames,
            lengths=listing(lengths),
        )
        names = tuple(item.photo.name for item in short)
        yield Finding(
            "short-clips",
            "warning",
            _("{found} Some frames are used more than once; use longer clips, or fewer frames.", found=found),
            names,
        )


def _clips(evidence: Evidence) -> Iterator[Finding]:
    n_clips = sum(item.n_frames > 1 for item in evidence.photos)
    if not n_clips:
        if evidence.frames > 1:
            yield Finding("no-clips", "warning", _("There are no clips. A network sees each photo as a clip in which nothing moves."))
        return
    of_each = _(
        "{clips} can be used; {frames} frames of each are looked at, evenly from first to last.",
        clips=counted(n_clips, "clip"),
        frames=evidence.frames,
    )
    yield Finding("clips", "note", of_each)
    still = tuple(item.photo.name for item in evidence.photos if item.n_frames == 1)
    if still:
        beside = _("{photos} beside the clips: {still}.", photos=counted(len(still), "photo"), still=listing(still))
        used = _("A network sees a photo as a clip in which nothing moves; move photos away that are no such clips.")
        yield Finding("photos-beside-clips", "warning", f"{beside} {used}", still)


def _left_out(evidence: Evidence) -> Iterator[Finding]:
    by_reason: dict[str, list[str]] = {}
    for item in evidence.left_out:
        if item.reason != EMPTY_CLASS:
            by_reason.setdefault(item.reason, []).append(item.path.relative_to(evidence.root).as_posix())
    for reason, names in by_reason.items():
        learn = _(" A network that looks at several frames learns from videos: --frames 8.") if reason == NO_PHOTO_BUT["video"] else ""
        yield Finding(
            "left-out",
            "note",
            _(
                "{items} left out ({reason}): {names}.{learn}",
                items=counted(len(names), "item"),
                reason=reason,
                names=listing(names),
                learn=learn,
            ),
            tuple(names),
        )
