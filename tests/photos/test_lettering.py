import subprocess
import sys

import pytest
from PIL import ImageFont

from whosthat.photos import lettering


def test_latin_and_cyrillic_come_from_the_first_font():
    for text in ("Zoë", "Ångström", "Чехов"):
        assert "DejaVu" in lettering.font_for(text, 20).getname()[0]


def test_without_any_font_file_pillows_own_is_used(monkeypatch):
    monkeypatch.setattr(lettering, "font_files", tuple)
    assert not lettering.can_draw("鋼鐵人")
    assert lettering.font_for("鋼鐵人", 12).getname() == ImageFont.load_default(12).getname()


def test_a_font_knows_what_it_lacks():
    font = ImageFont.load_default(20)
    assert lettering._has(font, "a")
    assert not lettering._has(font, "鋼")


@pytest.mark.skipif(len(lettering.font_files()) < 2, reason="no font for Chinese, Japanese and Korean on this machine")
def test_chinese_names_get_a_font_that_has_them():
    assert lettering._has(lettering.font_for("鋼鐵人", 20), "鋼")
    assert lettering.can_draw("鋼鐵人")


@pytest.mark.parametrize(("is_there", "drawn"), [(True, "未知"), (False, "unknown")])
def test_a_translation_that_no_font_has_gives_way_to_english(is_there, drawn, monkeypatch):
    monkeypatch.setattr(lettering, "_", {"unknown": "未知"}.get)
    monkeypatch.setattr(lettering, "can_draw", lambda text: is_there)
    assert lettering.drawable("unknown") == drawn


def test_finding_fonts_does_not_import_matplotlib():
    code = "import sys; from whosthat.photos.lettering import font_for; font_for('a', 9); sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_a_font_for_chinese_one_is_named(monkeypatch):
    monkeypatch.setattr(lettering, "font_files", tuple)
    assert "Install one, such as Noto Sans CJK" in lettering.no_chinese_font()
    monkeypatch.setattr(lettering, "can_draw", lambda text: True)
    assert lettering.no_chinese_font() == ""
