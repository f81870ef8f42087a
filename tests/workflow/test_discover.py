"""Finding and grouping the faces of a tree of photos, drawn ones, with the real networks."""

import os
import shutil
from collections import Counter

import numpy as np
import pytest

import whosthat
from whosthat.cartoons import HEROES, draw_hero
from whosthat.errors import DatasetError, UsageError
from whosthat.faces import finding
from whosthat.faces.finding import FaceReader
from whosthat.photos.drawing import save_image
from whosthat.workflow import discovery as discovering
from whosthat.workflow.discover import discover
from whosthat.workflow.group_files import write_groups
from whosthat.workflow.sorting import sort_copies


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Two people in a tree without names, a copy, what is no photo, and a link in a circle."""
    root = tmp_path_factory.mktemp("photos") / "tree"
    (root / "2024" / "07").mkdir(parents=True)
    for number in range(8):
        save_image(draw_hero(HEROES[number % 2], number // 2, 240), root / ("2024" if number < 3 else "2024/07") / f"IMG_{number}.png")
    shutil.copy(root / "2024" / "IMG_0.png", root / "copy of 0.png")
    save_image(np.full((120, 120, 3), 200, np.uint8), root / "wall.png")
    (root / "broken.png").write_bytes((root / "copy of 0.png").read_bytes()[:3000])
    (root / "party.mp4").write_bytes(b"\0")
    (root / "2024" / "circle").symlink_to(root)
    return root


@pytest.fixture
def found(tree):
    return discover(tree)


def test_each_photo_is_looked_at_once_and_every_file_is_accounted_for(tree):
    others = Counter()

    found = discover(tree, passed_over=others)

    assert found.photos == 9
    assert "wall.png" in [path.name for path in found.without_face]
    assert len({face.photo for face in found.faces}) + len(found.without_face) == 9
    assert [one.path.name for one in found.unreadable] == ["broken.png"]
    assert found.unreadable[0].reason
    assert others["video"] == 1
    assert sum(len(group.faces) for group in found.groups) + len(found.aside) == len(found.faces) > 4


def test_a_copy_is_no_second_face_but_is_known(found):
    assert [{path.name for path in face.paths} for face in found.faces if len(face.paths) > 1] == [{"IMG_0.png", "copy of 0.png"}]


def test_a_second_time_gives_the_same_groups_without_looking(tree, found, monkeypatch):
    looked = []
    monkeypatch.setattr(FaceReader, "embed", lambda _reader, crops: looked.append(crops))

    again = discover(tree)

    assert again.to_dict() == found.to_dict()
    assert looked == []


def test_faces_that_are_small_or_blurred_wait_aside(tree, monkeypatch):
    monkeypatch.setattr(discovering, "SMALL_FACE", 10_000)

    found = discover(tree)

    assert found.groups == ()
    assert len(found.aside) == len(found.faces) > 4


def test_a_photo_with_more_faces_than_are_taken_is_told(found, monkeypatch):
    assert found.crowded == ()
    monkeypatch.setattr(finding, "MOST_FACES", 1)
    assert {one.path.name for one in found.crowded} == {face.paths[0].name for face in found.faces}
    assert found.to_dict()["crowded"][0]["reason"] == finding.crowd_words(1)


def test_no_photo_is_changed(tree):
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in tree.rglob("*.*") if path.is_file()}

    discover(tree)

    assert before == {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in tree.rglob("*.*") if path.is_file()}


def test_one_face_is_a_group_and_none_is_none(tree, tmp_path):
    assert len(whosthat.discover(tree / "2024" / "IMG_0.png").groups) == 1
    assert whosthat.discover(tree / "wall.png").groups == ()


def test_no_photos_at_all(tmp_path):
    with pytest.raises(DatasetError, match="the folder holds no photos"):
        discover(tmp_path)
    (tmp_path / "film.jpg").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"There are no photos in .*\n.*film.jpg: the file is empty"):
        discover(tmp_path / "film.jpg")
    with pytest.raises(DatasetError, match="There are no photos"):
        discover([])


def test_a_recogniser_says_who_a_group_may_be(tree, tmp_path):
    people = tmp_path / "people"
    for name in HEROES[:1]:  # to a network for faces, two heroes look more alike than strangers do
        for seed in range(20, 26):
            (people / name).mkdir(parents=True, exist_ok=True)
            save_image(draw_hero(name, seed, 240), people / name / f"{seed}.png")
    run = whosthat.train(people, "faces", runs=tmp_path / "runs").run

    found = discover(tree, bundle=run)

    assert set(found.known.values()) == {HEROES[0]}
    assert HEROES[0] in {group.probably for group in found.groups}


def test_only_faces_can_be_grouped(tree, tmp_path, save_colours):
    with pytest.raises(UsageError, match="is no face recogniser"):
        discover(tree, bundle=save_colours(tmp_path / "bundle"))


def test_names_that_are_no_text_are_shown_and_copied(tmp_path):
    place = tmp_path / os.fsdecode(b"caf\xe9")
    place.mkdir()
    save_image(draw_hero(HEROES[0], 0, 240), tmp_path / "plain.png")
    (tmp_path / "plain.png").rename(place / os.fsdecode(b"\xff <b>.png"))

    found = discover(place).named({"1": "Anna"})
    page = write_groups(tmp_path / "groups", found)

    assert "&lt;b&gt;.png" in page.read_text(encoding="utf-8")
    assert len(list(sort_copies(found.predictions(), tmp_path / "people"))) == 1
    assert len(list((tmp_path / "people" / "Anna").iterdir())) == 1


def test_copies_are_not_put_among_the_photos(tree):
    with pytest.raises(UsageError, match="The photos themselves lie in"):
        discover([tree], without=[tree])
