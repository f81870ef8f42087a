"""``whosthat models``: the networks that can be trained, those that find and embed faces, and whether their weights are here."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from whosthat.cli.options import JsonOption, examples, new_app
from whosthat.cli.output import show, show_json, show_table

if TYPE_CHECKING:
    from whosthat.networks.registry import NetworkFacts

app = new_app("Show the models, and add weights files to them.")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="A network, as the list names it.", show_default=False)]

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A weights file that was published.", show_default=False)]


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


@app.command("add", epilog=examples("models add face_detection_yunet_2026may.onnx"), no_args_is_help=True)
def add(file: FileArgument) -> None:
    """Add a weights file; which one it is shows in its checksum, not in its name."""
    from whosthat.faces.weights import add_weights

    added = add_weights(file)
    show(f"{file} is the weights of {added.part_of} ({added.licence}); it is used from now on.")


@app.command("show", epilog=examples("models show cnn6"), no_args_is_help=True)
def show_one(name: NameArgument, as_json: JsonOption = False) -> None:
    """Show everything that is known about a network."""
    from whosthat.networks import registry

    facts = registry.facts(name)
    if as_json:
        show_json(_describe(facts))
        return
    show(facts.title, "", *registry.describe(name).splitlines(), "")
    rows = [(key.replace("_", " "), f"{value:,}" if isinstance(value, int) else str(value)) for key, value in _facts_to_show(facts).items()]
    show_table(("fact", "value"), rows)


def _face_files() -> list[dict[str, Any]]:
    """Return the weights of detectors and embedders, with whether each is here."""
    from whosthat.faces.weights import FILES, find_weights

    return [{**asdict(file), "weights_here": find_weights(file.name) is not None} for file in FILES.values()]


def _facts_to_show(facts: NetworkFacts) -> dict[str, Any]:
    described = _describe(facts)
    described["options"] = ", ".join(described["options"])
    described["weights_here"] = "yes" if described["weights_here"] else "no"
    return {key: value for key, value in described.items() if value not in ("", 0, False, None)}


def _describe(facts: NetworkFacts) -> dict[str, Any]:
    from whosthat.workflow.doctor import weights_here

    return {**asdict(facts), "weights_here": weights_here(facts)}


def _weights(facts: NetworkFacts) -> str:
    if facts.weights == "none":
        return "random"
    return f"{facts.weights}, {'here' if _describe(facts)['weights_here'] else 'not here'}"
