"""The page's routes about folders, photos, the job and runs.

What belongs here: requests and answers. What does not: who is in photos (`answers`), whatever the answers are made of.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, Query, Request
from fastapi.responses import FileResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from whosthat import translation
from whosthat.networks import registry
from whosthat.runs.files import REPORT
from whosthat.server.refusals import Refusal, not_found
from whosthat.server.studio.entrance import REPORT_POLICY
from whosthat.server.studio.folders import keep_dropped, libraries, listed, new_folder, photos_below
from whosthat.server.studio.forms import FolderForm, Name, SetAsideForm, ThresholdForm, TrainForm, UndoForm
from whosthat.server.studio.jobs import Job
from whosthat.server.studio.photos import SIZES, check_size, tag_of
from whosthat.server.studio.studio import Studio
from whosthat.server.uploads import read_form
from whosthat.training.recipe_base import FACES
from whosthat.translation import _, ngettext
from whosthat.types import Box
from whosthat.version import __version__
from whosthat.wording import counted
from whosthat.workflow.choosing import choose_model
from whosthat.workflow.thresholds import save_threshold

router = APIRouter()

MOST_DROPPED = 64
"""Files in one request; the page sends several."""


def studio_of(request: Request) -> Studio:
    """Return the studio that the request was admitted to."""
    studio: Studio = request.state.studio
    return studio


Here = Annotated[Studio, Depends(studio_of)]
PathQuery = Annotated[str, Query(max_length=1000)]
BoxQuery = Annotated[str, Query(pattern=r"^(-?\d{1,6}(\.\d)?,){3}-?\d{1,6}(\.\d)?$")]
"""A box in pixels: left, top, right, bottom."""


@router.get("/state")
def state(here: Here) -> dict[str, Any]:
    """Return all that the page needs when it opens."""
    job = here.jobs.last
    return {
        "version": __version__,
        "language": translation.language(),
        "languages": dict(translation.LANGUAGES),
        "folder": here.grounds.root.name,
        "libraries": libraries(here.grounds),
        "runs": here.runs.listed(),
        "open": None if here.opened is None else here.opened.to_dict(),
        "job": None if job is None else job.to_dict(),
    }


@router.get("/texts")
def texts(lang: Annotated[str, Query(max_length=20)]) -> dict[str, str]:
    """Return every text in another language; plural texts go by their plural form."""
    code = translation.known(lang)
    if code is None:
        raise not_found(lang)
    return translation.texts(code)


@router.post("/language")
def language(lang: Annotated[str, Body(embed=True, max_length=20)], here: Here) -> dict[str, str]:
    """Speak another language from now on."""
    code = translation.known(lang)
    if code is None:
        raise not_found(lang)
    here.language = code
    return {"language": code}


@router.get("/folders")
def folders(here: Here, path: PathQuery = "") -> dict[str, Any]:
    """List a folder."""
    found = listed(here.grounds, path)
    names = ("name", "photos", "folders")
    return {
        "path": path,
        "photos": found.photos,
        "more": found.more,
        "folders": [dict(zip(names, one, strict=True)) for one in found.folders],
    }


@router.get("/photos")
def photos(here: Here, path: PathQuery = "") -> dict[str, Any]:
    """List the photos of a folder at any depth."""
    found, total = photos_below(here.grounds, path)
    return {"photos": found, "total": total}


@router.get("/photo")
def photo(
    here: Here, path: PathQuery, size: int = SIZES[0], box: BoxQuery = "", if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """Return a small copy of a photo, or of what is in a box, unless the browser has it already."""
    check_size(size)
    place = here.grounds.photo(path)
    try:
        tag = tag_of(place, box or size)
    except OSError as error:
        raise not_found(path[:100]) from error
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}  # not translated: a header
    if if_none_match == tag:
        return Response(status_code=304, headers=headers)
    copy = here.copies.of_face(place, Box(*map(float, box.split(",")))) if box else here.copies.of_file(place, size)
    return Response(copy, media_type="image/jpeg", headers=headers)


def box_as_json(box: Box) -> list[float]:
    """Return a box as the page draws it, and asks for it (`photo`): left, top, right, bottom."""
    return [round(side, 1) for side in box.sides]


@router.post("/uploads/{name}")
async def uploads(name: str, request: Request, here: Here) -> dict[str, Any]:
    """Write dropped photos below the studio's folder: into a new folder, or the one that an earlier part of the same drop made."""
    if len(name) > 200:
        raise Refusal(422, "invalid", "The name is too long, or no text.")
    files, _fields = await read_form(request, MOST_DROPPED)
    return await run_in_threadpool(_keep, here, name, [(one.filename, one.content) for one in files])


def _keep(here: Studio, name: str, files: list[tuple[str, bytes]]) -> dict[str, Any]:
    place = here.grounds.place(name)
    if place not in here.dropped:
        place = new_folder(here.grounds, name)
        here.dropped.add(place)
    kept = keep_dropped(place, files)
    return {
        "folder": here.grounds.name_of(place),
        "kept": kept.kept,
        "refused": [{"name": one, "reason": reason} for one, reason in kept.refused],
    }


