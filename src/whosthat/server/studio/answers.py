"""The page's routes about who is in photos: identify, correct, enrol, the unknown, the people.

What belongs here: requests and answers. What does not: folders, jobs and runs (`routes`), what a shown photo is (`shown`).
"""

from __future__ import annotations

import secrets
import shutil
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from whosthat.errors import PhotoError, UsageError, WhosthatError
from whosthat.file_names import unused_path
from whosthat.recognition.face_recogniser import FaceRecogniser
from whosthat.recognition.grouping import group_faces
from whosthat.server.refusals import Refusal, not_found
from whosthat.server.studio.forms import FaceForm, GroupForm, NamedFaceForm, NotThisForm, PeopleForm
from whosthat.server.studio.jobs import Job
from whosthat.server.studio.photos import SIZES, check_size
from whosthat.server.studio.routes import Here
from whosthat.server.studio.shown import ShownPhoto, as_json, failed
from whosthat.server.studio.studio import Opened, Studio
from whosthat.server.uploads import read_form
from whosthat.translation import _, ngettext
from whosthat.wording import counted, listing
from whosthat.workflow.keeping import keep_photo, place_to_keep

router = APIRouter()

MOST_AT_ONCE = 32
"""Photos in one request."""

LOOKS = 6
"""So many photos of each person are named."""

MOST_PICTURES = 200
"""So many pictures of a video are shown."""

KEPT_AN_HOUR = {"Cache-Control": "private, max-age=3600"}  # not translated: a header


@router.post("/identify")
async def identify(request: Request, here: Here, keep: bool = True) -> dict[str, Any]:
    """Say who is in the photos of a form; ``keep=false`` for a webcam's frames."""
    files, _fields = await read_form(request, MOST_AT_ONCE)
    photos = [(Path(one.filename.replace("\\", "/")).name[:200] or _("photo"), one.content) for one in files]
    return await run_in_threadpool(_identified, here, photos, keep)


def _identified(here: Studio, given: Sequence[tuple[str, bytes]], keep: bool) -> dict[str, Any]:
    opened, photos = here.recogniser(), []
    for name, content in given:
        try:
            photos.append(_as_json(here, opened, here.shown.look(opened.recogniser, name, content, keep=keep)))
        except PhotoError as error:
            photos.append(failed(name, error))
    return {"photos": photos}


def _as_json(here: Studio, opened: Opened, photo: ShownPhoto) -> dict[str, Any]:
    return as_json(photo, here.photo_of(opened))


def _all_again(here: Studio, sentence: str) -> dict[str, Any]:
    """Return every photo that is shown, with what is said of it now."""
    opened = here.recogniser()
    return {"sentence": sentence, "photos": [_as_json(here, opened, photo) for photo in here.shown.all()]}


@router.get("/shown")
def shown(here: Here) -> dict[str, Any]:
    """Return every photo that is shown, with what is said of it now."""
    return {"photos": _all_again(here, "")["photos"] if here.opened is not None else []}


@router.post("/shown/clear")
def clear(here: Here) -> dict[str, Any]:
    """Forget the photos that are shown."""
    here.shown.clear()
    return {"photos": []}


@router.get("/identified/{id}")
def identified(id: str, here: Here, size: int = SIZES[-1]) -> Response:
    """Return a copy of a photo that is shown."""
    check_size(size)
    photo = here.shown.get(id)
    copy = here.copies.of_bytes(photo.id, photo.content, size)
    return Response(copy, media_type="image/jpeg", headers=KEPT_AN_HOUR)


@router.get("/pictures/{id}")
def picture(id: str, here: Here) -> Response:
    """Return a picture of a face that was followed in a video."""
    content = here.pictures.get(id)
    if content is None:
        raise not_found(_("picture"))
    return Response(content, media_type="image/jpeg", headers=KEPT_AN_HOUR)


