import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whosthat.errors import UsageError
from whosthat.photos.preparing import PrepareSpec, prepare


def picture(height, width):
    """Left half red, right half blue, a green line on top."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2, 0] = image[:, width // 2 :, 2] = 255
    image[0] = (0, 255, 0)
    return image


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    size=st.integers(1, 40),
    fit=st.sampled_from(["stretch", "crop", "pad"]),
    frames=st.sampled_from([None, 1, 3]),
)
def test_any_image_gets_the_shape_of_the_spec(height, width, size, fit, frames):
    spec = PrepareSpec(size, fit, frames)
    prepared = prepare(picture(height, width), spec)
    assert (prepared.shape, prepared.dtype) == (spec.shape, np.uint8)


def test_an_image_of_the_right_size_is_not_touched():
    image = picture(32, 32)
    assert prepare(image, PrepareSpec(32)) is image


def test_stretch_shows_all_of_a_wide_photo():
    prepared = prepare(picture(20, 80), PrepareSpec(16))
    assert prepared[-1, 0].tolist() == [255, 0, 0]
    assert prepared[-1, -1].tolist() == [0, 0, 255]


def test_crop_keeps_the_middle():
    image = np.zeros((10, 30, 3), np.uint8)
    image[:, 10:20] = 200
    assert (prepare(image, PrepareSpec(10, "crop")) == 200).all()
    assert (prepare(image, PrepareSpec(5, "crop")) == 200).all()


def test_pad_fills_up_with_mid_grey():
    prepared = prepare(np.zeros((10, 20, 3), np.uint8), PrepareSpec(20, "pad"))
    assert (prepared[:5] == 128).all()
    assert (prepared[5:15] == 0).all()
    assert (prepared[15:] == 128).all()


def test_shrinking_averages_instead_of_skipping():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(prepare(stripes, PrepareSpec(8)).astype(int) - 127).max() <= 1


def test_a_still_photo_is_repeated_for_every_frame():
    prepared = prepare(picture(9, 9), PrepareSpec(8, frames=3))
    assert (prepared == prepare(picture(9, 9), PrepareSpec(8))).all()


def test_a_view_of_a_larger_array_is_prepared_as_its_copy():
    view = picture(40, 60)[::-1, ::2]
    np.testing.assert_array_equal(prepare(view, PrepareSpec(16)), prepare(view.copy(), PrepareSpec(16)))


@pytest.mark.parametrize("array", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)])
def test_what_is_no_image_is_refused(array):
    with pytest.raises(ValueError, match="An image is a uint8 array"):
        prepare(array, PrepareSpec(4))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"size": 0}, "size must be a whole number from 1 to 4096, got 0"),
        ({"size": 10**9}, "from 1 to 4096"),
        ({"size": "224"}, "got '224'"),
        ({"size": True}, "got True"),
        ({"frames": 0}, "frames must be a whole number"),
        ({"fit": "strech"}, 'Did you mean "stretch"'),
        ({"fitt": "crop"}, 'no key "fitt". Did you mean "fit"'),
    ],
)
def test_a_spec_with_a_wrong_value_is_refused(values, message):
    with pytest.raises(UsageError, match=message):
        PrepareSpec.from_dict(values)


def test_a_spec_survives_being_saved():
    spec = PrepareSpec(96, "pad", 4)
    assert PrepareSpec.from_dict(spec.to_dict()) == spec


def test_the_key_differs_exactly_when_the_spec_does():
    specs = [PrepareSpec(96), PrepareSpec(97), PrepareSpec(96, "crop"), PrepareSpec(96, frames=1)]
    assert len({spec.key() for spec in specs}) == len(specs)
    assert PrepareSpec(96).key() == PrepareSpec(96).key()
