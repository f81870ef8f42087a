from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from whosthat.dataset.audit import Audit, audit
from whosthat.dataset.folder import scan
from whosthat.errors import DatasetError

Draw = Callable[..., Path]


def audited(root: Path) -> Audit:
    return audit(scan(root))


def sentence(found: Audit, kind: str) -> str:
    return next(item.sentence for item in found.findings if item.kind == kind)


def kinds(found: Audit) -> list[str]:
    return [item.kind for item in found.findings]


def groups(found: Audit) -> dict[str, int]:
    return {item.photo.name: item.group for item in found.photos}


def test_good_photos_give_no_problem(people: Path) -> None:
    found = audited(people)
    assert found.counts() == {"anna": 10, "bert": 10}
    assert kinds(found) == ["too-few"]
    assert sorted(groups(found).values()) == list(range(20))


def test_unreadable_files_are_set_aside_with_their_reasons(people: Path) -> None:
    (people / "anna" / "empty.jpg").write_bytes(b"")
    (people / "bert" / "text.jpg").write_text("no photo", encoding="utf-8")
    found = audited(people)
    assert [(item.path.name, item.reason) for item in found.set_aside] == [
        ("empty.jpg", "the file is empty"),
        ("text.jpg", "this is a text file, not a photo"),
    ]
    assert "2 files cannot be read and will not be used: anna/empty.jpg (the file is empty)" in sentence(found, "unreadable")


def test_a_photo_that_vanishes_after_the_scan_is_set_aside(people: Path) -> None:
    folder = scan(people)
    (people / "anna" / "3.png").unlink()
    found = audit(folder)
    assert [item.path.name for item in found.set_aside] == ["3.png"]
    assert found.counts() == {"anna": 9, "bert": 10}


def test_one_photo_under_two_names_is_a_problem_and_never_trained_on(people: Path) -> None:
    shutil.copy(people / "anna" / "3.png", people / "bert" / "again.png")
    found = audited(people)
    assert found.findings[0].severity == "problem"
    assert "anna/3.png = bert/again.png" in sentence(found, "two-names")
    assert not {"anna/3.png", "bert/again.png"} & set(groups(found))
    assert found.set_aside[0].reason == "the same photo is in another class (bert/again.png)"


def test_copies_look_alikes_and_bursts_share_a_group(people: Path, draw: Draw) -> None:
    shutil.copy(people / "anna" / "3.png", people / "anna" / "copy.png")
    Image.open(people / "anna" / "4.png").convert("RGB").resize((60, 70)).save(people / "anna" / "like.jpg")
    draw(people / "bert" / "b1.jpg", 900, taken="2020:01:01 10:00:00")
    draw(people / "bert" / "b2.jpg", 901, taken="2020:01:01 10:00:02")
    found = audited(people)
    group = groups(found)
    assert group["anna/3.png"] == group["anna/copy.png"]
    assert group["anna/4.png"] == group["anna/like.jpg"]
    assert group["bert/b1.jpg"] == group["bert/b2.jpg"]
    assert len(set(group.values())) == 21
    assert "anna/3.png ~ anna/copy.png" in sentence(found, "copies")
    assert "anna/4.png ~ anna/like.jpg" in sentence(found, "look-alikes")
    assert "bert/b1.jpg ~ bert/b2.jpg" in sentence(found, "bursts")


def test_one_picture_in_two_folders_is_named(people: Path) -> None:
    Image.open(people / "anna" / "4.png").crop((6, 7, 74, 89)).save(people / "bert" / "like.png")
    assert "two folders: 1 pair (anna/4.png ~ bert/like.png)" in sentence(audited(people), "look-alikes-across")


def test_portraits_taken_alike_in_two_folders_are_not_called_one_picture(people: Path) -> None:
    def squares(seed: int, side: int) -> Image.Image:
        levels = np.random.default_rng(seed).integers(0, 256, (side, side), dtype=np.uint8)
        return Image.fromarray(levels).resize((320, 320), Image.Resampling.BICUBIC)

    for seed, name in enumerate(("anna", "bert", "anna", "bert")):
        Image.blend(squares(11, 6), squares(20 + seed, 12), 0.2).save(people / name / f"alike{seed}.png")
    found = audited(people)
    assert "look-alikes-across" not in kinds(found)
    assert len(set(groups(found).values())) == 24


