"""Take the pictures of the studio's page that README.md and docs/studio.md show: drawn heroes, the real server, Chromium.

In every language of whosthat: English beside this script, Traditional Chinese in ``zh-TW``. Needs the extras server and dev, and Chromium.

Run: ``python docs/pictures/make_studio_pictures.py``; with a folder, every view in both themes and at a phone's width goes there as well.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from make_pictures import place, small
from PIL import Image
from playwright.sync_api import sync_playwright

from whosthat.cartoons import HEROES, UNSEEN_STRANGERS, draw_hero, draw_photo_folder
from whosthat.photos.drawing import save_image
from whosthat.translation import LANGUAGES, VARIABLE, language, using
from whosthat.workflow.demo import demo_recipe
from whosthat.workflow.train import train

VIEWS = ("photos", "photos/heroes", "training", "result", "who", "people", "runs", "settings")
PHOTOS_EACH = 60
"""Enough to know the heroes' faces again; few enough for half a minute."""


def prepare(folder: Path) -> list[Path]:
    """Draw photos, train twice, and return photos of a group and of single people that no training saw."""
    draw_photo_folder(folder / "heroes", photos_each=PHOTOS_EACH, flaws=True)
    for size in (80, 160):
        train(folder / "heroes", demo_recipe(faces=True), runs=folder / "runs", note=f"{size}")
    shown = []
    groups = (HEROES[5:7], HEROES[2:4], (HEROES[1], UNSEEN_STRANGERS[0]))
    for number, names in enumerate(groups):
        file = folder / f"party {number + 1}.jpg"
        save_image(np.hstack([draw_hero(name, 4000 + 7 * number, size=420) for name in names]), file)
        shown.append(file)
    return shown


@contextmanager
def studio(folder: Path) -> Iterator[str]:
    """Start the studio on a folder in the present language, and give the link that opens it."""
    command = [sys.executable, "-m", "whosthat", "studio", str(folder), "--runs", str(folder / "runs"), "--no-browser"]
    environment = {**os.environ, VARIABLE: language(), "WHOSTHAT_TOKEN_FILE": str(folder.parent / "token"), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        yield next(found[0] for line in process.stdout if (found := re.search(r"http://\S+key=\S+", line)))
        process.send_signal(signal.SIGINT)


def go(page: Any, view: str) -> None:
    """Show a view, and wait until it has all it asks for."""
    page.evaluate("view => { location.hash = '#/' + view }", view)
    page.locator(f'main[data-view="{view.split("/")[0]}"]').wait_for()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)


def taken(page: Any) -> Image.Image:
    """Return what the window shows."""
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def for_the_pages(page: Any, photos: list[Path]) -> None:
    """Take the pictures of README.md and docs/studio.md."""
    page.set_viewport_size({"width": 1120, "height": 760})
    page.set_input_files("input[type=file][accept*=heic]", photos)
    page.locator(".pictures figure").nth(2).wait_for()
    go(page, "who")
    page.locator("button.face.known, button.face.unknown").first.click()
    page.get_by_role("dialog").wait_for()
    page.wait_for_load_state("networkidle")
    small(taken(page), place("studio-face.png"))
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    small(taken(page), place("studio-who.png"))
    go(page, "photos/heroes")
    page.locator("main button").first.click()
    page.locator(".findings").wait_for()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    small(taken(page), place("studio-check.png"))
    page.emulate_media(color_scheme="dark")
    go(page, "result")
    small(taken(page), place("studio-result.png"))
    phones = []
    page.set_viewport_size({"width": 380, "height": 760})
    for scheme, view in (("light", "who"), ("light", "photos/heroes"), ("dark", "result")):
        page.emulate_media(color_scheme=scheme)
        go(page, view)
        phones.append(np.asarray(taken(page)))
    gap = np.full((760, 24, 3), 255, np.uint8)
    small(Image.fromarray(np.hstack([phones[0], gap, phones[1], gap, phones[2]])), place("studio-phone.png"))


def for_the_eye(page: Any, folder: Path) -> None:
    """Take every view in both themes, wide and narrow."""
    folder.mkdir(parents=True, exist_ok=True)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width, height in ((1180, 860), (360, 740)):
            page.set_viewport_size({"width": width, "height": height})
            for view in VIEWS:
                go(page, view)
                page.screenshot(path=folder / f"{view.replace('/', '-')}-{scheme}-{width}-{language()}.png", full_page=True)


def main() -> None:
    """Take all pictures in every language."""
    looked = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    browser_file = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser_file is None:
        sys.exit("There is no Chromium here.")
    with tempfile.TemporaryDirectory() as held, sync_playwright() as driver:
        os.environ["WHOSTHAT_CACHE"] = f"{held}/cache"
        photos = prepare(Path(held) / "pictures")
        browser = driver.chromium.launch(executable_path=browser_file, args=["--no-sandbox", "--disable-quic", "--no-first-run"])
        for code in LANGUAGES:
            with using(code), studio(Path(held) / "pictures") as link:
                page = browser.new_page(reduced_motion="reduce", color_scheme="light")
                page.goto(link)
                page.locator("main[data-view=who] input[type=file]").first.wait_for(state="attached")
                for_the_pages(page, photos)
                if looked is not None:
                    for_the_eye(page, looked)
                page.close()


if __name__ == "__main__":
    main()
