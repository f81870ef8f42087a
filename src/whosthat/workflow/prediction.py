"""One answer, for one photo or video, and how it stands in JSON and in CSV.

What belongs here: an answer's shape, and as plain values and rows of a table. What does not: finding it (`predict`), writing it to a stream
(`cli`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from whosthat.faces.finding import crowd_words
from whosthat.recognition.tracking import Track
from whosthat.types import Box, Sighting
from whosthat.wording import visible
from whosthat.workflow.predict_video import VideoAnswer

CSV_COLUMNS = (
    *("path", "name", "confidence", "runner_up", "runner_up_confidence", "left", "top", "right", "bottom"),
    *("start", "end", "frames", "nearest", "given_to_better", "drawn", "error", "stranger"),
)
"""The columns of `csv_rows`. For photos start and end (seconds), frames and stranger (which of the unknown of a video, from 1) are empty;
where a file could not be read, all but path and error are."""


@dataclass(frozen=True)
class Prediction:
    """The answer for one photo or video.

    Attributes:
        path: The file, as it was given or found.
        sightings: Who or what is in the photo; empty when nothing is, when it could not be read, and for a video.
        error: Why there is no answer, in a few words; "" when there is one.
        drawn: The annotated copy of the photo; None when none was asked for.
        video: The answer for a video; None for a photo.
    """

    path: Path
    sightings: tuple[Sighting, ...] = ()
    error: str = ""
    drawn: Path | None = None
    video: VideoAnswer | None = None

    @property
    def problem(self) -> str:
        """Why there is no answer, or only one for a part of the video or of the faces; "" when all is well."""
        return self.error or (crowd_words(len(self.sightings)) if self.video is None else self.video.problem)

    @property
    def names(self) -> tuple[str | None, ...]:
        """Who or what was seen, each once, in order; None for unknown."""
        seen = self.sightings if self.video is None else self.video.tracks
        return tuple(dict.fromkeys(one.name for one in seen))


def to_dict(prediction: Prediction, *, top: int | None = None) -> dict[str, Any]:
    """Return a prediction as plain values, for JSON; what is absent is None.

    Of each sighting the ``top`` likeliest classes stand with their probabilities, by default all. The keys are ``path``, ``sightings`` (as
    `Sighting.to_dict`), ``video`` (``people`` and numbered ``strangers`` with their spans in seconds, ``tracks``, ``frames``, ``every``,
    ``seconds``, pictures ``drawn`` and ``annotated`` video), ``drawn`` and ``error``.
    """
    return {
        "path": as_text(prediction.path),
        "sightings": [sighting.to_dict(top) for sighting in prediction.sightings],
        "video": None if prediction.video is None else _video_to_dict(prediction.video),
        "drawn": None if prediction.drawn is None else as_text(prediction.drawn),
        "error": prediction.problem or None,
    }


def csv_rows(prediction: Prediction) -> list[dict[str, str]]:
    """Return a prediction as rows of `CSV_COLUMNS`: one a sighting or a video's track, or one that says why there is none."""
    shared = {"path": csv_cell(as_text(prediction.path)), "error": csv_cell(prediction.problem)}
    shared["drawn"] = "" if prediction.drawn is None else csv_cell(as_text(prediction.drawn))
    empty = dict.fromkeys(CSV_COLUMNS, "")
    cells = [_sighting_cells(sighting) for sighting in prediction.sightings]
    if prediction.video is not None:
        cells += [_track_cells(track) for track in prediction.video.tracks]
        shared["drawn"] = "" if prediction.video.annotated is None else csv_cell(as_text(prediction.video.annotated))
    return [empty | shared | own for own in cells or [{}]]


def csv_cell(text: str) -> str:
    r"""Keep a text from being run as a formula, and from commanding the terminal on which the table is shown.

    Source: OWASP, "CSV Injection".

    Example:
        >>> csv_cell("=1+1"), csv_cell("Ana"), csv_cell("\x1b[2J")
        ("'=1+1", 'Ana', '\\x1b[2J')
    """
    shown = visible(text)
    return f"'{shown}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else shown


def as_text(value: Path | str) -> str:
    """Return a path or a name as text that every file can hold: bytes that are no UTF-8 become escapes."""
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8")


def _video_to_dict(answer: VideoAnswer) -> dict[str, Any]:
    return {
        "people": [{"name": name, "spans": [asdict(span) for span in spans]} for name, spans in answer.people.items()],
        "strangers": [{"number": number, "spans": [asdict(span) for span in spans]} for number, spans in answer.strangers.items()],
        "tracks": [_track_to_dict(track) for track in answer.tracks],
        "frames": answer.n_frames,
        "every": answer.every,
        "seconds": answer.seconds,
        "drawn": [as_text(path) for path in answer.drawn],
        "annotated": None if answer.annotated is None else as_text(answer.annotated),
    }


def _track_to_dict(track: Track) -> dict[str, Any]:
    return {
        "name": track.name,
        "stranger": track.stranger or None,
        "agreement": track.agreement,
        "confidence": track.confidence,
        "start": track.start,
        "end": track.end,
        "frames": track.n_frames,
        "best_frame": track.best_frame,
        "box": (box := track.boxes[track.best_frame]) and asdict(box),
    }


def _sighting_cells(sighting: Sighting) -> dict[str, str]:
    return _answer_cells(sighting.name, sighting.confidence, sighting.box) | {
        "runner_up": csv_cell(sighting.runner_up or ""),
        "runner_up_confidence": f"{sighting.runner_up_confidence:.4f}",
        "nearest": csv_cell("; ".join(f"{like.photo} ({like.distance:.2f})" for like in sighting.nearest)),
        "given_to_better": csv_cell(sighting.given_to_better or ""),
    }


def _track_cells(track: Track) -> dict[str, str]:
    return _answer_cells(track.name, track.confidence, track.boxes[track.best_frame]) | {
        "start": f"{track.start:.2f}",
        "end": f"{track.end:.2f}",
        "frames": str(track.n_frames),
        "stranger": str(track.stranger or ""),
    }


def _answer_cells(name: str | None, confidence: float, box: Box | None) -> dict[str, str]:
    sides = {} if box is None else {side: f"{pixels:.1f}" for side, pixels in asdict(box).items()}
    return {"name": csv_cell("unknown" if name is None else name), "confidence": f"{confidence:.4f}", **sides}
