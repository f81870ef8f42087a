"""``whosthat export``: a recogniser's network, or a run's photos, for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from whosthat.cli.options import BundleArgument, CustomOption, JsonOption, examples, load_own_networks, new_app, option
from whosthat.cli.output import say, show, show_json
from whosthat.cli.terminal import terminal_progress
from whosthat.errors import UsageError
from whosthat.translation import N_, _

app = new_app()


FormatOption = Annotated[str, option("--format NAME", N_("onnx or tflite (the network), or keras (its weights)."))]
OverwriteOption = Annotated[bool, option("--overwrite", N_("Replace files that are there."))]
OutOption = Annotated[Path | None, option("--out FILE", N_("File to write the network to."))]
DatasetOption = Annotated[
    Path | None,
    option("--dataset DIR", N_("Write the photos of a run instead: dataset.h5 and labels.h5, validation photos with the training photos.")),
]


@app.command(
    help=N_("The network, as ONNX, TensorFlow Lite or Keras weights, must give the same answers as the recogniser, or nothing is written."),
    epilog=examples("""
        export runs/latest --out heroes.onnx
        export bundle --format tflite --out heroes.tflite
        export bundle --format keras --out h.weights.h5
        export runs/latest --dataset heroes
    """),  # not translated: command lines
)
def export(
    bundle: BundleArgument,
    out: OutOption = None,
    dataset: DatasetOption = None,
    format: FormatOption = "onnx",
    overwrite: OverwriteOption = False,
    custom: CustomOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer ``whosthat export``."""
    if dataset is not None and out is None:
        say(_("Writing the photos of {run} to {folder}.", run=bundle, folder=dataset))
        from whosthat.workflow.dataset_files import export_dataset

        with terminal_progress() as progress:
            written = export_dataset(bundle, dataset, overwrite=overwrite, progress=progress)
        document: dict[str, object] = {"run": bundle, "folder": written}
    elif out is not None and dataset is None:
        say(_("Writing the network of {bundle} to {out}.", bundle=bundle, out=out))
        from whosthat.workflow.export import export as export_bundle

        load_own_networks(custom)
        with terminal_progress() as progress:
            written = export_bundle(bundle, format, out, overwrite=overwrite, progress=progress)
        document = {"bundle": bundle, "format": format, "file": written}
    else:
        raise UsageError("Say what to write: either the network with --out FILE, or the photos of a run with --dataset DIR.")
    show_json(document) if as_json else show(str(written))
