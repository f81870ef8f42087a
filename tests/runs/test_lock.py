from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from unittest.mock import Mock

import pytest

from whosthat.errors import BundleError, RunError
from whosthat.runs.lock import listening, resumable, run_lock, saving


def test_a_second_process_is_refused_and_told_who_is_training(tmp_path):
    code = f"from whosthat.runs.lock import run_lock\nwith run_lock(__import__('pathlib').Path({str(tmp_path)!r})): pass"
    with run_lock(tmp_path):
        second = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert f"is being trained by another process (pid {os.getpid()})" in second.stderr
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_same_process_may_hold_it_once_more(tmp_path):
    with run_lock(tmp_path):
        with run_lock(tmp_path):
            pass
        assert (tmp_path / "training.pid").read_text(encoding="utf-8") == str(os.getpid())
    assert not (tmp_path / "training.pid").exists()


def test_what_a_killed_process_left_is_swept_but_nothing_of_the_one_that_holds_it(tmp_path):
    (tmp_path / "plots").mkdir()
    left = [tmp_path / ".new-0123456789ab", tmp_path / "plots" / ".new-ba9876543210"]
    others = [tmp_path / ".newest", tmp_path / ".new-photo.h5"]
    for path in (*left, *others):
        path.touch()
    with run_lock(tmp_path):
        assert not any(path.exists() for path in left)
        left[0].touch()
        with run_lock(tmp_path):
            assert left[0].exists()
    assert all(path.exists() for path in others)


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot be written"), run_lock(tmp_path / "file"):
        pass


def test_a_refusal_that_has_no_number_of_the_system_is_said_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("filelock.FileLock.acquire", Mock(side_effect=OSError("this disk has no locks")))
    with pytest.raises(RunError, match=r"cannot be written: this disk has no locks\."), run_lock(tmp_path):
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_a_wish_and_the_second_acts_as_before(number):
    heard = []
    before = signal.signal(number, lambda *_: heard.append(number))
    try:
        with listening() as stop_request:
            signal.raise_signal(number)
            assert (stop_request.signal, heard) == (number, [])
            signal.raise_signal(number)
            assert heard == [number]
        signal.raise_signal(number)
        assert heard == [number, number]
    finally:
        signal.signal(number, before)


def test_outside_the_main_thread_nothing_is_listened_to():
    heard = []

    def listen():
        with listening() as stop_request:
            heard.append(stop_request.signal)

    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    assert heard == [0]


ADVICE = r"Nothing is lost: go on with whosthat train --resume runs.a-1\."


def test_a_full_disk_is_said_with_how_to_go_on() -> None:
    message = rf"No space left on device \(history\.csv\)\. Make room or allow writing\. {ADVICE}"
    with pytest.raises(RunError, match=message), resumable(Path("runs/a-1")):
        raise OSError(errno.ENOSPC, "No space left on device", "history.csv")


def test_an_interrupt_stays_one_and_carries_how_to_go_on() -> None:
    with pytest.raises(KeyboardInterrupt) as stop, resumable(Path("runs/a-1")):
        raise KeyboardInterrupt
    assert stop.value.__notes__ == ["Nothing is lost: go on with whosthat train --resume runs/a-1."]


@pytest.mark.parametrize("kind", [BundleError, RunError])
def test_results_that_cannot_be_written_are_no_bad_data(kind: type[Exception]) -> None:
    with pytest.raises(RunError, match=rf"It cannot be saved\. {ADVICE}") as refused, saving(Path("runs/a-1")):
        raise kind("It cannot be saved.")
    assert refused.value.exit_code == 1
