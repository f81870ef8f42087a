"""What the window draws itself: the photo with boxes where somebody was seen, and a bar for each probable name."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from tkinter import font
from typing import Any

from whosthat.desktop.answers import Answer
from whosthat.desktop.pictures import Picture
from whosthat.desktop.style import ACCENT, FAINT, INK, PANEL, PAPER, SOFT, STAGE, TRACK, UNKNOWN, Look
from whosthat.photos.drawing import colours_of, fitted
from whosthat.translation import _
from whosthat.types import Image
from whosthat.wording import confidence_text, visible

LARGEST_ZOOM = 3.0
"""A small photo grows to at most so many times its size; beyond that one sees pixels, not people."""

ROW = 40
"""Height of one name with its bar, in pixels of a 96-dpi screen."""


LONGEST = 300
"""Letters of a name that are measured; no longer one can be enrolled."""

LEAST_BARS = 2
"""So many bars have room in the smallest window."""


class PhotoView(tkinter.Canvas):
    """Shows one picture as large as the window lets it be, and draws it anew when the window changes its size.

    Boxes as in ``predict --draw``: each person in a colour of their own, the unknown grey and dashed. ``chosen`` is called with the number
    of a face that is clicked, from 0, or None beside all.
    """

    def __init__(self, parent: tkinter.Misc, look: Look, chosen: Callable[[int | None], None]) -> None:
        super().__init__(parent, background=STAGE, highlightthickness=look.px(2), highlightbackground=STAGE, highlightcolor=ACCENT)
        self.configure(width=look.px(240), height=look.px(240), takefocus=True)
        self._look, self._chosen = look, chosen
        self._picture: Picture | None = None
        self._face: int | None = None
        self._otherwise: tuple[str, dict[str, str]] = ("", {})
        self._pixels: tkinter.PhotoImage | None = None  # Tk forgets an image that Python no longer holds
        self.boxes: list[tuple[float, float, float, float]] = []
        """Where the faces are in this canvas: left, top, right, bottom."""
        self.bind("<Configure>", self._draw)
        self.bind("<Button-1>", self._clicked)

    def show(self, picture: Picture | None, face: int | None, otherwise: tuple[str, dict[str, str]]) -> None:
        """Show another picture with one face chosen; without one, large words in its place, and below them keys and what they do."""
        if picture is self._picture and otherwise == self._otherwise:
            if face != self._face:
                self._face = face
                self._draw_boxes()
            return
        self._picture, self._face, self._otherwise = picture, face, otherwise
        self._draw()

    def _clicked(self, event: Any) -> None:
        self.focus_set()
        inside = [
            (right - left, number)
            for number, (left, top, right, bottom) in enumerate(self.boxes)
            if left <= event.x <= right and top <= event.y <= bottom
        ]
        if self.boxes:
            self._chosen(min(inside)[1] if inside else None)

    def _draw(self, _event: Any = None) -> None:
        self.delete("all")
        self.boxes = []
        width, height = self.winfo_width(), self.winfo_height()
        if self._picture is None:
            self._draw_words(width, height)
            return
        margin = self._look.px(16)
        image = fitted(self._picture.image, max(1, width - 2 * margin), max(1, height - 2 * margin), zoom=LARGEST_ZOOM)
        self._pixels = tkinter.PhotoImage(master=self, data=_ppm(image), format="PPM")
        left, top = (width - image.shape[1]) // 2, (height - image.shape[0]) // 2
        self.create_image(left, top, image=self._pixels, anchor="nw")
        scale = self._picture.scale * image.shape[1] / self._picture.image.shape[1]
        found = [sighting.box for sighting in self._picture.sightings or () if sighting.box is not None]
        self.boxes = [(left + box.left * scale, top + box.top * scale, left + box.right * scale, top + box.bottom * scale) for box in found]
        self._draw_boxes()

    def _draw_words(self, width: int, height: int) -> None:
        (headline, keys), look, middle = self._otherwise, self._look, width / 2
        top = (height - len(keys) * look.text.metrics("linespace")) / 2
        self.create_text(
            middle, top, text=headline, fill=PAPER, font=look.headline, width=width - look.px(24), justify="center", anchor="s"
        )
        widest = [max(map(look.text.measure, words), default=0) for words in (keys, keys.values())]
        left = middle - (sum(widest) + look.px(20)) / 2
        for words, x in ((keys, left), (keys.values(), left + widest[0] + look.px(20))):
            self.create_text(x, top + look.px(12), text="\n".join(words), fill=FAINT, font=look.text, anchor="nw")

    def _draw_boxes(self) -> None:
        self.delete("box")
        sightings = (self._picture.sightings if self._picture else None) or ()
        colours = colours_of(sightings)
        for number, (box, sighting) in enumerate(zip(self.boxes, sightings, strict=False)):
            colour = "#{:02x}{:02x}{:02x}".format(*colours[sighting.name])
            line = self._look.px(5 if number == self._face else 3)
            dash = (3 * line, 2 * line) if sighting.name is None else ()
            self.create_rectangle(*box, outline="#ffffff", width=line + self._look.px(2), dash=dash, tags="box")
            self.create_rectangle(*box, outline=colour, width=line, dash=dash, tags="box")
        for number, (box, sighting) in enumerate(zip(self.boxes, sightings, strict=False)):
            colour = "#{:02x}{:02x}{:02x}".format(*colours[sighting.name])
            self._draw_label(box, sighting.name or _("unknown"), colour, chosen=number == self._face)

    def _draw_label(self, box: tuple[float, float, float, float], name: str, colour: str, *, chosen: bool) -> None:
        """Write a name above its box, or inside it where there is no room above."""
        gap, high = self._look.px(4), self._look.text.metrics("linespace")
        text = shortened(name, max(round(box[2] - box[0]), self._look.px(120)), self._look.text)
        wide = self._look.text.measure(text) + 2 * gap
        x, y = max(0, min(box[0], self.winfo_width() - wide)), max(box[1], high + gap)
        edge = "#ffffff" if chosen else colour
        self.create_rectangle(x, y - high, x + wide, y, fill=colour, outline=edge, width=self._look.px(2), tags="box")
        self.create_text(x + gap, y, text=text, fill="#ffffff", anchor="sw", font=self._look.text, tags="box")


def _ppm(image: Image) -> bytes:
    """Return an image as PPM, which Tk reads without a decoder in between. Source: Netpbm, "PPM Format Specification"."""
    height, width = image.shape[:2]
    return b"P6 %d %d 255\n" % (width, height) + image.tobytes()


class Bars(tkinter.Canvas):
    """Draws as many of an answer's bars as there is room for: a name, a bar, a percentage; the best one in colour."""

    def __init__(self, parent: tkinter.Misc, look: Look) -> None:
        super().__init__(parent, background=PANEL, highlightthickness=0, width=look.px(280), height=look.px(ROW * LEAST_BARS))
        self._look = look
        self._answer = Answer("", "")
        self.bind("<Configure>", self._draw)

    def show(self, answer: Answer) -> None:
        """Show the bars of another answer."""
        self._answer = answer
        self._draw()

    def _draw(self, _event: Any = None) -> None:
        self.delete("all")
        room = self.winfo_height() // self._look.px(ROW)
        for row, (name, share) in enumerate(self._answer.bars[: max(1, room)]):
            self._draw_row(row, name, share)

    def _draw_row(self, row: int, name: str, share: float) -> None:
        look, width, top = self._look, self.winfo_width(), self._look.px(ROW * row)
        best = ACCENT if self._answer.known else UNKNOWN
        text = confidence_text(share)
        room = width - look.text.measure(text) - look.px(12)
        self.create_text(0, top, text=shortened(name, room, look.text), anchor="nw", font=look.text, fill=INK)
        self.create_text(width, top, text=text, anchor="ne", font=look.text, fill=INK if row == 0 else SOFT)
        above, below = top + look.px(22), top + look.px(30)
        self.create_rectangle(0, above, width, below, fill=TRACK, width=0)
        if round(width * share):
            self.create_rectangle(0, above, width * share, below, fill=best if row == 0 else SOFT, width=0)


def shortened(name: str, room: int, letters: font.Font) -> str:
    """Return a name with what it hides made visible, cut with an ellipsis when it is wider than ``room`` pixels."""
    name = visible(name[:LONGEST])
    if letters.measure(name) <= room:
        return name
    while name and letters.measure(f"{name}…") > room:
        name = name[:-1]
    return f"{name}…"
