"""From a question to photos: people, dates, folders, faces, copies, missing files; and that no question reads all faces one by one."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from whosthat.errors import UsageError
from whosthat.library.naming import rename
from whosthat.library.query import Faces, Named, Not, Query, Several, parse
from whosthat.library.search import EPOCH, Hit, Hits, Question, known_of, search
from whosthat.library.store import Library

PHOTOS = {
    "2020/beach.png": ["Anna", "Tom"],
    "2020/party.png": ["Anna", "Bob", "?stranger"],
    "2021/Anna alone.png": ["Anna"],
    "2021/street.png": ["?other"],
    "2021/sea.png": [],
}
DATES = {"2020/beach.png": datetime(2020, 7, 1), "2020/party.png": datetime(2020, 12, 31, 23, 59), "2021/street.png": datetime(2021, 1, 1)}


@pytest.fixture
def library(named_library) -> Library:
    return named_library(PHOTOS, taken_at={name: (moment - EPOCH).total_seconds() for name, moment in DATES.items()})


def names(library: Library, query: str = "", **more: object) -> list[str]:
    """The photos that are found, without their folders and endings."""
    return [Path(hit.places[0]).stem for hit in found(library, query, **more)]


def found(library: Library, query: str = "", **more: object) -> list[Hit]:
    question = Question(parse(query) if query else None, **more)
    return known_of(library, search(library, question).rows, question.within)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("anna", ["beach", "party", "Anna alone"]),
        ("ANNA and tom", ["beach"]),
        ("anna and not tom", ["party", "Anna alone"]),
        ("tom or bob", ["beach", "party"]),
        ("not anna", ["street", "sea"]),
        ("not (tom or bob) and not nobody", ["street", "Anna alone"]),
        ("unknown", ["party", "street"]),
        ("unknown and not anna", ["street"]),
        ("nobody", ["sea"]),
        ("not not anna and (nobody or unknown)", ["party"]),
    ],
)
def test_who_is_in_them(library: Library, query: str, expected: list[str]) -> None:
    assert names(library, query) == expected


LEAVES = st.sampled_from([Named("Anna"), Named("TOM"), Named("bob"), Faces("unknown"), Faces("nobody")])
TREES = st.recursive(
    LEAVES,
    lambda part: part.map(Not) | st.builds(Several, st.sampled_from(["and", "or"]), st.lists(part, min_size=1, max_size=3).map(tuple)),
    max_leaves=6,
)


def fits(query: Query, people: list[str]) -> bool:
    """Say of one photo what the statement is to say of all."""
    match query:
        case Named(name):
            return name.casefold() in map(str.casefold, people)
        case Faces(what):
            return not people if what == "nobody" else any(name.startswith("?") for name in people)
        case Not(part):
            return not fits(part, people)
        case Several(how, parts):
            return (all if how == "and" else any)(fits(part, people) for part in parts)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TREES)
def test_any_query_finds_the_photos_that_fit(library: Library, query: Query) -> None:
    hits = known_of(library, search(library, Question(query)).rows, None)
    assert {Path(hit.places[0]).stem for hit in hits} == {Path(name).stem for name, people in PHOTOS.items() if fits(query, people)}


def test_the_oldest_first_with_names_from_left_to_right(library: Library) -> None:
    hits = found(library)
    assert [(hit.people, hit.taken) for hit in hits[:2]] == [
        (("Anna", "Tom"), DATES["2020/beach.png"]),
        (("Anna", "Bob", None), DATES["2020/party.png"]),
    ]
    assert [hit.taken for hit in hits[3:]] == [None, None]


def test_dates_leave_out_what_has_none_and_count_it(library: Library) -> None:
    question = Question(parse("not tom"), since=datetime(2020, 12, 1), before=datetime(2021, 1, 1))
    hits = search(library, question)
    assert [hit.taken for hit in known_of(library, hits.rows, None)] == [DATES["2020/party.png"]]
    assert hits.undated == 2
    assert search(library, Question(parse("bob"), before=datetime(2020, 12, 1))) == Hits([], 0, 0)


@pytest.mark.parametrize(
    ("faces", "expected"),
    [
        ((0, 0), ["sea"]),
        ((1, 1), ["street", "Anna alone"]),
        ((2, None), ["beach", "party"]),
        ((0, 1), ["street", "Anna alone", "sea"]),
        ((0, None), ["beach", "party", "street", "Anna alone", "sea"]),
        ((2, 2), ["beach"]),
    ],
)
def test_how_many_faces(library: Library, faces: tuple[int, int | None], expected: list[str]) -> None:
    assert names(library, faces=faces) == expected


def test_a_photo_that_nobody_has_looked_at_shows_not_nobody(library: Library) -> None:
    with library.changing() as change:
        change.execute("DELETE FROM looks")
    assert names(library, "nobody") == names(library, faces=(0, None)) == []


@pytest.mark.parametrize(
    ("what", "unknown", "two"), [("fact", ["street"], ["beach", "party"]), ("no_face", ["street"], ["beach", "party"])]
)
def test_what_somebody_said_is_settled(library: Library, what: str, unknown: list[str], two: list[str]) -> None:
    """A stranger whom somebody knows not is no longer asked about; what is no face is not counted either."""
    with library.changing() as change:
        change.execute(
            "INSERT OR REPLACE INTO answers SELECT faces.id, NULL, 1, ? FROM faces JOIN files ON files.photo = faces.photo "
            "WHERE files.name = ? AND number = 3",
            (what, os.fsencode(str(Path("2020/party.png")))),
        )
    assert names(library, "unknown") == unknown
    assert names(library, faces=(2, 3)) == two
    assert names(library, faces=(2, 2)) == (["beach"] if what == "fact" else two)
    (party,) = found(library, "bob")
    assert party.people == (("Anna", "Bob", None) if what == "fact" else ("Anna", "Bob"))


def test_folders_absolute_relative_to_a_root_and_around_all(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    every = names(library)
    assert names(library, within=tmp_path / "photos" / "2020") == ["beach", "party"]
    assert names(library, within=Path("2020")) == ["beach", "party"]
    assert names(library, within=tmp_path) == names(library, within=tmp_path / "photos") == every
    assert names(library, within=Path("photos")) == names(library, within=Path("photos/")) == every
    monkeypatch.chdir(tmp_path / "photos")
    assert names(library, within=Path("2021/../2020")) == ["beach", "party"]
    assert names(library, "unknown and nobody", within=Path("2020")) == []
    for wrong in (tmp_path / "elsewhere", tmp_path / "photos" / "20", Path("20"), Path("beach.png"), Path("..") / "photos" / "2019"):
        with pytest.raises(UsageError, match="knows no photo in"):
            search(library, Question(within=wrong))


def test_a_relative_folder_is_below_the_roots_or_anywhere(library: Library) -> None:
    assert names(library, within=Path("2020")) == ["beach", "party"]
    with library.changing() as change:
        change.execute("UPDATE files SET name = CAST('old/' || CAST(name AS TEXT) AS BLOB) WHERE CAST(name AS TEXT) LIKE '2020%'")
    assert names(library, within=Path("2020")) == names(library, within=Path("old/2020")) == ["beach", "party"]
    assert names(library, within=Path("2021")) == ["street", "Anna alone", "sea"]
    with pytest.raises(UsageError, match="knows no photo in"):
        search(library, Question(within=Path("202")))


def test_a_link_to_a_folder_is_the_folder(library: Library, tmp_path: Path) -> None:
    (tmp_path / "pictures").symlink_to(tmp_path / "photos", target_is_directory=True)
    assert names(library, within=tmp_path / "pictures" / "2020") == ["beach", "party"]


def test_copies_are_one_photo_and_missing_files_are_counted(library: Library, tmp_path: Path) -> None:
    with library.changing() as change:
        change.execute("INSERT INTO files (root, name, stamp, photo) SELECT root, ?, '', photo FROM files LIMIT 1", (b"copy\xff.png",))
    (hit,) = found(library, "anna and tom")
    assert hit.places == [str(tmp_path / "photos" / "2020" / "beach.png"), os.fsdecode(os.fsencode(tmp_path) + b"/photos/copy\xff.png")]
    one, every = Question(parse("anna and tom")), Question(parse("anna"))
    with library.changing() as change:
        change.execute("UPDATE files SET missing_since = 1 WHERE name <> ?", (b"copy\xff.png",))
    assert search(library, one) == Hits([hit.row], 0, 0)
    assert search(library, every) == Hits([hit.row], 2, 0)
    assert search(library, Question(one.query, within=Path("2020"))) == Hits([], 1, 0)
    with library.changing() as change:
        change.execute("DELETE FROM files WHERE missing_since = 1")  # as that of a photo that was edited since
    assert search(library, every) == Hits([hit.row], 0, 0)


def test_photos_below_a_folder_that_is_not_there_are_missing(library: Library, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "copy.png").touch()
    with library.changing() as change:
        change.execute("INSERT INTO roots VALUES (7, ?)", (os.fsencode(tmp_path / "other"),))
        change.execute("INSERT INTO files (root, name, stamp, photo) SELECT 7, ?, '', photo FROM files LIMIT 1", (b"copy.png",))
    (tmp_path / "photos").rename(tmp_path / "unplugged")
    assert search(library, Question(parse("anna"))) == Hits([1], 2, 0)
    (tmp_path / "photos").mkdir()  # where a drive was
    assert search(library, Question(parse("anna"))) == Hits([1], 2, 0)
    with library.changing() as change:
        change.execute("DELETE FROM roots WHERE id = 1")
    assert search(library, Question(parse("anna"))) == Hits([1], 0, 0)


def test_other_readers_faces_do_not_count(library: Library) -> None:
    with library.changing() as change:
        change.execute("UPDATE settings SET value = 'another' WHERE name = 'reader'")
    assert names(library, "anna or unknown") == names(library, faces=(1, None)) == []


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("ann", 'called "ann". Did you mean "Anna"'),
        ("tomm", 'Did you mean "Tom"'),
        ("zoe", "It knows Anna, Bob, Tom"),
        ("anna和tom", "stand apart from names"),
        ("'; DROP TABLE people; --", "Nobody in the library"),
        ("'\" OR 1=1 --'", "Nobody in the library"),
    ],
)
def test_a_name_that_nobody_has(library: Library, query: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        search(library, Question(parse(query)))


def test_names_that_look_like_sql_or_key_words_are_names(named_library) -> None:
    strange = ["Robert'); DROP TABLE people;--", 'Bob "the" Builder', "And", "Not", "100%", "?"]
    library = named_library({f"{number}.png": [name] for number, name in enumerate(strange)})
    for number, name in enumerate(strange):
        quoted = f"'{name}'" if '"' in name else f'"{name}"'
        assert names(library, quoted.upper()) == [str(number)]


def test_names_that_differ_in_case_alone_are_told_and_can_be_asked_for(library: Library) -> None:
    with library.changing() as change:
        change.execute("INSERT INTO people (name) VALUES ('ANNA'), ('Zoë'), ('Hugh')")
        change.execute(
            "INSERT INTO facts (said_at, photo, left, top, right, bottom, what, person, how) "
            "SELECT 0, 1, 0, 0, 1, 1, 'is_not', id, 'face' FROM people WHERE name IN ('ANNA', 'Zoë')"
        )
    with pytest.raises(UsageError, match=r"Several people.*ANNA, Anna"):
        search(library, Question(parse("anna")))
    assert len(names(library, "Anna")) == 3
    assert names(library, "ZOE\u0308") == []
    with pytest.raises(UsageError, match=r"Nobody .* \"hugh\""):  # of whom everything was taken back
        search(library, Question(parse("hugh")))


def test_who_was_renamed_or_merged_is_found_by_the_name_before(library: Library) -> None:
    rename(library, "Bob", "Robert")
    rename(library, "Tom", "Robert", merge=True)
    assert names(library, "bob") == names(library, "robert") == ["beach", "party"] == names(library, "TOM")
    rename(library, "Anna", "Tom")
    assert names(library, "tom") == ["beach", "party", "Anna alone"], "whoever has the name now comes first"


def test_a_library_without_names_says_so(named_library) -> None:
    library = named_library({"a.png": ["?x"]})
    with pytest.raises(UsageError, match="Nobody has a name yet"):
        search(library, Question(parse("anna")))
    assert names(library, "unknown") == ["a"]


def test_no_question_goes_through_the_embeddings(library: Library) -> None:
    query = parse("(anna or tom) and not bob and unknown and not nobody")
    question = Question(query, datetime(2020, 1, 1), datetime(2022, 1, 1), Path("2020"), (1, 9), [1, 2])
    plans = []
    library.rows = lambda statement, values=(), ask=library.rows: (  # type: ignore[method-assign]
        plans.append([row[3] for row in ask(f"EXPLAIN QUERY PLAN {statement}", values)]) or ask(statement, values)
    )
    known_of(library, [1, *search(library, question).rows], question.within)
    steps = [step for plan in plans for step in plan]
    assert not [step for step in steps if " faces " in step and "COVERING" not in step], steps
    assert not [step for step in steps if step.startswith("SCAN answers") and "no_faces" not in step], steps
    assert not [step for step in steps if step.startswith(("SCAN photos", "SCAN files")) and "COVERING" not in step], steps
