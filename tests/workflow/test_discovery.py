"""Names are facts about faces: what they join, part and outlive."""

from pathlib import Path

import numpy as np
import pytest

from whosthat.errors import UsageError
from whosthat.recognition.grouping import ASIDE
from whosthat.types import Box, Face
from whosthat.workflow.discovery import NOBODY, Discovery, FoundFace

FACE = Face(Box(0, 0, 50, 50), ((1, 1), (2, 1), (1, 2), (1, 3), (2, 3)), 1.0)
PEOPLE = np.eye(4, 128, dtype=np.float32) * 0.8


def found(labels, photos=None, **more):
    """A face for each label; whoever has the same label looks alike, the later the less."""
    photos = range(len(labels)) if photos is None else photos
    vectors = [PEOPLE[max(label, 0)] + np.float32(0.001 * row) for row, label in enumerate(labels)]
    faces = tuple(
        FoundFace(f"{photo:064x}-{row}", (Path(f"{photo}.jpg"), Path(f"copy/{photo}.jpg")), FACE, vector)
        for row, (photo, vector) in enumerate(zip(photos, vectors, strict=True))
    )
    return Discovery(faces, np.array(labels, np.int64), "dlib-resnet", **more)


def said(discovery):
    return [(group.name, len(group.faces)) for group in discovery.groups]


def test_groups_are_numbered_from_the_largest_and_who_waits_aside_is_in_none():
    discovery = found([0, 0, 0, 1, 1, 2, ASIDE])

    assert [(group.number, len(group.faces)) for group in discovery.groups] == [(1, 3), (2, 2), (3, 1)]
    assert len(discovery.aside) == 1


def test_the_first_face_of_a_group_is_the_most_typical_and_the_last_the_least():
    discovery = found([0] * 5)
    discovery.faces[1].vector[5] = 0.3

    assert discovery.groups[0].faces[0] == discovery.faces[2], "in the middle of the others, from each of which the odd one is as far"
    assert discovery.groups[0].faces[-1] == discovery.faces[1]


def test_one_name_for_two_groups_joins_them_and_those_with_names_stand_first():
    discovery = found([0, 0, 0, 1, 1, 2]).named({"2": "Anna", "3": " Anna "})

    assert said(discovery) == [("Anna", 3), (None, 3)]


def test_a_face_with_another_name_leaves_its_group():
    discovery = found([0, 0, 0, 1])
    odd = discovery.groups[0].faces[0]

    named = discovery.named({"1": "Anna", "1.1": "Tom"})

    assert said(named) == [("Anna", 2), ("Tom", 1), (None, 1)]
    assert named.groups[1].faces == (odd,)


def test_two_groups_of_nobody_stay_two_and_stand_last():
    assert said(found([0, 0, 1, 1, 2]).named({"1": NOBODY, "2": NOBODY})) == [(None, 1), (NOBODY, 2), (NOBODY, 2)]


def test_an_empty_name_takes_a_name_back():
    assert said(found([0, 1]).named({"1": "Anna"}).named({"1": ""})) == [(None, 1), (None, 1)]


def test_names_stay_with_their_faces_when_groups_change_and_a_new_face_takes_the_name_of_the_nearest():
    facts = found([0, 0, 1, 1]).named({"1": "Anna", "2": "Tom"}).facts

    joined = found([0, 0, 0, 0, 0], facts=facts)

    assert sorted(said(joined)) == [("Anna", 2), ("Tom", 3)]


def test_a_name_of_one_face_is_that_faces_alone_and_proposed_for_the_rest_of_its_group():
    discovery = found([0, 0, 0, 1, 1]).named({"1.3": "Tom"})

    assert said(discovery) == [("Tom", 1), (None, 2), (None, 2)]
    assert [group.guess for group in discovery.groups] == [None, "probably Tom", None]
    assert said(discovery.accepted()) == [("Tom", 3), (None, 2)]


def test_a_face_like_one_that_was_taken_out_of_a_group_does_not_take_its_name():
    anna, _like_anna, _like_tom, tom = (face.id for face in found([0, 0, 0, 0]).faces)

    named = found([0, 0, 0, 0], facts={anna: "Anna", tom: "Tom"}, single=frozenset({tom}))

    assert said(named) == [("Anna", 2), ("Tom", 1), (None, 1)]


def test_a_group_near_to_somebody_named_is_probably_theirs_and_can_be_accepted():
    discovery = found([0, 0, 0, 1])
    near = discovery.faces[3]
    near.vector[:] = PEOPLE[0] + np.float32(0.01)

    named = discovery.named({"1": "Anna"})

    assert named.groups[1].probably == "Anna"
    assert said(named.accepted()) == [("Anna", 4)]


