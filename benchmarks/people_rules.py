"""What the rules about people do: look-alikes, other ages, photos that cost right answers, faces that were ruled out.

Photos of `avengers` and `strangers` (27 people), found by MTCNN, as they are enrolled; half of the groups is enrolled, the other half is
answered. There are no siblings here, nor photos of one person decades apart, nor a photo with a date. So embeddings of real photos are
moved: all photos of one person by the same vector, so that the two templates are so far apart, and each photo scatters as it did.

- Look-alikes: of the twelve nearest pairs one person is moved towards the other, two halves each; the pair's photos are answered. LFW
  fold 1 judges: 163 people with two photos or more, half of them enrolled; it chose nothing.
- Other ages: ten photos of somebody else count as photos of each of the seven people at another age, moved or as they are; of the usual
  ones there are 40. The other 13 people are strangers. Five draws. Several templates are learnt where somebody says that the folders are
  right (``--keep-suspects``), and otherwise only where the two are near.
- Photos of a stranger: three, five or eight photos of somebody who is not enrolled lie in the folder of one of seven people, who have
  twelve photos each. 30 draws. "Learnt" as another age, and with it the name of the person on the stranger's other photos: as training
  does it, and if all photos that look like an age were learnt, as ``--keep-suspects`` says.
- Photos that cost right answers: three photos of each of seven people, and one or two of somebody else in one of the folders, with the
  threshold that training would choose; and all photos as they are. A planted photo that costs less than two right answers is not named.
- Ruled out: seven people, half enrolled, two halves. Each stranger's photo is ruled out for the person it is nearest to, one at a time; and
  100 photos of the people themselves, as if by mistake. Counted are the other photos of the people that lose their name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from unittest import mock

import numpy as np

from benchmarks.face_photos import AVENGERS, EMBEDDERS, LFW, STRANGERS, private_places
from benchmarks.faces_strangers import Faces, answers, faces_below
from benchmarks.measuring import Row
from whosthat.checking.costly import Answered, find_costly
from whosthat.dataset.audit import audit_folder
from whosthat.recognition import identifier as naming
from whosthat.recognition.ages import ages_of
from whosthat.recognition.enrolling import fit_identifier
from whosthat.recognition.face_threshold import LOOK_ALIKE
from whosthat.recognition.gallery import EnrolledPhoto, Gallery
from whosthat.recognition.heads import compared, templates_of
from whosthat.recognition.identifier import Identifier
from whosthat.types import FloatArray, IntArray
from whosthat.workflow.face_photos import faces_of_photos, open_reader, stacked

TITLE = "Rules about people: look-alikes, other ages, costly photos, ruled-out faces"
PEOPLE, HALVES, PAIRS, DRAWS = 7, 2, 12, 5
PLANTED_DRAWS, OWN_PHOTOS = 30, 12
WAYS = {"several templates, said": {"said": True}, "not said": {}, "one": {"one": True}}


def measure() -> list[Row]:
    """All rules with each embedder that is here."""
    return [row for embedder in EMBEDDERS for row in rows(embedder)]


def rows(embedder: str) -> Iterator[Row]:
    """The figures of one embedder."""
    with private_places("mtcnn", embedder):
        faces, judge = actors(embedder), faces_below(LFW / "images", open_reader("mtcnn", embedder).reader)
    for measured in (look_alikes(faces, judge), other_ages(faces, judge), strangers_photos(faces), costly_photos(faces), ruled_out(faces)):
        for row in measured:
            yield replace(row, what=f"{row.what}, {embedder}")


def actors(embedder: str) -> Faces:
    """The 27 people, those of `avengers` first."""
    reader, found = open_reader("mtcnn", embedder).reader, []
    for number, folder in enumerate((AVENGERS, STRANGERS)):
        audit = audit_folder(folder)
        seen = faces_of_photos({item.sha256: item.photo.path for item in audit.photos}, reader)
        shown = [item for item in audit.photos if seen[item.sha256].taken is not None]
        people = np.array([audit.classes.index(item.photo.class_name) for item in shown]) + PEOPLE * number
        groups = np.array([item.group for item in shown]) + 100_000 * number
        found.append((stacked([seen[item.sha256] for item in shown]), people, groups))
    vectors, people, groups = (np.concatenate(part) for part in zip(*found, strict=True))
    return Faces(vectors, people, groups, embedder)


def halves(faces: Faces, seed: int) -> tuple[IntArray, IntArray]:
    """Divide photos, never those of a group; rows to enrol and rows to ask."""
    groups = np.unique(faces.groups)
    first = np.isin(faces.groups, np.random.default_rng(seed).permutation(groups)[: len(groups) // 2])
    return np.flatnonzero(first), np.flatnonzero(~first)


def enrolled(faces: Faces, n_people: int) -> Gallery:
    """Enrol all of them."""
    photos = tuple(EnrolledPhoto(str(row), f"{row:064x}") for row in range(len(faces.people)))
    return Gallery(tuple(map(str, range(n_people))), faces.vectors, faces.people, photos)


def fitted(faces: Faces, n_people: int, *, said: bool = False, one: bool = False) -> Identifier:
    """Fit as training does, without strangers; where somebody ``said`` that the folders are right, or with ``one`` template each."""
    gallery, groups = enrolled(faces, n_people), faces.groups
    if not one:
        ages, doubtful = ages_of(faces.vectors, faces.people, groups, n_people)
        kept = ~doubtful | said
        gallery, groups = replace(gallery, ages=ages).of(kept), groups[kept]
    return fit_identifier(gallery, groups, embedder=faces.embedder).identifier


def outcomes(identifier: Identifier, asked: Faces) -> IntArray:
    """Count correct, wrong and unknown."""
    named = answers(identifier, asked.vectors)
    return np.array([(named == asked.people).sum(), ((named != asked.people) & (named >= 0)).sum(), (named < 0).sum()])


def moved(faces: Faces, templates: FloatArray, person: int, to: int, apart: float | None) -> Faces:
    """Move somebody's photos towards somebody else, until the templates are so far apart; never away."""
    between = templates[to] - templates[person]
    share = 0.0 if apart is None else max(0.0, 1 - apart / float(np.linalg.norm(between)))
    return replace(faces, vectors=np.where((faces.people == person)[:, None], faces.vectors + share * between, faces.vectors))


