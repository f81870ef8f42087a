"""The window with a recogniser of faces on a real or a virtual screen: clicks, keys, names of every kind, in both languages."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from whosthat.desktop import viewer as viewing
from whosthat.desktop.window import new_root
from whosthat.desktop.worker import collected_here
from whosthat.photos.drawing import save_image
from whosthat.runs.folders import RunSummary
from whosthat.translation import use
from whosthat.types import Added, Box, Sighting

KEPT: list[Any] = []
"""Every window of these tests: one that goes in a thread of a later test would end the process."""

BOXES = (Box(10, 40, 110, 160), Box(180, 40, 280, 160))
HOSTILE = ("<b>Ann</b> & 'Co'", "\u202eevil\u202c", "\u05d0\u05d1\u05d2 \u200f", "長" * 255, "W" * 255)


class Faces:
    """Two faces in every photo, with these names."""

    def __init__(self, *names: str | None) -> None:
        self.names = list(names)
        self.people = Mock()
        self.people.add = Mock(side_effect=lambda name, *_photos, **_options: Added(name, (f"{name}/1.png",), (), 0.5))
        self.people.rule_out = Mock(side_effect=lambda name, _photo: self.names.__setitem__(self.names.index(name), None))

    @property
    def labels(self) -> tuple[str, ...]:
        return (*(name for name in self.names if name), "Bo")

    def identify(self, _photo: Any) -> list[Sighting]:
        best = [name or "Bo" for name in self.names]
        return [
            Sighting(name, 0.8, "Bo", 0.1, box, {likeliest: 0.8, "Bo " * 40: 0.1, **{f"p{n}": 0.001 for n in range(9)}})
            for name, likeliest, box in zip(self.names, best, BOXES, strict=True)
        ]


def wait(window: Any, until: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not until():
        assert time.monotonic() < end, window.viewer.state
        window.root.update()


def idle(window: Any) -> None:
    wait(window, lambda: not window.worker.busy)
    window.root.update()


@pytest.fixture
def faces() -> Faces:
    return Faces("Ann", None)


@pytest.fixture(params=["en", "zh_TW"])
def window(display: None, faces: Faces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Any]:
    from whosthat.desktop.main_window import MainWindow

    monkeypatch.setattr(viewing, "load", lambda _path: faces)
    for name in ("1.png", "2.png"):
        save_image(np.full((200, 300, 3), 90, np.uint8), tmp_path / name)
    use(request.param)
    try:
        with collected_here():
            window = MainWindow(new_root(), Path("bundle"))
            KEPT.append(window)
            window.viewer.open_photo(tmp_path / "1.png")
            idle(window)
            yield window
            window.close()
    finally:
        use("en")


def click(window: Any, x: float, y: float) -> None:
    window.photo.event_generate("<Button-1>", x=round(x), y=round(y))
    window.root.update()


def middle(window: Any, face: int) -> tuple[float, float]:
    left, top, right, bottom = window.photo.boxes[face]
    return (left + right) / 2, (top + bottom) / 2


def press(window: Any, *keys: str) -> None:
    for key in keys:
        if window.root.focus_get() is None:
            window.root.focus_force()
            window.root.update()
        window.root.focus_get().event_generate(key)
        window.root.update()


def bars(window: Any) -> list[str]:
    return [window.panel.bars.itemcget(item, "text") for item in window.panel.bars.find_all() if window.panel.bars.type(item) == "text"]


def outlines(window: Any) -> list[tuple[float, bool]]:
    """Width of each face's box, and whether it is dashed."""
    canvas = window.photo
    boxes = [item for item in canvas.find_withtag("box") if canvas.type(item) == "rectangle" and not canvas.itemcget(item, "fill")]
    return [(float(canvas.itemcget(item, "width")), bool(canvas.itemcget(item, "dash"))) for item in boxes[1::2]]


def test_the_unknown_are_dashed_and_a_click_chooses_a_face_and_shows_its_bars(window: Any) -> None:
    assert [dashed for _width, dashed in outlines(window)] == [False, True]
    click(window, *middle(window, 0))
    assert (window.viewer.state.face, window.panel.headline.cget("text")) == (0, "Ann")
    assert bars(window)[:2] == ["Ann", "80 %"] or bars(window)[:2] == ["Ann", "80%"]
    click(window, *middle(window, 1))
    assert window.viewer.state.face == 1
    assert outlines(window)[1][0] > outlines(window)[0][0]
    assert bars(window)[0] == "Bo"
    click(window, 3, 3)
    assert window.viewer.state.face is None


def test_a_face_is_named_by_keys_alone(window: Any, faces: Faces, tmp_path: Path) -> None:
    press(window, "<Down>", "<Down>")
    assert window.viewer.state.face == 1
    press(window, "<Control-n>", "<D>", "<e>", "<e>", "<Left>", "<Right>")
    assert window.panel.name.get() == "Dee"
    assert window.viewer.state.picture.path.name == "1.png"  # the arrow keys moved in the text
    press(window, "<Return>")
    idle(window)
    faces.people.add.assert_called_once_with("Dee", tmp_path / "1.png", face=2, anyway=False)
    assert "Dee" in window.status.cget("text")
    press(window, "<Escape>", "<Right>")
    wait(window, lambda: window.viewer.state.picture.path.name == "2.png")
    assert window.panel.name.get() == ""  # a name written for one photo is not offered for the next


