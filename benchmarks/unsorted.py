"""From an unsorted tree to named sidecars and a search, as a new user would go: the acceptance trial of libraries, with counted actions.

avengers, strangers, group photos and odd files, mixed, renamed to `IMG_0000` and so on, in 13 years of nested folders. The commands of
[A library of photos](library.md#tried-from-the-beginning): scan, name the largest group of each of the 27 people, put wrong proposals
right, accept the rest, write sidecars, search, scan again, forget somebody. Each name, each proposal put right and the accepting is one
action; until everybody is complete, each group without a name one more. Whose a face is says the folder that its photo came from; of the
odd files, some of which show actors, no folder says it, and they are not judged.

*Forgotten*: files of the library, its cache and the tree that still hold the name of who was forgotten.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.face_photos import AVENGERS, DETECTORS, EMBEDDERS, GROUP_PHOTOS, STRANGERS, private_places
from benchmarks.measuring import SHARED, WHOSTHAT, Row

TITLE = "From an unsorted tree to names"
FORGOTTEN = "chris_evans"
STRANGER, NOT_JUDGED = "", "?"
YEARS, BELOW = range(2012, 2025), ("", "summer", "party/evening", "misc/from phone/old")


def measure() -> list[Row]:
    """The trial with what comes with whosthat, and with the best that can be had."""
    best = (EMBEDDERS[-1], list(DETECTORS)[-1])
    return [row for embedder, detector in dict.fromkeys([("dlib-resnet", "mtcnn"), best]) for row in trial(embedder, detector)]


def trial(embedder: str, detector: str) -> list[Row]:
    """Go the whole way once."""
    networks = f"{embedder} on {DETECTORS[detector]}"
    with private_places(detector, embedder) as place:
        tree, library, cache = place / "tree", place / "library", Path(os.environ["WHOSTHAT_CACHE"])
        whose = mixed(tree)
        first, _nothing, scanned = run("library", library, "scan", tree)
        found = discovered(library)
        n_groups, n_aside = len(found["groups"]), len(found["aside"])
        largest: dict[str, int] = {}
        for group in found["groups"]:
            largest.setdefault(mostly(group, whose), group["number"])
        largest = {person: number for person, number in largest.items() if person not in (STRANGER, NOT_JUDGED)}
        found = discovered(library, *(f"--name={number}={person}" for person, number in largest.items()))
        guesses = {one["number"]: (one, one["probably"] or one["perhaps"]) for one in found["groups"] if one["name"] is None}
        guesses = {number: guess for number, guess in guesses.items() if guess[1]}
        wrong = {number: mostly(one, whose) for number, (one, guess) in guesses.items() if mostly(one, whose) not in (guess, NOT_JUDGED)}
        fixes = [f"--name={number}={right}" if right else f"--not={number}={guesses[number][1]}" for number, right in wrong.items()]
        found = discovered(library, *fixes, "--accept-all")
        left = [group for group in found["groups"] if group["name"] is None and mostly(group, whose) not in (STRANGER, NOT_JUDGED)]
        named = [(group["name"], whose[photo(face)]) for group in found["groups"] if group["name"] for face in group["faces"]]
        actions = len(largest) + len(wrong) + 1
        wrote = run("library", library, "write-xmp")[2]
        search, _table, hits = run("find", library, "robert_downey_jr")
        again, _nothing, news = run("library", library, "scan")
        run("library", library, "forget", FORGOTTEN)
        holding = [file for folder in (library, tree, cache) for file in folder.rglob("*") if file.is_file() and holds(file, FORGOTTEN)]
    n_people = len(largest)
    n_wrong = sum(is_ not in (STRANGER, NOT_JUDGED, name) for name, is_ in named)
    n_strangers = sum(is_ == STRANGER for _name, is_ in named)
    n_left = sum(len(group["faces"]) for group in left)
    return [
        Row(f"first scan, {networks}", f"{sentence(scanned, 'photos in')} {first:.0f} s"),
        Row(f"groups, {networks}", f"{n_groups}, and {n_aside} faces aside"),
        Row(
            f"naming {n_people} people, {networks}",
            f"{n_people} names, {len(wrong)} of {len(guesses)} proposals put right, 1 accepting: "
            f"{actions / n_people:.2f} actions a person; {len(named):,} faces named, {n_wrong} of them wrong, "
            f"{n_strangers} of strangers in group photos",
        ),
        Row(
            f"until all are named, {networks}",
            f"{n_left} faces in {len(left)} groups: {(actions + len(left)) / n_people:.2f} actions a person",
        ),
        Row(f"sidecars, {networks}", sentence(wrote, "Names were written")),
        Row(f"search for one person, {networks}", f"{sentence(hits, 'found')} {search:.2f} s"),
        Row(f"second scan, {networks}", f"{sentence(news, 'photos in')} {again:.1f} s"),
        Row(f"forgotten, {networks}", f"{len(holding)} files hold the name", "0"),
    ]


def sentence(messages: str, part: str) -> str:
    """Return the line of messages that holds a part."""
    return next(line for line in messages.splitlines() if part in line)


def mixed(tree: Path) -> Mapping[str, str]:
    """Copy the photos without their folders and names; whose each is by SHA-256."""
    folders = (AVENGERS, STRANGERS, GROUP_PHOTOS, SHARED / "data" / "odd_images")
    files = [file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file()]
    order = random.Random(7)
    whose: dict[str, str] = {}
    order.shuffle(files)
    for number, file in enumerate(files):
        place = tree / str(order.choice(YEARS)) / order.choice(BELOW)
        place.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place / f"IMG_{number:04d}{file.suffix}")
        known = file.is_relative_to(AVENGERS) or file.is_relative_to(STRANGERS)
        other = STRANGER if file.is_relative_to(GROUP_PHOTOS) else NOT_JUDGED
        whose.setdefault(hashlib.sha256(file.read_bytes()).hexdigest(), file.parent.name if known else other)
    return whose


def run(*words: str | Path) -> tuple[float, str, str]:
    """Run a command; its seconds, output and messages. Files that cannot be read, exit code 3, are part of the trial."""
    begin = time.perf_counter()
    done = subprocess.run([*WHOSTHAT, *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 3), done.stderr
    return time.perf_counter() - begin, done.stdout, done.stderr


def discovered(library: Path, *options: str) -> dict[str, Any]:
    """Ask for the groups of a library."""
    answer: dict[str, Any] = json.loads(run("discover", library, "--json", *options)[1])
    return answer


def photo(face: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a face's photo."""
    return str(face["id"]).rpartition("-")[0]


def mostly(group: Mapping[str, Any], whose: Mapping[str, str]) -> str:
    """Say whom most faces of a group show."""
    shown = Counter(whose[photo(face)] for face in group["faces"])
    return max(sorted(shown), key=lambda person: (person != NOT_JUDGED, shown[person]))


def holds(file: Path, name: str) -> bool:
    """Tell whether a file holds a name, in it or in its own."""
    return name in str(file) or name.encode() in file.read_bytes()
