"""A bundle: everything a saved recogniser needs, in one folder that loads on a machine without Keras; saving and opening it.

    bundle.json          `BundleFacts`: labels, how photos are prepared, temperature, threshold, figures, origin
    graph.onnx           the network, complete in one file
    weights.safetensors  the same weights by variable path, to train on or to export; not read for predicting
    ...                  what else a kind of recogniser needs: a gallery, a detector's networks
    manifest.json        size and SHA-256 of each; written last

What does not belong here: answering (`image_classifier`), hashes (`manifest`).

Saving never damages the bundle that is there. The new one is written beside it as ``.NAME.new-*`` and becomes whole with its
manifest; then the old one moves to ``.NAME.old``, the new one moves in, and the old one is removed. Killed between the two
moves, the old one is found at ``.NAME.old``; `open_bundle` looks there, and the next save moves it back first.
"""

from __future__ import annotations

import mmap
import platform
import secrets
import shutil
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator

from whosthat import durable
from whosthat.errors import BundleError, UsageError, WeightsError, did_you_mean, system_reason
from whosthat.recognition.face_facts import CropFacts, FaceFacts
from whosthat.recognition.face_threshold import DistanceThreshold
from whosthat.recognition.manifest import FORMAT, MANIFEST, Manifest, first_complaint, read_manifest, write_manifest
from whosthat.recognition.threshold import Threshold
from whosthat.runs.files import BUNDLE
from whosthat.runs.folders import follow_pointer
from whosthat.translation import _
from whosthat.version import __version__

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from whosthat.faces.detector import Detector

IMAGE_CLASSIFIER = "image-classifier"
"""The kind of a bundle that answers for whole photos; the other kinds are named where they are opened."""

FACTS, GRAPH, WEIGHTS = "bundle.json", "graph.onnx", "weights.safetensors"
MAX_FACTS_BYTES = 64 << 20
"""Largest ``bundle.json``: 64 MiB holds the fingerprints of three million photos."""

MAX_LISTS, MAX_ITEMS = 10_000, 4_000_000
"""So many lists and tables, and so many things in them, a ``bundle.json`` may hold: empty lists take twenty times their text in memory."""

UNKNOWN = "unknown"
"""The answer for strangers in tables, CSV files and pictures; no class may have this name, in whichever case."""

FINGERPRINT_DIGITS = 16
"""Hexadecimal digits kept of a photo's SHA-256: enough to find that very photo again, nothing to see in it."""

