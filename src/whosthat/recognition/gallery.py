"""The gallery: the embeddings of enrolled photos, whose they are, and their one file in a bundle. `identifier` names faces by them.

Privacy: a gallery is biometric data. It holds no picture, but for each enrolled photo its embedding, its name inside the photo folder
(shown as "because of these photos") and its SHA-256 (by which its entry in the cache is found again and deleted). Of faces that were
ruled out it holds embedding and SHA-256.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, overload

import numpy as np

from whosthat.errors import BundleError
from whosthat.faces.embedder import LARGEST, SAME_PERSON
from whosthat.recognition.distances import blocks
from whosthat.recognition.tensors import Content, let_go, read_tensors
from whosthat.translation import _

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.types import FloatArray, IntArray

FILE = "gallery.safetensors"
_PHOTOS = "photos"
_RULED_OUT = ("ruled_out", "ruled_out_owners", "ruled_out_digests")
"""Arrays that a file holds only where a face was ruled out, so that all other files stay as they were."""

_AGES = "ages"
"""An array that a file holds only where somebody has several."""

MOST_AGES = 3
"""So many templates may stand for one person (`ages`)."""

MOST_RULED_OUT = 10_000
"""Each is compared with every face that is seen."""

ONE_FACE = SAME_PERSON / 2
"""Two embeddings of one photo that are no farther apart are of one face, which was found twice: the crops differ a little."""

MAX_LISTS_EACH = 10
"""Opening brackets for each photo in the list of photos of an older whosthat: one, and those in its name."""


@dataclass(frozen=True)
class EnrolledPhoto:
    """Where an embedding comes from: the photo's name in its folder ("anna/beach.jpg") and its SHA-256."""

    name: str
    sha256: str


@dataclass(frozen=True, eq=False)
class StoredPhotos(Sequence[EnrolledPhoto]):
    """Where the embeddings of a file come from: SHA-256, uint8 (n, 32), all names in UTF-8, and where each ends, int64 (n,)."""

    digests: NDArray[np.uint8]
    names: NDArray[np.uint8]
    ends: IntArray

    def __len__(self) -> int:
        return len(self.ends)

    @overload
    def __getitem__(self, row: int) -> EnrolledPhoto: ...
    @overload
    def __getitem__(self, row: slice) -> tuple[EnrolledPhoto, ...]: ...
    def __getitem__(self, row: int | slice) -> EnrolledPhoto | tuple[EnrolledPhoto, ...]:
        """Return one of them, or several."""
        if isinstance(row, slice):
            return tuple(self[one] for one in range(*row.indices(len(self))))
        start, end = (int(self.ends[row - 1]) if row else 0), int(self.ends[row])
        return EnrolledPhoto(self.names[start:end].tobytes().decode("utf-8", "surrogatepass"), self.digests[row].tobytes().hex())

    @property
    def problem(self) -> str:
        """What is wrong with them; empty where nothing is."""
        sound = self.digests.dtype == self.names.dtype == np.uint8 and self.ends.dtype == np.int64
        steps = np.diff(self.ends, prepend=0)
        if not sound or self.digests.shape != (len(self.ends), 32) or (steps < 0).any() or steps.sum() != self.names.size:
            return _("the names of the photos do not fit")
        return ""


def _stored(photos: Sequence[EnrolledPhoto]) -> dict[str, NDArray[np.generic]]:
    names = [photo.name.encode("utf-8", "surrogatepass") for photo in photos]
    digests = np.frombuffer(bytes.fromhex("".join(photo.sha256 for photo in photos)), np.uint8).reshape(-1, 32)
    return {
        "digests": digests,
        "names": np.frombuffer(b"".join(names), np.uint8),
        "ends": np.cumsum([len(name) for name in names], dtype=np.int64),
    }


@dataclass(frozen=True)
class RuledOut:
    """Faces of which somebody said who they are not: embeddings, float32 (m, dimensions), labels, int64 (m,), and SHA-256 of their photos.

    A face that is nearer to one of them than to the person does not get the name (`Identifier`).
    """

    vectors: FloatArray
    labels: IntArray
    digests: tuple[str, ...]

    def of(self, rows: NDArray[np.bool_]) -> RuledOut | None:
        """Keep some of them; None where none is left."""
        kept = np.flatnonzero(rows)
        return RuledOut(self.vectors[kept], self.labels[kept], tuple(self.digests[row] for row in kept.tolist())) if len(kept) else None

    def taken_back(self, label: int, vectors: FloatArray, photos: Sequence[EnrolledPhoto]) -> RuledOut | None:
        """Leave out what was said of one of the people about faces, float32 (k, dimensions), of k photos; other faces stay."""
        own = np.zeros(len(self.labels), bool)
        for vector, photo in zip(vectors, photos, strict=True):
            same_photo = np.array([digest == photo.sha256 for digest in self.digests])
            own |= same_photo & (np.linalg.norm(self.vectors - vector, axis=1) < ONE_FACE)
        return self.of(~(own & (self.labels == label)))

    def without(self, label: int) -> RuledOut | None:
        """Leave out what was said of one of the people; the labels behind move up."""
        left = self.of(self.labels != label)
        return left and replace(left, labels=left.labels - (left.labels > label))