def test_a_wrong_name_is_taken_back_by_its_button(window: Any, faces: Faces, tmp_path: Path) -> None:
    button = window.panel.not_them
    assert button.instate(["disabled"])
    click(window, *middle(window, 1))
    assert button.instate(["disabled"])
    click(window, *middle(window, 0))
    assert button.instate(["!disabled"])
    assert "Ann" in button.cget("text")
    button.focus_force()
    press(window, "<Return>")
    idle(window)
    faces.people.rule_out.assert_called_once_with("Ann", tmp_path / "1.png")
    assert [dashed for _width, dashed in outlines(window)] == [True, True]


def test_photos_of_a_person_are_chosen_in_a_dialog(window: Any, faces: Faces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Mock(return_value=(str(tmp_path / "1.png"), str(tmp_path / "2.png")))
    monkeypatch.setattr("whosthat.desktop.main_window.filedialog.askopenfilenames", asked)
    window.panel.add_more.invoke()
    assert not asked.called  # who?
    assert window.viewer.state.failed
    window.panel.name.set("Dee")
    window.panel.add_more.invoke()
    idle(window)
    assert "Dee" in asked.call_args.kwargs["title"]
    faces.people.add.assert_called_once_with("Dee", [str(tmp_path / "1.png"), str(tmp_path / "2.png")])


def test_the_picture_is_saved_where_the_dialog_says(window: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Mock(return_value=str(tmp_path / "named.jpg"))
    monkeypatch.setattr("whosthat.desktop.main_window.filedialog.asksaveasfilename", asked)
    window.toolbar["save"].invoke()
    idle(window)
    assert asked.call_args.kwargs["initialfile"] == "1-named.jpg"
    assert (tmp_path / "named.jpg").stat().st_size > 1000


def test_a_run_is_chosen_from_the_list(window: Any, tmp_path: Path) -> None:
    runs = tuple(RunSummary(tmp_path / name, "finished", "faces", accuracy, None) for name, accuracy in (("b-2", 0.96), ("a-1", None)))
    window.viewer._show(runs=runs)
    assert [str(value)[:3] for value in window.panel.runs["values"]] == ["b-2", "a-1"]
    assert "96" in window.panel.runs["values"][0]
    window.panel.runs.current(1)
    window.panel.runs.event_generate("<<ComboboxSelected>>")
    idle(window)
    assert window.viewer.state.bundle == tmp_path / "a-1"
    assert window.panel.runs.get() == "a-1"


def test_every_button_and_field_is_reached_by_tab(window: Any) -> None:
    click(window, *middle(window, 0))
    window.photo.focus_force()
    window.root.update()
    seen = []
    for _ in range(30):
        press(window, "<Tab>")
        seen.append(window.root.focus_get())
    panel = window.panel
    for widget in (*window.toolbar.values(), window.photo, panel.runs, panel.name, panel.add_face, panel.not_them, panel.add_more):
        assert widget in seen, widget


def test_a_camera_that_is_not_there_gets_a_sentence_and_the_photo_stays(window: Any) -> None:
    before = window.viewer.state.picture
    window.toolbar["camera"].invoke()
    idle(window)
    assert str(window.status.cget("style")).startswith("Alarm")
    assert window.viewer.state.picture is before
    assert not window.viewer.state.watching


@pytest.mark.parametrize("size", ["1000x680", "640x600"])
def test_nothing_is_cut_off(window: Any, size: str) -> None:
    look = window.look
    width, height = (look.px(int(side)) for side in size.split("x"))
    window.root.geometry(f"{width}x{height}")
    click(window, *middle(window, 0))
    window.viewer.tell("x" * 60)
    wait(window, lambda: window.root.winfo_width() == width)
    window.root.update()
    panel = window.panel
    right, bottom = window.root.winfo_rootx() + width, window.root.winfo_rooty() + height
    for widget in (*window.toolbar.values(), panel.runs, panel.name, panel.add_face, panel.not_them, panel.add_more, window.status):
        assert widget.winfo_viewable()
        assert widget.winfo_rootx() + widget.winfo_width() <= right
        assert widget.winfo_rooty() + widget.winfo_height() <= bottom
        assert widget.winfo_height() >= min(widget.winfo_reqheight(), look.px(24))
    for widget in (*window.toolbar.values(), panel.add_face, panel.not_them, panel.add_more):
        assert widget.winfo_width() >= widget.winfo_reqwidth(), widget.cget("text")
    assert len(bars(window)) >= 2


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_every_kind_are_shown_whole_or_cut_and_move_nothing(window: Any, faces: Faces, name: str) -> None:
    faces.names = [name, None]
    window.viewer.open_bundle(Path("other"))
    idle(window)
    click(window, *middle(window, 0))
    window.root.update()
    headline = window.panel.headline.cget("text")
    assert headline.startswith(name[:2]) or headline.startswith("\\u202e")
    for text in (headline, *window.panel.name["values"], window.panel.detail.cget("text"), *bars(window), window.status.cget("text")):
        assert not set(str(text)) & set("\u202e\u202c\u200f"), text
    assert window.panel.winfo_width() <= window.look.px(340)
    assert window.panel.headline.winfo_reqheight() <= 3 * window.look.headline.metrics("linespace")
    assert (
        window.panel.add_more.winfo_rooty() + window.panel.add_more.winfo_height() <= window.root.winfo_rooty() + window.root.winfo_height()
    )
    assert window.panel.not_them.winfo_reqwidth() <= window.look.px(170)
