"""Opens the window, or says why it cannot. Tk is imported here and in what this imports, never at the command line's start."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from whosthat.desktop.worker import collected_here
from whosthat.errors import DesktopError
from whosthat.translation import N_, _, language, use

if TYPE_CHECKING:
    import tkinter

NO_TK = N_(
    "The window cannot open: this Python has no Tk. On Debian and Ubuntu: apt install python3-tk. On macOS "
    "with Homebrew: brew install python-tk. The Windows installer of Python brings it."
)
NO_SCREEN = N_("The window cannot open: there is no screen ({reason}). Open it from a desktop, or use whosthat predict.")
NO_FONT = N_("The window speaks English: no font here can show Chinese. Install one, such as Noto Sans CJK (package fonts-noto-cjk).")


def open_window(bundle: Path | None = None, runs: Path = Path("runs")) -> None:
    """Open the window, with a bundle, a run's folder or else the newest of ``runs`` to begin with, and return when it is closed.

    Where it has no font for the language, this process speaks English from now on.
    """
    root = new_root()
    from whosthat.desktop.main_window import MainWindow
    from whosthat.desktop.style import can_show_chinese

    if language() != "en" and not can_show_chinese(root):
        sys.stderr.write(f"{_(NO_FONT)}\n")
        use("en")
    with collected_here():
        window = MainWindow(root, bundle, runs)
        root.mainloop()
        del root, window  # so that they go here, and in this thread


def new_root() -> tkinter.Tk:
    """Return Tk's root window; `DesktopError` where there is no Tk or no screen."""
    try:
        import tkinter
    except ImportError as error:
        raise DesktopError(NO_TK) from error
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.shcore.SetProcessDpiAwareness(1)  # we draw at the screen's own resolution; other systems assume it
    try:
        return tkinter.Tk(className="Whosthat")
    except tkinter.TclError as error:
        raise DesktopError(NO_SCREEN, reason=error) from error
