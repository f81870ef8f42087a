"""Figures, colours and fonts, and turning a figure into PNG or inline SVG: no pyplot, no window, nothing that outlives the picture."""

from __future__ import annotations

import functools
import html
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from typing import Any

from whosthat.photos.lettering import font_files, no_chinese_font
from whosthat.translation import _, language, using

BASE_FONT = "DejaVu Sans"
"""The font that matplotlib brings along."""

LONGEST_NAME = 22
"""A class name wider than this (`width_of`) is shortened in a picture; tables hold it whole."""

DPI = 110

PNG_EFFORT = 2
"""How hard zlib tries, 1 to 9: at 2, files are a tenth larger than at 6, the usual, and encoded in a third of the time."""


@dataclass(frozen=True, slots=True)
class Inks:
    """The colours of a drawing, each by its part; muted are axes and words that matter less, soft is a light filling."""

    paper: str
    ink: str
    muted: str
    line: str
    soft: str
    train: str
    validation: str
    good: str
    bad: str


PRINT = Inks("#ffffff", "#1c2127", "#667079", "#dde1e6", "#eef2f7", "#7a8794", "#1f6feb", "#12805c", "#c2410c")
"""For PNG files: dark on white."""

THEMED = Inks("#a10001", "#a10002", "#a10003", "#a10004", "#a10005", "#a10006", "#a10007", "#a10008", "#a10009")
"""For inline SVG: place holders that `svg` turns into CSS variables of the same names, ``var(--ink)`` and so on."""


def new_figure(width: float, height: float, inks: Inks) -> Any:
    """Return an empty matplotlib ``Figure``, its size in inches: 1 inch is 72 units of the SVG and `DPI` pixels of the PNG."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), facecolor=inks.paper, layout="constrained")


@contextmanager
def style(inks: Inks) -> Iterator[None]:
    """Set fonts, colours and a language that can be drawn for everything that is drawn inside, and the old ones afterwards."""
    import matplotlib

    settings: dict[str, Any] = {
        "font.family": list(_families()),
        "font.size": 9.5,
        "text.color": inks.ink,
        "text.parse_math": False,  # a class may be called "$5"
        "axes.facecolor": "none",
        "axes.titlesize": 11,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        **dict.fromkeys(("axes.edgecolor", "xtick.color", "ytick.color", "grid.color"), inks.line),
        **dict.fromkeys(("axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor"), inks.muted),
        "grid.linewidth": 0.7,
        "legend.frameon": False,
        "svg.fonttype": "none",
        "svg.hashsalt": "whosthat",
    }
    with matplotlib.rc_context(settings), using(picture_language()):
        yield


def picture_language() -> str:
    """Return the language of the words in pictures: the current one, or English where no font on this machine can draw it."""
    spoken = language()
    return "en" if spoken != "en" and no_chinese_font() else spoken


def sentence_of(parts: Iterable[str]) -> str:
    """Return the parts of a description as one sentence."""
    return _("{parts}.", parts=_("; ").join(parts))


def drawn(size: tuple[float, float], inks: Inks, save: Callable[[Any], Any], draw: Any, *what: Any) -> Any:
    """Return what ``save`` (`png`, or `svg` with its words) makes of a figure on whose only axes ``draw`` has drawn."""
    with style(inks):
        figure = new_figure(*size, inks)
        draw(figure.add_subplot(), *what, inks)
        return save(figure)


def png(figure: Any) -> bytes:
    """Return a figure as a PNG on its own paper, so that it can be read on any background."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None}, pil_kwargs={"compress_level": PNG_EFFORT})
    return buffer.getvalue()


