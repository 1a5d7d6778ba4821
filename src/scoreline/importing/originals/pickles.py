"""Pickles and joblib files, whose code an administrator has allowed to run, here, where it can reach nothing."""

from __future__ import annotations

from pathlib import Path

import joblib

from scoreline.importing.original import Original
from scoreline.importing.originals.objects import original_of


def open_pickle(path: Path) -> Original:
    """Load a file, and so run the code in it. Only in a process that was confined strictly."""
    return original_of(joblib.load(path), "pickle")