def look_alikes(faces: Faces, judge: Faces) -> Iterator[Row]:
    """With and without the stricter margin."""
    n_people = int(faces.people.max()) + 1
    templates = templates_of(faces.vectors, faces.people, n_people)
    first, second = np.triu_indices(n_people, 1)
    apart = np.linalg.norm(templates[first] - templates[second], axis=1)
    yield Row(
        f"pairs of the 27 people nearer than {LOOK_ALIKE}", f"{(apart < LOOK_ALIKE).sum()} of {len(apart)}, nearest {apart.min():.3f}"
    )
    for distance in (None, 0.4, 0.35, 0.3):
        told = np.zeros((2, 3), int)
        for pair in np.argsort(apart)[:PAIRS]:
            near = moved(faces, templates, int(second[pair]), int(first[pair]), distance)
            for seed in range(HALVES):
                learnt, asked = halves(near, seed)
                identifier = fitted(near.of(learnt), n_people)
                both = near.of(asked[np.isin(near.people[asked], [first[pair], second[pair]])])
                told += compare_margin(identifier, both)
        yield Row(f"the {PAIRS} nearest pairs {'as they are' if distance is None else f'{distance} apart'}", with_and_without(told))
    enrolled_half, others, n_people = several(judge)
    templates = templates_of(enrolled_half.vectors, enrolled_half.people, n_people)
    first, second = np.triu_indices(n_people, 1)
    near = (np.linalg.norm(templates[first] - templates[second], axis=1) < LOOK_ALIKE).sum()
    yield Row(f"LFW: pairs of {n_people} people nearer than {LOOK_ALIKE}", f"{near} of {len(first):,}")
    yield Row("LFW: all people's other photos", with_and_without(compare_margin(fitted(enrolled_half, n_people), others)))


def several(judge: Faces) -> tuple[Faces, Faces, int]:
    """Take the people with two photos or more: the first half of each one's photos to enrol, the others to ask."""
    counts = np.bincount(judge.people)
    kept = np.flatnonzero(counts[judge.people] > 1)
    kept = kept[np.argsort(judge.people[kept], kind="stable")]
    labels = np.unique(judge.people[kept], return_inverse=True)[1]
    sizes = np.bincount(labels)
    place = np.arange(len(kept)) - (np.cumsum(sizes) - sizes)[labels]
    faces, learnt = replace(judge.of(kept), people=labels), place < sizes[labels] // 2
    return faces.of(np.flatnonzero(learnt)), faces.of(np.flatnonzero(~learnt)), len(sizes)


