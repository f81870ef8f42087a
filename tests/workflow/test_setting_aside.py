from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from whosthat.checking.face_audit import FaceAudit, SuspectPhoto, UnlikePhotos
from whosthat.dataset.audit import Audit
from whosthat.dataset.findings import Finding
from whosthat.errors import DatasetError
from whosthat.workflow.check import Checkup
from whosthat.workflow.setting_aside import COLUMNS, Outcome, aside_folder, carry_out, plan_moves, read_plan, undo, write_plan


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name in ("ann/good.jpg", "ann/empty room.jpg", "bo/2020/is ann.jpg", "bo/broken.jpg"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    return tmp_path / "photos"


def checkup(photos: Path) -> Checkup:
    unreadable = Finding("unreadable", "warning", "1 file cannot be read.", ("bo/broken.jpg",))
    other = Finding("bursts", "note", "Two photos.", ("ann/good.jpg",))
    suspect = SuspectPhoto("bo/2020/is ann.jpg", "bo", "ann", 0.9, 0.3)
    faces = FaceAudit(3, without_face=("ann/empty room.jpg",), suspects=(suspect,))
    return Checkup(Audit(photos.resolve(), ("ann", "bo"), (), (), (unreadable, other)), faces)


def files(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.jpg")}


def test_the_plan_names_every_doubtful_photo_once_with_its_reason(photos: Path) -> None:
    moves = plan_moves(checkup(photos))
    assert [(move.source, move.reason) for move in moves] == [
        ("photos/ann/empty room.jpg", "no face was found"),
        ("photos/bo/2020/is ann.jpg", "probably shows ann"),
        ("photos/bo/broken.jpg", "cannot be read"),
    ]
    assert moves[1].target == "photos-set-aside/bo/2020/is ann.jpg"


def test_photos_that_may_be_of_another_age_stay(photos: Path) -> None:
    found = checkup(photos)
    assert found.faces is not None
    young = replace(found.faces, unlike=(UnlikePhotos("bo", ("bo/2020/is ann.jpg",)),))
    assert [move.source for move in plan_moves(replace(found, faces=young))] == ["photos/ann/empty room.jpg", "photos/bo/broken.jpg"]


def test_writing_a_plan_moves_nothing(photos: Path) -> None:
    before = files(photos)
    moves = plan_moves(checkup(photos))
    plan = write_plan(moves, photos)
    assert files(photos) == before
    assert read_plan(plan, photos) == moves
    assert write_plan(moves, photos) != plan


def test_carrying_out_and_undoing_leaves_every_photo_as_it_was(photos: Path) -> None:
    before = files(photos)
    plan = write_plan(plan_moves(checkup(photos)), photos)
    assert len(carry_out(plan, photos).moved) == 3
    assert list(files(photos)) == ["ann/good.jpg"]
    assert len(files(aside_folder(photos))) == 3
    assert len(undo(plan, photos).moved) == 3
    assert files(photos) == before
    assert files(aside_folder(photos)) == {}


def test_nothing_is_overwritten_on_either_way(photos: Path) -> None:
    plan = write_plan(plan_moves(checkup(photos)), photos)
    (taken := aside_folder(photos) / "bo" / "broken.jpg").parent.mkdir()
    taken.write_text("older")
    (sentence,) = carry_out(plan, photos).left
    assert "broken.jpg already exists" in sentence
    assert (photos / "bo" / "broken.jpg").exists()
    assert taken.read_text() == "older"
    (photos / "ann" / "empty room.jpg").write_text("newer")
    assert any("empty room.jpg already exists" in left for left in undo(plan, photos).left)
    assert (photos / "ann" / "empty room.jpg").read_text() == "newer"


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("way", [carry_out, undo])
def test_killed_at_any_call_and_repeated_every_photo_is_where_it_belongs(
    way: Callable[[Path, Path], Outcome], links: bool, photos: Path, killed_at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(photos)
    if not links:  # as on a memory card
        monkeypatch.setattr(os, "link", lambda *_, **__: (_ for _ in ()).throw(OSError(errno.EPERM, "Operation not permitted")))
    plan = write_plan(plan_moves(checkup(photos)), photos)
    for nth in itertools.count(1):
        if way is undo:
            carry_out(plan, photos)
        with killed_at(nth) as died:
            way(plan, photos)
        assert set(before.values()) == {*files(photos).values(), *files(aside_folder(photos)).values()}  # no empty file, none lost
        assert way(plan, photos).left == ()
        assert len(files(photos)) == (4 if way is undo else 1)
        assert undo(plan, photos).left == ()
        assert (files(photos), files(aside_folder(photos))) == (before, {})
        if not died:
            break
    assert nth > 3


def test_a_name_that_is_taken_aside_gets_a_number(photos: Path) -> None:
    (taken := aside_folder(photos) / "bo" / "broken.jpg").parent.mkdir(parents=True)
    taken.write_text("older")
    assert plan_moves(checkup(photos))[2].target == "photos-set-aside/bo/broken-2.jpg"


def test_a_photo_that_is_gone_is_said_and_the_rest_is_moved(photos: Path) -> None:
    plan = write_plan(plan_moves(checkup(photos)), photos)
    (photos / "bo" / "broken.jpg").unlink()
    outcome = carry_out(plan, photos)
    assert len(outcome.moved) == 2
    assert "not found" in outcome.left[0]


@pytest.mark.parametrize(
    "row",
    [
        "/etc/passwd,photos-set-aside/a/b.jpg,x",
        "photos/../secret.jpg,photos-set-aside/a/b.jpg,x",
        "photos/ann/good.jpg,elsewhere/a/b.jpg,x",
        "photos/ann/good.jpg,photos-set-aside/../x/b.jpg,x",
        "photos/ann,photos-set-aside/ann,x",
    ],
)
def test_a_plan_that_leads_elsewhere_is_refused_as_a_whole(photos: Path, row: str) -> None:
    plan = photos.parent / "plan.csv"
    plan.write_text(f"{','.join(COLUMNS)}\nphotos/ann/good.jpg,photos-set-aside/ann/good.jpg,x\n{row}\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="is not in"):
        carry_out(plan, photos)
    assert (photos / "ann" / "good.jpg").exists()


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"from,to,reason\nphotos/ann/good.jpg\n", b"\xff\xfe", b"from,to,reason\n1,2,3,4\n"]
)
def test_another_file_is_no_plan(photos: Path, content: bytes) -> None:
    (photos.parent / "other.csv").write_bytes(content)
    with pytest.raises(DatasetError, match=r"not a plan|cannot be read"):
        undo(photos.parent / "other.csv", photos)
