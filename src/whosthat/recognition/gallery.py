"""The gallery: the embeddings of enrolled photos, whose they are, and their one file in a bundle. `identifier` names faces by them.

Privacy: a gallery is biometric data. It holds no picture, but for each enrolled photo its embedding, its name inside the photo folder
(shown as "because of these photos") and its SHA-256 (by which its entry in the cache is found again and deleted).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whosthat.errors import BundleError
from whosthat.faces.embedder import LARGEST
from whosthat.translation import _

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.types import FloatArray, IntArray

FILE = "gallery.safetensors"
_PHOTOS = "photos"
MAX_HEADER_BYTES = 64 << 20
MAX_LISTS_EACH = 10
"""Opening brackets for each photo in the list of photos: one, and those in its name."""


@dataclass(frozen=True)
class EnrolledPhoto:
    """Where an embedding comes from: the photo's name in its folder ("anna/beach.jpg") and its SHA-256."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Gallery:
    """The n enrolled photos: embeddings, float32 (n, dimensions), and labels, int64 (n,), which are indices of ``people``."""

    people: tuple[str, ...]
    vectors: FloatArray
    labels: IntArray
    photos: tuple[EnrolledPhoto, ...]

    def of(self, rows: NDArray[np.bool_] | IntArray | Sequence[int]) -> Gallery:
        """Keep some rows; the people stay."""
        chosen = np.arange(len(self.photos))[rows]
        return Gallery(self.people, self.vectors[chosen], self.labels[chosen], tuple(self.photos[row] for row in chosen))

    def joined(self, other: Gallery) -> Gallery:
        """Put the rows of another gallery of the same people behind these."""
        vectors, labels = np.concatenate([self.vectors, other.vectors]), np.concatenate([self.labels, other.labels])
        return Gallery(self.people, vectors, labels, self.photos + other.photos)

    def photos_of(self, person: str) -> tuple[EnrolledPhoto, ...]:
        """Return the enrolled photos of one of the people."""
        label = self.people.index(person)
        return tuple(photo for photo, owner in zip(self.photos, self.labels, strict=True) if owner == label)

    def with_photos(self, person: str, vectors: FloatArray, photos: Sequence[EnrolledPhoto]) -> Gallery:
        """Enrol photos of somebody, who becomes the last of the people unless they are enrolled already."""
        people = self.people if person in self.people else (*self.people, person)
        labels = np.full(len(photos), people.index(person), np.int64)
        joined = self.joined(Gallery(people, vectors, labels, tuple(photos)))
        return Gallery(people, joined.vectors, joined.labels, joined.photos)

    def without(self, person: str) -> Gallery:
        """Leave out one of the people with all their photos; the labels behind move up."""
        label = self.people.index(person)
        kept = self.of(self.labels != label)
        people = tuple(name for name in self.people if name != person)
        return Gallery(people, kept.vectors, kept.labels - (kept.labels > label), kept.photos)

    def renamed(self, person: str, name: str) -> Gallery:
        """Call one of the people by another name; the names of their photos stay."""
        people = tuple(name if one == person else one for one in self.people)
        return Gallery(people, self.vectors, self.labels, self.photos)

    def to_bytes(self) -> bytes:
        """Return the gallery as a safetensors file; the people's names stand in the bundle's facts."""
        from safetensors.numpy import save

        photos = json.dumps([[photo.name, photo.sha256] for photo in self.photos], ensure_ascii=False)
        content: bytes = save({"vectors": np.ascontiguousarray(self.vectors), "owners": self.labels}, {_PHOTOS: photos})
        return content


def read_gallery(content: bytes, people: tuple[str, ...], dimensions: int) -> Gallery:
    """Read what `Gallery.to_bytes` wrote; BundleError where it is damaged, or does not fit these people or this embedder."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(content)
        header = json.loads(content[8 : 8 + min(int.from_bytes(content[:8], "little"), MAX_HEADER_BYTES)])
        listed = header["__metadata__"][_PHOTOS]
        if listed.count("[") > MAX_LISTS_EACH * (1 + len(arrays["vectors"])):
            raise ValueError(_("more is listed than there are photos"))
        photos = tuple(EnrolledPhoto(str(name), str(sha256)) for name, sha256 in json.loads(listed))
        gallery = Gallery(people, arrays["vectors"], arrays["owners"], photos)
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BundleError(_("{file} is damaged ({error}). Copy the bundle again, or train again.", file=FILE, error=error)) from error
    if problem := _problem(gallery, dimensions):
        raise BundleError(
            _("{file} does not fit the bundle: {problem}. Copy the bundle again, or train again.", file=FILE, problem=problem)
        )
    return gallery


def _problem(gallery: Gallery, dimensions: int) -> str:
    vectors, labels, n = gallery.vectors, gallery.labels, len(gallery.photos)
    if vectors.dtype != np.float32 or vectors.shape != (n, dimensions) or not (np.abs(vectors) <= LARGEST).all():
        return _(
            "expected {n} finite embeddings of {dimensions} numbers, got {dtype} {shape}",
            n=n,
            dimensions=dimensions,
            dtype=vectors.dtype,
            shape=vectors.shape,
        )
    if labels.dtype != np.int64 or labels.shape != (n,) or not np.isin(np.arange(len(gallery.people)), labels).all():
        return _("each of the {n} people needs an embedding", n=len(gallery.people))
    if labels.min() < 0 or labels.max() >= len(gallery.people):
        return _("an embedding belongs to nobody: labels run from {lowest} to {highest}", lowest=labels.min(), highest=labels.max())
    return ""
