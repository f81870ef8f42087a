from __future__ import annotations

import os
from pathlib import Path

import pytest

from whosthat.server.refusals import Refusal
from whosthat.server.studio.folders import Grounds, keep_dropped, listed, new_folder, photos_below

PNG = b"\x89PNG\r\n\x1a\n and more"


@pytest.fixture
def grounds(tmp_path: Path) -> Grounds:
    for name in ("party/ann/1.jpg", "party/ann/.2.jpg", "party/bo/deep/3.png", "party/notes.txt", "runs/x/4.jpg", "loose.jpg"):
        file = tmp_path / "mine" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(PNG)
    (tmp_path / "secret.jpg").write_bytes(PNG)
    root = (tmp_path / "mine").resolve()
    return Grounds(root, (root / "runs",))


def test_a_folder_is_listed_without_hidden_files_runs_and_links(grounds: Grounds, tmp_path: Path) -> None:
    (grounds.root / "party-set-aside").mkdir()
    (grounds.root / ".git").mkdir()
    (grounds.root / "out").symlink_to(tmp_path)
    found = listed(grounds, "")
    assert (found.photos, found.folders, found.more) == (3, (("party", 2, 2),), False)
    assert listed(grounds, "party").folders == (("ann", 1, 0), ("bo", 1, 1))


def test_looking_into_folders_ends(grounds: Grounds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whosthat.server.studio.folders.MOST_FILES", 4)
    found = listed(grounds, "")
    assert found.more
    assert found.photos <= 3


def test_photos_are_named_at_every_depth(grounds: Grounds) -> None:
    assert photos_below(grounds, "") == (["loose.jpg", "party/ann/1.jpg", "party/bo/deep/3.png"], 3)
    assert photos_below(grounds, "party/bo") == (["party/bo/deep/3.png"], 1)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "..",
            "../secret.jpg",
            "party/../../secret.jpg",
            "/etc/passwd",
            "\\etc",
            "C:\\x.jpg",
            "c:x",
            "party\\..\\..\\secret.jpg",
            "a\0b.jpg",
        ),
        *("x" * 10_000, ".hidden", "party/.git/x.jpg", "\ud800.jpg", "x/" * 400, "x" * 300),
    ],
)
def test_no_name_leads_elsewhere(grounds: Grounds, name: str) -> None:
    with pytest.raises(Refusal) as refused:
        grounds.photo(name)
    assert refused.value.status == 404


def test_a_link_that_leads_out_or_to_itself_is_not_followed(grounds: Grounds, tmp_path: Path) -> None:
    (grounds.root / "out.jpg").symlink_to(tmp_path / "secret.jpg")
    (grounds.root / "away").symlink_to(tmp_path)
    (grounds.root / "loop").symlink_to("loop")
    (grounds.root / "party" / "same.jpg").symlink_to("ann/1.jpg")
    for name in ("out.jpg", "away/secret.jpg", "loop/x.jpg"):
        with pytest.raises(Refusal):
            grounds.photo(name)
    assert grounds.photo("party/same.jpg").name == "same.jpg"
    assert grounds.name_of(tmp_path / "secret.jpg") is None


def test_what_is_no_photo_is_not_given(grounds: Grounds) -> None:
    for name in ("party/notes.txt", "party", "party/ann/2.jpg"):
        with pytest.raises(Refusal):
            grounds.photo(name)


def test_dropped_photos_are_written_under_safe_names_and_nothing_is_overwritten(grounds: Grounds) -> None:
    folder = new_folder(grounds, "../Party: 2\u202e")
    assert folder.parent == grounds.root
    done = keep_dropped(folder, [("ann/1.png", PNG), ("ann/1.png", PNG), ("<b>bo</b>/\u202e2.png", PNG), ("notes.txt", b"text")])
    assert done.kept == 2
    assert done.refused == [("ann/1.png", "there is a file of this name already"), ("notes.txt", "not a photo")]
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png")) == ["_b_bo_/b_/_2.png", "ann/1.png"]
    assert new_folder(grounds, "../Party: 2\u202e") != folder


@pytest.mark.parametrize(
    "name", ["../1.png", "a\\..\\1.png", "C:\\1.png", "/1.png", "a\0.png", "x" * 5000 + ".png", "a/" * 12 + "1.png", ""]
)
def test_a_dropped_name_that_leads_elsewhere_is_refused(grounds: Grounds, name: str) -> None:
    folder = new_folder(grounds, "drop")
    done = keep_dropped(folder, [(name, PNG)])
    assert done.kept == 0
    assert len(done.refused) == 1
    assert not any(path.is_file() for path in folder.rglob("*"))


def test_a_long_name_is_cut_and_names_that_look_the_same_are_kept_apart(grounds: Grounds) -> None:
    folder = new_folder(grounds, "n" * 300)
    assert keep_dropped(folder, [("p" * 250 + ".png", PNG)]).kept == 1
    assert all(len(os.fsencode(path.name)) < 256 for path in folder.rglob("*"))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is read-only to this user")
def test_a_folder_that_cannot_be_read_or_written_is_told(grounds: Grounds) -> None:
    grounds.root.chmod(0o500)
    try:
        with pytest.raises(Refusal, match=r"cannot be written|Permission"):
            new_folder(grounds, "drop")
    finally:
        grounds.root.chmod(0o700)
