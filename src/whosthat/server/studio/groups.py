"""The page's routes about groups of faces that are to be named: of a folder below the studio's, or of a library there.

What belongs here: requests and answers. What does not: what a name does to groups (`workflow.groups_at_hand`), the unknown faces of the
photos that are shown at the moment (`answers`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query

from whosthat.library.store import is_library
from whosthat.server.refusals import Refusal, not_found
from whosthat.server.studio.folders import listed
from whosthat.server.studio.forms import ChangeGroupsForm, FolderForm, SortGroupsForm, TurnForm
from whosthat.server.studio.jobs import Job
from whosthat.server.studio.routes import Here, PathQuery, box_as_json
from whosthat.server.studio.studio import Studio
from whosthat.translation import _, ngettext
from whosthat.wording import closed_up, counted
from whosthat.workflow.discovery import NOBODY, FoundFace, Group
from whosthat.workflow.groups_at_hand import GroupsAtHand

router = APIRouter(prefix="/groups")

FIRST, LAST = 5, 5
"""Of a large group the most typical faces and those least like the others are shown, until all are asked for."""

SHEETS = ".whosthat-groups"
"""Where names are kept, below the studio's folder; hidden, as are all such names (`folders`)."""

MostQuery = Annotated[int, Query(ge=1, le=100_000)]


@router.get("/places")
def places(here: Here) -> dict[str, Any]:
    """List the folders of photos and the libraries whose faces can be grouped."""
    found = listed(here.grounds, "")
    of = {name: is_library(here.grounds.place(name)) for name, *_counts in found.folders}
    return {
        "photos": found.photos,
        "folders": [
            {"name": name, "photos": photos, "folders": folders, "library": of[name]}
            for name, photos, folders in found.folders
            if photos or of[name]
        ],
    }


@router.post("/look")
async def look(form: FolderForm, here: Here) -> dict[str, Any]:
    """Begin to find the faces in a folder, so that its groups can be shown."""
    place, bundle = here.grounds.folder(form.folder), _bundle(here)
    here.groups = None

    def over(job: Job) -> None:
        if job.state == "done":
            here.looked_at.add(place)

    arguments = {
        "photos": str(place),
        "bundle": None if bundle is None else str(bundle),
        "without": [str(one) for one in here.grounds.without],
    }
    return (await here.jobs.start("discover", arguments, folder=form.folder, over=over)).to_dict()


@router.get("")
def groups(here: Here, folder: PathQuery = "", most: MostQuery = 40) -> dict[str, Any] | None:
    """Return the groups of a folder or library; null where its faces were not found yet."""
    place = here.grounds.folder(folder)
    with here.changing:
        if here.groups is None or here.groups.place != place:
            if not is_library(place) and place not in here.looked_at:
                return None
            here.groups = GroupsAtHand(place, here.grounds.root / SHEETS / folder, bundle=_bundle(here), without=here.grounds.without)
    return _as_json(here, here.groups, most)


@router.post("/change")
def change(form: ChangeGroupsForm, here: Here) -> dict[str, Any]:
    """Name groups or faces, or say whom they do not show."""
    at_hand = _at_hand(here, form.folder)
    at_hand.change(form.turn, form.action, groups=form.groups, faces=form.faces, name=form.name)
    return _as_json(here, at_hand, form.most)


@router.post("/undo")
def undo(form: TurnForm, here: Here) -> dict[str, Any]:
    """Take the last change back."""
    at_hand = _at_hand(here, form.folder)
    at_hand.undo(form.turn)
    return _as_json(here, at_hand, form.most)


@router.post("/sort")
def sort(form: SortGroupsForm, here: Here) -> dict[str, Any]:
    """Copy photos into a new folder with one folder for each person, or link to them."""
    from whosthat.file_names import safe_name, unused_path

    at_hand = _at_hand(here, form.folder)
    name = safe_name(_("people of {folder}", folder=Path(form.folder).name or here.grounds.root.name))
    place = unused_path(here.grounds.root, name)
    n = at_hand.sort(place, link=form.link)
    sentence = ngettext(
        "{photos} is in the folder {folder}.", "{photos} are in the folder {folder}.", n, photos=counted(n, "photo"), folder=place.name
    )
    return {"folder": here.grounds.name_of(place), "photos": n, "sentence": sentence}


