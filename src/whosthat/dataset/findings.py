"""What an audit has to say about a folder of photos, in whole sentences with counts and names.

What belongs here: one small function per kind of finding, from facts to a sentence. What does not: reading or comparing photos.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from whosthat.dataset.folder import EMPTY_CLASS, NO_PHOTO_BUT, Photo
from whosthat.dataset.odd_names import odd_names, odd_names_sentence
from whosthat.translation import N_, NN_, _, ngettext
from whosthat.types import SetAside
from whosthat.wording import counted, listing

LARGEST_IMBALANCE = 3.0
"""Largest class divided by smallest class above which a network leans towards the large one."""

SMALLEST_SIDE = 64
"""Side in pixels below which a photo shows little of a face or an object."""

FEW_PHOTOS = 20
"""Photos in a class below which a network trained from scratch learns the photos rather than the class."""

Severity = Literal["problem", "warning", "note"]
SEVERITIES = (N_("problem"), N_("warning"), N_("note"))
"""The same, the most serious first; people see them with ``_(finding.severity)``."""


@dataclass(frozen=True, slots=True)
class AuditedPhoto:
    """A photo or clip that can be read, and what is known of it."""

    photo: Photo  # the file and its class
    sha256: str  # of the file, in hexadecimal
    width: int  # of the upright image, in pixels, as the height
    height: int
    is_flat: bool  # whether it is of one colour
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
    counted = Counter(class_name for class_name, _group in {(item.photo.class_name, item.group) for item in photos})
    return {name: counted[name] for name in classes}


def _contradictions(evidence: Evidence) -> Iterator[Finding]:
    if evidence.contradictions:
        pairs = [" = ".join(photo.name for photo in copies) for copies in evidence.contradictions]
        sentence = ngettext(
            "{n} photo is in two folders ({pairs}). One folder is wrong, so no copy is used; delete the wrong one.",
            "{n:,} photos are in two folders ({pairs}). One folder is wrong, so no copy is used; delete the wrong one.",
            len(pairs),
            pairs=listing(pairs),
        )
        yield Finding("two-names", "problem", sentence, tuple(photo.name for copies in evidence.contradictions for photo in copies))


def _lost_classes(evidence: Evidence) -> Iterator[Finding]:
    lost = sorted(path.name for path in (item.path for item in evidence.left_out if item.reason == EMPTY_CLASS))
    if lost:
        empty = _("{folders} without photos: {names}. Not used as a class.", folders=counted(len(lost), "folder"), names=listing(lost))
        yield Finding("empty-class", "warning", empty)
    had = {photo.class_name for photo in evidence.unreadable} | {photo.class_name for same in evidence.contradictions for photo in same}
    gone = sorted(had - set(evidence.classes))
    if gone:
        sentence = _("No photo of {classes} can be used, so it is not a class. Add readable photos.", classes=listing(gone))
        yield Finding("lost-class", "problem", sentence)


def _one_class(evidence: Evidence) -> Iterator[Finding]:
    if len(evidence.classes) != 1:
        return
    name = evidence.classes[0]
    inside = sorted({item.photo.name.split("/")[1] for item in evidence.photos if item.photo.name.count("/") > 1})
    if len(inside) > 1:
        sentence = _(
            "There is one class, {name}, and its photos are in {n} folders: {folders}. "
            "If each of them is a class, use the folder {path} instead.",
            name=name,
            n=len(inside),
            folders=listing(inside),
            path=evidence.root / name,
        )
        yield Finding("one-class", "problem", sentence)
    else:
        sentence = _("There is one class, {name}. A face recogniser can find this person; a network needs two classes.", name=name)
        yield Finding("one-class", "note", sentence)


def _odd_names(evidence: Evidence) -> Iterator[Finding]:
    odd = odd_names(evidence.classes)
    if odd:
        yield Finding("odd-names", "warning", odd_names_sentence(odd))


def _too_few(evidence: Evidence) -> Iterator[Finding]:
    pictures = pictures_by_class(evidence.photos, evidence.classes)
    impossible = [_("{name} ({n})", name=name, n=n) for name, n in pictures.items() if n < 3]
    if impossible:
        sentence = _(
            "{classes} with fewer than 3 different pictures: {names}. Training, validation and test need one each; add photos.",
            classes=counted(len(impossible), "class"),
            names=listing(impossible),
        )
        yield Finding("too-few-to-split", "problem", sentence)
    counts = count_by_class(evidence.photos, evidence.classes)
    small = [_("{name} ({n})", name=name, n=n) for name, n in counts.items() if n < FEW_PHOTOS]
    if small:
        sentence = _(
            "{classes} with fewer than {few} photos: {names}. A network trained from scratch needs hundreds per class.",
            classes=counted(len(small), "class"),
            few=FEW_PHOTOS,
            names=listing(small),
        )
        yield Finding("too-few", "warning", sentence)


def _unreadable(evidence: Evidence) -> Iterator[Finding]:
    if evidence.unreadable:
        reasons = [_("{name} ({reason})", name=photo.name, reason=reason) for photo, reason in evidence.unreadable.items()]
        names = tuple(photo.name for photo in evidence.unreadable)
        sentence = _("{files} cannot be read and will not be used: {reasons}.", files=counted(len(names), "file"), reasons=listing(reasons))
        yield Finding("unreadable", "warning", sentence, names)


def _repetitions(evidence: Evidence) -> Iterator[Finding]:
    within: list[Pair] = []
    across: list[Pair] = []
    for pair in evidence.look_alikes:
        (within if pair[0].photo.class_name == pair[1].photo.class_name else across).append(pair)
    repeated: tuple[tuple[str, Severity, Sequence[Pair]], ...] = (
        ("look-alikes-across", "warning", across),
        ("copies", "warning", evidence.copies),
        ("look-alikes", "note", within),
        ("bursts", "note", evidence.bursts),
    )
    for kind, severity, pairs in repeated:
        if pairs:
            names = listing([f"{first.photo.name} ~ {second.photo.name}" for first, second in pairs])
            sentence = ngettext(*_REPEATED[kind], len(pairs), names=names)
            yield Finding(kind, severity, sentence, tuple(dict.fromkeys(item.photo.name for pair in pairs for item in pair)))


_REPEATED = {
    "look-alikes-across": NN_(
        "The same picture is in two folders: {n} pair ({names}). Look at them: one folder may be wrong, or both people are in the picture.",
        "The same picture is in two folders: {n:,} pairs ({names}). "
        "Look at them: one folder may be wrong, or both people are in the picture.",
    ),
    "copies": NN_(
        "The same picture is twice in one class: {n} pair ({names}). Copies stay in one part of the split; delete them to save time.",
        "The same picture is twice in one class: {n:,} pairs ({names}). Copies stay in one part of the split; delete them to save time.",
    ),
    "look-alikes": NN_(
        "Nearly the same picture in one class: {n} pair ({names}): resized, recoloured, cropped, framed, rotated or mirrored. "
        "They stay in one part of the split.",
        "Nearly the same picture in one class: {n:,} pairs ({names}): resized, recoloured, cropped, framed, rotated or mirrored. "
        "They stay in one part of the split.",
    ),
    "bursts": NN_(
        "{n} photo was taken within 2 seconds of another ({names}). They stay in one part of the split.",
        "{n:,} photos were taken within 2 seconds of another ({names}). They stay in one part of the split.",
    ),
}
"""What is said of pairs of photos, by the kind of the finding."""


def _imbalance(evidence: Evidence) -> Iterator[Finding]:
    counts = count_by_class(evidence.photos, evidence.classes)
    largest, smallest = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    ratio = counts[largest] / counts[smallest]
    if ratio > LARGEST_IMBALANCE:
        sentence = _(
            "The largest class ({largest}, {n_largest:,} photos) is {ratio:.1f} times the smallest ({smallest}, {n_smallest:,}). "
            "The network will favour it; add photos to the smallest or use class weights.",
            largest=largest,
            n_largest=counts[largest],
            ratio=ratio,
            smallest=smallest,
            n_smallest=counts[smallest],
        )
        yield Finding("imbalance", "warning", sentence)


def _small(evidence: Evidence) -> Iterator[Finding]:
    small = [item for item in evidence.photos if min(item.width, item.height) < SMALLEST_SIDE]
    if small:
        sizes = [_("{name} ({width} x {height})", name=item.photo.name, width=item.width, height=item.height) for item in small]
        sentence = ngettext(
            "{n} photo smaller than {side} pixels on a side: {sizes}. It is used, but has little detail.",
            "{n:,} photos smaller than {side} pixels on a side: {sizes}. They are used, but have little detail.",
            len(small),
            side=SMALLEST_SIDE,
            sizes=listing(sizes),
        )
        yield Finding("too-small", "warning", sentence, tuple(item.photo.name for item in small))


def _flat(evidence: Evidence) -> Iterator[Finding]:
    names = tuple(item.photo.name for item in evidence.photos if item.is_flat)
    if names:
        photos = counted(len(names), "photo")
        sentence = _("{photos} of a single colour: {names}. They show nothing.", photos=photos, names=listing(names))
        yield Finding("flat", "warning", sentence, names)


def _short_clips(evidence: Evidence) -> Iterator[Finding]:
    short = [item for item in evidence.photos if 1 < item.n_frames < evidence.frames]
    if short:
        sentence = _(
            "{clips} with fewer than {frames} frames: {names}. Some frames are used more than once; use longer clips, or fewer frames.",
            clips=counted(len(short), "clip"),
            frames=evidence.frames,
            names=listing([_("{name} ({n})", name=item.photo.name, n=item.n_frames) for item in short]),
        )
        yield Finding("short-clips", "warning", sentence, tuple(item.photo.name for item in short))


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
        sentence = _(
            "{photos} beside the clips: {names}. "
            "A network sees a photo as a clip in which nothing moves; move photos away that are no such clips.",
            photos=counted(len(still), "photo"),
            names=listing(still),
        )
        yield Finding("photos-beside-clips", "warning", sentence, still)


def _left_out(evidence: Evidence) -> Iterator[Finding]:
    by_reason: dict[str, list[str]] = {}
    for item in evidence.left_out:
        if item.reason != EMPTY_CLASS:
            by_reason.setdefault(item.reason, []).append(item.path.relative_to(evidence.root).as_posix())
    for reason, names in by_reason.items():
        items, shown = counted(len(names), "item"), listing(names)
        sentence = _("{items} left out ({reason}): {names}.", items=items, reason=_(reason), names=shown)
        if reason == NO_PHOTO_BUT["video"]:
            sentence = _("{sentence} A network that looks at several frames learns from videos: --frames 8.", sentence=sentence)
        yield Finding("left-out", "note", sentence, tuple(names))
