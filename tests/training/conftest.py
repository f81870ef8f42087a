"""The tiny network and its photos, for every test of training."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def tiny(two_threads: None) -> ModuleType:
    """The module `tiny.py` beside this file, loaded once: it registers networks."""
    spec = importlib.util.spec_from_file_location("whosthat_tiny", Path(__file__).with_name("tiny.py"))
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def unbroken(tiny: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """For each way to train: the run folder and the outcome of a training that nothing disturbed."""
    done = {}
    for recipe in (tiny.recipe, tiny.transfer_recipe):
        run = tmp_path_factory.mktemp(recipe.__name__)
        done[recipe.__name__] = (run, tiny.fit(run, recipe(checkpoint_minutes=0.0)))
    return done
