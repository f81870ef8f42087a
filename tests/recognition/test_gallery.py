from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.errors import BundleError
from whosthat.recognition.gallery import EnrolledPhoto, Gallery, read_gallery


def test_a_gallery_comes_back_from_its_file(gallery_of: Callable[..., Gallery]) -> None:
    gallery = gallery_of(n_people=3, each=2)
    named = Gallery(gallery.people, gallery.vectors, gallery.labels, (EnrolledPhoto("ünï/日本.jpg", "ab" * 32), *gallery.photos[1:]))
    back = read_gallery(named.to_bytes(), named.people, 128)
    np.testing.assert_array_equal(back.vectors, named.vectors)
    np.testing.assert_array_equal(back.labels, named.labels)
    assert back.photos == named.photos


@given(noise=st.binary(max_size=300))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(BundleError, match="damaged"):
        read_gallery(noise, ("a",), 128)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda g: Gallery(g.people, g.vectors * np.float32(np.nan), g.labels, g.photos), "finite embeddings"),
        (lambda g: Gallery(g.people, g.vectors * np.float32(3e38), g.labels, g.photos), "finite embeddings"),
        (lambda g: Gallery(g.people, g.vectors, g.labels, (EnrolledPhoto("[" * 99, ""), *g.photos[1:])), "more is listed"),
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
