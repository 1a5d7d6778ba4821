"""Open files: a connection is one, and a server that has none left can accept nobody."""

from __future__ import annotations

import importlib
import logging
from typing import Any

N_OTHER_FILES = 512
"""Kept for what is no connection: models, the registry, logs, and those who are turned away."""
FEW_CONNECTIONS = 1000

log = logging.getLogger("scoreline.web")


def room_for_connections(n_wanted: int) -> int:
    """Raise this process's limit of open files as far as ``n_wanted`` connections need; return how many fit in it."""
    try:
        resource: Any = importlib.import_module("resource")
    except ImportError:  # on Windows, which has no such limit either
        return n_wanted
    n_files = n_wanted + N_OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if soft == unlimited or soft >= n_files:
        return n_wanted
    soft = n_files if hard == unlimited else min(n_files, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == n_files:
        return n_wanted
    room = max(soft - N_OTHER_FILES, soft // 2)
    if room < FEW_CONNECTIONS:
        log.warning("open files are limited to %d (ulimit -n): there is room for %d connections", soft, room)
    return room
