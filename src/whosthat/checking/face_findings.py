"""What a face audit found, in whole sentences, made of a `FaceAudit` alone: so they can be made again when somebody is removed from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from whosthat.checking.face_audit import LARGEST, NEAR_PAIR, SMALL_FACE, FaceAudit
from whosthat.checking.suspects import STRANGER_DISTANCE, Pair
from whosthat.dataset.findings import SEVERITIES, Finding
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
        return "easily confused" if pair.confused else "alike"
    return "somewhat alike" if pair.distance < STRANGER_DISTANCE else "not alike"


def most_alike(pairs: Sequence[Pair]) -> str:
    """Say who is most easily confused with whom, the first of the pairs; empty without one."""
    if not pairs:
        return ""
    first = pairs[0]
    if not first.confused:
        return f"No two people are easily confused. Most alike: {first.first} and {first.second}."
    times = counted(first.confused, "photo")
    return f"Most easily confused: {first.first} and {first.second} ({times} nearer to the other). More photos of them may help."


def _found(audit: FaceAudit) -> Iterator[Finding]:
    if lost := audit.people_without_face:
        yield Finding("no-face-at-all", "problem", f"No face was found in any photo of {listing(lost)}. Add photos that show their faces.")
    if names := audit.without_face:
        sentence = f"No face was found in {counted(len(names), 'photo')}: {listing(names)}. They are not used to recognise faces."
        yield Finding("no-face", "warning", sentence, names)
    if audit.suspects:
        photos = {one.photo: f"looks like {one.looks_like}" if one.looks_like else "somebody without a folder" for one in audit.suspects}
        sentence = (
            f"{counted(len(photos), 'photo')} may be in the wrong folder, the most likely first: "
            f"{listing([f'{photo} ({why})' for photo, why in photos.items()])}. Check them: wrong labels lower accuracy."
        )
        yield Finding("wrong-person", "warning", sentence, tuple(photos))
    yield from _poor("small-face", f"smaller than {SMALL_FACE} pixels", {one.photo: f" ({one.side:.0f} pixels)" for one in audit.small})
    yield from _poor("blurred-face", "blurred", {one.photo: "" for one in audit.blurred})
    yield from _poor("cut-face", "cut by the edge of the photo", {one.photo: "" for one in audit.cut})
    near = [f"{pair.first} and {pair.second}" for pair in audit.look_alikes if pair.confused and pair.distance < NEAR_PAIR]
    if near:
        sentence = f"{counted(len(near), 'pair')} of people may be confused: {listing(near)}. More photos may help."
        yield Finding("look-alike-people", "note", sentence)
    if names := tuple(one.photo for one in audit.several):
        central = sum(one.why != LARGEST for one in audit.several)
        sentence = (
            f"{counted(len(names), 'photo')} show several faces: {listing(names)}. The largest is used in {len(names) - central:,} of "
            f"them, one nearer the middle in {central:,}."
        )
        yield Finding("several-faces", "note", sentence, names)


def _poor(kind: str, how: str, photos: Mapping[str, str]) -> Iterator[Finding]:
    """Say which faces show little; with each photo comes what to add to its name."""
    if photos:
        used = "It is used, but has little detail." if len(photos) == 1 else "They are used, but have little detail."
        shown = listing([f"{photo}{more}" for photo, more in photos.items()])
        yield Finding(kind, "warning", f"The face is {how} in {counted(len(photos), 'photo')}: {shown}. {used}", tuple(photos))
