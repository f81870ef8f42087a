"""A font that can draw a name, whatever its script.

What belongs here: finding fonts on this machine and choosing the one that has a text's characters. What does not: drawing. Nothing is
downloaded; without any fitting font Pillow's own is used, which draws boxes for what it lacks.
"""

from __future__ import annotations

import importlib.util
import os
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from PIL import ImageFont

from whosthat.translation import _

# Where Linux and macOS keep fonts for Chinese, Japanese and Korean, those made for Taiwan first; the first that exists is enough.
_CJK_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/STHeiti Medium.ttc",
    "/System/Library/Fonts/Hiragino Sans GB.ttc",
    "/System/Library/Fonts/AppleSDGothicNeo.ttc",
)
_WINDOWS_FONTS = ("msjh.ttc", "msyh.ttc", "YuGothM.ttc", "malgun.ttf", "simsun.ttc")
_CHINESE = "臺灣體驗"  # written otherwise in China and Japan
_NO_CHARACTER = "\uffff"  # never assigned, so every font draws its sign for "missing"

Font: TypeAlias = "ImageFont.FreeTypeFont | ImageFont.ImageFont"


def font_for(text: str, size: int) -> Font:
    """Return the font, with letters of a height in pixels, that has the most of a text's characters; of several the first, Latin first."""
    fonts = [_load(file, size) for file in (*font_files(), None)]
    best: Font = min(fonts, key=lambda font: sum(not _has(font, character) for character in set(text)))
    return best


def can_draw(text: str) -> bool:
    """Say whether some font on this machine has every character of a text."""
    font = font_for(text, 16)
    return all(_has(font, character) for character in text)


def drawable(message: str) -> str:
    """Translate a text that is marked with `N_`; where no font on this machine has its characters, it stays English.

    Example:
        >>> drawable("unknown")
        'unknown'
    """
    translated = _(message)
    return translated if can_draw(translated) else message


def no_chinese_font() -> str:
    """Say what to install where no font on this machine can draw Chinese; empty where one can."""
    if can_draw(_CHINESE):
        return ""
    return _(
        "No font here can draw Chinese: charts are in English, and Chinese names are boxes. Install one, such as Noto Sans CJK "
        "(package fonts-noto-cjk)."
    )


@lru_cache(maxsize=1)
def font_files() -> tuple[str, ...]:
    """Return the files of the fonts that are here, Latin first."""
    windows = Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts"
    candidates = [*_matplotlib_font(), *map(Path, _CJK_FONTS), *(windows / name for name in _WINDOWS_FONTS)]
    return tuple(str(file) for file in candidates if file.is_file())


def _matplotlib_font() -> list[Path]:
    """DejaVu Sans Bold comes with matplotlib; finding the file does not import the package."""
    found = importlib.util.find_spec("matplotlib")
    places = found.submodule_search_locations if found else None
    return [Path(place) / "mpl-data" / "fonts" / "ttf" / "DejaVuSans-Bold.ttf" for place in places or ()]


@lru_cache(maxsize=64)
def _load(file: str | None, size: int) -> Font:
    font: Font = ImageFont.load_default(size) if file is None else ImageFont.truetype(file, size)
    return font


@lru_cache(maxsize=4096)
def _has(font: Font, character: str) -> bool:
    if character.isspace():
        return True
    drawn, missing = font.getmask(character), font.getmask(_NO_CHARACTER)
    return drawn.size != missing.size or bytes(drawn) != bytes(missing)
