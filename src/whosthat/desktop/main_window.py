"""The window: buttons above, the photo on the left, the panel on the right, a status line below; keys and dialogs."""

from __future__ import annotations

import sys
import tkinter
from collections.abc import Callable
from pathlib import Path
from tkinter import filedialog, ttk
from types import TracebackType

from whosthat.desktop.canvases import PhotoView
from whosthat.desktop.panel import Actions, Panel
from whosthat.desktop.style import apply_look
from whosthat.desktop.viewer import State, Viewer
from whosthat.desktop.worker import Worker, collect_if_due
from whosthat.photos.signatures import PHOTO_SUFFIXES
from whosthat.translation import _
from whosthat.wording import visible

POLL_MS = 30
"""Milliseconds between two looks at what the worker has done."""

CONTROL, CONTROL_NAME = ("Command", "Cmd") if sys.platform == "darwin" else ("Control", "Ctrl")

_WRITES = ("TCombobox", "TEntry", "Entry")
"""Widgets that need the arrow keys themselves."""


class MainWindow:
    """Builds the widgets in an empty root window and keeps them up to date; begins with a bundle, or with the newest of ``runs``."""

    def __init__(self, root: tkinter.Tk, bundle: Path | None = None, runs: Path = Path("runs")) -> None:
        self.root = root
        self.look = apply_look(root)
        self.worker = Worker()
        self.viewer = Viewer(self.worker, self._show)
        root.title("whosthat")
        self._build()
        self._bind_keys()
        root.report_callback_exception = self._tell_of_a_mistake
        root.protocol("WM_DELETE_WINDOW", self.close)
        self._show(self.viewer.state)
        self.viewer.open_runs(runs, bundle)
        self._poll()

    def close(self) -> None:
        """Close the window; a job that is being done is finished unseen."""
        self.worker.close()
        self.root.after_cancel(self._next_poll)
        self.root.destroy()

    def choose_photo(self) -> None:
        """Let the person choose a photo in a dialog, and open it."""
        chosen = filedialog.askopenfilename(
            parent=self.root, title=_("Choose a photo"), filetypes=_photo_types(), initialdir=str(self._beside())
        )
        if chosen:
            self.viewer.open_photo(Path(chosen))

    def choose_folder(self) -> None:
        """Let the person choose a folder of photos in a dialog, and open the first."""
        chosen = filedialog.askdirectory(
            parent=self.root, title=_("Choose a folder of photos"), mustexist=True, initialdir=str(self._beside())
        )
        if chosen:
            self.viewer.open_folder(Path(chosen))

    def choose_bundle(self) -> None:
        """Let the person choose a bundle's or a run's folder in a dialog, and open it."""
        chosen = filedialog.askdirectory(parent=self.root, title=_("Choose a recogniser: a bundle or a run's folder"), mustexist=True)
        if chosen:
            self.viewer.open_bundle(Path(chosen))

    def save_picture(self) -> None:
        """Let the person choose where to save the picture with its names."""
        picture = self.viewer.state.picture
        if picture is None:
            self.viewer.tell(_("There is no picture to save yet."))
            return
        stem = picture.path.stem if picture.path else "camera"  # not translated: the name of a file
        chosen = filedialog.asksaveasfilename(
            parent=self.root,
            title=_("Save the picture with its names"),
            initialfile=f"{stem}-named.jpg",  # not translated: the name of a file
            initialdir=str(self._beside()),
            filetypes=[(_("Pictures"), "*.jpg *.png *.webp"), (_("All files"), "*")],
        )
        if chosen:
            self.viewer.save(Path(chosen))

    def add_photos(self, name: str) -> None:
        """Let the person choose photos of somebody in a dialog, and enrol them."""
        if not name.strip():
            self.viewer.add_photos(name, ())  # which says what is missing
            return
        title = _("Choose photos of {name}", name=visible(name.strip()))
        chosen = filedialog.askopenfilenames(parent=self.root, title=title, filetypes=_photo_types(), initialdir=str(self._beside()))
        if chosen:
            self.viewer.add_photos(name, [Path(one) for one in chosen])

    def _beside(self) -> Path:
        picture = self.viewer.state.picture
        return picture.path.parent if picture and picture.path else Path.cwd()

    def _build(self) -> None:
        px = self.look.px
        self.root.geometry(f"{min(px(1000), self.root.winfo_screenwidth())}x{min(px(680), self.root.winfo_screenheight())}")
        self.root.minsize(px(640), px(600))
        self.root.columnconfigure(0, weight=1)
        self.root.rowconfigure(1, weight=1)
        self._build_toolbar().grid(row=0, column=0, columnspan=2, sticky="ew")
        self.photo = PhotoView(self.root, self.look, self.viewer.choose_face)
        self.photo.grid(row=1, column=0, sticky="nsew")
        self.panel = Panel(
            self.root,
            self.look,
            Actions(
                open_run=lambda place: self.viewer.open_bundle(self.viewer.state.runs[place].path),
                choose_bundle=self.choose_bundle,
                name_face=self.viewer.name_face,
                not_this_person=self.viewer.not_this_person,
                add_photos=self.add_photos,
            ),
        )
        self.panel.grid(row=1, column=1, sticky="ns")
        self.status = ttk.Label(self.root, style="Status.TLabel", padding=(px(14), px(8)))
        self.status.grid(row=2, column=0, columnspan=2, sticky="ew")
        self.status.bind("<Configure>", lambda event: self.status.configure(wraplength=event.width - px(28)))

    def _build_toolbar(self) -> ttk.Frame:
        px, bar = self.look.px, ttk.Frame(self.root, style="Paper.TFrame", padding=(self.look.px(10), self.look.px(8)))
        self.buttons = {
            "photo": (_("Photo …"), self.choose_photo),
            "folder": (_("Folder …"), self.choose_folder),
            "before": ("◀", lambda: self.viewer.step(-1)),
            "after": ("▶", lambda: self.viewer.step(1)),
            "camera": (_("Camera"), self.viewer.watch),
            "save": (_("Save …"), self.save_picture),
        }
        self.toolbar: dict[str, ttk.Button] = {}
        for column, (name, (text, command)) in enumerate(self.buttons.items()):
            self.toolbar[name] = ttk.Button(bar, text=text, style="Bar.TButton", command=command)
            self.toolbar[name].grid(row=0, column=column, padx=(0, px(6)))
        return bar

    def _bind_keys(self) -> None:
        keys: dict[str, Callable[[], object]] = {
            "o": self.choose_photo,
            "d": self.choose_folder,
            "b": self.choose_bundle,
            "s": self.save_picture,
            "k": self.viewer.watch,
            "n": self.panel.name.focus_set,
            "q": self.close,
        }
        for key, action in keys.items():
            for letter in (key, key.upper()):  # as caps lock gives it
                self.root.bind(f"<{CONTROL}-{letter}>", lambda _event, action=action: action())  # type: ignore[misc]
        for key, walk in (
            ("Right", lambda: self.viewer.step(1)),
            ("Left", lambda: self.viewer.step(-1)),
            ("Down", lambda: self.viewer.next_face(1)),
            ("Up", lambda: self.viewer.next_face(-1)),
        ):
            self.root.bind(f"<{key}>", lambda event, walk=walk: None if _writes(event.widget) else walk())  # type: ignore[misc]
        self.root.bind("<Escape>", lambda _event: self.photo.focus_set())

    def _poll(self) -> None:
        try:
            self.worker.deliver()
            collect_if_due()
        finally:
            self._next_poll = self.root.after(POLL_MS, self._poll)

    def _show(self, state: State) -> None:
        self.photo.show(state.picture, state.face, self._instead_of_a_picture(state))
        self.panel.show(state)
        self.toolbar["camera"].configure(text=_("Stop") if state.watching else _("Camera"))
        self.toolbar["save"].state(["!disabled" if state.picture else "disabled"])
        told = "\n".join(map(visible, state.message.split("\n")))
        self.status.configure(text=told, style="Alarm.Status.TLabel" if state.failed else "Status.TLabel")

    def _instead_of_a_picture(self, state: State) -> tuple[str, dict[str, str]]:
        """Return a few large words, and on an empty stage what each key does."""
        if state.watching:
            return _("Waiting for the camera"), {}
        if state.failed:
            return _("No photo to show"), {}
        keys = {
            "O": _("choose a photo"),
            "D": _("choose a folder"),
            "K": _("camera on or off"),
            "B": _("choose a recogniser"),
            "N": _("name a face"),
            "S": _("save the picture"),
        }
        pressed = {_("{control}+{key}", control=CONTROL_NAME, key=key): words for key, words in keys.items()}
        return _("No photo yet"), pressed | {"← →": _("other photos of the folder"), "↑ ↓": _("other faces of the photo")}

    def _tell_of_a_mistake(self, kind: type[BaseException], error: BaseException, _traceback: TracebackType | None) -> None:
        """Show in the window what Tk would print to a terminal that nobody may see."""
        self.viewer.tell(_("Something went wrong inside whosthat: {kind}: {error}", kind=kind.__name__, error=error))


def _writes(widget: object) -> bool:
    return isinstance(widget, tkinter.Misc) and widget.winfo_class() in _WRITES


def _photo_types() -> list[tuple[str, str]]:
    patterns = " ".join(f"*{suffix} *{suffix.upper()}" for suffix in sorted(PHOTO_SUFFIXES))
    return [(_("Photos"), patterns), (_("All files"), "*")]
