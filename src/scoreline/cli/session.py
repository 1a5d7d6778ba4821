"""One command's surroundings: where it speaks, in which form, and the state it works on."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console, RenderableType
from rich.text import Text

from scoreline.cli.render.theme import THEME, indented, mark, page_width, section

if TYPE_CHECKING:
    from scoreline.app.settings import App

QUIET_SECONDS = 10.0
"""Without a terminal, progress is a line at most this often."""
PIPE_WIDTH = 120
"""Cells of a line where nobody says how wide it may be: a pipe or a file."""


class Session:
    """What a command is given: consoles, the form of its answer, the opened application.

    What lasts goes to stdout, what moves goes to stderr. With ``as_json`` stdout holds one JSON document and nothing
    else, so the report moves to stderr.
    """

    def __init__(self, *, home: Path | None = None, as_json: bool = False, space: str | None = None) -> None:
        self.home = home
        self.space = space
        self.as_json = as_json
        self.progress = _console(sys.stderr)
        self._told_at = time.monotonic()
        self.report = self.progress if as_json else _console(sys.stdout)

    @cached_property
    def program(self) -> str:
        """How this program is called from here: by name where the shell finds it, else by its path."""
        if shutil.which("scoreline"):
            return "scoreline"
        script = Path(sys.argv[0])
        if script.name != "scoreline":
            return f"{shlex.quote(sys.executable)} -m scoreline"
        return shlex.quote(os.path.relpath(script) if script.is_relative_to(Path.cwd()) else str(script))

    @cached_property
    def app(self) -> App:
        """The application on the home that was asked for; opened at first use."""
        from scoreline.app.settings import Settings, open_app

        return open_app(Settings.of(home=self.home, space=self.space))

    @property
    def home_option(self) -> str:
        """What a command must say to meet this home again: nothing where the environment says it already."""
        from scoreline.app.settings import Settings

        home = self.app.settings.home
        return "" if home == Settings.of().home else f" --home {shlex.quote(str(home))}"

    @property
    def space_option(self) -> str:
        """What it must say to meet this space again."""
        from scoreline.app.settings import Settings

        space = self.app.settings.space
        return "" if space == Settings.of().space else f" --space {shlex.quote(space)}"

    @property
    def width(self) -> int:
        """Return the cells that a report may use."""
        return page_width(self.report)

    @property
    def live(self) -> bool:
        """Whether progress may be redrawn in place."""
        return self.progress.is_terminal and not self.progress.is_dumb_terminal

    def audited(self, action: str, target: str) -> None:
        """Write into the audit log what a command has changed."""
        from scoreline.app import security as use_cases

        use_cases.record(self.app, action, target)

    def say(self, *bodies: RenderableType) -> None:
        """Write to the report."""
        for body in bodies:
            self._write(body)

    def section(self, title: str, *bodies: RenderableType) -> None:
        """Write a part of the report under a heading."""
        self._write(section(title, self.width))
        for body in bodies:
            self._write(indented(body))

    def done(self, text: str) -> None:
        """Say that what was asked for is done."""
        self.say(Text.assemble(mark("passed"), " ", text))

    def nothing(self, text: str, command: str) -> None:
        """Say that there is nothing to show, and the command that changes this."""
        self.note(f"{text}; begin with: {command}")

    def next(self, *commands: str, in_space: bool = True) -> None:
        """Tell what to type next, on stderr, so that a pipe gets the answer only."""
        options = self.home_option + (self.space_option if in_space else "")
        for command in commands:
            self.note(f"  next: {self.program} {command}{options}")

    def commands(self, rows: Sequence[tuple[str, str]]) -> None:
        """Write commands to type and what each does: beside it where there is room, else above it."""
        room = max(len(command) for command, _ in rows)
        beside = room + max(len(what) for _, what in rows) + 4 <= self.width
        for command, what in rows:
            if not beside:
                self.say(Text(f"  # {what}", "quiet"))
            line = Text.assemble("  ", (command.ljust(room) if beside else command, "command"))
            self.report.print(line.append(f"  {what}", "quiet") if beside else line, soft_wrap=True)

    def literal(self, text: str, style: str = "") -> None:
        """Write text to the report as it is: not wrapped, so that it can be pasted."""
        self.report.print(Text(text, style=style), soft_wrap=True)

    def note(self, text: str) -> None:
        """Write a line beside the answer, on stderr."""
        self.progress.print(Text(text, style="quiet"), soft_wrap=True)

    @contextmanager
    def busy(self, what: str) -> Iterator[Callable[[str], None]]:
        """Show that something takes time, where that can be taken away again; give a function that says how far."""
        if not self.live:
            yield self._seldom
            return
        with self.progress.status(Text(what, style="quiet"), spinner_style="accent") as status:
            yield lambda text: status.update(Text(text, style="quiet"))

    def document(self, content: Any) -> None:
        """Write the one JSON document to stdout."""
        sys.stdout.write(render_json(content) + "\n")
        sys.stdout.flush()

    def _seldom(self, text: str) -> None:
        if time.monotonic() - self._told_at >= QUIET_SECONDS:
            self._told_at = time.monotonic()
            self.note(text)

    def _write(self, body: RenderableType) -> None:
        if self.report.is_terminal:
            self.report.print(body, width=self.width)
            return
        with self.report.capture() as captured:
            self.report.print(body, width=self.width)
        for line in captured.get().splitlines():
            self.report.file.write(line.rstrip() + "\n")


def render_json(content: Any) -> str:
    """``content`` as JSON, indented; NaN and infinities become ``null``, times ISO 8601."""
    return msgspec.json.format(msgspec.json.encode(content, enc_hook=str), indent=2).decode()


def _console(stream: Any) -> Console:
    console = Console(file=stream, theme=THEME, highlight=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in console._environ:
        console.width = PIPE_WIDTH
    return console
