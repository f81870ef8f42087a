"""Every text of the page goes through the dictionary, and is collected for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from babel.messages.extract import extract_javascript

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "src" / "whosthat" / "server" / "studio" / "page"
MODULES = sorted((PAGE / "modules").rglob("*.js"))
LITERAL = r'"(?:[^"\\]|\\.)*"'
CALL = re.compile(rf"(?<![\w.$])(?:_|N_|ngettext)\(\s*({LITERAL})(?:\s*,\s*({LITERAL}))?")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
SENTENCE = re.compile(r"[A-Za-z]{2,}[,.:;)]? [a-z(]")
CLASSES = re.compile(r'"(?:button|rows|quiet)[a-z ]*"$')
"""Names of looks in the style sheet."""
SPOKEN = re.compile(r"\b(?:aria-label|title|placeholder|alt|label)=([\"'])([^\"']*[A-Za-z][^\"']*)\1")


def parted(code: str) -> tuple[list[str], str]:
    """Return the markup of every template, those inside others too, without their expressions; and the code outside of templates."""
    markups: list[str] = []
    outside, at = "", 0
    stack: list[Template | int] = [0]  # a template, or in code the braces that are open
    while at < len(code):
        inside, char = stack[-1], code[at]
        if isinstance(inside, Template):
            if char == "`":
                markups += [inside.text] if inside.is_markup else []
                stack.pop()
            elif code.startswith("${", at):
                stack.append(0)
                outside, at = outside + " ", at + 1
            else:
                inside.text += char
        elif literal := re.compile(LITERAL).match(code, at):
            outside += literal[0]
            at = literal.end() - 1
        elif comment := COMMENT.match(code, at):
            at = comment.end() - 1
        elif char == "`":
            stack.append(Template(code.endswith("html", 0, at)))
        elif char == "}" and inside == 0:
            stack.pop()
        else:
            stack[-1] = inside + {"{": 1, "}": -1}.get(char, 0)
            outside += char
        at += 1
    return markups, outside


@dataclass
class Template:
    """A template that is being read."""

    is_markup: bool
    text: str = ""


def bypassing(text: str) -> list[str]:
    """Words of a module that readers would see in English whatever their language is."""
    found = []
    markups, outside = parted(text)
    for markup in markups:
        found += [
            words.strip() for words in re.split(r"<[^>]*>", markup) if re.search(r"[A-Za-z]{2}", words) and words.strip() != "whosthat"
        ]
        found += [words for _quote, words in SPOKEN.findall(markup)]
    calls = {literal for found_call in CALL.finditer(outside) for literal in found_call.groups() if literal}
    found += [
        literal
        for literal in re.findall(LITERAL, outside)
        if literal not in calls and SENTENCE.search(literal) and not CLASSES.match(literal)
    ]
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(PAGE).as_posix())
def test_no_text_of_the_page_bypasses_the_translation(module: Path) -> None:
    assert bypassing(module.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ("html`<p>No photo was found.</p>`", 1),
        ('html`<p>${_("No photo was found.")}</p>`', 0),
        ("html`<p>${all.map((one) => html`<b>Bold</b>`)}</p>`", 1),
        ('html`<button aria-label="Close">${CROSS}</button>`', 1),
        ('html`<button class="quiet close">${`${name} a`}</button>`', 0),
        ('tell("No photo was found.")', 1),
        ("// No photo was found.", 0),
    ],
)
def test_a_planted_text_is_found(planted: str, found: int) -> None:
    assert len(bypassing(planted)) == found


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(PAGE).as_posix())
def test_every_text_of_the_page_is_collected(module: Path) -> None:
    if module.name == "texts.js":
        return
    marked = {tuple(eval(literal) for literal in call.groups() if literal) for call in CALL.finditer(module.read_text(encoding="utf-8"))}
    with module.open("rb") as file:
        collected = {
            tuple(text for text in (texts if isinstance(texts, tuple) else (texts,)) if text)
            for _line, _name, texts, _comments in extract_javascript(
                file, {"_": None, "N_": None, "ngettext": (1, 2)}, (), {"parse_template_string": "true"}
            )
        }
    assert marked <= {texts for texts in collected} | {texts[:1] for texts in collected}


def test_messages_are_collected_from_the_page() -> None:
    assert "[javascript: **/page/modules/**.js]\nparse_template_string = true" in (ROOT / "babel.cfg").read_text(encoding="utf-8")
