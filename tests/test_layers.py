"""The rules of the house: imports point down, heavy libraries stay in their rooms, names say something, sizes stay small.

Each rule is a function from source text to violations, so that every rule is also shown to fail on a planted one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "whosthat"
FILES = sorted(SOURCE.rglob("*.py"))

FLOORS: tuple[tuple[str, ...], ...] = (
    ("cli", "desktop", "server"),
    ("workflow",),
    ("evaluation",),
    ("checking",),
    ("training", "recognition"),
    ("dataset", "faces", "networks", "cartoons"),
    ("photos", "importers", "runs", "library", "metadata", "photo_cache", "downloading", "notifying", "cluster", "inference"),
    ("types", "errors", "settings", "progress", "durable", "file_names", "wording", "proportions", "safe_xml", "version"),
    ("translation",),
)
NEVER_SIDEWAYS = (
    {"cli", "desktop", "server"},
    {"training", "recognition"},
    {"dataset", "faces", "networks", "cartoons"},
    {"photos", "importers", "runs", "library", "metadata", "photo_cache", "downloading", "notifying", "cluster", "inference"},
    set(FLOORS[-2]),
)
LAUNCHES = {("cli", "desktop"), ("cli", "server")}
"""The commands `whosthat desktop`, `serve` and `studio` open what they are named after: the only steps from surface to surface."""

ROOMS = {
    "keras": ("networks", "training"),
    "tensorflow": ("networks", "training"),
    "onnx": ("networks", "faces", "importers"),
    "onnxruntime": ("inference",),
    "faiss": ("recognition",),
    "cv2": ("photos", "faces"),
    "PIL": ("photos", "faces", "cartoons"),
    "h5py": ("dataset", "networks", "hdf5"),
    "matplotlib": ("evaluation",),
    "tkinter": ("desktop",),
    "optuna": ("training",),
    "ray": ("cluster",),
    "pyarrow": ("workflow",),
    "fsspec": ("photos",),
    "typer": ("cli",),
    "rich": ("cli",),
    **dict.fromkeys(("fastapi", "starlette", "uvicorn", "prometheus_client", "asyncio"), ("server",)),
    **dict.fromkeys(("ftplib", "smtplib", "socketserver", "xmlrpc"), ("downloading",)),
    "ssl": ("downloading", "notifying"),
    "paho": ("notifying",),
    **dict.fromkeys(("http", "urllib"), ("downloading", "server", "notifying")),
    "socket": ("downloading", "cluster", "server", "notifying"),
}
"""Libraries and the rooms that may import them. Those of the last lines open connections: `downloading` alone does, `cluster` and
`notifying` where somebody asks for one, and `server` answers on one. (`photos.camera` lets OpenCV open the address of a camera.)"""
FORBIDDEN = {"pickle", "joblib", "dill", "shelve", "marshal", "requests", "urllib3", "httpx", "torch", "dlib"}
EMPTY_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers"}
MAX_LINES, MAX_FUNCTION_LINES, MAX_PARAMETERS = 400, 55, 8


def room_of(path: Path) -> str:
    """The first name below whosthat: ``photos`` for photos/reading.py, ``types`` for types.py."""
    relative = path.relative_to(SOURCE)
    return relative.parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every imported module with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names if node.module == "whosthat")


def floor_of(room: str) -> int | None:
    return next((number for number, rooms in enumerate(FLOORS) if room in rooms), None)


def upward_imports(room: str, text: str) -> list[str]:
    """Imports that point up, or sideways where that is not allowed."""
    found = []
    for line, module in imports(ast.parse(text)):
        parts = module.split(".")
        if parts[0] != "whosthat" or len(parts) < 2 or floor_of(room) is None:
            continue
        there = parts[1]
        if there == room or floor_of(there) is None or (room, there) in LAUNCHES:
            continue
        here_floor, there_floor = floor_of(room), floor_of(there)
        sideways = any({room, there} <= rooms for rooms in NEVER_SIDEWAYS)
        if there_floor < here_floor or sideways:
            found.append(f"line {line}: {room} imports {module}")
    return found


def misplaced_libraries(room: str, text: str) -> list[str]:
    """Libraries imported outside their rooms, and libraries that no room may import."""
    found = []
    for line, module in imports(ast.parse(text)):
        library = module.split(".")[0]
        if library in FORBIDDEN or (library in ROOMS and room not in ROOMS[library]):
            found.append(f"line {line}: {room} imports {module}")
    return found


def dangerous_words(text: str) -> list[str]:
    """Calls that run what a file says, print, or fail on non-ASCII paths."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assert):
            found.append(f"line {node.lineno}: assert")
        elif isinstance(node, ast.ExceptHandler) and (
            node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "BaseException")
        ):
            found.append(f"line {node.lineno}: bare except")
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in {"eval", "exec", "print"} or re.search(r"(^|\.)(load_model|imread|imwrite)$", name):
                found.append(f"line {node.lineno}: {name}()")
    return found


