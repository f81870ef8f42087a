"""Every text that people read goes through the translation layer, and every catalogue is whole."""

from __future__ import annotations

import ast
import io
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import TypeAlias

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from whosthat import errors, translation

SOURCE = Path(__file__).resolve().parents[1] / "src" / "whosthat"
NOT_TRANSLATED = "# not translated: "
"""What a line ends with, and why, when it holds a text that is not for people, or is not to be translated."""
DEVELOPERS_ONLY = {"translation.py", "cli/help_pages.py"}
FILES = [path for path in sorted(SOURCE.rglob("*.py")) if path.relative_to(SOURCE).as_posix() not in DEVELOPERS_ONLY]
ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
REFUSAL = "Refusal"
"""An error of the service: its message stands behind a status and a code."""
CALLS = {"_", "N_", "NN_", "ngettext", "pgettext", REFUSAL, *ERRORS}
SENTENCE = re.compile(r"[A-Za-z]{2,}[,.:;)]? (\{|[a-z(])")
Text: TypeAlias = tuple[str | None, tuple[str, ...]]
PROGRAM = re.compile(r"\(?(INSERT|SELECT|CREATE|PRAGMA|DELETE|UPDATE|BEGIN|ATTACH|DROP|ALTER) ")


def bypassing(text: str) -> Iterator[str]:
    """Literals that read like sentences and do not go through the layer, and templates that no catalogue can hold."""
    tree, lines = ast.parse(text), text.splitlines()
    skipped = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(node.value)  # a docstring
        elif isinstance(node, ast.JoinedStr):
            skipped |= {part for part in ast.walk(node) if isinstance(part, ast.Constant)}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            texts = node.args[:1] if node.func.id in {"_", "N_"} else node.args[2:3] if node.func.id == REFUSAL else node.args[:2]
            literals = [argument for argument in texts if isinstance(argument, ast.Constant)]
            skipped |= set(literals)
            if any(isinstance(argument, ast.JoinedStr | ast.BinOp) for argument in texts) and node.func.id not in ERRORS:
                yield f"line {node.lineno}: a text that is put together cannot be translated"
            if node.func.id in {"_", REFUSAL, *ERRORS} and literals and node.keywords:
                yield from _misfilled(node, str(literals[-1].value))
    for node in ast.walk(tree):
        said = _said(node)
        if node in skipped or not SENTENCE.search(said) or PROGRAM.match(said):
            continue
        if not any(NOT_TRANSLATED in line for line in lines[node.lineno - 1 : node.end_lineno]):
            yield f"line {node.lineno}: {said!r}"


def _said(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return ""


def _misfilled(call: ast.Call, text: str) -> Iterator[str]:
    places = set(re.findall(r"(?<!\{)\{(\w+)", text))
    given = {keyword.arg for keyword in call.keywords if keyword.arg} - {"retry_after"}  # of a `Refusal`, for its header
    if places != given and all(keyword.arg for keyword in call.keywords):
        yield f"line {call.lineno}: places {sorted(places)}, values {sorted(given)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_no_text_bypasses_the_translation(path: Path) -> None:
    assert list(bypassing(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ('say("No photo was found.")', 1),
        ('say(f"No photo in {folder}.")', 1),
        ('say(_("No photo was found."))', 0),
        ('say(_(f"No photo in {folder}."))', 2),
        ('say(_("No photo in {folder}.", path=folder))', 1),
        ('raise PhotoError(None, "No photo in {folder}.", folder=folder)', 0),
        ('raise RunError("No photo in {folder}.", path=folder)', 1),
        ('raise RunError(f"No photo in {folder}.")', 1),
        ('raise Refusal(422, "no_photo", "No photo in {folder}.", folder=folder, retry_after=1)', 0),
        ('raise Refusal(422, "no_photo", f"No photo in {folder}.")', 2),
        ('raise ValueError("No photo was found.")', 1),
        ('say(ngettext("{n} photo is odd.", "{n} photos are odd.", n))', 0),
        ('x = "some words of a protocol"  # not translated: read by programs', 0),
        ('"""A docstring of a module."""', 0),
        ('db.execute("SELECT a FROM b where c")', 0),
    ],
)
def test_a_text_that_bypasses_the_translation_is_found(planted: str, found: int) -> None:
    assert len(list(bypassing(planted))) == found


CATALOGUES = sorted(SOURCE.glob("locale/*/LC_MESSAGES/whosthat.po"))
TEXTS = Path(__file__).resolve().parents[1] / "docs" / "texts.py"
OF_THE_MAINLAND = re.compile("數據|視頻|識別|文件夾|默認|信息|網絡|程序|打印|屏幕|內存|軟件|硬件|文檔|鼠標|缺省")
ASCII_AFTER_CHINESE = re.compile(r"[\u4e00-\u9fff][,;?!](?:\s|$)|[\u4e00-\u9fff]: |[\u4e00-\u9fff]\.(?:\s|$)")


@pytest.fixture(scope="module")
def texts() -> set[Text]:
    """Every text of the source, as a catalogue knows it: its context and its forms."""
    own = runpy.run_path(str(TEXTS))
    prose = [("**/texts.toml", own["extract_lesson"]), ("**/series/*.toml", own["extract_series"])]
    methods = [("**.py", own["extract"]), *prose, ("**.j2", "jinja2"), ("**/page/modules/**.js", "javascript")]
    options = {"**.j2": {"trimmed": "true"}, "**/page/modules/**.js": {"parse_template_string": "true"}}
    found = extract_from_dir(SOURCE, methods, options)
    return {(context, forms if isinstance(forms, tuple) else (forms,)) for _file, _line, forms, _comments, context in found}


def catalogue(path: Path) -> dict[Text, tuple[str, ...]]:
    """The translations of each text, one for each plural form."""
    with path.open("rb") as file:
        read = read_po(file, locale=path.parts[-3]) if path.suffix == ".po" else read_mo(file)
    forms = {(message.context, _forms(message.id)): _forms(message.string) for message in read if message.id}
    assert not [message.id for message in read if message.fuzzy and message.id]
    return forms


def _forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name} if "{" in text else set()


