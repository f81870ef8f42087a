"""The folder of a discovery: what is written is read again, and what somebody wrote wrongly is said."""

import tomllib
from dataclasses import replace

import numpy as np
import pytest

from whosthat.cartoons import HEROES, draw_hero
from whosthat.errors import UsageError
from whosthat.photos.drawing import save_image
from whosthat.types import Box, Face
from whosthat.workflow.discovery import Discovery, FoundFace
from whosthat.workflow.group_files import NAMES, folders_with, read_names, write_groups

FACE = Face(Box(-10, 20, 90, 130), ((20, 50), (60, 50), (40, 70), (25, 90), (55, 90)), 1.0)


@pytest.fixture
def found(tmp_path):
    """Two groups and a face alone, in drawn photos; one photo has gone."""
    faces = []
    for row, label in enumerate([0, 0, 0, 1, 1, 2]):
        path = tmp_path / f"{row} <b>.png"
        save_image(draw_hero(HEROES[label], row, 120), path)
        faces.append(FoundFace(f"{row:064x}-1", (path,), FACE, np.eye(3, 128, dtype=np.float32)[label]))
    (tmp_path / "4 <b>.png").unlink()
    return Discovery(tuple(faces), np.array([0, 0, 0, 1, 1, 2]))


def written(folder, found, *changes):
    write_groups(folder, found)
    text = (folder / NAMES).read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    (folder / NAMES).write_text(text, encoding="utf-8")
    return read_names(folder)[0].facts


def test_nothing_was_discovered_yet(tmp_path):
    assert read_names(tmp_path)[0].facts == {}


def test_names_that_were_written_are_facts_about_faces(tmp_path, found):
    facts = written(tmp_path / "groups", found, ('1 = ""', '1 = "Anna"'), ('3 = ""', '3 = "-"'), ("[faces]\n", '[faces]\n1.2 = "Tom"\n'))

    assert sorted(facts.values()) == ["-", "Anna", "Anna", "Tom"]
    assert facts[found.groups[0].faces[1].id] == "Tom"


def test_a_name_of_one_face_stays_that_faces_alone_from_run_to_run(tmp_path, found):
    named = found.named({"1.2": "Tom"})
    write_groups(tmp_path, named)
    names, _shown = read_names(tmp_path)
    again = replace(found, facts=names.facts, single=names.single)
    assert [(group.name, len(group.faces)) for group in again.groups] == [(group.name, len(group.faces)) for group in named.groups]
    assert again.groups[0].name == "Tom" != again.groups[1].name

    toml = tmp_path / "groups.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace('1 = "Tom"', '1 = "Bo"'), encoding="utf-8")
    assert read_names(tmp_path)[0].single == frozenset(), "the name of a group now"


@pytest.mark.parametrize("name", ["Anna", 'An"na', "王小明", "a\\b"[:1] + "é", "# no comment", "[groups]"])
def test_a_name_is_the_same_after_writing_and_reading(tmp_path, found, name):
    named = found.named({"1": name})
    write_groups(tmp_path / "groups", named)

    assert read_names(tmp_path / "groups")[0].facts == named.facts


def test_the_page_shows_each_group_by_number_and_name_and_hides_nothing_that_names_play(tmp_path, found):
    page = write_groups(tmp_path / "groups", found.named({"1": "<script src=x>"})).read_text(encoding="utf-8")

    assert "&lt;script src=x&gt;" in page
    assert "<script src=x>" not in page
    assert page.count('src="data:image/jpeg;base64,') == 5
    assert 'aria-label="group 2, face ' in page, "the photo that has gone keeps its place"


def test_who_somebody_is_not_is_kept_and_undone_by_the_name(tmp_path, found):
    folder, (first, *_rest) = tmp_path / "groups", found.groups[0].faces
    written(folder, found, ('1 = ""', '1 = "Anna"'), ("[not]\n", '[not]\n1.1 = "Anna"\n2 = "Tom"\n'))
    now, before = read_names(folder)

    assert before.facts == {}
    assert sorted(now.facts.values()) == ["Anna", "Anna"]
    assert now.never == {first.id: {"Anna"}} | {face.id: {"Tom"} for face in found.groups[1].faces}

    kept = Discovery(found.faces, found.labels, facts=now.facts, never=now.never)
    assert [(group.name, len(group.faces)) for group in kept.groups] == [("Anna", 2), (None, 2), (None, 1), (None, 1)]
    again = written(folder, kept, ('3 = ""', '3 = "Anna"'))
    assert again[first.id] == "Anna"
    assert read_names(folder)[0].never[first.id] == frozenset()