@router.post("/identify/name")
def name_face(form: NamedFaceForm, here: Here) -> dict[str, Any]:
    """Enrol a face under a name, and answer again for every photo that is shown."""
    return _all_again(here, _enrol(here, form))


@router.post("/identify/not")
def not_this(form: NotThisForm, here: Here) -> dict[str, Any]:
    """Note that a face is not the person it was taken for: for good where the recogniser enrols, else as long as the photo is shown."""
    here.shown.correct(form.id, form.face, ShownPhoto.refuse, form.name)
    sentence = _("This face is not {name}: it is unknown again.", name=form.name)
    with here.changing:
        opened, photo = here.recogniser(), here.shown.face(form.id, form.face)
        if opened.enrols and photo.sightings[form.face].name == form.name:
            try:
                _rule_out(here, opened, photo, form.name)
            except UsageError as error:  # it is the only photo by which this person is known, or a moved threshold gave the name
                sentence = _("{sentence} {more}", sentence=sentence, more=here.without_places(str(error)))
    return _all_again(here, sentence)


def _rule_out(here: Studio, opened: Opened, photo: ShownPhoto, name: str) -> None:
    with _on_desk(here, [(photo.name, photo.content)]) as folder:
        opened.recogniser.people.rule_out(name, next(folder.iterdir()))
    here.shown.answer_again(opened.recogniser)


@router.post("/identify/nobody")
def nobody(form: FaceForm, here: Here) -> dict[str, Any]:
    """Note that nobody need name a face."""
    here.shown.correct(form.id, form.face, ShownPhoto.dismiss)
    return _all_again(here, _("This face stays unknown, and is not asked for again."))


def _enrol(here: Studio, form: NamedFaceForm | GroupForm) -> str:
    """Enrol faces under a name, and say what was done; the first that cannot be enrolled ends it."""
    faces: Sequence[FaceForm] = form.faces if isinstance(form, GroupForm) else [form]
    with here.changing:
        opened, done, kept = here.recogniser(), 0, 0
        _must_enrol(opened)
        try:
            for one in faces:
                kept += _enrol_one(here, opened, form, one)
                done += 1
        except WhosthatError as error:
            if not done:
                raise
            why = here.without_places(str(error))
            return _("{faces} of {n} are now enrolled as {name}. {why}", faces=done, n=len(faces), name=form.name, why=why)
        finally:
            if done:
                here.shown.answer_again(opened.recogniser)
    told = {"faces": counted(done, "face"), "name": form.name}
    sentence = ngettext("{faces} is now enrolled as {name}.", "{faces} are now enrolled as {name}.", done, **told)
    if not kept:
        return sentence
    more = _("For the next training, {photos} went into the folder {folder}.", photos=counted(kept, "photo"), folder=form.name)
    return _("{sentence} {more}", sentence=sentence, more=more)


def _enrol_one(here: Studio, opened: Opened, form: NamedFaceForm | GroupForm, one: FaceForm) -> bool:
    """Enrol a face; tell whether its photo was kept for the next training."""
    photo = here.shown.face(one.id, one.face)
    folder = _own_folder(here, opened) if form.keep else None
    several = len(photo.sightings) > 1
    name = f"{Path(photo.name).stem}.jpg" if several else photo.name
    place = None if folder is None else place_to_keep(folder, form.name, name)
    with _on_desk(here, [(photo.name if place is None else place.name, photo.content)]) as folder:
        opened.recogniser.people.add(form.name, next(folder.iterdir()), face=one.face + 1, anyway=form.anyway)
    here.shown.correct(one.id, one.face, ShownPhoto.give, unicodedata.normalize("NFC", form.name))
    if place is None:
        return False
    keep_photo(place, photo.content, photo.sightings[one.face].box if several else None)
    return True


def _own_folder(here: Studio, opened: Opened) -> Path | None:
    """Return the folder of photos that the recogniser learnt from, where it is one of the studio's own."""
    known = opened.photos is not None and here.grounds.name_of(opened.photos) is not None
    return opened.photos if known and opened.photos is not None and opened.photos.is_dir() else None


