"""A command is a function of a `Session`; every command gets the same three options, examples and exit codes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from scoreline.cli.exits import EXIT_CODES
from scoreline.cli.session import Session

EVERYWHERE = "Everywhere"
"""Title of the options that every command has."""


def argument(metavar: str, what: str) -> Any:
    """Return an argument as a command's signature declares it."""
    return typer.Argument(metavar=metavar, help=what, show_default=False)


def option(
    names: str,
    metavar: str | None,
    what: str,
    panel: str | None = None,
    *,
    default: bool = False,
    variable: str | None = None,
    choices: Callable[[], list[str]] | None = None,
) -> Any:
    """Return an option: its names (``--output -o``), its value's name (``None`` for a flag), what it is for.

    ``default`` shows the default; without it ``what`` says what holds otherwise. ``variable`` of the environment sets
    it where it is not given. ``choices`` are what a shell completes it to.
    """

    def complete(incomplete: str) -> list[str]:
        return [choice for choice in choices() if choice.startswith(incomplete)] if choices else []

    return typer.Option(
        *names.split(),
        metavar=metavar,
        help=what,
        rich_help_panel=panel,
        show_default=default,
        envvar=variable,
        autocompletion=complete if choices else None,
    )


Home = Annotated[
    Path | None,
    typer.Option(
        "--home", metavar="DIR", envvar="SCORELINE_HOME", help="Where state lives.", rich_help_panel=EVERYWHERE
    ),
]
AsJson = Annotated[bool, option("--json", None, "One JSON document on stdout; everything else on stderr.", EVERYWHERE)]
Debug = Annotated[
    bool,
    typer.Option(
        "--debug", envvar="SCORELINE_DEBUG", help="Show the traceback of an error.", rich_help_panel=EVERYWHERE
    ),
]

Space = Annotated[
    str | None, option("--space", "NAME", "Where models and deployments are.", variable="SCORELINE_SPACE")
]
"""Commands that name models or deployments have it, too."""

EXAMPLES: dict[str, tuple[str, ...]] = {}
"""Command → its examples, as they are typed."""


def command(
    app: typer.Typer, name: str, *examples: str, panel: str, in_space: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add ``function(session, …)`` to ``app`` as the command ``name``, with ``examples`` in its help.

    The name of a command in a `group` begins with the group's: ``key create``.
    """

    def add(function: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(function)
        hints = get_type_hints(function, include_extras=True)
        own = [p.replace(annotation=hints[p.name]) for p in signature.parameters.values() if p.name != "session"]
        shared = [
            inspect.Parameter(parameter, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
            for parameter, annotation, default in (
                *([("space", Space, None)] if in_space else []),
                ("home", Home, None),
                ("as_json", AsJson, False),
                ("debug", Debug, False),
            )
        ]

        @wraps(function)
        def run(**given: Any) -> None:
            given.pop("debug")
            space = given.pop("space") if in_space else None
            function(Session(home=given.pop("home"), as_json=given.pop("as_json"), space=space), **given)

        keyword_only = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
        run.__signature__ = signature.replace(parameters=[*keyword_only, *shared])  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in [*own, *shared]}
        EXAMPLES[name] = examples
        app.command(name.rpartition(" ")[2], epilog=_epilog(examples), rich_help_panel=panel)(run)
        return function

    return add


def group(app: typer.Typer, name: str, what: str, *, panel: str) -> typer.Typer:
    """Add commands that share their first word to ``app``; return what they are added to."""
    made = typer.Typer(
        help=what,
        no_args_is_help=True,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.add_typer(made, name=name, rich_help_panel=panel)
    return made


def every(commands: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each command as typer made it, with all its words: those of groups one by one."""
    for name, made in commands.items():
        inside = getattr(made, "commands", None)
        if inside is None:
            yield f"{before}{name}", made
        else:
            yield from every(inside, f"{before}{name} ")


def _epilog(examples: tuple[str, ...]) -> str:
    title = "Example" if len(examples) == 1 else "Examples"
    lines = "\n".join(f"  [bold]{example.replace('[', chr(92) + '[')}[/bold]" for example in examples)
    return f"{title}\n{lines}\n\n{exit_code_line()}"


def exit_code_line() -> str:
    """Return the exit codes in one paragraph, for every command's help."""
    known = " · ".join(f"{code} {meaning.split(':')[0]}" for code, meaning in EXIT_CODES.items())
    return f"[dim]Exit codes: {known}[/dim]"