def oversized(text: str) -> list[str]:
    """Files, functions and parameter lists beyond the size budget."""
    found = [f"{text.count(chr(10))} lines"] if text.count("\n") > MAX_LINES else []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node) or ""
            lines = (node.end_lineno or 0) - node.lineno - (docstring.count("\n") + 2 if docstring else 0)
            parameters = len(node.args.args) + len(node.args.kwonlyargs) + len(node.args.posonlyargs)
            if lines > MAX_FUNCTION_LINES:
                found.append(f"line {node.lineno}: {node.name} has {lines} lines")
            if parameters > MAX_PARAMETERS and not is_command(node):
                found.append(f"line {node.lineno}: {node.name} has {parameters} parameters")
    return found


def is_command(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Typer makes one parameter of each option: a command may have many."""
    return any("command" in ast.unparse(decorator) for decorator in node.decorator_list) or "typer." in ast.unparse(node.args)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
class TestEveryFile:
    def test_imports_point_down(self, path: Path) -> None:
        assert upward_imports(room_of(path), path.read_text(encoding="utf-8")) == []

    def test_libraries_stay_in_their_rooms(self, path: Path) -> None:
        assert misplaced_libraries(room_of(path), path.read_text(encoding="utf-8")) == []

    def test_nothing_dangerous_is_called(self, path: Path) -> None:
        assert dangerous_words(path.read_text(encoding="utf-8")) == []

    def test_sizes_stay_small(self, path: Path) -> None:
        assert oversized(path.read_text(encoding="utf-8")) == []

    def test_the_name_says_something(self, path: Path) -> None:
        assert path.stem not in EMPTY_NAMES

    def test_the_module_says_what_belongs_in_it(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        assert not text.strip() or ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("photos", "from whosthat.dataset import folder"),
        ("photos", "from whosthat import dataset"),
        ("dataset", "from whosthat.networks.registry import names"),
        ("desktop", "import whosthat.cli.app"),
        ("errors", "from whosthat.types import Box"),
        ("networks", "from whosthat.training.recipe import Recipe"),
    ],
)
def test_a_planted_upward_import_is_found(room: str, line: str) -> None:
    assert len(upward_imports(room, line)) == 1


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("recognition", "import keras"),
        ("workflow", "def f():\n    from tensorflow import math"),
        ("recognition", "import onnxruntime"),
        ("dataset", "import cv2"),
        ("cli", "from PIL import Image"),
        ("networks", "import pickle"),
        ("workflow", "import ray"),
        ("photos", "import requests"),
        ("workflow", "from urllib import request"),
        ("cli", "import socket"),
    ],
)
def test_a_planted_library_is_found(room: str, line: str) -> None:
    assert misplaced_libraries(room, line)


@pytest.mark.parametrize(
    "line", ["eval('1')", "print(1)", "keras.models.load_model(f)", "cv2.imread('x')", "assert x", "try:\n    f()\nexcept:\n    pass"]
)
def test_a_planted_danger_is_found(line: str) -> None:
    assert dangerous_words(line)


def test_planted_giants_are_found() -> None:
    assert oversized("x = 1\n" * (MAX_LINES + 1))
    assert oversized("def f():\n" + "    x = 1\n" * (MAX_FUNCTION_LINES + 2))
    assert oversized("def f(a, b, c, d, e, f, g, h, i): ...")
