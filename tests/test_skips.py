"""Where everything should be installed, a skipped test fails, except for what root or another system forbids."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SKIPS = """
import pytest

def test_lacks_a_package(): pytest.importorskip("no_such_package")
@pytest.mark.skipif(True, reason="nothing is read-only to this user")
def test_root(): ...
@pytest.mark.xfail(reason="known")
def test_known(): assert False
"""


@pytest.mark.parametrize(("no_skips", "counts"), [("", "2 skipped, 1 xfailed"), ("1", "1 failed, 1 skipped, 1 xfailed")])
def test_a_skip_fails_where_none_is_allowed(tmp_path: Path, no_skips: str, counts: str) -> None:
    shutil.copy(Path(__file__).parent / "conftest.py", tmp_path)
    (tmp_path / "test_skips.py").write_text(SKIPS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)]
    ran = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"WHOSTHAT_NO_SKIPS": no_skips}, capture_output=True, text=True, check=False
    )
    assert counts in ran.stdout
    assert ("test_lacks_a_package must not be skipped here" in ran.stdout) == bool(no_skips)