_HIDDEN_CHARACTERS = {"Cc", "Cs", "Zl", "Zp"}
_MARKS = set("\u00ad\u061c\u200b\u200e\u200f\u2060\ufeff")
"""Not seen, and no part of a word in any script, unlike joiners: two names would look the same. Saved recognisers may have them."""
_REORDERING_CHARACTERS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class DataFacts(BaseModel):
    """Which photos a recogniser has seen, so that a test on the same photos can be noticed.

    ``folder`` is the name of the photo folder, without its path; ``parts`` holds for ``train``, ``validation`` and ``test`` the first 16
    hexadecimal digits of each photo's SHA-256. Privacy: they tell whoever already has a photo whether it was used, and nothing else.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    folder: Annotated[str, Field(max_length=255)] = ""
    parts: dict[str, tuple[Annotated[str, Field(pattern=rf"^[0-9a-f]{{{FINGERPRINT_DIGITS}}}$")], ...]] = {}

    @classmethod
    def of(cls, folder: str, sha256_by_part: Mapping[str, Iterable[str]]) -> Self:
        """Keep the short digests of whole SHA-256 digests, per part."""
        parts = {part: tuple(sorted(full[:FINGERPRINT_DIGITS] for full in digests)) for part, digests in sha256_by_part.items()}
        return cls(folder=folder, parts=parts)

    def part_of(self, sha256: str) -> str | None:
        """Tell in which part the photo with this SHA-256 stood; None when it was not used."""
        short = sha256[:FINGERPRINT_DIGITS]
        return next((part for part, digests in self.parts.items() if short in digests), None)


class BundleFacts(BaseModel):
    """What stands in ``bundle.json``.

    Attributes:
        kind: Which recogniser answers: ``image-classifier``, ``face-classifier`` or ``face-recogniser``.
        labels: The classes; the index is the label, here and nowhere else.
        prepare: How an image becomes input: `PrepareSpec.to_dict()`; empty for faces.
        crop: How a face classifier finds faces and cuts them out; None for all others.
        faces: How a face recogniser finds, embeds and names faces; None for all others.
        temperature: Calibration of the probabilities, above 0; 1 changes nothing.
        threshold: From where on a name is given: the smallest confidence, or the largest distance; None gives a name to everything.
        every: How many frames lie between two that were taken of a training clip, in the median; None where no clips were learnt.
        metrics: Figures of the test, as in ``metrics.json``.
        licences: What is used of others, by name, with its licence.
        versions: Software that made it, by name.
        created: When, ISO 8601 in UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: int = FORMAT
    kind: Annotated[str, Field(max_length=100)] = IMAGE_CLASSIFIER
    network: Annotated[str, Field(max_length=100)]
    labels: Annotated[tuple[str, ...], Field(min_length=1, max_length=1_000_000)]
    prepare: dict[str, JsonValue] = {}
    crop: CropFacts | None = None
    faces: FaceFacts | None = None
    temperature: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] = 1.0
    threshold: Threshold | DistanceThreshold | None = None
    every: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    metrics: dict[str, JsonValue] = {}
    data: DataFacts = DataFacts()
    licences: dict[str, str] = {}
    versions: dict[str, str] = Field(default_factory=lambda: {"whosthat": __version__, "python": platform.python_version()})
    recipe: dict[str, JsonValue] = {}
    created: str = Field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @property
    def has_gallery(self) -> bool:
        """Whether people are named by enrolled photos, so that they can be added and removed; else a network learnt them all at once."""
        return self.faces is not None

    @field_validator("labels")
    @classmethod
    def _labels_are_plain_names(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if problem := label_problem((), old=labels):
            raise ValueError(problem)
        return labels


def is_unknown(label: str) -> bool:
    """Tell whether a class name cannot be told from the answer for strangers."""
    return unicodedata.normalize("NFC", label).strip().casefold() == UNKNOWN


def label_problem(labels: Iterable[str], *, old: Iterable[str] = ()) -> str | None:
    """Say what is wrong with class names, or None; names become folders and table cells, so none may play tricks.

    Worth asking before a long training, not only when its bundle is saved. The ``old`` names are further ones, which a saved recogniser has
    already: one that was saved before `UNKNOWN` was refused must open, so that its person can be renamed.

    Example:
        >>> label_problem(["cat", "../dog"])
        "'../dog' cannot be a name: it must not contain / or a backslash, be . or .., or be longer than 255 characters"
    """
    seen: dict[str, str] = {}
    labels = tuple(labels)
    new = frozenset(labels)
    if reserved := next((label for label in labels if is_unknown(label)), None):
        return _("{label!r} is the answer for strangers, so a class or a person needs another name", label=reserved)
    for label in (*old, *labels):
        if not label.strip() or len(label) > 255 or label in (".", "..") or "/" in label or "\\" in label:
            return _(
                "{label!r} cannot be a name: it must not contain / or a backslash, be . or .., or be longer than 255 characters",
                label=label[:300],
            )
        hidden = _REORDERING_CHARACTERS | _MARKS if label in new else _REORDERING_CHARACTERS
        if not (label.isascii() and label.isprintable()) and any(
            unicodedata.category(letter) in _HIDDEN_CHARACTERS or letter in hidden for letter in label
        ):
            return _("{label!r} cannot be a name: it contains an invisible character", label=label)
        key = unicodedata.normalize("NFC", label).casefold()
        if key in seen:
            return _("{first!r} and {label!r} are the same name on some systems; rename one of them", first=seen[key], label=label)
        seen[key] = label
    return None


@dataclass(frozen=True)
class Bundle:
    """An opened bundle. The large files are read, and their hashes checked, when they are asked for; BundleError where that fails."""

    folder: Path
    facts: BundleFacts
    manifest: Manifest

    def graph(self) -> bytes:
        """Return the ONNX graph."""
        return self.file(GRAPH)

    def file(self, name: str) -> bytes:
        """Return what one of the files holds."""
        return self.manifest.read(self.folder, name)

    def mapped(self, name: str) -> bytes | mmap.mmap:
        """Return what one of the files holds, mapped where it is large."""
        return self.manifest.mapped(self.folder, name)

    def detector_files(self, names: Iterable[str]) -> dict[str, bytes]:
        """Return the weights of a detector, by their names in `faces.weight_files.FILES`."""
        return {name: self.file(f"{name}.onnx") for name in names}

    def detector(self, name: str) -> Detector:
        """Open the detector from its files in the bundle; BundleError where it is unknown, or they are missing or damaged."""
        from whosthat.faces.models import detector_facts  # facts are read where no face is looked for

        with self.opening():
            known = detector_facts(name)
            return known.open(self.detector_files(known.files))

    def weights_file(self) -> Path:
        """Return the path of the weights (safetensors, by variable path)."""
        return self.manifest.checked_path(self.folder, WEIGHTS)

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Raise BundleError, with what to do, where something that stands in the bundle cannot be opened while the block runs."""
        try:
            yield
        except (ValueError, UsageError, WeightsError) as error:
            raise BundleError(
                "The bundle {folder} cannot be used: {error} Train again, or ask whoever made it.", folder=self.folder, error=error
            ) from error


def save_bundle(
    folder: Path,
    facts: BundleFacts,
    *,
    graph: bytes,
    weights: Mapping[str, NDArray[np.generic]] | None = None,
    more: Mapping[str, bytes] | None = None,
) -> None:
    """Save a bundle so that at every moment either the old one or the new one is there, whole.

    Two processes must not save to one folder at once; a run is held by one (`runs.lock`). BundleError where the disk is full or the
    folder cannot be written; an older bundle is then still there.

    Args:
        folder: Where it goes; a bundle that is there is replaced.
        facts: What to write into ``bundle.json``.
        graph: The serialised ONNX model, with all its weights inside.
        weights: Arrays by variable path; None for a recogniser whose network is not trained here.
        more: Further files by their plain names.
    """
    contents = {FACTS: facts.model_dump_json(indent=2).encode("utf-8"), GRAPH: graph, **(more or {})}
    if weights is not None:
        from safetensors.numpy import save

        contents[WEIGHTS] = save(dict(weights))
    new = folder.with_name(f".{folder.name}.new-{secrets.token_hex(4)}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        clear_after_a_killed_save(folder)
        new.mkdir(mode=0o700)
        write_manifest(new, contents)
        _move_in(new, folder)
    except OSError as error:
        shutil.rmtree(new, ignore_errors=True)
        raise BundleError(
            "The bundle cannot be saved to {folder}: {error}. Make room or choose another folder; a bundle that was "
            "there before is unchanged.",
            folder=folder,
            error=system_reason(error),
        ) from error


def save_facts(bundle: Bundle, facts: BundleFacts) -> None:
    """Save a bundle with other facts and the same files, as `save_bundle` does; raises what that and `Bundle.file` raise."""
    others = {name: bundle.file(name) for name in bundle.manifest.files if name not in (FACTS, GRAPH)}
    save_bundle(bundle.folder, facts, graph=bundle.graph(), more=others)


def open_bundle(path: str | Path) -> Bundle:
    """Open a bundle; only ``bundle.json`` is read and checked yet. BundleError where it is damaged or newer than this whosthat.

    The path may be a bundle, a run folder (its ``bundle`` is taken) or ``runs/latest``, a link or a text file that holds a run's name.
    """
    folder = find_bundle(Path(path))
    manifest = read_manifest(folder)
    content = manifest.read(folder, FACTS, limit=MAX_FACTS_BYTES)
    if content.count(b"[") + content.count(b"{") > MAX_LISTS or content.count(b",") > MAX_ITEMS:
        raise BundleError("{file} holds more lists or items than whosthat writes. Do not use this bundle.", file=folder / FACTS)
    try:
        facts = BundleFacts.model_validate_json(content)
    except ValidationError as error:
        raise BundleError(
            "{file} cannot be used: {complaint} Train again, or ask whoever made it.", file=folder / FACTS, complaint=first_complaint(error)
        ) from error
    return Bundle(folder, facts, manifest)


def find_bundle(path: Path) -> Path:
    """Return the bundle folder that a path means; BundleError where it does not exist or holds no bundle."""
    place = follow_pointer(path)
    for folder in (place, place / BUNDLE):
        there = folder if folder.exists() else _kept_old(folder)
        if (there / MANIFEST).is_file():
            return there
    expected = _("Expected a bundle, a run folder or runs/latest.")
    if not place.exists():
        missing = _("There is no bundle at {path}. {expected}", path=path, expected=expected)
        raise BundleError(" ".join(filter(None, (missing, _similar(place)))))
    if not place.is_dir():
        raise BundleError("{path} is a file, but a bundle is a folder. {expected}", path=path, expected=expected)
    raise BundleError(
        "{path} holds no complete bundle ({manifest} is missing). {expected} A run gets its bundle when its training is done.",
        path=path,
        manifest=MANIFEST,
        expected=expected,
    )


def _kept_old(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def clear_after_a_killed_save(folder: Path) -> None:
    """Finish what a killed save left: move an old bundle back if nothing took its place, and remove the rest.

    Only for whoever keeps others from saving there meanwhile. BundleError where something cannot be moved or removed.
    """
    old = _kept_old(folder)
    try:
        if old.exists() and not folder.exists():
            old.rename(folder)
        elif old.exists():
            shutil.rmtree(old)
        for path in folder.parent.iterdir():
            if path.name.startswith(f".{folder.name}.new-"):
                shutil.rmtree(path)
    except OSError as error:
        raise BundleError(
            "What an interrupted process left beside {folder} cannot be deleted: {error}. Delete the folders .{name}.* there yourself.",
            folder=folder,
            error=error,
            name=folder.name,
        ) from error


def _move_in(new: Path, folder: Path) -> None:
    old = _kept_old(folder)
    if folder.exists():
        folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    durable.sync_folder(folder.parent)
    shutil.rmtree(old, ignore_errors=True)  # what cannot be removed now is removed by the next save


def _similar(place: Path) -> str:
    """Suggest a bundle, or a run with one, beside a path that does not exist, or in ``runs`` beside it."""
    listed = place.parent / "runs" / place.name
    if (listed / BUNDLE / MANIFEST).is_file():
        return _('Did you mean "{near}"?', near=listed)
    holders = [manifest.parent for pattern in (f"*/{MANIFEST}", f"*/bundle/{MANIFEST}") for manifest in place.parent.glob(pattern)]
    beside = sorted({path.relative_to(place.parent).parts[0] for path in holders if not path.name.startswith(".")})
    return did_you_mean(place.name, beside[:20]) if beside else ""
