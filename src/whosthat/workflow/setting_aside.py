"""Moving doubtful photos out of a photo folder, by a written plan that can be undone.

What belongs here: the plan, carrying it out, and the way back. What does not: deciding which photos are doubtful.

Nothing is ever deleted or overwritten. Photos go to a folder beside the photo folder, ``PHOTOS-set-aside``, under the same name; the plan
lies there too. It is written before the first photo moves, so a move that was stopped half-way can be undone as well, and both ways can be
gone again: what is there already is not moved.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from whosthat.durable import move_to_free_name, replace_file
from whosthat.errors import DatasetError, UsageError, system_reason
from whosthat.file_names import unused_path
from whosthat.photos.storage import stored
from whosthat.translation import _
from whosthat.workflow.check import Checkup

COLUMNS = ("from", "to", "reason")
MAX_PLAN_BYTES = 64 << 20


@dataclass(frozen=True)
class Move:
    """One photo: from where, to where (both beside the photo folder, with forward slashes), and why."""

    source: str
    target: str
    reason: str


@dataclass(frozen=True)
class Outcome:
    """What became of a plan: the photos that were moved, and sentences about those that were not."""

    moved: tuple[Move, ...]
    left: tuple[str, ...]


def aside_folder(photos: Path) -> Path:
    """Return the folder that photos of this folder are moved to."""
    root = photos.resolve()
    return root.with_name(f"{root.name}-set-aside")


def doubtful_photos(checkup: Checkup) -> dict[str, str]:
    """Return the photos that are better set aside, by name, with the reason: unreadable, no face, probably of somebody else.

    What may show another age of its person stays (`FaceAudit.misplaced`).
    """
    reasons: dict[str, str] = {}
    for finding in checkup.audit.findings:
        if finding.kind == "unreadable":
            reasons |= dict.fromkeys(finding.photos, _("cannot be read"))
    if checkup.faces:
        reasons |= dict.fromkeys(checkup.faces.without_face, _("no face was found"))
        for suspect in checkup.faces.misplaced:
            looks_like = suspect.looks_like
            reasons[suspect.photo] = (
                _("probably shows {person}", person=looks_like) if looks_like else _("probably shows somebody without a folder")
            )
    return reasons


def plan_moves(checkup: Checkup) -> tuple[Move, ...]:
    """List the moves of the photos that are better set aside; each once."""
    return moves_of(doubtful_photos(checkup), checkup.audit.root)


def moves_of(reasons: Mapping[str, str], photos: Path) -> tuple[Move, ...]:
    """List the moves of some photos of a folder, by their names in it, each with its reason; UsageError where it is in storage."""
    if (there := stored(photos)) is not None:
        raise UsageError("Nothing is moved in storage, and {photos} is there. Move the photos yourself; --json names them.", photos=there)
    root, aside = photos.resolve(), aside_folder(photos)
    return tuple(Move(f"{root.name}/{name}", _free_target(aside, name), reason) for name, reason in sorted(reasons.items()))


def write_plan(moves: Sequence[Move], photos: Path) -> Path:
    """Write a plan into the folder that the photos would go to, and return the file; older plans stay. DatasetError when it cannot be."""
    table = io.StringIO(newline="")
    rows = csv.writer(table)
    rows.writerow(COLUMNS)
    rows.writerows((move.source, move.target, move.reason) for move in moves)
    folder = aside_folder(photos)
    try:
        folder.mkdir(exist_ok=True)
        plan = unused_path(folder, "plan.csv")
        replace_file(plan, table.getvalue().encode("utf-8"))
    except (OSError, UnicodeEncodeError) as error:
        raise DatasetError("The plan cannot be written to {folder}: {error}. Nothing was moved.", folder=folder, error=error) from error
    return plan


def carry_out(plan: Path, photos: Path) -> Outcome:
    """Move the photos of a plan; DatasetError when it is none, or is for other photos."""
    return _moved(plan, photos, back=False)


def undo(plan: Path, photos: Path) -> Outcome:
    """Move the photos of a plan back to where they were; DatasetError when it is none, or is for other photos."""
    return _moved(plan, photos, back=True)


def read_plan(plan: Path, photos: Path) -> tuple[Move, ...]:
    """Read a plan; DatasetError for a file that is none, or that would move anything but photos of this folder."""
    try:
        with plan.open("rb") as file:
            text = file.read(MAX_PLAN_BYTES).decode("utf-8")
        table = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        rows = list(table)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(
            "The plan {plan} cannot be read: {error}. Choose the CSV file that --fix wrote.", plan=plan, error=error
        ) from error
    if tuple(table.fieldnames or ()) != COLUMNS or not all(set(row) == set(COLUMNS) and all(row.values()) for row in rows):
        raise DatasetError(
            "{plan} is not a plan: expected the columns {columns}. Choose the CSV file that --fix wrote.",
            plan=plan,
            columns=_(", ").join(COLUMNS),
        )
    moves = tuple(Move(row["from"], row["to"], row["reason"]) for row in rows)
    root = photos.resolve()
    for move in moves:
        for place, folder in ((move.source, root), (move.target, aside_folder(root))):
            if not _lies_in(place, folder):
                raise DatasetError(
                    "{plan} is not a plan for {photos}: {place!r} is not in {folder}. Nothing was moved.",
                    plan=plan,
                    photos=root,
                    place=place,
                    folder=folder.name,
                )
    return moves


def _free_target(aside: Path, name: str) -> str:
    """The photo's own name in the folder aside or, where that is taken, the same with a number."""
    place = aside / name
    free = unused_path(place.parent, place.name) if os.path.lexists(place) else place
    return free.relative_to(aside.parent).as_posix()


def _lies_in(place: str, folder: Path) -> bool:
    parts = PurePosixPath(place).parts
    if len(parts) < 3 or parts[0] != folder.name or ".." in parts or "\0" in place:
        return False
    return folder.parent.joinpath(place).parent.resolve().is_relative_to(folder.resolve())  # also where a link leads out


def _moved(plan: Path, photos: Path, *, back: bool) -> Outcome:
    base, moved, left = photos.resolve().parent, [], []
    for move in read_plan(plan, photos):
        places = (move.target, move.source) if back else (move.source, move.target)
        source, target = map(base.joinpath, places)
        if not os.path.lexists(source) and os.path.lexists(target):
            continue  # moved already, before the move was stopped
        if problem := _move(source, target):
            left.append(_("{photo} was not moved: {problem}.", photo=source, problem=problem))
        else:
            moved.append(move)
    return Outcome(tuple(moved), tuple(left))


def _move(source: Path, target: Path) -> str:
    """Move one file; return why not, or nothing."""
    if not os.path.lexists(source):
        return _("not found")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        move_to_free_name(source, target)
    except FileExistsError:
        return _("{file} already exists", file=target)
    except OSError as error:
        return _("{file} cannot be written ({error})", file=target, error=system_reason(error))
    return ""
