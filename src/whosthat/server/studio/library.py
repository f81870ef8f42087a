"""The page's routes about a library below the studio's folder: scanning, finding photos, who is in one, correcting faces, renaming people.

What belongs here: requests and answers. What does not: scanning, finding and correcting (`workflow.library`), groups (`groups`).

A photo is named by its SHA-256, a face by that and its number, "<SHA-256>-<number>". Photos that lie outside of the studio's folder are
counted, and not shown.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from whosthat.file_names import safe_name, unused_path
from whosthat.library.contents import roots_of
from whosthat.library.store import Library, is_library
from whosthat.server.refusals import not_found
from whosthat.server.studio.forms import CorrectForm, FindForm, RenameForm, ScanForm, TakeBackForm
from whosthat.server.studio.jobs import Job
from whosthat.server.studio.routes import Here, PathQuery, box_as_json
from whosthat.server.studio.studio import Studio
from whosthat.translation import _, ngettext
from whosthat.wording import closed_up, counted
from whosthat.workflow.library.correcting import (
    Corrected,
    Correction,
    correct,
    corrections,
    redo_correction,
    rename_in_library,
    undo_correction,
)
from whosthat.workflow.library.faces import FaceAnswer, photo_in
from whosthat.workflow.library.find import FoundPhoto, find
from whosthat.workflow.library.status import library_status
from whosthat.workflow.library.words import (
    changed_sentence,
    corrected_sentences,
    effect_sentences,
    found_sentences,
    what_was_said,
    why_sentence,
)

router = APIRouter(prefix="/library")

PhotoQuery = Annotated[str, Query(pattern=r"^[0-9a-f]{64}$")]
MostQuery = Annotated[int, Query(ge=1, le=100_000)]


@router.get("")
def about(here: Here, folder: PathQuery) -> dict[str, Any]:
    """Say what a library holds, and whom, those with the most faces first."""
    known = library_status(_library(here, folder))
    people = sorted(((name, n) for name, n in known.people.items() if n), key=lambda one: (-one[1], one[0]))
    told = [
        _("{photos}, {faces}.", photos=counted(known.photos, "photo"), faces=counted(known.faces, "face")),
        _("With a name: {people}. Without one: {faces}.", people=counted(len(people), "person"), faces=counted(known.unanswered, "face")),
    ]
    return {
        "sentence": closed_up(" ".join(told)),
        "unknown": known.unanswered,
        "people": [{"name": name, "faces": n} for name, n in people],
        "folders": [
            {"name": one.path.name if (name := here.grounds.name_of(one.path)) is None else name, "there": one.there}
            for one in known.folders
        ],
    }


@router.post("/scan")
async def scan(form: ScanForm, here: Here) -> dict[str, Any]:
    """Begin to scan folders of photos into a library, a new one where none is named; without folders, those that it knows."""
    photos = [str(here.grounds.folder(one)) for one in form.photos]
    place = await run_in_threadpool(_library, here, form.folder) if form.folder else unused_path(here.grounds.root, safe_name(_("library")))

    def over(job: Job) -> None:
        here.groups = None
        for one in (job.result or {}).get("unreadable", ()):
            one["photo"] = here.without_places(one["photo"])

    arguments = {"library": str(place), "photos": photos, "without": [str(one) for one in here.grounds.without]}
    return (await here.jobs.start("scan", arguments, folder=form.folder or place.name, over=over)).to_dict()


@router.post("/rename")
def rename(form: RenameForm, here: Here) -> dict[str, Any]:
    """Call somebody by another name; ``merge`` makes one person of two, where somebody has it already."""
    done = rename_in_library(_library(here, form.folder), form.name, form.new_name, merge=form.merge)
    return _done(here, form.folder, done, _("{name} is now called {new_name}.", name=form.name, new_name=form.new_name))


@router.get("/find")
def found(here: Here, wanted: Annotated[FindForm, Query()]) -> dict[str, Any]:
    """Find photos; with ``like``, those with a face similar to one of that photo."""
    like = here.grounds.photo(wanted.like) if wanted.like else None
    done = find(
        _library(here, wanted.folder),
        wanted.query,
        since=wanted.since or None,
        until=wanted.until or None,
        within=here.grounds.folder(wanted.within) if wanted.within else None,
        faces=wanted.faces or None,
        like=like if like is None or wanted.face is None else (like, wanted.face),
    )
    first, gone = done.first(wanted.most)
    shown = [photo for one in first if (photo := _found(here, one)) is not None]
    elsewhere = len(first) - len(shown)
    told = [*found_sentences(done, gone)]
    if elsewhere:
        told.append(_("Not shown, because they lie outside of the studio's folder: {photos}.", photos=counted(elsewhere, "photo")))
    return {"sentence": here.without_places(closed_up(" ".join(told))), "total": len(done.photos) - gone, "photos": shown}


@router.get("/photo")
def photo(here: Here, folder: PathQuery, id: PhotoQuery) -> dict[str, Any]:
    """Return a photo with its faces, and who they are."""
    found = photo_in(_library(here, folder), id)
    return {
        "id": found.sha256,
        "name": found.paths[0].name if found.paths else found.sha256[:12],
        "path": here.grounds.name_of_first(found.paths),
        "width": found.size[0],
        "height": found.size[1],
        "faces": [_face(found.sha256, one) for one in found.faces],
        "error": None,
    }


@router.post("/correct")
def say(form: CorrectForm, here: Here) -> dict[str, Any]:
    """Say who a face is, or is not, that it is nobody or no face; everything is answered again."""
    return _done(
        here, form.folder, correct(_library(here, form.folder), form.face, form.what, form.name, enrol=form.learn, anyway=form.anyway)
    )


@router.post("/undo")
def undo(form: TakeBackForm, here: Here) -> dict[str, Any]:
    """Take a correction back."""
    return _done(here, form.folder, undo_correction(_library(here, form.folder), form.number))


@router.post("/redo")
def redo(form: TakeBackForm, here: Here) -> dict[str, Any]:
    """Let a correction hold again that was taken back."""
    return _done(here, form.folder, redo_correction(_library(here, form.folder), form.number))


@router.get("/corrections")
def corrected(here: Here, folder: PathQuery, most: MostQuery = 40) -> dict[str, Any]:
    """List what was said, the latest first."""
    known = corrections(_library(here, folder))
    return {"total": len(known), "corrections": [_correction(here, one) for one in known[:most]]}


def _library(here: Studio, folder: str) -> Path:
    place = here.grounds.folder(folder)
    if not is_library(place):
        raise not_found(_("library"))
    with Library(place) as opened:
        here.elsewhere.update(roots_of(opened).values())
    return place


def _done(here: Studio, folder: str, done: Corrected, *told: str) -> dict[str, Any]:
    """Say what was done, and how many answers changed; the groups that may be on the page are as they were before."""
    if here.groups is not None and here.groups.place == here.grounds.folder(folder):
        here.groups = None
    first, *rest = [*told, *corrected_sentences(done)]
    changed = [changed_sentence(done.answered.changed)] if done.answered is not None and (done.facts or done.answered.changed) else []
    return {
        "sentence": here.without_places(closed_up(" ".join([first, *changed, *rest]))),
        "number": done.facts[0].number if done.facts else None,
        "changed": None if done.answered is None else done.answered.changed,
    }


def _found(here: Studio, photo: FoundPhoto) -> dict[str, Any] | None:
    path = here.grounds.name_of_first((photo.path, *photo.copies))
    if path is None:
        return None
    return {"id": photo.sha256, "path": path, "who": photo.who, "when": photo.when}


def _face(photo: str, face: FaceAnswer) -> dict[str, Any]:
    """Return a face as the page draws it; only a recogniser is more or less sure."""
    sure = face.confidence if face.why == "recogniser" else None
    why = why_sentence(face.why) if face.name is not None else ""
    facts = {"face": face.number, "id": f"{photo}-{face.number}", "name": face.name, "confidence": sure, "why": face.why}
    return {**facts, "box": box_as_json(face.box), "because": why}


def _correction(here: Studio, one: Correction) -> dict[str, Any]:
    doubt = one.effect is not None and (one.effect.harms or one.effect.is_doubtful) and one.fact.undone_at is None
    return {
        "number": one.fact.number,
        "what": what_was_said(one.fact),
        "said_at": one.fact.said_at,
        "photo": one.fact.photo,
        "path": None if one.path is None else here.grounds.name_of(one.path),
        "name": "" if one.path is None else one.path.name,
        "box": box_as_json(one.box),
        "face": one.face,
        "many": ngettext("{n} face", "{n:,} faces", one.n_faces) if one.n_faces > 1 or (one.n_faces and one.fact.what == "merged") else "",
        "undone": one.fact.undone_at is not None,
        "doubt": closed_up(" ".join(effect_sentences(one.effect))) if one.effect is not None and doubt else "",
    }
