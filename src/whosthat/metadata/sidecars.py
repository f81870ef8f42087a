"""Sidecars: the XMP files beside a photo that hold what other programs know of it.

What belongs here: which file is a photo's sidecar, reading it within limits, replacing it in one step. What does not: what stands in it.

digiKam and darktable write ``photo.jpg.xmp``, which immich and PhotoPrism read, Lightroom and others ``photo.xmp``. The latter is the
photo's only where no other photo has the same name before the dot: of ``photo.jpg`` and ``photo.cr2`` it is the RAW file's.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from whosthat.durable import replace_file
from whosthat.errors import system_reason
from whosthat.metadata.xmp import LIMITS
from whosthat.translation import _

_PICTURES = (
    "jpg,jpeg,jpe,jfif,mpo,png,webp,bmp,gif,tif,tiff,heic,heif,hif,avif,jxl,psd,mp4,m4v,mov,mkv,webm,avi,mpg,mpeg,3gp,mts,"
    "3fr,arw,cr2,cr3,crw,dng,erf,iiq,kdc,mef,mos,mrw,nef,nrw,orf,pef,raf,raw,rw2,rwl,sr2,srf,srw,x3f"
)
"""Suffixes of photos, RAW files and videos, which a sidecar can belong to."""


class SidecarError(Exception):
    """Says in a few words why a sidecar cannot be read or written."""


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A sidecar as it was read.

    Attributes:
        path: Where it lies.
        packet: Its bytes; empty where there is none yet.
        mode: Who may read and write it.
        stamp: By which it is seen that another program wrote it meanwhile.
    """

    path: Path
    packet: bytes
    mode: int
    stamp: tuple[int, ...] = ()

    def write(self, packet: bytes) -> None:
        """Replace it in one step, or delete it where there is nothing to write; who may read it stays as it was.

        Raises:
            SidecarError: It is read-only, another program wrote it meanwhile, or it cannot be written.
        """
        try:
            if not self.mode & 0o222 or (self.stamp and not os.access(self.path, os.W_OK)):
                raise SidecarError(_("it is read-only"))
            if (_stamp(self.path.lstat()) if os.path.lexists(self.path) else ()) != self.stamp:
                raise SidecarError(_("another program wrote it meanwhile; run the command again"))
            if packet:
                replace_file(self.path, packet, mode=self.mode)
            else:
                self.path.unlink(missing_ok=True)
        except OSError as error:
            raise SidecarError(_("it cannot be written ({error})", error=system_reason(error))) from error


def sidecars_of(photo: Path) -> Iterator[Path]:
    """Yield the sidecars of a photo that are there, the one that is written to first."""
    for name in (f"{photo.name}.xmp", f"{photo.name}.XMP"):
        if os.path.lexists(photo.with_name(name)):
            yield photo.with_name(name)
            break
    short = [name for name in (f"{photo.stem}.xmp", f"{photo.stem}.XMP") if os.path.lexists(photo.with_name(name))]
    if short and photo.suffix and not _is_shared(photo):
        yield photo.with_name(short[0])


def sidecar_for(photo: Path) -> Path:
    """Return where what is said of a photo is written: the sidecar that is there, else ``photo.jpg.xmp``."""
    return next(sidecars_of(photo), photo.with_name(f"{photo.name}.xmp"))


def read_sidecar(path: Path, photo: Path | None = None) -> Sidecar:
    """Read a sidecar; where there is none and its ``photo`` is given, a new one that whoever may read the photo may read.

    Raises:
        SidecarError: It is a link or no file, too large, or cannot be read.
    """
    try:
        if photo is not None and not os.path.lexists(path):
            return Sidecar(path, b"", (stat.S_IMODE(photo.stat().st_mode) & 0o666) | 0o600)
        facts = path.lstat()
        if stat.S_ISLNK(facts.st_mode):
            raise SidecarError(_("it is a link, which whosthat does not follow"))
        if not stat.S_ISREG(facts.st_mode):
            raise SidecarError(_("it is no file"))
        if facts.st_size > LIMITS.size:
            raise SidecarError(
                _("it has {size:,.1f} MiB, more than the {allowed:,.1f} allowed", size=facts.st_size / 2**20, allowed=LIMITS.size / 2**20)
            )
        with path.open("rb") as file:
            return Sidecar(path, file.read(LIMITS.size), stat.S_IMODE(facts.st_mode), _stamp(facts))
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
        raise SidecarError(_("it cannot be read ({error})", error=system_reason(error))) from error


def _stamp(facts: os.stat_result) -> tuple[int, ...]:
    return facts.st_ino, facts.st_size, facts.st_mtime_ns


def _is_shared(photo: Path) -> bool:
    """Tell whether another photo or video has the same name before the dot, or all of it but the last suffix: ``a.jpg`` of ``a.jpg.jpg``.

    Each name is asked for: to list a folder of ten thousand photos for each of them would take minutes.
    """
    names = {f"{photo.stem}.{suffix}" for lower in _PICTURES.split(",") for suffix in (lower, lower.upper())} - {photo.name}
    if photo.stem.lower().endswith(tuple(f".{suffix}" for suffix in _PICTURES.split(","))):
        names.add(photo.stem)
    others = (f"{photo.parent}{os.sep}{name}" for name in names)
    return any(os.path.isfile(other) and not _is_same(other, photo) for other in others)  # noqa: PTH113  Path takes ten times as long


def _is_same(other: str, photo: Path) -> bool:
    return other.lower() == str(photo).lower() and os.path.samefile(other, photo)  # noqa: PTH121  where large and small letters are one
