"""Groups that somebody is naming: each change is kept at once, and can be undone."""

import numpy as np
import pytest

from whosthat.errors import UsageError
from whosthat.library.facts import facts_of, people_of
from whosthat.library.naming import rename
from whosthat.types import Box, Face
from whosthat.workflow import groups_at_hand
from whosthat.workflow.discovery import NOBODY, Discovery, FoundFace
from whosthat.workflow.group_files import read_names
from whosthat.workflow.groups_at_hand import GroupsAtHand

FACE = Face(Box(0, 0, 50, 50), ((1, 1), (2, 1), (1, 2), (1, 3), (2, 3)), 1.0)


@pytest.fixture
def at_hand(tmp_path, monkeypatch):
    """Groups of three, two and one face."""
    labels = np.array([0, 0, 0, 1, 1, 2])
    vectors = np.eye(3, 128, dtype=np.float32)[labels] + np.arange(6, dtype=np.float32)[:, None] / 1000
    faces = tuple(FoundFace(f"{row:064x}-1", (tmp_path / f"{row}.jpg",), FACE, vector) for row, vector in enumerate(vectors))
    monkeypatch.setattr(groups_at_hand, "discover", lambda *_, facts, **__: Discovery(faces, labels, "dlib-resnet", facts))
    return lambda: GroupsAtHand(tmp_path / "photos", tmp_path / "names")


def called(groups):
    return [(group.name, len(group.faces)) for group in groups.found.groups]


def test_names_joins_splits_and_denials_are_kept_for_the_next_time(at_hand):
    groups = at_hand()
    groups.change(0, "name", groups=[1, 3], name="Anna")
    assert called(groups) == [("Anna", 4), (None, 2)]
    odd = groups.group(1, 1).faces[-1].id
    groups.change(1, "name", faces=[odd], name="Tom")
    groups.change(2, "not", groups=[2], faces=[groups.group(1, 2).faces[0].id], name="Anna")
    groups.change(3, "nobody", groups=[4])

    assert called(groups) == [("Anna", 2), ("Tom", 1), (None, 2), (NOBODY, 1)]
    assert called(at_hand()) == called(groups)


def test_what_was_changed_is_undone_step_by_step(at_hand):
    groups = at_hand()
    assert not groups.can_undo
    before = called(groups)
    groups.change(0, "name", groups=[1], name="Anna")
    groups.change(1, "not", groups=[1], name="Anna")
    groups.undo(2)
    assert called(groups)[0] == ("Anna", 3)
    groups.undo(3)
    assert called(groups) == before == called(at_hand())
    with pytest.raises(UsageError, match="nothing to undo"):
        groups.undo(4)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"turn": 7, "what": "name", "groups": [1], "name": "Anna"}, "changed meanwhile"),
        ({"turn": 7, "what": "accept"}, "changed meanwhile"),
        ({"turn": 0, "what": "name", "groups": [9], "name": "Anna"}, "There is no group 9; there are 3"),
        ({"turn": 0, "what": "name", "name": "Anna"}, "Say which groups"),
        ({"turn": 0, "what": "name", "groups": [1], "name": "a/b"}, "must not contain /"),
        ({"turn": 0, "what": "not", "groups": [1]}, "Say who it is not"),
    ],
)
def test_what_cannot_be_changes_nothing(at_hand, change, sentence):
    groups = at_hand()
    with pytest.raises(UsageError, match=sentence):
        groups.change(change.pop("turn"), change.pop("what"), **change)
    assert (groups.turn, groups.can_undo, read_names(groups.sheet)[0].facts) == (0, False, {})


def test_guesses_are_accepted_together(at_hand):
    groups = at_hand()
    groups.found.faces[5].vector[:] = groups.found.faces[0].vector + np.float32(0.01)
    groups.change(0, "name", groups=[1], name="Anna")
    groups.change(1, "accept")
    assert called(groups) == [("Anna", 4), (None, 2)]


def test_names_of_a_library_are_its_facts_and_are_taken_back(library_of, monkeypatch, tmp_path):
    monkeypatch.setattr("whosthat.workflow.discovery.SMALL_FACE", 10)
    library = library_of({"1.png": ["anna"], "2.png": ["anna", "tom"]})
    groups = GroupsAtHand(library.folder, tmp_path / "names")

    groups.change(0, "name", groups=[1], name="Anna")
    assert [(fact.what, fact.person) for fact in facts_of(library)] == [("is", "Anna")] * 2
    assert len(library.rows("SELECT 1 FROM answers WHERE person IS NOT NULL")) == 2
    groups.undo(1)
    assert facts_of(library) == []
    groups.change(2, "name", groups=[1], name="Anna")
    rename(library, "Anna", "Annika")
    groups = GroupsAtHand(library.folder, tmp_path / "names")
    groups.change(0, "name", groups=[2], name="Anna")
    assert groups.renamed == ("Anna is called Annika in this library.",)
    assert list(people_of(library).values()) == ["Annika"]
    assert not groups.sheet.exists()
    assert groups.of_library


def test_photos_of_people_go_into_folders(at_hand, tmp_path):
    groups = at_hand()
    for face in groups.found.faces:
        face.paths[0].write_bytes(face.id.encode())
    groups.change(0, "name", groups=[1], name="Anna")
    assert groups.sort(tmp_path / "people", link=True) == 3
    assert {path.stat().st_nlink for path in (tmp_path / "people" / "Anna").iterdir()} == {2}
