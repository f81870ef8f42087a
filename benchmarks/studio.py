"""The studio's page in Chromium on loopback, with 2,000 drawn photos in its folder.

Usable: from asking for the address to a page that answers, in fresh profiles of the browser (nothing cached), medians. Frames: the grid
of all 2,000 thumbnails is scrolled from top to bottom, 80 pixels a frame (4,800 a second), and the time between two frames is taken by
`requestAnimationFrame`; once while every thumbnail is made for the first time, and once more when all are there. Chromium draws without
a graphics card here, on the cores on which the server makes the thumbnails.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measuring import WHOSTHAT, Row
from whosthat.cartoons import HEROES, draw_photo_folder

TITLE = "The studio's page"
N_PHOTOS = 2000
PAGE = Path(__file__).resolve().parents[1] / "src" / "whosthat" / "server" / "studio" / "page"
SCROLL = """() => new Promise((resolve) => {
    const spans = [];
    let before = performance.now();
    const step = (now) => {
        spans.push(now - before);
        before = now;
        const at = scrollY;
        scrollBy(0, 80);
        if (scrollY === at) resolve(spans.slice(1)); else requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
})"""


def measure() -> list[Row]:
    """The sizes, the time to a usable page, and the frames of a scroll."""
    script = sum(file.stat().st_size for file in PAGE.rglob("*.js"))
    with tempfile.TemporaryDirectory() as held:
        folder = Path(held) / "pictures"
        draw_photo_folder(folder / "heroes", photos_each=-(-N_PHOTOS // len(HEROES)))
        with opened(folder, Path(held)) as (browser, link):
            usable, cold, warm = usable_and_frames(browser, link)
    return [
        Row("all scripts, uncompressed", f"{script / 1000:.0f} KB", "<= 150 KB"),
        Row("link to usable page, median of 7", f"{usable:.2f} s", "<= 1 s"),
        *rows_of_a_scroll(f"{N_PHOTOS:,} thumbnails, made meanwhile", cold),
        *rows_of_a_scroll("... and once more", warm),
    ]


def rows_of_a_scroll(what: str, frames: list[float]) -> list[Row]:
    """Return what a scroll was like."""
    late = sum(span > 50 for span in frames)
    return [
        Row(f"{what}: frames, median and 99 of 100", f"{median(frames):.0f} and {sorted(frames)[len(frames) * 99 // 100]:.0f} ms"),
        Row("the longest frame, and how many of more than 50 ms", f"{max(frames):.0f} ms, {late} of {len(frames)}", "none"),
    ]


@contextmanager
def opened(folder: Path, places: Path) -> Iterator[tuple[Any, str]]:
    """Start the studio and a browser; give the browser and the link."""
    from playwright.sync_api import sync_playwright

    environment = {
        **os.environ,
        "WHOSTHAT_CACHE": str(places / "cache"),
        "WHOSTHAT_TOKEN_FILE": str(places / "token"),
        "PYTHONUNBUFFERED": "1",
    }
    command = [*WHOSTHAT, "--lang", "en", "studio", str(folder), "--runs", str(folder / "runs"), "--no-browser"]
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        link = next(found[0] for line in process.stdout if (found := re.search(r"http://\S+key=\S+", line)))
        with sync_playwright() as driver:
            yield driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-quic", "--no-first-run"]), link
        process.send_signal(signal.SIGINT)


def usable_and_frames(browser: Any, link: str) -> tuple[float, list[float], list[float]]:
    """Return the median seconds to a usable page, and the milliseconds between the frames of two scrolls."""
    first = browser.new_context(viewport={"width": 1280, "height": 860})
    page = first.new_page()
    page.goto(link)
    page.locator("html[data-ready]").wait_for()
    cookies, address, spans = first.cookies(), link.split("/studio/")[0], []
    for _time in range(7):
        context = browser.new_context()
        context.add_cookies(cookies)
        another = context.new_page()
        begun = time.perf_counter()
        another.goto(address, wait_until="commit")
        another.locator("html[data-ready]").wait_for(state="attached")
        spans.append(time.perf_counter() - begun)
        context.close()
    page.evaluate("location.hash = '#/photos/heroes'")
    page.locator(".block img").first.wait_for()
    page.wait_for_load_state("networkidle")
    cold = page.evaluate(SCROLL)
    page.wait_for_load_state("networkidle")
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)
    return median(spans), cold, page.evaluate(SCROLL)
