import numpy as np
import pytest

from whosthat.errors import UsageError
from whosthat.photos.drawing import PEOPLE_COLOURS, UNKNOWN_COLOUR, colours_of, draw_sightings, encode_image, save_image, thumbnail
from whosthat.photos.reading import decode, read
from whosthat.types import Box, Sighting

GREY = np.full((120, 160, 3), 90, np.uint8)


def changed(before, after):
    rows, columns = np.nonzero((before != after).any(axis=2))
    return rows.min(), rows.max(), columns.min(), columns.max()


def is_colour(image, colour):
    return (image == np.array(colour, np.uint8)).all(axis=-1)


def test_a_known_person_has_a_solid_box_whose_inside_is_left_alone():
    drawn = draw_sightings(GREY, [Sighting("ann", 0.9, box=Box(40, 50, 120, 110))])
    assert (drawn[110, 45:115] != 90).all()
    assert (drawn[55:105, 45:115] == 90).all()
    assert is_colour(drawn[110, 45:115], colours_of([Sighting("ann", 0.9)])["ann"]).all()
    assert (GREY == 90).all()


def test_the_unknown_have_dashed_boxes_and_no_share():
    drawn = draw_sightings(GREY, [Sighting(None, 0.9, box=Box(40, 50, 120, 110))])
    dashes = is_colour(drawn[110, 40:120], UNKNOWN_COLOUR)
    assert np.count_nonzero(np.diff(dashes.astype(int))) >= 6
    np.testing.assert_array_equal(drawn, draw_sightings(GREY, [Sighting(None, 0.1, box=Box(40, 50, 120, 110))]))


def test_people_have_different_colours_in_one_picture_and_keep_them_where_they_can():
    people = [Sighting(name, 0.9) for name in ("ann", "bo", "cy", "dee", "eve", "張偉", "\ud800")]
    colours = colours_of([*people, Sighting(None, 0.5), *people])
    assert len(set(colours.values())) == len(people) + 1
    assert colours_of(people[::-1]) == colours_of(people)
    assert len(colours_of([Sighting(str(number), 1) for number in range(30)])) == 31


@pytest.mark.parametrize("colour", [*PEOPLE_COLOURS, UNKNOWN_COLOUR])
def test_white_letters_can_be_read_on_every_colour(colour):
    """Contrast ratio as WCAG 2.2 defines it."""
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in np.array(colour) / 255]
    assert 1.05 / (np.dot(linear, [0.2126, 0.7152, 0.0722]) + 0.05) > 5


def test_frames_of_a_video_share_where_their_labels_are():
    sides = {}
    near, far = (Sighting("ann", 0.9, box=Box(40, top, 90, top + 50)) for top in (2, 30))
    draw_sightings(GREY, [near], sides)
    below = draw_sightings(GREY, [far], sides)
    assert changed(GREY, below)[1] > changed(GREY, draw_sightings(GREY, [far]))[1]
    draw_sightings(GREY, [], sides)
    np.testing.assert_array_equal(draw_sightings(GREY, [far], sides), draw_sightings(GREY, [far]))


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
