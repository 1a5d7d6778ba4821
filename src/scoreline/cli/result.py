"""Options of commands that make a scoring pipeline: what becomes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from scoreline.cli.command import option

RESULT = "What becomes of it"

Output = Annotated[Path | None, option("--output -o", "FILE", "Write the scoring pipeline here too.", RESULT)]
Register = Annotated[bool, option("--register/--no-register", None, "Make it the model's next version.", RESULT)]
Promote = Annotated[
    bool | None,
    option("--promote/--no-promote", None, "Make it @champion; by default only a model's first version.", RESULT),
]
