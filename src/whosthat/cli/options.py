"""Arguments and options that several commands share, so that they read and behave alike.

A command's own options stand in its module. What a command does with them does not belong here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

from whosthat.cli.output import only_answers
from whosthat.cluster import LOCAL
from whosthat.errors import DoubtError, UsageError, WhichFaceError, did_you_mean
from whosthat.translation import N_, _

DATA, MODEL, SERIES, FACES, NETWORK, OUTPUT = GROUPS = N_("Data"), N_("Model"), N_("Series"), N_("Faces"), N_("Network"), N_("Output")
"""What the options of a long help page are about, in its order."""


def argument(metavar: str, help: str, group: str | None = None, **more: Any) -> Any:
    """Return an argument of a command; ``more`` is what typer knows besides."""
    return typer.Argument(metavar=metavar, help=help, rich_help_panel=group, show_default=False, **more)


def option(shown: str, help: str, group: str | None = None, **more: Any) -> Any:
    """Return an option by what its help page shows, such as ``-m --model NAME``; without a word in capitals it is a flag."""
    words = shown.split()
    metavar = None if words[-1].startswith("-") else words.pop()
    return typer.Option(*words, metavar=metavar, help=help, rich_help_panel=group, **more)


def place_named(value: Path | None) -> Path | None:
    """Take s3://... for an address in storage, which a path of this computer cannot be."""
    from whosthat.photos.storage import place  # a help page does not pay for it

    return None if value is None else place(value)


_PHOTOS_HELP = N_("Folder that holds one folder of photos for each person or class; s3://bucket/folder, too.")
PHOTOS = argument("PHOTOS", _PHOTOS_HELP, DATA, callback=place_named)
PhotosArgument = Annotated[Path, PHOTOS]
BundleArgument = Annotated[Path, argument("BUNDLE", N_("A saved recogniser: a bundle, a run's folder, or runs/latest."))]
RunsOption = Annotated[Path, option("--runs FOLDER", N_("Folder that holds the runs."), OUTPUT)]
LibraryArgument = Annotated[Path, argument("LIB", N_("The library's folder."))]
_STRANGERS_HELP = N_("Photos of people in none of the folders: strangers.")
StrangersOption = Annotated[Path | None, option("--strangers DIR", _STRANGERS_HELP, DATA, callback=place_named)]


def engine_named(context: typer.Context, name: str) -> str:
    """Keep what a cluster's threads print out of the answers."""
    if name != LOCAL:
        context.with_resource(only_answers())
    return name


_ENGINE_HELP = N_("Where faces are found: local, on this computer, or ray, on a Ray cluster (docs/scale.md).")
EngineOption = Annotated[str, option("--engine NAME", _ENGINE_HELP, FACES, callback=engine_named)]
_DEVICE_HELP = N_(
    "Where networks run: cpu, cuda (a GPU, or an error), or auto; left out, what WHOSTHAT_DEVICE says, or cpu (docs/runtimes.md)."
)


def _use_device(context: typer.Context, name: str | None) -> None:
    if name is not None:
        from whosthat.inference.device import using

        context.with_resource(using(name))  # until the command ends


DeviceOption = Annotated[str | None, option("--device NAME", _DEVICE_HELP, MODEL, callback=_use_device)]
JsonOption = Annotated[bool, option("--json", N_("Write one JSON document to standard output."), OUTPUT)]
CustomOption = Annotated[
    Path | None, option("--custom FILE.py", N_("Python file with a network of your own. It is executed: read it first."), MODEL)
]


def _a_number(value: float | None) -> float | None:
    """Refuse "nan", which is neither below nor above any limit."""
    if value is not None and math.isnan(value):
        raise typer.BadParameter(_("nan is not a number from 0 to 1."))
    return value


_ACCURACY_HELP = N_("End with exit code 4 when the accuracy is below X (0 to 1).")
MinAccuracyOption = Annotated[float | None, option("--min-accuracy X", _ACCURACY_HELP, OUTPUT, min=0.0, max=1.0, callback=_a_number)]


def new_app() -> typer.Typer:
    """Return an empty typer application with the settings that every command shares."""
    return typer.Typer(
        help=None,  # the docstring of a group's function is no help
        add_completion=False,
        rich_markup_mode=None,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )


class GroupedCommand(typer.core.TyperCommand):
    """A command whose help page groups its options, by the ``rich_help_panel`` of each."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write each group under its heading; ``--help`` and what else has no group last."""
        for group in (*GROUPS, None):
            options = [one for one in self.get_params(ctx) if getattr(one, "rich_help_panel", None) == group]
            records = [record for record in (option.get_help_record(ctx) for option in options) if record]
            if records:
                with formatter.section(_(group or "Options")):
                    formatter.write_dl(records)


class NounFirst(typer.core.TyperGroup):
    """A group whose commands stand behind what they are about: ``people BUNDLE list``, ``library LIBRARY scan``."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that the word behind the noun names."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            ((noun, given),) = ((noun, str(given)) for noun, given in ctx.params.items())
            if given in self.commands:
                command = f"whosthat {ctx.info_name} {args[0]} {given}"  # not translated: a command
                if noun == "library":
                    raise UsageError("The library comes first: {command}", command=command)
                raise UsageError("The bundle comes first: {command}", command=command)
            raise UsageError('There is no command "{name}". {choice}', name=args[0], choice=did_you_mean(args[0], self.commands))
        return super().resolve_command(ctx, args)


@contextmanager
def hints(anyway: str) -> Iterator[None]:
    """Name the option that answers an error's question; ``anyway``, marked with `N_`, is the sentence that answers a doubt."""
    try:
        yield
    except (DoubtError, WhichFaceError) as error:
        hint = _(anyway) if isinstance(error, DoubtError) else _("--face N chooses one.")
        error.args = (f"{error}\n{hint}",)
        raise


def load_own_networks(custom: Path | None) -> Sequence[str]:
    """Run the file given with ``--custom``, if one was, and return the names of the networks that it registers."""
    if custom is None:
        return ()
    from whosthat.networks.registry import load_custom

    return load_custom(custom)


def about(*paragraphs: str) -> str:
    """Return the beginning of a help page: paragraphs, marked with `N_`, which are translated one by one."""
    return "\n\n".join(paragraphs)


def examples(commands: str) -> str:
    """Return the end of a help page: command lines, one a line and given without ``whosthat``, that are not to be wrapped."""
    lines = (f"  whosthat {line.strip()}" for line in commands.strip().splitlines())  # not translated: commands
    return "\n".join(["\b", N_("Examples:"), *lines])
