"""How a process of Python that runs a module of ours is started."""

from __future__ import annotations

import os
import site
import sys
from pathlib import Path


def command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs ``module``."""
    # -P: a file called random.py in the user's folder is not the library's
    return [sys.executable, "-P", "-m", module, *arguments]


def path() -> str:
    """Return the child's ``PYTHONPATH``: the parent's, and the folder of this package where it is not installed."""
    folder = str(Path(__file__).parents[2])
    installed = folder in {*site.getsitepackages(), site.getusersitepackages()}
    inherited = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    return os.pathsep.join(inherited if installed else [folder, *inherited])
