"""The whole way on the real page, against the real server: from photos that are brought to a name that is corrected."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from whosthat.cartoons import HEROES, draw_hero, draw_photo_folder
from whosthat.library.contents import faces_of
from whosthat.library.facts import people_of
from whosthat.library.store import Library
from whosthat.photos.drawing import save_image
from whosthat.photos.reading import read
from whosthat.recognition.bundle import open_bundle
from whosthat.workflow.library.correcting import correct

MARIGOLD, DRIZZLE, KETTLE = HEROES[:3]
MARKUP = "<img src=x onerror=document.title='run'>"


def test_from_a_folder_of_photos_to_a_corrected_name(
    tmp_path: Path, group_photo: Path, start_studio: Callable[..., Any], open_page: Callable[..., Any]
) -> None:
    draw_photo_folder(tmp_path / "from" / "heroes", photos_each=12)
    (tmp_path / "studio").mkdir()
    studio = start_studio(tmp_path / "studio")
    page = open_page(studio.link)

    page.set_input_files("input[webkitdirectory]", tmp_path / "from" / "heroes")
    page.get_by_role("heading", name="heroes").wait_for()
    page.get_by_text("84 photos copied.").wait_for()
    assert len(list((studio.folder / "heroes").rglob("*.jpg"))) == 84

    page.get_by_role("button", name="Check the photos").click()
    page.get_by_role("heading", name="Findings").wait_for()
    first = f"heroes/{MARIGOLD}/001.jpg"
    page.get_by_role("button", name=first).first.click()
    page.get_by_role("button", name="Set aside").click()
    page.get_by_text("1 photo was set aside.").wait_for()
    assert not (studio.folder / first).exists()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("1 photo was moved back.").wait_for()
    assert (studio.folder / first).exists()

    page.get_by_role("link", name="Train", exact=True).click()
    page.get_by_role("radio", name="faces").check()
    page.get_by_role("button", name="Start training").click()
    page.get_by_role("link", name="See the result").first.click()
    page.get_by_role("heading", name="heroes-faces-1").wait_for()
    page.locator(".verdict .sentence").get_by_text("test photos").wait_for()
    page.get_by_role("button", name="Use this recogniser").click()
    page.get_by_role("main").get_by_role("link", name="Who is it?").click()

    page.set_input_files("input[type=file][accept*=heic]", group_photo)
    face = page.locator("button.face.unknown, button.face.known").first
    face.click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("heading", name="Nearest enrolled photos").wait_for()
    assert sheet.locator(".nearest img").count() > 0
    sheet.get_by_label("Who is it really?").fill(KETTLE)
    sheet.get_by_role("button", name="Name this face").click()
    sheet.wait_for(state="detached")
    page.locator("button.face.known").get_by_text(KETTLE).wait_for()
    page.get_by_role("navigation").get_by_role("link", name="People").click()
    assert "13 photos" in page.locator(".people > li", has_text=KETTLE).inner_text()


def test_a_face_is_not_who_it_was_taken_for_and_nobody(page: Any, heroes: Path) -> None:
    for photo in sorted((heroes / "heroes" / DRIZZLE).glob("*.jpg"))[:6]:
        page.set_input_files("input[type=file][accept*=heic]", photo)
        page.get_by_text(photo.name).first.wait_for()
        page.locator(".pictures[aria-busy=false]").wait_for(state="attached")
    known = page.locator("button.face.known")
    n = known.count()
    assert n  # enrolled photos are known again
    name = known.first.locator("bdi").inner_text()
    known.first.click()
    page.get_by_role("button", name=f"Not {name}").click()
    page.get_by_role("dialog").wait_for(state="detached")
    assert known.count() < n  # nor is any face that is nearer to this one than to the person
    unknown = page.locator("button.face.unknown").first
    unknown.click()
    page.get_by_role("button", name="Nobody I know").click()
    page.get_by_text("This face stays unknown").wait_for()


def test_a_training_is_stopped_from_the_page(page: Any) -> None:
    page.get_by_role("link", name="Training").click()
    page.get_by_role("radio", name="faces").check()
    page.get_by_role("button", name="Start training").click()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.locator(".live .done, .live .fault").wait_for()
    page.get_by_role("button", name="Start training").wait_for()


def test_people_are_renamed_and_removed(page: Any) -> None:
    page.get_by_role("navigation").get_by_role("link", name="People").click()
    page.get_by_role("button", name=f"Rename {MARIGOLD}").click()
    page.get_by_label("New name").fill(MARKUP)
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    page.locator(".people bdi", has_text=MARKUP).wait_for()
    page.get_by_role("button", name=f"Remove {MARKUP}").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    page.locator(".people bdi", has_text=MARKUP).wait_for(state="detached")
    assert page.locator(".people > li").count() == len(HEROES) - 1
    assert page.title() != "run"


def test_the_threshold_and_two_runs(page: Any, heroes: Path) -> None:
    page.get_by_role("navigation").get_by_role("link", name="Runs").click()
    for run in ("heroes-faces-2", "heroes-faces-1"):
        page.locator("li", has_text=run).get_by_role("checkbox").check()
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("heading", name="Side by side").wait_for()
    assert page.get_by_role("columnheader").all_inner_texts()[1:] == ["heroes-faces-2", "heroes-faces-1"]
    page.get_by_role("link", name="Result heroes-faces-2").click()
    slider = page.get_by_role("slider")
    before = float(slider.input_value())
    slider.focus()
    page.get_by_text("This threshold is saved").wait_for()
    slider.press("ArrowLeft")
    page.get_by_role("button", name="Save this threshold").and_(page.locator(":enabled")).click()
    page.get_by_text("This threshold is saved").wait_for()
    assert before > open_bundle(heroes / "runs" / "heroes-faces-2").facts.threshold.value == float(slider.input_value())
    page.get_by_role("button", name="As it was trained").and_(page.locator(":enabled")).click()
    page.get_by_text("Until it is saved, it holds here").wait_for()
    page.wait_for_function("value => Number(document.querySelector('input[type=range]').value) === value", arg=before)
    page.get_by_text("Show the report").click()
    page.frame_locator("iframe.report").locator("h1").wait_for()


def test_the_camera_names_faces_and_one_that_is_missing_is_said(page: Any) -> None:
    page.get_by_role("navigation").get_by_role("link", name="Who is it?").click()
    page.get_by_role("button", name="Camera").click()
    page.locator(".camera .stage .face").wait_for()
    page.get_by_role("button", name="Keep this picture").and_(page.locator(":enabled")).click()
    page.get_by_text("camera.jpg").wait_for()
    assert page.locator("button.face").count() == 1
    page.evaluate("navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError')), null")
    page.get_by_role("button", name="Camera").click()
    page.get_by_text("There is no camera here.").wait_for()


def test_the_page_says_that_the_server_is_gone(tmp_path: Path, start_studio: Callable[..., Any], open_page: Callable[..., Any]) -> None:
    studio = start_studio(tmp_path)
    page = open_page(studio.link)
    studio.process.terminate()
    studio.process.wait(120)
    page.get_by_role("link", name="Training").click()
    page.get_by_text("whosthat does not answer.").wait_for()
    open_page.complaints.clear()  # type: ignore[attr-defined]  the browser says so, too


def test_photos_are_dropped_and_pasted(page: Any, group_photo: Path) -> None:
    page.locator(".drop").wait_for()
    carried = page.evaluate_handle(
        """bytes => {
            const carried = new DataTransfer();
            carried.items.add(new File([new Uint8Array(bytes)], "party.jpg", {type: "image/jpeg"}));
            return carried;
        }""",
        list(group_photo.read_bytes()),
    )
    page.dispatch_event(".drop", "drop", {"dataTransfer": carried})
    page.get_by_text("party.jpg").wait_for()
    page.evaluate("carried => dispatchEvent(new ClipboardEvent('paste', {clipboardData: carried}))", carried)
    page.get_by_text("party.jpg").nth(1).wait_for()
    page.get_by_role("button", name="Clear these photos").click()
    page.get_by_text("party.jpg").first.wait_for(state="detached")
    with page.expect_response("**/api/shown"):
        page.reload()
    page.locator(".pictures[aria-busy=false]").wait_for(state="attached")
    assert page.get_by_text("party.jpg").count() == 0


@pytest.fixture
def film(tmp_path: Path, group_photo: Path) -> Path:
    """A video of a second and a half that shows two heroes."""
    file, image = tmp_path / "two heroes.mp4", np.ascontiguousarray(read(group_photo)[:, :, ::-1])
    writer = cv2.VideoWriter(str(file), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"mp4v"), 10.0, image.shape[1::-1])
    for _frame in range(15):
        writer.write(image)
    writer.release()
    return file


def drop(page: Any, place: Path) -> None:
    """Drop what lies on the disk, a file or a folder, where people drop photos, as the system's file manager does."""
    box = page.locator(".drop").bounding_box()
    there = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        carried = {"items": [], "files": [str(place)], "dragOperationsMask": 1}
        session.send("Input.dispatchDragEvent", {"type": kind, **there, "data": carried})


