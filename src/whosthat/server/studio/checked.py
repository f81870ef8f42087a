"""What the last look at each folder found, as the page shows it, and setting photos aside.

What belongs here: names that the page can ask for in the place of those in the folder, and the plans that can be undone. What does not:
looking (`workflow.check`), moving (`workflow.setting_aside`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from whosthat.errors import DatasetError
from whosthat.server.refusals import not_found
from whosthat.server.studio.folders import Grounds
from whosthat.translation import _
from whosthat.wording import counted
from whosthat.workflow.setting_aside import Outcome, aside_folder, carry_out, moves_of, undo, write_plan

MOST_LOOKS = 16
"""What was found in so many folders is kept."""

MOST_NAMED = 5000
"""So many photos of each finding, and so many files that are not used, are named."""


class Looks:
    """What was found in folders, by their names."""

    def __init__(self, grounds: Grounds) -> None:
        self._grounds = grounds
        self._found: dict[str, dict[str, Any]] = {}

    def keep(self, folder: str, result: Mapping[str, Any]) -> None:
        """Keep what a job of the kind ``check`` found."""
        self._found.pop(folder, None)
        self._found[folder] = _as_shown(folder, result["checkup"], result["doubtful"])
        while len(self._found) > MOST_LOOKS:
            self._found.pop(next(iter(self._found)))

    def of(self, folder: str) -> dict[str, Any] | None:
        """Return what was found in a folder; None where nobody looked."""
        return self._found.get(folder)

    def set_aside(self, folder: str, photos: Sequence[str]) -> dict[str, Any]:
        """Move photos of a folder out of it, and return the plan by which they come back."""
        root, base = self._grounds.folder(folder), f"{folder}/" if folder else ""
        doubtful = self._found.get(folder, {}).get("doubtful", {})
        reasons = {}
        for name in dict.fromkeys(photos):
            self._grounds.photo(name)
            if not name.startswith(base):
                raise not_found(name[:100])
            reasons[name.removeprefix(base)] = doubtful.get(name) or _("set aside by hand")
        plan = write_plan(moves_of(reasons, root), root)
        outcome = carry_out(plan, root)
        return {"undo": plan.name, **_told(outcome, self._grounds)}

    def undo(self, folder: str, plan: str) -> dict[str, Any]:
        """Move the photos of a plan back."""
        root = self._grounds.folder(folder)
        file = aside_folder(root) / plan
        if Path(plan).name != plan or file.suffix != ".csv" or not file.is_file():
            raise not_found(_("plan"))
        return _told(undo(file, root), self._grounds)


def _told(outcome: Outcome, grounds: Grounds) -> dict[str, Any]:
    """Say how many photos were moved; where some were not, DatasetError says why, without telling where the studio's folder lies."""
    if outcome.left:
        text = " ".join(outcome.left[:3]).replace(f"{grounds.root}/", "")
        raise DatasetError("{photos} could not be moved. {why}", photos=counted(len(outcome.left), "photo"), why=text)
    return {"moved": len(outcome.moved)}


def _as_shown(folder: str, checkup: Mapping[str, Any], doubtful: Mapping[str, str]) -> dict[str, Any]:
    base = f"{folder}/" if folder else ""
    root = Path(checkup["root"])
    findings = [*checkup["findings"], *(checkup["faces"]["findings"] if checkup["faces"] else ())]
    order = ("problem", "warning", "note")  # not translated: a severity
    left = [(_below(Path(one["path"]), root), one["reason"]) for one in checkup["set_aside"][:MOST_NAMED]]
    classes, photos = counted(len(checkup["classes"]), "class"), counted(checkup["n_photos"], "photo")
    return {
        "folder": folder,
        "sentence": _(
            "{photos} of {classes} can be used; {files} not.",
            photos=photos,
            classes=classes,
            files=counted(len(checkup["set_aside"]), "file"),
        ),
        "classes": [{"name": one["name"], "photos": one["photos"]} for one in checkup["classes"]],
        "findings": [
            {**one, "photos": [base + name for name in one["photos"][:MOST_NAMED]], "n_photos": len(one["photos"])}
            for one in sorted(findings, key=lambda one: order.index(one["severity"]))
        ],
        "set_aside": [{"photo": base + name, "reason": _(reason)} for name, reason in left],
        "doubtful": {base + name: reason for name, reason in doubtful.items()},
    }


def _below(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