def misfits(translations: dict[Text, tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Texts whose translation has other places than they, or none of the last form's."""
    return [forms for (_, forms), translated in translations.items() if any(places(one) != places(forms[-1]) for one in translated)]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_a_catalogue_has_every_text_and_no_other(path: Path, texts: set[Text]) -> None:
    translations = catalogue(path)
    assert not sorted(forms for _, forms in texts - set(translations)), "run: make messages, and translate"
    assert not sorted(forms for _, forms in set(translations) - texts), "no longer in the source; run: make messages"
    assert not [forms for (_, forms), translated in translations.items() if not all(translated)], "not translated"


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_a_translation_has_the_places_of_its_text(path: Path) -> None:
    assert misfits(catalogue(path)) == []


def test_a_translation_with_other_places_is_found() -> None:
    assert misfits({(None, ("{n} of {path}",)): ("{n} 之 {paths}",)}) == [("{n} of {path}",)]
    assert misfits({(None, ("{n} photo", "{n:,} photos")): ("{n:,} 張照片",)}) == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_the_compiled_catalogue_is_that_of_the_texts(path: Path) -> None:
    assert catalogue(path.with_suffix(".mo")) == catalogue(path), "run: make messages"


def test_chinese_is_that_of_taiwan() -> None:
    for (_, forms), translated in catalogue(SOURCE / "locale/zh_TW/LC_MESSAGES/whosthat.po").items():
        for text in translated:
            assert not OF_THE_MAINLAND.search(text), forms
            assert not ASCII_AFTER_CHINESE.search(text), forms


def test_a_text_inside_another_call_is_collected() -> None:
    code = b'_("all of {x}", x=f"{listing([_(\'a\')])}"); ngettext("{n} a", "{n} b", len(_("c"))); N_(d); pgettext("e", "f"); RunError("g")'
    found = [text for _, _, text, _ in runpy.run_path(str(TEXTS))["extract"](io.BytesIO(code))]
    assert sorted(map(str, found)) == ["('e', 'f')", "('{n} a', '{n} b')", "a", "all of {x}", "c", "g"]


def test_numbers_are_written_alike_in_both_languages() -> None:
    assert {format_decimal(1234567.89, locale=code) for code in translation.LANGUAGES} == {f"{1234567.89:,}"}


@pytest.fixture
def catalogues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file of a catalogue of one's own; no language is set."""
    monkeypatch.setattr(translation, "CATALOGUES", tmp_path)
    monkeypatch.setattr(translation, "_process", None)
    monkeypatch.delenv(translation.VARIABLE, raising=False)
    translation._catalogue.cache_clear()
    (tmp_path / "zh_TW" / "LC_MESSAGES").mkdir(parents=True)
    yield tmp_path / "zh_TW" / "LC_MESSAGES" / "whosthat.mo"
    translation._catalogue.cache_clear()


def write_catalogue(path: Path, **translations: str) -> None:
    made = Catalog(locale="zh_TW")
    for text, translated in translations.items():
        made.add(text, translated)
    with path.open("wb") as file:
        write_mo(file, made)


def test_a_language_is_that_of_the_process_of_a_block_or_of_the_variable(catalogues: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_catalogue(catalogues, photo="照片")
    assert translation._("photo") == "photo"
    with translation.using("zh_TW"):
        assert translation._("photo") == "照片"
        with translation.using("en"):
            assert translation._("photo") == "photo"
    assert translation.language() == "en"
    monkeypatch.setenv(translation.VARIABLE, "zh-tw")
    assert translation._("photo") == "照片"
    translation.use("en")
    assert translation._("photo") == "photo"
    assert translation.language() == "en"


def test_the_empty_text_is_not_the_heading_of_the_catalogue(catalogues: Path) -> None:
    write_catalogue(catalogues, photo="照片")
    with translation.using("zh_TW"):
        assert translation._("") == ""


def test_a_translation_with_wrong_places_gives_way_to_english(catalogues: Path) -> None:
    write_catalogue(catalogues, **{"{n} of {path}": "{paths}"})
    with translation.using("zh_TW"):
        assert translation._("{n} of {path}", n=1, path="a") == "1 of a"


@pytest.mark.parametrize("content", [b"", b"short", b"\xde\x12\x04\x95" + b"\xff" * 40, b"no catalogue at all" * 9])
def test_a_damaged_catalogue_cannot_be_chosen_and_ends_no_program(
    content: bytes, catalogues: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogues.write_bytes(content)
    with pytest.raises(ValueError, match="zh_TW"):
        translation.use("zh_TW")
    assert translation.language() == "en"
    monkeypatch.setenv(translation.VARIABLE, "zh_TW")
    assert translation._("{n} photos", n=2) == "2 photos"


def test_there_is_no_third_language() -> None:
    with pytest.raises(ValueError, match="fr"):
        translation.use("fr")
    with pytest.raises(ValueError, match="fr"), translation.using("fr"):
        pass


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"LANG": "zh_TW.UTF-8"}, "zh_TW"),
        ({"LANG": "zh_TW.UTF-8", "LC_ALL": "de_DE"}, "en"),
        ({"LANGUAGE": "zh_HK:en", "LANG": "C"}, "zh_TW"),
        ({"LANG": "zh_CN.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_the_locale_decides_where_nothing_else_does(variables: dict[str, str], code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert translation.preferred() == code
