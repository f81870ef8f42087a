"""Groups of faces without names: how pure, how complete, how many human actions until everybody has a name.

*Mixed*: avengers and strangers without their folders, 27 people. Of all pairs of photos in one group, the share that shows one person
(precision); of all pairs of photos of one person, the share in one group (recall). Faces alone are groups of one, and faces that wait aside
count as alone. One photo in Tom Holland's folder plainly shows Robert Downey Jr.: figures with the folder's label stand in brackets.
Seconds are those of a second run, without finding and embedding faces, which are remembered, and with the contact sheet.

*Few photos*: of each of the 27 people 1 to 7 photos, five draws. *LFW*: fold 1, 435 people, most with one or two photos. What is known of
strangers comes in part from LFW; the numbers of the grouping do not. *East Asia*: the 22 people of fold 1 with names from there, by
themselves, for the networks have seen few like them, and take them for each other. What makes the grouping careful with them was worked
out on these 22, for there are no others here: unlike the other figures of LFW, these are not of people who were not seen.
Faces beside the one that a photo is about take part in the grouping and count for nothing. "Not lost": of people with one or two
photos, those who are the majority of every group that they are in.

*Naming all of avengers*: somebody names the largest group of each person, looks at whom the other groups "probably" or "perhaps" show,
puts each wrong guess right, and accepts the rest in one go. Each name, each guess put right, the accepting, each group without a guess, and
each face that is in a wrong group, is one action. *All 27 people* is the same for avengers and strangers mixed.

*7 people named among 27*: only the largest group of each of 7 people has a name, five draws. A name proposed for a group of the other 20
has to be refused.

*50,000 faces*: drawn, 256 numbers each, of people with 1 to 3,000 photos, two faces a photo, as near to each other as reid-0095 puts
people.
"""

from __future__ import annotations

import resource
import time
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.face_photos import AVENGERS, DETECTORS, EMBEDDERS, LFW, STRANGERS, private_places
from benchmarks.measuring import Row, new_folder
from whosthat.recognition.grouping import ASIDE, group_faces
from whosthat.types import FloatArray, IntArray
from whosthat.workflow.discover import discover
from whosthat.workflow.discovery import Discovery, FoundFace, Group
from whosthat.workflow.group_files import write_groups

TITLE = "Groups of faces without names"
MISLABELLED = {"Tom Holland118_4711.jpg": "robert_downey_jr"}
EAST_ASIA = """
    Chang_Dae-whan Chen_Tsai-chin Cho_Myung-kyun Choi_Yun-yong Eriko_Tamura Hung_Wan-ting Jong_Thae_Hwa Kim_Dong-hwa
    Kim_Hong-gul Kim_Jong-Il Liu_Xiaoqing Nong_Duc_Manh SJ_Twu Sachiko_Yamada Simon_Yam Szu_Yu_Chen Taku_Yamasaki
    Tomoko_Hagiwara Tsutomu_Takebe Yasushi_Akashi Yukiko_Okudo Zhong_Nanshan
"""
DRAWS, MOST, SOME_PEOPLE = 5, 7, 7
TO_REACH = {"reid-0095": "precision 0.998, recall 0.97", "dlib-resnet": "precision 0.995, recall 0.95"}
N_FACES = 50_000


def measure() -> list[Row]:
    """Every embedder with every detector, and drawn faces."""
    rows: list[Row] = []
    for embedder in EMBEDDERS:
        for detector in DETECTORS:
            with private_places(detector, embedder):
                rows += measured(embedder, f"{embedder} on {DETECTORS[detector]}")
    return [*rows, many_faces()]


