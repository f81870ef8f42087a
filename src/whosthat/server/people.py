"""The routes for the people whom a face recogniser knows (/v1/people): list, add, rename, remove with its receipt.

What belongs here: from a request to `whosthat.workflow` and back, one change of a bundle at a time. What does not: what a change does
(`workflow.people`), CompreFace's words for the same (`compreface`).

Photos that come to be enrolled lie for that long in a private folder, under names of our own. What a client calls a file is not used.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

from fastapi import APIRouter, Request
from fastapi import Path as InPath
from pydantic import BaseModel, Field

from whosthat.errors import WhosthatError
from whosthat.recognition.recogniser import People
from whosthat.runs.files import BUNDLE
from whosthat.server.identify import REFUSALS, BundleQuery
from whosthat.server.refusals import Refusal, status_of
from whosthat.server.service import OpenBundle, Service
from whosthat.server.uploads import FORM, read_form
from whosthat.settings import cache_folder
from whosthat.translation import _
from whosthat.types import Added

Result = TypeVar("Result")

MOST_NAME = 1_000  # characters; which names can be used, the bundle says
_ENROLLED = "Somebody who is enrolled."  # not translated: for programs
NamePath = Annotated[str, InPath(min_length=1, max_length=MOST_NAME, description=_ENROLLED)]
_FIELDS = ("name", "face", "anyway")
_FORM = {
    "type": "object",
    "properties": {
        "name": {
            "type": "string",
            "minLength": 1,
            "maxLength": MOST_NAME,
            "description": "Whom the photos show, known or new.",  # not translated: for programs
        },
        "photos": {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1},
        "face": {
            "type": "integer",
            "minimum": 1,
            "description": "Which face of the one photo, from left to right.",  # not translated: for programs
        },  # not translated: for programs
        "anyway": {
            "type": "boolean",
            "description": "Enrol them even if they show several people, or somebody else.",  # not translated: for programs
        },
    },
    "required": ["name", "photos"],
}


class PersonAnswer(BaseModel):
    """Somebody who is enrolled, and with how many photos."""

    name: str
    photos: int


class PeopleAnswer(BaseModel):
    """Everybody whom a bundle knows."""

    bundle: str
    people: list[PersonAnswer]


class LeftAnswer(BaseModel):
    """A photo that was not enrolled: its number in the request, from 1, and why."""

    photo: int
    reason: str


class AddedAnswer(BaseModel):
    """What adding somebody did."""

    bundle: str
    name: str
    photos: list[str] = Field(description="The names under which the photos are enrolled.")  # not translated: for programs
    left: list[LeftAnswer]
    threshold: float = Field(description="The largest distance that gets a name, which is unchanged.")  # not translated: for programs
    notes: list[str]


class NewName(BaseModel):
    """The name from now on."""

    name: Annotated[str, Field(min_length=1, max_length=MOST_NAME)]


class RenamedAnswer(BaseModel):
    """Somebody has another name now."""

    bundle: str
    name: str


class ReceiptAnswer(BaseModel):
    """What was deleted when somebody was removed, and what was not."""

    removed: str
    bundle: str
    time: str
    embeddings: int
    cache_rows: int
    cache_files: list[str]
    run_files: list[str]
    elsewhere: list[str]
    kept: str


class Register:
    """Whom the bundles of a service know, changed one after the other; used by whatever speaks of people over HTTP."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._changing = asyncio.Lock()

    def bundle(self, name: str | None) -> OpenBundle:
        """Return a bundle that has people; Refusal where it has none (409), and as of `Service.bundle`."""
        bundle = self._service.bundle(name)
        if not bundle.facts.has_gallery:
            raise Refusal(409, "no_gallery", "The network of this bundle learnt all its classes at once; its people cannot be changed.")
        return bundle

    async def list(self, bundle: OpenBundle) -> list[PersonAnswer]:
        """Return everybody."""
        people = await self._ask(bundle, lambda people: people.list())
        return [PersonAnswer(name=one.name, photos=one.photos) for one in people]

    async def add(self, bundle: OpenBundle, name: str, photos: Sequence[bytes], *, face: int | None = None, anyway: bool = False) -> Added:
        """Enrol photos; errors as of `recognition.recogniser.People.add`, which name no folders."""
        with tempfile.TemporaryDirectory(prefix="whosthat-") as place:  # not translated: a folder
            paths = await asyncio.to_thread(_write, Path(place), photos)
            return await self._change(bundle, lambda people: people.add(name, paths, face=face, anyway=anyway), place)

    async def rename(self, bundle: OpenBundle, name: str, new_name: str) -> None:
        """Call somebody by another name; Refusal (404) where nobody has the first."""
        await self._find(bundle, name)
        await self._change(bundle, lambda people: people.rename(name, new_name))

    async def remove(self, bundle: OpenBundle, name: str) -> ReceiptAnswer:
        """Remove somebody and return the receipt; Refusal (404) where nobody has this name."""
        await self._find(bundle, name)
        receipt = await self._change(bundle, lambda people: json.loads(people.remove(name).read_bytes()))
        return ReceiptAnswer.model_validate(receipt)

    async def _find(self, bundle: OpenBundle, name: str) -> None:
        if name not in {one.name for one in await self.list(bundle)}:
            raise Refusal(404, "no_such_person", "Nobody here has this name.")

    async def _change(self, bundle: OpenBundle, action: Callable[[People], Result], *places: str) -> Result:
        async with self._changing:
            return await self._ask(bundle, action, *places)

    async def _ask(self, bundle: OpenBundle, action: Callable[[People], Result], *places: str) -> Result:
        with _without_folders(bundle, places):
            return await self._service.call(action, bundle.recogniser.people)


