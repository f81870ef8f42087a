"""The public names with their docstrings as one Markdown page: ``python docs/make_api.py > docs/api.md``; a test keeps it up to date."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import whosthat
from whosthat import errors

PROGRAMS = Path(__file__).with_name("programs")

HEAD = """# The Python API

This page is made from the docstrings (`make docs`). Everything here is imported from `whosthat`; nothing heavy is loaded before it is used.
The programs at the end show each thing at work."""


def markdown() -> str:
    """Return the whole page."""
    public = {name: getattr(whosthat, name) for name in whosthat.__all__ if not name.startswith("_")}
    failures = {name: value for name, value in public.items() if inspect.isclass(value) and issubclass(value, Exception)}
    functions = {name: value for name, value in public.items() if inspect.isfunction(value)}
    types = {name: value for name, value in public.items() if name not in failures | functions}
    return "\n\n".join([HEAD, "## Functions", *_described(functions), "## Types", *_described(types), *_failures(), *_programs()]) + "\n"


def _described(things: dict[str, object]) -> Iterator[str]:
    for name, thing in things.items():
        yield f"### {name}"
        if inspect.isfunction(thing):
            yield _signature(name, thing)
        yield _text(thing)
        for inner, member in vars(thing).items() if inspect.isclass(thing) else ():
            if not inner.startswith("_") and (inspect.isfunction(member) or isinstance(member, property)) and member.__doc__:
                yield f"#### {name}.{inner}"
                if inspect.isfunction(member):
                    yield _signature(inner, member)
                yield _text(member)


def _signature(name: str, function: object) -> str:
    shown = re.sub(r"<whosthat.progress[\w.]* object at \w+>", "SILENT", str(inspect.signature(function)))
    shown = re.sub(r"((?:: |-> )\*?)'([^']*)'", r"\1\2", shown)
    if len(shown) > 100:
        shown = "(\n    " + re.sub(r", (?=\w+: |\*(?:,|\*))", ",\n    ", shown[1:].replace(") -> ", ",\n) -> "))
    return f"```python\n{name}{shown}\n```"


def _text(thing: object) -> str:
    """Turn a docstring into Markdown: headings of sections in bold, their entries as lists, examples as code."""
    text = re.sub(r"``([^`]+)``", r"`\1`", inspect.getdoc(thing) or "")
    summary, *sections = re.split(r"^(Args|Attributes|Returns|Raises|Example):\n", text, flags=re.M)
    parts = [summary.strip()]
    for title, body in zip(sections[::2], sections[1::2], strict=True):
        body = inspect.cleandoc(body)
        if title == "Example":
            parts.append(f"```python\n{body}\n```")
        elif title == "Returns":
            parts.append(f"**Returns:** {body}")
        else:
            parts.append(f"**{title}:**\n\n" + re.sub(r"^(\**\w+):", r"- `\1`:", body, flags=re.M))
    return "\n\n".join(parts)


def _failures() -> Iterator[str]:
    tree, rest = inspect.cleandoc(errors.__doc__ or "").split("\n\nA message")
    yield "## Errors"
    yield tree.split("\n\n")[0] + " Those that are not in `whosthat` itself are in `whosthat.errors`."
    yield "```text\n" + inspect.cleandoc(tree.split("\n\n", 1)[1]) + "\n```"
    yield f"A message{rest.splitlines()[0]}"


def _programs() -> Iterator[str]:
    yield "## Twelve programs"
    for path in sorted(PROGRAMS.glob("*.py")):
        summary, code = re.match(r'"""(.*?)"""\n\n(.*)', path.read_text(encoding="utf-8"), re.S).groups()
        yield f"### [{path.stem}](programs/{path.name})\n\n{summary}\n\n```python\n{code}```"


if __name__ == "__main__":
    sys.stdout.write(markdown())
