"""What asking for a key costs: a request's share of it in processor time, and the rate beside a server that is open.

    python -m benchmarks.keys

The first is timed in this process, part by part; the quickest of many turns counts. The second loads two servers in
turns, as `make bench` does. Bars: 2 µs a request; 0.9 of the rate.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from benchmarks.__main__ import tell
from benchmarks.bars import SCORELINE, WITHOUT_KEYS
from benchmarks.servers import Cores
from benchmarks.serving import Plan, measure
from benchmarks.ways import Scoreline, WithoutKeys
from benchmarks.worlds import NAMES, make_world
from scoreline.app.settings import Settings, open_app
from scoreline.web.fastlane.call import Call
from scoreline.web.fastlane.targets import Target
from scoreline.web.gate import KeyGate
from scoreline.web.seat import Seat

N_CALLS, N_TURNS = 2000, 50
USUAL = [(b"host", b"127.0.0.1:9090"), (b"content-type", b"application/json"), (b"content-length", b"300")]


def main() -> int:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=2, help="of each load")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each server")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        for what, seconds in costs(Path(folder)).items():
            print(f"{what:<40}{seconds * 1e6:>8.2f} µs")
        cores = Cores(sorted(os.sched_getaffinity(0)))
        os.sched_setaffinity(0, {cores.load})
        plans = [Plan(1, 32, arguments.rounds, arguments.seconds)]
        for name in NAMES:
            world = make_world(name, Path(folder) / name)
            for cell in measure(world, [Scoreline(), WithoutKeys()], plans, cores, tell):
                ours, theirs = cell.rates[SCORELINE], cell.rates[WITHOUT_KEYS]
                print(
                    f"{name:<10}{ours.requests_per_second:>10,.0f}/s with keys"
                    f"{theirs.requests_per_second:>10,.0f}/s open"
                    f"{ours.requests_per_second / theirs.requests_per_second:>8.3f}"
                    f"   processor {ours.processor_seconds * 1e6:.1f} and {theirs.processor_seconds * 1e6:.1f} µs"
                )
    return 0


def costs(folder: Path) -> dict[str, float]:
    """Time the parts of a check: reading the header, and letting in what is known."""
    with open_app(Settings.of(home=folder / "home", environment={})) as app:
        gate = KeyGate(app.security, seat=Seat(0, folder), n_workers=2)
        rates = {"a key": 0.0, "a key with a rate": 1e9}
        secrets = {
            what: app.security.create_key("load", role="scorer", rate=rate).secret for what, rate in rates.items()
        }
        found = {"its header": _header(secrets["a key"])}
        for what, secret in secrets.items():
            header = f"Bearer {secret}".encode()
            asyncio.run(gate.identify(header, "score"))
            found[f"letting in {what}"] = _quickest(partial(_let_in, gate, header))
        return found


def _header(secret: str) -> float:
    """Return what reading the headers of a request takes more when one of them is a key."""
    protocol = SimpleNamespace(client=("127.0.0.1", 1))
    target = cast("Target", SimpleNamespace(dialect=None, space=b""))
    call = Call(cast("Any", protocol), target, keep_alive=True, started_at=0.0)
    call.request_id = "x"

    def reading(headers: list[tuple[bytes, bytes]]) -> float:
        return _quickest(lambda: call.read_headers(headers))

    return reading([*USUAL, (b"authorization", f"Bearer {secret}".encode())]) - reading(USUAL)


def _let_in(gate: KeyGate, header: bytes) -> None:
    """Do what the fast lane does."""
    known = gate.known(header, b"")
    assert known is not None
    known.admit("score")
    "default/credit" in known.reached  # noqa: B015 that is all it does


def _quickest(work: Callable[[], object]) -> float:
    """Return the processor seconds of one call."""
    taken = []
    for _ in range(N_TURNS):
        begun = time.process_time()
        for _ in range(N_CALLS):
            work()
        taken.append(time.process_time() - begun)
    return min(taken) / N_CALLS


if __name__ == "__main__":
    sys.exit(main())
