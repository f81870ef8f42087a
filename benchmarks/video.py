"""Videos drawn whole, and watching for a while; a face recogniser of every 10th photo of `avengers`, with MTCNN and dlib's network.

*Drawing*: our clip of a concert (640 x 360, 9 s, 275 frames), once and 4 times in a row, and once at 1920 x 1080. For each, in a process of
its own, the frames per second of looking (every fifth is looked at, all are decoded) and of drawing (decoding again, boxes and names,
FFmpeg's H.264 beside it), and the most memory that it and its FFmpeg held, each by itself. *Labels*: those that are on another side of
their box than in the frame before, of all that have one before, cuts aside; as they are drawn, and if each frame were placed alone.

*Watching*: a folder into which a photo comes six times a second, of 40 people and strangers by turns, is watched by ``whosthat watch`` for
`WHOSTHAT_SOAK_S` seconds, 60 unless it is set. One webhook never answers, another refuses, a broker is down; somebody has left after one
second, so that notices are many. Memory is what the process holds (RSS); the growth is the slope of the last half, when the queues of 100
messages with pictures are full. How late: from the photo's name to the line that names it, which takes two looks at the folder, half a
second apart.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.face_photos import AVENGERS, STRANGERS, private_places
from benchmarks.measuring import SHARED, WHOSTHAT, Row, process, resident
from whosthat.photos.drawing import Sides, draw_sightings
from whosthat.photos.video import open_video
from whosthat.recognition import load
from whosthat.workflow.annotating import Boxes, draw_video
from whosthat.workflow.predict_video import predict_video

TITLE = "Videos drawn whole, and watching"
CLIP = SHARED / "data" / "video" / "short_clip.mp4"
LENGTHS = ((1, 360), (4, 360), (1, 1080))
EVERY = 5
ARRIVALS_A_SECOND = 6


def measure() -> list[Row]:
    """Drawing by length and size, then watching."""
    with private_places("mtcnn") as folder:
        for photo in sorted(AVENGERS.rglob("*.*"))[::10]:
            place = folder / "photos" / photo.parent.name
            place.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(photo, place / photo.name)
        process(["train", folder / "photos", "--model", "faces", "--runs", folder / "runs"])
        bundle = folder / "runs" / "latest"
        return [*(row for times, height in LENGTHS for row in drawing(bundle, times, height, folder)), *watching(bundle, folder)]


def drawing(bundle: Path, times: int, height: int, folder: Path) -> list[Row]:
    """Frames a second, memory, and of the clip itself how many labels move."""
    clip = lengthened(times, height, folder)
    code = f"from benchmarks.video import drawn_here; drawn_here({str(bundle)!r}, {str(clip)!r}, {str(folder)!r})"
    (n_frames, looked, drawn, moved, moved_alone, n_labels), own, ffmpeg = told_and_memory([sys.executable, "-c", code])
    rates = f"{n_frames / looked:.0f} frames/s looked through, {n_frames / drawn:.0f} frames/s drawn"
    rows = [Row(f"{n_frames:,} frames, {height} lines", f"{rates}; {own:.0f} MB and FFmpeg's {ffmpeg:.0f} MB")]
    if (times, height) == LENGTHS[0]:
        rows.append(Row("labels that change their side; if each frame were placed alone", f"{moved} and {moved_alone} of {n_labels}"))
    return rows


def drawn_here(bundle: str, clip: str, folder: str) -> None:
    """Draw a clip in this process, and print what `drawing` wants to know."""
    recogniser, begin = load(bundle), time.perf_counter()
    tracks = predict_video(recogniser, Path(clip), every=EVERY).tracks
    looked = time.perf_counter()
    drawn = draw_video(Path(clip), Boxes(tracks, EVERY, ()), Path(folder))
    end = time.perf_counter()
    assert drawn.video is not None, drawn.problem
    with open_video(clip) as video, open_video(drawn.video) as copy:
        assert copy.n_announced == video.n_announced
        sides: Sides = {}
        moved, n_labels = 0, 0
        moved_alone, sides_alone = 0, sides
        boxes = Boxes(tracks, EVERY, ())
        for frame in video.frames():
            sightings = boxes.at(frame.index, new_scene=frame.new_scene)
            before, before_alone, sides_alone = dict(sides), sides_alone, {}
            draw_sightings(frame.image, sightings, sides)
            draw_sightings(frame.image, sightings, sides_alone)
            followed = [] if frame.new_scene else sides.keys() & before.keys()
            n_labels += len(followed)
            moved += sum(sides[who] != before[who] for who in followed)
            moved_alone += sum(sides_alone[who] != before_alone[who] for who in followed)
        print(json.dumps([video.n_read, looked - begin, end - looked, moved, moved_alone, n_labels]))


def lengthened(times: int, height: int, folder: Path) -> Path:
    """Return the clip, so often in a row, in another size where that is asked for."""
    clip = folder / f"{height}-{times}.mp4"
    size = [] if height == 360 else ["-vf", f"scale=-2:{height}", "-preset", "veryfast"]
    copied = ["-c", "copy"] if height == 360 else ["-c:a", "copy"]
    subprocess.run(
        ["ffmpeg", "-v", "error", "-stream_loop", str(times - 1), "-i", str(CLIP), *copied, *size, str(clip)],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return clip


def told_and_memory(command: Sequence[str]) -> tuple[Any, float, float]:
    """Return the JSON that a process prints, and the most resident megabytes that it and its FFmpeg held."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
        own = ffmpeg = 0.0
        while running.poll() is None:
            try:
                own = max(own, resident(running.pid))
                for child in Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split():
                    if Path(f"/proc/{child}/comm").read_text() == "ffmpeg\n":
                        ffmpeg = max(ffmpeg, resident(int(child)))
            except (OSError, IndexError):
                continue
            time.sleep(0.02)
        assert running.returncode == 0
        assert running.stdout is not None
        return json.loads(running.stdout.read()), own, ffmpeg


