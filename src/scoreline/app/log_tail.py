"""The end of a deployment's prediction log as lines of text, read in a process of its own.

A worker does not read tables: what that takes would stay in its memory.
"""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import groupby
from typing import TYPE_CHECKING

from scoreline.core import python
from scoreline.core.errors import Unavailable

if TYPE_CHECKING:
    from scoreline.app.settings import App

LONGEST_SECONDS = 20.0
MOST_LINES = 5000


def read_tail(app: App, space: str, name: str, n_lines: int) -> str:
    """Return the last requests of a deployment that were answered, a line each, the newest last. Raises Unavailable."""
    command = python.command("scoreline.app.log_tail", str(app.settings.home), space, name, str(n_lines))
    environment = os.environ | {"PYTHONPATH": python.path(), "POLARS_MAX_THREADS": "1"}
    try:
        ended = subprocess.run(  # noqa: S603 (ourselves)
            command, env=environment, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=True
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        raise Unavailable(
            f"the prediction log of `{name}` could not be read", hint=f"scoreline log {name} --space {space} says why"
        ) from None
    return ended.stdout


def _print_tail(home: str, space: str, name: str, n_lines: int) -> None:
    from scoreline.app.prediction_log import Wanted, newest
    from scoreline.app.settings import Settings, open_app

    with open_app(Settings.of(home=home, space=space)) as app:
        records = newest(app, Wanted(name), n_lines)
    columns = ["time", "request_id", "version", "latency_ms", "dialect"]
    rows = records.select(columns).iter_rows() if len(records) else ()
    for (time, request_id, version, milliseconds, dialect), same in groupby(rows):
        n_rows = len(list(same))
        print(  # noqa: T201 (what this process is for)
            f"{time.isoformat(timespec='milliseconds')} {dialect} 200 {milliseconds:.3f}ms "
            f"rows={n_rows} version={version} request={request_id}"
        )


if __name__ == "__main__":
    _print_tail(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
