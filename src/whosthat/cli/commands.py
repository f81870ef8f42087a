"""Which commands there are, and the first help page, which is made of nothing else.

What belongs here: one sentence a command. What does not: its options, which stand in the module of its name.
"""

from __future__ import annotations

COMMANDS = {
    "demo": "See the whole flow on pictures that whosthat draws itself.",
    "check": "Look for trouble in a folder of photos.",
    "train": "Train a recogniser, test it honestly and save it.",
    "compare": "Train several models, or one in several settings, and say which one to use.",
    "evaluate": "Test a saved recogniser on other photos.",
    "predict": "Say who or what is in photos and videos.",
    "people": "List the people whom a face recogniser knows; add, remove or rename them.",
    "export": "Write a recogniser's network, or the photos of its run, to files.",
    "report": "Write a run's report again, and open it.",
    "runs": "List runs, or set them side by side.",
    "models": "Show the models, and add weights files to them.",
    "desktop": "Open a window: choose a photo, see the name.",
    "doctor": "Check this installation.",
}
"""Every command with its one sentence. The command of name N is ``app`` in the module ``whosthat.cli.N``."""

_OPTIONS = {
    "--version": "Show the version.",
    "--install-completion": "Install completion for the current shell.",
    "--show-completion": "Show completion for the current shell, to copy it.",
    "-h, --help": "Show this page, or a command's own: whosthat train --help",
}


def root_help() -> str:
    """Return the page that ``whosthat --help`` shows."""
    lines = [
        "Usage: whosthat COMMAND [OPTIONS] ...",
        "",
        "  Folders of photos in; a recogniser you can trust out. Everything stays on this computer.",
        "",
        "Commands:",
        *_aligned(COMMANDS),
        "",
        "Options:",
        *_aligned(_OPTIONS),
        "",
        "Start with:",
        "  whosthat demo",
        "  whosthat train PHOTOS        one folder for each person or class",
        "  whosthat predict runs/latest photo.jpg",
    ]
    return "\n".join(lines) + "\n"


def _aligned(rows: dict[str, str]) -> list[str]:
    width = max(map(len, rows)) + 2
    return [f"  {name:<{width}}{sentence}" for name, sentence in rows.items()]
