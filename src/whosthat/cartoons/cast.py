"""Who appears in the cartoons: seven heroes and ten strangers, all invented for whosthat.

What belongs here: what makes each of them recognisable, as data.
What does not: how it is drawn (`figure`, `attire`). Colours of suits and hair are shared on purpose, so that nobody can be
told by the colour of the picture alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from whosthat.cartoons.pen import Colour

RED, BLUE, GREEN = (206, 58, 56), (52, 98, 178), (62, 140, 84)
GOLD, PURPLE, TEAL = (240, 184, 56), (118, 72, 152), (44, 144, 150)
NIGHT, CREAM, STEEL = (54, 52, 84), (246, 236, 214), (164, 174, 188)
BLACK, BROWN, AUBURN, SILVER = (52, 42, 50), (110, 70, 44), (176, 82, 40), (206, 206, 214)
FAIR, ROSY, TAN, OLIVE, UMBER, EBONY = (
    (252, 222, 196),
    (246, 200, 178),
    (228, 178, 132),
    (206, 160, 112),
    (160, 108, 74),
    (112, 76, 58),
)


@dataclass(frozen=True)
class Character:
    """What stays the same in every picture of somebody.

    Attributes:
        skin: Colour of the face.
        jaw: Width of the chin as a share of the head's width: 0.35 pointed, 0.8 square.
        height: Height of the head as a multiple of its width.
        suits: Colour of the suit and of its trimmings; one pair is drawn at random.
        hair: A style of `attire.HAIR`.
        hair_colour: Its colour, also the brows' and the beard's.
        mask: A style of `attire.MASKS`.
        mask_colour: Its colour.
        beard: A style of `attire.BEARDS`.
        headgear: A style of `attire.HEADGEAR`.
        headgear_colour: Its colour.
        emblem: A style of `attire.EMBLEMS`, on the chest.
        cape: Whether a cape shows behind the shoulders.
    """

    skin: Colour
    jaw: float
    height: float
    suits: tuple[tuple[Colour, Colour], ...]
    hair: str
    hair_colour: Colour
    mask: str = "none"
    mask_colour: Colour = NIGHT
    beard: str = "none"
    headgear: str = "none"
    headgear_colour: Colour = CREAM
    emblem: str = "none"
    cape: bool = True


HERO_CAST: dict[str, Character] = {
    "captain_marigold": Character(
        TAN, 0.5, 1.16, ((RED, GOLD), (TEAL, CREAM)), "curls", AUBURN, mask="domino", mask_colour=TEAL, emblem="flower"
    ),
    "doctor_drizzle": Character(
        FAIR, 0.42, 1.3, ((BLUE, CREAM), (PURPLE, GOLD)), "spikes", SILVER, mask="goggles", mask_colour=BROWN, emblem="drop"
    ),
    "kid_kettle": Character(
        ROSY,
        0.62,
        1.04,
        ((RED, CREAM), (GREEN, GOLD)),
        "fringe",
        BROWN,
        mask="domino",
        mask_colour=GOLD,
        headgear="kettle",
        headgear_colour=STEEL,
        emblem="steam",
        cape=False,
    ),
    "madame_moth": Character(OLIVE, 0.38, 1.2, ((PURPLE, GOLD), (BLUE, CREAM)), "bun", BLACK, mask="moth", mask_colour=GOLD, emblem="moth"),
    "night_baker": Character(
        EBONY,
        0.72,
        1.12,
        ((BLUE, CREAM), (RED, CREAM)),
        "short",
        BLACK,
        mask="domino",
        mask_colour=RED,
        beard="moustache",
        headgear="toque",
        emblem="moon",
    ),
    "professor_pinecone": Character(
        UMBER, 0.66, 1.18, ((GREEN, GOLD), (PURPLE, GOLD)), "bald", BROWN, mask="monocle", mask_colour=GOLD, beard="cone", emblem="tree"
    ),
    "sergeant_seashell": Character(
        FAIR,
        0.46,
        1.14,
        ((TEAL, CREAM), (RED, GOLD)),
        "bob",
        AUBURN,
        mask="stripe",
        mask_colour=BLUE,
        headgear="shell",
        headgear_colour=(250, 190, 176),
        emblem="star",
        cape=False,
    ),
}

STRANGER_CAST: dict[str, Character] = {
    "park_gardener": Character(
        OLIVE, 0.5, 1.14, ((GREEN, CREAM), (RED, CREAM)), "bob", SILVER, headgear="straw", headgear_colour=GOLD, cape=False
    ),
    "bus_driver": Character(
        UMBER,
        0.74,
        1.06,
        ((NIGHT, GOLD), (BLUE, RED)),
        "short",
        SILVER,
        beard="moustache",
        headgear="cap",
        headgear_colour=NIGHT,
        cape=False,
    ),
    "piano_teacher": Character(FAIR, 0.4, 1.26, ((PURPLE, CREAM), (NIGHT, GOLD)), "bun", SILVER, cape=False),
    "fish_seller": Character(TAN, 0.8, 1.02, ((STEEL, BLUE), (GREEN, CREAM)), "bald", AUBURN, beard="moustache", cape=False),
    "train_guard": Character(
        OLIVE, 0.6, 1.14, ((NIGHT, RED), (GREEN, CREAM)), "fringe", BLACK, headgear="cap", headgear_colour=RED, cape=False
    ),
    "old_sailor": Character(
        TAN,
        0.7,
        1.08,
        ((NIGHT, CREAM), (CREAM, BLUE)),
        "bald",
        SILVER,
        beard="cone",
        headgear="cap",
        headgear_colour=CREAM,
        cape=False,
    ),
    "market_singer": Character(UMBER, 0.44, 1.2, ((GOLD, RED), (PURPLE, CREAM)), "bob", BLACK, cape=False),
    "tall_tailor": Character(EBONY, 0.4, 1.34, ((STEEL, CREAM), (PURPLE, GOLD)), "bun", SILVER, cape=False),
}
"""To fit the threshold on."""

UNSEEN_CAST: dict[str, Character] = {
    "lost_postman": Character(
        ROSY, 0.55, 1.2, ((BLUE, RED), (NIGHT, GOLD)), "short", AUBURN, headgear="cap", headgear_colour=BLUE, cape=False
    ),
    "errand_boy": Character(
        OLIVE, 0.6, 1.05, ((CREAM, BROWN), (STEEL, GOLD)), "spikes", BLACK, headgear="cap", headgear_colour=PURPLE, cape=False
    ),
}
"""Strangers whom nobody has met before the end."""

EVERYBODY: dict[str, Character] = {**HERO_CAST, **STRANGER_CAST, **UNSEEN_CAST}
