"""What being watched costs a request: the meters' note of it, its counting, and its line in the log.

    python -m benchmarks.watching

Requests of one row, as many to a run as come in one turn of the event loop; notes are counted 2000 at a time, as they
are at 20,000 requests a second. Each part is timed by itself in this process, and the quickest of many turns counts:
what others do on the machine makes the rest. To compare: a request costs a server 40 µs (docs/decisions/0080).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.worlds import NAMES, World, make_world
from scoreline.serving.active import Active
from scoreline.serving.meters import COUNT_SECONDS, Meters
from scoreline.serving.plane import Asked, Plane, Run
from scoreline.serving.protocols import DIALECTS
from scoreline.web.logs import log_to_stderr
from scoreline.web.request_log import choose_requests, log_scored
from scoreline.web.requests import new_request_id

BATCHES = (1, 8, 32)
REQUESTS_A_SECOND = 20_000
N_TURNS = 100


class Scored(Asked):
    """A request as the fast lane gives it to the log."""

    __slots__ = ("target",)
    target: Address
    by = "load"


class Address:
    """What the log knows of the address that was asked."""

    dialect = DIALECTS["native"]

    def __init__(self, path: str) -> None:
        self.path = path


class Kept:
    """A watcher that keeps the runs."""

    def __init__(self) -> None:
        self.runs: list[Run] = []

    def answered(self, run: Run) -> None:
        """Keep ``run``."""
        self.runs.append(run)


def main() -> None:
    """Measure, print."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name in NAMES:
            world = make_world(name, Path(folder) / name)
            print(f"\n{name:<12}{'note µs':>12}{'count µs':>12}{'JSON line µs':>14}{'text line µs':>14}")
            for batch in BATCHES:
                runs = answered(world, batch)
                note, count = metered(runs, world.folder)
                lines = [logged(runs, form) for form in ("json", "text")]
                print(f"{batch:>3} a run   " + "".join(f"{seconds * 1e6:>13.2f}" for seconds in (note, count, *lines)))


def answered(world: World, batch: int) -> list[Run]:
    """Answer the requests that come between two counts."""
    active = Active(world.name, world.name, 1, "sha256:0", world.pipeline, datetime.now(UTC))
    target = Address(f"/api/v1/deployments/{world.name}/score")
    kept = Kept()
    plane = Plane([kept])
    bodies = [json.dumps(row).encode() for row in world.draw(batch)]
    for _ in range(int(REQUESTS_A_SECOND * COUNT_SECONDS) // batch):
        requests = [
            Scored(target.dialect, body, active, request_id=new_request_id(), caller="127.0.0.1") for body in bodies
        ]
        for request in requests:
            request.target = target
        plane.answer(requests)
    return kept.runs


def metered(runs: list[Run], folder: Path) -> tuple[float, float]:
    """Return the seconds that noting and counting a request take, with totals in a file."""
    meters = Meters()
    (folder / "totals").mkdir(exist_ok=True)
    meters.open(folder / "totals")

    def note() -> None:
        for run in runs:
            meters.answered(run)

    taken = [(seconds_of(note), seconds_of(meters.count)) for _ in range(N_TURNS)]
    meters.close()
    n_requests = sum(len(run.asked) for run in runs)
    return min(first for first, _ in taken) / n_requests, min(second for _, second in taken) / n_requests


def logged(runs: list[Run], form: Any) -> float:
    """Return the seconds that a request's line takes, written to nowhere."""
    stderr = sys.stderr
    with Path(os.devnull).open("w", encoding="utf-8") as sys.stderr:
        log_to_stderr(form)
        choose_requests("all")

        def log() -> None:
            for run in runs:
                log_scored(run.asked, time.perf_counter())  # type: ignore[arg-type]

        taken = min(seconds_of(log) for _ in range(N_TURNS))
    sys.stderr = stderr
    return taken / sum(len(run.asked) for run in runs)


def seconds_of(work: Callable[[], None]) -> float:
    """Time ``work``."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
