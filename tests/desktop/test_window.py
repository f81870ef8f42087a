"""The window on a real or a virtual screen."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from whosthat.cli.app import main
from whosthat.desktop import viewer as viewing
from whosthat.desktop.window import new_root
from whosthat.desktop.worker import collected_here
from whosthat.errors import BundleError, DesktopError
from whosthat.photos.drawing import save_image
from whosthat.translation import language
from whosthat.types import Box, Sighting

CONTROL = "Command" if sys.platform == "darwin" else "Control"
RED = (200, 30, 30)

KEPT: list[Any] = []
"""Every window of these tests: one that goes in a thread of a later test would end the process."""


class Fake:
    """Names red photos, and nothing else."""

    labels = ("red", "blue")
    people = Mock(**{"list.side_effect": BundleError("A network has no gallery.")})

    def identify(self, photo: Any) -> list[Sighting]:
        known = photo[0, 0, 0] > 100
        box = Box(1, 1, 5, 5)
        return [Sighting("red" if known else None, 0.75, "blue", 0.25, box, {"red": 0.75, "blue": 0.25})]


def texts(widget: Any) -> Iterator[str]:
    """Every text of a widget and of those inside it."""
    if "text" in widget.keys():  # noqa: SIM118  a widget is no dictionary
        yield str(widget.cget("text"))
    elif widget.winfo_class() == "Canvas":
        yield from (widget.itemcget(item, "text") for item in widget.find_all() if widget.type(item) == "text")
    for child in widget.winfo_children():
        yield from texts(child)


@pytest.fixture
def window(display: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from whosthat.desktop.main_window import MainWindow

    monkeypatch.setattr(viewing, "load", lambda _path: Fake())
    with collected_here():
        window = MainWindow(new_root(), Path("bundle"))
        KEPT.append(window)
        wait(window, lambda: window.viewer.state.bundle is not None)
        yield window
        window.close()


def wait(window: Any, until: Callable[[], bool]) -> None:
    """Run the event loop until something is true."""
    end = time.monotonic() + 120
    while not until():
        assert time.monotonic() < end, window.viewer.state
        window.root.update()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    for name, colour in (("1.png", RED), ("2.png", (0, 0, 90))):
        save_image(np.full((20, 30, 3), colour, np.uint8), tmp_path / name)
    (tmp_path / "3.jpg").write_bytes(b"no photo")
    return tmp_path / "1.png"


def open_in(window: Any, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Choose a photo in the dialog, as Ctrl+O does."""
    from whosthat.desktop import main_window

    monkeypatch.setattr(main_window.filedialog, "askopenfilename", lambda **_options: str(photo))
    window.choose_photo()
    wait(window, lambda: not window.worker.busy)
    window.root.update()


def press(window: Any, *keys: str) -> None:
    """Press keys in the window that has the focus."""
    window.root.focus_force()
    window.root.update()
    for key in keys:
        window.root.focus_get().event_generate(key)
        window.root.update()


