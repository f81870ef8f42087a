"""What every test shares: private places for caches, and the real photos when they are there."""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import hypothesis
import numpy as np
import pytest

from whosthat import translation
from whosthat.evaluation.metrics import Evaluation, evaluate
from whosthat.evaluation.outcomes import answer_of
from whosthat.photos.drawing import encode_image, save_image
from whosthat.photos.reading import sha256_of
from whosthat.progress import Silent
from whosthat.recognition.ranking import sighting_of
from whosthat.types import Box, Face

hypothesis.settings.register_profile("house", deadline=None)  # a busy machine is no bug
hypothesis.settings.register_profile("same", deadline=None, derandomize=True)  # a gate tells the same of the same code each time
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # so a shell starts what runs in its background
    signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED = Path(os.environ.get("WHOSTHAT_SHARED", Path(__file__).resolve().parents[2] / "shared"))


MAY_BE_SKIPPED = ("nothing is read-only to this user", "this file system")
"""Reasons that root or another system gives; under WHOSTHAT_NO_SKIPS every other skip fails, because it is a thing not installed."""


CLUSTER_TESTS = {"test_cluster.py", "test_cluster_faces.py", "test_cluster_series.py", "test_scale_page.py"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that start clusters, so that they can run one after the other."""
    for item in items:
        if item.path.name in CLUSTER_TESTS:
            item.add_marker(pytest.mark.cluster)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Count a skip as a failure where everything that the tests want should be there."""
    report = yield
    if report.skipped and os.environ.get("WHOSTHAT_NO_SKIPS") and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2]
        if not any(allowed in reason for allowed in MAY_BE_SKIPPED):
            report.outcome, report.longrepr = "failed", f"{item.nodeid} must not be skipped here. {reason}"
    return report


