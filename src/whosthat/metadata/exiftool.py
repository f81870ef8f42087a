"""Writing XMP into a photo itself, through ExifTool where it is installed.

What belongs here: calling ExifTool. What does not: what is written (`xmp_merging`).

ExifTool puts a whole packet into a file, byte for byte, and keeps the file as it was beside it (``photo.jpg_original``; one that is there
already stays). The packet goes through a pipe and the path is absolute, so that neither is taken for an option; no shell and no
configuration file of the user is run.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from whosthat.errors import UsageError, system_reason
from whosthat.metadata.sidecars import SidecarError
from whosthat.translation import _

_SECONDS = 120


def find_exiftool() -> str:
    """Return where ExifTool is; UsageError where it is not installed."""
    program = shutil.which("exiftool")
    if program is None:
        raise UsageError(
            "To write into photos themselves, ExifTool must be installed (https://exiftool.org; Debian: libimage-exiftool-perl). "
            "Without --in-files, sidecars are written beside them."
        )
    return program


@dataclass(frozen=True, slots=True)
class InPhoto:
    """The XMP inside a photo: what `Sidecar` is for that beside it.

    Attributes:
        path: The photo.
        packets: Its packets, of `photos.headers`.
    """

    path: Path
    packets: tuple[bytes, ...]

    @property
    def packet(self) -> bytes:
        """The one that ExifTool would write; empty without."""
        return self.packets[0] if self.packets else b""

    def write(self, packet: bytes, *, keep: bool = True) -> None:
        """Put a packet in its place, and ``keep`` the old file beside it; an empty one takes it out.

        Raises:
            SidecarError: The photo is a link or read-only, its XMP too large, or ExifTool refuses; nothing was changed.
            UsageError: ExifTool is not installed.
        """
        if len(self.packets) > 1:
            raise SidecarError(_("its XMP is larger than one segment of a JPEG; use a sidecar"))
        program, photo = find_exiftool(), self.path.absolute()
        try:
            if photo.is_symlink():
                raise SidecarError(_("it is a link, which whosthat does not follow"))
            if not photo.stat().st_mode & 0o222:
                raise SidecarError(_("it is read-only"))
            how = ["-XMP<=-" if packet else "-XMP=", *([] if keep else ["-overwrite_original"])]
            command = [program, "-config", "", "-q", "-charset", "filename=UTF8", *how, str(photo)]
            done = subprocess.run(command, input=packet, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603  no shell
        except (OSError, subprocess.SubprocessError) as error:
            raise SidecarError(_("it cannot be written ({error})", error=system_reason(error))) from error
        if done.returncode:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit {done.returncode}"]  # not translated: a code
            raise SidecarError(_("ExifTool refuses ({error})", error=lines[-1].partition(" - ")[0].removeprefix("Error: ")[:200]))
