"""What the pages can do in a browser: photos open large, tables sort and filter, charts show values, commands copy; and without one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from whosthat.cartoons import HEROES, draw_photo_folder
from whosthat.dataset.audit import audit_folder
from whosthat.evaluation.check_page import write_check_page
from whosthat.evaluation.comparison import Contestant, compare, write_comparison
from whosthat.evaluation.experiments import Row, read_trial, side_by_side, write_page
from whosthat.evaluation.lesson_page import Grid, Part, Picture, write_lesson_page
from whosthat.evaluation.outcomes import Outcomes
from whosthat.evaluation.page import TEMPLATES
from whosthat.evaluation.plots.chart import draw_chart
from whosthat.evaluation.plots.lesson_charts import losses_chart
from whosthat.evaluation.report import write_report
from whosthat.proportions import wilson_interval
from whosthat.translation import using

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
CLASSES = '[aria-label="Figures of each class"]'


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a page's file; every error and every violation of its content security policy fails the test."""
    contexts, errors = [], []

    def open_page(file: Path, **how: Any) -> Any:
        contexts.append(browser.new_context(offline=True, **{"viewport": DESK, **how}))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None)
        page.goto(file.as_uri())
        return page

    open_page.errors = errors
    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def report(make_run: Callable[..., Path]) -> Callable[..., Path]:
    return lambda **how: write_report(make_run(**how))


def shown(page: Any) -> list[str]:
    """The classes in the table of figures that can be seen, from the top."""
    return page.locator(f"{CLASSES} tbody tr:visible th").all_inner_texts()


def numbers(page: Any, column: int) -> list[float]:
    return [float(text.split()[0]) for text in page.locator(f"{CLASSES} tbody tr:visible > :nth-child({column})").all_inner_texts()]


def test_the_script_is_small() -> None:
    assert (TEMPLATES / "page.js").stat().st_size <= 15_000


def test_a_table_sorts_by_any_column_both_ways_and_by_keyboard(opened: Any, report: Any) -> None:
    page = opened(report(n_right=70, n=100, n_classes=12))
    heads = page.locator(f"{CLASSES} thead th")
    before = shown(page)
    heads.nth(2).get_by_role("button").click()
    assert heads.nth(2).get_attribute("aria-sort") == "descending"
    assert numbers(page, 3) == sorted(numbers(page, 3), reverse=True)
    assert shown(page) != before
    page.keyboard.press("Enter")  # the button has kept the focus
    assert heads.nth(2).get_attribute("aria-sort") == "ascending"
    assert numbers(page, 3) == sorted(numbers(page, 3))
    heads.nth(0).get_by_role("button").click()
    assert shown(page) == [f"class {number}" for number in range(12)]  # 10 after 9, not after 1
    assert heads.nth(2).get_attribute("aria-sort") is None


def test_times_dates_and_gaps_sort_as_they_are_meant(opened: Any, report: Any) -> None:
    file = report()
    cells = [
        ("2 min 5 s", 125, "2026-01-02 at 09:00"),
        ("42 s", 42, "2026-01-10 at 08:00"),
        ("-", "", "-"),
        ("1 h 0 min", 3600, "2025-12-31 at 23:00"),
    ]
    rows = "".join(
        f'<tr><th>{place}</th><td data-value="{value}">{text}</td><td>{date}</td></tr>' for place, (text, value, date) in enumerate(cells)
    )
    table = f'<table id="own" data-rows="0"><thead><tr><th>n</th><th>took</th><th>began</th></tr></thead><tbody>{rows}</tbody></table>'
    file.write_text(file.read_text(encoding="utf-8").replace("<main>", f"<main>{table}"), encoding="utf-8")
    page = opened(file)
    order = page.locator("#own tbody th")
    page.locator("#own").get_by_role("button", name="took").click()
    assert order.all_inner_texts() == ["3", "0", "1", "2"]
    page.locator("#own").get_by_role("button", name="began").click()
    assert order.all_inner_texts() == ["2", "3", "0", "1"]


