"""Write the parts of ``docs/`` that the code already knows: the commands, and the list of decisions.

``python tools/reference.py`` writes them; with ``--check`` it ends with status 1 where a file is not up to date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from scoreline.cli.command import EVERYWHERE, EXAMPLES, every
from scoreline.cli.exits import EXIT_CODES
from scoreline.cli.run import app

DOCS = Path(__file__).parents[1] / "docs"
TABLE = "| number | decision |\n|---|---|\n"


def commands() -> str:
    """Return ``reference/cli.md``."""
    group: Any = get_command(app)
    parts = [
        "# Commands\n",
        "Written by `make docs` from the commands themselves; `scoreline COMMAND --help` says the same.\n",
        "\n".join(_shared(next(iter(group.commands.values())))),
        "\n".join(["| exit code | meaning |", "|---|---|", *(f"| {n} | {what} |" for n, what in EXIT_CODES.items())]),
    ]
    parts += ["\n".join(_command(name, command)) for name, command in every(group.commands)]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _shared(command: Any) -> Iterator[str]:
    yield "Every command has these:"
    yield ""
    yield from _options([parameter for parameter in command.params if _panel(parameter) == EVERYWHERE])


def _command(name: str, command: Any) -> Iterator[str]:
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and _panel(p) != EVERYWHERE]
    yield f"## {name}"
    yield ""
    yield command.help.strip()
    yield ""
    needed = [f"{option.opts[0]} {option.metavar}" for option in options if option.required]
    yield f"    scoreline {' '.join([name, *(argument.metavar for argument in arguments), *needed])}"
    yield ""
    if arguments:
        yield from (f"* `{argument.metavar}`: {argument.help}" for argument in arguments)
        yield ""
    if options:
        yield from _options(options)
        yield ""
    yield "For example:"
    yield ""
    yield from (f"    {example}" for example in EXAMPLES[name])


def _options(options: list[Any]) -> Iterator[str]:
    yield "| option | meaning |"
    yield "|---|---|"
    for option in options:
        names = ", ".join([*option.opts, *option.secondary_opts])
        value = f" {option.metavar}" if option.metavar else ""
        default = f" Default: `{option.default}`." if option.show_default is True and option.default is not None else ""
        variable = f" Environment: `{option.envvar}`." if option.envvar else ""
        required = " Required." if option.required else ""
        if not option.metavar:
            default = ""
        yield f"| `{names}{value}` | {option.help}{required}{default}{variable} |"


def _panel(parameter: Any) -> str | None:
    panel: str | None = getattr(parameter, "rich_help_panel", None)
    return panel


def decisions() -> str:
    """Return ``decisions/README.md`` with the table of all decisions."""
    folder = DOCS / "decisions"
    head, _, _ = (folder / "README.md").read_text(encoding="utf-8").partition(TABLE)
    rows = []
    for path in sorted(folder.glob("[0-9]*.md")):
        first_line = path.read_text(encoding="utf-8").partition("\n")[0]
        title = first_line.removeprefix("# ").lstrip("0123456789. ")
        rows.append(f"| {path.name[:4]} | [{title}]({path.name}) |\n")
    return head + TABLE + "".join(rows)


def main() -> int:
    """Write the files, or check them; return the exit code."""
    stale = []
    for name, text in (("reference/cli.md", commands()), ("decisions/README.md", decisions())):
        path = DOCS / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(f"docs/{name}")
        if "--check" not in sys.argv:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if stale and "--check" in sys.argv:
        print(f"not up to date: {', '.join(stale)}; make docs writes them")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
