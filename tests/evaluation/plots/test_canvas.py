import xml.etree.ElementTree as ET
from dataclasses import astuple

import matplotlib as mpl
from matplotlib.font_manager import findfont
from PIL import ImageFont

from whosthat.evaluation.plots import canvas


def drawing(name: str = "one") -> str:
    with canvas.style(canvas.THEMED):
        figure = canvas.new_figure(2, 2, canvas.THEMED)
        figure.add_subplot().plot([1, 2], [3, 4], color=canvas.THEMED.good)
        return canvas.svg(figure, name, "A <title>", 'with "words"')


def test_an_inline_drawing_is_whole_described_and_coloured_by_the_page():
    element = ET.fromstring(drawing())
    assert element.tag == "svg"
    assert element.get("aria-labelledby") == "one-title one-words"
    assert (element[0].text, element[1].text) == ("A <title>", 'with "words"')
    assert "var(--good)" in drawing()
    assert not any(placeholder in drawing() for placeholder in astuple(canvas.THEMED))


def test_an_inline_drawing_brings_no_style_font_or_address():
    assert not any(word in drawing() for word in ("<style", "font-family", "http", "<metadata"))


def test_two_drawings_on_one_page_share_no_id():
    one, other = ({node.get("id") for node in ET.fromstring(drawing(name)).iter()} - {None} for name in ("one", "other"))
    assert one
    assert not one & other


def test_the_same_drawing_is_the_same_text():
    assert drawing() == drawing()


def test_drawing_leaves_the_settings_of_matplotlib_alone():
    before = dict(mpl.rcParams)
    drawing()
    assert dict(mpl.rcParams) == before


def test_a_name_is_shortened_and_what_no_font_has_becomes_a_box():
    assert canvas.drawable("x" * 200) == "x" * (canvas.LONGEST_NAME - 1) + "…"
    assert canvas.drawable("a\x00b\n\udcff\U000e0041") == "a□b□□□"


def test_no_name_is_drawn_wider_than_its_place():
    letters = ImageFont.truetype(findfont(canvas.BASE_FONT), 100)
    widths = {letter: letters.getlength(canvas.drawable(letter * 255)) / 100 for letter in "WM@mQ%ABCOGwx0_<"}
    assert max(widths.values()) <= 14.5, widths
    assert canvas.drawable("x" * canvas.LONGEST_NAME) == "x" * canvas.LONGEST_NAME


def test_without_a_font_for_them_chinese_names_become_boxes(monkeypatch):
    monkeypatch.setattr(canvas, "_characters", lambda: frozenset(range(0x250)))
    assert canvas.drawable("大卫 Lin") == "□□ Lin"