def test_a_folder_is_dropped_with_all_that_is_in_it(
    tmp_path: Path, start_studio: Callable[..., Any], open_page: Callable[..., Any]
) -> None:
    for number in range(120):  # a browser tells a hundred at a time
        file = tmp_path / "from" / "colours" / ("red" if number % 2 else "blue") / "deep" / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        save_image(np.full((8, 8, 3), number, np.uint8), file)
    (tmp_path / "from" / "colours" / "red" / "notes.txt").write_text("no photo")
    (tmp_path / "studio").mkdir()
    studio = start_studio(tmp_path / "studio")
    page = open_page(studio.link)
    page.locator(".drop").wait_for()
    drop(page, tmp_path / "from" / "colours")
    page.get_by_role("heading", name="colours").wait_for()
    page.get_by_text("120 copied, 1 not. notes.txt").wait_for()
    copied = {path.relative_to(studio.folder).as_posix(): path.read_bytes() for path in studio.folder.rglob("*.png")}
    assert copied == {path.relative_to(tmp_path / "from").as_posix(): path.read_bytes() for path in (tmp_path / "from").rglob("*.png")}


@pytest.mark.parametrize("way", ["dropped", "chosen"])
def test_a_video_is_looked_through(page: Any, film: Path, way: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name="Who is it?").click()
    page.locator(".drop").wait_for()
    if way == "dropped":
        drop(page, film)
    else:
        page.set_input_files("input[type=file][accept='video/*']", film)
    page.get_by_role("heading", name="two heroes.mp4").wait_for()
    page.locator(".live .sentence").get_by_text(re.compile("Seen:|Unknown:|Nobody")).wait_for()
    assert page.locator(".live .frames img").count() >= 1
    assert page.locator(".live li.card").get_by_text(re.compile(r"0:00 to 0:0\d")).count() >= 1
    assert page.locator(".fault").count() == 0