def people_router(service: Service, register: Register) -> APIRouter:
    """Return the routes of one service."""
    router = APIRouter(prefix="/v1", tags=["people"], responses={**REFUSALS, 409: REFUSALS[404]})

    @router.get("/people")
    async def people(bundle: BundleQuery = None) -> PeopleAnswer:
        """List everybody with the number of enrolled photos."""
        opened = register.bundle(bundle)
        return PeopleAnswer(bundle=opened.name, people=await register.list(opened))

    @router.post("/people", status_code=201, openapi_extra={"requestBody": {"required": True, "content": {FORM: {"schema": _FORM}}}})
    async def add(request: Request, bundle: BundleQuery = None) -> AddedAnswer:
        """Enrol photos of one person, known or new. Photos that show nobody, several people or somebody else are refused."""
        opened = register.bundle(bundle)
        service.queue.check_room()
        uploads, fields = await read_form(request, service.limits.photos, _FIELDS)
        if not uploads or not fields.get("name") or len(fields["name"]) > MOST_NAME:
            raise Refusal(422, "invalid", "Send the person's name and at least one photo.")
        photos = [upload.content for upload in uploads]
        added = await register.add(
            opened, fields["name"], photos, face=_number(fields.get("face")), anyway=fields.get("anyway", "").lower() in ("true", "1")
        )
        numbers = {_name(content): number for number, content in reversed(list(enumerate(photos, start=1)))}
        left = [LeftAnswer(photo=numbers[item.path.name], reason=_(item.reason)) for item in added.left]
        return AddedAnswer(
            bundle=opened.name, name=added.name, photos=list(added.photos), left=left, threshold=added.threshold, notes=list(added.notes)
        )

    @router.patch("/people/{name}")
    async def rename(name: NamePath, new: NewName, bundle: BundleQuery = None) -> RenamedAnswer:
        """Call somebody by another name."""
        opened = register.bundle(bundle)
        await register.rename(opened, name, new.name)
        return RenamedAnswer(bundle=opened.name, name=new.name)

    @router.delete("/people/{name}")
    async def remove(name: NamePath, bundle: BundleQuery = None) -> ReceiptAnswer:
        """Remove somebody: embeddings, entries in the cache, pictures in the run. The receipt is kept beside the bundle, too."""
        return await register.remove(register.bundle(bundle), name)

    return router


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text)):
        raise Refusal(422, "invalid", "The number of the face must be 1 or more.")
    return int(text)


def _name(photo: bytes) -> str:
    """Return the name under which a photo is enrolled; the checksum keeps two from having the same."""
    return f"upload-{hashlib.sha256(photo).hexdigest()[:16]}"


def _write(folder: Path, photos: Sequence[bytes]) -> list[Path]:
    paths = [folder / _name(photo) for photo in photos]
    for path, photo in zip(paths, photos, strict=True):
        path.write_bytes(photo)
    return list(dict.fromkeys(paths))


@contextmanager
def _without_folders(bundle: OpenBundle, places: Sequence[str]) -> Iterator[None]:
    """Turn errors into refusals that do not tell where things lie on this computer."""
    try:
        yield
    except Refusal:
        raise
    except WhosthatError as error:
        status, code = status_of(error)
        message = str(error)
        home = bundle.path.resolve()
        for place in (*places, str(home / BUNDLE), str(home), str(home.parent), str(cache_folder())):
            message = message.replace(f"{place}{os.sep}", "").replace(place, Path(place).name)
        raise Refusal(status, code, message) from error
