import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.photos.augmenting import Augmentation, augment, view_generator

STILL = {"rotation": 0, "shift": 0, "zoom": 0, "flip": False}


@pytest.fixture
def image():
    """Smooth, without symmetry: bright spot in the upper left, red grows to the right."""
    y, x = np.mgrid[:48, :64]
    spot = 200 * np.exp(-((x - 20) ** 2 + (y - 14) ** 2) / 40)
    return np.dstack([x * 3, spot, y * 2]).astype(np.uint8)


def spot(image):
    y, x = np.unravel_index(np.argmax(image[:, :, 1]), image.shape[:2])
    return int(x), int(y)


def views(image, augmentation, count=40):
    return [augment(image, augmentation, view_generator(0, 0, photo)) for photo in range(count)]


@given(seed=st.integers(0, 2**63), epoch=st.integers(0, 10**6), photo=st.integers(0, 10**9))
def test_a_view_depends_on_seed_epoch_and_photo_alone(seed, epoch, photo):
    image = np.arange(12 * 10 * 3, dtype=np.uint8).reshape(12, 10, 3)
    first, second = (augment(image, Augmentation(), view_generator(seed, epoch, photo)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_other_seeds_epochs_and_photos_give_other_views(image):
    keys = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    assert len({augment(image, Augmentation(), view_generator(*key)).tobytes() for key in keys}) == 4


def test_no_augmentation_is_the_photo_itself(image):
    assert augment(image, Augmentation(**STILL), view_generator(0, 0, 0)) is image


def test_flip_mirrors_about_half_of_the_views_exactly(image):
    seen = views(image, Augmentation(**{**STILL, "flip": True}), 200)
    mirrored = [np.array_equal(view, image[:, ::-1]) for view in seen]
    assert all(mirror or np.array_equal(view, image) for view, mirror in zip(seen, mirrored, strict=True))
    assert 60 < sum(mirrored) < 140


def test_shift_moves_by_at_most_its_share_both_ways(image):
    moved = [spot(view) for view in views(image, Augmentation(**{**STILL, "shift": 0.1}))]
    right, down = np.array(moved).T - np.array([[20], [14]])
    assert (abs(right).max() <= 7, abs(down).max() <= 5) == (True, True)
    assert (right.min() < -2, right.max() > 2, down.min() < -2, down.max() > 2) == (True,) * 4


def test_rotation_and_zoom_keep_the_middle(image):
    dotted = np.zeros((33, 33, 3), np.uint8)
    dotted[16, 16] = 255
    for view in views(dotted, Augmentation(rotation=180, shift=0, zoom=0.3, flip=True)):
        assert spot(view) == (16, 16)


def test_zoom_changes_sizes_both_ways():
    square = np.zeros((60, 60, 3), np.uint8)
    square[20:40, 20:40] = 255
    areas = [int((view[:, :, 0] > 127).sum()) for view in views(square, Augmentation(rotation=0, shift=0, zoom=0.2, flip=False))]
    assert 200 < min(areas) < 360
    assert 440 < max(areas) < 600


def test_the_border_repeats_the_edge():
    assert all((view == 90).all() for view in views(np.full((20, 20, 3), 90, np.uint8), Augmentation(shift=0.5)))


def test_all_frames_of_a_sequence_move_alike(image):
    sequence = augment(np.stack([image, image]), Augmentation(), view_generator(0, 0, 5))
    np.testing.assert_array_equal(sequence[0], sequence[1])
    np.testing.assert_array_equal(sequence[0], augment(image, Augmentation(), view_generator(0, 0, 5)))


def test_brightness_and_contrast_keep_to_their_limits():
    grey = np.full((4, 4, 3), 128, np.uint8)
    levels = [int(view[0, 0, 0]) for view in views(grey, Augmentation(**STILL, brightness=0.2), 100)]
    assert (77 <= min(levels) < 100, 156 < max(levels) <= 179) == (True, True)
    assert all((view == 128).all() for view in views(grey, Augmentation(**STILL, contrast=0.5)))


def test_one_setting_does_not_change_what_another_draws(image):
    plain, lit = (augment(image, Augmentation(brightness=b), view_generator(0, 0, 3)).astype(int) for b in (0.0, 1e-9))
    np.testing.assert_array_equal(plain, lit)
