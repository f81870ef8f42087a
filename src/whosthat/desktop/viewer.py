"""What the window shows and says, and how it changes, without a single widget: the part that tests can hold.

Opening recognisers, reading photos, naming and enrolling are jobs for the worker. Errors become the state's message.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from whosthat.desktop.pictures import Picture, as_file, look_at, photos_in, save_drawn
from whosthat.desktop.worker import Worker
from whosthat.errors import BundleError, DoubtError, WhosthatError
from whosthat.runs.folders import RunSummary, answering_runs, has_latest, latest
from whosthat.translation import _, ngettext
from whosthat.types import Added, Sighting
from whosthat.wording import closed_up, counted
from whosthat.workflow.loading import load

if TYPE_CHECKING:
    from whosthat.photos.camera import Camera
    from whosthat.recognition.recogniser import Recogniser

Result = TypeVar("Result")


@dataclass(frozen=True)
class State:
    """Everything that the window shows: the opened bundle, the photo, and a message, which may tell of an error."""

    bundle: Path | None = None
    picture: Picture | None = None
    message: str = ""
    failed: bool = False
    face: int | None = None
    """The sighting that was chosen in the picture, from 0."""
    runs: tuple[RunSummary, ...] = ()
    """The runs that can be opened, the newest first."""
    people: tuple[str, ...] | None = None
    """Whom the recogniser knows; None where nobody can be added, as it recognises no faces."""
    doubted: str = ""
    """A name that was not given, as the face seems to show somebody else; given again, it is taken."""
    watching: bool = False
    """Whether the camera is on."""

    @property
    def chosen(self) -> Sighting | None:
        """The face that was chosen, of a recogniser whose people can be changed."""
        if self.face is None or self.people is None or self.picture is None or not self.picture.sightings:
            return None
        return self.picture.sightings[self.face]


class Viewer:
    """Opens recognisers and photos, changes people, and keeps the state."""

    def __init__(self, worker: Worker, changed: Callable[[State], None]) -> None:
        self.state = State(message=_("Choose a photo, and a recogniser that names it."))
        self._worker = worker
        self._changed = changed
        self._recogniser: Recogniser | None = None
        self._wanted: Path | None = None
        self._beside: list[Path] = []
        self._camera: Camera | None = None

    def open_runs(self, runs: Path, bundle: Path | None = None) -> None:
        """List the runs of a folder, and open a bundle, or else the newest run if there is one."""
        self._submit(lambda: answering_runs(runs), lambda found: self._show(runs=tuple(found)))
        if bundle is not None:
            self.open_bundle(bundle)
        elif has_latest(runs):
            self._submit(lambda: latest(runs), self.open_bundle)

    def open_bundle(self, path: Path) -> None:
        """Swap the recogniser; the photo on show is named again. When the bundle cannot be opened, the old one stays."""
        self._show(message=_("Opening {path} ...", path=path), failed=False)

        def job() -> tuple[Recogniser, tuple[str, ...] | None]:
            recogniser = load(path)
            return recogniser, _people(recogniser)

        self._submit(job, lambda opened: self._use(path, *opened))

    def open_photo(self, path: Path) -> None:
        """Show a photo and name it; the arrow keys then go through its folder."""
        self._submit(lambda: photos_in(path.parent), self._beside_are)
        self._open(path)

    def open_folder(self, folder: Path) -> None:
        """Show the first photo of a folder; the arrow keys then go through the others."""

        def first(photos: list[Path]) -> None:
            self._beside_are(photos)
            if photos:
                self._open(photos[0])
            else:
                self.tell(_("There is no photo in {folder}.", folder=folder))

        self._submit(lambda: photos_in(folder), first)

    def step(self, by: int) -> None:
        """Open the photo that stands so many places further in the folder (-1: the one before), around the ends."""
        if self._wanted in self._beside:
            self._open(self._beside[(self._beside.index(self._wanted) + by) % len(self._beside)])

    def choose_face(self, face: int | None) -> None:
        """Choose a face of the picture by its number from 0, or none; the camera then stops, so that the face stays."""
        self._stop_watching()
        self._show(face=face, doubted="")

    def next_face(self, by: int) -> None:
        """Choose the face that stands so many places to the right (-1: to the left), around the ends."""
        if self.state.picture and (n := len(self.state.picture.sightings or ())):
            face = self.state.face
            self.choose_face((0 if by > 0 else n - 1) if face is None else (face + by) % n)

    def name_face(self, name: str) -> None:
        """Enrol the chosen face under a name; where it seems to be somebody else, only when the same name is given again."""
        picture, face, recogniser = self.state.picture, self.state.face, self._recogniser
        name = name.strip()
        if picture is None or face is None or recogniser is None:
            self.tell(_("Choose a face first: click it, or press the arrow keys up and down."))
        elif not name:
            self.tell(_("Write a name first."))
        else:
            anyway = name == self.state.doubted
            self._show(message=_("Adding this face to {name} ...", name=name), failed=False, doubted="")
            self._change(lambda: _enrol(recogniser, name, picture, face, anyway=anyway), _added, doubted=name)

    def add_photos(self, name: str, photos: Sequence[Path]) -> None:
        """Enrol photos of somebody, known or new."""
        recogniser, name = self._recogniser, name.strip()
        if not name:
            self.tell(_("Write a name first."))
        elif recogniser is not None:
            self._show(message=_("Adding {photos} to {name} ...", photos=counted(len(photos), "photo"), name=name), failed=False)
            self._change(lambda: recogniser.people.add(name, [str(path) for path in photos]), _added)

    def not_this_person(self) -> None:
        """Take back the name of the chosen face, for this face and those that are like it."""
        picture, recogniser, chosen = self.state.picture, self._recogniser, self.state.chosen
        if picture is None or recogniser is None or chosen is None or chosen.name is None:
            self.tell(_("Choose a face that has a name first."))
            return
        name = chosen.name

        def job() -> None:
            with as_file(picture) as file:
                recogniser.people.rule_out(name, file)

        self._show(message=_("Taking back the name {name} ...", name=name), failed=False)
        self._change(job, lambda _nothing: _("This face, and those like it, are not called {name} any more.", name=name))

    def save(self, file: Path) -> None:
        """Save the picture as ``predict --draw`` draws it; a suffix that is missing becomes .jpg."""
        picture = self.state.picture
        if picture is not None:
            file = file if file.suffix else file.with_suffix(".jpg")
            self._submit(
                lambda: save_drawn(picture, file), lambda _nothing: self._show(message=_("Saved {file}.", file=file), failed=False)
            )

    def watch(self) -> None:
        """Switch the camera on, or off: its last picture stays."""
        if self.state.watching:
            self._stop_watching()
            return
        self._wanted = None
        self._show(watching=True, message=_("Opening the camera ..."), failed=False)

        def job() -> Camera:
            from whosthat.photos.camera import open_camera

            return open_camera()

        self._submit(job, self._camera_is_open, lambda: self._show(watching=False))

    def tell(self, message: str) -> None:
        """Show an error that arose elsewhere."""
        self._show(message=message, failed=True)

    def _open(self, path: Path, told: str = "") -> None:
        self._stop_watching()
        self._wanted = path
        self._show(message=told or _("Reading {name} ...", name=path.name), failed=False, doubted="")
        recogniser = self._recogniser

        def job() -> Picture | None:
            return look_at(path, recogniser) if path == self._wanted else None  # a held arrow key asks faster than it can be shown

        def failed() -> None:
            if path == self._wanted:
                self._show(picture=None, face=None)

        self._submit(job, lambda picture: self._present(picture, told), failed)

    def _present(self, picture: Picture | None, told: str) -> None:
        if picture is None or picture.path is None or picture.path != self._wanted:
            return
        name = picture.path.name
        if picture.path in self._beside:
            name = _("{name}  ({number} of {n})", name=name, number=self._beside.index(picture.path) + 1, n=len(self._beside))
        if picture.sightings is None:
            name = _("{photo}. Choose a recogniser to name it.", photo=name)
        self._show(picture=picture, face=self._face_in(picture), message=told or name, failed=False)

    def _face_in(self, picture: Picture) -> int | None:
        """Keep the chosen face of the same picture; a face that is alone is chosen."""
        n, before = len(picture.sightings or ()), self.state.picture
        same = before is not None and (before.source is picture.source or (picture.path is not None and before.path == picture.path))
        if same and self.state.face is not None and self.state.face < n:
            return self.state.face
        return 0 if n == 1 else None

    def _use(self, path: Path, recogniser: Recogniser, people: tuple[str, ...] | None) -> None:
        self._recogniser = recogniser
        told = _("{path} knows {names}.", path=path, names=counted(len(recogniser.labels), "name"))
        self._show(bundle=path, people=people, message=told, failed=False, doubted="")
        self._look_again()

    def _look_again(self, told: str = "") -> None:
        """Name the picture on show by what the recogniser knows now."""
        picture, recogniser = self.state.picture, self._recogniser
        if self._wanted is not None:
            self._open(self._wanted, told)
        elif picture is not None and not isinstance(picture.source, Path) and not self.state.watching:
            frame = picture.source
            self._submit(lambda: look_at(frame, recogniser), lambda new: self._show(picture=new, face=self._face_in(new)))

    def _change(self, job: Callable[[], Result], words: Callable[[Result], str], *, doubted: str = "") -> None:
        """Change the recogniser's people, say what was done, and name the picture again."""
        recogniser = self._recogniser

        def done(result: Result) -> None:
            told = words(result)
            if recogniser is self._recogniser and recogniser is not None:
                self._show(message=told, failed=False, doubted="", people=recogniser.labels)
                self._look_again(told)

        def asked_back(error: Exception) -> None:
            if doubted and isinstance(error, DoubtError):
                question = _("{doubt} To add it all the same, press the button again.", doubt=error.doubt)
                self._show(message=closed_up(question), failed=True, doubted=doubted)

        self._submit(job, done, then_failed=asked_back)

    def _camera_is_open(self, camera: Camera) -> None:
        self._camera = camera
        if self.state.watching:
            self._show(message=_("The camera is on. Click a face to stop at this picture."), face=None, picture=None)
            self._look_on()
        else:
            self._stop_watching()

    def _look_on(self) -> None:
        """Show the camera's next picture, and so on: each is asked for when the one before is shown."""
        camera, recogniser = self._camera, self._recogniser
        if camera is None:
            return

        def job() -> Picture:
            return look_at(camera.frame(), recogniser)

        def shown(picture: Picture) -> None:
            if self.state.watching and camera is self._camera:
                self._show(picture=picture, face=None)
                self._look_on()

        self._submit(job, shown, self._stop_watching)

    def _stop_watching(self) -> None:
        camera, self._camera = self._camera, None
        if self.state.watching:
            self._show(watching=False, message=_("The camera is off."), failed=False)
        if camera is not None:
            self._submit(camera.close, lambda _nothing: None)

    def _beside_are(self, photos: list[Path]) -> None:
        self._beside = photos

    def _submit(
        self,
        job: Callable[[], Result],
        then: Callable[[Result], None],
        failed: Callable[[], None] = lambda: None,
        *,
        then_failed: Callable[[Exception], None] = lambda _error: None,
    ) -> None:
        """Do a job beside the window, then show its result; where it fails, first ``failed``, the error's words, then ``then_failed``."""

        def finish(future: Future[Result]) -> None:
            try:
                result = future.result()
            except (WhosthatError, OSError, MemoryError) as error:
                failed()
                self.tell(str(error) or _("There is not enough memory."))
                then_failed(error)
            else:
                then(result)

        self._worker.submit(job, finish)

    def _show(self, **changes: Any) -> None:
        self.state = replace(self.state, **changes)
        self._changed(self.state)


def _people(recogniser: Recogniser) -> tuple[str, ...] | None:
    """Return whom a recogniser of faces knows; None where its people cannot be changed."""
    try:
        recogniser.people.list()
    except BundleError:
        return None
    return tuple(recogniser.labels)


def _enrol(recogniser: Recogniser, name: str, picture: Picture, face: int, *, anyway: bool) -> Added:
    with as_file(picture) as file:
        return recogniser.people.add(name, file, face=face + 1, anyway=anyway)


def _added(added: Added) -> str:
    """Say what was enrolled, and what was not and why."""
    told = [ngettext("{n} photo was added to {name}.", "{n:,} photos were added to {name}.", len(added.photos), name=added.name)]
    told += [_("{path}: {reason}.", path=item.path.name, reason=item.reason) for item in added.left]
    return closed_up(" ".join([*told, *added.notes]))
