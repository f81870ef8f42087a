"""Measure the figures of docs/RESULTS.md and write them there.

    python -m benchmarks              all of them (hours: training from scratch is among them)
    python -m benchmarks startup fit  those named

Each benchmark is a module with ``TITLE``, ``measure() -> list[Row]`` and a docstring that says what is measured and how.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import re
from pathlib import Path

from benchmarks.measuring import Row, machine

RESULTS = Path(__file__).resolve().parents[1] / "docs" / "RESULTS.md"
BENCHMARKS = sorted(file.stem for file in Path(__file__).parent.glob("*.py") if "\nTITLE = " in file.read_text(encoding="utf-8"))
HEAD = """# Measured

Every figure that the documentation claims, with the command that measured it, the machine and the day. `make bench` measures
all of them again.
Machines are noisy: medians of several runs, and ratios measured side by side in one run.
"""


def section(name: str, rows: list[Row]) -> str:
    """One benchmark's part of the page."""
    module = importlib.import_module(f"benchmarks.{name}")
    lines = [f"<!-- {name} -->", f"## {module.TITLE}", "", (module.__doc__ or "").strip(), ""]
    lines += [
        f"`python -m benchmarks {name}` on {machine()}, {datetime.date.today()}.",
        "",
        "| what | measured | to reach |",
        "|---|---|---|",
    ]
    lines += [f"| {row.what} | {row.figure} | {row.target} |" for row in rows]
    return "\n".join([*lines, f"<!-- /{name} -->"])


def write(name: str, text: str) -> None:
    """Put a section in its place in the page, or at its end."""
    page = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else HEAD
    place = re.compile(rf"<!-- {name} -->.*<!-- /{name} -->", re.S)
    page = place.sub(lambda _: text, page) if place.search(page) else f"{page.rstrip()}\n\n{text}\n"
    RESULTS.write_text(page, encoding="utf-8")


def main() -> None:
    """Run the benchmarks that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="which; all when none is named")
    for name in parser.parse_args().names or BENCHMARKS:
        print(f"{name} ...", flush=True)
        rows = importlib.import_module(f"benchmarks.{name}").measure()
        for row in rows:
            print(f"  {row.what}: {row.figure}" + (f" (to reach: {row.target})" if row.target else ""), flush=True)
        write(name, section(name, rows))


if __name__ == "__main__":
    main()
