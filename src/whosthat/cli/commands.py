"""Which commands there are, and the first help page, which is made of nothing else.

What belongs here: one sentence a command. What does not: its options, which stand in the module of its name.
"""

from __future__ import annotations

from whosthat.translation import N_, _

COMMANDS = {
    "demo": N_("See the whole flow on pictures that whosthat draws itself."),
    "check": N_("Look for trouble in a folder of photos."),
    "library": N_("Keep a library of photos: scan them, see what it holds, forget somebody."),
    "discover": N_("Group the faces of unsorted photos by person, to be named."),
    "correct": N_("Say who a face of a library is, or is not, and take it back."),
    "find": N_("Find photos of a library by people, dates, folders and faces."),
    "train": N_("Train a recogniser, test it honestly and save it."),
    "compare": N_("Train several models, or one in several settings, and say which one to use."),
    "evaluate": N_("Test a saved recogniser on other photos."),
    "predict": N_("Say who or what is in photos and videos."),
    "watch": N_("Tell who comes before a camera or into a folder, as it happens."),
    "people": N_("List the people whom a face recogniser knows; add, remove or rename them."),
    "untag": N_("Take a name out of the metadata of photos, where whosthat wrote it."),
    "export": N_("Write a recogniser's network, or the photos of its run, to files."),
    "report": N_("Write a run's report again, and open it."),
    "runs": N_("List runs, set them side by side, or move a threshold."),
    "models": N_("Show the models, and add weights files to them."),
    "serve": N_("Answer programs over HTTP."),
    "desktop": N_("Open a window: choose a photo, see the name."),
    "studio": N_("Do everything on a page in the browser."),
    "doctor": N_("Check this installation."),
}
"""Every command with the sentence that its help begins with. The command of name N is ``app`` in the module ``whosthat.cli.N``."""

LANG_HELP = N_("Language: en or zh_TW; left out, that of WHOSTHAT_LANG or of the computer.")

_OPTIONS = {
    "--lang CODE": LANG_HELP,
    "--version": N_("Show the version."),
    "--install-completion": N_("Install completion for the current shell."),
    "--show-completion": N_("Show completion for the current shell, to copy it."),
    "-h, --help": N_("Show this page, or a command's own: whosthat train --help"),
}


def root_help() -> str:
    """Return the page that ``whosthat --help`` shows."""
    lines = [
        _("Usage: whosthat COMMAND [OPTIONS] ..."),
        "",
        "  " + _("Folders of photos in; a recogniser you can trust out. Everything stays on this computer."),
        "",
        _("Commands:"),
        *_aligned(COMMANDS),
        "",
        _("Options:"),
        *_aligned(_OPTIONS),
        "",
        _("Start with:"),
        "  whosthat demo",  # not translated: a command
        "  whosthat train PHOTOS        " + _("one folder for each person or class"),  # not translated: a command
        "  whosthat predict runs/latest photo.jpg",  # not translated: a command
    ]
    return "\n".join(lines) + "\n"


def _aligned(rows: dict[str, str]) -> list[str]:
    width = max(map(len, rows)) + 2
    return [f"  {name:<{width}}{_(sentence)}" for name, sentence in rows.items()]
