"""Faces and names as Picasa 3 kept them in the folders of photos."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.metadata.picasa import read_contacts, read_folder
from whosthat.metadata.sidecars import SidecarError
from whosthat.safe_xml import XmlError

INI = """\ufeff[Picasa]\r
name=Holiday = sun\r
[Contacts2]\r
8e62398ebda8c1a5=Anna Example;;\r
D10A8325C557B085=Zoë;zoe@example.com;\r
[a.jpg]\r
star=yes\r
filters=crop64=1,3f845bcb59418507;enhance=1;\r
faces=rect64(3f845bcb59418507),8e62398ebda8c1a5;rect64(9eb15b8bb1bf7a8b),ffffffffffffffff;rect64(1999000033333333),d10a8325c557b085\r
[b.jpg]\r
faces=rect64(199919993333),4bd750800fb6a6b8;rect64(zz),8e62398ebda8c1a5;rect64(ffff000000000000),8e62398ebda8c1a5\r
no entry\r
[a.jpg]\r
caption=[odd]\r
"""

CONTACTS = b"""<?xml version="1.0" encoding="UTF-8"?><contacts>
 <contact id="4bd750800fb6a6b8" name="Tom &amp; Co" modified_time="2013-01-01T00:00:00+01:00" local_contact="1"/>
 <contact id="8e62398ebda8c1a5" name="An old name"/><contact name="nobody"/></contacts>"""


def test_faces_with_names(tmp_path: Path) -> None:
    (tmp_path / ".picasa.ini").write_text(INI, encoding="utf-8", newline="")
    (tmp_path / "contacts.xml").write_bytes(CONTACTS)
    found = read_folder(tmp_path, read_contacts(tmp_path / "contacts.xml"))
    assert {file: [name for _box, name in faces] for file, faces in found.items()} == {
        "a.jpg": ["Anna Example", "Zoë"],
        "b.jpg": ["Tom & Co"],
    }
    anna = found["a.jpg"][0][0]
    sides = (0x3F84 / 65535, 0x5BCB / 65535, 0x5941 / 65535, 0x8507 / 65535)
    assert (anna.left, anna.top, anna.right, anna.bottom) == pytest.approx(sides)
    tom = found["b.jpg"][0][0]  # four zeros are missing
    assert (tom.left, tom.top, tom.right, tom.bottom) == pytest.approx((0, 0.1, 0.1, 0.2), abs=1e-4)


def test_a_folder_without_picasa(tmp_path: Path) -> None:
    assert read_folder(tmp_path, {}) == {}


def test_what_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.xml").write_bytes(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>")
    with pytest.raises(XmlError, match="document type"):
        read_contacts(tmp_path / "c.xml")
    with pytest.raises(SidecarError, match="cannot be read"):
        read_contacts(tmp_path / "gone.xml")
    with (tmp_path / ".picasa.ini").open("wb") as file:
        file.truncate(100 << 20)
    with pytest.raises(SidecarError, match="MiB"):
        read_folder(tmp_path, {})


@given(st.binary(max_size=300))
def test_anything_is_read(tmp_path_factory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("picasa")
    (folder / ".picasa.ini").write_bytes(b"[a.jpg]\nfaces=rect64(1),1;" + content)
    assert all(file for file in read_folder(folder, {}))