def compare_margin(identifier: Identifier, asked: Faces) -> IntArray:
    """Count outcomes with the margin and without, (2, 3)."""
    with_it = outcomes(identifier, asked)
    with mock.patch.object(naming, "SURE_OF_LOOK_ALIKES", 0.0):
        return np.stack([with_it, outcomes(identifier, asked)])


def with_and_without(told: IntArray) -> str:
    """Say the outcomes of both."""
    with_it, without = (" / ".join(map(str, one)) for one in told.tolist())
    return f"{with_it} correct / wrong / unknown; without the margin {without}"


def other_ages(faces: Faces, judge: Faces) -> Iterator[Row]:
    """With several templates and with one."""
    for folder, who in (("`avengers` and `strangers`", faces), ("LFW fold 1", judge)):
        found = ages_of(who.vectors, who.people, who.groups, int(who.people.max()) + 1).ages
        yield Row(f"people of {folder} whose photos look like several ages", str(len(set(who.people[found > 0].tolist()))))
    for apart in (None, 0.6, 0.5, 0.45, 0.4):
        told = {name: np.zeros(6, int) for name in WAYS}
        for seed in range(DRAWS):
            for name, counts in aged(faces, seed, apart):
                told[name] += counts
        where = "as they are" if apart is None else f"moved to {apart}"
        yield Row(f"photos of another age, {where}", "; ".join(f"{name}: {counts_told(counts)}" for name, counts in told.items()))


def counts_told(counts: IntArray) -> str:
    """Say how many of the person's, of the other age's and of strangers' photos got the name."""
    usual, n_usual, other, n_other, strangers, n_strangers = counts.tolist()
    return f"{other} of {n_other} named, of the usual ones {usual} of {n_usual}, of strangers' photos {strangers} of {n_strangers}"


def aged(faces: Faces, seed: int, apart: float | None) -> Iterator[tuple[str, IntArray]]:
    """Enrol half of seven people with another age each, ask the other half and strangers."""
    chance = np.random.default_rng(seed)
    other = PEOPLE + chance.permutation(int(faces.people.max()) + 1 - PEOPLE)
    ages, strangers = other[:PEOPLE], faces.of(np.flatnonzero(np.isin(faces.people, other[PEOPLE:])))
    templates = templates_of(faces.vectors, faces.people, int(faces.people.max()) + 1)
    for person, age in enumerate(ages.tolist()):
        faces = moved(faces, templates, age, person, apart)
    usual = [chance.permutation(np.flatnonzero(faces.people == person))[:40] for person in range(PEOPLE)]
    kept = faces.of(np.concatenate([*usual, np.flatnonzero(np.isin(faces.people, ages))]))
    is_other = kept.people >= PEOPLE
    who = np.where(is_other, np.argsort(other)[kept.people - PEOPLE], kept.people)
    kept = replace(kept, people=who)
    learnt, asked = halves(kept, seed)
    for name, way in WAYS.items():
        identifier = fitted(kept.of(learnt), PEOPLE, **way)
        right, of_other = answers(identifier, kept.vectors[asked]) == who[asked], is_other[asked]
        named = (answers(identifier, strangers.vectors) >= 0).sum()
        yield (
            name,
            np.array([right[~of_other].sum(), (~of_other).sum(), right[of_other].sum(), of_other.sum(), named, len(strangers.people)]),
        )