def watching(bundle: Path, folder: Path) -> list[Row]:
    """Watch a folder for a while, with receivers that do not receive."""
    seconds = float(os.environ.get("WHOSTHAT_SOAK_S", "60"))
    arrivals = folder / "arrivals"
    arrivals.mkdir()
    with silent() as hanging, silent(closes=True) as refusing, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        receivers = ["--webhook", f"http://127.0.0.1:{hanging}/", "--webhook", f"http://127.0.0.1:{refusing}/"]
        receivers += ["--mqtt", f"127.0.0.1:{nobody.getsockname()[1]}", "--image"]
        command = [*WHOSTHAT, "watch", str(bundle), str(arrivals), "--away", "1", "--json", *receivers]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
            notices: list[tuple[float, dict[str, object]]] = []
            reader = threading.Thread(target=lambda: notices.extend(read_lines(running)))
            reader.start()
            time.sleep(5)  # it lists what is there, and opens the recogniser
            came, memory = fill(arrivals, running.pid, seconds)
            begin = time.monotonic()
            running.terminate()
            running.wait()
            ended = time.monotonic() - begin
            reader.join()
    assert running.returncode == 0
    entered = [(moment, str(one["photo"])) for moment, one in notices if one["event"] == "entered"]
    late = [moment - came[photo] for moment, photo in entered]
    half = [sample for sample in memory if sample[0] >= memory[0][0] + seconds / 2]
    times, megabytes = zip(*half, strict=True)
    slope = float(np.polyfit(times, megabytes, 1)[0])
    growth = f"{3600 * slope:+.1f} MB an hour ({megabytes[0]:.1f} to {megabytes[-1]:.1f} MB in {times[-1] - times[0]:.0f} s)"
    return [
        Row(f"watching for {seconds:.0f} s, {len(came)} photos, {len(notices)} notices: memory", growth),
        Row("from the photo to the line, median and slowest", f"{statistics.median(late):.2f} and {max(late):.2f} s"),
        Row("from SIGTERM to the end, with receivers that hang", f"{ended:.1f} s", "<= 10 s"),
    ]


def read_lines(running: subprocess.Popen[str]) -> Iterator[tuple[float, dict[str, object]]]:
    """Read notices as they are written."""
    assert running.stdout is not None
    for line in running.stdout:
        yield time.monotonic(), json.loads(line)


def fill(folder: Path, pid: int, seconds: float) -> tuple[dict[str, float], list[tuple[float, float]]]:
    """Put photos into a folder, and take them away a while later; return when each came, and how much memory was held, over time."""
    photos = [photo for place in (AVENGERS, STRANGERS) for photo in sorted(place.rglob("*.*")) if re.search("jpe?g$", photo.suffix)][::30]
    came: dict[str, float] = {}
    memory: list[tuple[float, float]] = []
    begin = time.monotonic()
    while (now := time.monotonic()) - begin < seconds:
        number = len(came)
        photo, path = photos[number % len(photos)], folder / f"{number:06}.jpg"
        shutil.copyfile(photo, path)
        came[str(path)] = now
        (folder / f"{number - 100:06}.jpg").unlink(missing_ok=True)
        if number % ARRIVALS_A_SECOND == 0:
            memory.append((now, resident(pid)))
        time.sleep(max(0.0, begin + (number + 1) / ARRIVALS_A_SECOND - time.monotonic()))
    return came, memory


@contextmanager
def silent(*, closes: bool = False) -> Iterator[int]:
    """Take connections and never answer, or hang up at once; yields the port."""
    kept = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take() -> None:
            while True:
                try:
                    connection, _address = server.accept()
                except OSError:
                    return
                if closes:
                    connection.close()
                else:
                    kept.append(connection)

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
