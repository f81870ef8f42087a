"""Arguments and options that several commands share, so that they read and behave alike.

A command's own options stand in its module. What a command does with them does not belong here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

DATA, MODEL, FACES, NETWORK, OUTPUT = GROUPS = ("Data", "Model", "Faces", "Network", "Output")
"""What the options of a long help page are about, in its order."""

PhotosArgument = Annotated[
    Path,
    typer.Argument(
        metavar="PHOTOS", help="Folder that holds one folder of photos for each person or class.", show_default=False, rich_help_panel=DATA
    ),
]
BundleArgument = Annotated[
    Path, typer.Argument(metavar="BUNDLE", help="A saved recogniser: a bundle, a run's folder, or runs/latest.", show_default=False)
]
RunsOption = Annotated[Path, typer.Option("--runs", metavar="FOLDER", help="Folder that holds the runs.", rich_help_panel=OUTPUT)]
StrangersOption = Annotated[
    Path | None,
    typer.Option(
        "--strangers", metavar="DIR", help="Photos of people in none of the folders: strangers.", show_default=False, rich_help_panel=DATA
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write one JSON document to standard output.", rich_help_panel=OUTPUT)]
CustomOption = Annotated[
    Path | None,
    typer.Option(
        "--custom",
        metavar="FILE.py",
        help="Python file with a network of your own. It is executed: read it first.",
        show_default=False,
        rich_help_panel=MODEL,
    ),
]


def _a_number(value: float | None) -> float | None:
    """Refuse "nan", which is neither below nor above any limit."""
    if value is not None and math.isnan(value):
        raise typer.BadParameter("nan is not a number from 0 to 1.")
    return value


MinAccuracyOption = Annotated[
    float | None,
    typer.Option(
        "--min-accuracy",
        metavar="X",
        min=0.0,
        max=1.0,
        callback=_a_number,
        help="End with exit code 4 when the accuracy is below X (0 to 1).",
        show_default=False,
        rich_help_panel=OUTPUT,
    ),
]


def new_app(help: str | None = None) -> typer.Typer:
    """Return an empty typer application with the settings that every command shares."""
    return typer.Typer(
        help=help,
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
                with formatter.section(group or "Options"):
                    formatter.write_dl(records)


def load_own_networks(custom: Path | None) -> Sequence[str]:
    """Run the file given with ``--custom``, if one was, and return the names of the networks that it registers.

    Raises:
        UsageError: It is no Python file.
        NetworkError: It fails, or registers nothing.
    """
    if custom is None:
        return ()
    from whosthat.networks.registry import load_custom

    return load_custom(custom)


def examples(*lines: str) -> str:
    """Return the end of a help page: example command lines, not to be wrapped.

    Args:
        lines: Command lines without ``whosthat``.
    """
    return "\n".join(["\b", "Examples:", *(f"  whosthat {line}" for line in lines)])
