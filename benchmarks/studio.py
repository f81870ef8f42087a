"""The studio's page in Chromium on loopback, with 2,000 drawn photos in its folder.

Usable: from asking for the address to a page that answers, in fresh profiles of the browser (nothing cached), medians. Frames: the grid
of all 2,000 thumbnails is scrolled from top to bottom, 80 pixels a frame (4,800 a second), and the time between two frames is taken by
`requestAnimationFrame`; once while thumbnails are made for the first time, and once more. So the page's script, its pictures and the
scrolling must all fit into a frame; a wheel's scrolling does not even wait for the script. Beside it the same pictures as files in a page
without a script, from a server that only reads files: what is late there is this computer's. At the speed of this scroll nobody sees
single pictures; "there" says how many are, in the middle of the window, and how soon after its end all that are seen.
Chromium draws without a graphics card here, on the cores on which the server makes the thumbnails.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measuring import WHOSTHAT, Row, new_folder
from whosthat.cartoons import HEROES, draw_photo_folder
from whosthat.server.studio.photos import SIZES, small_copy

TITLE = "The studio's page"
N_PHOTOS = 2000
VIEWPORT = {"width": 1280, "height": 860}
PAGE = Path(__file__).resolve().parents[1] / "src" / "whosthat" / "server" / "studio" / "page"
SCROLL = """() => new Promise((resolve) => {
    const spans = [], met = { there: 0, missing: 0 };
    let before = performance.now();
    const step = (now) => {
        spans.push(now - before);
        before = now;
        const middle = document.elementFromPoint(innerWidth / 2 + 60, innerHeight / 2);
        if (middle.matches("img")) met[middle.complete ? "there" : "missing"] += 1;
        else if (middle.matches("ul:empty")) met.missing += 1;
        const at = scrollY;
        scrollBy(0, 80);
        if (scrollY === at) resolve([spans.slice(1), met.there / (met.there + met.missing)]); else requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
})"""
ALL_THERE = """async () => {
    const begun = performance.now();
    const seen = ({ top, bottom }) => bottom > 0 && top < innerHeight;
    const missing = () => [...document.querySelectorAll("ul:empty, img")].some((one) => !one.complete && seen(one.getBoundingClientRect()));
    while (missing()) await new Promise(requestAnimationFrame);
    return performance.now() - begun;
}"""
STATIC = """<!doctype html><title>Pictures</title><style>
    body { margin: 0 auto; max-width: 65rem; padding: 2rem }
    ul { display: grid; grid-template-columns: repeat(8, 1fr); gap: .5rem; padding: 0 }
    li { list-style: none } img { display: block; width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: .55rem }
</style><ul>"""


def measure() -> list[Row]:
    """The sizes, the time to a usable page, and the frames of a scroll."""
    script = sum(file.stat().st_size for file in PAGE.rglob("*.js"))
    with new_folder() as place:
        folder = place / "pictures"
        draw_photo_folder(folder / "heroes", photos_each=-(-N_PHOTOS // len(HEROES)))
        with opened(folder, place) as (browser, link), served(static_page(folder, place / "static")) as static:
            page, usable = opened_page(browser, link)
            plain = browser.new_page(viewport=VIEWPORT)
            plain.goto(static)
            scrolls = [scroll(shown) for _time in range(2) for shown in (page, plain)]
    names = [
        "the studio, for the first time",
        "the page without a script, for the first time",
        "the studio again",
        "the page without a script again",
    ]
    return [
        Row("all scripts, uncompressed", f"{script / 1000:.0f} KB", "<= 150 KB"),
        Row("link to usable page, median of 7", f"{usable:.2f} s", "<= 1 s"),
        *(row for name, scrolled in zip(names, scrolls, strict=True) for row in rows_of(name, scrolled)),
    ]


@dataclass(frozen=True)
class Scroll:
    """One scroll: the milliseconds between its frames, the share of pictures that were there, and after how many milliseconds all were."""

    frames: list[float]
    there: float
    all_after: float


def rows_of(what: str, scroll: Scroll) -> Iterator[Row]:
    """Say what a scroll was like."""
    frames, late = scroll.frames, sum(span > 50 for span in scroll.frames)
    yield Row(f"{what}: frames, median and 99 of 100", f"{median(frames):.0f} and {sorted(frames)[len(frames) * 99 // 100]:.0f} ms")
    target = "none" if "studio" in what else ""
    yield Row("the longest frame, and how many of more than 50 ms", f"{max(frames):.0f} ms, {late} of {len(frames)}", target)
    yield Row("pictures that were there, and when all were at its end", f"{scroll.there:.0%}, after {scroll.all_after:.0f} ms")


def scroll(page: Any) -> Scroll:
    """Scroll a page from its top to its end."""
    page.bring_to_front()
    page.evaluate("scrollTo(0, 0)")
    page.evaluate(ALL_THERE)
    page.wait_for_timeout(1000)
    frames, there = page.evaluate(SCROLL)
    return Scroll(frames, there, page.evaluate(ALL_THERE))


def static_page(photos: Path, folder: Path) -> Path:
    """Write a page without a script, and beside it the small copies of all photos."""
    folder.mkdir()
    files = [file for file in sorted(photos.rglob("*")) if file.suffix in (".jpg", ".png")]
    for number, file in enumerate(files):
        (folder / f"{number}.jpg").write_bytes(small_copy(file, SIZES[0]))
    pictures = (f'<li><img src={number}.jpg loading="lazy" decoding="async" width="112" height="112">' for number in range(len(files)))
    (folder / "index.html").write_text(STATIC + "".join(pictures))
    return folder


class _Files(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections that stay, as the studio's
    disable_nagle_algorithm = True  # else each picture waits 40 ms, and scrolling has little to do

    def log_message(self, *_facts: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Let a folder's files be read on loopback; give the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


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
        try:
            with sync_playwright() as driver:
                yield driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-quic", "--no-first-run"]), link
        finally:
            process.send_signal(signal.SIGINT)


def opened_page(browser: Any, link: str) -> tuple[Any, float]:
    """Return the page with all photos, and the median seconds to a usable page."""
    first = browser.new_context(viewport=VIEWPORT)
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
    return page, median(spans)
