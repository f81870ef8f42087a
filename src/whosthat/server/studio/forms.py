"""What the page sends: strict forms, whose texts and lists are bounded."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(max_length=1000)]
Words = Annotated[str, Field(max_length=40)]
Id = Annotated[str, Field(max_length=64)]
FaceNumber = Annotated[int, Field(ge=0, lt=10_000)]


class Form(BaseModel):
    """A form that refuses what it does not know."""

    model_config = ConfigDict(extra="forbid")


class FolderForm(Form):
    """Which folder to look at."""

    folder: Name


class TrainingSettings(Form):
    """What may be chosen; everything else is as the model's own recipe says."""

    epochs: Annotated[int, Field(ge=1, le=1000)] | None = None
    size: Annotated[int, Field(ge=8, le=512)] | None = None


class TrainForm(Form):
    """What to train on, and how; no model: the one that fits."""

    folder: Name
    model: Annotated[str, Field(min_length=1, max_length=50)] | None = None
    strangers: Name | None = None
    settings: TrainingSettings = TrainingSettings()


class SetAsideForm(Form):
    """Which photos of a folder to set aside."""

    folder: Name
    photos: Annotated[list[Name], Field(min_length=1, max_length=5000)]


class UndoForm(Form):
    """Which plan to undo."""

    folder: Name
    undo: Annotated[str, Field(max_length=300)]


class ThresholdForm(Form):
    """Where the threshold is to be, and whether that is saved for good or holds as long as the studio runs."""

    value: Annotated[float, Field(allow_inf_nan=False)]
    save: bool = False


class FaceForm(Form):
    """One face of a photo that is shown."""

    id: Id
    face: FaceNumber


class NotThisForm(FaceForm):
    """One face, and a name that it does not have."""

    name: Name


class NamedFaceForm(FaceForm):
    """One face and its name; ``keep``: the photo is also kept in the person's folder, for the next training."""

    name: Name
    anyway: bool = False
    keep: bool = True


class GroupForm(Form):
    """Faces of one person, and the name; ``keep`` as in `NamedFaceForm`."""

    faces: Annotated[list[FaceForm], Field(min_length=1, max_length=200)]
    name: Name
    anyway: bool = False
    keep: bool = True


class PeopleForm(Form):
    """What to do with somebody who is known."""

    action: Literal["rename", "remove"]
    name: Name
    new_name: Name = ""


class TurnForm(FolderForm):
    """Which groups were seen, by folder and turn, and how many of them are to be shown."""

    turn: Annotated[int, Field(ge=0)]
    most: Annotated[int, Field(ge=1, le=100_000)] = 40


class ChangeGroupsForm(TurnForm):
    """What to do with which groups, by number, and faces, by id."""

    action: Literal["name", "not", "nobody", "accept", "accept-all"]
    groups: Annotated[list[Annotated[int, Field(ge=1)]], Field(max_length=5000)] = []
    faces: Annotated[list[Annotated[str, Field(max_length=80)]], Field(max_length=5000)] = []
    name: Name = ""


class SortGroupsForm(FolderForm):
    """Whether folders of people hold links in the place of copies."""

    link: bool = False


class FindForm(FolderForm):
    """Which photos of a library are looked for (`workflow.library.find`), and how many of them are shown; ``like`` is a photo's path."""

    query: Annotated[str, Field(max_length=2000)] = ""
    since: Words = ""
    until: Words = ""
    within: Name = ""
    faces: Words = ""
    like: Name = ""
    face: Annotated[int, Field(ge=1, lt=10_000)] | None = None
    most: Annotated[int, Field(ge=1, le=100_000)] = 600


class CorrectForm(FolderForm):
    """What is said of a face of a library; ``learn``: the recogniser may learn from it."""

    face: Annotated[str, Field(pattern=r"^[0-9a-f]{64}-[1-9]\d{0,8}$")]
    what: Literal["is", "is_not", "nobody", "no_face"]
    name: Name | None = None
    learn: bool = False
    anyway: bool = False


class TakeBackForm(FolderForm):
    """Which correction of a library."""

    number: Annotated[int, Field(ge=1, lt=2**63)]


class ScanForm(FolderForm):
    """Which library to bring up to date, "" for a new one, and from which folders; without any, those that it knows."""

    photos: Annotated[list[Name], Field(max_length=500)] = []


class RenameForm(FolderForm):
    """Whom of a library to call by another name; ``merge``: also where somebody has it already."""

    name: Name
    new_name: Name
    merge: bool = False