def test_what_a_recogniser_says_of_most_faces_is_the_guess():
    discovery = found([0, 0, 0, 1, 1])
    known = {discovery.faces[row].id: name for row, name in enumerate(["Anna", "Anna", "Tom", "Tom"])}

    assert [group.probably for group in found([0, 0, 0, 1, 1], known=known).groups] == ["Anna", None]


def test_photos_of_exactly_one_named_person_are_given_with_their_copies():
    discovery = found([0, 0, 1, 2], photos=[0, 1, 1, 2]).named({"1": "Anna", "2": "Tom"})

    assert [(str(one.path), one.names) for one in discovery.predictions()] == [
        ("0.jpg", ("Anna",)),
        ("copy/0.jpg", ("Anna",)),
    ]


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ({"9": "Anna"}, "There is no group 9; there are 2"),
        ({"x": "Anna"}, "There is no group x"),
        ({"1.7": "Anna"}, "There is no face 1.7: group 1 has 2"),
        ({"1.": "Anna"}, "There is no face 1."),
        ({"1": "../Anna"}, "must not contain /"),
        ({"1": "An\u202ena"}, "invisible character"),
        ({"1": "unknown"}, "answer for strangers"),
        ({"1": "Anna", "2": "anna"}, "same name on some systems"),
        ({"1": 7}, "A name is a text in quotes, got 7"),
    ],
)
def test_what_cannot_be_a_name_or_a_number_is_said(names, sentence):
    with pytest.raises(UsageError, match=sentence.replace(".", r"\.")):
        found([0, 0, 1]).named(names)


def test_as_plain_values():
    document = found([0, ASIDE]).named({"1": "Anna"}).to_dict()

    assert [(one["number"], one["name"], len(one["faces"])) for one in document["groups"]] == [(1, "Anna", 1)]
    assert [one["photos"] for one in document["aside"]] == [["1.jpg", "copy/1.jpg"]]


def test_who_a_group_or_a_face_is_not_is_neither_called_nor_guessed_so():
    discovery = found([0, 0, 0, 1])
    discovery.faces[3].vector[:] = PEOPLE[0] + np.float32(0.01)
    named = discovery.named({"1": "Anna"})

    denied = named.denied({"2": "Anna", "1.3": " Anna "})

    assert said(denied) == [("Anna", 2), (None, 1), (None, 1)]
    assert [group.guess for group in denied.groups] == [None] * 3
    assert said(denied.named({"2": "Anna"})) == [("Anna", 3), (None, 1)], "somebody thought better of it"
    with pytest.raises(UsageError, match="Say who it is not"):
        named.denied({"1": "-"})


def test_names_and_denials_of_one_command_mean_the_same_numbers():
    discovery = found([0, 0, 0, 1, 1])
    named = discovery.named({"2": "Anna"})
    assert said(named) == [("Anna", 2), (None, 3)]

    denied = named.denied({"1": "Tom", "2.1": "Tom"}, numbered=discovery)

    assert denied.never.keys() == {face.id for face in [*discovery.groups[0].faces, discovery.groups[1].faces[0]]}


def test_a_group_less_near_is_perhaps_somebodys_and_is_accepted_only_when_told():
    discovery = found([0, 0, 0, 1])
    discovery.faces[3].vector[:] = PEOPLE[0]
    discovery.faces[3].vector[9] = 0.66

    named = discovery.named({"1": "Anna"})

    assert (named.groups[1].probably, named.groups[1].perhaps, named.groups[1].guess) == (None, "Anna", "perhaps Anna")
    assert said(named.accepted()) == [("Anna", 3), (None, 1)]
    assert said(named.accepted(perhaps=True)) == [("Anna", 4)]


def test_the_nearest_photos_tell_people_apart_where_their_middles_do_not():
    discovery = found([0] * 8 + [1] * 8 + [2])
    for row in (0, 1, 2):
        discovery.faces[row].vector[:] = [0.5, 0.3, 0.2] + [0.0] * 125  # three of Anna's photos in the same odd light as the face
    discovery.faces[16].vector[:] = [0.45, 0.4, 0.2] + [0.0] * 125

    assert discovery.named({"1": "Anna", "2": "Tom"}).groups[2].guess in ("probably Anna", "perhaps Anna")


def test_faces_named_one_by_one_are_told_from_those_named_with_their_group():
    named = found([0, 0, 1]).named({"1": "Anna", "1.2": "Tom", "2": "Bo"})

    assert named.single == {face.id for group in named.groups if group.name == "Tom" for face in group.faces}
    assert named.called(named.single, "Anna").single == frozenset()
