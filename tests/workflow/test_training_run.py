from __future__ import annotations

from pathlib import Path

import pytest

from whosthat.runs.folders import latest
from whosthat.workflow.training_run import finish


def test_what_a_tested_run_lacks_is_done_and_nothing_is_left_to_do_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whosthat.workflow.training_run.write_report", lambda run: (run / "report.html").touch(exist_ok=False))
    (run := tmp_path / "a-1").mkdir()
    assert not finish(run)
    (run / "metrics.json").touch()
    for _ in range(2):
        (tmp_path / "latest").unlink(missing_ok=True)
        assert finish(run)
        assert (run / "report.html").exists()
        assert latest(tmp_path) == run