def test_what_people_wrote_is_told_from_what_whosthat_wrote(tmp_path, found):
    folder = tmp_path / "groups"
    written(folder, found.named({"1": "Anna"}), ('1 = "Anna"', '1 = ""'), ("[faces]\n", '[faces]\n2.1 = "Tom"\n'))

    now, before = read_names(folder)

    assert sorted(before.facts.values()) == ["Anna"] * 3
    assert sorted(now.facts.values()) == ["Tom"]
    assert now.single == now.facts.keys()


def test_folders_that_hold_somebody_are_found_by_name_and_by_photo(tmp_path, found):
    for name in ("one", "two", "three", "gone"):
        write_groups(tmp_path / name, found.named({"1": "Anna"} if name == "one" else {}))
    (tmp_path / "gone" / NAMES).unlink()
    next((tmp_path / "three").glob("*.json")).write_text("{", encoding="utf-8")

    assert dict(folders_with("Anna", set())) == {tmp_path / "one": True, tmp_path / "three": False}
    assert dict(folders_with("Tom", {f"{4:064x}"})) == {tmp_path / name: name != "three" for name in ("one", "two", "three")}


def test_only_one_file_of_numbers_is_kept_and_all_are_private(tmp_path, found):
    folder = tmp_path / "groups"
    write_groups(folder, found)
    write_groups(folder, found.named({"1": "Anna", "2": "Anna"}))

    assert sorted(path.suffix for path in folder.iterdir()) == [".html", ".json", ".toml"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


def test_a_kill_before_the_names_are_written_leaves_names_and_numbers_that_belong_together(tmp_path, found, killed_at):
    folder = tmp_path / "groups"
    facts = written(folder, found, ('1 = ""', '1 = "Anna"'))
    named = Discovery(found.faces, found.labels, facts=facts).named({"2": "Tom"})

    (folder / "groups-00000000.json").write_text("{", encoding="utf-8")  # of a discovery that was killed

    assert read_names(folder)[0].facts == facts
    write_groups(folder, named)
    assert read_names(folder)[0].facts == named.facts


def test_names_of_photos_that_are_not_there_now_are_kept(tmp_path, found):
    folder = tmp_path / "groups"
    named = found.named({"1": "Anna", "2": "Tom"})
    write_groups(folder, Discovery(found.faces[3:], found.labels[3:], facts=named.facts))

    assert read_names(folder)[0].facts == named.facts


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ([('1 = ""', "1 = Anna")], "cannot be used: Invalid value"),
        ([('1 = ""', "1 = 5")], "A name is a text in quotes, got 5"),
        ([('1 = ""', '77 = "Anna"')], "there is no group 77"),
        ([("[faces]\n", '[faces]\n1.9 = "Tom"\n')], "group 1 has no face 9"),
        ([("[faces]\n", '[faces]\n8.1 = "Tom"\n')], "there is no group 8"),
        ([("[faces]\n", '[faces]\n1 = "Tom"\n')], "write faces as 3.7"),
        ([("[faces]\n", "[people]\n")], r"\[people\] is not \[groups\]"),
        ([("[groups]\n", "groups = 3\n[faces.x]\n"), ("[faces]\n", "")], r"\[groups\] must be a table"),
        ([('numbers = "groups-', 'numbers = "../groups-')], "line that begins with numbers"),
    ],
)
def test_what_cannot_be_used_is_said_and_nothing_is_written_over(tmp_path, found, changes, sentence):
    with pytest.raises(UsageError, match=sentence):
        written(tmp_path / "groups", found, *changes)


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b'{"format": 9, "groups": {}}', b'{"format": 1}', b'{"format": 1, "groups": {}, "others": []}', b"\xff", b"[" * 100_000],
)
def test_damaged_numbers_are_said(tmp_path, found, content):
    folder = tmp_path / "groups"
    write_groups(folder, found)
    next(folder.glob("groups-*.json")).write_bytes(content)

    with pytest.raises(UsageError, match=r"damaged|another version"):
        read_names(folder)


def test_the_names_are_toml_whatever_the_number_of_groups(tmp_path):
    folder = tmp_path / "groups"
    write_groups(folder, Discovery((), np.empty(0, np.int64)))

    assert tomllib.loads((folder / NAMES).read_text(encoding="utf-8"))["groups"] == {}
