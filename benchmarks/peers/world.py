"""The world that a peer serves: ``WORLD`` in the environment is the folder with the table and its model."""

from __future__ import annotations

import json
import os
from pathlib import Path

WORLD = Path(os.environ["WORLD"])
COLUMNS = json.loads((WORLD / "columns.json").read_text(encoding="utf-8"))
NUMBERS: list[str] = COLUMNS["numbers"]
TEXTS: list[str] = COLUMNS["texts"]
TARGET: str = COLUMNS["target"]
