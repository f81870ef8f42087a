"""``whosthat models``: the networks that can be trained, those that find and embed faces, and whether their weights are here."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from whosthat.cli.options import BundleArgument, JsonOption, argument, examples, new_app, option
from whosthat.cli.output import show, show_json, show_table
from whosthat.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from whosthat.faces.models import DetectorFacts, EmbedderModel
    from whosthat.networks.registry import NetworkFacts

Shown = tuple[dict[str, Any], list[str], list[tuple[str, str]]]
"""Of one model: the JSON document; for people, the lines before the table, and its rows."""

app = new_app("Show the models, and add weights files to them.")

NameArgument = Annotated[str, argument("NAME", "A model, as the list names it.")]
FileArgument = Annotated[
    Path, argument("FILE", "A weights file that was published, or your own face network (ONNX).", exists=True, dir_okay=False)
]
_DESCRIBE_HELP = "What your own face network is: docs/embedders.md shows one."
DescribeOption = Annotated[Path | None, option("--describe FILE.toml", _DESCRIBE_HELP, exists=True, dir_okay=False)]
PhotoArgument = Annotated[Path, argument("PHOTO", "A photo.")]
DrawOption = Annotated[Path, option("--draw FILE.png", "The picture that is saved; .jpg and .webp work too.")]
OwnNameArgument = Annotated[str, argument("NAME", "A face network that you added.")]


@app.command("list", epilog=examples("models list", "models list --json"))
def list_them(as_json: JsonOption = False) -> None:
    """List the networks."""
    from whosthat.networks import registry

    known = [registry.facts(name) for name in registry.names()]
    of_faces = _face_files()
    if as_json:
        show_json([*(_describe(facts) for facts in known), *of_faces])
        return
    rows = [(one.name, str(one.input_size), f"{one.parameters:,}", _weights(one), one.title) for one in known]
    show_table(("name", "pixels", "parameters", "weights", "what it is"), rows, right=("pixels", "parameters"))
    show("", "For faces (--model faces):")
    rows = [
        (one["name"], f"{one['bytes']:,}", one["licence"], "here" if one["weights_here"] else "not here", one["source"]) for one in of_faces
    ]
    show_table(("weights", "bytes", "licence", "present", "source"), rows, right=("bytes",))


@app.command(
    "add",
    epilog=examples("models add face_detection_yunet_2026may.onnx", "models add my-net.onnx --describe my-net.toml"),
    no_args_is_help=True,
)
def add(file: FileArgument, describe: DescribeOption = None) -> None:
    """Add a weights file; which one it is shows in its checksum, not in its name.

    With --describe, add a face network of your own: it is compared with its description, tried, and kept.
    """
    if describe is not None:
        from whosthat.faces.models import add_embedder
        from whosthat.faces.own_embedders import read_description
        from whosthat.networks import registry

        own = add_embedder(file, read_description(describe), reserved=(*registry.names(), "faces"))
        show(f"{file} is added as {own.file.name} ({own.file.licence}); choose it with {_choosing(own.file.name)}.")
        return
    from whosthat.faces.models import EMBEDDERS
    from whosthat.faces.weight_files import add_weights

    added = add_weights(file)
    use = f"choose it with {_choosing(added.part_of)}" if added.part_of in EMBEDDERS else "it is used from now on"
    show(f"{file} is the weights of {added.part_of} ({added.licence}); {use}.")


@app.command("remove", epilog=examples("models remove my-net"), no_args_is_help=True)
def remove(name: OwnNameArgument) -> None:
    """Remove a face network that you added; recognisers that were trained with it keep their own copy."""
    from whosthat.faces.own_embedders import embedder_names, remove_embedder

    if not remove_embedder(name):
        known = embedder_names()
        advice = did_you_mean(name, known) if known else "None was added."
        raise UsageError(f"No face network named {name!r} was added. {advice}")
    show(f"{name} is removed. Recognisers that were trained with it keep their own copy.")


@app.command("show", epilog=examples("models show cnn6", "models show yunet"), no_args_is_help=True)
def show_one(name: NameArgument, as_json: JsonOption = False) -> None:
    """Show everything that is known about a model."""
    from whosthat.faces.models import DETECTORS, all_embedders, embedder_model
    from whosthat.networks import registry

    if name in all_embedders():
        document, lead, rows = _shown_embedder(embedder_model(name))
    elif name in DETECTORS:
        document, lead, rows = _shown_detector(DETECTORS[name])
    elif name in registry.names():
        document, lead, rows = _shown_network(name)
    else:
        raise UsageError(f"There is no model named {name!r}. {did_you_mean(name, [*registry.names(), *all_embedders(), *DETECTORS])}")
    if as_json:
        show_json(document)
    else:
        show(*lead)
        show_table(("fact", "value"), rows)


@app.command("activations", epilog=examples("models activations runs/latest photo.jpg --draw layers.png"), no_args_is_help=True)
def activations(bundle: BundleArgument, photo: PhotoArgument, draw: DrawOption) -> None:
    """Draw what a network sees in a photo, layer by layer: of each convolution and pooling the maps with most contrast.

    The first maps still look like the photo, the last ones are small and say how much of something is where.
    """
    from whosthat.workflow.explaining import draw_activations

    draw_activations(bundle, photo, draw)
    show(f"What the layers see is drawn in {draw}.")


def _choosing(embedder: str) -> str:
    return f"--model faces --set embedder={embedder}"


def _shown_network(name: str) -> Shown:
    from whosthat.networks import registry

    document = _describe(registry.facts(name))
    cells = document | {"options": ", ".join(document["options"]), "weights_here": "yes" if document["weights_here"] else "no"}
    rows = [(key.replace("_", " "), _cell(value)) for key, value in cells.items() if value not in ("", 0, False, None)]
    return document, [document["title"], "", *registry.describe(name).splitlines(), ""], rows


def _shown_embedder(model: EmbedderModel) -> Shown:
    from whosthat.faces.weight_files import find_weights

    here = find_weights(model.file) is not None
    known = {**asdict(model.file), "dimensions": model.facts.dimensions, "weights_here": here}
    keys = ("name", "licence", "source", "dimensions", "file", "bytes", "sha256", "package")
    rows = [(key, _cell(known[key])) for key in keys if known[key]]
    for detector, template in model.facts.templates.items():
        points = ", ".join(f"({x:g}, {y:g})" for x, y in template.points)
        rows.append((f"points, {detector} detector", f"{points} of {template.size} x {template.size} pixels. {template.origin}"))
    rows += [("weights here", "yes" if here else "no"), ("choose it", _choosing(model.facts.name))]
    return {**known, "templates": model.facts.templates}, [], rows


def _shown_detector(detector: DetectorFacts) -> Shown:
    from whosthat.faces.models import is_here
    from whosthat.faces.weight_files import FILES

    files = [FILES[name] for name in detector.files]
    here = is_here(detector.files)
    rows = [("licence", files[0].licence), ("source", files[0].source)]
    rows += [("file", f"{file.file}, {file.bytes:,} bytes, SHA-256 {file.sha256}") for file in files]
    rows += [("weights here", "yes" if here else "no"), ("choose it", f"--model faces --set detector={detector.name}")]
    document = {"name": detector.name, "title": detector.title, "files": [asdict(file) for file in files], "weights_here": here}
    return document, [f"{detector.title}.", ""], rows


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _face_files() -> list[dict[str, Any]]:
    """Return the weights of detectors and embedders, with whether each is here."""
    from whosthat.faces.own_embedders import own_embedders
    from whosthat.faces.weight_files import FILES, find_weights

    files = [*FILES.values(), *(own.file for own in own_embedders().values())]
    return [{**asdict(file), "weights_here": find_weights(file) is not None} for file in files]


def _describe(facts: NetworkFacts) -> dict[str, Any]:
    from whosthat.workflow.doctor import weights_here

    return {**asdict(facts), "weights_here": weights_here(facts)}


def _weights(facts: NetworkFacts) -> str:
    return "random" if facts.weights == "none" else f"{facts.weights}, {'here' if _describe(facts)['weights_here'] else 'not here'}"