def strangers_photos(faces: Faces) -> Iterator[Row]:
    """Photos of somebody who is not enrolled in a person's folder: how often they are learnt, and the stranger is named."""
    for n_wrong in (3, 5, 8):
        told = {"learnt": [0, 0], "learnt if somebody says so": [0, 0]}
        n_asked = 0
        for seed in range(PLANTED_DRAWS):
            chance = np.random.default_rng(seed)
            *people, stranger = chance.permutation(int(faces.people.max()) + 1)[: PEOPLE + 1].tolist()
            own = [chance.permutation(np.flatnonzero(faces.people == person))[:OWN_PHOTOS] for person in people]
            wrong, others = np.split(chance.permutation(np.flatnonzero(faces.people == stranger)), [n_wrong])
            labels = np.repeat([*range(PEOPLE), 0], [*map(len, own), n_wrong])
            planted = replace(faces.of(np.concatenate([*own, wrong])), people=labels)
            n_asked += len(others)
            for counts, said in zip(told.values(), (False, True), strict=True):
                identifier = fitted(planted, PEOPLE, said=said)
                counts[0] += bool(identifier.gallery.ages is not None and identifier.gallery.ages.any())
                counts[1] += int((answers(identifier, faces.vectors[others]) == 0).sum())
        figures = [f"{name} in {learnt}, {named} of {n_asked} other photos named" for name, (learnt, named) in told.items()]
        yield Row(f"{n_wrong} photos of a stranger in a person's folder, {PLANTED_DRAWS} draws", "; ".join(figures))


def costly_photos(faces: Faces) -> Iterator[Row]:
    """How often planted photos are named, and others."""
    for folder, kept in (("`avengers`", faces.people < PEOPLE), ("all 27 people", faces.people >= 0)):
        told = costly(faces.of(np.flatnonzero(kept)))
        yield Row(f"photos of {folder} that are said to cost right answers, nothing planted", str(len(told)))
    for n_wrong in (1, 2):
        exact = some = others = 0
        for seed in range(40):
            chance = np.random.default_rng(seed)
            right = [chance.permutation(np.flatnonzero(faces.people == person))[:3] for person in range(PEOPLE)]
            wrong = chance.permutation(np.flatnonzero(faces.people == PEOPLE + seed % 20))[:n_wrong]
            planted = faces.of(np.concatenate([*right, wrong]))
            planted.people[-n_wrong:] = chance.integers(PEOPLE)
            sets = costly(planted)
            is_planted = set(range(3 * PEOPLE, 3 * PEOPLE + n_wrong))
            exact += any(one == is_planted for one in sets)
            some += any(one < is_planted for one in sets)
            others += sum(not one <= is_planted for one in sets)
        yield Row(
            f"{n_wrong} planted beside 3 right ones, 40 draws",
            f"in {exact} exactly these are named, in {some} some of them; others are named {others} times",
        )


def costly(faces: Faces) -> list[set[int]]:
    """Find photos that cost right answers, as training does."""
    n_people = int(faces.people.max()) + 1
    limit = fitted(faces, n_people).threshold.value
    photos = compared(faces.vectors, faces.people, faces.groups, n_people)
    return [set(one.rows) for one in find_costly(Answered.of(faces.vectors, faces.people, faces.groups, photos, limit))]


def ruled_out(faces: Faces) -> Iterator[Row]:
    """What ruling out one face does to the others."""
    known = faces.of(np.flatnonzero(faces.people < PEOPLE))
    strangers = faces.of(np.flatnonzero(faces.people >= PEOPLE))
    lost, mistaken, n_known = [], [], 0
    for seed in range(HALVES):
        learnt, asked = halves(known, seed)
        identifier, others = fitted(known.of(learnt), PEOPLE), known.of(asked)
        right = answers(identifier, others.vectors) == others.people
        nearest = identifier.nearest_people(strangers.vectors)[1]
        n_known += right.sum() / HALVES
        for vector, person in zip(strangers.vectors, nearest.tolist(), strict=True):
            lost.append(int((right & (answers(out(identifier, person, vector), others.vectors) != others.people)).sum()))
        for row in np.random.default_rng(seed).permutation(np.flatnonzero(right))[:100].tolist():
            again = answers(out(identifier, int(others.people[row]), others.vectors[row]), others.vectors) != others.people
            mistaken.append(int((right & again).sum()) - 1)
    for what, counts in (("one ruled-out stranger", lost), ("one photo ruled out by mistake, besides its own,", mistaken)):
        none = np.mean(np.array(counts) == 0)
        told = f"{np.mean(counts):.2f} of {n_known:.0f} on average, at most {max(counts)}; in {none:.1%} of the cases none"
        yield Row(f"names of known people that {what} costs", told)


def out(identifier: Identifier, person: int, vector: FloatArray) -> Identifier:
    """Rule one face out for one of the people."""
    return replace(identifier, gallery=identifier.gallery.ruling_out(str(person), vector, "0" * 64))
