"""The documentation keeps its promises: links lead somewhere, examples run, public things are described, nothing private leaks."""

from __future__ import annotations

import ast
import doctest
import importlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from pydoc import locate

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "whosthat"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
MODULES = sorted(SOURCE.rglob("*.py"))


def broken_links(page: Path, text: str) -> list[str]:
    """Relative links and pictures of a page that lead to no file."""
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text) + re.findall(r'src="([^"]+)"', text)
    return [
        target for target in targets if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists()
    ]


def undocumented(text: str) -> Iterator[str]:
    """Public functions, classes and methods without a docstring."""
    tree = ast.parse(text)
    for parent in [tree, *[node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]]:
        for node in parent.body:
            public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if (
                public
                and not ast.get_docstring(node)
                and not re.search(r"overload|\.setter", ",".join(map(ast.unparse, node.decorator_list)))
            ):
                yield f"line {node.lineno}: {node.name}"


def strange_arguments(text: str) -> Iterator[str]:
    """Names under ``Args:`` that the signature does not have."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef):
            continue
        docstring = ast.get_docstring(node) or ""
        section = re.search(r"^Args:\n((?:[ ]{4}.*\n?|\n)+)", docstring, re.M)
        if not section:
            continue
        arguments = node.args
        names = {
            argument.arg
            for argument in [*arguments.args, *arguments.kwonlyargs, *arguments.posonlyargs, arguments.vararg, arguments.kwarg]
            if argument
        }
        for documented in re.findall(r"^ {4}\**(\w+)(?:,[^:]*)?:", section[1], re.M):
            if documented not in names:
                yield f"line {node.lineno}: {node.name} documents {documented}"


NAME = re.compile(r"(?<!`)`([A-Za-z_][\w.]*)`(?!`)")
PARTS = {path.stem for path in SOURCE.iterdir() if path.is_dir() or path.suffix == ".py"}


def strange_names(text: str, *places: str) -> list[str]:
    """Names in single backticks that are found in none of the places, which end with a full stop; names of files are none."""
    names = {name.removeprefix("whosthat.").removesuffix(".py") for name in NAME.findall(text) if not name.endswith((".json", ".sqlite"))}
    return sorted(name for name in names if not any(locate(f"{place}{name}") for place in places))


PRIVATE = re.compile(r"/(?:work|root|home/\w+|tmp/\w+)/|files\.pythonhosted|pypi\.org|registry\.npmjs", re.I)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert broken_links(page, page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_name_modules_that_exist(page: Path) -> None:
    strange = strange_names(page.read_text(encoding="utf-8"), "whosthat.")
    assert [name for name in strange if "." in name and name.split(".")[0] in PARTS and not name.endswith(".h5")] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_the_docstring_of_a_module_names_things_that_exist(path: Path) -> None:
    *package, module = path.relative_to(SOURCE.parent).with_suffix("").parts
    inside = ".".join([*package, module]).removesuffix(".__init__")
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert strange_names(docstring, f"{inside}.", f"{'.'.join(package)}.", "whosthat.", "") == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_public_things_are_described(path: Path) -> None:
    assert list(undocumented(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_documented_arguments_exist(path: Path) -> None:
    assert list(strange_arguments(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "path", [path for path in MODULES if ">>>" in path.read_text(encoding="utf-8")], ids=lambda path: str(path.relative_to(SOURCE))
)
def test_examples_in_docstrings_run(path: Path) -> None:
    name = ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert result.attempted
    assert not result.failed


def test_no_file_names_a_machine_or_a_registry() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout")
    names = [
        name
        for name in listed.stdout.splitlines()
        if name != "tests/test_docs.py" and Path(name).suffix in {".py", ".md", ".toml", ".txt", ".j2", ".html", ""}
    ]
    leaks = [name for name in names if (ROOT / name).is_file() and PRIVATE.search((ROOT / name).read_text(encoding="utf-8"))]
    assert leaks == []


def test_planted_violations_are_found(tmp_path: Path) -> None:
    assert broken_links(tmp_path / "page.md", "[x](nowhere.md) ![y](docs/none.png)") == ["nowhere.md", "docs/none.png"]
    assert list(undocumented("def f(): ...\nclass C:\n    '''C.'''\n    def g(self): ...")) == ["line 1: f", "line 4: g"]
    assert list(strange_arguments("def f(a):\n    '''F.\n\n    Args:\n        b: What.\n    '''")) == ["line 1: f documents b"]
    assert strange_names("`faces.nowhere` and `faces.mtcnn.Mtcnn`, `locate`, ``literally``", "whosthat.") == ["faces.nowhere", "locate"]
    assert PRIVATE.search("see /" + "root/x")
