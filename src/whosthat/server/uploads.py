"""From a request's body to photos in memory: one image, or a form with several. Nothing is written to disk, nothing is fetched.

What belongs here: media types, forms, how many photos and fields. What does not: bytes and time (`guards`), reading photos
(`whosthat.photos`).
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from fastapi import Request
from starlette.formparsers import MultiPartException, MultiPartParser

from whosthat.server.refusals import Refusal

MOST_FIELDS, MOST_FIELD_BYTES = 16, 16 << 10

FORM = "multipart/form-data"  # not translated: a media type
ACCEPTED_BODIES = {
    "image/*": {"schema": {"type": "string", "format": "binary"}},
    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    FORM: {
        "schema": {
            "type": "object",
            "properties": {"photos": {"type": "array", "items": {"type": "string", "format": "binary"}}},
            "required": ["photos"],
        }
    },
}
"""What a route that takes photos says of its body, in the description of the service."""


@dataclass(frozen=True)
class Upload:
    """A file of a form.

    Attributes:
        filename: What the client calls it: hostile, good for nothing but to be checked.
        content: Its bytes.
    """

    filename: str
    content: bytes


class _InMemory(MultiPartParser):
    """Starlette's reader of forms, which writes no part to disk and stops at the first file too many."""

    spool_max_size = sys.maxsize
    most_files = 0

    def on_part_begin(self) -> None:
        super().on_part_begin()
        self.parts = getattr(self, "parts", 0) + 1
        if self.parts > self.most_files + MOST_FIELDS:
            raise too_many_photos(self.most_files)


def too_many_photos(most: int) -> Refusal:
    """Return the refusal of a request with too many photos."""
    return Refusal(413, "too_many_photos", "A request may hold {n} photos. Send the others in further ones.", n=most)


async def read_form(request: Request, most_files: int, fields: Collection[str] = ()) -> tuple[list[Upload], Mapping[str, str]]:
    """Read a form: its files in order, and those of its fields that are known.

    Raises:
        Refusal: It is no form (415), is broken or has another field (422), or too many files (413).
    """
    if media_type(request) != FORM:
        raise Refusal(415, "unsupported_type", "Send the photos as multipart/form-data.")
    parser = _InMemory(request.headers, request.stream(), max_files=sys.maxsize, max_fields=MOST_FIELDS, max_part_size=MOST_FIELD_BYTES)
    parser.most_files = most_files
    try:
        form = await parser.parse()
    except (MultiPartException, ValueError, LookupError) as error:  # its readers say ValueError of an odd charset
        raise Refusal(422, "malformed_form", "The form cannot be read. Send it as multipart/form-data with a boundary.") from error
    uploads, texts = [], {}
    try:
        for name, value in form.multi_items():
            if not isinstance(value, str):
                uploads.append(Upload(value.filename or "", value.file.read()))
            elif name in fields:
                texts[name] = value
            else:
                raise Refusal(422, "unknown_field", "The form has an unknown field. Send photos; addresses and paths are not taken.")
    finally:
        await form.close()
    if len(uploads) > most_files:
        raise too_many_photos(most_files)
    return uploads, texts


async def read_photos(request: Request, most: int) -> list[bytes]:
    """Return the photos of a request: its body where that is an image, or the files of a form, whatever their fields are called.

    Raises:
        Refusal: It is neither (415), there is no photo or the form is broken (422), or there are too many (413).
    """
    kind = media_type(request)
    if kind == FORM:
        photos = [upload.content for upload in (await read_form(request, most))[0]]
    elif kind == "application/octet-stream" or kind.startswith("image/"):
        photos = [content] if (content := await request.body()) else []
    else:
        raise Refusal(
            415,
            "unsupported_type",
            "Send a photo as the body (image/jpeg and others, or application/octet-stream), or several as multipart/form-data. "
            "Addresses and paths are not taken.",
        )
    if not photos:
        raise Refusal(422, "no_photo", "The request holds no photo.")
    return photos


def media_type(request: Request) -> str:
    """Return what a body says it is, without parameters."""
    return request.headers.get("content-type", "").split(";")[0].strip().lower()
