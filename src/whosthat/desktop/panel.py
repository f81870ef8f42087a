"""The right side of the window: which recogniser, what was seen, and who it is. Widgets alone; what they do is given to them."""

from __future__ import annotations

import re
import tkinter
from collections.abc import Callable
from dataclasses import dataclass
from tkinter import ttk

from whosthat.desktop.answers import answer
from whosthat.desktop.canvases import Bars, shortened
from whosthat.desktop.style import Look
from whosthat.desktop.viewer import State
from whosthat.translation import _
from whosthat.wording import percent, visible

WIDTH = 280
"""Of what stands in it, in pixels of a 96-dpi screen."""

_UNBROKEN = re.compile(r"(?<=[<>]) | (?=%)")
"""Blanks at which a line must not end: around the number of a percentage."""


@dataclass(frozen=True)
class Actions:
    """What the panel's widgets do."""

    open_run: Callable[[int], None]
    """Open one of the state's runs, by its place."""
    choose_bundle: Callable[[], None]
    name_face: Callable[[str], None]
    not_this_person: Callable[[], None]
    add_photos: Callable[[str], None]


class Panel(ttk.Frame):
    """Shows a `State`: recogniser, answer, and, where people can be changed, what to do about the chosen face."""

    def __init__(self, parent: tkinter.Misc, look: Look, actions: Actions) -> None:
        super().__init__(parent, padding=look.px(20))
        self._look, self._actions = look, actions
        self.columnconfigure(0, weight=1, minsize=look.px(WIDTH))
        self.rowconfigure(3, weight=1)
        self._build_recogniser().grid(row=0, sticky="ew", pady=(0, look.px(14)))
        self.headline = ttk.Label(self, style="Headline.TLabel", wraplength=look.px(WIDTH))
        self.detail = ttk.Label(self, style="Detail.TLabel", wraplength=look.px(WIDTH))
        self.bars = Bars(self, look)
        self.headline.grid(row=1, sticky="w")
        self.detail.grid(row=2, sticky="w", pady=(look.px(4), look.px(14)))
        self.bars.grid(row=3, sticky="nsew")
        self._correcting = self._build_correcting()
        self._correcting.grid(row=4, sticky="ew")

    def _build_recogniser(self) -> ttk.Frame:
        px, frame = self._look.px, ttk.Frame(self)
        frame.columnconfigure(0, weight=1)
        ttk.Label(frame, text=_("Recogniser"), style="Small.TLabel").grid(row=0, column=0, sticky="sw")
        self.runs = ttk.Combobox(frame, state="readonly", width=10, font=self._look.text)
        self.runs.grid(row=1, columnspan=2, sticky="ew", pady=(px(4), 0))
        self.runs.bind("<<ComboboxSelected>>", self._run_selected)
        other = ttk.Button(frame, text=_("Other …"), style="Small.TButton", command=self._actions.choose_bundle)
        other.grid(row=0, column=1, sticky="e")
        return frame

    def _build_correcting(self) -> ttk.Frame:
        px, frame = self._look.px, ttk.Frame(self)
        frame.columnconfigure((0, 1), weight=1, uniform="half")
        self.asked = ttk.Label(frame, style="Small.TLabel")
        self.name = ttk.Combobox(frame, width=10, font=self._look.text)
        self.name.bind("<Return>", lambda _event: self._actions.name_face(self.name.get()))
        self.add_face = ttk.Button(
            frame, text=_("Name this face"), style="Main.TButton", command=lambda: self._actions.name_face(self.name.get())
        )
        self.not_them = ttk.Button(frame, command=self._actions.not_this_person)
        self.add_more = ttk.Button(frame, text=_("Add photos of this person …"), command=lambda: self._actions.add_photos(self.name.get()))
        self.asked.grid(row=0, columnspan=2, sticky="w", pady=(px(10), px(4)))
        self.name.grid(row=1, columnspan=2, sticky="ew")
        self.add_face.grid(row=2, column=0, sticky="ew", pady=(px(6), 0), padx=(0, px(3)))
        self.not_them.grid(row=2, column=1, sticky="ew", pady=(px(6), 0), padx=(px(3), 0))
        self.add_more.grid(row=3, columnspan=2, sticky="ew", pady=(px(6), 0))
        return frame

    def show(self, state: State) -> None:
        """Bring all widgets up to date."""
        self._show_runs(state)
        sightings = state.picture.sightings if state.picture else None
        shown = answer(sightings, state.face)
        headline = shortened(shown.headline, 2 * self._look.px(WIDTH) - self._look.px(60), self._look.headline)
        self.headline.configure(text=headline, style="Headline.TLabel" if shown.known else "Unknown.Headline.TLabel")
        self.detail.configure(text=_UNBROKEN.sub("\N{NO-BREAK SPACE}", visible(shown.detail)))
        self.bars.show(shown)
        self._show_correcting(state)

    def _show_runs(self, state: State) -> None:
        self.runs.configure(values=[_run_words(run.name, run.accuracy) for run in state.runs])
        place = place_of(state)
        if place is not None:
            self.runs.current(place)
        else:
            self.runs.set(visible(state.bundle) if state.bundle else _("none yet"))
            self.runs.xview_moveto(1)

    def _show_correcting(self, state: State) -> None:
        if state.people is None:
            self._correcting.grid_remove()
            return
        self._correcting.grid()
        self.name.configure(values=[visible(name) for name in state.people])
        chosen = state.chosen
        n = len(state.picture.sightings or ()) if state.picture else 0
        if chosen is None:
            asked = _("Click a face to name it.") if n else _("Add a person:")
        else:
            asked = _("Who is this? Face {number} of {n}", number=(state.face or 0) + 1, n=n) if n > 1 else _("Who is this?")
        self.asked.configure(text=asked)
        self.add_face.configure(text=_("Name it anyway") if state.doubted else _("Name this face"))
        self.add_face.state(["disabled" if chosen is None else "!disabled"])
        theirs = None if chosen is None else chosen.name
        self.not_them.configure(
            text=_("Not this person") if theirs is None else _("Not {name}", name=shortened(theirs, self._look.px(80), self._look.text))
        )
        self.not_them.state(["disabled" if theirs is None else "!disabled"])

    def _run_selected(self, _event: object) -> None:
        self.runs.selection_clear()
        self._actions.open_run(self.runs.current())


def place_of(state: State) -> int | None:
    """Return the place of the opened recogniser among the runs; None when it is none of them."""
    if state.bundle is None:
        return None
    here = state.bundle.resolve()
    return next((place for place, run in enumerate(state.runs) if run.path.resolve() in (here, here.parent)), None)


def _run_words(name: str, accuracy: float | None) -> str:
    return visible(name) if accuracy is None else _("{run}  ({accuracy})", run=visible(name), accuracy=percent(accuracy))
