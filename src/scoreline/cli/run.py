"""The whole command line: its commands, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from scoreline.cli.command import exit_code_line
from scoreline.cli.commands import (
    audit,
    callers,
    cert,
    demo,
    deployments,
    experiments,
    importing,
    keys,
    log,
    models,
    scoring,
    serving,
    spaces,
    traffic,
    users,
)
from scoreline.cli.exits import ERROR, INTERRUPTED, NOT_FOUND, TERMINATED, USAGE, error_document, exit_code
from scoreline.core.errors import ScorelineError

EPILOG = f"""Examples
  [bold]scoreline demo[/bold]
  [bold]scoreline experiment credit.csv --target creditability[/bold]

{exit_code_line()}"""

app = typer.Typer(
    name="scoreline",
    help="Turn a table into a live, monitored scoring service, and keep it right.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"scoreline {version('scoreline')}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None: ...


for room in (
    demo,
    experiments,
    scoring,
    importing,
    models,
    deployments,
    traffic,
    serving,
    callers,
    log,
    keys,
    users,
    spaces,
    audit,
    cert,
):
    room.add_to(app)


def run(arguments: Sequence[str]) -> int:
    """Run one command line; return its exit code. Errors are told, never raised, unless ``--debug`` asks for more."""
    signal.signal(signal.SIGTERM, _terminated)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="replace")
    told = _Told(arguments)
    try:
        result = get_command(app).main(list(arguments), prog_name="scoreline", standalone_mode=False)
        sys.stdout.flush()
    except TyperException as error:
        return told.usage(error)
    except ScorelineError as error:
        return told.error(error, exit_code(error), error.code, error.kind, error.message, error.hint)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ERROR
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "scoreline"):
            return told.internal(error)
        return told.error(
            error,
            ERROR,
            "missing_extra",
            "unsupported",
            f"this command needs the package {package}, which is not installed",
            "pip install 'scoreline[all]'",
        )
    except OSError as error:
        return told.system(error)
    except KeyboardInterrupt:
        return told.interrupted()
    except Exception as error:
        return told.internal(error)
    return told.interrupted() if result == INTERRUPTED else int(result or 0)


def _terminated(_number: int, _frame: Any) -> NoReturn:
    raise SystemExit(TERMINATED)


class _Told:
    """Tells an error: a sentence and a hint on stderr; with ``--json``, also the document on stdout."""

    def __init__(self, arguments: Sequence[str]) -> None:
        before_rest = list(arguments)[: arguments.index("--")] if "--" in arguments else arguments
        self.as_json = "--json" in before_rest
        self.debug = "--debug" in before_rest or os.environ.get("SCORELINE_DEBUG", "") not in ("", "0", "false")

    def error(self, error: BaseException, status: int, code: str, kind: str, message: str, hint: str = "") -> int:
        from rich.console import Console
        from rich.text import Text

        from scoreline.cli.session import render_json

        if self.debug:
            traceback.print_exception(error)
        console = Console(stderr=True, highlight=False, emoji=False)
        console.print(Text.assemble(("error: ", "bold red"), message), soft_wrap=True)
        if hint:
            console.print(Text.assemble(("hint:  ", "dim"), hint), soft_wrap=True)
        if self.as_json:
            print(render_json(error_document(code, kind, message, hint)), flush=True)
        return status

    def usage(self, error: TyperException) -> int:
        context = getattr(error, "ctx", None)
        where = context.command_path if context is not None else "scoreline"
        message = error.format_message().strip().removesuffix(".").replace("Value error, ", "")
        if not message or type(error).__name__ == "NoArgsIsHelpError":
            print(message, file=sys.stderr)
            return USAGE
        hint = f"{where} --help shows every option and an example"
        return self.error(error, USAGE, "usage", "invalid", message[:1].lower() + message[1:], hint)

    def system(self, error: OSError) -> int:
        what = f"{error.filename}: " if error.filename else ""
        missing = isinstance(error, FileNotFoundError)
        message = f"{what}{(error.strerror or str(error)).lower()}"
        return self.error(
            error, NOT_FOUND if missing else ERROR, "system", "not_found" if missing else "internal", message
        )

    def interrupted(self) -> int:
        return self.error(KeyboardInterrupt(), INTERRUPTED, "interrupted", "unavailable", "interrupted")

    def internal(self, error: BaseException) -> int:
        hint = "" if self.debug else "the same command with --debug shows where; please report it with that"
        message = f"something went wrong inside Scoreline: {type(error).__name__}: {error}"
        return self.error(error, ERROR, "internal", "internal", message, hint)