@router.get("/models")
def models(here: Here, folder: PathQuery = "") -> dict[str, Any]:
    """Say which model fits a folder, and which others there are, each in a sentence."""
    choice = choose_model(here.grounds.folder(folder))
    sentence = _("Finds faces, compares them, and knows strangers. Takes seconds; people can be added later.")
    faces = {"name": FACES, "title": _("Faces"), "sentence": sentence}
    networks = [
        {"name": name, "title": name, "sentence": _(registry.facts(name).title)}
        for name in registry.names()
        if not registry.facts(name).frames
    ]
    return {"proposed": choice.model, "reason": choice.reason, "models": [faces, *networks]}


@router.post("/check")
async def check(form: FolderForm, here: Here) -> dict[str, Any]:
    """Begin to look for trouble in a folder."""
    place = here.grounds.folder(form.folder)

    def keep(job: Job) -> None:
        if job.result is not None:
            here.looks.keep(form.folder, job.result)
            job.result = {"folder": form.folder}

    return (await here.jobs.start("check", {"photos": str(place)}, folder=form.folder, over=keep)).to_dict()


@router.get("/check")
@router.get("/check/{folder:path}")
def checked(here: Here, folder: str = "") -> dict[str, Any] | None:
    """Return what was found; null where nobody looked."""
    return here.looks.of(folder)


@router.post("/set-aside")
def set_aside(form: SetAsideForm, here: Here) -> dict[str, Any]:
    """Move photos out of their folder."""
    with here.changing:
        done = here.looks.set_aside(form.folder, form.photos)
    n = done["moved"]
    return {**done, "sentence": ngettext("{photos} was set aside.", "{photos} were set aside.", n, photos=counted(n, "photo"))}


@router.post("/set-aside/undo")
def undo(form: UndoForm, here: Here) -> dict[str, Any]:
    """Move them back."""
    with here.changing:
        done = here.looks.undo(form.folder, form.undo)
    n = done["moved"]
    return {**done, "sentence": ngettext("{photos} was moved back.", "{photos} were moved back.", n, photos=counted(n, "photo"))}


@router.post("/train")
async def train(form: TrainForm, here: Here) -> dict[str, Any]:
    """Begin to train."""
    arguments: dict[str, Any] = {"photos": str(here.grounds.folder(form.folder)), "runs": str(here.runs.folder)}
    arguments |= form.settings.model_dump(exclude_none=True)
    if form.model is not None:
        arguments["model"] = form.model
    if form.strangers is not None:
        arguments["strangers"] = str(here.grounds.folder(form.strangers))
    return (await here.jobs.start("train", arguments, folder=form.folder)).to_dict()


@router.post("/resume")
async def resume(run: Annotated[Name, Body(embed=True)], here: Here) -> dict[str, Any]:
    """Go on with a run that was stopped."""
    return (await here.jobs.start("resume", {"run": str(here.runs.place(run))}, run=run)).to_dict()


@router.get("/jobs/{id}")
async def job(id: str, here: Here) -> dict[str, Any]:
    """Return how a job stands."""
    return here.jobs.get(id).to_dict()


@router.get("/jobs/{id}/events")
async def events(id: str, here: Here, last_event_id: Annotated[str, Header()] = "") -> Response:
    """Tell what a job tells, from its beginning or from what the browser heard last."""
    after = int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 16 else 0
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(here.jobs.get(id).listen(after, here.ending), media_type="text/event-stream", headers=headers)


@router.post("/jobs/{id}/cancel")
async def cancel(id: str, here: Here) -> dict[str, Any]:
    """Ask a job to stop; asking again changes nothing."""
    here.jobs.cancel(here.jobs.get(id))
    return here.jobs.get(id).to_dict()


@router.get("/runs/compare")
def compare(here: Here, names: Annotated[str, Query(max_length=4000)]) -> dict[str, Any]:
    """Set runs side by side."""
    return here.runs.compared([name for name in names.split(",") if name])


@router.get("/runs/{name}")
def run(name: str, here: Here) -> dict[str, Any]:
    """Return a run in words and figures."""
    opened = here.opened
    return here.runs.shown(name, opened.recogniser.threshold if opened is not None and opened.run == name else None)


@router.get("/runs/{name}/report")
def report(name: str, here: Here) -> Response:
    """Return a run's report, which is shown as a page of nobody's."""
    place: Path = here.runs.place(name) / REPORT
    if not place.is_file():
        raise not_found(_("report"))
    return FileResponse(place, media_type="text/html", headers={"Content-Security-Policy": REPORT_POLICY})


@router.post("/runs/{name}/open")
def open_run(name: str, here: Here) -> dict[str, Any]:
    """Let a run's recogniser answer from now on."""
    with here.changing:
        return here.open(name).to_dict()


@router.post("/runs/{name}/threshold")
def threshold(name: str, form: ThresholdForm, here: Here) -> dict[str, Any]:
    """Move the threshold, for good or for as long as the studio runs."""
    with here.changing:
        if form.save:
            save_threshold(here.runs.place(name), form.value)
        opened = here.recogniser()
        if opened.run != name:
            opened = here.open(name)
        opened.recogniser.threshold = form.value
        here.shown.answer_again(opened.recogniser)
    found = here.runs.shown(name, form.value)["threshold"]
    return {} if found is None else found