@pytest.fixture(autouse=True)
def private_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test's caches and weights inside its own folder, and let it speak English."""
    monkeypatch.setenv("WHOSTHAT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("WHOSTHAT_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("WHOSTHAT_LANG", "en")


@pytest.fixture
def loopback() -> None:
    """Let a test open connections to this computer itself; without it, none (`no_connections`)."""


@pytest.fixture(autouse=True)
def no_connections(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test in which Python opens a connection: only ``models get`` may, and its tests talk to a server on this computer."""
    allowed = "loopback" in request.fixturenames

    def guarded(connect: Callable[..., Any]) -> Callable[..., Any]:
        def guard(self: socket.socket, address: Any) -> Any:
            beyond = self.family in (socket.AF_INET, socket.AF_INET6) and not (allowed and address[0] in ("127.0.0.1", "::1"))
            if beyond:
                pytest.fail(f"a connection to {address} was opened")
            return connect(self, address)

        return guard

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, guarded(getattr(socket.socket, name)))


@pytest.fixture
def file_server(loopback: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A `file_server.FileServer` on this computer, and no proxy."""
    for variable in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        for name in (variable, variable.upper()):
            monkeypatch.delenv(name, raising=False)
    with _serving(_module("file_server.py").FileServer()) as server:
        yield server


@pytest.fixture
def bucket(loopback: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A `bucket.Bucket` on this computer, which addresses that begin with s3:// mean."""
    s3fs = pytest.importorskip("s3fs")
    from whosthat.photos.storage import _storage

    for name, value in (("ACCESS_KEY_ID", "somebody"), ("SECRET_ACCESS_KEY", "secret"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("no_proxy", "*")
    with _serving(_module("bucket.py").Bucket()) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        _storage.cache_clear()
        s3fs.S3FileSystem.clear_instance_cache()
        yield server
    _storage.cache_clear()


@contextmanager
def _serving(server: Any) -> Iterator[Any]:
    """Serve until the block ends."""
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def two_cores() -> Iterator[Any]:
    """A Ray cluster of two cores of this computer."""
    pytest.importorskip("ray")
    from whosthat.cluster import Cluster

    opened = Cluster(cores=2)
    yield opened
    opened.close()


BROWSER = os.environ.get("WHOSTHAT_CHROMIUM", "/usr/bin/chromium")
QUIET_BROWSER = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
"""Nothing goes out, nothing comes in; the camera is a film of a drawn hero, and asks nobody."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Debian's Chromium, headless, driven by Playwright, with a camera that shows a drawn hero; skips where one of the two is absent.

    Of a module, not of the session: while it is open an event loop runs in this process, and other tests start their own.
    """
    driver = pytest.importorskip("playwright.sync_api")
    if not Path(BROWSER).exists():
        pytest.skip(f"Chromium is not installed ({BROWSER})")
    from whosthat.cartoons import HEROES, draw_hero

    film = tmp_path_factory.mktemp("camera") / "hero.mjpeg"
    film.write_bytes(encode_image(draw_hero(HEROES[2], 900, size=480), "JPEG"))
    with driver.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=BROWSER, args=[*QUIET_BROWSER, f"--use-file-for-fake-video-capture={film}"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def axe() -> Callable[..., list[str]]:
    """Ask axe-core what keeps people with a disability from using a page: ``axe(page)`` gives a line for each violation."""
    engine = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()

    def violations(page: Any) -> list[str]:
        found = engine.run(page).response["violations"]
        return [f"{one['id']}: {one['help']}: {[node['html'][:150] for node in one['nodes'][:3]]}" for one in found]

    return violations


@pytest.fixture(scope="session")
def two_threads() -> None:
    """For tests that build networks: TensorFlow takes its number of threads once in a process, and which tests share one is chance."""
    from whosthat.networks.backend import set_threads

    set_threads(2)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real photos; skips with a reason where it is absent."""
    return _real("data")


@pytest.fixture(scope="session")
def real_weights() -> Path:
    """The folder of published weights that come with no package; skips with a reason where it is absent."""
    return _real("weights")


def _real(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        if os.environ.get("WHOSTHAT_REQUIRE_REAL"):
            pytest.fail(f"the real {name} are required here, and absent ({folder})")
        pytest.skip(f"the real {name} are not here ({folder})")
    return folder


class Heard(Silent):
    """A progress that remembers what it was told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.results: list[str] = []
        self.steps: list[tuple[str, int, int]] = []
        self.tables: list[list[Sequence[str]]] = []
        self.say, self.result = self.said.append, self.results.append

    def step(self, what: str, done: int, total: int, note: str = "") -> None:
        self.steps.append((what, done, total))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self.tables.append([columns, *rows])


@pytest.fixture
def heard() -> Heard:
    return Heard()


class Killed(BaseException):
    """What SIGKILL does, without ending the tests."""


CHANGES = ("link", "symlink", "rename", "replace", "unlink", "rmdir", "fsync")
BEGINNINGS = ("open", "mkdir")
"""Dying there leaves what dying at the change before left."""


@pytest.fixture
def killed_at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AbstractContextManager[list[str]]]:
    """Let a block die at its n-th system call of some kind; whatever tidies up then changes nothing on the disk any more.

    The list that it gives holds the call at which it died, and is empty when the block came to its end.
    """

    @contextmanager
    def killing(nth: int, *calls: str) -> Iterator[list[str]]:
        died: list[str] = []
        counter = itertools.count(1)

        def deadly(name: str) -> Callable[..., object]:
            real = getattr(os, name)

            def call(*arguments: object, **options: object) -> object:
                if not died and name in (calls or CHANGES) and next(counter) == nth:
                    died.append(name)
                if died:
                    raise Killed
                return real(*arguments, **options)

            return call

        with monkeypatch.context() as patch, suppress(Killed):
            for name in (*CHANGES, *BEGINNINGS):
                patch.setattr(os, name, deadly(name))
            yield died

    return killing


def colour_graph(size: int = 8, n_classes: int = 3) -> bytes:
    """Return a network small enough to understand: mean colour -> softmax. A red photo is class 0, a green one 1, a blue one 2."""
    from onnx import TensorProto, helper, numpy_helper

    photo = helper.make_tensor_value_info("photo", TensorProto.UINT8, ["b", size, size, 3])
    predictions = helper.make_tensor_value_info("predictions", TensorProto.FLOAT, ["b", n_classes])
    weights = numpy_helper.from_array(np.eye(3, n_classes, dtype=np.float32) / 51, "weights")
    nodes = [
        helper.make_node("Cast", ["photo"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["pixels"], ["colour"], axes=[1, 2], keepdims=0),
        helper.make_node("MatMul", ["colour", "weights"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["predictions"], axis=1),
    ]
    graph = helper.make_graph(nodes, "colours", [photo], [predictions], [weights])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


@pytest.fixture
def graph_of_colours() -> Callable[..., bytes]:
    """`colour_graph`, for tests that need a strange one."""
    return colour_graph


@pytest.fixture
def save_colours() -> Callable[..., Path]:
    """Save a bundle whose classes are red, green and blue; keywords change its facts, ``graph`` its network."""

    def save(folder: Path, *, graph: bytes | None = None, **changes: object) -> Path:
        import numpy as np

        from whosthat.recognition.bundle import BundleFacts, save_bundle

        facts = {"network": "colours", "labels": ("red", "green", "blue"), "prepare": {"size": 8, "fit": "stretch"}, **changes}
        weights = {"weights": np.eye(3, dtype=np.float32)}
        save_bundle(folder, BundleFacts.model_validate(facts), graph=graph or colour_graph(), weights=weights)
        return folder

    return save


@pytest.fixture
def draw_colours() -> Callable[..., Path]:
    """Draw noisy photos, so many of each of the first so many colours, each in a folder of the colour's name."""

    def draw(folder: Path, *, each: int, n_colours: int = 2, side: int = 12) -> Path:
        generator = np.random.default_rng(0)
        for number in range(each):
            for channel, name in enumerate(("red", "green", "blue")[:n_colours]):
                image = generator.integers(0, 90, (side, side, 3), dtype=np.uint8)
                image[:, :, channel] += 150
                (folder / name).mkdir(parents=True, exist_ok=True)
                save_image(image, folder / name / f"{number}.png")
        return folder

    return draw


def moving_square(seed: int, *, n_frames: int = 8, left: bool = False) -> list[np.ndarray]:
    """Draw frames of a light square that moves over dark tiles to the right, or the same frames backwards: RGB uint8 (32, 32, 3)."""
    chance = np.random.default_rng(seed)
    ground = np.kron(chance.integers(0, 100, (4, 4, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    row, colour = chance.integers(0, 20), chance.integers(150, 256, 3)
    frames = []
    for column in np.linspace(1, 23, n_frames).astype(int):
        frame = ground.copy()
        frame[row : row + 8, column : column + 8] = colour
        frames.append(frame)
    return frames[::-1] if left else frames


@pytest.fixture(scope="session")
def draw_clip() -> Callable[..., Path]:
    """Write a clip of `moving_square`: a video where the path has a suffix, else a folder of numbered frames; keywords as there."""

    def draw(path: Path, seed: int, *, then: int | None = None, **how: Any) -> Path:
        """Go on with the movement to the other side, of another square, where its seed is given by ``then``."""
        import cv2
        from PIL import Image

        frames = moving_square(seed, **how)
        if then is not None:
            frames += moving_square(then, **{**how, "left": not how.get("left", False)})
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.suffix:
            path.mkdir()
            for number, frame in enumerate(frames, start=1):
                Image.fromarray(frame).save(path / f"{number}.png")
            return path
        writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"mp4v"), 10.0, (32, 32))
        for frame in frames:
            writer.write(np.ascontiguousarray(frame[:, :, ::-1]))
        writer.release()
        return path

    return draw


@pytest.fixture
def library_of(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Make a library without networks: ``library_of({"2020/beach.png": ["anna", "tom"], "sea.png": []})`` gives it, open.

    The photos, 200 x 100 pixels of noise, lie in ``tmp_path/photos``. The faces stand from left to right; the embeddings of one person lie
    about 0.2 apart, those of two 1.4. The reader whose faces count is called "drawn". ``taken_at`` gives times to photos, by name. Both
    may lie in another folder than ``tmp_path``, ``at``.
    """
    from whosthat.library import contents
    from whosthat.library.store import Library, stamp_of

    opened: list[Library] = []

    def make(photos: Mapping[str, Sequence[str]], *, taken_at: Mapping[str, float] = MappingProxyType({}), at: Path = tmp_path) -> Library:
        library = Library(at / "library", create=True)
        opened.append(library)
        with library.changing() as change:
            root = contents.put_root(change, at / "photos")
            contents.set_setting(change, "reader", "drawn")
            for name, people in photos.items():
                path = at / "photos" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                save_image(_noise(name).integers(0, 255, (100, 200, 3), dtype=np.uint8), path)
                photo = contents.put_photo(change, sha256_of(path), (200, 100), taken_at.get(name))
                contents.put_file(change, root, os.fsencode(name), stamp_of(path.stat()), photo=photo)
                faces = [_drawn_face(10.0 + number * 180 / len(people)) for number in range(len(people))]
                vectors = np.array([_person(person, name) for person in people], np.float32).reshape(len(people), 16)
                contents.put_faces(change, photo, "drawn", faces, vectors, [100.0] * len(people))
        return library

    yield make
    for library in opened:
        library.__exit__()


@pytest.fixture
def named_library(library_of: Callable[..., Any]) -> Callable[..., Any]:
    """As ``library_of``, with answers: everybody has a name but those whose word begins with a question mark."""

    def make(photos: Mapping[str, Sequence[str]], **more: Any) -> Any:
        library = library_of(photos, **more)
        with library.changing() as change:
            for name, people in photos.items():
                for number, person in enumerate(people, start=1):
                    if person[:1] == "?" and person[1:]:
                        continue
                    change.execute("INSERT OR IGNORE INTO people (name) VALUES (?)", (person,))
                    change.execute(
                        "INSERT INTO answers SELECT faces.id, people.id, 0.9, 'recogniser' FROM faces JOIN files USING (photo), people "
                        "WHERE files.name = ? AND number = ? AND people.name = ?",
                        (os.fsencode(name), number, person),
                    )
        return library

    return make


def _noise(word: str) -> np.random.Generator:
    return np.random.default_rng(list(word.encode()))


def _person(name: str, photo: str) -> np.ndarray:
    """Return an embedding (16,): each person has a direction, each photo moves it a little."""
    where, away = _noise(name).normal(size=16), _noise(f"{name} in {photo}").normal(size=16)
    return where / np.linalg.norm(where) + 0.14 * away / np.linalg.norm(away)


def _drawn_face(left: float) -> Face:
    points = ((left + 6, 46), (left + 14, 46), (left + 10, 52), (left + 7, 57), (left + 13, 57))
    return Face(Box(left, 35, left + 20, 65), points, 0.99)


@pytest.fixture(scope="session")
def foreign() -> ModuleType:
    """The module `faces/foreign.py`, loaded once: stand-ins for face networks of others."""
    return _module("faces/foreign.py")


@pytest.fixture(scope="session")
def old_keras() -> ModuleType:
    """The module `networks/old_keras.py`, loaded once: a weights file of Keras 2."""
    return _module("networks/old_keras.py")


@pytest.fixture(scope="session")
def programs() -> dict[str, bytes]:
    """Sidecars as other programs write them; see `metadata/programs.py`."""
    return _module("metadata/programs.py").PROGRAMS


@pytest.fixture(scope="session")
def exiftool() -> Callable[..., dict[str, Any]]:
    """Read a file with ExifTool: its XMP, or another group; structures as they are."""
    program = shutil.which("exiftool")
    if program is None:
        pytest.skip("ExifTool is not installed (Debian: libimage-exiftool-perl)")

    def read(path: Path, group: str = "xmp") -> dict[str, Any]:
        shown = (f"-{group}:all", "-validate", "-warning", "-error")
        told = subprocess.run([program, "-config", "", "-json", "-struct", "-G1", "-a", *shown, path], check=True, capture_output=True)
        return json.loads(told.stdout)[0]

    return read


def _module(path: str) -> ModuleType:
    file = Path(__file__).parent / path
    spec = importlib.util.spec_from_file_location(f"whosthat_{file.stem}", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def judged() -> Callable[..., Evaluation]:
    """Judge rows of probabilities as if a network had answered whole photos: every answer from the threshold on is a name."""

    def build(probabilities: Any, truth: Any, labels: Sequence[str], paths: Sequence[str], threshold: float = 0.0) -> Evaluation:
        answers = []
        for row, (shares, label) in enumerate(zip(np.asarray(probabilities, float), truth, strict=True)):
            best = int(shares.argmax())
            person = best if shares[best] >= threshold else None
            answers.append(answer_of(row, paths[row], labels[label], [sighting_of(labels, shares, person)], labels))
        return evaluate(answers, labels)

    return build


class _Marking:
    """A catalogue that puts a Chinese character before every text: what lacks it has bypassed the translation."""

    def gettext(self, text: str) -> str:
        return f"漢{text}"

    def ngettext(self, one: str, many: str, n: int) -> str:
        return self.gettext(one if n == 1 else many)

    def pgettext(self, _context: str, text: str) -> str:
        return self.gettext(text)


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Speak Chinese with a catalogue that marks every text with 漢, in this process and all its threads."""
    monkeypatch.setattr(translation, "_catalogue", lambda code: None if code == "en" else _Marking())
    monkeypatch.setattr(translation, "_process", "zh_TW")
    monkeypatch.setenv(translation.VARIABLE, "zh_TW")
