"""A recogniser's network for other programs: as one ONNX file, as one of TensorFlow Lite, or as weights for Keras.

What belongs here: proving that graph, weights and file agree, and writing the file. All formats need Keras for the proof. What does
not: building and writing networks (`whosthat.networks`). docs/decisions/0026 says why these formats.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from whosthat import durable
from whosthat.cartoons import HEROES, draw_hero
from whosthat.errors import ExportError, UsageError, did_you_mean, system_reason
from whosthat.photos.preparing import PrepareSpec, prepare
from whosthat.progress import SILENT, Progress
from whosthat.recognition.bundle import Bundle, open_bundle
from whosthat.settings import ONNX_PARITY_TOLERANCE
from whosthat.translation import _
from whosthat.types import Image

_SUFFIXES = {"onnx": ".onnx", "keras": ".weights.h5", "tflite": ".tflite"}
"""For each format the suffix of its files."""


def export(bundle: str | Path, format: str, out: Path, *, overwrite: bool = False, progress: Progress = SILENT) -> Path:
    """Write a recogniser's network to a file, after checking that its graph and its weights give the same answers.

    The network alone knows neither names nor how a photo is prepared: labels stand in the bundle's ``bundle.json``.

    Args:
        bundle: A bundle, a run folder or ``runs/latest``.
        format: ``onnx`` for the whole network, ``tflite`` for the same as TensorFlow Lite (LiteRT), one photo at a time, or ``keras`` for
            its weights (``.weights.h5``, for ``model.load_weights``).
        out: The file to write.
        overwrite: Whether a file that is there may be replaced.
        progress: Where to say what is going on.

    Returns:
        ``out``.

    Raises:
        UsageError: An unknown format, a name that the format cannot have, a file that is there already, or a face recogniser.
        BundleError: The bundle cannot be used.
        ExportError: Graph, weights and file disagree by more than `ONNX_PARITY_TOLERANCE` on drawn photos, or the file cannot be written.
    """
    out = Path(out)
    if format not in _SUFFIXES:
        advice = _("OpenVINO reads ONNX files as they are.") if format == "openvino" else did_you_mean(format, _SUFFIXES)
        raise UsageError("There is no export format {format!r}. {choice}", format=format, choice=advice)
    suffix = _SUFFIXES[format]
    check_target(out, suffix, overwrite)
    opened = open_bundle(bundle)
    if opened.facts.has_gallery:
        raise UsageError(
            "{bundle} has a gallery and no trained network, so there is nothing to export. Its embedding network is "
            "graph.onnx in the bundle.",
            bundle=bundle,
        )
    from whosthat.networks.onnx_writer import parity
    from whosthat.networks.tflite_writer import tflite_difference, write_tflite

    graph = opened.graph()
    progress.say(_("Building {network} in Keras to check the export.", network=opened.facts.network))
    model = rebuild(opened)
    with whole_or_absent(out, suffix) as temporary:
        if format == "onnx":
            temporary.write_bytes(graph)
        elif format == "keras":
            model.save_weights(temporary)
            model.load_weights(temporary)  # so that the comparison judges the file, not what it was made from
        pictures = _pictures(PrepareSpec.from_dict(opened.facts.prepare))
        _refuse(parity(model, graph, pictures), _("Graph and weights of the bundle disagree; train again."))
        if format == "tflite":
            write_tflite(model, temporary)
            _refuse(tflite_difference(temporary, graph, pictures), _("The TensorFlow Lite file answers otherwise than the ONNX graph."))
        check_target(out, suffix, overwrite)  # that took a while: somebody may have put a file there
    progress.say(_("Wrote {file}.", file=out))
    return out


def rebuild(bundle: Bundle) -> Any:
    """Build a bundle's network in Keras again, with the weights that it was saved with.

    Raises ExportError when the network stands in a Python file of the user's own that has not been loaded, BundleError for damaged weights.
    """
    from whosthat.networks import registry
    from whosthat.networks.design import Design
    from whosthat.networks.weights import load_weights
    from whosthat.training.recipe import make_recipe

    facts = bundle.facts
    if facts.network not in registry.names():
        raise ExportError(
            "The network {network!r} is not part of whosthat. {choice} If it is in a Python file of your own, load "
            "that file first with whosthat.networks.registry.load_custom.",
            network=facts.network,
            choice=did_you_mean(facts.network, registry.names()),
        )
    spec = PrepareSpec.from_dict(facts.prepare)
    network = make_recipe(facts.recipe, _("the recipe in {folder}", folder=bundle.folder)).network.model_dump()
    design = Design(n_classes=len(facts.labels), size=spec.size, frames=spec.frames or 1, weights="none", **network)
    model = registry.build(facts.network, design)
    load_weights(model, bundle.weights_file())
    return model


def _refuse(difference: float, problem: str) -> None:
    """Raise ExportError where probabilities differ by too much, or where the difference is no number."""
    if not difference <= ONNX_PARITY_TOLERANCE:
        raise ExportError(
            "{problem} Probabilities differ by up to {difference:.2g} ({allowed:.0e} is allowed). Nothing was exported.",
            problem=problem,
            difference=difference,
            allowed=ONNX_PARITY_TOLERANCE,
        )


def _pictures(spec: PrepareSpec) -> Image:
    """Drawn pictures, which look like photos to a network, and noise, which reaches what they do not."""
    drawn: list[Image] = [prepare(draw_hero(name, seed=0), spec) for name in HEROES[:3]]
    noise = np.random.default_rng(0).integers(0, 256, spec.shape, dtype=np.uint8)
    return np.stack([*drawn, noise])


def check_target(out: Path, suffix: str, overwrite: bool) -> None:
    """Refuse a name that is a folder's, or does not end in the suffix, or is taken; UsageError."""
    if out.is_dir():
        raise UsageError(
            "{folder} is a folder. Name the file to write, such as {file}{suffix}.", folder=out, file=out / "network", suffix=suffix
        )
    if not out.name.endswith(suffix):
        raise UsageError(
            "Files of this format must end in {suffix}, got {name!r}. Name the file {stem}{suffix}.",
            suffix=suffix,
            name=out.name,
            stem=out.stem,
        )
    if not overwrite and os.path.lexists(out):
        raise UsageError("{file} already exists. Choose another name, or allow overwriting.", file=out)


@contextmanager
def whole_or_absent(out: Path, suffix: str) -> Iterator[Path]:
    """Give a temporary file beside the target, and move it in when the block ends well."""
    temporary = out.with_name(f".new-{secrets.token_hex(4)}{suffix}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(out)
        durable.sync_folder(out.parent)
    except OSError as error:
        raise ExportError(
            "{file} cannot be written: {error}. Make room, or choose another folder.", file=out, error=system_reason(error)
        ) from error
    finally:
        with suppress(OSError):  # a folder that cannot be written holds no temporary file
            temporary.unlink(missing_ok=True)
