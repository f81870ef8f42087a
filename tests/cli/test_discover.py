"""``whosthat discover``: what it shows, writes and copies; faces are given, not found."""

import json
from pathlib import Path

import numpy as np
import pytest

from whosthat.cartoons import HEROES, draw_hero
from whosthat.cli.app import main
from whosthat.photos.drawing import save_image
from whosthat.types import Box, Face, SetAside
from whosthat.workflow.discovery import Discovery, FoundFace

FACE = Face(Box(20, 20, 90, 100), ((40, 50), (70, 50), (55, 70), (45, 85), (65, 85)), 1.0)


@pytest.fixture
def discovered(tmp_path, monkeypatch):
    """Let discover find two groups in drawn photos, one file that cannot be read, and what it is given."""
    monkeypatch.chdir(tmp_path)
    faces = []
    for row, label in enumerate([0, 0, 0, 1, 1]):
        path = tmp_path / f"{row}.png"
        save_image(draw_hero(HEROES[label], row, 120), path)
        faces.append(FoundFace(f"{row:064x}-1", (path,), FACE, np.eye(2, 128, dtype=np.float32)[label]))
    unreadable = []

    def discover(paths, *, facts, passed_over, **more):
        passed_over["video"] += 2
        return Discovery(tuple(faces), np.array([0, 0, 0, 1, 1]), "dlib-resnet", facts, unreadable=tuple(unreadable))

    monkeypatch.setattr("whosthat.workflow.discover.discover", discover)
    return unreadable


def test_groups_are_listed_and_what_to_do_is_said(discovered, capsys):
    assert main(["discover", "holiday"]) == 0

    told = capsys.readouterr()
    assert [line.split() for line in told.out.splitlines()] == [["number", "faces", "name"], ["1", "3", "faces"], ["2", "2", "faces"]]
    assert "5 photos: 5 faces in 2 groups" in told.err
    assert "write names into groups/groups.toml" in told.err
    assert "2 videos" in told.err


def test_names_in_the_file_and_on_the_line_are_kept_from_run_to_run(discovered, capsys):
    main(["discover", "holiday", "--name", "1=Anna"])
    capsys.readouterr()
    names = Path("groups/groups.toml")
    names.write_text(names.read_text(encoding="utf-8").replace('2 = ""', '2 = "王小明"'), encoding="utf-8")

    main(["discover", "holiday", "--json"])

    assert [group["name"] for group in json.loads(capsys.readouterr().out)["groups"]] == ["Anna", "王小明"]
    assert '1 = "Anna"' in names.read_text(encoding="utf-8")
    assert '2 = "王小明"' in names.read_text(encoding="utf-8")


def test_photos_are_copied_per_person(discovered, capsys):
    assert main(["discover", "holiday", "--name", "1=Anna", "--to", "people"]) == 0

    assert sorted(path.name for path in Path("people/Anna").iterdir()) == ["0.png", "1.png", "2.png"]
    assert sorted(path.name for path in Path("people").iterdir() if path.is_dir()) == ["Anna"]
    assert "Next: whosthat train people" in capsys.readouterr().err


def test_without_a_name_nothing_is_copied(discovered, capsys):
    main(["discover", "holiday", "--to", "people"])

    assert "nobody has a name yet" in capsys.readouterr().err


def test_json_holds_every_face(discovered, capsys):
    main(["discover", "holiday", "--name", "2=-", "--json"])

    document = json.loads(capsys.readouterr().out)
    assert [(group["name"], len(group["faces"])) for group in document["groups"]] == [(None, 3), ("-", 2)]


def test_what_cannot_be_read_is_named_and_is_the_exit_code(discovered, capsys):
    discovered.append(SetAside(Path("bad.jpg"), "the file is empty"))

    assert main(["discover", "holiday"]) == 3
    assert "bad.jpg: the file is empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("word", "sentence"), [("Anna", "such as 3=Anna; got Anna"), ("9=Anna", "There is no group 9"), ("1=a/b", "must not contain /")]
)
def test_a_wrong_name_is_refused_before_anything_is_written(discovered, capsys, word, sentence):
    assert main(["discover", "holiday", "--name", word]) == 2
    assert sentence in capsys.readouterr().err
    assert not Path("groups").exists()
