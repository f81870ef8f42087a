"""Corrections of a library: who a face is, is not, that it is nobody or no face; taken back, brought back, listed.

What belongs here: finding the face that is meant, checking names, saying the fact, and what follows from it at once: learning where leave
was given, and answering again. What does not: what facts come to (`library.facts`), learning (`recogniser`), names of groups
(`groups`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from whosthat.errors import BundleError, DatasetError, LibraryError, UsageError, WhosthatError, did_you_mean
from whosthat.library import facts, naming
from whosthat.library.contents import LibraryFace, files_of, files_of_photos, in_pixels, photos_by_digest
from whosthat.library.facts import Fact, Place, Saying, What, key_of, names_by_key
from whosthat.library.store import Library
from whosthat.recognition.bundle import open_bundle
from whosthat.recognition.grouping import ASIDE
from whosthat.translation import _, ngettext
from whosthat.types import Box
from whosthat.workflow.discovery import NOBODY, checked_name
from whosthat.workflow.library.answering import Answered, answer_again
from whosthat.workflow.library.faces import face_meant, photo_row
from whosthat.workflow.library.in_use import OWN, bundle_in_use
from whosthat.workflow.library.recogniser import Effect, Learnt, effects_of, learn
from whosthat.workflow.library.words import renamed_sentence
from whosthat.workflow.people import add_person, rule_out
from whosthat.workflow.people_photos import remove_photo

WAIT_SECONDS = 20.0
"""So long a correction waits for another one to answer again; its fact stands by then."""


@dataclass(frozen=True)
class Corrected:
    """What a correction did, or taking one back.

    Attributes:
        facts: What was said, taken back or brought back.
        answered: What became of the answers; None where another process was at work, which answers again when it ends, or the recogniser in
            use cannot be opened: the next scan that finds it answers.
        learnt: What the library's own recogniser has learnt; None where it has none.
        effect: What the correction does to right answers, where it is learnt from.
        is_new: Whether the library knew nobody of this name before.
        notes: What else the user should know.
    """

    facts: tuple[Fact, ...]
    answered: Answered | None
    learnt: Learnt | None = None
    effect: Effect | None = None
    is_new: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Correction:
    """Something that was said, of one face or in one step of many, or that two people are one (``merged``).

    Attributes:
        fact: The fact; the first of many.
        n_faces: Of how many faces it was said; of a merge, how many facts it has moved, 0 where it was taken back.
        path: The photo, where it lies or last lay; None where no file of it is known.
        face: The number of the face in the photo, from 1; None where no face is found there today.
        box: Where it is in the photo, in pixels.
        effect: What it does to right answers, where it is learnt from.
    """

    fact: Fact
    n_faces: int
    path: Path | None
    face: int | None
    box: Box
    effect: Effect | None = None


def correct(
    library: str | Path,
    photo: str | Path,
    what: What,
    name: str | None = None,
    *,
    face: int | None = None,
    enrol: bool = False,
    anyway: bool = False,
) -> Corrected:
    """Say who a face is, or is not, and answer all faces again; the later word counts, and `undo_correction` takes it back.

    Args:
        library: The library's folder.
        photo: A photo of the library, also one that is gone; or its SHA-256, or a face's id, "<SHA-256>-<number>".
        what: ``is`` or ``is_not`` (with a ``name``), ``nobody`` whom you know, ``no_face``.
        name: Who is meant.
        face: The number of the face, from 1, from the left; not needed where there is one.
        enrol: Whether the recogniser may learn from it: the library's own, or the bundle that the library uses.
        anyway: Enrol in a bundle also a face that looks like somebody else.

    Returns:
        What was said, and how many answers changed.

    Raises:
        UsageError: There is no such library, photo, face or name.
        WhichFaceError: The photo shows several faces, and none was chosen.
        DatasetError: No face was found in it; or as of `people.add_person`.
        DoubtError: The face looks like somebody else, and is to be enrolled; ``anyway`` was not given.
        BundleError: The recogniser cannot learn or be saved; the fact stands all the same.
        LibraryError: The library is damaged or cannot be written.

    Example:
        correct("family", "holiday/beach.jpg", "is", "Anna", face=2).answered.changed
    """
    with Library(library) as opened:
        row, number = photo_row(opened, photo)
        meant = face_meant(opened, row, photo, face or number)
        known = _known_names(opened)
        given, name = name, _checked(what, name, known)
        notes = _enrol(opened, meant, what, name, anyway) if enrol else ()
        said_now = facts.say(opened, [Saying(Place(meant.photo, meant.place), what, name, enrolled=enrol)])
        done = _settle(opened, lambda: facts.numbered(opened, said_now), may_learn=enrol)
        is_new = name is not None and key_of(name) not in known
        effect = None if done.learnt is None else done.learnt.effects.get(said_now[0])
        others = _others_note(opened, meant) if what == "is" and done.answered is not None else ()
        older = (renamed_sentence(given.strip(), name),) if given and name and key_of(given.strip()) != key_of(name) else ()
        return Corrected(done.facts, done.answered, done.learnt, effect, is_new, (*older, *notes, *done.notes, *others))


def undo_correction(library: str | Path, number: int | None = None) -> Corrected:
    """Take back a correction of a library, by its number, or the last step that holds; of a group, all that was said with it.

    Raises:
        UsageError: There is no such library or correction, it was taken back already, or nothing is left.
        BundleError: The recogniser cannot learn or be saved; the correction is taken back all the same.
        LibraryError: The library is damaged or cannot be written.

    Example:
        undo_correction("family").answered.changed
    """
    with Library(library) as opened:
        merge = naming.merge_meant(opened, number)
        back = facts.undo(opened, *_whole_step(opened, number)) if merge is None else naming.part(opened, merge)
        notes = _disenrol(opened, back)
        done = _settle(opened, lambda: back)
        return Corrected(done.facts, done.answered, done.learnt, notes=(*notes, *done.notes))


def redo_correction(library: str | Path, number: int | None = None) -> Corrected:
    """Let a correction that was taken back hold again, by its number, or what was taken back last.

    Raises:
        UsageError: There is no such library or correction, it was not taken back, or nothing was.
        BundleError: The recogniser cannot learn or be saved; the correction holds all the same.
        LibraryError: The library is damaged or cannot be written.

    Example:
        redo_correction("family", 12).answered.changed
    """
    with Library(library) as opened:
        merge = naming.merge_meant(opened, number, undone=True)
        if merge is None:
            again, moved = facts.redo(opened, *_whole_step(opened, number)), 0
        else:
            again, moved = naming.join_again(opened, merge)
        return _settle(opened, lambda: again, moved=moved)


def rename_in_library(library: str | Path, name: str, new_name: str, *, merge: bool = False) -> Corrected:
    """Call a person of a library by another name; ``merge`` makes one person of two, which `undo_correction` takes back.

    A bundle that the library uses is not changed; whom it calls by the first name is the same person all the same.

    Raises UsageError where nobody has the first name or the second cannot be one; NameTakenError where somebody else has it already.
    """
    with Library(library) as opened:
        merged, moved = naming.rename(opened, name, _checked("is", new_name, {}) or "", merge=merge)
        return _settle(opened, lambda: [] if merged is None else [merged], moved=moved)


def corrections(library: str | Path, *, undone: bool = True) -> tuple[Correction, ...]:
    """Return what was said, the latest first; what was said of many faces in one step is one of them.

    Args:
        library: The library's folder.
        undone: Also what was taken back.

    Raises:
        UsageError: There is no such library.
        LibraryError: It is damaged.

    Example:
        [one.fact.person for one in corrections("family")]
    """
    with Library(library) as opened:
        steps: dict[object, list[Fact]] = {}
        for fact in facts.facts_of(opened, undone=undone):
            steps.setdefault(_step(fact), []).append(fact)
        first = [(step[0], len(step)) for step in steps.values()]
        rows = photos_by_digest(opened, {fact.photo for fact, _n in first})
        places, numbers, effects = files_of_photos(opened, rows.values(), missing=True), _numbers(opened), effects_of(opened)
        sizes = {row: size for row, *size in opened.rows_of("SELECT id, width, height FROM photos WHERE id IN ({})", [*rows.values()])}
        spoken = [
            Correction(
                fact,
                n,
                next(iter(places.get(rows[fact.photo], ())), None),
                numbers.get(fact.number),
                in_pixels(fact.box, *sizes[rows[fact.photo]]),
                effects.get(fact.number),
            )
            for fact, n in first
        ]
        merged = [Correction(fact, n, None, None, fact.box) for fact, n in naming.merges_of(opened) if undone or fact.undone_at is None]
        return tuple(sorted([*spoken, *merged], key=lambda one: one.fact.number, reverse=True))


def _numbers(library: Library) -> dict[int, int]:
    """Return the number of the face that each fact means today, by the number of the fact."""
    reader = library.setting("reader") or ""
    numbers = dict(library.rows("SELECT id, number FROM faces WHERE reader = ?", (reader,)))
    return {fact[0]: numbers[face] for fact, face in facts.matched(library, reader, undone=True)}


def _known_names(library: Library) -> dict[str, str]:
    """Return the names of the library and of the recogniser in use, by what is the same for names of one person."""
    used = bundle_in_use(library)
    labels: Sequence[str] = ()
    if used is not None and used.exists():
        labels = open_bundle(used).facts.labels
    return {**{key_of(name): name for name in labels}, **names_by_key(library)}


def _checked(what: What, name: str | None, known: dict[str, str]) -> str | None:
    """Return the name that is meant, as the library writes it; UsageError where there must be one, or none, or another."""
    if what not in ("is", "is_not", "nobody", "no_face"):
        raise UsageError("A face is, is_not, nobody or no_face; got {what!r}.", what=what)
    if what in ("nobody", "no_face"):
        if name is not None:
            raise UsageError("Only who a face is, or is not, has a name; got {name!r}.", name=name[:300])
        return None
    checked = checked_name("" if name is None else name)
    if checked in ("", NOBODY):
        raise UsageError("Give the name of a person.")
    if what == "is_not" and key_of(checked) not in known:
        raise UsageError("Nobody here is named {name!r}. {choice}", name=checked, choice=did_you_mean(checked, known.values()))
    return known.get(key_of(checked), checked)


def _settle(library: Library, told: Callable[[], Sequence[Fact]], *, may_learn: bool = False, moved: int = 0) -> Corrected:
    """Learn where that is due, and answer all faces again, alone; the facts stand already. A merge has ``moved`` answers before."""
    with ExitStack() as held:
        try:
            held.enter_context(library.alone(WAIT_SECONDS))
        except LibraryError as error:
            return Corrected(tuple(told()), None, notes=(_("This is kept, and answers follow. {error}", error=error),))
        learnt = learn(library) if may_learn or library.setting("bundle") == OWN else None
        try:
            answered = answer_again(library, may_learn=False)
            answered = replace(answered, changed=answered.changed + moved)
        except BundleError as error:
            return Corrected(tuple(told()), None, learnt, notes=(_("This is kept, and answers follow. {error}", error=error),))
    notes = tuple(filter(None, [answered.note]))
    return Corrected(tuple(told()), answered, learnt, notes=notes)


def _others_note(library: Library, face: LibraryFace) -> tuple[str, ...]:
    """Say how many others of a face's group have no name yet, for what is said of one face names that one alone."""
    ((n,),) = library.rows(
        "SELECT count(*) FROM groups AS own JOIN groups AS others ON others.number = own.number AND others.face <> own.face "
        "LEFT JOIN answers ON answers.face = others.face WHERE own.face = ? AND own.number <> ? AND person IS NULL "
        "AND coalesce(why, '') NOT IN ('fact', 'no_face')",
        (face.row, ASIDE),
    )
    if not n:
        return ()
    return (
        ngettext(
            "{n} other face of its group has no name. Look at the groups: they say who it may be.",
            "{n:,} other faces of its group have no name. Look at the groups: they say who they may be.",
            n,
        ),
    )