def svg_file(figure: Any) -> bytes:
    """Return a figure that was drawn with `PRINT` inks as a whole SVG file, on its own paper."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Type": None, "Format": None})
    # Which further fonts this computer has says nothing about the one where the file is shown.
    return re.sub(r"font-family: [^;\"]*", f"font-family: '{BASE_FONT}', sans-serif", buffer.getvalue()).encode()


def svg(figure: Any, name: str, title: str, description: str) -> str:
    """Return a figure that was drawn with `THEMED` inks as an ``<svg>`` element to stand inside HTML.

    The name, which no other picture of the page has, keeps ids apart; title and description are for screen readers.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None, "Type": None, "Format": None})
    drawing = buffer.getvalue()
    drawing = drawing[drawing.index("<svg") :]
    drawing = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r"font-family: [^;\"]*; ?", "", drawing).replace("xlink:href", "href")  # the page's own letters
    for field, placeholder in zip(fields(THEMED), astuple(THEMED), strict=True):
        drawing = drawing.replace(placeholder, f"var(--{field.name})")
    drawing = re.sub(r'(\bid="|="#|url\(#)', rf"\1{name}-", drawing)
    width, height = (round(inches * 72) for inches in figure.get_size_inches())
    ids = f"{name}-title", f"{name}-words"
    box, labels = f"0 0 {width} {height}", " ".join(ids)
    head = f'<svg class="drawing" viewBox="{box}" role="img" aria-labelledby="{labels}">'  # not translated: SVG
    words = f'<title id="{ids[0]}">{html.escape(title)}</title><desc id="{ids[1]}">{html.escape(description)}</desc>'  # not translated: SVG
    return head + words + drawing[drawing.index(">") + 1 :]


def inline(size: tuple[float, float], words: tuple[str, str, str], draw: Any, *what: Any) -> Any:
    """Draw an ``<svg>`` element for a page; ``words`` are name, title and description as of `svg`.

    It is safe there as it is: made of numbers and our own words, and whatever else is written in it is escaped.
    """
    from markupsafe import Markup

    return Markup(drawn(size, THEMED, lambda figure: svg(figure, *words), draw, *what))  # noqa: S704 - see above


def drawable(name: str) -> str:
    """Return a name as it can be drawn: shortened, and with a box for every character that no font here has.

    Example:
        >>> drawable("Robert Downey junior, actor and producer")
        'Robert Downey junior…'
    """
    short = name[:LONGEST_NAME]
    if name != short or _at_most(name) > LONGEST_NAME:
        while _at_most(short) >= LONGEST_NAME:
            short = short[:-1]
        short = short.rstrip() + "…"
    return boxed(short)


def boxed(words: str) -> str:
    """Return words with a box for every character that no font here has: words that come from elsewhere, in whichever language."""
    known = _characters()
    return "".join(letter if ord(letter) in known and letter.isprintable() else "□" for letter in words)


def width_of(text: str) -> int:
    """Return how wide a text is, in letters; a Chinese character is as wide as two.

    Example:
        >>> width_of("Ann"), width_of("安安")
        (3, 4)
    """
    return sum(2 if is_wide(letter) else 1 for letter in text)


def _at_most(name: str) -> float:
    """Return how wide a name may become, in letters: the widest of them count twice, other large ones a third more."""
    return sum(2 if is_wide(letter) or letter in "WMm@%" else 4 / 3 if letter in "w<>+=~#&" or letter.isupper() else 1 for letter in name)


def is_wide(letter: str) -> bool:
    """Tell whether a letter takes twice the room of a Latin one."""
    return unicodedata.east_asian_width(letter) in "WF"


@functools.cache
def _families() -> tuple[str, ...]:
    """The fonts to draw with, each filling in what the ones before it lack."""
    from matplotlib.font_manager import FontProperties, fontManager

    families = [BASE_FONT]
    for file in font_files():
        family = FontProperties(fname=file).get_name()
        if family not in families:
            families.append(family)
            fontManager.addfont(file)  # matplotlib's own list of fonts may be older than the font
    return tuple(families)


@functools.cache
def _characters() -> frozenset[int]:
    """Every character that `_families` can draw."""
    from matplotlib.font_manager import findfont, get_font

    return frozenset().union(*(get_font(findfont(family)).get_charmap() for family in _families()))
