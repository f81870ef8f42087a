"""CompreFace's recognition service, for its clients (double-take, Home Assistant, its SDKs): photos, subjects and enrolled faces.

What belongs here: CompreFace's addresses. What does not: its words (`compreface_forms`), changing people (`people`), the key: ``x-api-key``
is the service's token, as everywhere (`guards`). The first bundle answers, unless the query names another.

Deleting everybody, deleting one enrolled photo, downloading photos and other face plugins than landmarks and embeddings have no
counterpart here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError

from whosthat.errors import PhotoError, WhosthatError
from whosthat.server import compreface_forms as forms
from whosthat.server.forms import FaultAnswer
from whosthat.server.identify import BundleQuery
from whosthat.server.people import MOST_NAME, NamePath, Register
from whosthat.server.refusals import Refusal, TranslatingRoute
from whosthat.server.service import OpenBundle, Service
from whosthat.server.uploads import FORM, media_type, read_photos
from whosthat.types import Sighting
from whosthat.workflow.people import list_photos

JSON = "application/json"  # not translated: a media type
_BODY = {
    FORM: {"schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}, "required": ["file"]}},
    JSON: {"schema": forms.Encoded.model_json_schema()},
}
PHOTO: dict[str, Any] = {"requestBody": {"required": True, "content": _BODY}}

SubjectQuery = Annotated[str, Query(min_length=1, max_length=MOST_NAME, description="Whose photo it is.")]  # not translated: for programs
LimitQuery = Annotated[int, Query(ge=0, description="How many faces, largest first; 0 for all.")]  # not translated: for programs
ThresholdQuery = Annotated[float, Query(ge=0, le=1, description="How sure the detector must be of a face.")]  # not translated: for programs
_PREDICTIONS = "How many subjects of each face, likeliest first."  # not translated: for programs
PredictionsQuery = Annotated[int, Query(ge=0, le=1000, description=_PREDICTIONS)]
_PLUGINS = "landmarks, calculator; others are passed over."  # not translated: for programs
PluginsQuery = Annotated[str, Query(max_length=200, description=_PLUGINS)]
StatusQuery = Annotated[bool, Query(description="Whether to say which detector and network answered.")]  # not translated: for programs


class _CompreFaceRoute(TranslatingRoute):
    """A route whose refusals are CompreFace's: a message and a number."""

    @staticmethod
    def told(error: WhosthatError) -> dict[str, Any]:
        return forms.Failure(message=str(error), code=forms.NO_FACE if isinstance(error, _NoFace) else 0).model_dump()


class _NoFace(Refusal):
    """A photo without a face; CompreFace says so with a number by which its clients know it."""

    def __init__(self) -> None:
        super().__init__(400, "no_face", "No face is found in the given image")  # not translated: CompreFace's words


def compreface_router(service: Service, register: Register) -> APIRouter:
    """Return the routes of one service."""
    refusals: dict[int | str, dict[str, Any]] = {status: {"model": forms.Failure} for status in (400, 404, 409, 413, 415, 429, 503)}
    refusals[422] = {"model": FaultAnswer}  # a value in the query that is none
    router = APIRouter(prefix="/api/v1/recognition", tags=["CompreFace"], route_class=_CompreFaceRoute, responses=refusals)
    _add_recognising(router, service)
    _add_faces(router, service, register)
    _add_subjects(router, register)
    return router


def _add_recognising(router: APIRouter, service: Service) -> None:
    @router.post("/recognize", response_model_exclude_none=True, openapi_extra=PHOTO)
    async def recognize(
        request: Request,
        limit: LimitQuery = 0,
        det_prob_threshold: ThresholdQuery = 0.0,
        prediction_count: PredictionsQuery = 1,
        face_plugins: PluginsQuery = "",
        status: StatusQuery = False,
        bundle: BundleQuery = None,
    ) -> forms.Recognised:
        """Say whose faces a photo shows; a face that is nobody's has no subjects."""
        opened = service.bundle(bundle)
        service.queue.check_room()
        (answer,) = await service.identify(opened.name, [await _photo(request)])
        plugins = [plugin.strip() for plugin in face_plugins.split(",")]
        faces = forms.recognised(
            _faces_of(opened, answer), limit=limit, least=det_prob_threshold, predictions=prediction_count, plugins=plugins
        )
        if not faces:
            raise _NoFace
        return forms.Recognised(result=faces, plugins_versions=_plugins(opened) if status else None)