@router.post("/learn")
async def learn(form: FolderForm, here: Here) -> dict[str, Any]:
    """Begin to let a library's own recogniser learn from the names; its guesses are then shown."""
    place = here.grounds.folder(form.folder)
    if not is_library(place):
        raise not_found(_("library"))

    def over(job: Job) -> None:
        here.groups = None

    return (await here.jobs.start("learn", {"library": str(place)}, folder=form.folder, over=over)).to_dict()


@router.get("/faces/{number}")
def faces(number: int, here: Here, turn: int, folder: PathQuery = "") -> list[dict[str, Any]]:
    """Return all faces of a group."""
    return [_face(here, *one) for one in enumerate(_at_hand(here, folder).group(number, turn).faces, start=1)]


def _at_hand(here: Studio, folder: str) -> GroupsAtHand:
    """Return the groups that the page shows; `Refusal` where it shows others by now."""
    if here.groups is None or here.groups.place != here.grounds.folder(folder):
        raise Refusal(409, "other_groups", "Groups of another folder are open by now. Open this one again.")
    return here.groups


def _bundle(here: Studio) -> Path | None:
    opened = here.opened
    return here.runs.place(opened.run) if opened is not None and opened.enrols else None


def _as_json(here: Studio, at_hand: GroupsAtHand, most: int) -> dict[str, Any]:
    """Return the groups in lists, the first ``most`` of each: see `_part`."""
    found = at_hand.found
    photos, faces = counted(found.photos, "photo"), counted(len(found.faces), "face")
    sentence = _("{photos}: {faces} in {groups}.", photos=photos, faces=faces, groups=counted(len(found.groups), "group"))
    parts: dict[str, list[Group]] = {"guessed": [], "unnamed": [], "alone": [], "named": [], "nobody": []}
    for group in found.groups:
        parts[_part(group)].append(group)
    opened = here.opened
    people = {str(group.name) for group in parts["named"]} | {*(opened.recogniser.labels if opened is not None and opened.enrols else ())}
    return {
        "turn": at_hand.turn,
        "library": at_hand.of_library,
        "can_undo": at_hand.can_undo,
        "sentence": closed_up(" ".join([*at_hand.renamed, sentence])),
        "aside": len(found.aside),
        "probable": sum(group.probably is not None for group in parts["guessed"]),
        "people": sorted(people),
        **{part: {"total": len(groups), "groups": [_group(here, one) for one in groups[:most]]} for part, groups in parts.items()},
    }


def _part(group: Group) -> str:
    """Say in which list a group stands: proposed names, those without any, single faces without any, those with a name, nobody's."""
    if group.name is not None:
        return "nobody" if group.name == NOBODY else "named"
    return "guessed" if group.guess else "unnamed" if len(group.faces) > 1 else "alone"


def _group(here: Studio, group: Group) -> dict[str, Any]:
    n, numbered = len(group.faces), list(enumerate(group.faces, start=1))
    shown: Sequence[tuple[int, FoundFace]] = numbered if n <= FIRST + LAST else [*numbered[:FIRST], *numbered[-LAST:]]
    return {
        "number": group.number,
        "key": group.faces[0].id,
        "name": group.name,
        "guess": group.probably or group.perhaps,
        "guess_text": group.guess,
        "n": n,
        "faces": [_face(here, *one) for one in shown],
    }


def _face(here: Studio, number: int, face: FoundFace) -> dict[str, Any]:
    shown = {"id": face.id, "number": number, "photo": face.paths[0].name, "box": box_as_json(face.face.box)}
    return shown | {"path": here.grounds.name_of_first(face.paths)}