def test_sizes_colours_and_counts_that_make_learning_hard_are_said(people: Path, draw: Draw) -> None:
    for index in range(35):
        draw(people / "anna" / f"more{index}.png", 500 + index)
    Image.new("RGB", (70, 70), "black").save(people / "anna" / "black.png")
    draw(people / "bert" / "tiny.png", 700, size=(63, 200))
    (people / "carl").mkdir()
    found = audited(people)
    assert "anna, 46 photos) is 4.2 times the smallest (bert, 11)" in sentence(found, "imbalance")
    assert "bert/tiny.png (63 x 200)" in sentence(found, "too-small")
    assert "1 class with fewer than 20 photos: bert (11)." in sentence(found, "too-few")
    assert "anna/black.png" in sentence(found, "flat")
    assert "1 folder without photos: carl." in sentence(found, "empty-class")


def test_a_class_that_cannot_be_split_is_a_problem(people: Path, draw: Draw) -> None:
    draw(people / "carl" / "1.png", 800)
    shutil.copy(people / "carl" / "1.png", people / "carl" / "2.png")
    assert "carl (1)" in sentence(audited(people), "too-few-to-split")


def test_a_class_without_a_readable_photo_is_no_class(people: Path) -> None:
    (people / "carl").mkdir()
    (people / "carl" / "1.jpg").write_bytes(b"")
    found = audited(people)
    assert found.classes == ("anna", "bert")
    assert "No photo of carl can be used" in sentence(found, "lost-class")


def test_one_class_is_enough_and_said(tmp_path: Path, draw: Draw) -> None:
    draw(tmp_path / "people" / "anna" / "2019" / "1.png", 1)
    found = audited(tmp_path / "people")
    assert found.classes == ("anna",)
    assert "There is one class, anna. A face recogniser can find this person" in sentence(found, "one-class")


def test_a_folder_above_the_people_is_no_person(tmp_path: Path, draw: Draw) -> None:
    for number, name in enumerate(("anna", "bert")):
        draw(tmp_path / "photos" / "people" / name / "1.png", number)
    found = audited(tmp_path / "photos")
    assert "its photos are in 2 folders: anna, bert" in sentence(found, "one-class")
    assert next(item.severity for item in found.findings if item.kind == "one-class") == "problem"


def test_photos_none_of_which_can_be_read_are_refused(people: Path) -> None:
    for path in people.rglob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(DatasetError, match=r"No photo in .* can be used"):
        audited(people)


def test_a_second_audit_says_the_same(people: Path) -> None:
    assert audited(people) == audited(people)


def test_progress_counts_every_photo(people: Path, heard: Any) -> None:
    audit(scan(people), progress=heard)
    assert heard.steps == [("photos checked", done, 20) for done in range(1, 21)]


def test_a_cache_that_cannot_be_written_is_said_and_stops_nothing(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: Any
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("WHOSTHAT_CACHE", str(tmp_path / "file"))
    assert len(audit(scan(people), progress=heard).photos) == 20
    assert "The next check will read all photos again" in heard.said[-1]


def test_the_plain_form_is_json(people: Path) -> None:
    (people / "anna" / "empty.jpg").write_bytes(b"")
    plain = json.loads(json.dumps(audited(people).to_dict()))
    assert plain["n_photos"] == 20
    assert plain["classes"][0] == {"name": "anna", "photos": 10, "different_pictures": 10}
    assert plain["set_aside"][0]["reason"] == "the file is empty"
    assert {"kind", "severity", "sentence", "photos"} == set(plain["findings"][0])


@pytest.mark.real
def test_odd_images_are_read_or_set_aside_with_a_reason(real_data: Path) -> None:
    found = audited(real_data / "odd_images")
    reasons = {item.path.name: item.reason for item in found.set_aside}
    assert {"zero_byte.jpg", "text_renamed.jpg", "directory_named.jpg", "bomb_16000x16000_rgb.png", "truncated_half.jpg"} <= set(reasons)
    assert all(reasons.values())
    upright = {(item.width > item.height) for item in found.photos if item.photo.path.name.startswith("Landscape")}
    assert upright == {True}


@pytest.mark.real
@pytest.mark.parametrize(("folder", "fewest", "most"), [("avengers", 1000, 1020), ("lfw_fold1/images", 805, 807), ("strangers", 199, 200)])
def test_no_two_people_are_taken_for_one_picture(real_data: Path, folder: str, fewest: int, most: int) -> None:
    found = audited(real_data / folder)
    assert "look-alikes-across" not in kinds(found)
    assert fewest <= len({item.group for item in found.photos}) <= most
