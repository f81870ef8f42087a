import base64
import hashlib
import re
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser

import numpy as np
import pytest

from whosthat.errors import RunError
from whosthat.evaluation.learning_curve import LearningCurve, Point
from whosthat.evaluation.metrics import MOST_CLASSES
from whosthat.evaluation.network_part import write_network
from whosthat.evaluation.page import local_time
from whosthat.evaluation.plots.writing import keep_insight, shown_mistakes
from whosthat.evaluation.report import write_report
from whosthat.evaluation.run_facts import read_metrics, write_metrics
from whosthat.networks.layers import LayerFacts, NetworkLayers
from whosthat.translation import using
from whosthat.wording import visible

VOID = {"meta", "img", "br", "wbr", "hr", "link", "input"}


class Page(HTMLParser):
    """Reads a page; complains about elements that are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] not in (["style"], ["script"]):
            self.words += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def report(run) -> Page:
    return Page(write_report(run).read_text(encoding="utf-8"))


def drawings(page: Page) -> list[str]:
    return [svg["aria-labelledby"].partition("-")[0] for svg in page.all("svg") if svg.get("role") == "img"]


def test_the_report_answers_first_and_tells_everything(make_run):
    page = report(make_run())
    order = [
        "83.3", "Good: of 60 test photos, 50 correct, 10 wrong", "Next step", "What was seen", "Two photos are alike.", "the file is empty",
        "How it learned", "was named", "Class by class", "Wrong names first", "25 test photos", "60 test photos got a name",
        "Flow chart", "How it was trained", "One epoch is 10 iterations of 40 photos", "optimiser.learning_rate", "3.15.1",
        "How to use it", "whosthat predict runs/heroes-cnn6-1", "as private as the photos in it",
    ]  # fmt: skip
    places = [page.words.find(words) for words in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)


def test_photos_that_were_left_out_are_counted(make_run):
    run = make_run()
    assert "in the table" not in report(run).words
    with (run / "split.csv").open("a", encoding="utf-8") as split:
        split.writelines(f"class 0/{number}.jpg,class 0,train,{number},{'0' * 64}\n" for number in range(10, 513))
    assert "400 training photos, 50 validation photos, 60 test photos." in report(run).words
    assert "2 more photos in the table were not used." in report(run).words


def test_the_report_loads_nothing_and_runs_its_own_script_alone(make_run):
    text = write_report(make_run()).read_text(encoding="utf-8")
    page = Page(text)
    allowed = page.all("meta")[1]["content"]
    script = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert [f"script-src 'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in script] == [
        next(part.strip() for part in allowed.split(";") if "script-src" in part)
    ]
    assert "default-src 'none'" in allowed
    assert not {"link", "iframe", "object", "form"} & {tag for tag, _ in page.elements}
    assert all(image["src"].startswith("data:image/jpeg;base64,") for image in page.all("img"))
    assert all(link["href"].startswith("#") for link in page.all("a") + page.all("use"))
    assert not re.search(r"https?:|@import|url\((?!#)", text)


def test_every_picture_is_described_and_every_id_is_unique(make_run):
    page = report(make_run())
    assert page.all("img")
    assert all(image["alt"] for image in page.all("img"))
    assert drawings(page) == ["accuracy", "loss", "reliability", "flow"]
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {link["href"][1:] for link in page.all("a")} <= set(ids)


def test_the_network_is_drawn_and_its_layers_are_told(make_run):
    run = make_run()
    assert "The network" not in report(run).words
    small = write_report(run).stat().st_size
    hidden = LayerFacts('<script id="x">', "<b>Odd</b>", (4, 4, 8), ((3, 3, 3, 8), (8,)), 224)
    last = LayerFacts("predictions", "Dense", (3,), ((128, 3), (3,)), 387, 5, units=3, activation="softmax")
    features = LayerFacts("features", "Flatten", (128,))
    write_network(run, NetworkLayers("cnn6", (LayerFacts("photo", "InputLayer", (4, 4, 3)), hidden, features, last)))
    page = report(run)
    assert "616 parameters: 611 trainable, 5 non-trainable." in page.words
    assert all(words in page.words for words in ("3x3x3x8 + 8 = 224", "128x3 + 3 = 392", "4 x 4 x 8", "Dense 3, softmax", "<b>Odd</b>"))
    assert page.all("script") == [{}]
    assert {"href": "#network"} in page.all("a")
    assert "The backbone was frozen" not in page.words
    assert write_report(run).stat().st_size < small + 40_000
    with (run / "recipe.toml").open("a", encoding="utf-8") as recipe:
        recipe.write("[transfer]\nenabled = true\nfine_tune_epochs = 0\n")
    assert "The backbone was frozen: this run trained 387 of them, those of the head." in report(run).words


def test_hostile_names_stay_names(make_run):
    names = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "</style><b>", "\udcff&大卫", "\x1b[2J\u202eb")
    page = report(make_run(labels=names))
    assert page.all("script") == [{}]
    assert not any("onerror" in attributes or attributes.get("src") == "x" for _, attributes in page.elements)
    assert all(page.words.count(visible(name)) > 5 for name in names)


def test_what_a_catalogue_says_is_escaped_too(make_run, monkeypatch):
    monkeypatch.setattr("whosthat.evaluation.page._", lambda message, /, **values: f"<script>{message.format(**values)}</script>")
    monkeypatch.setattr("whosthat.evaluation.page.language", lambda: "zh_TW")
    page = report(make_run())
    assert page.all("script") == [{}]  # our own
    assert "<script>Next step</script>" in page.words
    assert page.all("html") == [{"lang": "zh-Hant-TW"}]


def test_no_blank_follows_a_chinese_sentence(make_run):
    with using("zh_TW"):
        text = write_report(make_run()).read_text(encoding="utf-8")
    assert "。" in text
    assert not re.findall(r".{9}[。！？；：]\s.{9}", text, re.DOTALL)


def test_a_diagnosis_is_told_in_the_language_of_the_page_and_else_as_it_was_stored(make_run):
    run = make_run()
    facts = read_metrics(run)
    elsewhere = replace(facts.diagnosis, title="還在學習", verdict=replace(facts.diagnosis.verdict, sentence="良好。"))
    write_metrics(run, replace(facts, diagnosis=elsewhere))
    words = report(run).words.replace("\N{NO-BREAK SPACE}", " ")
    assert not any(text in words for text in ("還在學習", "良好。"))
    assert all(text in words for text in (facts.diagnosis.title, facts.diagnosis.verdict.sentence))
    write_metrics(run, replace(facts, diagnosis=replace(elsewhere, case="data")))  # as another version judged
    assert "還在學習" in report(run).words
    write_metrics(run, replace(facts, diagnosis=elsewhere))
    (run / "history.csv").unlink()
    assert "良好。" in report(run).words


def test_where_the_photos_lie_is_not_told(make_run):
    run = make_run()
    assert "private/heroes" not in write_report(run).read_text(encoding="utf-8")


def test_the_report_can_be_made_again_from_the_folder_alone(make_run):
    run = make_run()
    assert write_report(run).read_bytes() == write_report(run).read_bytes()


def test_only_the_metrics_are_indispensable(make_run):
    run = make_run()
    for path in [path for path in run.rglob("*") if path.is_file() and path.name != "metrics.json"]:
        path.unlink()
    page = report(run)
    assert not page.all("img")
    assert "the photo was not kept" in str(page.elements)
    (run / "metrics.json").unlink()
    with pytest.raises(RunError, match=r"metrics\.json cannot be read"):
        write_report(run)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("history.csv", "epoch,loss\n1,none\n"),
        ("history.csv", "epoch,loss\n1,2\n"),
        ("split.csv", "path,other\na,b\n"),
        ("audit.json", "[]"),
        ("recipe.toml", "model ="),
        ("environment.json", "{"),
    ],
)
def test_a_damaged_file_is_named(make_run, name, content):
    run = make_run()
    (run / name).write_text(content)
    with pytest.raises(RunError, match=f"{re.escape(name)} is damaged"):
        write_report(run)


@pytest.mark.parametrize("n_classes", [2, 50])
def test_few_and_many_classes_make_a_report(make_run, n_classes):
    page = report(make_run(n_right=80, n=100, n_classes=n_classes))
    assert sum(1 for cell in page.all("td") if cell.get("class") in ("hit", "miss")) >= min(n_classes, MOST_CLASSES)


def test_many_people_make_a_small_report_that_shows_the_worst_and_holds_the_rest(make_run):
    run = make_run(n_right=1500, n=1680, n_classes=1680)
    page = report(run)
    assert (run / "report.html").stat().st_size < 3_000_000
    for words in (
        "The 30 classes that were confused most, of 1,680.",
        "The worst first, 30 of 1,680",
        "The 30 classes with the fewest photos",
    ):
        assert words in page.words
    assert [cell["title"] for cell in page.all("th") if "title" in cell][-1680] == "class 1500"
    assert sum("hidden" in row for row in page.all("tr")) == 2 * (1680 - 30)


def test_mistakes_can_be_seen_larger(make_run):
    run = make_run()
    page = report(run)
    assert page.all("summary").count({"title": "Show larger"}) == 10


def test_the_time_of_the_test_is_that_of_the_clock_here(make_run):
    here = datetime.fromisoformat("2025-01-31T10:20:30+01:00").astimezone()
    assert f"tested on {here:%Y-%m-%d at %H:%M}." in report(make_run()).words
    assert local_time("some day") == "some day"


def test_one_epoch_no_epoch_and_no_mistake_make_a_report(make_run):
    page = report(make_run(n_right=60, n=60, n_epochs=1))
    assert "Too little was seen" in page.words
    assert "No confusions." in page.words
    assert "No mistakes in the test." in page.words


def test_a_route_without_epochs_has_no_curves(make_run):
    page = report(make_run(n_epochs=0))
    assert drawings(page) == ["reliability", "flow"]
    assert "How it learned" not in page.words


def test_the_curve_of_photos_per_person_has_its_place(make_run):
    run = make_run()
    assert "How many photos are enough?" not in write_report(run).read_text(encoding="utf-8")
    points = (Point(1, 0.5, 0.4, 0.6), Point(9, 0.8, 0.8, 0.8))
    write_metrics(run, replace(read_metrics(run), learning=LearningCurve(points, 60, ("Photograph next: <ann>.",))))
    page = write_report(run).read_text(encoding="utf-8")
    assert "Photograph next: &lt;ann&gt;." in page
    assert "1 of each: 50 %; 9 of each: 80 %." in page


def test_mistakes_stand_beside_their_heat_maps_where_those_were_kept(make_run):
    run = make_run()
    assert "heat map" not in write_report(run).read_text(encoding="utf-8")
    mistake = shown_mistakes(read_metrics(run).evaluation)[0]
    keep_insight(run, {mistake.index: np.zeros((8, 8, 3), np.uint8)}, None)
    page = write_report(run).read_text(encoding="utf-8")
    assert page.count("with its heat map") == 1
    assert "Beside it, the heat map (Grad-CAM)" in page
    assert "filters" not in page.split("</style>")[1]
