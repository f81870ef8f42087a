"""What became of a photo of a known person or class: correct, wrong, unknown or no face, exactly as ``predict`` answers.

What belongs here: from the sightings of one test photo to its outcome, and counting outcomes. What does not: asking the recogniser
(`whosthat.workflow`), figures over many answers (`metrics`). Every photo has one of four outcomes, so they add up to all photos:

    correct   one of the faces (or the whole photo) got the right name
    wrong     none did, but one got another name
    unknown   there are faces, and none got a name
    no face   no face was found; a network that looks at whole photos never answers so
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from whosthat.proportions import SMALLEST_PROBABILITY
from whosthat.translation import N_, _
from whosthat.types import Sighting

Outcome = Literal["correct", "wrong", "unknown", "no_face"]
CORRECT: Outcome = "correct"
WRONG: Outcome = "wrong"
UNKNOWN: Outcome = "unknown"
NO_FACE: Outcome = "no_face"
OUTCOMES: tuple[Outcome, ...] = (CORRECT, WRONG, UNKNOWN, NO_FACE)

_UNNAMED = {UNKNOWN: N_("unknown"), NO_FACE: N_("no face")}


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How many photos had each outcome."""

    correct: int
    wrong: int
    unknown: int
    no_face: int

    @property
    def n(self) -> int:
        """All photos."""
        return self.correct + self.wrong + self.unknown + self.no_face

    @property
    def unnamed(self) -> float:
        """Share of the photos that got no name, 0 to 1."""
        return (self.unknown + self.no_face) / self.n

    def sentence(self) -> str:
        """Say the counts in words, but for those that are 0; the correct photos always.

        Example:
            >>> Outcomes(9, 1, 0, 2).sentence()
            '9 correct, 1 wrong, 2 without a face'
        """
        others = (
            (self.wrong, _("{n:,} wrong", n=self.wrong)),
            (self.unknown, _("{n:,} unknown", n=self.unknown)),
            (self.no_face, _("{n:,} without a face", n=self.no_face)),
        )
        return _(", ").join([_("{n:,} correct", n=self.correct), *(words for n, words in others if n)])


@dataclass(frozen=True, slots=True)
class Answer:
    """One test photo and what was answered.

    Attributes:
        index: Its row among the test photos.
        path: The photo, as the split names it.
        predicted: The name that it got; None for unknown and no face.
        confidence: As ``predict`` gives it, 0 to 1: of the name, or of the best class where the answer is unknown; 0 without a face.
        best: The best class with the threshold off (closed set); None without a face.
        rank: How many classes are more likely than the true one, closed set; without a face, all others. At least as many as the
            sighting lists, where the true one is not among them.
        likelihood: Probability of the true class among the known ones, closed set, 0 to 1; a guess among all of them without a face, and
            that of the last one listed where the true one is not.
        bystanders: How many more faces of the photo got a name.
    """

    index: int
    path: str
    truth: str
    outcome: Outcome
    predicted: str | None
    confidence: float
    best: str | None
    rank: int
    likelihood: float
    bystanders: int = 0

    @property
    def correct(self) -> bool:
        """Whether the photo got the right name."""
        return self.outcome == CORRECT

    @property
    def words(self) -> str:
        """What was answered: a name, ``unknown`` or ``no face``."""
        return _(_UNNAMED[self.outcome]) if self.predicted is None else self.predicted


def answer_of(index: int, path: str, truth: str, sightings: Sequence[Sighting], labels: Sequence[str]) -> Answer:
    """Judge what ``identify`` answered about one photo of a known person; the labels are all names that can be answered.

    Example:
        >>> answer_of(0, "a.jpg", "ann", [Sighting("bo", 0.8, probabilities={"bo": 0.8, "ann": 0.2})], ["ann", "bo"]).outcome
        'wrong'
    """
    if not sightings:
        return Answer(index, path, truth, NO_FACE, None, 0.0, None, len(labels) - 1, 1 / len(labels))
    chosen = _deciding(truth, sightings)
    outcome = UNKNOWN if chosen.name is None else CORRECT if chosen.name == truth else WRONG
    ranked = list(chosen.probabilities)
    listed = truth in chosen.probabilities  # of very many people, only the likeliest are
    share = chosen.probabilities[truth] if listed else min(chosen.probabilities.values())
    return Answer(
        index=index,
        path=path,
        truth=truth,
        outcome=outcome,
        predicted=chosen.name,
        confidence=chosen.confidence,
        best=ranked[0],
        rank=ranked.index(truth) if listed else len(ranked),
        likelihood=share / max(sum(chosen.probabilities.values()), SMALLEST_PROBABILITY),
        bystanders=sum(sighting.name is not None for sighting in sightings if sighting is not chosen),
    )


def count(answers: Iterable[Answer]) -> Outcomes:
    """Count the outcomes."""
    seen = [answer.outcome for answer in answers]
    return Outcomes(*(seen.count(outcome) for outcome in OUTCOMES))


def _deciding(truth: str, sightings: Sequence[Sighting]) -> Sighting:
    """Return the sighting that decides the outcome: the right name, else the surest name, else the largest face."""

    def weight(sighting: Sighting) -> tuple[bool, bool, float]:
        named = sighting.name is not None
        area = 0.0 if sighting.box is None else sighting.box.width * sighting.box.height
        return sighting.name == truth, named, sighting.confidence if named else area

    return max(sightings, key=weight)
