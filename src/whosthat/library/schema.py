"""The tables of a library, and how those of an older one become today's.

What belongs here: SQL that makes tables. What does not: the file (`store`), what rows mean to the rest of whosthat.

A *photo* is a content, known by its SHA-256; a *file* is a place where it lies, so that a photo that is moved keeps its faces. A *fact* is
what somebody said of a place in a photo: it names no row of ``faces``, and so outlives a new detector or embedder. An *answer* is worked
out from facts and recogniser, and can be worked out again at any time.

    roots      the folders that are scanned: ``path`` as the file system writes it
    files      below a root: ``name`` (relative, as the file system writes it), ``stamp`` (size and times; see `store.stamp_of`), its photo
               (NULL where ``problem`` says why it cannot be read), ``missing_since`` (seconds; NULL while it is there), ``was``: the photo
               that lay there before the file was changed, until it is known which facts it shares with the new one
    photos     ``sha256`` (32 bytes), upright ``width`` and ``height``, ``taken_at`` (seconds, EXIF's local time as if it were UTC; or
               NULL), ``gone``: 0 where one of its files is there, 1 where all are missing, NULL where it has none; kept by triggers
    looks      which reader (`faces.finding.FaceReader.key`) has looked at which photo, be there faces or not
    faces      what a reader found: ``number`` from 1, from the left; box in pixels; ``landmarks`` (10 float32: x, y five times);
               ``score``, ``sharpness``; ``vector`` (float32, little-endian)
    people     their names, in Unicode normal form C
    aliases    what a person was called before a renaming or merging (`facts.key_of` of it): a recogniser may still say so
    facts      ``what``: ``is`` or ``is_not`` (a person), ``nobody`` (whom the user knows), ``no_face``; the box as shares of width and
               height, 0 to 1; ``how``: of a single ``face``, of its whole ``group``, or read from ``metadata``; ``enrolled``: whether a
               recogniser may learn from it; ``undone_at`` (seconds) where it was taken back
    merges     two people who were made one: the ``name`` of the one who was merged, the ``person`` who stayed; numbered among the facts;
               taken back at ``undone_at`` (seconds), when ``back`` was made a person again
    merged     which facts, and which names of before, a merge has moved from the one to the other
    answers    who a face is: ``person`` (NULL: nobody who is known), ``confidence`` 0 to 1, ``why``: ``fact``, ``group`` or
               ``recogniser``; ``no_face``: somebody said that it is none
    groups     the group that a face was put into before anybody had a name, from 0; -1 waits aside
    settings   single values by name: ``bundle`` (the recogniser in use), ``reader`` (the key of the one whose faces count), ``networks``
               (detector and embedder of that reader), ``due`` (a scan has not answered for all that it found), ``forgetting`` (`erasing`)
    forgotten  what must not come back after somebody was forgotten, without a name: ``photo`` and the box, in shares, where no face is
               taken any more; or ``mark``, made of a content or of a place and its stamp, which is passed over (`contents.mark_of`)
"""

from __future__ import annotations

