import os
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.file_names import candidates, safe_name, unused_path

HOSTILE = st.text(st.one_of(st.characters(), st.sampled_from('/\\.:*?"<>|\0\n ')), max_size=80)


@given(HOSTILE)
def test_no_text_leads_out_of_its_folder_or_to_a_device(text):
    for name in (safe_name(text), *islice(candidates(text), 2)):
        assert name.strip(" .") == name.strip() == name != ""
        assert not set(name) & set('<>:"/\\|?*')
        assert name.isprintable() or not any(ord(character) < 32 for character in name)
        assert len(name.encode("utf-8")) < 255
        assert Path("folder", name).parent == Path("folder")


@pytest.mark.parametrize("text", ["", ".", " . ", "\xa0", "\u3000.\u2028"])
def test_a_name_that_nobody_would_see_becomes_a_line(text):
    assert safe_name(text) == "_"


@pytest.mark.parametrize("name", ["con", "NUL.txt", "Com1", "lpt9.tar.gz", "CONIN$"])
def test_devices_of_windows_are_renamed(name):
    assert safe_name(name) == f"_{name}"
    assert next(candidates(name)).startswith("_")


@pytest.mark.parametrize("name", ["Zoë Ångström", "張偉", "O'Neil & Co", "console", "commander.jpg"])
def test_good_names_stay_as_they_are(name):
    assert safe_name(name) == name
    assert next(candidates(name)) == name


def test_one_letter_in_two_encodings_is_one_name():
    assert safe_name("Zoe\u0308") == safe_name("Zo\u00eb")


def test_numbers_stand_before_the_suffix():
    assert list(islice(candidates("a beach.v2.JPG"), 3)) == ["a beach.v2.JPG", "a beach.v2-2.JPG", "a beach.v2-3.JPG"]


def test_a_name_that_is_taken_even_by_a_broken_link_is_passed_over(tmp_path):
    (tmp_path / "beach.jpg").touch()
    taken = 1
    if os.name != "nt":
        (tmp_path / "beach-2.jpg").symlink_to(tmp_path / "nowhere")
        taken = 2
    assert unused_path(tmp_path, "beach.jpg").name == f"beach-{taken + 1}.jpg"
