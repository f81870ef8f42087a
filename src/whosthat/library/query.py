"""What people ask a library in words, ``anna and (bob or "Tom and Jerry") and not unknown``, as a tree.

What belongs here: the words and their order. What does not: who the names are, finding photos (`search`).

    query     any
    any       all, or all, ...
    all       one, and one, ...
    one       not one    (any)    a name    unknown    nobody

Words that follow each other are one name. What stands in quotation marks is a name, whatever it says; between straight
ones (") a doubled one is one of the name. The Chinese key words stand apart from names, as the English ones do. Marks that turn the
direction of writing around count as blanks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn, TypeAlias

from whosthat.errors import UsageError
from whosthat.translation import _
from whosthat.wording import cut

AND, OR, NOT, UNKNOWN, NOBODY = "and", "or", "not", "unknown", "nobody"  # not translated: words of the language
KEY_WORDS = {word: word for word in (AND, OR, NOT, UNKNOWN, NOBODY)} | {
    **dict.fromkeys(("和", "且"), AND),
    "或": OR,
    **dict.fromkeys(("不", "非"), NOT),
    "未知": UNKNOWN,
    "沒有人": NOBODY,
}
"""Every word that is no name, in small letters, and what it means."""

LONGEST, MOST_WORDS, DEEPEST = 10_000, 100, 20
"""Characters of a query; names and words for faces in it; brackets and ``not`` inside each other. SQLite takes somewhat more."""

_BLANK = r"\s\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
_PIECE = re.compile(
    rf"""(?P<blank>[{_BLANK}]+)|(?P<open>[(（])|(?P<close>[)）])|"(?P<double>(?:[^"]|"")*+)"|“(?P<curly>[^”]*)”|「(?P<corner>[^」]*)」"""
    rf"""|'(?P<single>[^']*)'(?=[{_BLANK}()（）]|$)|(?P<word>[^{_BLANK}()（）"“”「」]+)"""
)
_EDGES = re.compile(f"^[{_BLANK}]+|[{_BLANK}]+$")


@dataclass(frozen=True, slots=True)
class Named:
    """Photos that show a person of this name."""

    name: str


@dataclass(frozen=True, slots=True)
class Faces:
    """Photos with a face that has no name (``unknown``), or without any face (``nobody``)."""

    what: str


@dataclass(frozen=True, slots=True)
class Not:
    """Photos that are not among those of a part."""

    part: Query


@dataclass(frozen=True, slots=True)
class Several:
    """Photos that are among those of all parts (``and``), or of any (``or``)."""

    how: str
    parts: tuple[Query, ...]


Query: TypeAlias = Named | Faces | Not | Several


@dataclass(frozen=True, slots=True)
class _Token:
    """A bracket, a key word (``kind`` is what it means) or a name (``kind`` is empty), and where it begins, from 0."""

    kind: str
    text: str
    at: int


def parse(text: str) -> Query:
    """Read a query.

    Raises:
        UsageError: It makes no sense, is empty, too long or nested too deeply; the message says where.

    Example:
        >>> parse("Anna Smith and not tom")
        Several(how='and', parts=(Named(name='Anna Smith'), Not(part=Named(name='tom'))))
    """
    if len(text) > LONGEST:
        raise UsageError("The query has {n:,} characters; {most:,} are the most.", n=len(text), most=LONGEST)
    reader = _Reader(text, _tokens(text))
    query = reader.any(0)
    reader.end()
    return query


class _Reader:
    """The tokens of a query, and how far they were read."""

    def __init__(self, text: str, tokens: Sequence[_Token]) -> None:
        self._text, self._tokens, self._next, self._words = text, tokens, 0, 0

    def any(self, depth: int) -> Query:
        """Read what ``or`` joins."""
        return self._joined(OR, self._all, depth)

    def end(self) -> None:
        """Refuse what is left."""
        token = self._seen()
        if token is not None:
            closing = token.kind == ")"
            self._refuse(_("this bracket was never opened") if closing else _('"and" or "or" is missing before it'))

    def _all(self, depth: int) -> Query:
        return self._joined(AND, self._one, depth)

    def _joined(self, how: str, part: Callable[[int], Query], depth: int) -> Query:
        parts = [part(depth)]
        while self._take(how):
            parts.append(part(depth))
        return parts[0] if len(parts) == 1 else Several(how, tuple(parts))

    def _one(self, depth: int) -> Query:
        token = self._seen()
        if token is None or token.kind in (")", AND, OR):
            self._refuse(_('a name is missing here; a name that is a word such as "and" stands in quotation marks'))
        if depth > DEEPEST:
            self._refuse(_("it is nested more than {most} deep", most=DEEPEST))
        self._next += 1
        if token.kind == NOT:
            return Not(self._one(depth + 1))
        if token.kind == "(":
            inner = self.any(depth + 1)
            if not self._take(")"):
                self._refuse(_('"and", "or" or a closing bracket is missing here'))
            return inner
        self._words += 1
        if self._words > MOST_WORDS:
            raise UsageError("The query has more than {most} names.", most=MOST_WORDS)
        return Named(token.text) if not token.kind else Faces(token.kind)

    def _seen(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self, kind: str) -> bool:
        token = self._seen()
        taken = token is not None and token.kind == kind
        self._next += taken
        return taken

    def _refuse(self, reason: str) -> NoReturn:
        token = self._seen()
        _refuse(self._text, len(self._text) if token is None else token.at, reason)


def _tokens(text: str) -> list[_Token]:
    """Cut a query into brackets, key words and names; of words that follow each other it makes one name."""
    tokens: list[_Token] = []
    at, is_open = 0, False
    while at < len(text):
        found = _PIECE.match(text, at)
        if found is None:
            _refuse(text, at, _("its quotation mark is not closed"))
        kind, piece = found.lastgroup or "", found[found.lastgroup or 0]
        if kind == "word" and is_open and piece.casefold() not in KEY_WORDS:
            tokens[-1] = replace(tokens[-1], text=f"{tokens[-1].text} {piece}")
        elif kind == "word":
            meaning = KEY_WORDS.get(piece.casefold(), "")
            is_open = not meaning
            tokens.append(_Token(meaning, piece, at))
        elif kind != "blank":
            is_open = False
            name = _EDGES.sub("", piece.replace('""', '"') if kind == "double" else piece)
            if not name:
                _refuse(text, at, _("there is no name between the quotation marks"))
            tokens.append(_Token({"open": "(", "close": ")"}.get(kind, ""), name, at))
        at = found.end()
    return tokens


def _refuse(text: str, at: int, reason: str) -> NoReturn:
    rest = cut(text[at:], 40)
    if not rest:
        raise UsageError("The query makes no sense at its end: {reason}.", reason=reason)
    raise UsageError('The query makes no sense at character {place}, "{rest}": {reason}.', place=at + 1, rest=rest, reason=reason)