def test_a_recogniser_of_whole_pictures_has_one_answer_a_photo(
    tmp_path: Path, group_photo: Path, save_colours: Callable[..., Path], start_studio: Callable[..., Any], open_page: Callable[..., Any]
) -> None:
    save_colours(tmp_path / "studio" / "runs" / "colours-1" / "bundle")
    page = open_page(start_studio(tmp_path / "studio").link)
    headers = "{'X-Whosthat': '1', 'Content-Type': 'application/json'}"
    page.evaluate(f"fetch('/studio/api/runs/colours-1/open', {{method: 'POST', headers: {headers}, body: '{{}}'}}).then(() => null)")
    page.goto(page.url.split("#")[0] + "#/who")
    page.reload()
    page.set_input_files("input[type=file][accept*=heic]", group_photo)
    answer = page.locator("button.answer")
    answer.wait_for()
    assert page.locator("button.face").count() == 0
    answer.click()
    page.get_by_role("dialog").get_by_text("learns new names by training again").wait_for()


def test_a_name_that_turns_letters_around_is_shown_with_what_it_hides(
    tmp_path: Path, start_studio: Callable[..., Any], open_page: Callable[..., Any]
) -> None:
    (tmp_path / "studio" / "gpj\u202e.ann").mkdir(parents=True)
    page = open_page(start_studio(tmp_path / "studio").link)
    page.get_by_text("gpj\\u202e.ann").wait_for()


