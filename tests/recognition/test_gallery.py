from __future__ import annotations

import json
import mmap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load, save

from whosthat.errors import BundleError
from whosthat.recognition import gallery as galleries
from whosthat.recognition import manifest, tensors
from whosthat.recognition.gallery import FILE, EnrolledPhoto, Gallery, read_gallery
from whosthat.recognition.manifest import read_manifest, write_manifest


def test_a_gallery_comes_back_from_its_file(gallery_of: Callable[..., Gallery]) -> None:
    gallery = gallery_of(n_people=3, each=2)
    named = Gallery(gallery.people, gallery.vectors, gallery.labels, (EnrolledPhoto("ünï/日本.jpg", "ab" * 32), *gallery.photos[1:]))
    back = read_gallery(named.to_bytes(), named.people, 128)
    np.testing.assert_array_equal(back.vectors, named.vectors)
    np.testing.assert_array_equal(back.labels, named.labels)
    assert back.photos == named.photos


def test_enrolling_a_face_takes_back_that_it_was_ruled_out(gallery_of: Callable[..., Gallery]) -> None:
    gallery = gallery_of(n_people=2, each=2)
    own, other = gallery.vectors[0], gallery.vectors[3]
    for person, vector, digest in (("person0", own, "ab"), ("person1", own, "ab"), ("person0", other, "ab"), ("person0", own, "cd")):
        gallery = gallery.ruling_out(person, vector, digest * 32)
    out = gallery.with_photos("person0", own[None] + np.float32(0.01), [EnrolledPhoto("person0/new.jpg", "ab" * 32)]).ruled_out
    assert out is not None
    assert (out.labels.tolist(), out.digests) == ([1, 0, 0], ("ab" * 32, "ab" * 32, "cd" * 32))
    np.testing.assert_array_equal(out.vectors[1], other)


def older(gallery: Gallery, listed: str) -> bytes:
    """A gallery as an older whosthat wrote it."""
    return save({"vectors": gallery.vectors, "owners": gallery.labels}, {"photos": listed})


def test_the_gallery_of_an_older_whosthat_is_read(gallery_of: Callable[..., Gallery], monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = gallery_of(n_people=3, each=2)
    content = older(gallery, json.dumps([[photo.name, photo.sha256] for photo in gallery.photos]))
    for longest in (1 << 20, 10):
        monkeypatch.setattr(tensors, "OWN_HEADER_BYTES", longest)
        assert read_gallery(content, gallery.people, 128).photos == gallery.photos
    with pytest.raises(BundleError, match="more is listed"):
        read_gallery(older(gallery, "[" * 999), gallery.people, 128)
    with pytest.raises(BundleError, match="damaged"):
        read_gallery(len(b"[[]]" * 9).to_bytes(8, "little") + b"[[]]" * 9, gallery.people, 128)


def test_a_large_gallery_stays_in_its_file(gallery_of: Callable[..., Gallery], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = gallery_of(n_people=3, each=2)
    write_manifest(tmp_path, {FILE: gallery.to_bytes()})
    monkeypatch.setattr(manifest, "MAPPED_FROM", 1)
    content = read_manifest(tmp_path).mapped(tmp_path, FILE)
    assert isinstance(content, mmap.mmap)
    back = read_gallery(content, gallery.people, 128)
    assert not back.vectors.flags.writeable
    np.testing.assert_array_equal(back.vectors, gallery.vectors)
    assert (list(back.photos), back.photos[1:3]) == (list(gallery.photos), gallery.photos[1:3])
    assert back.photos_of("person1") == gallery.photos[2:4]
    assert back.without("person0").photos == gallery.photos[2:]
    (tmp_path / FILE).write_bytes(b"0" * (tmp_path / FILE).stat().st_size)
    with pytest.raises(BundleError, match="not the file that was saved"):
        read_manifest(tmp_path).mapped(tmp_path, FILE)


@given(noise=st.binary(max_size=300))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(BundleError, match="damaged"):
        read_gallery(noise, ("a",), 128)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda g: Gallery(g.people, g.vectors * np.float32(np.nan), g.labels, g.photos), "finite embeddings"),
        (lambda g: Gallery(g.people, g.vectors * np.float32(3e38), g.labels, g.photos), "finite embeddings"),
        (lambda g: Gallery(g.people, g.vectors[:-1], g.labels, g.photos), "finite embeddings of 128"),
        (lambda g: Gallery(g.people, g.vectors, g.labels * 0, g.photos), "needs an embedding"),
        (lambda g: Gallery(g.people, g.vectors, g.labels + np.array([0, 0, 0, 0, 0, 7]), g.photos), "should own|belongs to nobody"),
    ],
)
def test_what_does_not_fit_is_refused(gallery_of: Callable[..., Gallery], change: Callable[[Gallery], Gallery], complaint: str) -> None:
    gallery = gallery_of(n_people=3, each=2)
    with pytest.raises(BundleError, match=complaint):
        read_gallery(change(gallery).to_bytes(), gallery.people, 128)


def test_rows_can_be_chosen_and_joined(gallery_of: Callable[..., Gallery]) -> None:
    gallery = gallery_of(n_people=3, each=2)
    first, rest = gallery.of(gallery.labels == 0), gallery.of([2, 3, 4, 5])
    assert first.photos == gallery.photos[:2]
    again = first.joined(rest)
    np.testing.assert_array_equal(again.vectors, gallery.vectors)
    assert again.photos == gallery.photos


def test_faces_that_were_ruled_out_come_back_from_the_file(gallery_of: Callable[..., Gallery], monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = gallery_of(n_people=3, each=2)
    monkeypatch.setattr(galleries, "MOST_RULED_OUT", 2)
    for person, digest in (("person0", "aa" * 32), ("person2", "bb" * 32), ("person1", "cc" * 32)):
        gallery = gallery.ruling_out(person, gallery.vectors[0], digest)
    back = read_gallery(gallery.to_bytes(), gallery.people, 128).ruled_out
    assert back is not None
    assert (back.digests, back.labels.tolist(), back.vectors.shape) == (("bb" * 32, "cc" * 32), [2, 1], (2, 128))  # the newest two


@pytest.mark.parametrize(
    ("array", "value"),
    [
        ("ruled_out", np.full((1, 128), np.nan, np.float32)),
        ("ruled_out", np.zeros((1, 64), np.float32)),
        ("ruled_out", np.zeros((0, 128), np.float32)),
        ("ruled_out_owners", np.array([3])),
        ("ruled_out_owners", np.array([-1])),
        ("ruled_out_owners", np.array([0, 1])),
        ("ruled_out_digests", np.zeros((1, 31), np.uint8)),
        ("ruled_out_digests", None),
    ],
)
def test_damage_to_faces_that_were_ruled_out_is_refused(gallery_of: Callable[..., Gallery], array: str, value: np.ndarray | None) -> None:
    gallery = gallery_of(n_people=3, each=2)
    arrays = load(gallery.ruling_out("person0", gallery.vectors[5], "ab" * 32).to_bytes())
    arrays.pop(array)
    if value is not None:
        arrays[array] = value
    with pytest.raises(BundleError, match=r"gallery\.safetensors"):
        read_gallery(save(arrays), gallery.people, 128)
