"""``whosthat discover``: what it shows, writes and copies; faces are given, not found."""

import json
from pathlib import Path

import numpy as np
import pytest

from whosthat.cartoons import HEROES, draw_hero
from whosthat.cli.app import main
from whosthat.library.contents import faces_of
from whosthat.library.facts import Place, Saying, say
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
    assert "reid-0095 tells people apart better" in told.err


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


def test_what_somebody_is_not_and_every_guess(discovered, capsys):
    main(["discover", "holiday", "--name", "1=Anna", "--not", "1.3=Anna"])
    capsys.readouterr()
    main(["discover", "holiday", "--accept-all", "--json"])

    groups = json.loads(capsys.readouterr().out)["groups"]
    assert [(group["name"], len(group["faces"])) for group in groups] == [("Anna", 2), (None, 2), (None, 1)]


def test_only_what_was_shown_is_accepted(discovered, monkeypatch, capsys):
    monkeypatch.setattr(
        "whosthat.workflow.discovery.guesses", lambda groups, people, _: [(people[-1].name, False) if people else None] * len(groups)
    )

    def groups(*words):
        main(["discover", "holiday", "--json", *words])
        return [(group["name"], group["perhaps"], len(group["faces"])) for group in json.loads(capsys.readouterr().out)["groups"]]

    assert groups("--name", "1=Anna", "--accept-all") == [("Anna", None, 3), (None, "Anna", 2)], "nobody has seen this guess"
    main(["discover", "holiday"])
    assert "1 group may be somebody who has a name. Look at the contact sheet; --accept" in capsys.readouterr().err
    assert groups("--accept") == [("Anna", None, 3), (None, "Anna", 2)]
    assert groups("--name", "2.1=Tom", "--accept-all") == [("Anna", None, 4), ("Tom", None, 1)]


def test_photos_are_linked_and_learnt(discovered, monkeypatch, capsys):
    trained = []
    monkeypatch.setattr("whosthat.workflow.train.train", lambda folder, model, **_: trained.append((folder, model)))
    monkeypatch.setattr("whosthat.cli.train.show_result", lambda _result: None)

    assert main(["discover", "holiday", "--name", "1=Anna", "--to", "people", "--link", "--learn"]) == 0

    assert {path.stat().st_nlink for path in Path("people/Anna").iterdir()} == {2}
    assert trained == [(Path("people"), "faces")]
    assert "Next:" not in capsys.readouterr().err


def test_that_there_is_nobody_to_learn_is_said(discovered, library_of, capsys):
    assert main(["discover", str(library_of({"1.png": ["anna"]}).folder), "--learn"]) == 0
    assert "There is nothing to learn from yet: nobody has a name." in capsys.readouterr().err


def test_a_library_keeps_names_and_its_own_sheet(library_of, monkeypatch, capsys):
    monkeypatch.setattr("whosthat.workflow.discovery.SMALL_FACE", 10)
    library = library_of({"1.png": ["anna"], "2.png": ["anna", "tom"]})
    place = str(library.folder)

    assert main(["discover", place, "--name", "1=Anna"]) == 0
    assert "What you said of 2 faces is kept.\n2 answers changed.\n" in capsys.readouterr().err
    assert {path.suffix for path in (library.folder / "groups").iterdir()} == {".html", ".json", ".toml"}

    names = library.folder / "groups" / "groups.toml"
    names.write_text(names.read_text(encoding="utf-8").replace('2 = ""', '2 = "Tom"'), encoding="utf-8")
    say(library, [Saying(Place(face.photo, face.place), "is", "Bea") for face in faces_of(library)[:1]])
    main(["discover", place, "--json"])
    told = json.loads(capsys.readouterr().out)["groups"]
    assert sorted(group["name"] for group in told) == ["Anna", "Bea", "Tom"], "what the old sheet says of Anna overrules no correction"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["holiday", "--learn"], "Say with --to"),
        (["library", "--bundle", "runs/latest"], "Leave out --bundle and --engine"),
        (["holiday", "--not", "3"], "--not is a number and a name"),
        (["holiday", "--link"], "--link needs --to DIR"),
        (["holiday", "--name", "1=Ana", "--name", "1=Bea"], "--name names 1 twice. Give one name at a time."),
        (["library", "--not", "1=Ana"], "There is no group 1: there are none yet."),
    ],
)
def test_what_does_not_go_together_is_said(discovered, library_of, monkeypatch, capsys, words, sentence):
    library_of({"1.png": ["anna"]}).folder.rename("library")

    assert main(["discover", *words]) == 2
    assert sentence in capsys.readouterr().err


def test_names_come_from_metadata_and_go_there(discovered, programs, capsys):
    Path("0.png.xmp").write_bytes(programs["Microsoft"].replace(b"0.2, 0.3, 0.2, 0.2", b"0.17, 0.17, 0.6, 0.65"))
    main(["discover", "holiday", "--read-xmp", "--write-xmp", "--name", "2=Tom", "--json"])
    told = capsys.readouterr()
    assert [group["name"] for group in json.loads(told.out)["groups"]] == ["Marie Curie", "Tom"]
    assert "Other programs had named 1 face in these photos; found again: 1." in told.err
    assert [b"Marie Curie" in Path(f"{row}.png.xmp").read_bytes() for row in range(5)] == [True, True, True, False, False]
    assert [b"Tom" in Path(f"{row}.png.xmp").read_bytes() for row in range(5)] == [False, False, False, True, True]
