"""A thing that a tutorial has its reader do: a command, what of it is changed, what it answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
SECONDS = 60


class World(NamedTuple):
    """Servers that answer for the tutorials' models."""

    folder: Path
    """Where commands are run."""
    values: Mapping[str, str]
    """What stands in the place of the tutorials' hosts, keys and names."""
    expected: Mapping[str, Any]
    """What the models answer by themselves."""


class Step(NamedTuple):
    """One command."""

    tutorial: str
    does: str
    command: str
    """As it is printed or, of a script without a licence, the call of one of ours that does the same."""
    changed: dict[str, str]
    """What is printed → the name of the value in its place."""
    original: str
    """What the tutorial shows for an answer."""
    check: Callable[[World, str], None]
    """Asserts on what is printed."""
    files: Mapping[str, str] = {}
    """What the tutorial has its reader save before."""
    environment: Mapping[str, str] = {}
    """Variables of the script → names of values."""
    show: Callable[[str], str] = str
    """What of the answer is worth a look."""

    @property
    def id(self) -> str:
        """The name of its test."""
        return f"{self.tutorial}: {self.does}"

    def run(self, world: World) -> str:
        """Run the command, with our values in place of what is printed; return what it prints."""
        for name, content in self.files.items():
            (world.folder / name).write_text(content)
        line = self.command
        for printed, value in self.changed.items():
            assert printed in line, printed
            line = line.replace(printed, world.values[value])
        variables = {name: world.values[value] for name, value in self.environment.items()}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=world.folder,
            env={"PATH": path, "HOME": str(world.folder), "CURL_CA_BUNDLE": "cert.pem", **variables},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def told(self, world: World, answer: str) -> dict[str, Any]:
        """Return what the page shows of it: an answer without the addresses of this run."""
        shown = self.show(answer)
        for name, value in sorted(world.values.items(), key=lambda item: -len(item[1])):
            shown = shown.replace(value, f"<{name}>") if value.startswith("http") else shown
        changed = {what: f"our {name.partition(' ')[2]}" for what, name in {**self.changed, **self.environment}.items()}
        plain = ("tutorial", "does", "command", "original", "files")
        return {name: getattr(self, name) for name in plain} | {"answer": shown, "changed": changed}


def said(answer: str) -> Any:
    """Read an answer that is JSON."""
    return json.loads(answer)