def _whole_step(library: Library, number: int | None) -> tuple[int, ...]:
    """Return the numbers of all facts that are meant by one: of what was said of a group, or read, all that were with it."""
    found = [] if number is None else facts.numbered(library, [number] if 0 < number < 1 << 63 else [])
    if not found or found[0].how == "face":
        return () if number is None else (number,)
    key = _step(found[0])
    return tuple(fact.number for fact in facts.facts_of(library, undone=True) if _step(fact) == key)


def _step(fact: Fact) -> object:
    return fact.number if fact.how == "face" else (fact.said_at, fact.what, fact.person, fact.how, fact.undone_at)


def _enrol(library: Library, face: LibraryFace, what: What, name: str | None, anyway: bool) -> tuple[str, ...]:
    """Let a recogniser that is not the library's own learn from a correction; the own one learns from the fact."""
    bundle = bundle_in_use(library)
    if name is None:
        raise UsageError("Only who a face is, or is not, can be learnt.")
    if bundle is None or library.setting("bundle") == OWN:
        return ()
    paths = files_of(library, face.photo)
    if not paths:
        raise DatasetError("The photo is not there, and {bundle} can only learn from a photo that is.", bundle=bundle)
    name = _label(library, bundle, name)
    if what == "is_not":
        rule_out(bundle, name, paths[0])
        return (_("Ruled out in {bundle}.", bundle=bundle),)
    added = add_person(bundle, name, paths[0], face=face.number, anyway=anyway)
    return (*added.notes, _("Enrolled in {bundle}.", bundle=bundle))


def _label(library: Library, bundle: Path, name: str) -> str:
    """Return what a bundle calls a person of the library, who may have been renamed here."""
    names = names_by_key(library)
    return next((label for label in open_bundle(bundle).facts.labels if names.get(key_of(label), label) == name), name)


def _disenrol(library: Library, back: Sequence[Fact]) -> tuple[str, ...]:
    """Take photos that were enrolled in another recogniser than the own one back out of it."""
    bundle = bundle_in_use(library)
    enrolled = [fact for fact in back if fact.enrolled]
    if bundle is None or library.setting("bundle") == OWN or not enrolled:
        return ()
    notes = []
    for fact in enrolled:
        try:
            if fact.what != "is":
                raise UsageError("A face that was ruled out stays so.")
            remove_photo(bundle, _label(library, bundle, fact.person or ""), fact.photo)
            notes.append(_("No longer enrolled in {bundle}.", bundle=bundle))
        except WhosthatError as error:
            notes.append(_("In {bundle} nothing was changed: {error}", bundle=bundle, error=error))
    return tuple(notes)