def _must_enrol(opened: Opened) -> None:
    if not opened.enrols:
        raise Refusal(409, "no_gallery", "This recogniser learnt all its classes at once: put the photo into a folder, and train again.")


@contextmanager
def _on_desk(here: Studio, photos: Sequence[tuple[str, bytes]]) -> Iterator[Path]:
    """Write photos into a folder of their own, from which they are enrolled under their names."""
    with TemporaryDirectory(dir=here.desk) as place:
        folder = Path(place)
        for name, content in photos:
            unused_path(folder, Path(name.replace("\\", "/")).name).write_bytes(content)
        yield folder


@router.get("/unknown")
def unknown(here: Here) -> dict[str, Any]:
    """Put the unknown faces of all shown photos together by person."""
    return {"groups": _groups(here)}


@router.post("/unknown/name")
def name_group(form: GroupForm, here: Here) -> dict[str, Any]:
    """Enrol all faces of a group under a name."""
    return {**_all_again(here, _enrol(here, form)), "groups": _groups(here)}


def _groups(here: Studio) -> list[dict[str, Any]]:
    opened = here.recogniser()
    if not isinstance(opened.recogniser, FaceRecogniser):
        return []
    faces, vectors = here.shown.unknown_faces()
    if not faces:
        return []
    numbers = {id: number for number, id in enumerate(dict.fromkeys(id for id, _face in faces))}
    embedder = opened.recogniser.reader.embedder.facts.name
    labels = group_faces(vectors, np.array([numbers[id] for id, _face in faces], np.int64), embedder=embedder)
    return [
        {
            "group": int(label),
            "faces": [_small(here, *faces[row]) for row in np.flatnonzero(labels == label).tolist()],
            "probably": _probably(opened.recogniser, vectors[labels == label]),
        }
        for label in sorted(set(labels.tolist()) - {-1})
    ]


def _small(here: Studio, id: str, face: int) -> dict[str, Any]:
    photo = here.shown.face(id, face)
    box = photo.sightings[face].box
    sides = None if box is None else [*box.sides]
    return {"id": id, "face": face, "box": sides, "width": photo.size[0], "height": photo.size[1], "name": photo.name}


