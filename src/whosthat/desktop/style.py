"""How the window looks: colours, fonts and the ttk theme, each in one place."""

from __future__ import annotations

import tkinter
from collections.abc import Sequence
from dataclasses import dataclass
from tkinter import font, ttk

from whosthat.translation import language

PAPER, PANEL, INK, SOFT, LINE = "#eef1f4", "#ffffff", "#1b2733", "#5c6b7a", "#d5dce3"
ACCENT, ACCENT_DARK, UNKNOWN, ALARM = "#0b7a75", "#085c58", "#9a5b00", "#b3261e"
STAGE = "#1f2830"
"""The dark ground that the photo lies on."""
FAINT = "#a9b6c2"
"""Words on it."""
TRACK = "#e3e8ed"
"""The empty part of a bar."""

_FAMILIES = ("Segoe UI", "SF Pro Text", "Helvetica Neue", "Inter", "Noto Sans", "Cantarell", "Ubuntu", "DejaVu Sans")
_CHINESE = (
    *("Noto Sans CJK TC", "Noto Sans TC", "Source Han Sans TC", "Microsoft JhengHei UI", "Microsoft JhengHei", "PingFang TC", "Heiti TC"),
    *("WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Noto Sans CJK SC", "Noto Sans CJK JP", "Droid Sans Fallback"),
    *("AR PL UMing TW", "AR PL UKai TW"),
)
"""Families that have the characters of Taiwan, the best first."""


@dataclass(frozen=True)
class Look:
    """What depends on the screen: the fonts of running text, details and the name."""

    pixel: float
    """Screen pixels for one pixel of a 96-dpi screen, 1 or more."""
    text: font.Font
    small: font.Font
    headline: font.Font

    def px(self, length: float) -> int:
        """Return a length in pixels of a 96-dpi screen as pixels of this one."""
        return round(length * self.pixel)


def can_show_chinese(root: tkinter.Tk) -> bool:
    """Say whether there is a font with the characters of Taiwan that windows can use."""
    return _first_of(_CHINESE, root) is not None


def _first_of(families: Sequence[str], root: tkinter.Tk) -> str | None:
    known = set(font.families(root))
    return next((name for name in families if name in known), None)


def apply_look(root: tkinter.Tk) -> Look:
    """Dress a new window: theme, fonts and colours."""
    families = (*_CHINESE, *_FAMILIES) if language() == "zh_TW" else _FAMILIES
    family = _first_of(families, root) or font.nametofont("TkDefaultFont", root).actual("family")
    look = Look(
        pixel=max(1.0, root.winfo_fpixels("1i") / 96),
        text=font.Font(root, family=family, size=10),
        small=font.Font(root, family=family, size=9),
        headline=font.Font(root, family=family, size=20, weight="bold"),
    )
    for name in ("TkDefaultFont", "TkTextFont", "TkMenuFont"):
        font.nametofont(name, root).configure(family=family, size=10)
    _style_widgets(root, look)
    root.configure(background=PAPER)
    return look


def _style_widgets(root: tkinter.Tk, look: Look) -> None:
    style = ttk.Style(root)
    style.theme_use("clam")
    style.configure(".", background=PANEL, foreground=INK, font=look.text, bordercolor=LINE, lightcolor=PANEL, darkcolor=PANEL)
    style.configure("TLabel", padding=0, borderwidth=0)
    style.configure("Paper.TFrame", background=PAPER)
    style.configure("Headline.TLabel", font=look.headline)
    style.configure("Unknown.Headline.TLabel", foreground=UNKNOWN)
    style.configure("Detail.TLabel", foreground=SOFT)
    style.configure("Status.TLabel", background=PAPER, foreground=SOFT, font=look.small)
    style.configure("Alarm.Status.TLabel", foreground=ALARM)
    style.configure("Small.TLabel", foreground=SOFT, font=look.small)
    padding = (look.px(12), look.px(8))
    style.configure("TButton", padding=padding, background=PAPER, relief="flat", focuscolor=ACCENT)
    style.map("TButton", background=[("pressed", LINE), ("active", TRACK)])
    style.configure("Main.TButton", background=ACCENT, foreground="#ffffff", bordercolor=ACCENT, lightcolor=ACCENT, darkcolor=ACCENT)
    style.map(
        "Main.TButton",
        bordercolor=[("disabled", PAPER)],
        background=[("disabled", PAPER), ("pressed", ACCENT_DARK), ("active", ACCENT_DARK)],
        foreground=[("disabled", SOFT)],
    )
    style.configure("Bar.TButton", padding=(look.px(10), look.px(6)), background=PANEL, width=0)
    style.configure(
        "TCombobox", padding=(look.px(6), look.px(6)), fieldbackground=PANEL, background=PAPER, arrowcolor=SOFT, arrowsize=look.px(14)
    )
    style.map("TCombobox", fieldbackground=[("readonly", PANEL)], bordercolor=[("focus", ACCENT)], foreground=[("disabled", SOFT)])
    style.map("TCombobox", selectbackground=[("readonly", PANEL)], selectforeground=[("readonly", INK)])
    root.option_add("*TCombobox*Listbox.font", look.text)
    root.bind_class("TButton", "<Return>", lambda event: event.widget.event_generate("<space>"))