def test_groups_are_named_joined_split_and_become_a_folder_of_people(
    tmp_path: Path, start_studio: Callable[..., Any], open_page: Callable[..., Any]
) -> None:
    mixed = tmp_path / "studio" / "mixed"
    mixed.mkdir(parents=True)
    for seed in range(6):  # two in a photo are two people, however alike they are drawn
        pair = [draw_hero(hero, seed, size=320) for hero in (MARIGOLD, DRIZZLE)]
        save_image(np.hstack(pair), mixed / f"IMG_{seed}.jpg")
        save_image(pair[seed % 2], mixed / f"IMG_{seed + 10}.jpg")
    studio = start_studio(tmp_path / "studio")
    page = open_page(studio.link)
    page.get_by_role("navigation").get_by_role("link", name="Groups").click()
    page.get_by_role("link", name="mixed").click()
    page.get_by_role("button", name="Find the faces").click()
    page.locator(".person .thumb img").first.wait_for()
    unnamed, named = page.locator(".unnamed .person, .alone .person, .guessed .person"), page.locator(".named .person")
    n_groups = unnamed.count()
    assert n_groups >= 2

    # With the keyboard alone: from the first face to the next, then its group's name.
    page.locator(".thumb").first.focus()
    if page.locator(".strip").first.locator(".thumb").count() > 1:
        page.keyboard.press("ArrowRight")
        assert page.evaluate("[...document.querySelectorAll('.thumb')].indexOf(document.activeElement)") == 1
    page.keyboard.press("Tab")
    page.keyboard.type(MARKUP)
    page.keyboard.press("Enter")
    page.locator(".named bdi", has_text=MARKUP).wait_for()
    assert page.title() != "run"
    page.locator(".unnamed input:focus, .alone input:focus, #heading:focus").wait_for()

    # All others are joined by one name, and one face leaves them again.
    for box in unnamed.get_by_role("checkbox").all():
        box.check()
    tray = page.get_by_role("region", name="What is selected")
    tray.get_by_label("Name of what is selected").fill("Tom")
    tray.get_by_role("button", name="Join as one person" if n_groups > 2 else "Name them").click()
    page.get_by_text("Every face has a name.").wait_for()
    assert named.count() == 2
    tom = named.filter(has=page.get_by_text("Tom", exact=True))
    tom.locator(".thumb").last.click()
    tray.get_by_role("combobox").last.select_option("Tom")
    unnamed.first.wait_for()
    assert unnamed.count() == 1
    unnamed.first.get_by_role("button", name="Nobody I know").click()
    page.get_by_role("heading", name="Nobody you know").wait_for()
    page.get_by_role("button", name="Undo").click()
    unnamed.first.wait_for()

    page.get_by_label("Links in the place of copies").check()
    page.get_by_role("button", name="Make folders of people").click()
    page.get_by_text("are in the folder people of mixed.").wait_for()
    assert {photo.stat().st_nlink for photo in (studio.folder / "people of mixed").glob("*/IMG*")} == {2}
    page.get_by_role("main").get_by_role("link", name="Train").click()
    page.locator('main[data-view="training"]').wait_for()


def test_a_photo_of_a_library_is_found_opened_corrected_and_that_is_undone(
    tmp_path: Path, library_of: Callable[..., Any], start_studio: Callable[..., Any], open_page: Callable[..., Any]
) -> None:
    folder = tmp_path / "studio"
    library = library_of({"beach.png": ["anna", "tom"], "party.png": ["anna"], "sea.png": []}, at=folder)
    correct(library.folder, folder / "photos" / "beach.png", "is", "Anna", face=1)
    correct(library.folder, folder / "photos" / "beach.png", "is", MARKUP, face=2)
    page = open_page(start_studio(folder).link)
    page.get_by_role("navigation").get_by_role("link", name="Library").click()
    page.get_by_role("link", name=MARKUP).wait_for()

    # With the keyboard alone: search, open, choose a face, say who it is.
    page.get_by_label("Who is in the photos?").focus()
    page.keyboard.type("anna and not unknown")
    page.keyboard.press("Enter")
    page.get_by_text("1 photo found.").wait_for()
    page.get_by_role("button", name=f"beach.png · Anna, {MARKUP}").press("Enter")
    photo = page.get_by_role("dialog", name="beach.png")
    photo.locator("button.face").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.get_by_label("Who is it really?").fill("Tom")
    page.keyboard.press("Enter")
    photo.get_by_text("Correction 3: this is Tom. 1 answer changed. Tom is new in this library.").wait_for()
    photo.locator("button.face", has_text="Tom").wait_for()
    photo.get_by_role("button", name="Undo", disabled=False).press("Enter")
    photo.get_by_text("Correction 3 was taken back. 1 answer changed.").wait_for()
    photo.locator("button.face", has_text=MARKUP).wait_for()
    photo.get_by_role("button", name="Redo", disabled=False).press("Enter")
    photo.locator("button.face", has_text="Tom").wait_for()
    photo.locator("button.face").first.click()
    page.get_by_role("button", name="Not a face").click()
    photo.locator("button.face", has_text="Not a face").wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("0 photos found.").wait_for()  # the search was made again

    page.get_by_role("link", name="Everybody, and what was corrected").click()
    row = page.locator(".corrections li", has_text="no face")
    row.get_by_role("button", name="Take back").click()
    page.get_by_role("status").get_by_text("Correction 4 was taken back.").wait_for()
    page.get_by_role("link", name="Anna").click()
    page.get_by_role("button", name=re.compile("^beach.png")).click()
    photo.locator("button.face", has_text="Anna").click()
    page.get_by_role("link", name="Who is this, where else?").click()
    photo.wait_for(state="detached")
    page.get_by_text("Face 1, Anna: similar faces in 1 more photo: unknown (1).").wait_for()
    page.get_by_role("button", name=re.compile("^party.png")).wait_for()
    assert page.title() != "run"


