"""Saving never damages what is there; opening refuses whatever is not what was saved."""

from __future__ import annotations

import itertools
import json
import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from safetensors.numpy import load_file

from whosthat.errors import BundleError
from whosthat.recognition import load
from whosthat.recognition.bundle import BundleFacts, DataFacts, is_unknown, label_problem, open_bundle, save_bundle
from whosthat.recognition.manifest import write_manifest

Killing = Callable[..., AbstractContextManager[list[str]]]


def facts(version: str) -> BundleFacts:
    return BundleFacts(network=version, labels=("a", "b"), prepare={"size": 8})


def save(folder: Path, version: str) -> None:
    save_bundle(folder, facts(version), graph=version.encode() * 100, weights={"w": np.full(3, len(version), np.float32)})


def saved_version(folder: Path) -> str:
    """Open everything that is in a bundle and tell which version it is; fails on a mixture."""
    bundle = open_bundle(folder)
    version = bundle.facts.network
    assert bundle.graph() == version.encode() * 100
    np.testing.assert_array_equal(load_file(bundle.weights_file())["w"], np.full(3, len(version), np.float32))
    return version


STEPS = ("open", "fsync", "rename", "mkdir", "rmdir", "unlink")


def test_what_is_saved_is_opened(tmp_path: Path) -> None:
    save(tmp_path / "bundle", "first")
    assert saved_version(tmp_path / "bundle") == "first"
    assert sorted(path.name for path in (tmp_path / "bundle").iterdir()) == [
        "bundle.json",
        "graph.onnx",
        "manifest.json",
        "weights.safetensors",
    ]


def test_a_save_killed_at_any_step_leaves_the_old_bundle_or_the_new_one(tmp_path: Path, killed_at: Killing) -> None:
    seen = set()
    for nth in itertools.count(1):
        folder = tmp_path / str(nth) / "bundle"
        save(folder, "old")
        with killed_at(nth, *STEPS) as died:
            save(folder, "newer")
        if not died:
            break
        seen.add(saved_version(folder))
        save(folder, "newest")
        assert saved_version(folder) == "newest"
        assert [path.name for path in folder.parent.iterdir()] == ["bundle"]
    assert nth > 10
    assert seen == {"old", "newer"}


def test_a_first_save_killed_at_any_step_leaves_nothing_that_opens_by_halves(tmp_path: Path, killed_at: Killing) -> None:
    for nth in itertools.count(1):
        folder = tmp_path / str(nth) / "bundle"
        with killed_at(nth, *STEPS) as died:
            save(folder, "newer")
        if folder.exists():
            assert saved_version(folder) == "newer"
        else:
            with pytest.raises(BundleError, match="There is no bundle at"):
                open_bundle(folder)
        if not died:
            break
    assert nth > 10


def test_a_save_that_fails_says_so_and_keeps_the_old_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path / "bundle", "old")
    monkeypatch.setattr(os, "fsync", Mock(side_effect=OSError(28, "No space left on device")))
    with pytest.raises(BundleError, match=r"No space left on device\. Make room"):
        save(tmp_path / "bundle", "newer")
    assert saved_version(tmp_path / "bundle") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_run_folder_and_both_kinds_of_latest_lead_to_the_bundle(bundle_folder: Path) -> None:
    run = bundle_folder.parent
    latest = run.parent / "latest"
    latest.write_text(run.name + "\n", encoding="utf-8")
    assert open_bundle(run).folder == open_bundle(latest).folder == bundle_folder
    latest.unlink()
    latest.symlink_to(run.name, target_is_directory=True)
    assert open_bundle(str(latest)).facts.labels == ("red", "green", "blue")


@pytest.mark.parametrize("text", ["", "..", "../../elsewhere", "a\\b", "\xff"])
def test_a_latest_that_leads_elsewhere_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "latest").write_text(text, encoding="latin-1")
    with pytest.raises(BundleError, match=r"should hold the name of a run|There is no bundle"):
        open_bundle(tmp_path / "latest")


def test_a_misspelt_run_is_suggested(bundle_folder: Path) -> None:
    with pytest.raises(BundleError, match=r'There is no bundle at .*Did you mean "photos-colours-1"'):
        open_bundle(bundle_folder.parent.parent / "photos-colour-1")


