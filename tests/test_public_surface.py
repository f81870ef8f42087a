"""Exactly the names of docs/api.md are public: adding or losing one is a decision, not an accident."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import whosthat

PAGE = Path(__file__).resolve().parents[1] / "docs" / "api.md"
ERRORS = ("BundleError", "DatasetError", "PhotoError", "UsageError", "WhosthatError")
SURFACE = {"__version__", *ERRORS, *re.findall(r"^### (\w+)$", PAGE.read_text(encoding="utf-8"), re.M)}


def in_a_new_process(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def surprises(module: ModuleType) -> list[str]:
    """Names offered without a decision, decided but not offered, or offered without a word of explanation."""
    undecided = [f"{name} is offered" for name in sorted({*module.__all__, *dir(module)} - SURFACE)]
    missing = [f"{name} is missing" for name in sorted(SURFACE - ({*module.__all__} & {*dir(module)}))]
    silent = [f"{name} is not described" for name in sorted(SURFACE) if not getattr(getattr(module, name, SURFACE), "__doc__", "")]
    return undecided + missing + silent


def test_the_surface_is_exactly_this() -> None:
    assert surprises(whosthat) == []


def test_planted_surprises_are_found() -> None:
    planted = ModuleType("planted")
    vars(planted).update({name: getattr(whosthat, name) for name in SURFACE - {"train"}}, check=lambda: None, sneaked_in=1)
    planted.__all__ = sorted({*SURFACE, "sneaked_in"} - {"train"})
    planted.__dir__ = lambda: planted.__all__
    assert surprises(planted) == ["sneaked_in is offered", "train is missing", "check is not described"]


def test_public_names_are_those_of_their_homes() -> None:
    for name, home in whosthat._HOMES.items():
        assert getattr(import_module(home), name) is getattr(whosthat, name)


def test_an_unknown_name_says_what_there_is() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'recognise'; it offers Added, Box, "):
        whosthat.recognise  # noqa: B018


def test_importing_whosthat_imports_nothing_heavy() -> None:
    heavy = in_a_new_process(
        "import sys, whosthat; print(*sorted({name.split('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)))"
    )
    assert {"numpy", "PIL", "cv2", "keras", "pydantic", "onnxruntime", "typer"}.isdisjoint(heavy.split())


def test_predicting_needs_neither_keras_nor_tensorflow() -> None:
    loaded = in_a_new_process("import sys, whosthat; whosthat.load, whosthat.predict; print(*sys.modules)").split()
    assert {"keras", "tensorflow", "onnx", "h5py", "matplotlib", "sklearn"}.isdisjoint(loaded)
