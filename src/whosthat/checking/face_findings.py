"""What a face audit found, in whole sentences, made of a `FaceAudit` alone: so they can be made again when somebody is removed from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from whosthat.checking.costly import CostlyPhotos
from whosthat.checking.face_audit import LARGEST, NEAR_PAIR, SMALL_FACE, FaceAudit, UnlikePhotos
from whosthat.checking.suspects import STRANGER_DISTANCE, Pair
from whosthat.dataset.findings import SEVERITIES, Finding
from whosthat.recognition.face_threshold import LOOK_ALIKE
from whosthat.translation import N_, _, ngettext
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
    if pair.distance < LOOK_ALIKE:
        return _("more alike than strangers")
    if pair.distance < NEAR_PAIR:
        return _("easily confused") if pair.confused else _("alike")
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


def look_alikes_sentence(audit: FaceAudit) -> str:
    """Say who looks more like another than strangers do, and what that means for their names; empty where nobody does."""
    alike = [pair for pair in audit.look_alikes if pair.distance < LOOK_ALIKE]
    if not alike:
        return ""
    names = [_("{first} and {second} ({distance:.2f})", first=pair.first, second=pair.second, distance=pair.distance) for pair in alike]
    return ngettext(
        "{n} pair of people look more alike than strangers do (distance below {limit:.2f}): {names}. A face gets one of the two names only "
        "if it is clearly not the other. Are they one person? Then put the photos into one folder. Else more photos of both help.",
        "{n} pairs of people look more alike than strangers do (distance below {limit:.2f}): {names}. A face gets one of two "
        "such names only if it is clearly not the other. Is a pair one person? Then put the photos into one folder. Else more photos of "
        "both help.",
        len(alike),
        limit=LOOK_ALIKE,
        names=listing(names),
    )


def unlike_sentence(unlike: UnlikePhotos) -> str:
    """Say which photos of somebody are not used as long as nobody says who they show, and how to say it."""
    return _(
        "{photos} of {person} are unlike the others and like each other: {names}. They show {person} at another age, or somebody else, and "
        "are not used for training. Move them if it is somebody else. If it is {person}, train with --keep-suspects.",
        photos=counted(len(unlike.photos), "photo"),
        person=unlike.person,
        names=listing(unlike.photos),
    )


def costly_sentence(costly: CostlyPhotos) -> str:
    """Say how many right answers some photos cost, and what to do about it."""
    return ngettext(
        "{n} photo of {person} costs {lost:,} right answers: {names}. Without it, so many more of the other training photos would be "
        "correct. Move it if it shows somebody else.",
        "{n:,} photos of {person} cost {lost:,} right answers: {names}. Without them, so many more of the other training photos would be "
        "correct. Move them if they show somebody else.",
        len(costly.photos),
        person=costly.person,
        lost=costly.lost,
        names=listing(costly.photos),
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
    yield from _of_others(audit)
    small = {one.photo: _("{photo} ({side:.0f} pixels)", photo=one.photo, side=one.side) for one in audit.small}
    yield from _poor("small-face", N_("The face is smaller than {pixels} pixels in {photos}: {names}."), small)
    yield from _poor("blurred-face", N_("The face is blurred in {photos}: {names}."), {one.photo: one.photo for one in audit.blurred})
    yield from _poor(
        "cut-face", N_("The face is cut by the edge of the photo in {photos}: {names}."), {one.photo: one.photo for one in audit.cut}
    )
    if alike := look_alikes_sentence(audit):
        yield Finding("people-too-alike", "warning", alike)
    near = [
        _("{first} and {second}", first=pair.first, second=pair.second)
        for pair in audit.look_alikes
        if pair.confused and LOOK_ALIKE <= pair.distance < NEAR_PAIR
    ]
    if near:
        sentence = _(
            "{pairs} of people may be confused: {near}. More photos may help.", pairs=counted(len(near), "pair"), near=listing(near)
        )
        yield Finding("look-alike-people", "note", sentence)
    if names := tuple(one.photo for one in audit.several):
        central = sum(one.why != LARGEST for one in audit.several)
        sentence = ngettext(
            "{n} photo shows several faces: {names}.", "{n:,} photos show several faces: {names}.", len(names), names=listing(names)
        )
        taken = _(
            "The largest is used in {largest:,} of them, one nearer the middle in {central:,}.",
            largest=len(names) - central,
            central=central,
        )
        yield Finding("several-faces", "note", _("{sentence} {more}", sentence=sentence, more=taken), names)


def _of_others(audit: FaceAudit) -> Iterator[Finding]:
    """Say which photos may show somebody else than the person of their folder."""
    photos = {
        one.photo: _("looks like {looks_like}", looks_like=one.looks_like) if one.looks_like else _("somebody without a folder")
        for one in audit.misplaced
    }
    if photos:
        items = [_("{photo} ({why})", photo=photo, why=why) for photo, why in photos.items()]
        sentence = _(
            "{photos} may be in the wrong folder, the most likely first: {items}. Check them: wrong labels lower accuracy.",
            photos=counted(len(photos), "photo"),
            items=listing(items),
        )
        yield Finding("wrong-person", "warning", sentence, tuple(photos))
    for one in audit.unlike:
        yield Finding("unlike-photos", "warning", unlike_sentence(one), one.photos)


def _poor(kind: str, sentence: str, photos: Mapping[str, str]) -> Iterator[Finding]:
    """Say which faces show little; with each photo comes how it is named in the sentence."""
    if photos:
        found = _(sentence, pixels=SMALL_FACE, photos=counted(len(photos), "photo"), names=listing([*photos.values()]))
        used = ngettext("It is used, but has little detail.", "They are used, but have little detail.", len(photos))
        yield Finding(kind, "warning", _("{sentence} {more}", sentence=found, more=used), tuple(photos))