@dataclass(frozen=True)
class Gallery:
    """The n enrolled photos: embeddings, float32 (n, dimensions), and labels, int64 (n,), which are indices of ``people``.

    The ``ages``, uint8 (n,), are those of `ages.ages_of`.
    """

    people: tuple[str, ...]
    vectors: FloatArray
    labels: IntArray
    photos: Sequence[EnrolledPhoto]
    ruled_out: RuledOut | None = None
    ages: NDArray[np.uint8] | None = None

    @property
    def templates(self) -> tuple[IntArray, IntArray]:
        """Of which template each photo is, int64 (n,), and whose each template is, int64 (k,): first one of everybody, then other ages."""
        labels, n_people = self.labels, len(self.people)
        if self.ages is None:
            return labels, np.arange(n_people)
        first = np.full(n_people, MOST_AGES)
        np.minimum.at(first, labels, self.ages)
        others = np.flatnonzero(self.ages > first[labels])
        whose, own = np.unique(labels[others] * MOST_AGES + self.ages[others], return_inverse=True)
        made = labels.copy()
        made[others] = n_people + own
        return made, np.concatenate([np.arange(n_people), whose // MOST_AGES])

    def of(self, rows: NDArray[np.bool_] | IntArray | Sequence[int]) -> Gallery:
        """Keep some rows; the people stay."""
        chosen = np.arange(len(self.photos))[rows]
        photos = tuple(self.photos[row] for row in chosen.tolist())
        ages = None if self.ages is None else self.ages[chosen]
        return replace(self, vectors=self.vectors[chosen], labels=self.labels[chosen], photos=photos, ages=ages)

    def joined(self, other: Gallery) -> Gallery:
        """Put the rows of another gallery of the same people behind these."""
        vectors, labels = np.concatenate([self.vectors, other.vectors]), np.concatenate([self.labels, other.labels])
        ages = None if self.ages is None else np.concatenate([self.ages, self._likeliest_ages(other.vectors, other.labels)])
        return replace(self, vectors=vectors, labels=labels, photos=(*self.photos, *other.photos), ages=ages)

    def _likeliest_ages(self, vectors: FloatArray, labels: IntArray) -> NDArray[np.uint8]:
        """Return for more photos of the people the age of that person's nearest photo, 0 for somebody who has none."""
        found = np.zeros(len(labels), np.uint8)
        for row, label in enumerate(labels.tolist()):
            own = np.flatnonzero(self.labels == label)
            if self.ages is not None and len(own):
                found[row] = self.ages[own[np.linalg.norm(self.vectors[own] - vectors[row], axis=1).argmin()]]
        return found

    def photos_of(self, person: str) -> tuple[EnrolledPhoto, ...]:
        """Return the enrolled photos of one of the people."""
        label = self.people.index(person)
        return tuple(self.photos[int(row)] for row in np.flatnonzero(self.labels == label))

    def with_photos(self, person: str, vectors: FloatArray, photos: Sequence[EnrolledPhoto]) -> Gallery:
        """Enrol photos of somebody, who becomes the last of the people unless they are enrolled already.

        Where one of these faces was ruled out for this person before, that is taken back.
        """
        people = self.people if person in self.people else (*self.people, person)
        labels = np.full(len(photos), people.index(person), np.int64)
        joined = self.joined(Gallery(people, vectors, labels, tuple(photos)))
        out = self.ruled_out and self.ruled_out.taken_back(people.index(person), vectors, photos)
        return replace(joined, people=people, ruled_out=out)

    def without(self, person: str) -> Gallery:
        """Leave out one of the people with all their photos; the labels behind move up."""
        label = self.people.index(person)
        kept = self.of(self.labels != label)
        people = tuple(name for name in self.people if name != person)
        ruled_out = self.ruled_out and self.ruled_out.without(label)
        return replace(kept, people=people, labels=kept.labels - (kept.labels > label), ruled_out=ruled_out)

    def ruling_out(self, person: str, vector: FloatArray, digest: str) -> Gallery:
        """Note that a face, float32 (dimensions,), of the photo with this SHA-256 is not one of the people; of too many, the oldest go."""
        new = RuledOut(vector[None], np.array([self.people.index(person)], np.int64), (digest,))
        if (old := self.ruled_out) is not None:
            vectors, labels = np.concatenate([old.vectors, new.vectors]), np.append(old.labels, new.labels)
            new = RuledOut(vectors[-MOST_RULED_OUT:], labels[-MOST_RULED_OUT:], (*old.digests, digest)[-MOST_RULED_OUT:])
        return replace(self, ruled_out=new)

    def renamed(self, person: str, name: str) -> Gallery:
        """Call one of the people by another name; the names of their photos stay."""
        people = tuple(name if one == person else one for one in self.people)
        return replace(self, people=people)

    def to_bytes(self) -> bytes:
        """Return the gallery as a safetensors file; the people's names stand in the bundle's facts."""
        from safetensors.numpy import save

        arrays = {"vectors": np.ascontiguousarray(self.vectors), "owners": self.labels, **_stored(self.photos)}
        if (out := self.ruled_out) is not None:
            digests = np.frombuffer(bytes.fromhex("".join(out.digests)), np.uint8).reshape(-1, 32)
            arrays |= dict(zip(_RULED_OUT, (np.ascontiguousarray(out.vectors), out.labels, digests), strict=True))
        if self.ages is not None and self.ages.any():
            arrays[_AGES] = self.ages
        content: bytes = save(arrays)
        return content


def read_gallery(content: Content, people: tuple[str, ...], dimensions: int) -> Gallery:
    """Read what `Gallery.to_bytes` wrote; BundleError where it is damaged, or does not fit these people or this embedder.

    The arrays of a mapped file stay where they are.
    """
    try:
        arrays, told = read_tensors(content)
        vectors, labels = arrays["vectors"], arrays["owners"]
        photos: Sequence[EnrolledPhoto] = _listed(told[_PHOTOS], len(vectors)) if _PHOTOS in told else _of_file(arrays)
        gallery = Gallery(
            people, vectors, labels, tuple(photos) if isinstance(content, bytes) else photos, _ruled_out(arrays), _ages(arrays)
        )
        problem = _problem(gallery, dimensions) or _problem_of_ruled_out(gallery, dimensions)
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError) as error:
        raise BundleError("{file} is damaged ({error}). Copy the bundle again, or train again.", file=FILE, error=error) from error
    if problem:
        raise BundleError("{file} does not fit the bundle: {problem}. Copy the bundle again, or train again.", file=FILE, problem=problem)
    return gallery


def _of_file(arrays: dict[str, NDArray[np.generic]]) -> StoredPhotos:
    photos = StoredPhotos(*(arrays[name] for name in ("digests", "names", "ends")))  # type: ignore[arg-type]
    if photos.problem:
        raise ValueError(photos.problem)
    return photos


def _listed(text: str, n: int) -> tuple[EnrolledPhoto, ...]:
    """Read the list of photos of an older whosthat."""
    if text.count("[") > MAX_LISTS_EACH * (1 + n):
        raise ValueError(_("more is listed than there are photos"))
    return tuple(EnrolledPhoto(str(name), str(sha256)) for name, sha256 in json.loads(text))


def _ruled_out(arrays: dict[str, NDArray[np.generic]]) -> RuledOut | None:
    if _RULED_OUT[0] not in arrays:
        return None
    vectors, labels, digests = (arrays[name] for name in _RULED_OUT)
    if digests.dtype != np.uint8 or digests.shape != (len(vectors), 32):
        raise ValueError(_("the names of the photos do not fit"))
    return RuledOut(vectors, labels, tuple(digest.tobytes().hex() for digest in digests))  # type: ignore[arg-type]


def _ages(arrays: dict[str, NDArray[np.generic]]) -> NDArray[np.uint8] | None:
    ages = arrays.get(_AGES)
    if ages is None:
        return None
    if ages.dtype != np.uint8 or ages.shape != arrays["owners"].shape or (ages >= MOST_AGES).any():  # type: ignore[operator]
        raise ValueError(_("the ages of the photos do not fit"))
    return ages  # type: ignore[return-value]


def _problem_of_ruled_out(gallery: Gallery, dimensions: int) -> str:
    out = gallery.ruled_out
    if out is None:
        return ""
    n = len(out.digests)
    sound = out.vectors.dtype == np.float32 and out.vectors.shape == (n, dimensions) and out.labels.dtype == np.int64
    if 0 < n <= MOST_RULED_OUT and sound and out.labels.shape == (n,) and _finite(out.vectors):
        return "" if out.labels.min() >= 0 and out.labels.max() < len(gallery.people) else _("a face that was ruled out belongs to nobody")
    return _("expected at most {n:,} finite embeddings of faces that were ruled out", n=MOST_RULED_OUT)


def _problem(gallery: Gallery, dimensions: int) -> str:
    vectors, labels, n = gallery.vectors, gallery.labels, len(gallery.photos)
    if vectors.dtype != np.float32 or vectors.shape != (n, dimensions) or not _finite(vectors):
        return _(
            "expected {n} finite embeddings of {dimensions} numbers, got {dtype} {shape}",
            n=n,
            dimensions=dimensions,
            dtype=vectors.dtype,
            shape=vectors.shape,
        )
    if labels.dtype != np.int64 or labels.shape != (n,):
        return _("each of the {n} people needs an embedding", n=len(gallery.people))
    if n and (labels.min() < 0 or labels.max() >= len(gallery.people)):
        return _("an embedding belongs to nobody: labels run from {lowest} to {highest}", lowest=labels.min(), highest=labels.max())
    if not np.bincount(labels, minlength=len(gallery.people)).all():
        return _("each of the {n} people needs an embedding", n=len(gallery.people))
    return ""


def _finite(vectors: FloatArray) -> bool:
    for block in blocks(*vectors.shape):
        if not (np.abs(vectors[block]) <= LARGEST).all():
            return False
        let_go(vectors)
    return True
