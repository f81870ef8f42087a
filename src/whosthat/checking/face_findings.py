"""What a face audit found, in whole sentences, made of a `FaceAudit` alone: so they can be made again when somebody is removed from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from whosthat.checking.face_audit import LARGEST, NEAR_PAIR, SMALL_FACE, FaceAudit
from whosthat.checking.suspects import STRANGER_DISTANCE, Pair
from whosthat.dataset.findings import SEVERITIES, Finding
from whosthat.translation import _
from whosthat.wording import counted, listing


def face_findings(audit: FaceAudit) -> tuple[Finding, ...]:
    """Return what was found, the most serious first."""
    return tuple(sorted(_found(audit), key=lambda finding: SEVERITIES.index(finding.severity)))


def alikeness(pair: Pair) -> str:
    """Say how easily two people are confused.

    Example:
        >>> alikeness(Pair("ann", "bo", 0.47, 1)), alikeness(Pair("ann", "cy", 0.7, 0))
        ('easily confused', 'not alike')
    """
    if pair.distance < NEAR_PAIR:
        return _("easily confused") if pair.confused else "alike"
    return _("somewhat alike") if pair.distance < STRANGER_DISTANCE else _("not alike")


def most_alike(pairs: Sequence[Pair]) -> str:
    """Say who is most easily confused with whom, the first of the pairs; empty without one."""
    if not pairs:
        return ""
    first = pairs[0]
    if not first.confused:
        return _("No two people are easily confused. Most alike: {first} and {second}.", first=first.first, second=first.second)
    times = counted(first.confused, "photo")
    return _(
        "Most easily confused: {first} and {second} ({times} nearer to the other). More photos of them may help.",
        first=first.first,
        second=first.second,
        times=times,
    )


def _found(audit: FaceAudit) -> Iterator[Finding]:
    if lost := audit.people_without_face:
        yield Finding(
            "no-face-at-all",
            "problem",
            _("No face was found in any photo of {lost}. Add photos that show their faces.", lost=listing(lost)),
        )
    if names := audit.without_face:
        sentence = _(
            "No face was found in {photos}: {names}. They are not used to recognise faces.",
            photos=counted(len(names), "photo"),
            names=listing(names),
        )
        yield Finding("no-face", "warning", sentence, names)
    if audit.suspects:
        photos = {
            one.photo: _("looks like {looks_like}", looks_like=one.looks_like) if one.looks_like else _("somebody without a folder")
            for one in audit.suspects
        }
        sentence = _(
            "{photos} may be in the wrong folder, the most likely first: {items}. Check them: wrong labels lower accuracy.",
            photos=counted(len(photos), "photo"),
            items=listing([f"{photo} ({why})" for photo, why in photos.items()]),
        )
        yield Finding("wrong-person", "warning", sentence, tuple(photos))
    yield from _poor(
        "small-face",
        _("smaller than {small_face} pixels", small_face=SMALL_FACE),
        {one.photo: f" ({one.side:.0f} pixels)" for one in audit.small},
    )
    yield from _poor("blurred-face", "blurred", {one.photo: "" for one in audit.blurred})
    yield from _poor("cut-face", _("cut by the edge of the photo"), {one.photo: "" for one in audit.cut})
    near = [
        _("{first} and {second}", first=pair.first, second=pair.second)
        for pair in audit.look_alikes
        if pair.confused and pair.distance < NEAR_PAIR
    ]
    if near:
        sentence = _(
            "{pairs} of people may be confused: {near}. More photos may help.", pairs=counted(len(near), "pair"), near=listing(near)
        )
        yield Finding("look-alike-people", "note", sentence)
    if names := tuple(one.photo for one in audit.several):
        central = sum(one.why != LARGEST for one in audit.several)
        sentence = _(
            "{photos} show several faces: {names}. The largest is used in {central:,} of them, one nearer the middle in {central2:,}.",
            photos=counted(len(names), "photo"),
            names=listing(names),
            central=len(names) - central,
            central2=central,
        )
        yield Finding("several-faces", "note", sentence, names)


def _poor(kind: str, how: str, photos: Mapping[str, str]) -> Iterator[Finding]:
    """Say which faces show little; with each photo comes what to add to its name."""
    if photos:
        used = _("It is used, but has little detail.") if len(photos) == 1 else _("They are used, but have little detail.")
        shown = listing([f"{photo}{more}" for photo, more in photos.items()])
        yield Finding(
            kind,
            "warning",
            _("The face is {how} in {photos}: {shown}. {used}", how=how, photos=counted(len(photos), "photo"), shown=shown, used=used),
            tuple(photos),
        )