def _add_faces(router: APIRouter, service: Service, register: Register) -> None:
    @router.post("/faces", status_code=201, openapi_extra=PHOTO)
    async def add(
        request: Request, subject: SubjectQuery, det_prob_threshold: ThresholdQuery = 0.0, bundle: BundleQuery = None
    ) -> forms.SavedFace:
        """Enrol a photo of somebody, known or new."""
        opened = register.bundle(bundle)
        service.queue.check_room()
        photo = await _photo(request)
        face = forms.SavedFace(image_id=forms.image_id(hashlib.sha256(photo).hexdigest()), subject=subject)
        if face not in await _saved(service, opened):
            await register.add(opened, subject, [photo])
        return face

    @router.get("/faces")
    async def faces(
        page: Annotated[int, Query(ge=0, le=1 << 31)] = 0,
        size: Annotated[int, Query(ge=1, le=10_000)] = 20,
        subject: Annotated[str | None, Query(max_length=MOST_NAME)] = None,
        bundle: BundleQuery = None,
    ) -> forms.SavedFaces:
        """List the enrolled photos, of everybody or of one person."""
        saved = await _saved(service, register.bundle(bundle))
        return forms.page_of([face for face in saved if subject in (None, face.subject)], page, size)

    @router.delete("/faces")
    async def delete(subject: SubjectQuery, bundle: BundleQuery = None) -> forms.Deleted:
        """Remove somebody with all enrolled photos; the receipt is kept beside the bundle."""
        opened = register.bundle(bundle)
        if subject not in {person.name for person in await register.list(opened)}:
            return forms.Deleted(deleted=0)
        return forms.Deleted(deleted=(await register.remove(opened, subject)).embeddings)


def _add_subjects(router: APIRouter, register: Register) -> None:
    async def subjects(bundle: BundleQuery = None) -> forms.Subjects:
        """List everybody."""
        return forms.Subjects(subjects=[person.name for person in await register.list(register.bundle(bundle))])

    router.get("/subjects")(subjects)
    router.get("/subjects/", include_in_schema=False)(subjects)  # CompreFace's documentation writes both

    @router.post("/subjects")
    async def add(name: forms.SubjectName, bundle: BundleQuery = None) -> forms.SubjectName:
        """Answer for somebody who is enrolled; a new person begins with a first photo."""
        if name.subject not in {person.name for person in await register.list(register.bundle(bundle))}:
            raise Refusal(400, "no_photo", "A person begins with a first photo: send it to /api/v1/recognition/faces?subject=NAME.")
        return name

    @router.put("/subjects/{subject}")
    async def rename(subject: NamePath, new: forms.SubjectName, bundle: BundleQuery = None) -> forms.Updated:
        """Call somebody by another name, which nobody may have yet."""
        await register.rename(register.bundle(bundle), subject, new.subject)
        return forms.Updated(updated=True)

    @router.delete("/subjects/{subject}")
    async def delete(subject: NamePath, bundle: BundleQuery = None) -> forms.SubjectName:
        """Remove somebody with all enrolled photos; the receipt is kept beside the bundle."""
        await register.remove(register.bundle(bundle), subject)
        return forms.SubjectName(subject=subject)


async def _photo(request: Request) -> bytes:
    """Return the one photo of a request: the file of a form, or Base64 in JSON."""
    if media_type(request) != JSON:
        return (await read_photos(request, 1))[0]
    try:
        return base64.b64decode(forms.Encoded.model_validate_json(await request.body()).file, validate=True)
    except (ValidationError, binascii.Error, ValueError) as error:
        raise Refusal(400, "malformed", 'The body must be a JSON object whose "file" is the photo in Base64.') from error


def _faces_of(bundle: OpenBundle, answer: list[Sighting] | PhotoError) -> list[Sighting]:
    if isinstance(answer, PhotoError):
        raise Refusal(400, "unreadable_photo", "The photo cannot be read: {reason}.", reason=answer.reason)
    if any(sighting.box is None for sighting in answer):
        raise Refusal(409, "no_faces", "The recogniser {name} looks at whole photos, not at faces.", name=bundle.name)
    return answer


def _plugins(bundle: OpenBundle) -> dict[str, str]:
    faces = bundle.facts.faces or bundle.facts.crop
    return {"detector": "" if faces is None else faces.detector, "calculator": bundle.facts.network}


async def _saved(service: Service, bundle: OpenBundle) -> list[forms.SavedFace]:
    photos = await service.call(list_photos, bundle.path)
    return [forms.SavedFace(image_id=forms.image_id(sha256), subject=person) for person, sha256 in photos]
