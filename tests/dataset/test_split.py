from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.dataset.audit import Audit, AuditedPhoto
from whosthat.dataset.folder import Photo
from whosthat.dataset.split import Split, read_split, split, write_split
from whosthat.errors import DatasetError
from whosthat.types import PARTS

MakeAudit = Callable[[dict[str, list[int]]], Audit]


def sizes(made: Split, name: str) -> list[int]:
    return [sum(item.photo.class_name == name for item in made.parts[part]) for part in PARTS]


def names(made: Split, part: str) -> set[str]:
    return {item.photo.name for item in made.parts[part]}


@st.composite
def audits(draw: st.DrawFn) -> Audit:
    """Two or three classes of 3 to 12 groups of 1 to 6 photos."""
    photos: list[AuditedPhoto] = []
    group = 0
    for class_name in ("anna", "bert", "carl")[: draw(st.integers(2, 3))]:
        for size in draw(st.lists(st.integers(1, 6), min_size=3, max_size=12)):
            for _ in range(size):
                name = f"{class_name}/{len(photos)}.jpg"
                photos.append(AuditedPhoto(Photo(Path(name), class_name, name), f"{len(photos):064d}", 80, 80, False, None, group))
            group += 1
    return Audit(Path("people"), tuple(sorted({item.photo.class_name for item in photos})), tuple(photos), (), ())


@given(audit=audits(), seed=st.integers(0, 2**32), ratios=st.tuples(*[st.floats(0.01, 100)] * 3))
def test_every_photo_is_in_one_part_groups_stay_whole_and_no_part_lacks_a_class(
    audit: Audit, seed: int, ratios: tuple[float, float, float]
) -> None:
    made = split(audit, ratios=ratios, seed=seed)
    placed = [item for part in PARTS for item in made.parts[part]]
    assert sorted(item.photo.name for item in placed) == sorted(item.photo.name for item in audit.photos)
    part_of_group = {(item.group, part) for part in PARTS for item in made.parts[part]}
    assert len(part_of_group) == len({item.group for item in audit.photos})
    assert all(n > 0 for name in made.classes for n in sizes(made, name))


@given(audit=audits(), seed=st.integers(0, 100), order=st.randoms(use_true_random=False))
def test_the_order_of_the_photos_does_not_matter(audit: Audit, seed: int, order: object) -> None:
    shuffled = list(audit.photos)
    order.shuffle(shuffled)
    assert split(dataclasses.replace(audit, photos=tuple(shuffled)), seed=seed) == split(audit, seed=seed)


@pytest.mark.parametrize(
    ("ratios", "expected"),
    [((8, 1, 1), [80, 10, 10]), ((7, 1.5, 1.5), [70, 15, 15]), ((6, 2, 2), [60, 20, 20]), ((0.8, 0.1, 0.1), [80, 10, 10])],
)
def test_photos_that_are_all_different_are_divided_exactly(
    made_audit: MakeAudit, ratios: tuple[float, float, float], expected: list[int]
) -> None:
    made = split(made_audit({"anna": list(range(100)), "bert": list(range(100, 110))}), ratios=ratios)
    assert sizes(made, "anna") == expected


def test_large_groups_go_to_training(made_audit: MakeAudit) -> None:
    made = split(made_audit({"anna": [0] * 10 + [1] * 5 + list(range(2, 7)), "bert": list(range(10, 13))}))
    assert sizes(made, "anna") == [16, 2, 2]
    assert {item.group for item in made.parts["train"]} >= {0, 1}


def test_three_groups_give_one_to_each_part_however_large(made_audit: MakeAudit) -> None:
    made = split(made_audit({"anna": [0] * 10 + [1] * 5 + [2], "bert": [3, 4, 5]}))
    assert sizes(made, "anna") == [10, 5, 1]
    assert sizes(made, "bert") == [1, 1, 1]


def test_a_group_over_two_classes_stays_whole(made_audit: MakeAudit) -> None:
    made = split(made_audit({"anna": [0, 0, 1, 2, 3], "bert": [0, 4, 5, 6]}))
    assert [part for part in PARTS if any(item.group == 0 for item in made.parts[part])] == ["train"]


