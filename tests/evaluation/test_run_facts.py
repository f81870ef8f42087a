import json

import pytest

from whosthat.errors import RunError
from whosthat.evaluation.diagnosis import diagnose
from whosthat.evaluation.run_facts import FORMAT, RunFacts, read_metrics, write_metrics


@pytest.fixture
def facts(answer_with, training) -> RunFacts:
    evaluation = answer_with(40, 50, labels=("大卫", "b\udcff", "<c>"))
    return RunFacts("heroes", "2025-01-31T10:20:30+01:00", 1.3, training, evaluation, diagnose([], evaluation, training))


def test_what_was_written_is_read_back_whatever_the_names(tmp_path, facts):
    write_metrics(tmp_path, facts)
    assert read_metrics(tmp_path) == facts


def test_a_run_without_a_test_says_how_to_go_on(tmp_path):
    with pytest.raises(RunError, match="whosthat train --resume"):
        read_metrics(tmp_path)


def test_a_newer_format_is_refused(tmp_path, facts):
    path = write_metrics(tmp_path, facts)
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": FORMAT + 1}))
    with pytest.raises(RunError, match="Install a newer whosthat"):
        read_metrics(tmp_path)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "not the JSON object"),
        ("[]", "not the JSON object"),
        ("{}", "not the JSON object"),
        ('{"format": 3}', "is damaged: photos: Field required"),
        ('{"format": 1}', "of an older whosthat.*Train again"),
        ("[" * 100_000, "not the JSON object"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, content, complaint):
    (tmp_path / "metrics.json").write_text(content)
    with pytest.raises(RunError, match=complaint):
        read_metrics(tmp_path)


@pytest.mark.parametrize("change", [{"n": 7}, {"labels": ["one"]}, {"confusion": [[0, 9, 50]]}, {"confusion": []}, {"per_class": []}])
def test_tables_that_do_not_fit_each_other_are_refused(tmp_path, facts, change):
    path = write_metrics(tmp_path, facts)
    document = json.loads(path.read_text())
    document["evaluation"].update(change)
    path.write_text(json.dumps(document))
    with pytest.raises(RunError, match="do not fit"):
        read_metrics(tmp_path)


def test_a_confusion_matrix_of_rows_is_still_read(tmp_path, facts):
    path = write_metrics(tmp_path, facts)
    document = json.loads(path.read_text())
    rows = [[0] * 5 for _ in range(3)]
    for truth, answer, n in document["evaluation"]["confusion"]:
        rows[truth][answer] = n
    document["evaluation"]["confusion"] = rows
    path.write_text(json.dumps({**document, "format": 2}))
    assert read_metrics(tmp_path) == facts


def test_many_classes_make_a_small_file(tmp_path, answer_with, training):
    evaluation = answer_with(700, 800, n_classes=800)
    path = write_metrics(tmp_path, RunFacts("many", "", 1.0, training, evaluation, diagnose([], evaluation, training)))
    assert path.stat().st_size < 600_000
