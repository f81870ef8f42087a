"""``library LIBRARY write-xmp`` and ``read-xmp``, and the options of predict and discover: what is called, said and refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from whosthat.cli import library_metadata
from whosthat.cli.app import main
from whosthat.types import SetAside, Sighting
from whosthat.workflow.library.answering import Answered
from whosthat.workflow.library.scanning import Scan
from whosthat.workflow.metadata import XmpRead, XmpWritten
from whosthat.workflow.prediction import Prediction


@pytest.fixture
def run() -> Any:
    return lambda *words: CliRunner().invoke(library_metadata.app, list(words), obj=Path("family"))


def test_writing_says_what_was_left_out(run: Any, replaced: Any) -> None:
    kept = [SetAside(Path("a.jpg"), "the region of Tom is named Ada by another program")]
    written = replaced("whosthat.workflow.library.metadata.write_library_xmp", XmpWritten(2, 1, missing=3, kept=kept))
    told = run("write-xmp", "--in-files")
    assert (told.exit_code, written.arguments, written.options["in_files"]) == (0, (Path("family"),), True)
    assert "Names were written for 2 photos; 1 photo had them already." in told.stderr
    assert "a.jpg: the region of Tom is named Ada by another program" in told.stderr
    assert "3 photos with names are not there: plug in missing drives, or scan." in told.stderr


def test_what_cannot_be_written_or_read_ends_with_3(run: Any, replaced: Any) -> None:
    problems = [SetAside(Path(f"{n}.jpg"), "it is read-only") for n in range(23)]
    replaced("whosthat.workflow.library.metadata.write_library_xmp", XmpWritten(problems=problems))
    told = run("write-xmp", "--json")
    assert (told.exit_code, len(json.loads(told.stdout)["problems"])) == (3, 23)
    assert "... and 3 more." in told.stderr
    read = replaced("whosthat.workflow.library.metadata.read_library_xmp", (XmpRead(5, 4, problems[:1]), Answered(9, 4)))
    told = run("read-xmp", "--contacts", "contacts.xml")
    assert (told.exit_code, read.options["contacts"]) == (3, Path("contacts.xml"))
    assert "Other programs had named 5 faces in these photos; found again: 4." in told.stderr
    assert "4 answers changed." in told.stderr


def test_a_scan_reads_names_at_its_end(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    replaced("whosthat.workflow.library.scanning.scan", Scan(photos=1, files=1))
    problems = [SetAside(Path("a.jpg.xmp"), "it is a link")]
    read = replaced("whosthat.workflow.library.metadata.read_library_xmp", (XmpRead(5, 4), Answered(9, 4)))
    assert main(["library", "family", "scan", "--read-xmp"]) == 0
    assert read.arguments == (Path("family"),)
    assert "found again: 4." in capsys.readouterr().err
    read.result = (XmpRead(problems=problems), Answered(0, 0))
    assert main(["library", "family", "scan", "--read-xmp"]) == 3


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["predict", "bundle", "a.jpg", "--in-files"], "--in-files needs --write-xmp"),
        (["discover", "photos", "--in-files"], "--in-files needs --write-xmp"),
        (["discover", "photos", "--contacts", "c.xml"], "--contacts needs --read-xmp"),
    ],
)
def test_options_that_need_another(words: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert reason in capsys.readouterr().err


def test_a_library_has_commands_for_it(library_of: Any, capsys: pytest.CaptureFixture[str]) -> None:
    folder = library_of({}).folder
    assert main(["discover", str(folder), "--write-xmp"]) == 2
    assert "write-xmp" in capsys.readouterr().err


def test_predict_writes_sidecars(replaced: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from PIL import Image

    good, broken = tmp_path / "a.jpg", tmp_path / "b.jpg"
    for path in (good, broken):
        Image.new("RGB", (40, 30)).save(path)
    broken.with_name("b.jpg.xmp").write_bytes(b"<broken")
    replaced("whosthat.workflow.predict.find_photos", ["a", "b"])
    answers = [Prediction(path, (Sighting("cat", 0.9),)) for path in (good, broken)]
    replaced("whosthat.workflow.predict.predict", iter(answers))
    assert main(["predict", "bundle", str(tmp_path), "--write-xmp"]) == 3
    told = capsys.readouterr().err
    assert "Names were written for 1 photo; 0 photos had them already." in told
    assert f"{broken}.xmp: its XML is damaged" in " ".join(told.split())
    assert b"cat" in good.with_name("a.jpg.xmp").read_bytes()