def test_groups_that_leave_a_part_without_a_class_are_refused(made_audit: MakeAudit) -> None:
    tied = {"anna": [0, 1, 2], "bert": [0, 0, 1, 3], "carl": [0, 1, 3], "dora": [2, 3, 9]}
    with pytest.raises(DatasetError, match="look alike stay in one part"):
        split(made_audit(tied))


def test_other_seeds_give_other_splits_and_the_same_seed_the_same(made_audit: MakeAudit) -> None:
    audit = made_audit({"anna": list(range(50)), "bert": list(range(50, 99))})
    assert split(audit, seed=1) == split(audit, seed=1)
    assert names(split(audit, seed=1), "test") != names(split(audit, seed=2), "test")


def test_one_photo_more_moves_few_others(made_audit: MakeAudit) -> None:
    smaller = made_audit({"anna": list(range(50)), "bert": list(range(50, 99))})
    larger = made_audit({"anna": [*range(50), 200], "bert": list(range(50, 99))})
    assert all(len(names(split(smaller), part) - names(split(larger), part)) <= 2 for part in PARTS)


def test_pictures_per_class_draws_each_photo_at_most_once(made_audit: MakeAudit) -> None:
    audit = made_audit({"anna": list(range(100)), "bert": list(range(100, 120))})
    made = split(audit, ratios=(7, 1.5, 1.5), pictures_per_class=50)
    assert sum(sizes(made, "anna")) == 50
    assert sizes(made, "anna")[0] == 35
    assert sum(sizes(made, "bert")) == 20
    assert sum(len(names(made, part)) for part in PARTS) == 70


def test_a_class_with_fewer_than_three_pictures_is_named(made_audit: MakeAudit) -> None:
    with pytest.raises(DatasetError, match=r"1 class with too few different pictures to be split: bert \(2\)"):
        split(made_audit({"anna": [0, 1, 2], "bert": [3, 3, 4]}))


@pytest.fixture
def written(made_audit: MakeAudit, tmp_path: Path) -> tuple[Audit, Split, Path]:
    audit = made_audit({"anna, the first": list(range(10)), '鋼鐵人 "x"\n': list(range(10, 20))})
    made = split(audit, seed=3)
    write_split(made, tmp_path / "split.csv")
    return audit, made, tmp_path / "split.csv"


def test_a_split_that_was_written_is_read_back(written: tuple[Audit, Split, Path]) -> None:
    audit, made, path = written
    assert read_split(path, audit) == made
    assert path.read_text(encoding="utf-8").startswith("path,class,part,group,sha256")


def test_a_photo_that_is_gone_or_changed_is_named(written: tuple[Audit, Split, Path]) -> None:
    audit, _, path = written
    other = dataclasses.replace(audit.photos[0], sha256="changed")
    with pytest.raises(DatasetError, match=r"2 photos of the split .* are missing or have changed \(.*/0\.jpg"):
        read_split(path, dataclasses.replace(audit, photos=(other, *audit.photos[2:])))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected the columns"),
        ("a,b\n", "expected the columns"),
        ("path,class,part,group,sha256\nx,y,lunch,0,0\n", '"lunch" is not one of train'),
        ("path,class,part,group,sha256\nx,y\n", "too few or too many columns"),
        ("path,class,part,group,sha256\n1,2,3,4,5,6\n", "too few or too many columns"),
        ('path,class,part,group,sha256\n"x', "cannot be read"),
        ("path,class,part,group,sha256\nanna/0.jpg,anna,train,0,anna0\nanna/0.jpg,anna,test,0,anna0\n", "twice"),
    ],
)
def test_a_file_that_is_no_split_is_refused(made_audit: MakeAudit, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "split.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError, match=message):
        read_split(tmp_path / "split.csv", made_audit({"anna": [0]}))


def test_a_split_that_cannot_be_written_says_so(written: tuple[Audit, Split, Path], tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be written"):
        write_split(written[1], tmp_path / "nowhere" / "split.csv")
