from __future__ import annotations

import json
import math
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from whosthat.errors import UsageError
from whosthat.faces.own_embedders import read_description


def write(path: Path, foreign: ModuleType, **changes: Any) -> Path:
    """Write a description as TOML, with some keys changed; None leaves one out."""
    keys = {key: value for key, value in {**foreign.DESCRIBED, **changes}.items() if value is not None}
    path.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items()), encoding="utf-8")
    return path


def test_a_description_becomes_facts(tmp_path: Path, foreign: ModuleType) -> None:
    description = read_description(write(tmp_path / "d.toml", foreign, compare="cosine", same_person=0.4, mean=[1, 2, 3]))
    assert (description.facts.name, description.facts.dimensions, description.facts.licence) == ("my-net", 48, "MIT")
    assert description.facts.template("mtcnn") == description.facts.template("yunet")
    assert description.facts.template("mtcnn").size == 112
    assert description.mean == (1, 2, 3)
    assert description.same_person_distance == pytest.approx(math.sqrt(1.2))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"color": "rgb"}, 'There is no key "color". Did you mean "colours"'),
        ({"colours": None}, 'The key "colours" is missing: "rgb" or "bgr"'),
        ({"same_person": None}, 'The key "same_person" is missing: the smallest cosine'),
        ({"name": "../../evil"}, '"name": expected at most 50 small letters, digits and hyphens'),
        ({"name": "My Net"}, '"name": expected at most 50 small letters'),
        ({"name": "net\n"}, '"name": expected at most 50 small letters'),
        ({"licence": ""}, '"licence": expected'),
        ({"source": "a\u001b[31m"}, '"source": expected'),
        ({"dimensions": 1}, '"dimensions": expected greater than or equal to 2, got 1'),
        ({"crop_size": 4000}, '"crop_size": expected less than or equal to 1024'),
        ({"colours": "rbg"}, "\"colours\": expected 'rgb' or 'bgr', got 'rbg'"),
        ({"scale": 0}, '"scale": expected numbers other than 0, got 0'),
        ({"scale": [1, 0, 1]}, '"scale": expected numbers other than 0'),
        ({"mean": [1, 2]}, '"mean": expected'),
        ({"points": [[1, 2]] * 4}, '"points": expected'),
        ({"points": [[70, 50], [40, 50], [55, 70], [42, 92], [70, 92]]}, "eye on the left of the picture"),
        ({"points": [[40, 92], [70, 92], [55, 70], [42, 50], [70, 50]]}, "the eyes above the mouth"),
        ({"points": [[40, 50], [170, 50], [55, 70], [42, 92], [70, 92]]}, "must lie inside the crop, between 0 and 112"),
        ({"compare": "cosine", "same_person": 1.1}, "between -1 and 1, got 1.1"),
        ({"same_person": -1}, "above 0, got -1"),
    ],
)
def test_what_cannot_be_is_refused_with_what_was_expected(
    tmp_path: Path, foreign: ModuleType, changes: dict[str, Any], complaint: str
) -> None:
    path = write(tmp_path / "d.toml", foreign, **changes)
    with pytest.raises(UsageError) as raised:
        read_description(path)
    assert str(raised.value).startswith(f"The description {path} cannot be used. ")
    assert complaint in str(raised.value)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"name = ", "is not TOML"), (b"\xff", "is not TOML"), (b"#" * 70_000, "more than 64 KiB"), (b"mean = nan", '"mean"')],
)
def test_a_file_that_is_no_description_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    (tmp_path / "d.toml").write_bytes(content)
    with pytest.raises(UsageError, match=complaint):
        read_description(tmp_path / "d.toml")
    with pytest.raises(UsageError, match="cannot be read"):
        read_description(tmp_path / "absent.toml")


def test_the_example_in_the_documentation_is_one(tmp_path: Path, foreign: ModuleType) -> None:
    page = (Path(__file__).parents[2] / "docs" / "embedders.md").read_text(encoding="utf-8")
    (tmp_path / "d.toml").write_text(page.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    description = read_description(tmp_path / "d.toml")
    assert [list(point) for point in description.points] == foreign.ARCFACE
