"""Every view of the page, in both themes and languages: nothing that a screen reader, a keyboard or a small screen could not use."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from whosthat.cartoons import HEROES, draw_photo_folder
from whosthat.workflow.library.correcting import correct

axe = pytest.importorskip("axe_playwright_python", reason="axe looks through the views; install the extra dev")
AXE = Path(axe.__file__).parent / "axe.min.js"
VIEWS = {
    "photos": ".cards a",
    "photos/heroes": ".row + .thumbs .thumb img",
    "groups": ".places a",
    "groups/heroes": ".person .thumb img",
    "library": ".corrections .thumb img",
    "library/library/query=%22anna%22": ".thumbs .thumb img",
    "library/none": ".choice",
    "training": ".choice",
    "result": ".verdict + .buttons ~ section .chart svg",
    "who": "button.face",
    "people": ".people li",
    "runs": ".rows li",
    "settings": ".chart svg",
}
"""Every view, and what is there when it has all it asks for."""

USABLE_WITHIN = 1.0
"""Seconds from the link to a page that answers."""


@pytest.fixture
def studio(heroes: Path, library_of: Callable[..., Any], start_studio: Callable[..., Any]) -> Any:
    """A studio with trained runs, and with a library in which somebody was named."""
    photos = {f"{number}.png": ["anna", "tom"] for number in range(3)}
    correct(library_of(photos, at=heroes).folder, heroes / "photos" / "0.png", "is", "Anna", face=1)
    return start_studio(heroes)


@pytest.fixture
def page(studio: Any, open_page: Callable[..., Any], group_photo: Path) -> Iterator[Any]:
    """The page with a photo whose faces are shown, and a folder that was checked and whose faces were grouped."""
    opened = open_page(studio.link, color_scheme="light")
    opened.set_input_files("input[type=file][accept*=heic]", group_photo)
    opened.locator("button.face").first.wait_for()
    go(opened, "photos/heroes")
    opened.get_by_role("button", name="Check the photos").click()
    opened.get_by_role("heading", name="Findings").wait_for()
    go(opened, "groups")
    opened.get_by_role("link", name="heroes").click()
    opened.get_by_role("button", name="Find the faces").click()
    opened.locator(VIEWS["groups/heroes"]).first.wait_for()
    return opened


def go(page: Any, view: str) -> None:
    page.evaluate("view => { location.hash = '#/' + view }", view)
    page.locator(f'main[data-view="{view.split("/")[0]}"]').wait_for()
    page.locator(VIEWS[view]).first.wait_for()


def violations(page: Any) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8") + "; null")
    found = page.evaluate("axe.run(document, {iframes: false})")["violations"]
    return [f"{one['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("language", ["en", "zh_TW"])
def test_axe_finds_nothing_in_any_view_in_either_theme(page: Any, language: str) -> None:
    if language != "en":
        go(page, "settings")
        page.locator(f"input[value={language}]").click()
        page.locator("html[lang=zh-TW]").wait_for()
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for view in VIEWS:
            go(page, view)
            found += [f"{theme} {view} {one}" for one in violations(page)]
        go(page, "groups/heroes")
        page.get_by_role("checkbox").first.check()
        page.locator(".tray").wait_for()
        found += [f"{theme} selected group {one}" for one in violations(page)]
        go(page, "library/library/query=%22anna%22")
        page.locator("main .row button").click()
        page.locator("dialog").wait_for()
        found += [f"{theme} rename {one}" for one in violations(page)]
        page.keyboard.press("Escape")
        page.locator(".thumb").first.click()
        page.locator("dialog.wide button.face").first.wait_for()
        found += [f"{theme} photo {one}" for one in violations(page)]
        page.locator("dialog.wide button.face").last.click()
        page.locator("dialog.sheet").wait_for()
        found += [f"{theme} face of a library {one}" for one in violations(page)]
        for _dialog in range(2):
            page.keyboard.press("Escape")
        go(page, "who")
        page.locator("button.face").first.click()
        page.get_by_role("dialog").wait_for()
        found += [f"{theme} face {one}" for one in violations(page)]
        page.keyboard.press("Escape")
    assert found == []


def test_axe_finds_what_is_planted(page: Any) -> None:
    page.evaluate("document.querySelector('main').append(Object.assign(new Image(), {src: '/page/icon.svg'}))")
    assert any(one.startswith("image-alt") for one in violations(page))


def test_no_view_is_wider_than_a_phone(page: Any) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    for view in VIEWS:
        go(page, view)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, view


def test_everything_is_reached_by_keyboard(page: Any) -> None:
    go(page, "who")
    page.reload()
    page.locator("button.face").first.wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "heading"
    for _press in range(30):
        page.keyboard.press("Tab")
        if "face" in page.evaluate("document.activeElement.className"):
            break
    faces = page.locator("button.face")
    assert faces.count() == 2
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("ArrowRight")
    assert page.evaluate("[...document.querySelectorAll('button.face')].indexOf(document.activeElement)") == 1
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    assert page.evaluate("[...document.querySelectorAll('button.face')].indexOf(document.activeElement)") == 0


def test_a_view_that_is_opened_has_the_focus_and_the_title(page: Any) -> None:
    page.get_by_role("navigation").get_by_role("link", name="Runs").click()
    page.locator('main[data-view="runs"]').wait_for()
    page.wait_for_function("document.activeElement.id === 'heading'")
    assert page.title() == "Runs · whosthat"


def test_the_theme_is_kept(page: Any) -> None:
    go(page, "settings")
    page.get_by_role("radio", name="Dark").check()
    page.reload()
    page.locator("html[data-theme=dark]").wait_for()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 26)"


def test_the_page_is_usable_within_a_second(studio: Any, open_page: Callable[..., Any]) -> None:
    begun = time.perf_counter()
    page = open_page(studio.link)
    page.locator("html[data-ready]").wait_for()
    took = time.perf_counter() - begun
    for _again in range(2):  # somebody else may have had the processor
        begun = time.perf_counter()
        page.reload()
        page.locator("html[data-ready]").wait_for()
        took = min(took, time.perf_counter() - begun)
    assert took <= USABLE_WITHIN


def test_rows_of_photos_come_once_and_keep_their_height(
    tmp_path: Path, start_studio: Callable[..., Any], open_page: Callable[..., Any]
) -> None:
    draw_photo_folder(tmp_path / "studio" / "heroes", photos_each=30)
    page = open_page(start_studio(tmp_path / "studio").link, viewport={"width": 1180, "height": 400})
    go(page, "photos/heroes")
    before = page.evaluate("document.documentElement.scrollHeight")
    came = page.evaluate(
        """async () => {
            const count = () => document.querySelectorAll(".block li").length;
            let came = count();
            const added = (change) => [...change.addedNodes].filter((node) => node.nodeName === "LI").length;
            new MutationObserver((changes) => { for (const change of changes) came += added(change); }).observe(
                document.querySelector(".thumbs"), { childList: true, subtree: true });
            for (let at = -1; at !== scrollY; await new Promise(requestAnimationFrame)) { at = scrollY; scrollBy(0, 100); }
            await new Promise((resolve) => setTimeout(resolve, 300));
            return [came, count(), document.querySelectorAll(".block").length];
        }"""
    )
    assert page.evaluate("document.documentElement.scrollHeight") == before
    assert came[0] == 30 * len(HEROES) > came[1]
    assert came[2] == -(-30 * len(HEROES) // 8)
