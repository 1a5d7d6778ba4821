"""The command line: ``scoreline``. Each command calls a use case of ``app`` and renders what it returns."""

from __future__ import annotations

import importlib.util
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    if any(importlib.util.find_spec(name) is None for name in ("typer", "rich")):
        print(
            "scoreline: the command line needs typer and rich, which are not installed\n"
            "hint: pip install 'scoreline[all]'; scoreline.load(path) works without them",
            file=sys.stderr,
        )
        sys.exit(1)
    from scoreline.cli.run import run

    sys.exit(run(sys.argv[1:]))