def measured(embedder: str, what: str) -> Iterator[Row]:
    """All that real photos say of one embedder and one detector."""
    discover([AVENGERS, STRANGERS])
    begin = time.perf_counter()
    found = discover([AVENGERS, STRANGERS])
    with new_folder() as folder:
        grouped = time.perf_counter()
        write_groups(folder, found)
    span = f"{grouped - begin:.1f} s, contact sheet {time.perf_counter() - grouped:.1f} s"
    owners = np.array([owner(face) for face in found.faces])
    by_folder = figures(found.labels, np.array([face.paths[0].parent.name for face in found.faces]))
    precision, recall = figures(found.labels, owners)
    told = f"precision {precision:.4f} ({by_folder[0]:.4f}), recall {recall:.3f} ({by_folder[1]:.3f}), {len(found.groups)} groups; {span}"
    yield Row(f"mixed, {what}", told, TO_REACH[embedder] + ", 2 s")
    few = np.sum([pure(face_vectors(found), owners, embedder, seed) for seed in range(DRAWS)], axis=0)
    told = f"precision {few[0] / DRAWS:.3f}, recall {few[1] / DRAWS:.3f}; not lost {few[2]:.0f} of {few[3]:.0f}"
    yield Row(f"few photos, {what}", told)
    lfw = discover(LFW / "images")
    names = np.array([face.paths[0].stem.rpartition("_")[0] for face in lfw.faces])
    main = main_faces(lfw.faces)
    precision, recall = figures(lfw.labels[main], names[main])
    kept, n = not_lost(lfw.labels[main], names[main])
    yield Row(f"LFW, {what}", f"precision {precision:.3f}, recall {recall:.3f}; not lost {kept} of {n}")
    main = main[np.isin(names[main], EAST_ASIA.split())]
    labels = group_faces(face_vectors(lfw)[main], main, embedder=embedder)
    precision, recall = figures(labels, names[main])
    kept, n = not_lost(labels, names[main])
    yield Row(f"East Asia, {what}", f"precision {precision:.3f}, recall {recall:.3f}; not lost {kept} of {n}")
    yield Row(f"naming all of avengers, {what}", naming(discover(AVENGERS)), "1.3 actions a person")
    yield Row(f"naming all 27 people, {what}", naming(found))
    yield Row(f"7 people named among 27, {what}", among_others(found))


def owner(face: FoundFace) -> str:
    """Say who a face is, by its folder, unless that is plainly wrong."""
    return MISLABELLED.get(face.paths[0].name, face.paths[0].parent.name)


def face_vectors(found: Discovery) -> FloatArray:
    """Return all embeddings, float32 (n, dimensions)."""
    return np.stack([face.vector for face in found.faces])


def main_faces(faces: Sequence[FoundFace]) -> IntArray:
    """Return the largest face of each photo."""
    largest: dict[str, int] = {}
    for row, face in enumerate(faces):
        best = largest.setdefault(face.photo, row)
        if face.face.box.width > faces[best].face.box.width:
            largest[face.photo] = row
    return np.array(sorted(largest.values()))


def figures(labels: IntArray, owners: Sequence[str] | np.ndarray) -> tuple[float, float]:
    """Return pairwise precision and recall."""
    whose, groups = np.unique(owners, return_inverse=True)[1], alone(labels)

    def pairs(*keys: IntArray) -> float:
        counts = np.unique(np.stack(keys), axis=1, return_counts=True)[1]
        return float((counts * (counts - 1) / 2).sum())

    together = pairs(groups, whose)
    return together / max(pairs(groups), 1), together / max(pairs(whose), 1)


def alone(labels: IntArray) -> IntArray:
    """Give each face that waits aside a group of its own."""
    aside = np.flatnonzero(labels == ASIDE)
    groups = labels.copy()
    groups[aside] = labels.max(initial=0) + 1 + np.arange(len(aside))
    return groups


def not_lost(labels: IntArray, owners: np.ndarray) -> tuple[int, int]:
    """Of people with one or two photos, count those who are the majority of each of their groups, and all."""
    groups = alone(labels)
    few = [person for person, count in zip(*np.unique(owners, return_counts=True), strict=True) if count <= 2]
    own = [[owners[groups == group] == person for group in groups[owners == person]] for person in few]
    return sum(all(2 * same.sum() > len(same) for same in of_person) for of_person in own), len(few)


