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
from make_pictures import place
from PIL import Image
from playwright.sync_api import sync_playwright

from whosthat.cartoons import HEROES, UNSEEN_STRANGERS, draw_hero, draw_photo_folder
from whosthat.photos.drawing import save_image
from whosthat.translation import LANGUAGES, VARIABLE, language, using
from whosthat.workflow.demo import demo_recipe
from whosthat.workflow.library.scanning import scan
from whosthat.workflow.train import train

VIEWS = ("photos", "photos/heroes", "groups", "library", "training", "result", "who", "people", "runs", "settings")
GROUPS = (HEROES[5:7], HEROES[2:4], (HEROES[1], UNSEEN_STRANGERS[0]))
"""Who is in the photos that are asked about."""

PHOTOS_EACH = 60
"""Enough to know the heroes' faces again; few enough for half a minute."""


def prepare(folder: Path) -> list[Path]:
    """Draw photos, train twice, make a library, and return photos of a group and of single people that no training saw."""
    draw_photo_folder(folder / "heroes", photos_each=PHOTOS_EACH, flaws=True)
    for size in (80, 160):
        train(folder / "heroes", demo_recipe(faces=True), runs=folder / "runs", note=f"{size}")
    scan(folder / "album", [folder / "heroes"], bundle=folder / "runs" / "latest")
    shown = []
    for number, names in enumerate(GROUPS):
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
        try:
            yield next(found[0] for line in process.stdout if (found := re.search(r"http://\S+key=\S+", line)))
        finally:
            process.send_signal(signal.SIGINT)


def go(page: Any, view: str) -> None:
    """Show a view, and wait until it has all it asks for."""
    page.evaluate("view => { location.hash = '#/' + view }", view)
    page.locator(f'main[data-view="{view.split("/")[0]}"]').wait_for()
    page.wait_for_timeout(1500)  # pictures come one after the other


def taken(page: Any) -> Image.Image:
    """Return what the window shows."""
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def for_the_pages(page: Any, photos: list[Path]) -> None:
    """Take the pictures of README.md and docs/studio.md, once the faces of the second photo have got their names."""
    page.set_viewport_size({"width": 1120, "height": 760})
    page.set_input_files("input[type=file][accept*=heic]", photos)
    page.locator(".pictures figure").nth(len(photos) - 1).wait_for()
    second = page.locator(".pictures figure", has_text=photos[1].name)
    for number, name in enumerate(GROUPS[1]):
        if name not in second.inner_text():
            second.locator("button.face").nth(number).click()
            page.locator("dialog .naming input").fill(name)
            page.locator("dialog .naming button").click()
            page.get_by_role("dialog").wait_for(state="detached")
    for close in page.locator(".notices button.quiet").all():
        close.click()
    second.locator("button.face").first.click()
    page.locator(".nearest img").first.wait_for()
    page.wait_for_load_state("networkidle")
    written(taken(page), "studio-face.png")
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    written(taken(page), "studio-who.png")
    go(page, "library")
    page.locator("main input").first.fill(HEROES[2])
    page.keyboard.press("Enter")
    page.locator("main img").nth(2).wait_for()
    page.wait_for_timeout(3000)  # thumbnails are made one after the other
    page.evaluate("document.activeElement.blur()")
    written(taken(page), "studio-library.png")
    go(page, "photos/heroes")
    page.locator("main button").first.click()
    page.locator(".findings").wait_for()
    phones = []
    page.set_viewport_size({"width": 380, "height": 760})
    for scheme, view in (("light", "who"), ("light", "photos/heroes"), ("dark", "people")):
        page.emulate_media(color_scheme=scheme)
        go(page, view)
        phones += [np.full((760, 24, 3), 255, np.uint8), np.asarray(taken(page))]
    written(Image.fromarray(np.hstack(phones[1:])), "studio-phone.png")


def written(picture: Image.Image, name: str) -> None:
    """Write a PNG of 256 colours that keeps the page's quiet ones."""
    picture.quantize(256, Image.Quantize.MEDIANCUT, kmeans=2).save(place(name), optimize=True)


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
        folder, untouched = Path(held) / "pictures", Path(held) / "untouched"
        photos = [untouched / file.name for file in prepare(folder)]
        folder.rename(untouched)
        browser = driver.chromium.launch(executable_path=browser_file, args=["--no-sandbox", "--disable-quic", "--no-first-run"])
        for code in LANGUAGES:
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(untouched, folder, symlinks=True)  # nobody is named there yet
            with using(code), studio(folder) as link:
                page = browser.new_page(reduced_motion="reduce", color_scheme="light")
                page.goto(link)
                page.locator("main[data-view=who] input[type=file]").first.wait_for(state="attached")
                for_the_pages(page, photos)
                if looked is not None:
                    for_the_eye(page, looked)
                page.close()


if __name__ == "__main__":
    main()
