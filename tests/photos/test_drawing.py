import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whosthat.errors import UsageError
from whosthat.photos.drawing import draw_sightings, encode_image, save_image, thumbnail
from whosthat.photos.reading import decode, read
from whosthat.types import Box, Sighting

GREY = np.full((120, 160, 3), 90, np.uint8)


def changed(before, after):
    rows, columns = np.nonzero((before != after).any(axis=2))
    return rows.min(), rows.max(), columns.min(), columns.max()


def test_a_box_is_outlined_and_its_inside_left_alone():
    drawn = draw_sightings(GREY, [Sighting("ann", 0.9, box=Box(40, 50, 120, 110))])
    assert (drawn[110, 45:115] != 90).all()
    assert (drawn[54:106, 44:116] == 90).all()
    assert (GREY == 90).all()


def test_without_a_box_banners_stack_from_the_lower_edge():
    one, two = (draw_sightings(GREY, [Sighting("ann", 0.9)] * count) for count in (1, 2))
    top_of_one, bottom, left, right = changed(GREY, one)
    assert (bottom, left, right) == (119, 0, 159)
    assert changed(GREY, two)[0] < top_of_one


def test_the_unknown_look_different():
    assert not np.array_equal(draw_sightings(GREY, [Sighting("unknown", 0.5)]), draw_sightings(GREY, [Sighting(None, 0.5)]))


def test_letters_grow_with_the_image():
    large = np.full((1200, 1600, 3), 90, np.uint8)
    heights = [
        120 - changed(GREY, draw_sightings(GREY, [Sighting("a", 1)]))[0],
        1200 - changed(large, draw_sightings(large, [Sighting("a", 1)]))[0],
    ]
    assert heights[1] > 4 * heights[0]


@pytest.mark.parametrize("name", ["x" * 200, "Zoë Ångström", "鋼鐵人", "🦸", "", "line\nbreak", "\udcff"])
@pytest.mark.parametrize("shape", [(1, 1, 3), (4, 300, 3), (300, 4, 3)])
def test_any_name_on_any_image_is_drawn(name, shape):
    image = np.zeros(shape, np.uint8)
    sightings = [Sighting(name, 1.0), Sighting(name, 0.0, box=Box(-9, -9, 500, 2)), Sighting(None, 0.3, box=Box(3, 3, 1, 1))]
    assert draw_sightings(image, sightings).shape == shape


@settings(max_examples=50, deadline=None)
@given(name=st.text(max_size=20))
def test_any_text_can_be_a_name(name):
    draw_sightings(GREY, [Sighting(name, 0.5)])


def test_a_thumbnail_keeps_proportions_and_never_grows():
    assert thumbnail(GREY, 40).shape == (30, 40, 3)
    assert thumbnail(GREY, 500) is GREY
    assert thumbnail(np.zeros((1, 900, 3), np.uint8), 30).shape == (1, 30, 3)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_encoding_is_repeatable_and_readable(format):
    content = encode_image(GREY, format)
    assert content == encode_image(GREY, format)
    assert decode(content).format == format
    assert np.abs(read(content).astype(int) - 90).max() <= 2


def test_encoding_suggests_the_nearest_format():
    with pytest.raises(UsageError, match='Did you mean "JPEG"'):
        encode_image(GREY, "JPG")


def test_saving_goes_by_suffix_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "鋼鐵人.PNG"
    path.write_bytes(b"old")
    save_image(GREY, path)
    np.testing.assert_array_equal(read(path), GREY)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_an_unknown_suffix_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(UsageError, match=r'"who\.jpgg"\. Did you mean "\.jp'):
        save_image(GREY, tmp_path / "who.jpgg")
    assert not list(tmp_path.iterdir())
