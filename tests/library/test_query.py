"""The words of a query: what they mean, and where they make no sense."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.errors import UsageError
from whosthat.library.query import DEEPEST, MOST_WORDS, Faces, Named, Not, Query, Several, parse


def test_not_binds_more_than_and_and_that_more_than_or() -> None:
    assert parse("a or not b and c") == Several("or", (Named("a"), Several("and", (Not(Named("b")), Named("c")))))
    assert parse("(a or not b) and c") == Several("and", (Several("or", (Named("a"), Not(Named("b")))), Named("c")))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Anna  Smith", "Anna Smith"),
        ('"And"', "And"),
        ("'not'", "not"),
        ("「和」", "和"),
        ("“Tom and Jerry”", "Tom and Jerry"),
        ("'Bob \"the\" Builder'", 'Bob "the" Builder'),
        ('"Bob ""the"" O\'Brien"', 'Bob "the" O\'Brien'),
        ('""""', '"'),
        ("O'Brien", "O'Brien"),
        ("'; DROP TABLE people; --", "'; DROP TABLE people; --"),
        ("\u200fאבא\u200f", "אבא"),
        ('"\u202eAnna "', "Anna"),
        ("android", "android"),
        ("李和平", "李和平"),
        ("((anna))", "anna"),
    ],
)
def test_a_name_is_what_it_is(text: str, name: str) -> None:
    assert parse(text) == Named(name)


def test_key_words_in_both_languages_and_in_large_letters() -> None:
    english = parse('a AND (b Or NOT "c d") and Unknown and nobody')
    assert english == parse("a 和（b 或 非 「c d」）且 未知 和 沒有人")
    assert english == Several("and", (Named("a"), Several("or", (Named("b"), Not(Named("c d")))), Faces("unknown"), Faces("nobody")))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "at its end"),
        (" \u200e\t", "at its end"),
        ("anna and", "at its end"),
        ("not", "at its end"),
        ("(anna", "at its end"),
        ("anna)", 'character 5, "\\)": this bracket was never opened'),
        ("and anna", 'character 1, "and anna": a name is missing'),
        ("anna not tom", 'character 6, "not tom": "and" or "or" is missing'),
        ("anna unknown", 'character 6, "unknown"'),
        ("(anna tom (bob))", 'character 11, "\\(bob'),
        ('anna and "tom', 'character 10, ""tom": its quotation mark is not closed'),
        ('anna or ""', "character 9.*no name between"),
        ('anna or "tom""', 'character 9, ""tom"""'),
        ("()", 'character 2, "\\)"'),
    ],
)
def test_what_makes_no_sense_is_told_with_its_place(text: str, where: str) -> None:
    with pytest.raises(UsageError, match=where):
        parse(text)


@pytest.mark.parametrize(
    "text", ["(" * 9999, "(" * 4000 + "a" + ")" * 4000, "not " * 2000 + "a", " or ".join("abcdefghij" * 11), "a" * 99_999]
)
def test_what_is_too_much_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"deep|more than|are the most"):
        parse(text)


def test_what_is_just_not_too_much_is_read() -> None:
    assert parse("(" * DEEPEST + "a" + ")" * DEEPEST) == Named("a")
    assert len(parse(" or ".join("a" * MOST_WORDS)).parts) == MOST_WORDS


@given(
    st.lists(st.sampled_from(["anna", "和", "and", " or ", "not ", "(", ")", "（", '"', "'", "「", "\u200f", "unknown", " "])).map("".join)
)
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(UsageError):
        parse(text)


def written(query: Query) -> str:
    """Write a tree as a query, with all brackets."""
    match query:
        case Named(name):
            return '"' + name.replace('"', '""') + '"'
        case Faces(what):
            return what
        case Not(part):
            return f"not {written(part)}"
        case Several(how, parts):
            return "(" + f" {how} ".join(map(written, parts)) + ")"


LEAVES = st.text("ab'\" 和()", min_size=1).filter(str.strip).map(lambda name: Named(name.strip())) | st.sampled_from(
    [Faces("unknown"), Faces("nobody")]
)
TREES = st.recursive(
    LEAVES,
    lambda part: part.map(Not) | st.builds(Several, st.sampled_from(["and", "or"]), st.lists(part, min_size=2, max_size=3).map(tuple)),
    max_leaves=8,
)


@given(TREES)
def test_what_is_written_is_read_as_it_was_meant(query: Query) -> None:
    assert parse(written(query)) == query
