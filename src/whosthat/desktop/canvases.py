"""What the window draws itself: the photo with boxes where somebody was seen, and a bar for each probable name."""

from __future__ import annotations

import tkinter
from tkinter import font
from typing import Any

from whosthat.desktop.style import ACCENT, INK, PANEL, SOFT, STAGE, TRACK, UNKNOWN, Look
from whosthat.desktop.viewer import N_BARS, Answer, Picture
from whosthat.photos.drawing import fitted
from whosthat.translation import _
from whosthat.types import Image
from whosthat.wording import confidence_text

LARGEST_ZOOM = 3.0
"""A small photo grows to at most so many times its size; beyond that one sees pixels, not people."""

ROW = 44
"""Height of one name with its bar, in pixels of a 96-dpi screen."""


class PhotoView(tkinter.Canvas):
    """Shows one picture as large as the window lets it be, and draws it anew when the window changes its size."""

    def __init__(self, parent: tkinter.Misc, look: Look) -> None:
        super().__init__(parent, background=STAGE, highlightthickness=0, width=look.px(560), height=look.px(480))
        self._look = look
        self._picture: Picture | None = None
        self._otherwise = ""
        self._pixels: tkinter.PhotoImage | None = None  # Tk forgets an image that Python no longer holds
        self.bind("<Configure>", self._draw)

    def show(self, picture: Picture | None, otherwise: str) -> None:
        """Show another picture; without one, words in its place."""
        if picture is not self._picture or otherwise != self._otherwise:
            self._picture, self._otherwise = picture, otherwise
            self._draw()

    def _draw(self, _event: Any = None) -> None:
        self.delete("all")
        width, height = self.winfo_width(), self.winfo_height()
        if self._picture is None:
            self.create_text(width / 2, height / 2, text=self._otherwise, fill=SOFT, font=self._look.headline)
            return
        margin = self._look.px(16)
        image = fitted(self._picture.image, max(1, width - 2 * margin), max(1, height - 2 * margin), zoom=LARGEST_ZOOM)
        self._pixels = tkinter.PhotoImage(master=self, data=_ppm(image), format="PPM")
        left, top = (width - image.shape[1]) // 2, (height - image.shape[0]) // 2
        self.create_image(left, top, image=self._pixels, anchor="nw")
        self._draw_boxes(self._picture, left, top, image.shape[1] / self._picture.image.shape[1])

    def _draw_boxes(self, picture: Picture, left: int, top: int, zoom: float) -> None:
        scale = picture.scale * zoom
        for sighting in picture.sightings or ():
            box, colour = sighting.box, UNKNOWN if sighting.name is None else ACCENT
            if box is not None:
                x, y = left + box.left * scale, top + box.top * scale
                self.create_rectangle(x, y, left + box.right * scale, top + box.bottom * scale, outline=colour, width=self._look.px(3))
                self._draw_label(x, y, sighting.name or _("unknown"), colour)

    def _draw_label(self, x: float, y: float, name: str, colour: str) -> None:
        label = self.create_text(x + self._look.px(4), y, text=name, fill="#ffffff", anchor="sw", font=self._look.text)
        plate = self.create_rectangle(x, self.bbox(label)[1], self.bbox(label)[2] + self._look.px(4), y, fill=colour, outline=colour)
        self.tag_lower(plate, label)


def _ppm(image: Image) -> bytes:
    """Return an image as PPM, which Tk reads without a decoder in between. Source: Netpbm, "PPM Format Specification"."""
    height, width = image.shape[:2]
    return b"P6 %d %d 255\n" % (width, height) + image.tobytes()


class Bars(tkinter.Canvas):
    """Draws an answer's bars: a name, a bar, a percentage; the best one in colour."""

    def __init__(self, parent: tkinter.Misc, look: Look) -> None:
        super().__init__(parent, background=PANEL, highlightthickness=0, width=look.px(280), height=look.px(ROW * N_BARS))
        self._look = look
        self._answer = Answer("", "")
        self.bind("<Configure>", self._draw)

    def show(self, answer: Answer) -> None:
        """Show the bars of another answer."""
        self._answer = answer
        self._draw()

    def _draw(self, _event: Any = None) -> None:
        self.delete("all")
        for row, (name, share) in enumerate(self._answer.bars):
            self._draw_row(row, name, share)

    def _draw_row(self, row: int, name: str, share: float) -> None:
        look, width, top = self._look, self.winfo_width(), self._look.px(ROW * row)
        best = ACCENT if self._answer.known else UNKNOWN
        text = confidence_text(share)
        room = width - look.text.measure(text) - look.px(12)
        self.create_text(0, top, text=_shortened(name, room, look.text), anchor="nw", font=look.text, fill=INK)
        self.create_text(width, top, text=text, anchor="ne", font=look.text, fill=INK if row == 0 else SOFT)
        above, below = top + look.px(22), top + look.px(30)
        self.create_rectangle(0, above, width, below, fill=TRACK, width=0)
        if round(width * share):
            self.create_rectangle(0, above, width * share, below, fill=best if row == 0 else SOFT, width=0)


def _shortened(name: str, room: int, letters: font.Font) -> str:
    """Return a name, cut with an ellipsis when it is wider than ``room`` pixels."""
    if letters.measure(name) <= room:
        return name
    while name and letters.measure(f"{name}…") > room:
        name = name[:-1]
    return f"{name}…"