def test_a_library_is_made_with_a_stop_and_its_people_are_renamed_and_joined(
    tmp_path: Path, start_studio: Callable[..., Any], open_page: Callable[..., Any]
) -> None:
    folder = tmp_path / "studio"
    draw_photo_folder(folder / "heroes", photos_each=12)
    (folder / "heroes" / "film.mp4").touch()
    page = open_page(start_studio(folder).link)
    page.get_by_role("navigation").get_by_role("link", name="Library").click()

    # With the keyboard alone: choose a folder, scan, stop, and scan on.
    page.get_by_role("checkbox", name="heroes").press("Space")
    page.get_by_role("button", name="Scan", disabled=False).press("Enter")
    page.locator(".live").get_by_text(re.compile(r"[1-9]\d* of 84")).wait_for()
    page.get_by_role("button", name="Stop").press("Enter")
    page.get_by_text("Stopped. What was found so far is kept. Scan again to go on.").wait_for()
    page.get_by_role("button", name="Scan", disabled=False).press("Enter")
    page.get_by_text("Not looked at: 1 video").wait_for()
    page.get_by_role("main").get_by_role("link", name="Name groups of faces").first.press("Enter")
    page.locator(".person").first.wait_for()

    library = folder / "library"
    with Library(library) as opened:
        first, second = (one.id for one in list(faces_of(opened))[:2])
    correct(library, first, "is", "Anna")
    correct(library, second, "is", "Tom")
    page.get_by_role("link", name="Find photos").click()
    page.get_by_role("link", name="Anna").click()
    for name in (MARKUP, "tom"):
        page.get_by_role("button", name="Rename").click()
        page.get_by_label("New name").fill(name)
        page.keyboard.press("Enter")
        if name == MARKUP:
            page.get_by_text("Anna is now called").wait_for()
            page.get_by_role("button", name="Undo").click()
            page.get_by_text("is now called Anna").wait_for()
            page.get_by_role("heading", name="Anna").wait_for()  # until then the button belongs to the name that was taken back
    page.get_by_role("dialog").get_by_text("Make one person of Anna and Tom?").wait_for()
    page.get_by_role("button", name="Make one person of both").click()
    page.get_by_role("dialog").wait_for(state="detached")
    page.get_by_role("heading", name="Tom").wait_for()
    with Library(library) as opened:
        assert list(people_of(opened).values()) == ["Tom"]
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("heading", name="Anna").wait_for()
    page.get_by_role("link", name="Everybody, and what was corrected").click()
    merge = page.get_by_role("listitem").filter(has_text="Anna and Tom are one person")
    merge.get_by_role("button", name="Let it hold again").click()
    merge.get_by_role("button", name="Take back").wait_for()
    assert page.title() != "run"

    page.get_by_role("navigation").get_by_role("link", name="Library").click()
    page.get_by_role("link", name="New library").click()
    page.get_by_role("heading", name="New library").wait_for()
    page.get_by_role("checkbox", name="heroes").check()
    page.get_by_role("button", name="Scan", disabled=False).click()
    page.get_by_role("heading", name="library-2").wait_for()
    page.get_by_text("Not looked at: 1 video").wait_for()
    page.get_by_role("navigation").get_by_role("link", name="Library").click()
    page.get_by_role("main").get_by_role("link", name="library", exact=True).wait_for()
    page.get_by_role("heading", name="New library").wait_for()


def test_what_is_written_into_the_search_stays_when_the_page_hears_more(
    tmp_path: Path, library_of: Callable[..., Any], start_studio: Callable[..., Any], open_page: Callable[..., Any]
) -> None:
    library_of({"beach.png": ["anna"]}, at=tmp_path)
    page = open_page(start_studio(tmp_path).link)
    held: list[Any] = []
    page.route("**/api/library?*", lambda route: held.append(route))
    page.get_by_role("navigation").get_by_role("link", name="Library").click()
    page.get_by_label("Who is in the photos?").fill("anna and tom")
    held.pop().continue_()
    page.get_by_text("1 photo, 1 face.").wait_for()
    assert page.get_by_label("Who is in the photos?").input_value() == "anna and tom"