def test_a_name_as_runs_are_listed_leads_to_its_folder(bundle_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(bundle_folder, tmp_path / "runs" / "colours-cnn6-1" / "bundle")
    with pytest.raises(BundleError, match=r'Did you mean ".*runs.colours-cnn6-1"'):
        open_bundle(tmp_path / "colours-cnn6-1")


def test_a_file_and_an_unfinished_run_are_no_bundle(tmp_path: Path) -> None:
    (tmp_path / "model.h5").write_bytes(b"")
    with pytest.raises(BundleError, match="is a file, but a bundle is a folder"):
        open_bundle(tmp_path / "model.h5")
    with pytest.raises(BundleError, match="holds no complete bundle"):
        open_bundle(tmp_path)


def edit_manifest(folder: Path, change: Callable[[dict], object]) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def flip_a_bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def test_a_newer_format_asks_for_an_update(bundle_folder: Path) -> None:
    edit_manifest(bundle_folder, lambda manifest: manifest.update(format=2, whosthat="9.1", colours="new"))
    with pytest.raises(BundleError, match=r"format 2 and was made by whosthat '9\.1'.*reads format 1\. Update whosthat"):
        open_bundle(bundle_folder)


def test_a_changed_file_is_named_when_it_is_read(bundle_folder: Path) -> None:
    for name in ("graph.onnx", "weights.safetensors"):
        flip_a_bit(bundle_folder / name)
    bundle = open_bundle(bundle_folder)
    with pytest.raises(BundleError, match=r"graph\.onnx is not the file that was saved"):
        bundle.graph()
    with pytest.raises(BundleError, match=r"weights\.safetensors is not the file that was saved"):
        bundle.weights_file()
    flip_a_bit(bundle_folder / "bundle.json")
    with pytest.raises(BundleError, match=r"bundle\.json is not the file that was saved"):
        open_bundle(bundle_folder)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "graph.onnx").unlink(), r"graph\.onnx is missing"),
        (lambda folder: (folder / "virus.exe").write_bytes(b""), r"'virus\.exe', which does not belong"),
        (lambda folder: (folder / "graph.onnx").write_bytes(b"short"), "has 5 bytes where"),
        (lambda folder: (folder / "manifest.json").write_text("[]"), "is not a bundle manifest"),
        (lambda folder: (folder / "manifest.json").write_text("[" * 100_000), "is not a bundle manifest"),
        (lambda folder: (folder / "manifest.json").write_bytes(b" " * (1 << 20) + b"{}"), "larger than the 1048576 bytes"),
        (lambda folder: edit_manifest(folder, lambda m: m.update(format="one")), "is not a bundle manifest"),
        (lambda folder: edit_manifest(folder, lambda m: m.update(extra=1)), r"manifest\.json is damaged: extra"),
        (lambda folder: edit_manifest(folder, lambda m: m["files"]["graph.onnx"].update(bytes=1 << 40)), r"bytes: Input should be less"),
        (lambda folder: edit_manifest(folder, lambda m: m["files"]["graph.onnx"].update(sha256="0")), r"sha256: String should match"),
    ],
)
def test_a_damaged_bundle_is_refused_with_its_reason(damage: Callable[[Path], object], message: str, bundle_folder: Path) -> None:
    damage(bundle_folder)
    with pytest.raises(BundleError, match=message):
        open_bundle(bundle_folder)


@pytest.mark.parametrize("text", ['{"metrics":{"a":[' + "[]," * 20_000 + "0]}}", '{"metrics":{"a":[' + "0," * 4_000_001 + "0]}}"])
def test_facts_that_unfold_in_memory_are_refused_before_they_are_read(text: str, bundle_folder: Path) -> None:
    write_manifest(bundle_folder, {"bundle.json": text.encode()})
    for name in ("graph.onnx", "weights.safetensors"):
        (bundle_folder / name).unlink()
    with pytest.raises(BundleError, match="more lists or items than whosthat writes"):
        open_bundle(bundle_folder)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/b", "a\\b", "C:x", ".hidden", "manifest.json", "", "a\n"])
