"""What was scanned, found and corrected in a library, in sentences for whoever asked.

What belongs here: sentences that several surfaces show alike. What does not: tables, and commands of a terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from whosthat.translation import N_, _, ngettext
from whosthat.wording import counted, not_looked_at

if TYPE_CHECKING:
    from whosthat.library.facts import Fact
    from whosthat.workflow.library.correcting import Corrected
    from whosthat.workflow.library.find import Found
    from whosthat.workflow.library.likeness import Similar
    from whosthat.workflow.library.recogniser import Effect, Learnt
    from whosthat.workflow.library.scanning import Scan

NAMES_SHOWN = 10
"""So many people whom a face looks like are named."""


def scan_sentences(found: Scan, *, sidecars: bool = True) -> Iterator[str]:
    """Say what a scan found, and what it did not look at (`wording.not_looked_at`); what is zero is left out."""
    for folder in found.not_there:
        yield _("{folder} is not there, or holds no photos. What the library knows of it stays.", folder=folder)
    parts = (
        (found.new, N_("{n:,} new")),
        (found.changed, N_("{n:,} changed")),
        (found.moved, N_("{n:,} moved")),
        (found.back, N_("{n:,} there again")),
        (found.missing, N_("{n:,} missing")),
        (found.forgotten, N_("{n:,} passed over because of people who were forgotten")),
    )
    news = _(", ").join(_(text, n=n) for n, text in parts if n) or _("nothing new")
    yield _("{photos} in {files}: {news}.", photos=counted(found.photos, "photo"), files=counted(found.files, "file"), news=news)
    if found.faces:
        yield _("{faces} found in the new ones.", faces=counted(found.faces, "face"))
    if found.carried:
        yield _("What was said of {faces} was taken over by edited photos.", faces=counted(found.carried, "face"))
    if found.answered:
        yield changed_sentence(found.answered)
    if found.unreadable_before:
        yield ngettext(
            "{n} file cannot be read, as before; status names it.",
            "{n:,} files cannot be read, as before; status names them.",
            found.unreadable_before,
        )
    yield from not_looked_at(found.passed_over, sidecars=sidecars)


def found_sentences(found: Found, gone: int) -> Iterator[str]:
    """Say whom faces look like, how many photos were found, and what is not among them; ``gone`` is that of `Found.first`."""
    yield from map(_likeness, found.similar)
    yield _("{photos} found.", photos=counted(len(found.photos) - gone, "photo"))
    if found.missing + gone:
        yield _(
            "{photos} would be among them, but the files are not there: the drive is not connected, or they were deleted since the "
            "last scan.",
            photos=_more(found.missing + gone),
        )
    if found.undated:
        yield _("{photos} would be among them if they had a date.", photos=_more(found.undated))


def _more(n: int) -> str:
    return counted(n, "more photo")  # not translated: the key


def _likeness(similar: Similar) -> str:
    names = [_("{name} ({n})", name=_("unknown") if name is None else name, n=n) for name, n in similar.names]
    who = _("unknown") if similar.name is None else similar.name
    if not names:
        return _("Face {n}, {who}: no similar face.", n=similar.face, who=who)
    return _(
        "Face {n}, {who}: similar faces in {photos}: {names}.",
        n=similar.face,
        who=who,
        photos=_more(similar.photos),
        names=_(", ").join(names[:NAMES_SHOWN]),
    )


def corrected_sentences(done: Corrected, how_back: Callable[[int], str] | None = None) -> Iterator[str]:
    """Say what was said, taken back or brought back, and what came of it, but for the answers: these say `changed_sentence`.

    ``how_back`` tells how a correction is taken back, by its number.
    """
    if done.facts:
        yield fact_sentence(done.facts[0])
    if len(done.facts) > 1:
        yield _("The same holds for {faces} more.", faces=counted(len(done.facts) - 1, "face"))
    if done.is_new:
        yield _("{name} is new in this library.", name=done.facts[0].person)
    if done.learnt is not None:
        yield from _learnt(done.learnt)
    if done.effect is not None:
        yield from effect_sentences(done.effect, how_back)
    yield from done.notes


def renamed_sentence(old: str, name: str) -> str:
    """Say that somebody who was called by an older name has another one in the library."""
    return _("{old} is called {name} in this library.", old=old, name=name)


def changed_sentence(n: int) -> str:
    """Say how many answers changed."""
    return ngettext("{n} answer changed.", "{n:,} answers changed.", n)


def fact_sentence(fact: Fact) -> str:
    """Say what was said of a face, with its number."""
    values = {"number": fact.number, "name": fact.person or "", "was": fact.was or ""}
    if fact.undone_at is not None:
        return _("Correction {number} was taken back.", **values)
    return {
        "is": _("Correction {number}: this is {name}.", **values),
        "is_not": _("Correction {number}: this is not {name}.", **values),
        "nobody": _("Correction {number}: this is nobody you know.", **values),
        "no_face": _("Correction {number}: this is no face.", **values),
        "merged": _("Correction {number}: {was} and {name} are one person.", **values),
    }[fact.what]


def what_was_said(fact: Fact) -> str:
    """Say what was said of a face in a few words, as a list has it."""
    what = {
        "is": fact.person or "",
        "is_not": _("not {name}", name=fact.person),
        "nobody": _("nobody you know"),
        "no_face": _("no face"),
        "merged": _("{was} and {name} are one person", was=fact.was, name=fact.person),
    }
    return what[fact.what] if fact.undone_at is None else _("{what} (taken back)", what=what[fact.what])


def why_sentence(why: str) -> str:
    """Say in a word or two by what a face has its name (`faces.FaceAnswer.why`); empty where nothing is known of it."""
    return {"fact": _("you said so"), "no_face": _("no face"), "recogniser": _("recogniser"), "group": _("its group")}.get(why, "")


def _learnt(learnt: Learnt) -> Iterator[str]:
    if learnt.is_new:
        people, faces = counted(learnt.people, "person"), counted(learnt.faces, "face")
        yield _("The library's recogniser learnt again: {people}, {faces}.", people=people, faces=faces)
        yield from learnt.notes[:1]
    if learnt.left_out:
        faces = counted(learnt.left_out, "face")
        yield _("It did not learn from {faces} of groups that probably show somebody else.", faces=faces)


def effect_sentences(effect: Effect, how_back: Callable[[int], str] | None = None) -> Iterator[str]:
    """Say what a correction does to right answers, and what to do where it does harm."""
    yield _(
        "Of {faces} that it learnt from besides, {with_it:,} are answered right in cross-validation, and {without_it:,} without this one.",
        faces=counted(effect.n, "face"),
        with_it=effect.with_it,
        without_it=effect.without_it,
    )
    if effect.is_doubtful:
        yield _("Without this correction, the face would sooner be {name}.", name=effect.likeliest)
    if not effect.harms and not effect.is_doubtful:
        return
    if how_back is None:
        yield (_("So it does harm. Look at the face again.") if effect.harms else _("Look at the face again."))
    elif effect.harms:
        yield _("So it does harm. Look at the face again, or take it back: {command}", command=how_back(effect.fact))
    else:
        yield _("Look at the face again, or take it back: {command}", command=how_back(effect.fact))
