"""The commands of docs/service.md, as they stand there, against a service in a process of its own; and the files that it points to."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from whosthat.cli.app import main
from whosthat.server.serving import PORT

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs" / "service.md", ROOT / "docs" / "zh-TW" / "service.md"]
FENCED = re.compile(r"^```(\w*)\n(.*?)\n```$", re.M | re.S)
STARTING, *ASKING = (block.splitlines() for kind, block in FENCED.findall(PAGES[0].read_text(encoding="utf-8")) if not kind)
PEOPLE = {"anna": "chris_evans", "ben": "mark_ruffalo", "cleo": "scarlett_johansson"}


@pytest.fixture(scope="module")
def place(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the page's reader stands: a recogniser of three people, and photos of two of them and of dora."""
    folder = tmp_path_factory.mktemp("service")
    for name, person in {**PEOPLE, "dora": "jeremy_lee_renner"}.items():
        photos = sorted((real_data / "avengers" / person).iterdir())
        (folder / "people" / name).mkdir(parents=True)
        for photo in photos[2:10]:
            shutil.copy(photo, folder / "people" / name)
        if name != "cleo":
            shutil.copy(photos[0], folder / {"anna": "photo.jpg", "ben": "other.jpg", "dora": "dora.jpg"}[name])
    shutil.rmtree(folder / "people" / "dora")
    tensor = {"name": "faces", "shape": [1, 150, 150, 3], "datatype": "UINT8", "data": [128] * 67500}
    (folder / "tensor.json").write_text(json.dumps({"inputs": [tensor]}))
    return folder


@pytest.fixture
def address(place: Path, loopback: None) -> Iterator[str]:
    """Where the service listens that the page's command starts, on a free port."""
    assert main(["train", str(place / "people"), "--model", "faces", "--runs", str(place / "runs")]) == 0
    install, command = STARTING
    assert install == 'pip install "whosthat[server]"'
    program, *arguments = shlex.split(command)
    assert program == "whosthat"
    with (
        (place / "said").open("w+") as said,
        subprocess.Popen([sys.executable, "-m", "whosthat", *arguments, "--port", "0"], cwd=place, stdout=said, stderr=said) as running,
    ):
        try:
            end = time.monotonic() + 60
            while not (found := re.search(r"http://127\.0\.0\.1:\d+", (place / "said").read_text())):
                assert time.monotonic() < end, (place / "said").read_text()
                time.sleep(0.05)
            yield found[0]
        finally:
            running.terminate()
            assert running.wait(30) == 0


def answers(block: list[str], address: str, place: Path) -> list[Any]:
    """Run the commands of a block in one shell and return what each answers, JSON where it is that."""
    lines = [line if line.startswith("TOKEN=") else f"{line} -w '\\n%{{http_code}}\\n--\\n'" for line in block]
    script = "\n".join(["TOKEN=$(cat token)", *lines]).replace("http://127.0.0.1:8770", address)
    done = subprocess.run(["bash", "-eu", "-c", script], cwd=place, capture_output=True, text=True, timeout=120, check=True)
    found = []
    for answer in done.stdout.split("\n--\n")[:-1]:
        body, status = answer.rsplit("\n", 1)
        assert status in ("200", "201"), answer
        found.append(json.loads(body) if body.startswith("{") else body)
    return found


@pytest.mark.slow
@pytest.mark.real
def test_the_commands_of_the_page_get_the_answers_that_it_tells_of(place: Path, address: str) -> None:
    assert shutil.which("curl"), "the page's commands are curl's"
    asking, people, compreface, network, watching = (answers(block, address, place) for block in ASKING)
    one, two, verified, bundles = asking
    assert [photo["answer"] for photo in one["photos"]] == ["known"]
    assert one["photos"][0]["sightings"][0]["name"] == "anna"
    assert [photo["sightings"][0]["name"] for photo in two["photos"]] == ["anna", "ben"]
    assert verified["same"] is False
    assert [bundle["name"] for bundle in bundles["bundles"]] == ["latest"]

    listed, added, renamed, receipt = people
    assert [person["name"] for person in listed["people"]] == ["anna", "ben", "cleo"]
    assert (added["name"], len(added["photos"]), renamed["name"]) == ("dora", 1, "Dora K")
    assert (receipt["removed"], receipt["embeddings"]) == ("Dora K", 1)

    recognised, saved, subjects, deleted = compreface
    assert recognised["result"][0]["subjects"][0]["subject"] == "anna"
    assert len(recognised["result"][0]["landmarks"]) == 5
    assert (saved["subject"], deleted) == ("dora", {"deleted": 1})
    assert subjects["subjects"] == ["anna", "ben", "cleo", "dora"]

    facts, inferred = network
    assert facts["inputs"] == [{"name": "faces", "datatype": "UINT8", "shape": [-1, 150, 150, 3]}]
    assert len(inferred["outputs"][0]["data"]) == 128

    alive, ready, figures = watching
    assert (alive["status"], ready["status"]) == ("ok", "ready")
    assert 'whosthat_photos_total{answer="known"} 4.0' in figures
    assert "anna" not in (place / "said").read_text()


def test_both_pages_have_the_same_commands() -> None:
    english, chinese = (FENCED.findall(page.read_text(encoding="utf-8")) for page in PAGES)
    assert english == chinese


@pytest.mark.parametrize("name", ["Dockerfile", "whosthat.service"])
def test_what_the_files_start_is_a_command_with_options_that_it_has(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs" / "service" / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith(("ENTRYPOINT", "CMD", "ExecStart="))]
    assert any("serve" in line for line in lines)
    assert main(["serve", "--help"]) == 0
    known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    used = {option for line in lines for option in re.findall(r"--[a-z-]+", line)}
    assert used
    assert used <= known


def test_what_the_image_takes_is_there_and_reaches_it() -> None:
    text = (ROOT / "docs" / "service" / "Dockerfile").read_text(encoding="utf-8")
    taken = [source for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.M) for source in line.split()[:-1]]
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")}
    assert taken
    assert [source for source in taken if not (ROOT / source).exists()] == []
    assert {source.split("/")[0] for source in taken} == let_in


def test_the_image_is_asked_at_the_port_at_which_the_service_listens() -> None:
    text = (ROOT / "docs" / "service" / "Dockerfile").read_text(encoding="utf-8")
    assert set(re.findall(r"(?:127\.0\.0\.1:|EXPOSE |:)(\d{4})\b", text)) == {str(PORT)}
