import hashlib

import numpy as np
import pytest

from whosthat.cartoons import HEROES, STRANGERS, UNSEEN_STRANGERS, draw_hero, draw_photo_folder
from whosthat.cartoons.attire import BEARDS, EMBLEMS, HAIR, HEADGEAR, MASKS
from whosthat.cartoons.cast import EVERYBODY
from whosthat.errors import PhotoError, UsageError
from whosthat.photos.reading import read


def test_there_are_seven_heroes_and_strangers_who_are_none_of_them():
    assert len(set(HEROES)) == 7
    assert len({*HEROES, *STRANGERS, *UNSEEN_STRANGERS}) == 7 + len(STRANGERS) + len(UNSEEN_STRANGERS)


@pytest.mark.parametrize("name", HEROES + STRANGERS + UNSEEN_STRANGERS)
def test_a_picture_depends_on_name_seed_and_size_alone(name):
    first, second, other = draw_hero(name, 3, 40), draw_hero(name, 3, 40), draw_hero(name, 4, 40)
    assert (first.shape, first.dtype) == ((40, 40, 3), np.uint8)
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_everything_worn_exists_and_nobody_wears_the_same():
    for character in EVERYBODY.values():
        assert character.hair[0] in HAIR
        assert character.mask[0] in MASKS
        assert character.beard in BEARDS
        assert character.headgear[0] in HEADGEAR
        assert character.emblem in EMBLEMS
    assert len({(person.skin, person.hair, person.beard) for person in EVERYBODY.values()}) == len(EVERYBODY)


def test_every_suit_colour_of_a_hero_is_worn_by_another_too():
    wearers = [{suit for suit, _ in EVERYBODY[name].suits} for name in HEROES]
    for position, suits in enumerate(wearers):
        assert suits <= set().union(*wearers[:position], *wearers[position + 1 :])


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match='Did you mean "kid_kettle"'):
        draw_hero("kid_ketle", 0)


def test_a_folder_holds_one_folder_per_name_and_no_picture_twice(tmp_path):
    draw_photo_folder(tmp_path, photos_each=3, names=HEROES[:2], size=24)
    files = sorted(tmp_path.rglob("*.jpg"))
    assert [str(file.relative_to(tmp_path).as_posix()) for file in files[:3]] == [f"{HEROES[0]}/{n:03d}.jpg" for n in (1, 2, 3)]
    assert len({hashlib.sha256(file.read_bytes()).digest() for file in files}) == 6


def test_two_seeds_share_no_picture(tmp_path):
    for seed in (0, 1):
        draw_photo_folder(tmp_path / str(seed), photos_each=2, seed=seed, names=HEROES[:1], size=24)
    assert len({file.read_bytes() for file in tmp_path.rglob("*.jpg")}) == 4


def test_progress_counts_every_photo(tmp_path, heard):
    draw_photo_folder(tmp_path, photos_each=2, names=HEROES[:2], size=16, progress=heard)
    assert [step[1:] for step in heard.steps] == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_flaws_are_a_photo_cut_off_an_exact_and_a_smaller_copy(tmp_path):
    draw_photo_folder(tmp_path, photos_each=1, names=HEROES[:3], size=64, flaws=True)
    first, middle, last = (tmp_path / name for name in HEROES[:3])
    with pytest.raises(PhotoError, match="ends too early"):
        read(first / "cut off.jpg")
    assert (middle / "001 (copy).jpg").read_bytes() == (middle / "001.jpg").read_bytes()
    assert read(last / "001 small.jpg").shape == (48, 48, 3)
