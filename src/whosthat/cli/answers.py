"""What ``predict`` answered, as people read it: a line a photo, a table of videos, and counts at the end.

What belongs here: the words and what is left out where there is little room. What does not: JSON and CSV (`whosthat.workflow.prediction`).
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from whosthat.cli.output import shortened, show, show_table, show_text, terminal_width, wrapped
from whosthat.translation import _
from whosthat.wording import MOST_SHOWN, confidence_text, counted, listing, none_known

if TYPE_CHECKING:
    from whosthat.recognition.tracking import Span
    from whosthat.types import Sighting
    from whosthat.workflow.predict_video import VideoAnswer
    from whosthat.workflow.prediction import Prediction

WIDE = 100
"""Columns from which on there is room for names that are hardly likely."""

LIKELY_ENOUGH = {"runner-up": (0.10, 0.01), "guess": (0.50, 0.10)}
"""From which probability on a second name, and a name for somebody unknown, is shown: on a narrow terminal, and elsewhere."""


def show_predictions(predictions: Iterable[Prediction], root: Path | None = None) -> None:
    """Write what was seen in photos and videos, and how often; predictions without an answer are passed over.

    Where one folder was asked about, its ``root``, paths on a terminal start there.
    """
    answered = [one for one in predictions if not one.error]
    photos = [one for one in answered if one.video is None]
    width = terminal_width(sys.stdout)
    for one in photos:
        show(*_photo_lines(one, root, width))
    if len(photos) > 1:
        show("")
        show_text(*_counts(photos))
    rows = [(str(one.path), *cells) for one in answered if one.video is not None for cells in _people_cells(one.video)]
    if photos and rows:
        show("")
    if rows:
        video, name, *numbers, seen = _("video"), _("name"), _("confidence"), _("frames"), _("seen")
        show_table((video, name, *numbers, seen), rows, right=numbers, paths=(video,))


def _photo_lines(prediction: Prediction, root: Path | None, width: int | None) -> list[str]:
    if width is None:
        return [_("{path}: {answer}", path=prediction.path, answer=_who(prediction.sightings, wide=True))]
    path = prediction.path.relative_to(root) if root is not None and prediction.path.is_relative_to(root) else prediction.path
    answer = _who(prediction.sightings, wide=width >= WIDE)
    return wrapped(_("{path}: {answer}", path=shortened(str(path), width * 2 // 5), answer=answer), width, "    ")


def _who(sightings: Sequence[Sighting], *, wide: bool) -> str:
    """Say who is in a photo: names with their confidence, the unknown counted."""
    unknown = [one for one in sightings if one.name is None]
    guesses = list(filter(None, (_guess(one, wide=wide) for one in unknown)))
    names = [_name(one, wide=wide) for one in sightings if one.name is not None]
    if not sightings:
        return _("no face")
    if not unknown:
        return _(", ").join(names)
    nameless = _("{n} unknown", n=len(unknown))
    if not names:
        nameless = _("unknown") if sightings[0].box is None else none_known(len(unknown))
    if guesses:
        nameless = _("{unknown} ({guesses})", unknown=nameless, guesses=_(", ").join(guesses))
    return _(", ").join([*names, nameless])


def _name(sighting: Sighting, *, wide: bool) -> str:
    best = f"{sighting.name} {confidence_text(sighting.confidence)}"
    if sighting.runner_up is None or sighting.runner_up_confidence < LIKELY_ENOUGH["runner-up"][wide]:
        return best
    return _("{best} (or {second})", best=best, second=f"{sighting.runner_up} {confidence_text(sighting.runner_up_confidence)}")


def _guess(sighting: Sighting, *, wide: bool) -> str:
    """Say whom somebody unknown resembles, where that helps."""
    if sighting.given_to_better is not None:
        return _("one also looks like {name}", name=sighting.given_to_better)
    name, share = next(iter(sighting.probabilities.items()), ("", 0.0))
    if share < LIKELY_ENOUGH["guess"][wide]:
        return ""
    if sighting.runner_up is not None and sighting.runner_up_confidence >= LIKELY_ENOUGH["guess"][True]:
        second = f"{sighting.runner_up} {confidence_text(sighting.runner_up_confidence)}"
        return _("perhaps {name} or {second}", name=f"{name} {confidence_text(share)}", second=second)
    sure = share > MOST_SHOWN  # "unknown, perhaps Al > 99 %" would puzzle everybody: the threshold lies even higher
    return _("perhaps {name}", name=name if sure else f"{name} {confidence_text(share)}")


def _counts(photos: Sequence[Prediction]) -> Iterator[str]:
    sightings = [one for photo in photos for one in photo.sightings]
    known = sum(one.name is not None for one in sightings)
    seen = counted(len(photos), "photo")
    if any(one.box is not None for one in sightings):
        seen = _("{photos}, {faces}", photos=seen, faces=counted(len(sightings), "face"))
    named = _("{known:,} known, {unknown:,} unknown", known=known, unknown=len(sightings) - known)
    if empty := sum(not photo.sightings for photo in photos):
        named = _("{named}; no face in {photos}", named=named, photos=counted(empty, "photo"))
    yield _("{seen}: {named}.", seen=seen, named=named)
    people = Counter(name for photo in photos for name in photo.names if name is not None)
    if people:
        names = [_("{name} ({photos})", name=name, photos=counted(n, "photo")) for name, n in people.most_common()]
        yield _("Seen: {names}.", names=listing(names))


def _people_cells(answer: VideoAnswer) -> list[tuple[str, str, str, str]]:
    """Return a line for each person: name, the best confidence, in how many frames, and when."""
    from whosthat.recognition.tracking import spans_of, tracks_by_person

    return [
        (
            _somebody(who),
            confidence_text(max(track.confidence for track in tracks)) if isinstance(who, str) else "",
            str(len({index for track in tracks for index in track.boxes})),
            _(", ").join(map(_span, spans_of(tracks))),
        )
        for who, tracks in tracks_by_person(answer.tracks).items()
    ] or [(_("nobody was seen"), "", "", "")]


def _somebody(who: str | int) -> str:
    """Name a person, a stranger by number, or all of the unknown."""
    if isinstance(who, str):
        return who
    return _("unknown {number}", number=who) if who else _("unknown")


def _span(span: Span) -> str:
    from whosthat.workflow.annotating import clock

    start, end = clock(span.start), clock(span.end)
    return start if start == end else _("{start} to {end}", start=start, end=end)