def test_a_table_of_many_shows_the_worst_finds_anybody_and_shows_all(opened: Any, report: Any) -> None:
    page = opened(report(n_right=80, n=100, n_classes=60))
    assert len(shown(page)) == 30
    area = page.locator("#confused .tools")
    area.get_by_label("Filter").fill("CLASS 5")
    assert set(shown(page)) == {"class 5", *(f"class {number}" for number in range(50, 60))}
    assert "11 of 60" in area.inner_text()
    area.get_by_label("Filter").fill("")
    area.get_by_role("button", name="Show all").click()
    assert len(shown(page)) == 60
    area.get_by_role("button", name="Show the first 30").click()
    assert len(shown(page)) == 30


def test_photos_open_large_by_keyboard_and_give_the_focus_back(opened: Any, report: Any) -> None:
    page = opened(report())
    photos = page.locator("#mistakes summary")
    photos.first.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    assert dialog.locator("img").get_attribute("alt") == photos.first.locator("img").get_attribute("alt")
    assert dialog.locator("img").bounding_box()["height"] > 400
    page.keyboard.press("ArrowRight")
    assert "2 of 35" in dialog.inner_text()
    assert dialog.locator("img").get_attribute("alt") == photos.nth(1).locator("img").get_attribute("alt")
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert photos.nth(1).evaluate("one => one === document.activeElement")
    assert page.locator("details.large[open]").count() == 0


def test_a_photo_of_the_sample_opens_by_the_space_bar_and_by_a_click(opened: Any, report: Any) -> None:
    page = opened(report())
    photo = page.locator("#mistakes .photos:not(.wide) img").first
    photo.focus()
    page.keyboard.press(" ")
    assert page.get_by_role("dialog").is_visible()
    page.get_by_role("button", name="Close").click()
    photo.click()
    assert "11 of 35" in page.get_by_role("dialog").inner_text()


def test_a_chart_shows_the_values_under_the_pointer_and_by_keyboard(opened: Any, report: Any) -> None:
    page = opened(report())
    plot = page.locator("#learned .plot").nth(1)
    tip = plot.get_by_role("status")
    box = plot.locator("svg").bounding_box()
    page.locator("#learned").scroll_into_view_if_needed()
    plot.locator("svg").hover(position={"x": box["width"] * 0.98, "y": box["height"] / 2})
    assert tip.inner_text() == "epoch 6\ntraining photos: 0.333\nvalidation photos: 0.367"
    assert plot.locator(".hair").evaluate("one => getComputedStyle(one).visibility") == "visible"
    plot.locator("svg").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert tip.inner_text().startswith("epoch 2\ntraining photos: 1\n")
    inside, around = tip.bounding_box(), plot.bounding_box()
    assert around["x"] <= inside["x"]
    assert inside["x"] + inside["width"] <= around["x"] + around["width"]
    page.keyboard.press("Escape")
    assert plot.locator(".hair").evaluate("one => getComputedStyle(one).visibility") == "hidden"


def test_a_command_is_copied_where_there_is_a_clipboard_and_in_a_sandboxed_frame(opened: Any, report: Any, tmp_path: Path) -> None:
    file = report()
    frame = tmp_path / "frame.html"
    frame.write_text(f'<iframe sandbox="allow-scripts" src="{file.as_uri()}" width="1200" height="800"></iframe><textarea></textarea>')
    for page, inside in (
        (top := opened(file, permissions=["clipboard-read", "clipboard-write"]), top),
        (outer := opened(frame), outer.frame_locator("iframe")),
    ):
        block = inside.locator("#use .command").first
        block.get_by_role("button").click()
        block.get_by_role("button", name="Copied").wait_for()
        page.evaluate("document.body.append(document.createElement('textarea'))")
        page.locator("textarea").last.focus()
        page.keyboard.press("Control+V")
        assert page.locator("textarea").last.input_value() == "whosthat predict runs/heroes-cnn6-1 NEW_PHOTOS --draw OUT"
    assert all("Clipboard API has been blocked" in error for error in opened.errors)  # said by the browser of the frame
    opened.errors.clear()


def test_without_scripts_everything_is_there_and_no_control_is_dead(opened: Any, report: Any) -> None:
    page = opened(report(n_classes=40), java_script_enabled=False)
    assert page.locator("button, input, dialog").count() == 0
    assert page.locator(f"{CLASSES} tbody tr:visible").count() == 30
    photo = page.locator("#mistakes details").first
    small = photo.locator("img").bounding_box()["width"]
    photo.locator("summary").click()
    assert photo.locator("img").bounding_box()["width"] > 1.5 * small
    assert page.locator("#learned svg.chart").count() == 2
    told = page.locator("#learned .at title").all_text_contents()
    assert told[1] == "epoch 2\ntraining photos: 90 %\nvalidation photos: 80 %"


