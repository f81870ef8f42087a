"""The widgets of the window: the photo on the left, the answer and the buttons on the right, a status line below."""

from __future__ import annotations

import sys
import tkinter
from pathlib import Path
from tkinter import filedialog, ttk
from types import TracebackType

from whosthat.desktop.canvases import Bars, PhotoView
from whosthat.desktop.style import apply_look
from whosthat.desktop.viewer import State, Viewer, answer
from whosthat.desktop.worker import Worker, collect_if_due
from whosthat.photos.signatures import PHOTO_SUFFIXES
from whosthat.translation import _

POLL_MS = 30
"""Milliseconds between two looks at what the worker has done."""

CONTROL, CONTROL_NAME = ("Command", "Cmd") if sys.platform == "darwin" else ("Control", "Ctrl")


class MainWindow:
    """Builds the widgets in an empty root window and keeps them up to date; may begin with a recogniser."""

    def __init__(self, root: tkinter.Tk, bundle: Path | None = None) -> None:
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
        if bundle is not None:
            self.viewer.open_bundle(bundle)
        self._poll()

    def close(self) -> None:
        """Close the window; a job that is being done is finished unseen."""
        self.worker.close()
        self.root.destroy()

    def choose_photo(self) -> None:
        """Let the person choose a photo in a dialog, and open it."""
        picture = self.viewer.state.picture
        beside = str(picture.path.parent if picture else Path.cwd())
        patterns = " ".join(f"*{suffix} *{suffix.upper()}" for suffix in sorted(PHOTO_SUFFIXES))
        chosen = filedialog.askopenfilename(
            parent=self.root, title=_("Choose a photo"), filetypes=[(_("Photos"), patterns), (_("All files"), "*")], initialdir=beside
        )
        if chosen:
            self.viewer.open_photo(Path(chosen))

    def choose_bundle(self) -> None:
        """Let the person choose a bundle's or a run's folder in a dialog, and open it."""
        chosen = filedialog.askdirectory(parent=self.root, title=_("Choose a recogniser: a bundle or a run's folder"), mustexist=True)
        if chosen:
            self.viewer.open_bundle(Path(chosen))

    def _build(self) -> None:
        px = self.look.px
        self.root.geometry(f"{min(px(960), self.root.winfo_screenwidth())}x{min(px(640), self.root.winfo_screenheight())}")
        self.root.minsize(px(640), px(600))
        self.root.columnconfigure(0, weight=1)
        self.root.rowconfigure(0, weight=1)
        self.photo = PhotoView(self.root, self.look)
        self.photo.grid(row=0, column=0, sticky="nsew")
        self._build_panel().grid(row=0, column=1, sticky="ns")
        self.status = ttk.Label(self.root, style="Status.TLabel", padding=(px(14), px(8)))
        self.status.grid(row=1, column=0, columnspan=2, sticky="ew")
        self.status.bind("<Configure>", lambda event: self.status.configure(wraplength=event.width - px(28)))

    def _build_panel(self) -> ttk.Frame:
        px = self.look.px
        panel = ttk.Frame(self.root, padding=px(20))
        panel.rowconfigure(3, weight=1)
        self.headline = ttk.Label(panel, style="Headline.TLabel", wraplength=px(280))
        self.detail = ttk.Label(panel, style="Detail.TLabel", wraplength=px(280))
        self.bars = Bars(panel, self.look)
        self.recogniser = ttk.Label(panel, style="Detail.TLabel", font=self.look.small, wraplength=px(280))
        buttons = (
            ttk.Button(
                panel,
                text=_("Choose a photo …   {control}+O", control=CONTROL_NAME),
                style="Main.TButton",
                command=self.choose_photo,
            ),
            ttk.Button(panel, text=_("Choose a recogniser …   {control}+B", control=CONTROL_NAME), command=self.choose_bundle),
        )
        self.headline.grid(row=0, sticky="w")
        self.detail.grid(row=1, sticky="w", pady=(px(4), px(18)))
        self.bars.grid(row=2, sticky="ew")
        self.recogniser.grid(row=3, sticky="sw", pady=(0, px(10)))
        for row, button in enumerate(buttons, start=4):
            button.grid(row=row, sticky="ew", pady=(px(6), 0))
        return panel

    def _bind_keys(self) -> None:
        self.root.bind(f"<{CONTROL}-o>", lambda _event: self.choose_photo())
        self.root.bind(f"<{CONTROL}-b>", lambda _event: self.choose_bundle())
        self.root.bind(f"<{CONTROL}-q>", lambda _event: self.close())
        self.root.bind("<Right>", lambda _event: self.viewer.step(1))
        self.root.bind("<Left>", lambda _event: self.viewer.step(-1))

    def _poll(self) -> None:
        try:
            self.worker.deliver()
            collect_if_due()
        finally:
            self._next_poll = self.root.after(POLL_MS, self._poll)

    def _show(self, state: State) -> None:
        self.photo.show(state.picture, _("No photo to show") if state.failed else _("No photo yet"))
        shown = answer(state.picture.sightings if state.picture else None)
        self.headline.configure(text=shown.headline, style="Headline.TLabel" if shown.known else "Unknown.Headline.TLabel")
        self.detail.configure(text=shown.detail)
        self.bars.show(shown)
        self.recogniser.configure(text=_("Recogniser: {bundle}", bundle=state.bundle) if state.bundle else _("No recogniser yet."))
        self.status.configure(text=state.message, style="Alarm.Status.TLabel" if state.failed else "Status.TLabel")

    def _tell_of_a_mistake(self, kind: type[BaseException], error: BaseException, _traceback: TracebackType | None) -> None:
        """Show in the window what Tk would print to a terminal that nobody may see."""
        self.viewer.tell(_("Something went wrong inside whosthat: {kind}: {error}", kind=kind.__name__, error=error))
