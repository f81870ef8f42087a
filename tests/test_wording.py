"""Names from strangers do nothing but stand there."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.wording import LONGEST_LISTED, closed_up, cut, duration, listing, not_looked_at, visible

HIDDEN = [*map(chr, (*range(0x20), *range(0x7F, 0xA0), 0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A)))]


@given(st.text(st.one_of(st.sampled_from(HIDDEN), st.characters())))
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    shown = visible(text)
    assert not set(shown) & set(HIDDEN)
    assert not {unicodedata.category(letter) for letter in shown} & {"Cc", "Cs", "Zl", "Zp"}


@given(st.text(st.characters(max_codepoint=0x2FFF)))
def test_only_chinese_sentences_are_closed_up(text: str) -> None:
    assert closed_up(text) == text
    assert closed_up(f"{text}。 讀得了嗎？\nAna") == f"{text}。讀得了嗎？Ana"


def test_letters_of_all_scripts_and_joined_emoji_stay() -> None:
    for name in ("Ana", "張偉", "شیرین", "می‌خواهم", "👩‍👧", "e\u0301", "back\\slash"):
        assert visible(name) == name


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0 s"), (9.96, "10 s"), (59.6, "1 min 0 s"), (3599.8, "1 h 0 min"), (86_400, "24 h 0 min")]
)
def test_durations_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@given(st.text(max_size=300), st.integers(3, 200))
def test_a_text_that_is_cut_keeps_both_ends(text: str, most: int) -> None:
    shown = cut(text, most)
    assert len(shown) == min(len(text), most)
    if len(text) > most:
        assert text.startswith(shown[: shown.index("…", most // 2 - 1)] if "…" in text else shown.split("…")[0])
        assert text.endswith(shown[most // 2 + 1 :])


def test_a_list_of_long_names_can_be_read() -> None:
    assert len(listing(["W" * 255, "長" * 255, "b"])) == 2 * LONGEST_LISTED + len(", , b")


def test_what_was_not_looked_at_is_counted_by_kind_with_what_can_be_done() -> None:
    assert not_looked_at({}) == []
    files = {"other file": 2, "RAW photo": 1, "video": 3}
    assert not_looked_at(files) == ["Not looked at: 3 videos (looked at when you choose one), 1 RAW photo (export as JPEG), 2 other files."]
    assert not_looked_at({"sidecar": 2}, sidecars=False) == []