def _probably(recogniser: FaceRecogniser, vectors: Any) -> str | None:
    """Return whom a group resembles, where that is not far off: their middle face is nearer than strangers mostly are."""
    from whosthat.checking.suspects import STRANGER_DISTANCE

    far, who = recogniser.identifier.nearest_people(vectors)
    middle = int(np.argsort(far)[len(far) // 2])
    return recogniser.labels[int(who[middle])] if far[middle] <= STRANGER_DISTANCE else None


@router.get("/people")
def people(here: Here) -> dict[str, Any]:
    """Return everybody who is known, with some of their photos."""
    opened = here.recogniser()
    if not opened.enrols:
        return {"people": [{"name": name, "photos": 0, "looks": []} for name in opened.recogniser.labels], "enrols": False}
    gallery, photo_of = opened.recogniser.identifier.gallery, here.photo_of(opened)  # type: ignore[attr-defined]
    rows = [
        {"name": one.name, "photos": one.photos, "looks": _looks(gallery.photos_of(one.name), photo_of)}
        for one in opened.recogniser.people.list()
    ]
    return {"people": rows, "enrols": True}


def _looks(photos: Sequence[Any], photo_of: Callable[[str], str | None]) -> list[str]:
    known = (photo_of(photo.name) for photo in photos[: 4 * LOOKS])
    return [name for name in known if name is not None][:LOOKS]


@router.post("/people")
def change_people(form: PeopleForm, here: Here) -> dict[str, Any]:
    """Call somebody by another name, or remove them."""
    with here.changing:
        opened = here.recogniser()
        _must_enrol(opened)
        if form.action == "rename":
            opened.recogniser.people.rename(form.name, form.new_name)
            sentence = _("{name} is called {new_name} now.", name=form.name, new_name=form.new_name)
        else:
            receipt = opened.recogniser.people.remove(form.name)
            sentence = _("{name} was removed; the receipt is {file}, beside the bundle.", name=form.name, file=receipt.name)
        here.shown.answer_again(opened.recogniser)
    return {"sentence": sentence, **people(here)}


@router.post("/people/photos")
async def add_photos(request: Request, here: Here) -> dict[str, Any]:
    """Enrol photos of one person, known or new."""
    files, fields = await read_form(request, MOST_AT_ONCE, ("name", "anyway"))
    given = [(one.filename, one.content) for one in files]
    return await run_in_threadpool(_add_photos, here, fields.get("name", ""), given, fields.get("anyway") == "true")


def _add_photos(here: Studio, name: str, files: Sequence[tuple[str, bytes]], anyway: bool) -> dict[str, Any]:
    if not files:
        raise UsageError("The request holds no photo.")
    with here.changing, _on_desk(here, files) as folder:
        opened = here.recogniser()
        _must_enrol(opened)
        added = opened.recogniser.people.add(name, folder, anyway=anyway)
        here.shown.answer_again(opened.recogniser)
    n = len(added.photos)
    sentence = ngettext("{photos} of {name} was enrolled.", "{photos} of {name} were enrolled.", n, photos=counted(n, "photo"), name=name)
    refused = [{"name": one.path.name, "reason": _(one.reason)} for one in added.left]
    return {"sentence": " ".join([sentence, *added.notes]), "refused": refused, **people(here)}


@router.post("/identify/video")
async def identify_video(request: Request, here: Here) -> dict[str, Any]:
    """Begin to look through the video of a form."""
    opened = await run_in_threadpool(here.recogniser)
    files, _fields = await read_form(request, 1)
    if not files:
        raise UsageError("The request holds no video.")
    desk = Path(mkdtemp(dir=here.desk))
    video = unused_path(desk, Path(files[0].filename.replace("\\", "/")).name or "video.mp4")
    await run_in_threadpool(video.write_bytes, files[0].content)
    arguments: dict[str, Any] = {
        "bundle": str(here.runs.place(opened.run)),
        "video": str(video),
        "draw": str(desk / "drawn"),
        "threshold": opened.recogniser.threshold,
    }

    def over(job: Job) -> None:
        if job.result is not None:
            job.result = _of_a_video(here, job.result)
        shutil.rmtree(desk, ignore_errors=True)

    try:
        return (await here.jobs.start("video", arguments, folder=video.name, over=over)).to_dict()
    except Refusal:
        shutil.rmtree(desk, ignore_errors=True)
        raise


def _of_a_video(here: Studio, found: dict[str, Any]) -> dict[str, Any]:
    """Return what was seen in a video, with the pictures of its faces among the photos that can be asked for."""
    video = found["video"]
    if video is None:
        return {"error": found["error"], "tracks": [], "people": [], "pictures": []}
    drawn = {secrets.token_hex(8): Path(path) for path in video["drawn"][:MOST_PICTURES]}
    here.pictures = {id: path.read_bytes() for id, path in drawn.items()}
    names = [one["name"] for one in video["people"]]
    n_unknown = sum(track["name"] is None for track in video["tracks"])
    told = [
        _("Seen: {names}.", names=listing(names)) if names else _("Nobody who is known was seen."),
        *([_("Unknown: {faces}.", faces=counted(n_unknown, "face"))] if n_unknown else []),
    ]
    shown = ("people", "tracks", "frames", "every", "seconds")
    return {
        **{name: video[name] for name in shown},
        "error": found["error"],
        "pictures": [{"id": id, "name": path.name} for id, path in drawn.items()],
        "sentence": " ".join(told),
    }
