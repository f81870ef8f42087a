"""The page of a folder of photos: every class, every finding, and nothing from outside."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import numpy as np
import pytest

from whosthat.cartoons import HEROES, draw_photo_folder
from whosthat.checking.face_audit import FaceAudit, SuspectPhoto
from whosthat.dataset.audit import Audit, audit_folder
from whosthat.errors import UsageError
from whosthat.evaluation import check_page
from whosthat.evaluation.check_page import write_check_page
from whosthat.photos.drawing import encode_image
from whosthat.photos.reading import read

PICTURE = re.compile(r'<img src="data:image/jpeg;base64,([A-Za-z0-9+/=]+)" alt="([^"]*)"')


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    draw_photo_folder(tmp_path / "photos", photos_each=7, names=HEROES[:3], size=80, flaws=True)
    return audit_folder(tmp_path / "photos")


def test_each_class_has_its_number_and_five_photos(audit: Audit, tmp_path: Path) -> None:
    page = write_check_page(tmp_path / "new" / "check.html", audit, None).read_text(encoding="utf-8")
    table = page.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r'<th scope="row">(.+?)</th><td class="number">(\d+)</td>', table)
    assert dict(rows) == {name: str(count) for name, count in audit.counts().items()}
    shown = [name.split("/")[0] for _, name in PICTURE.findall(table)]
    assert {name: shown.count(name) for name in shown} == dict.fromkeys(audit.classes, 5)


def test_the_pictures_are_the_photos(audit: Audit, tmp_path: Path) -> None:
    page = write_check_page(tmp_path / "check.html", audit, None).read_text(encoding="utf-8")
    pictures = {name: encoded for encoded, name in PICTURE.findall(page)}
    for name, encoded in pictures.items():
        shown = read(base64.b64decode(encoded)).astype(int)
        assert np.abs(shown - read(audit.root / name)).mean() < 6, name


def test_every_finding_comes_with_its_photos(audit: Audit, tmp_path: Path) -> None:
    page = write_check_page(tmp_path / "check.html", audit, None).read_text(encoding="utf-8")
    assert {"unreadable", "too-few"} <= {finding.kind for finding in audit.findings}
    for finding in audit.findings:
        part = page.partition(finding.sentence)[2].partition('<span class="severity')[0]
        assert part, finding.sentence
        assert all(name in part for name in finding.photos), finding.kind
    assert "001 (copy).jpg" in page
    assert "1 file could not be used" in page


def test_faces_add_their_findings_the_worst_first(audit: Audit, tmp_path: Path) -> None:
    suspect = SuspectPhoto(audit.photos[0].photo.name, audit.classes[0], None, 0.9, None)
    faces = FaceAudit(n_photos=22, people_without_face=(audit.classes[1],), suspects=(suspect,))
    page = write_check_page(tmp_path / "check.html", audit, faces).read_text(encoding="utf-8")
    assert "may be in the wrong folder" in page
    assert re.findall(r'class="severity (\w+)"', page)[0] == "problem"


def test_names_are_escaped_and_nothing_is_loaded(tmp_path: Path) -> None:
    draw_photo_folder(tmp_path / "photos", photos_each=2, names=HEROES[:1], size=40)
    (tmp_path / "photos" / HEROES[0]).rename(tmp_path / "photos" / "<script>alert(1)<")
    page = write_check_page(tmp_path / "check.html", audit_folder(tmp_path / "photos"), None).read_text(encoding="utf-8")
    assert page.count("<script") == 1  # our own
    assert "&lt;script&gt;alert(1)&lt;" in page
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)


def test_long_lists_stay_short(audit: Audit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_page, "MOST_SAMPLES", 2)
    monkeypatch.setattr(check_page, "SHOWN", 1)
    page = write_check_page(tmp_path / "check.html", audit, None).read_text(encoding="utf-8")
    assert len(PICTURE.findall(page.partition("<tbody>")[2].partition("</tbody>")[0])) == 2
    assert "1 more photo" in page


def test_a_folder_without_trouble_says_so(tmp_path: Path) -> None:
    for name, seed in (("a", 0), ("b", 1)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(20):
            noise = np.random.default_rng([seed, number]).integers(0, 256, (8, 8, 3), np.uint8).repeat(12, 0).repeat(12, 1)
            (tmp_path / "photos" / name / f"{number}.png").write_bytes(encode_image(noise, "PNG"))
    audit = audit_folder(tmp_path / "photos")
    page = write_check_page(tmp_path / "check.html", audit, None).read_text(encoding="utf-8")
    assert ("No problems found." in page) == (not audit.findings)
    assert not audit.findings


def test_photos_that_are_gone_meanwhile_are_named(audit: Audit, tmp_path: Path) -> None:
    for item in audit.photos:
        item.photo.path.unlink()
    page = write_check_page(tmp_path / "check.html", audit, None).read_text(encoding="utf-8")
    assert not PICTURE.search(page)
    assert page.count('class="none"') == 15


@pytest.mark.parametrize("name", ["page.txt", "folder.html", "file/page.html"])
def test_what_cannot_be_written_is_said(audit: Audit, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.html").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"must be a file that ends in \.html|cannot be written"):
        write_check_page(tmp_path / name, audit, None)