def test_a_manifest_that_leads_out_of_the_folder_is_refused(name: str, bundle_folder: Path) -> None:
    edit_manifest(bundle_folder, lambda manifest: manifest["files"].update({name: manifest["files"]["graph.onnx"]}))
    with pytest.raises(BundleError, match="which is not a plain file name"):
        open_bundle(bundle_folder)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_link_inside_is_refused(bundle_folder: Path, tmp_path: Path) -> None:
    shutil.move(bundle_folder / "graph.onnx", tmp_path / "elsewhere")
    (bundle_folder / "graph.onnx").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BundleError, match="is not a regular file"):
        open_bundle(bundle_folder)


def test_what_a_desktop_drops_into_the_folder_does_no_harm(bundle_folder: Path) -> None:
    (bundle_folder / ".DS_Store").write_bytes(b"")
    assert open_bundle(bundle_folder).facts.network == "colours"


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a", "../b"], "cannot be a name"),
        (["a", ".."], "cannot be a name"),
        (["a", ""], "cannot be a name"),
        (["a", "b\\c"], "cannot be a name"),
        (["a", "x" * 256], "cannot be a name"),
        (["a", "b\n"], "invisible character"),
        (["a", "gpj.\u202eb"], "invisible character"),
        (["Ana", "ana"], "are the same name"),
        (["é", "e\u0301"], "are the same name"),
    ],
)
def test_labels_that_play_tricks_are_refused(labels: list[str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        BundleFacts(network="n", labels=labels, prepare={})


@pytest.mark.parametrize("name", ["unknown", "UNKNOWN", " Unknown "])
def test_the_answer_for_strangers_is_no_name_for_a_class(name: str) -> None:
    assert "is the answer for strangers" in label_problem(["a", name])
    assert label_problem(["a", "unknown soldier", "nobody"], old=[name]) is None


@pytest.mark.parametrize("mark", ["\u200f", "\u200e", "\u061c", "\u200b", "\ufeff", "\u00ad"])
def test_a_name_that_looks_like_another_is_refused_and_an_old_bundle_that_has_it_opens(mark: str) -> None:
    assert "contains an invisible character" in (label_problem([f"To{mark}m"], old=["Tom"]) or "")
    assert label_problem(["Tom"], old=[f"To{mark}m"]) is None
    assert label_problem(["\u0646\u0627\u0645\u0647\u200c\u0647\u0627", "\U0001f468\u200d\U0001f373"]) is None  # joiners are part of words


def test_an_old_bundle_with_such_a_class_opens_but_does_not_answer(tmp_path: Path, save_colours: Callable[..., Path]) -> None:
    folder = save_colours(tmp_path / "bundle", labels=("red", "Unknown", "blue"))
    assert open_bundle(folder).facts.labels[1] == "Unknown"
    with pytest.raises(BundleError, match=r"'Unknown', which is also the answer for strangers\. Rename the folder and train again"):
        load(folder)


WORDS = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=40).filter(lambda word: not is_unknown(word))


@given(st.lists(WORDS, min_size=1, unique_by=str.casefold))
def test_words_of_any_script_are_labels(labels: list[str]) -> None:
    problem = label_problem(labels)
    assert problem is None or "are the same name" in problem


@pytest.mark.parametrize("change", [{"temperature": 0}, {"temperature": "nan"}, {"labels": []}, {"colour": 1}, {"threshold": {"value": 2}}])
def test_facts_that_make_no_sense_are_refused(change: dict) -> None:
    with pytest.raises(ValidationError, match=next(iter(change))):
        BundleFacts.model_validate({"network": "n", "labels": ("a",), "prepare": {}, **change})


def test_a_photo_is_found_again_in_the_data_it_was_part_of() -> None:
    data = DataFacts.of("photos", {"train": ["f" * 64, "0" * 64], "test": ["1" * 64]})
    assert (data.part_of("0" * 64), data.part_of("1" * 64), data.part_of("2" * 64)) == ("train", "test", None)
    assert DataFacts.model_validate_json(data.model_dump_json()) == data