def pure(vectors: FloatArray, owners: np.ndarray, embedder: str, seed: int) -> tuple[float, float, int, int]:
    """Group 1 to 7 photos of each person."""
    random = np.random.default_rng(seed)
    drawn = [random.permutation(np.flatnonzero(owners == person))[: random.integers(1, MOST + 1)] for person in np.unique(owners)]
    rows = np.concatenate(drawn)
    labels = group_faces(vectors[rows], np.arange(len(rows)), embedder=embedder)
    return (*figures(labels, owners[rows]), *not_lost(labels, owners[rows]))


def naming(found: Discovery) -> str:
    """Name everybody as a user would, and count: see the head of this file."""
    people = sorted({owner(face) for face in found.faces})
    largest = {person: max(found.groups, key=lambda group: sum(owner(face) == person for face in group.faces)) for person in people}
    named = found.named({str(group.number): person for person, group in largest.items()})
    others = [group for group in named.groups if group.name is None]
    guessed = [group for group in others if group.guess]
    wrong = sum((group.probably or group.perhaps) != mostly(group) for group in guessed)
    odd = sum(owner(face) != mostly(group) for group in named.groups for face in group.faces)
    total = len(people) + 1 + wrong + len(others) - len(guessed) + odd
    return (
        f"{share_named(named.accepted())} of faces have their name after {len(people)} names and 1 accepting of what is probable "
        f"({(len(people) + 1) / len(people):.2f} a person); all after {len(people)} names, {wrong} of {len(guessed)} guesses put right, "
        f"1 accepting, {len(others) - len(guessed)} more groups and {odd} faces put right ({total / len(people):.2f})"
    )


def among_others(found: Discovery) -> str:
    """Name the largest group of 7 people drawn of all, and count whom of these the others are taken for."""
    people = sorted({owner(face) for face in found.faces})
    right = hers = wrong = nobodies = 0
    for seed in range(DRAWS):
        some = np.random.default_rng(seed).choice(people, SOME_PEOPLE, replace=False).tolist()
        largest = {person: max(found.groups, key=lambda group: sum(owner(face) == person for face in group.faces)) for person in some}
        for group in found.named({str(group.number): person for person, group in largest.items()}).groups:
            guess = group.probably or group.perhaps
            if group.name is None and mostly(group) in some:
                hers, right = hers + 1, right + (guess == mostly(group))
            elif group.name is None:
                nobodies, wrong = nobodies + 1, wrong + (guess is not None)
    return f"{right} of {hers} groups of theirs guessed right, {wrong} of {nobodies} groups of others taken for them"


def mostly(group: Group) -> str:
    """Say whom most faces of a group show, of equally many whom it has the name or the guess of."""
    of_person = Counter(owner(face) for face in group.faces)
    return max(sorted(of_person), key=lambda person: (of_person[person], person in (group.name, group.probably, group.perhaps)))


def share_named(found: Discovery) -> str:
    """Return the share of faces that have their own name."""
    right = sum(owner(face) == group.name for group in found.groups for face in group.faces)
    return f"{100 * right / len(found.faces):.1f} %"


def many_faces() -> Row:
    """Group drawn faces."""
    random = np.random.default_rng(0)
    sizes: list[int] = []
    while sum(sizes) < N_FACES:
        sizes.append(int(min(3000, 1 + 3 * random.pareto(0.8))))
    owners = random.permutation(np.repeat(np.arange(len(sizes)), sizes)[:N_FACES])
    within, between, dimensions = 0.49, 0.79, 256
    middles = random.normal(size=(len(sizes), dimensions)) * np.sqrt((between**2 - within**2) / 2 / dimensions)
    vectors = (middles[owners] + random.normal(size=(N_FACES, dimensions)) * within / np.sqrt(2 * dimensions)).astype(np.float32)
    photos = np.empty(N_FACES, np.int64)
    photos[np.argsort(owners, kind="stable")] = np.arange(N_FACES) % (N_FACES // 2)  # two people in each
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    labels = group_faces(vectors, photos, embedder="reid-0095")
    span = time.perf_counter() - begin
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e3
    precision, recall = figures(labels, owners.astype(str))
    return Row("50,000 drawn faces", f"{span:.0f} s, {more:.0f} MB more memory; precision {precision:.4f}, recall {recall:.3f}", "60 s")
