"""The place where the photo is seen: as large as the window lets it be, with boxes where somebody was seen."""

from __future__ import annotations

import tkinter
from typing import Any

from whosthat.desktop.style import ACCENT, SOFT, STAGE, UNKNOWN, Look
from whosthat.desktop.viewer import Picture
from whosthat.photos.drawing import fitted
from whosthat.types import Image

LARGEST_ZOOM = 3.0
"""A small photo grows to at most so many times its size; beyond that one sees pixels, not people."""


class PhotoView(tkinter.Canvas):
    """Shows one picture, and draws it anew when the window changes its size."""

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
        self._pixels = tkinter.PhotoImage(master=self, data=ppm(image), format="PPM")
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
                self._draw_label(x, y, sighting.name or "unknown", colour)

    def _draw_label(self, x: float, y: float, name: str, colour: str) -> None:
        label = self.create_text(x + self._look.px(4), y, text=name, fill="#ffffff", anchor="sw", font=self._look.text)
        plate = self.create_rectangle(x, self.bbox(label)[1], self.bbox(label)[2] + self._look.px(4), y, fill=colour, outline=colour)
        self.tag_lower(plate, label)


def ppm(image: Image) -> bytes:
    """Return an image as PPM, which Tk reads without a decoder in between.

    Source: Netpbm, "PPM Format Specification".
    """
    height, width = image.shape[:2]
    return b"P6 %d %d 255\n" % (width, height) + image.tobytes()
