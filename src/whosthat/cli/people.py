"""``whosthat people``: whom a face recogniser knows, and changing that without training again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from whosthat.cli.options import BundleArgument, JsonOption, examples, new_app
from whosthat.cli.output import say, show_json, show_table
from whosthat.cli.terminal import terminal_progress
from whosthat.wording import counted

app = new_app("List the people whom a face recogniser knows; add, remove or rename them.")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The person's name.", show_default=False)]
NewNameArgument = Annotated[str, typer.Argument(metavar="NEW_NAME", help="The name from now on.", show_default=False)]
PathsArgument = Annotated[
    list[Path], typer.Argument(metavar="PHOTOS...", help="Photos of this one person: files and folders.", show_default=False)
]
AnywayOption = Annotated[
    bool, typer.Option("--anyway", help="Enrol the photos even if they seem to show several people, or somebody who is known already.")
]


@app.command("list", epilog=examples("people list runs/latest"), no_args_is_help=True)
def list_them(bundle: BundleArgument, as_json: JsonOption = False) -> None:
    """List the people with the number of their enrolled photos."""
    from whosthat.workflow.people import list_people

    people = list_people(bundle)
    if as_json:
        show_json(people)
    else:
        show_table(("person", "photos"), [(one.name, f"{one.photos:,}") for one in people], right=("photos",))


@app.command(epilog=examples("people add runs/latest anna holiday/anna"), no_args_is_help=True)
def add(
    bundle: BundleArgument, name: NameArgument, photos: PathsArgument, anyway: AnywayOption = False, as_json: JsonOption = False
) -> None:
    """Enrol photos of somebody, new or known.

    Photos that do not show one person, or show somebody who is enrolled under another name, are refused. The distance from which
    on a face is unknown stays as it was fitted in training.
    """
    from whosthat.workflow.people import add_person

    with terminal_progress() as progress:
        added = add_person(bundle, name, photos, anyway=anyway, progress=progress)
    say(*(f"{item.path} was not enrolled: {item.reason}." for item in added.left))
    say(f"{counted(len(added.photos), 'photo')} of {added.name} enrolled. {_threshold_sentence(added.threshold)}")
    if as_json:
        show_json(added)


@app.command(epilog=examples("people remove runs/latest anna"), no_args_is_help=True)
def remove(bundle: BundleArgument, name: NameArgument, as_json: JsonOption = False) -> None:
    """Remove somebody: embeddings, cache entries, pictures in the run.

    A receipt beside the bundle says what was deleted. The photos themselves, other runs and copies of the bundle are not touched.
    """
    from whosthat.workflow.people import remove_person

    removed = remove_person(bundle, name)
    receipt = removed.receipt
    say(f"{receipt.removed} was removed: {counted(receipt.embeddings, 'embedding')} deleted. {_threshold_sentence(removed.threshold)}")
    say(f"The receipt is {removed.file}.", receipt.kept)
    if as_json:
        show_json(receipt)


@app.command(epilog=examples("people rename runs/latest anna anna_k"), no_args_is_help=True)
def rename(bundle: BundleArgument, name: NameArgument, new_name: NewNameArgument) -> None:
    """Call somebody by another name."""
    from whosthat.workflow.people import rename_person

    rename_person(bundle, name, new_name)
    say(f"{name} is called {new_name} from now on.")


def _threshold_sentence(threshold: float) -> str:
    return f"The distance that earns a name stays {threshold:.3f}; train again to fit it anew."
