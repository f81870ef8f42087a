"""Who appears in the cartoons: seven heroes and ten strangers, all invented for whosthat.

What belongs here: what makes each of them recognisable, as data. What does not: how it is drawn (`figure`, `attire`).
Colours of suits and hair are shared on purpose, so that nobody can be told by the colour of the picture alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from whosthat.cartoons.pen import RED, Colour

BLUE, GREEN, PEACH = (52, 98, 178), (62, 140, 84), (250, 190, 176)
GOLD, PURPLE, TEAL = (240, 184, 56), (118, 72, 152), (44, 144, 150)
NIGHT, CREAM, STEEL = (54, 52, 84), (246, 236, 214), (164, 174, 188)
BLACK, BROWN, AUBURN, SILVER = (52, 42, 50), (110, 70, 44), (176, 82, 40), (206, 206, 214)
FAIR, ROSY, TAN = (252, 222, 196), (246, 200, 178), (228, 178, 132)
OLIVE, UMBER, EBONY = (206, 160, 112), (160, 108, 74), (112, 76, 58)

Worn = tuple[str, Colour]
"""A style, and its colour."""


@dataclass(frozen=True)
class Character:
    """What stays the same in every picture of somebody; styles are keys of the tables in `attire`."""

    skin: Colour
    jaw: float  # width of the chin as a share of the head's: 0.35 pointed, 0.8 square
    height: float  # of the head, as a multiple of its width
    suits: tuple[tuple[Colour, Colour], ...]  # colours of the suit and of its trimmings; one pair is drawn at random
    hair: Worn  # the brows and the beard have its colour
    mask: Worn = ("none", NIGHT)
    beard: str = "none"
    headgear: Worn = ("none", CREAM)
    emblem: str = "none"  # on the chest
    cape: bool = False  # behind the shoulders


HERO_CAST: dict[str, Character] = {
    "captain_marigold": Character(
        TAN, 0.5, 1.16, ((RED, GOLD), (TEAL, CREAM)), ("curls", AUBURN), ("domino", TEAL), emblem="flower", cape=True
    ),
    "doctor_drizzle": Character(
        FAIR, 0.42, 1.3, ((BLUE, CREAM), (PURPLE, GOLD)), ("spikes", SILVER), ("goggles", BROWN), emblem="drop", cape=True
    ),
    "kid_kettle": Character(
        ROSY, 0.62, 1.04, ((RED, CREAM), (GREEN, GOLD)), ("fringe", BROWN), ("domino", GOLD), headgear=("kettle", STEEL), emblem="steam"
    ),
    "madame_moth": Character(OLIVE, 0.38, 1.2, ((PURPLE, GOLD), (BLUE, CREAM)), ("bun", BLACK), ("moth", GOLD), emblem="moth", cape=True),
    "night_baker": Character(
        EBONY, 0.72, 1.12, ((BLUE, CREAM), (RED, CREAM)), ("short", BLACK), ("domino", RED), "moustache", ("toque", CREAM), "moon", True
    ),
    "professor_pinecone": Character(
        UMBER, 0.66, 1.18, ((GREEN, GOLD), (PURPLE, GOLD)), ("bald", BROWN), ("monocle", GOLD), "cone", emblem="tree", cape=True
    ),
    "sergeant_seashell": Character(
        FAIR, 0.46, 1.14, ((TEAL, CREAM), (RED, GOLD)), ("bob", AUBURN), ("stripe", BLUE), headgear=("shell", PEACH), emblem="star"
    ),
}

STRANGER_CAST: dict[str, Character] = {
    "park_gardener": Character(OLIVE, 0.5, 1.14, ((GREEN, CREAM), (RED, CREAM)), ("bob", SILVER), headgear=("straw", GOLD)),
    "bus_driver": Character(UMBER, 0.74, 1.06, ((NIGHT, GOLD), (BLUE, RED)), ("short", SILVER), beard="moustache", headgear=("cap", NIGHT)),
    "piano_teacher": Character(FAIR, 0.4, 1.26, ((PURPLE, CREAM), (NIGHT, GOLD)), ("bun", SILVER)),
    "fish_seller": Character(TAN, 0.8, 1.02, ((STEEL, BLUE), (GREEN, CREAM)), ("bald", AUBURN), beard="moustache"),
    "train_guard": Character(OLIVE, 0.6, 1.14, ((NIGHT, RED), (GREEN, CREAM)), ("fringe", BLACK), headgear=("cap", RED)),
    "old_sailor": Character(TAN, 0.7, 1.08, ((NIGHT, CREAM), (CREAM, BLUE)), ("bald", SILVER), beard="cone", headgear=("cap", CREAM)),
    "market_singer": Character(UMBER, 0.44, 1.2, ((GOLD, RED), (PURPLE, CREAM)), ("bob", BLACK)),
    "tall_tailor": Character(EBONY, 0.4, 1.34, ((STEEL, CREAM), (PURPLE, GOLD)), ("bun", SILVER)),
}
"""To fit the threshold on."""

UNSEEN_CAST: dict[str, Character] = {
    "lost_postman": Character(ROSY, 0.55, 1.2, ((BLUE, RED), (NIGHT, GOLD)), ("short", AUBURN), headgear=("cap", BLUE)),
    "errand_boy": Character(OLIVE, 0.6, 1.05, ((CREAM, BROWN), (STEEL, GOLD)), ("spikes", BLACK), headgear=("cap", PURPLE)),
}
"""Strangers whom nobody has met before the end."""

EVERYBODY: dict[str, Character] = {**HERO_CAST, **STRANGER_CAST, **UNSEEN_CAST}
