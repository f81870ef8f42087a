from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from whosthat.dataset import folder as folder_module
from whosthat.dataset.folder import PhotoFolder, scan
from whosthat.errors import DatasetError

NEEDS_LINKS = pytest.mark.skipif(sys.platform == "win32", reason="links need a right that Windows users lack")
NEEDS_BYTE_NAMES = pytest.mark.skipif(sys.platform != "linux", reason="only Linux allows names that are not Unicode")


def put(root: Path, *names: str) -> Path:
    """Files with these names; scanning looks at names alone."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return root


def reasons(found: PhotoFolder) -> dict[str, str]:
    return {item.path.relative_to(found.root).as_posix(): item.reason for item in found.set_aside}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return put(tmp_path / "people", "anna/1.jpg", "bert/1.jpg")


def test_each_sub_folder_is_a_class_with_everything_below_it(root: Path) -> None:
    put(root, "anna/2019/beach/2.PNG", "anna/2019/1.jpg")
    found = scan(root)
    assert found.classes == ("anna", "bert")
    assert [photo.name for photo in found.photos] == ["anna/1.jpg", "anna/2019/1.jpg", "anna/2019/beach/2.PNG", "bert/1.jpg"]
    assert {photo.class_name for photo in found.photos[:3]} == {"anna"}


def test_the_order_of_the_file_system_does_not_matter(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root, "carl/3.jpg", "carl/2.jpg", "anna/x/1.jpg", "anna/.hidden.jpg")
    expected = scan(root)
    scandir = os.scandir

    @contextmanager
    def backwards(path: Path) -> Iterator[list[os.DirEntry[str]]]:
        with scandir(path) as listing:
            yield sorted(listing, key=lambda entry: entry.name, reverse=True)

    monkeypatch.setattr(folder_module.os, "scandir", backwards)
    assert scan(root) == expected


@pytest.mark.parametrize("name", ["鋼鐵人", "with spaces", "x" * 200, "Ünïcode 🦸"])
def test_any_readable_name_is_a_class(root: Path, name: str) -> None:
    put(root, f"{name}/{name[:190]}.jpg")
    assert name in scan(root).classes


def test_class_names_are_in_normal_form_c(root: Path) -> None:
    put(root, unicodedata.normalize("NFD", "Zoë") + "/1.jpg")
    assert unicodedata.normalize("NFC", "Zoë") in scan(root).classes


def test_everything_else_is_set_aside_with_its_reason(root: Path) -> None:
    put(root, "loose.jpg", "anna/.hidden.jpg", "anna/notes.txt", "bert/dir.jpg/inside.jpg", ".git/x.jpg", "empty/readme.md")
    assert reasons(scan(root)) == {
        ".git": folder_module.HIDDEN,
        "anna/.hidden.jpg": folder_module.HIDDEN,
        "anna/notes.txt": folder_module.NOT_A_PHOTO,
        "bert/dir.jpg": folder_module.FOLDER_NAMED_AS_PHOTO,
        "empty": folder_module.EMPTY_CLASS,
        "empty/readme.md": folder_module.NOT_A_PHOTO,
        "loose.jpg": folder_module.LOOSE,
    }


def test_a_file_without_suffix_is_judged_by_its_first_bytes(root: Path) -> None:
    (root / "anna" / "scan").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    (root / "anna" / "LICENSE").write_text("free", encoding="utf-8")
    found = scan(root)
    assert "anna/scan" in [photo.name for photo in found.photos]
    assert reasons(found) == {"anna/LICENSE": folder_module.NOT_A_PHOTO}


def test_what_people_take_for_photos_is_named(root: Path) -> None:
    found = reasons(scan(put(root, "anna/b.MOV", "anna/c.dng", "anna/raw")))
    assert found == {"anna/b.MOV": "a video", "anna/c.dng": "a RAW photo; export it as JPEG", "anna/raw": "not a photo"}


@NEEDS_LINKS
def test_links_never_lead_out_or_round_in_circles(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"")
    (root / "anna" / "out.jpg").symlink_to(tmp_path / "secret.jpg")
    (root / "anna" / "gone.jpg").symlink_to(root / "nowhere.jpg")
    (root / "anna" / "self.jpg").symlink_to(root / "anna" / "self.jpg")
    (root / "anna" / "loop").symlink_to(root)
    (root / "carl").symlink_to(root / "bert")
    (root / "anna" / "inside.jpg").symlink_to(root / "anna" / "1.jpg")
    found = scan(root)
    assert [photo.name for photo in found.photos] == ["anna/1.jpg", "anna/inside.jpg", "bert/1.jpg"]
    assert reasons(found) == {
        "anna/gone.jpg": folder_module.BROKEN_LINK,
        "anna/loop": folder_module.LINKED_FOLDER,
        "anna/out.jpg": folder_module.LINK_OUT,
        "anna/self.jpg": folder_module.BROKEN_LINK,
        "carl": folder_module.LINKED_FOLDER,
    }


@NEEDS_LINKS
def test_a_pipe_named_as_a_photo_is_not_opened(root: Path) -> None:
    os.mkfifo(root / "anna" / "pipe.jpg")
    os.mkfifo(root / "anna" / "pipe")
    assert set(reasons(scan(root)).values()) == {folder_module.NOT_A_FILE}


@NEEDS_BYTE_NAMES
def test_a_name_that_is_not_unicode_is_set_aside(root: Path) -> None:
    Path(os.fsdecode(os.fsencode(root / "anna") + b"/\xff.jpg")).write_bytes(b"")
    assert list(reasons(scan(root)).values()) == [folder_module.BAD_NAME]


def test_the_root_may_be_a_relative_path(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root.parent)
    assert scan(Path("people")) == scan(root)


def test_a_missing_folder_names_its_neighbour_where_it_has_one(root: Path) -> None:
    with pytest.raises(DatasetError, match=r"There is no folder .*poeple\. Did you mean .*people"):
        scan(root.parent / "poeple")
    with pytest.raises(DatasetError, match=r"There is no folder .*b\. Check"):
        scan(root.parent / "a" / "b")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "is empty"),
        (("1.jpg", "2.jpg"), r"Found 2 photo\(s\) directly in .*folder of their own"),
        (("readme.txt",), "has no sub-folders with photos"),
        (("anna/readme.txt", "bert/readme.txt"), "has no sub-folders with photos.*No photos were found in: 'anna', 'bert'"),
    ],
)
def test_a_layout_that_cannot_be_right_is_refused(tmp_path: Path, names: tuple[str, ...], message: str) -> None:
    (tmp_path / "people").mkdir()
    with pytest.raises(DatasetError, match=message):
        scan(put(tmp_path / "people", *names))


def test_a_file_instead_of_a_folder_is_refused(root: Path) -> None:
    with pytest.raises(DatasetError, match="is a file"):
        scan(root / "anna" / "1.jpg")


@pytest.mark.parametrize(("one", "other"), [("Anna", "anna"), (unicodedata.normalize("NFC", "zoë"), unicodedata.normalize("NFD", "zoë"))])
def test_classes_that_other_computers_cannot_tell_apart_are_refused(tmp_path: Path, one: str, other: str) -> None:
    put(tmp_path, f"{one}/1.jpg", f"{other}/1.jpg")
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("this file system cannot hold both names")
    with pytest.raises(DatasetError, match="differ only by upper and lower case"):
        scan(tmp_path)
