"""Playlists, contact sheets and links: nothing is overwritten, every name leads to its photo."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

from whosthat.errors import UsageError
from whosthat.library.store import Library
from whosthat.workflow.library import found_files
from whosthat.workflow.library.found_files import link_photos, write_playlist, write_sheet
from whosthat.workflow.sorting import sort_copies

NAMES = ["sea.jpg", "#1 day.jpg", "王小明.jpg", " blank .jpg", "line\nend.jpg", "100%.jpg", "'quoted\".jpg"]


def saved(folder: Path, *names: str) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in names]
    for path in paths:
        path.write_bytes(path.name.encode("utf-8", "surrogateescape"))
    return paths


def test_a_playlist_leads_to_every_photo_from_where_it_lies(tmp_path: Path) -> None:
    photos = saved(tmp_path / "photos" / "deep", *NAMES, os.fsdecode(b"\xff\xfe.jpg"))
    file = tmp_path / "lists" / "found.m3u8"

    write_playlist(file, photos)

    head, *lines = file.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    assert head == "#EXTM3U"
    assert not [line for line in lines if line.startswith("#") or line != line.strip()]
    led = [
        Path(unquote(urlparse(line).path, errors="surrogateescape")) if line.startswith("file:") else file.parent / line for line in lines
    ]
    assert [path.read_bytes() for path in led] == [path.read_bytes() for path in photos]
    assert [line for line in lines if line.startswith("/")] == []
    assert lines[2] == str(Path("..") / "photos" / "deep" / "王小明.jpg")


def test_an_older_playlist_is_replaced_and_nothing_else_is(tmp_path: Path) -> None:
    (photo,) = saved(tmp_path, "photo.m3u8")
    with pytest.raises(UsageError, match="is no playlist"):
        write_playlist(photo, [])
    with pytest.raises(UsageError, match=r"ends in \.m3u8"):
        write_playlist(tmp_path / "photo.jpg", [])
    assert photo.read_bytes() == b"photo.m3u8"
    (tmp_path / "folder.m3u8").mkdir()
    (tmp_path / "nowhere.m3u8").symlink_to(tmp_path / "none")
    os.mkfifo(tmp_path / "pipe.m3u8")
    for name in ("folder", "nowhere", "pipe"):
        with pytest.raises(UsageError, match="is no playlist"):
            write_playlist(tmp_path / f"{name}.m3u8", [])
    write_playlist(tmp_path / "new.m3u", [photo])
    write_playlist(tmp_path / "new.m3u", [])
    assert (tmp_path / "new.m3u").read_bytes() == b"#EXTM3U\n"
    with pytest.raises(UsageError, match="cannot be written"):
        write_playlist(photo / "list.m3u8", [])


def test_nothing_is_written_into_a_library_which_could_not_forget_it(tmp_path: Path) -> None:
    with Library(tmp_path / "family", create=True) as library:
        inside = library.folder / "new"
    for write in (
        lambda: write_playlist(inside / "found.m3u8", []),
        lambda: write_sheet(inside, [], ""),
        lambda: link_photos(inside, []),
        lambda: sort_copies([], inside),
        lambda: sort_copies([], library.folder),
    ):
        with pytest.raises(UsageError, match="lies in the library"):
            write()
    assert not inside.exists()


def test_links_have_the_photos_names_and_numbers_where_these_are_taken(tmp_path: Path) -> None:
    photos = saved(tmp_path / "a", "IMG_1.jpg", "x.jpg") + saved(tmp_path / "b", "IMG_1.jpg", "img_1.JPG", os.fsdecode(b"\xff.jpg"))

    made = link_photos(tmp_path / "links", photos)

    assert made == {"link": 5}
    links = sorted((tmp_path / "links").iterdir())
    assert all(link.is_symlink() for link in links)
    assert len({link.name.casefold() for link in links}) == 5
    assert sorted(link.resolve() for link in links) == sorted(photos)


def test_hard_links_and_copies_take_the_place_of_links_that_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = saved(tmp_path / "a", "one.jpg", "two.jpg")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    assert link_photos(tmp_path / "hard", photos) == {"link": 2}
    assert (tmp_path / "hard" / "one.jpg").samefile(photos[0])
    monkeypatch.setattr(os, "link", refuse)
    os.utime(photos[1], (1e9, 1e9))
    assert link_photos(tmp_path / "copies", photos) == {"copy": 2}
    assert sorted(path.name for path in (tmp_path / "copies").iterdir()) == ["one.jpg", "two.jpg"]
    assert (tmp_path / "copies" / "two.jpg").read_bytes() == b"two.jpg"
    assert (tmp_path / "copies" / "two.jpg").stat().st_mtime == 1e9


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (photo,) = saved(tmp_path / "photos", "one.jpg")
    with pytest.raises(UsageError, match="holds files already"):
        link_photos(tmp_path / "photos", [photo])
    with pytest.raises(UsageError, match="cannot be written"):
        link_photos(photo, [photo])
    assert [path.name for path in (tmp_path / "photos").iterdir()] == ["one.jpg"]


def test_a_photo_that_goes_meanwhile_is_counted(tmp_path: Path) -> None:
    photos = saved(tmp_path / "photos", "one.jpg")
    assert link_photos(tmp_path / "links", [*photos, tmp_path / "gone.jpg"]) == {"link": 1, "gone": 1}


def test_ten_thousand_photos_of_one_name_take_no_ten_thousand_tries_each(tmp_path: Path) -> None:
    names = found_files._Names()
    assert len({names.free("IMG_0001.jpg") for _ in range(10_000)}) == 10_000


def test_a_sheet_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (file,) = saved(tmp_path, "file")
    with pytest.raises(UsageError, match="cannot be written"):
        write_sheet(file, [], "anna")
