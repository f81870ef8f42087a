"""``whosthat export``: a recogniser's network for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from whosthat.cli.options import BundleArgument, CustomOption, JsonOption, examples, load_own_networks, new_app, option
from whosthat.cli.output import say, show, show_json
from whosthat.cli.terminal import terminal_progress

app = new_app()


FormatOption = Annotated[Literal["onnx", "keras"], option("--format", "ONNX graph, or Keras weights.")]
OverwriteOption = Annotated[bool, option("--overwrite", "Replace a file that is there.")]
OutOption = Annotated[Path, option("--out FILE", "File to write.")]


@app.command(
    epilog=examples("export runs/latest --out heroes.onnx", "export bundle --format keras --out h.weights.h5"), no_args_is_help=True
)
def export(
    bundle: BundleArgument,
    out: OutOption,
    format: FormatOption = "onnx",
    overwrite: OverwriteOption = False,
    custom: CustomOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a recogniser's network as ONNX or Keras weights.

    What was written is read again and must give the same answers as the recogniser.
    """
    say(f"Writing the network of {bundle} to {out}.")
    from whosthat.workflow.export import export as export_bundle

    load_own_networks(custom)
    with terminal_progress() as progress:
        written = export_bundle(bundle, format, out, overwrite=overwrite, progress=progress)
    if as_json:
        show_json({"bundle": bundle, "format": format, "file": written})
    else:
        show(str(written))