_NOTE_GONE = (
    "UPDATE photos SET gone = (SELECT missing_since IS NOT NULL FROM files WHERE photo = photos.id ORDER BY missing_since LIMIT 1) "
    "WHERE id IN"
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE roots (id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE)",
        "CREATE TABLE photos (id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, width INTEGER NOT NULL, height INTEGER NOT NULL, "
        "taken_at REAL)",
        "CREATE INDEX photos_by_time ON photos (taken_at)",
        "CREATE TABLE files (id INTEGER PRIMARY KEY, root INTEGER NOT NULL REFERENCES roots ON DELETE CASCADE, name BLOB NOT NULL, "
        "stamp TEXT NOT NULL, photo INTEGER REFERENCES photos, problem TEXT NOT NULL DEFAULT '', missing_since REAL, "
        "was INTEGER REFERENCES photos ON DELETE SET NULL, UNIQUE (root, name))",
        "CREATE INDEX files_of_photo ON files (photo)",
        "CREATE INDEX files_that_changed ON files (was) WHERE was IS NOT NULL",
        "CREATE TABLE looks (photo INTEGER NOT NULL REFERENCES photos ON DELETE CASCADE, reader TEXT NOT NULL, "
        "PRIMARY KEY (photo, reader)) WITHOUT ROWID",
        "CREATE TABLE faces (id INTEGER PRIMARY KEY, photo INTEGER NOT NULL REFERENCES photos ON DELETE CASCADE, reader TEXT NOT NULL, "
        "number INTEGER NOT NULL, left REAL NOT NULL, top REAL NOT NULL, right REAL NOT NULL, bottom REAL NOT NULL, "
        "landmarks BLOB NOT NULL, score REAL NOT NULL, sharpness REAL NOT NULL, vector BLOB NOT NULL, UNIQUE (photo, reader, number))",
        "CREATE INDEX faces_of_reader ON faces (reader, id, photo)",  # whose photo a face is in, without reading its vector
        "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
        "CREATE TABLE aliases (name TEXT PRIMARY KEY, person INTEGER NOT NULL REFERENCES people ON DELETE CASCADE) WITHOUT ROWID",
        "CREATE INDEX aliases_of_person ON aliases (person)",
        "CREATE TABLE facts (id INTEGER PRIMARY KEY, said_at REAL NOT NULL, photo INTEGER NOT NULL REFERENCES photos ON DELETE CASCADE, "
        "left REAL NOT NULL, top REAL NOT NULL, right REAL NOT NULL, bottom REAL NOT NULL, "
        "what TEXT NOT NULL CHECK (what IN ('is', 'is_not', 'nobody', 'no_face')), person INTEGER REFERENCES people ON DELETE CASCADE, "
        "how TEXT NOT NULL CHECK (how IN ('face', 'group', 'metadata')), enrolled INTEGER NOT NULL DEFAULT 0, undone_at REAL, "
        "CHECK ((person IS NULL) = (what IN ('nobody', 'no_face'))))",
        "CREATE INDEX facts_of_photo ON facts (photo)",
        "CREATE INDEX facts_of_person ON facts (person)",
        "CREATE TABLE answers (face INTEGER PRIMARY KEY REFERENCES faces ON DELETE CASCADE, person INTEGER REFERENCES people ON DELETE "
        "CASCADE, confidence REAL NOT NULL, why TEXT NOT NULL CHECK (why IN ('fact', 'group', 'recogniser', 'no_face')))",
        "CREATE INDEX answers_of_person ON answers (person)",
        "CREATE INDEX no_faces ON answers (face) WHERE why = 'no_face'",
        "CREATE TABLE groups (face INTEGER PRIMARY KEY REFERENCES faces ON DELETE CASCADE, number INTEGER NOT NULL)",
        "CREATE TABLE sidecars (path BLOB PRIMARY KEY, sha256 BLOB NOT NULL, made INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE TABLE sidecar_names (path BLOB NOT NULL REFERENCES sidecars ON DELETE CASCADE, name TEXT NOT NULL, keywords TEXT NOT NULL, "
        "PRIMARY KEY (path, name)) WITHOUT ROWID",
        "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        "CREATE TABLE forgotten (id INTEGER PRIMARY KEY, photo INTEGER REFERENCES photos ON DELETE CASCADE, left REAL, top REAL, "
        "right REAL, bottom REAL, mark BLOB UNIQUE, CHECK ((photo IS NULL) <> (mark IS NULL)))",
        "CREATE INDEX forgotten_of_photo ON forgotten (photo)",
    ),
    (
        "DROP TABLE sidecar_names",  # which names whosthat wrote into a file, the file says itself
        "DROP TABLE sidecars",
        "ALTER TABLE photos ADD COLUMN gone INTEGER",
        "DROP INDEX photos_by_time",
        "CREATE INDEX photos_by_time ON photos (taken_at, gone)",
        "DROP INDEX files_of_photo",
        "CREATE INDEX files_of_photo ON files (photo, missing_since)",
        f"{_NOTE_GONE} (SELECT photo FROM files)",  # noqa: S608  # not translated: SQL
        f"CREATE TRIGGER file_comes AFTER INSERT ON files BEGIN {_NOTE_GONE} (NEW.photo); END",
        f"CREATE TRIGGER file_goes AFTER DELETE ON files BEGIN {_NOTE_GONE} (OLD.photo); END",
        f"CREATE TRIGGER file_changes AFTER UPDATE OF photo, missing_since ON files BEGIN {_NOTE_GONE} (OLD.photo, NEW.photo); END",
    ),
    (
        "CREATE TABLE merges (id INTEGER PRIMARY KEY, said_at REAL NOT NULL, name TEXT NOT NULL, person INTEGER NOT NULL REFERENCES people "
        "ON DELETE CASCADE, undone_at REAL, back INTEGER REFERENCES people ON DELETE CASCADE)",
        "CREATE TABLE merged (id INTEGER PRIMARY KEY, merge INTEGER NOT NULL REFERENCES merges ON DELETE CASCADE, fact INTEGER REFERENCES "
        "facts ON DELETE CASCADE, alias TEXT)",
        "CREATE INDEX merged_by_merge ON merged (merge)",
        "CREATE INDEX merged_facts ON merged (fact)",
        "CREATE INDEX merged_aliases ON merged (alias)",
    ),
)
"""For each version of the tables, the statements that make it of the one before. What was published is never changed: add a tuple."""

APPLICATION = 0x77687468
"""Marks SQLite files that are libraries."""
