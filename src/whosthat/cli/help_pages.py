"""Every help page as one Markdown page: ``python -m whosthat.cli.help_pages > docs/commands.md``.

A test compares the page in ``docs/`` with what this module makes, so the two cannot drift apart.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from whosthat.cli.commands import COMMANDS, root_help
from whosthat.cli.lazy import load_command
from whosthat.translation import using

WIDTH = 100

HEAD = """# The commands

This page is made from the help of the commands themselves (`make docs`).

Data goes to standard output, messages go to standard error. Exit codes:

| code | means |
|---|---|
| 0 | done |
| 1 | failed: training that cannot go on, no room, no permission |
| 2 | wrong usage: an option, a run or a file named on the command line that does not exist, does not fit or cannot be written |
| 3 | bad data: photos, a bundle or a library that are not there, damaged or cannot be used |
| 4 | a quality gate that was asked for (`--min-accuracy`) was not reached |
| 130, 143 | stopped by Ctrl-C, by SIGTERM |

`--lang zh_TW` anywhere behind `whosthat`, or `WHOSTHAT_LANG=zh_TW` in the environment, asks for Traditional Chinese, and `en` for
English; left out, the computer's language decides. Where its characters cannot be shown, whosthat speaks English and says so. JSON and
CSV have the same keys and values in every language; only sentences in them differ.

`WHOSTHAT_DEBUG=1` shows where in the program an error arose.
"""


def markdown() -> str:
    """Return the whole page."""
    with using("en"):
        pages = [("whosthat", root_help())]
        for name in COMMANDS:
            pages += _pages(load_command(name), f"whosthat {name}")
    return "\n".join([HEAD, *(f"## {title}\n\n```text\n{page.strip()}\n```\n" for title, page in pages)])


def _pages(command: Any, title: str) -> Iterator[tuple[str, str]]:
    """Yield the help of a command and of the commands inside it."""
    context = command.context_class(command, info_name=title, **command.context_settings | {"terminal_width": WIDTH})
    yield title, "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    arguments = [parameter.make_metavar(context) for parameter in command.params if parameter.param_type_name == "argument"]
    for name, inner in getattr(command, "commands", {}).items():
        yield from _pages(inner, " ".join([title, *arguments, name]))


if __name__ == "__main__":
    sys.stdout.write(markdown())