def test_a_script_that_is_not_ours_does_not_run(opened: Any, report: Any) -> None:
    file = report()
    planted = '<script>document.title = "planted"</script><img src="data:," onerror="document.title = \'planted\'">'
    file.write_text(file.read_text(encoding="utf-8").replace("<main>", f"<main>{planted}"), encoding="utf-8")
    page = opened(file)
    assert "planted" not in page.title()
    page.locator("#use").get_by_role("button", name="Copy").first.wait_for()  # ours runs
    assert sum("Content Security Policy" in error for error in opened.errors) == 2
    opened.errors.clear()


@pytest.fixture
def every_page(make_run: Callable[..., Path], tmp_path: Path) -> Callable[[], list[Path]]:
    """Make one page of each kind: report, check, compare, series and lesson."""

    def make() -> list[Path]:
        run, photos = make_run(), tmp_path / "photos"
        draw_photo_folder(photos, photos_each=7, names=HEROES[:3], size=80, flaws=True)
        contestant = Contestant(
            "cnn6", run.name, (True,) * 60, Outcomes(60, 0, 0, 0), 1.0, wilson_interval(60, 60), 0.2, None, None, 50, 9, 10**6, False
        )
        (run.parent / "compared").mkdir()
        series = side_by_side(
            "heroes", [Row("small", {"model": "cnn6"}, why="try", trials=(read_trial(run),)), Row("large", {"model": "vgg16"})]
        )
        losses = (losses_chart, {"small": [2.0, 1.5, 1.0], "large": [2.0, 3.0, 4.0]}, ("Loss", "epoch"), 1)
        found = (Picture("rates", "Three rates.", (4.7, 3.0), draw_chart, losses), Grid("A table.", (("a", "1"),), ("name", "number")))
        part = Part(1, 1, "A title", ("Told.",), (Grid("A block.", (("7", "8"),)),), "What?", result="This.", found=found)
        return [
            write_report(run),
            write_check_page(tmp_path / "check.html", audit_folder(photos), None),
            write_comparison(run.parent / "compared", compare("heroes", [contestant, replace(contestant, model="vgg16")])),
            write_page(run.parent / "series.html", series),
            write_lesson_page(tmp_path, [part], n_photos=9, n_trainings=1, seconds=5),
        ]

    return make


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("zh_TW", "dark")])
def test_axe_finds_nothing_on_any_page_and_none_is_wider_than_a_phone(
    opened: Any, every_page: Any, axe: Callable[..., list[str]], language: str, scheme: str
) -> None:
    with using(language):
        files = every_page()
    for file in files:
        page = opened(file, color_scheme=scheme)
        for size in (DESK, PHONE):
            page.set_viewport_size(size)
            assert axe(page) == [], file
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{file} is wider than {size}"
        page.emulate_media(color_scheme="light" if scheme == "dark" else "dark")
        if page.locator(".photos img").count():
            page.locator(".photos img").first.click()
        assert axe(page) == [], file


def test_comparison_and_series_lead_to_the_reports_of_their_runs(opened: Any, every_page: Any) -> None:
    report, _check, *pages, _lesson = every_page()
    for file in pages:
        page = opened(file)
        page.locator("main").get_by_role("link").first.click()
        page.wait_for_url(report.as_uri())


def test_what_is_printed_has_no_control_and_no_words_over_others(opened: Any, report: Any) -> None:
    page = opened(report(), viewport={"width": 718, "height": 1000})  # what an A4 page is wide
    page.emulate_media(media="print")
    assert page.locator("button:visible:not(.sort), input:visible, .tip:visible, nav:visible").count() == 0
    figure, sentence = page.locator(".figure").bounding_box(), page.locator(".verdict .sentence").bounding_box()
    inner = page.locator(".figure span").bounding_box()
    assert (
        max(figure["x"] + figure["width"], inner["x"] + inner["width"]) <= sentence["x"] or sentence["y"] >= figure["y"] + figure["height"]
    )
