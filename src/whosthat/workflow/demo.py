"""What the demo needs before the usual steps can begin: photos that whosthat draws itself, and a recipe that is quick.

What belongs here: which pictures, where, and how they are trained on. What does not: checking, training and predicting, done as everybody
does.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from whosthat.cartoons import HEROES, STRANGERS, UNSEEN_STRANGERS, draw_hero, draw_photo_folder
from whosthat.errors import UsageError
from whosthat.networks.backend import require_keras
from whosthat.photos.drawing import save_image
from whosthat.progress import SILENT, Progress

if TYPE_CHECKING:
    from whosthat.training.recipe import AnyRecipe

PHOTOS, OTHERS, UNSEEN = "photos", "strangers", "unseen"
"""Folders inside the demo's folder."""

PHOTOS_EACH = 110
"""Photos of each hero: enough to be told from strangers, and for 22 test photos of each; few enough to be trained on within a minute."""

STRANGERS_EACH, STRANGERS_SEED = 10, 1
"""Photos of each stranger on which the threshold is fitted."""

UNSEEN_SEED = 2_000_000_000
"""Pictures drawn with this seed are like none in the other folders."""


@dataclass(frozen=True)
class DemoPhotos:
    """Where the demo's pictures lie: a folder for each hero, strangers to fit the threshold on; then what is met nowhere before the end."""

    photos: Path
    others: Path
    heroes: tuple[Path, ...]
    strangers: tuple[Path, ...]


def draw_demo_photos(folder: Path, *, faces: bool = False, progress: Progress = SILENT) -> DemoPhotos:
    """Draw the demo's pictures into a folder that is new, empty, or a demo's; drawing them again gives the same ones.

    Raises UsageError when the folder holds something else, NetworkError when Keras is not installed, so no network could be trained on the
    pictures; with ``faces`` none will.
    """
    if not faces:
        require_keras()
    claim_folder(folder)
    photos, others, unseen = folder / PHOTOS, folder / OTHERS, folder / UNSEEN
    draw_photo_folder(photos, photos_each=PHOTOS_EACH, flaws=True, progress=progress)
    draw_photo_folder(others, photos_each=STRANGERS_EACH, seed=STRANGERS_SEED, names=STRANGERS)
    heroes, strangers = (tuple(unseen / f"{name}.jpg" for name in names) for names in (HEROES, UNSEEN_STRANGERS))
    for file in (*heroes, *strangers):
        save_image(draw_hero(file.stem, UNSEEN_SEED), file)
    return DemoPhotos(photos, others, heroes, strangers)


def claim_folder(folder: Path) -> None:
    """Make a folder the demo's; a UsageError says that it holds something else."""
    unseen = folder / UNSEEN
    if folder.exists() and not unseen.is_dir() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError("{folder} already exists and is not a demo. Choose another folder: whosthat demo FOLDER", folder=folder)
    unseen.mkdir(parents=True, exist_ok=True)


def demo_recipe(*, faces: bool = False) -> AnyRecipe:
    """Return a recipe that learns the heroes within a minute on two cores: their whole pictures, or their faces.

    A fifth of the photos is for the test, because a tenth of so few would prove little; the size is that of the pictures. At the usual
    learning rate the head has not learnt enough after 60 epochs to tell heroes from strangers.
    """
    from whosthat.training.recipe import default_recipe

    if faces:
        return default_recipe("faces", split="7:1:2")
    return default_recipe("efficientnet-lite0", size=160, epochs=60, split="7:1:2", optimiser={"name": "adam", "learning_rate": 2e-3})
