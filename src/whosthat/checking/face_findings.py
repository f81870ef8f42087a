"""What a face audit found, in whole sentences and plain words.

What belongs here: sentences with counts and names, made of a `FaceAudit` alone, so that they can be made again when somebody is
removed from it. What does not: judging (`face_audit`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from whosthat.checking.face_audit import LARGEST, NEAR_PAIR, SMALL_FACE, FaceAudit, FaceOfSeveral, Pair, SuspectPhoto
from whosthat.checking.suspects import STRANGER_DISTANCE
from whosthat.dataset.findings import SEVERITIES, Finding
from whosthat.wording import counted, listing


def face_findings(audit: FaceAudit) -> tuple[Finding, ...]:
    """Return what was found, the most serious first."""
    small = [f"{face.photo} ({face.side:.0f} pixels)" for face in audit.small]
    blurred, cut = ([face.photo for face in faces] for faces in (audit.blurred, audit.cut))
    findings = (
        *_people_without_face(audit.people_without_face),
        *_without_face(audit.without_face),
        *_suspects(audit.suspects),
        *_poor("small-face", f"smaller than {SMALL_FACE} pixels", small, [face.photo for face in audit.small]),
        *_poor("blurred-face", "blurred", blurred, blurred),
        *_poor("cut-face", "cut by the edge of the photo", cut, cut),
        *_look_alikes(audit.look_alikes),
        *_several(audit.several),
    )
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))


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
    """Say who is most easily confused with whom; empty without a pair.

    Args:
        pairs: Those with most confused photos first, then the nearest.
    """
    if not pairs:
        return ""
    first = pairs[0]
    if not first.confused:
        return f"No two people are easily confused. Most alike: {first.first} and {first.second}."
    times = counted(first.confused, "photo")
    return f"Most easily confused: {first.first} and {first.second} ({times} nearer to the other). More photos of them may help."


def _people_without_face(lost: Sequence[str]) -> Iterator[Finding]:
    if lost:
        yield Finding("no-face-at-all", "problem", f"No face was found in any photo of {listing(lost)}. Add photos that show their faces.")


def _without_face(names: tuple[str, ...]) -> Iterator[Finding]:
    if names:
        yield Finding(
            "no-face",
            "warning",
            f"No face was found in {counted(len(names), 'photo')}: {listing(names)}. They are not used to recognise faces.",
            names,
        )


def _suspects(suspects: Sequence[SuspectPhoto]) -> Iterator[Finding]:
    if suspects:
        shown = [f"{one.photo} ({f'looks like {one.looks_like}' if one.looks_like else 'somebody without a folder'})" for one in suspects]
        yield Finding(
            "wrong-person",
            "warning",
            f"{counted(len(suspects), 'photo')} may be in the wrong folder, the most likely first: {listing(shown)}. Check them: wrong "
            "labels lower accuracy.",
            tuple(one.photo for one in suspects),
        )


def _poor(kind: str, how: str, shown: Sequence[str], photos: Sequence[str]) -> Iterator[Finding]:
    if photos:
        used = "It is used, but has little detail." if len(photos) == 1 else "They are used, but have little detail."
        yield Finding(
            kind,
            "warning",
            f"The face is {how} in {counted(len(photos), 'photo')}: {listing(shown)}. {used}",
            tuple(photos),
        )


def _look_alikes(pairs: Sequence[Pair]) -> Iterator[Finding]:
    near = [f"{pair.first} and {pair.second}" for pair in pairs if pair.confused and pair.distance < NEAR_PAIR]
    if near:
        yield Finding(
            "look-alike-people", "note", f"{counted(len(near), 'pair')} of people may be confused: {listing(near)}. More photos may help."
        )


def _several(several: Sequence[FaceOfSeveral]) -> Iterator[Finding]:
    if several:
        names = tuple(one.photo for one in several)
        central = sum(one.why != LARGEST for one in several)
        yield Finding(
            "several-faces",
            "note",
            f"{counted(len(names), 'photo')} show several faces: {listing(names)}. The largest is used in {len(names) - central:,} of "
            f"them, one nearer the middle in {central:,}.",
            names,
        )
