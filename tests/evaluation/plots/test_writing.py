import json

import pytest
from PIL import Image

from whosthat.errors import RunError
from whosthat.evaluation.plots.writing import keep_insight, read_photos
from whosthat.evaluation.report import draw_plots
from whosthat.evaluation.run_facts import read_metrics

PICTURES = ["calibration.png", "confusion.png", "curves.png", "flow_chart.png", "grid.png"]


def pictures(run) -> list[str]:
    return sorted(path.name for path in (run / "plots").glob("*.png"))


def test_every_picture_is_written(make_run):
    run = make_run(draw=True)
    assert pictures(run) == PICTURES
    for name in PICTURES:
        with Image.open(run / "plots" / name) as picture:
            picture.load()
            assert min(picture.size) > 300


@pytest.mark.parametrize("labels", [("大卫・林", "<script>", "$\\frac{", "🎈\n", "x" * 200, "مرحبا"), tuple(map(str, range(50)))])
def test_any_names_and_any_number_of_them_are_drawn_without_a_warning(make_run, labels):
    assert pictures(make_run(labels=labels, n=100, draw=True)) == PICTURES


def test_one_epoch_and_one_photo_can_be_drawn(make_run):
    assert pictures(make_run(n_right=1, n=1, n_classes=2, n_epochs=1, draw=True)) == PICTURES


def test_a_route_without_epochs_has_no_curves(make_run):
    assert pictures(make_run(n_epochs=0, draw=True)) == [name for name in PICTURES if name != "curves.png"]


def test_what_is_not_kept_any_more_is_not_drawn(make_run):
    run = make_run()
    (run / "plots" / "photos.json").unlink()
    draw_plots(run)
    assert pictures(run) == [name for name in PICTURES if name != "grid.png"]


def test_the_photos_that_the_report_shows_are_kept_and_no_more(make_run):
    run = make_run(n_right=195, n=200)
    evaluation = read_metrics(run).evaluation
    shown = {answer.index for answer in (*evaluation.mistakes, *evaluation.sample(25))}
    assert set(read_photos(run)) == shown


def test_a_damaged_file_of_photos_is_named_and_hostile_content_is_dropped(make_run):
    run = make_run()
    (run / "plots" / "photos.json").write_text(json.dumps({"1": '"><script>', "2": "aGk="}))
    assert read_photos(run) == {2: "aGk="}
    (run / "plots" / "photos.json").write_text("[1")
    with pytest.raises(RunError, match=r"photos\.json cannot be read"):
        read_photos(run)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "plots").write_text("in the way")
    with pytest.raises(RunError, match="cannot be written"):
        keep_insight(tmp_path, {}, None)
