from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from whosthat.errors import DatasetError
from whosthat.workflow.check import check


def test_check_audits_a_folder_given_as_text(tmp_path: Path) -> None:
    for seed, name in enumerate(("anna", "bert")):
        (tmp_path / name).mkdir()
        Image.fromarray(np.random.default_rng(seed).integers(0, 256, (70, 70, 3), dtype=np.uint8)).save(tmp_path / name / "1.png")
    assert check(str(tmp_path)).counts() == {"anna": 1, "bert": 1}


def test_check_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="There is no folder"):
        check(tmp_path / "nowhere")