def colour_in_the_middle(window: Any) -> tuple[int, int, int]:
    pixels = window.photo._pixels
    return tuple(pixels.get(pixels.width() // 2, pixels.height() // 2))


def test_a_chosen_photo_is_seen_and_named(window: Any, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_in(window, photo, monkeypatch)
    assert colour_in_the_middle(window) == RED
    assert window.panel.headline.cget("text") == "red"
    drawn = [window.panel.bars.itemcget(item, "text") for item in window.panel.bars.find_all() if window.panel.bars.type(item) == "text"]
    assert drawn == ["red", "75 %", "blue", "25 %"]
    labels = [window.photo.itemcget(item, "text") for item in window.photo.find_all() if window.photo.type(item) == "text"]
    assert labels == ["red"]


def test_a_stranger_is_unknown_and_looks_so(window: Any, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_in(window, photo.with_name("2.png"), monkeypatch)
    assert window.panel.headline.cget("text") == "Unknown"
    assert str(window.panel.headline.cget("style")).startswith("Unknown")


def test_errors_are_shown_in_the_window(window: Any, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_in(window, photo.with_name("3.jpg"), monkeypatch)
    assert "3.jpg" in window.status.cget("text")
    assert str(window.status.cget("style")).startswith("Alarm")
    assert window.panel.headline.cget("text") == ""


def test_arrow_keys_show_the_next_photo(window: Any, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_in(window, photo, monkeypatch)
    window.root.focus_force()
    window.root.update()
    window.root.event_generate("<Right>")
    wait(window, lambda: window.viewer.state.message.startswith("2.png  (2 of 3)"))
    window.root.event_generate("<Left>")
    wait(window, lambda: window.viewer.state.message.startswith("1.png"))


@pytest.mark.parametrize(
    ("key", "dialog"),
    [("o", "askopenfilename"), ("O", "askopenfilename"), ("d", "askdirectory"), ("b", "askdirectory"), ("s", "asksaveasfilename")],
)
def test_keys_open_the_dialogs(window: Any, photo: Path, key: str, dialog: str, monkeypatch: pytest.MonkeyPatch) -> None:
    open_in(window, photo, monkeypatch)
    asked: list[dict[str, Any]] = []
    for name in ("askopenfilename", "askdirectory", "asksaveasfilename"):
        monkeypatch.setattr(f"whosthat.desktop.main_window.filedialog.{name}", lambda name=name, **options: asked.append({name: options}))
    press(window, f"<{CONTROL}-{key}>")
    assert [list(one) for one in asked] == [[dialog]]


def test_the_photo_grows_with_the_window_and_keeps_its_shape(window: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_image(np.full((600, 900, 3), RED, np.uint8), tmp_path / "large.png")
    open_in(window, tmp_path / "large.png", monkeypatch)
    before = window.photo._pixels.width()
    window.root.geometry(f"{window.root.winfo_width() + 90}x{window.root.winfo_height() + 60}")
    wait(window, lambda: window.photo._pixels.width() > before)
    assert window.photo._pixels.width() / window.photo._pixels.height() == pytest.approx(1.5, abs=0.01)


def test_the_recogniser_can_be_swapped(window: Any, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from whosthat.desktop import main_window

    monkeypatch.setattr(main_window.filedialog, "askdirectory", lambda **_options: "other bundle")
    window.choose_bundle()
    wait(window, lambda: window.viewer.state.bundle == Path("other bundle"))
    assert window.panel.runs.get() == "other bundle"


def test_a_closed_dialog_changes_nothing(window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from whosthat.desktop import main_window

    monkeypatch.setattr(main_window.filedialog, "askopenfilename", lambda **_options: ())
    monkeypatch.setattr(main_window.filedialog, "askdirectory", lambda **_options: "")
    before = window.viewer.state
    window.choose_photo()
    window.choose_bundle()
    assert window.viewer.state == before


def test_a_mistake_in_the_program_is_shown_and_does_not_end_it(window: Any) -> None:
    window.root.after(1, lambda: 1 / 0)
    wait(window, lambda: window.viewer.state.failed)
    assert "ZeroDivisionError" in window.status.cget("text")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a screen")
def test_without_a_screen_one_line_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tkinter")
    monkeypatch.delenv("DISPLAY", raising=False)
    assert main(["desktop"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("Error: The window cannot open: there is no screen")
    assert told.count("\n") == 1


def test_without_tk_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tkinter", None)
    with pytest.raises(DesktopError, match="this Python has no Tk"):
        new_root()


@pytest.mark.usefixtures("marked")
def test_every_word_in_the_window_is_translated(window: Any, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_in(window, photo.with_name("2.png"), monkeypatch)
    told = [text for text in texts(window.root) if text not in ("", "red", "blue", "◀", "▶")]
    assert "漢unknown" in told
    assert [text for text in told if not text.startswith("漢")] == []


@pytest.mark.usefixtures("marked")
def test_dialogs_are_translated(window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from whosthat.desktop import main_window

    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(main_window.filedialog, "askopenfilename", lambda **options: asked.append(options))
    monkeypatch.setattr(main_window.filedialog, "askdirectory", lambda **options: asked.append(options))
    window.choose_photo()
    window.choose_bundle()
    assert [options["title"][0] for options in asked] == ["漢", "漢"]
    assert [name for name, _patterns in asked[0]["filetypes"]] == ["漢Photos", "漢All files"]


@pytest.mark.usefixtures("marked")
def test_a_font_for_chinese_stands_first(window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from whosthat.desktop import style

    known = style._first_of(style._FAMILIES, window.root)
    if known is None:
        pytest.skip("this screen has none of the usual fonts")
    monkeypatch.setattr(style, "_FAMILIES", ("No such family",))
    monkeypatch.setattr(style, "_CHINESE", ("No such family", known))
    assert style.can_show_chinese(window.root)
    assert style.apply_look(window.root).text.actual("family") == known


def test_without_a_font_for_chinese_the_window_speaks_english(
    marked: None, display: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from whosthat.desktop import main_window, style
    from whosthat.desktop import window as opening

    monkeypatch.setattr(style, "_CHINESE", ())
    monkeypatch.setattr(main_window, "MainWindow", lambda root, _bundle, _runs: root.after(1, root.destroy))
    opening.open_window()
    assert capsys.readouterr().err == f"漢{opening.NO_FONT}\n"
    assert language() == "en"
