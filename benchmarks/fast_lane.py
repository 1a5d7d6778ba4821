"""Requests a second of the fast lane, beside the same requests through ASGI and a constant answered by the same lane.

    python benchmarks/fast_lane.py [--json FILE] [--seconds 4] [--rounds 3]

One row a request, rows rotating, native dialect; 200 trees of 31 leaves, with 16 numbers and with 13 categories and
7 numbers. Each server has the first core and wrk the second one. The ways take turns, so that a busy machine disturbs
all of them alike; the median of the rounds counts. A log line for each request is written where the table says so.
The server's processor time for each request says the same of a machine that others use, too.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from row_latency import TABLE, TARGET, export

import scoreline
from scoreline.app.settings import Settings, open_app
from scoreline.automl.problem import Problem
from scoreline.core.schema import Schema
from scoreline.data import encode_target, make_dataset, target_labels
from scoreline.serving.plane import Plane
from scoreline.serving.protocols.dialect import Reply
from scoreline.web import logs, server
from scoreline.web.app import create_app

WAYS = ("fast lane", "asgi", "constant", "fast lane, log", "asgi, log")
N_ROWS, N_NUMBERS = 2000, 16
BARS = {"numbers": 0.50, "mixed": None}
"""Share of the constant's rate that the design asks for."""
SCRIPT = """
local bodies, i = {}, 0
for line in io.lines(os.getenv("BODIES")) do bodies[#bodies + 1] = line end
local headers = {["content-type"] = "application/json"}
request = function()
  i = i % #bodies + 1
  return wrk.format("POST", nil, headers, bodies[i])
end
"""


def main() -> None:
    """Train, serve, load, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=4, help="seconds of each load")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each way")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--serve", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve, arguments.home)
        return
    if shutil.which("wrk") is None or len(os.sched_getaffinity(0)) < 2:
        print("this benchmark needs wrk (Debian: apt-get install wrk) and two cores")
        return
    with tempfile.TemporaryDirectory() as folder:
        report = measure(Path(folder), arguments.seconds, arguments.rounds)
    print_table(report)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


def serve(way: str, home: Path) -> None:
    """Answer on a free port, which is printed, until terminated."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    logs.log_to_stderr("json", requests=way.endswith("log"))
    if way == "constant":
        reply = Reply(b'{"deployment":"numbers","model":"numbers","version":1,"predictions":[{"prediction":1.0}]}')
        Plane.answer = lambda self, asked: [reply] * len(asked)  # type: ignore[method-assign,assignment]
    with open_app(Settings.of(home=home, environment={})) as app:
        web = create_app(app.registry, fast_lane=not way.startswith("asgi"))
        server.run(web, server.bind(port=0), ready=lambda url: print(url, flush=True))


def prepare(folder: Path) -> dict[str, Path]:
    """Register and deploy both models; return where the bodies of their requests are."""
    draw = np.random.default_rng(1)
    numbers = {f"x{j:02}": draw.normal(size=N_ROWS).round(4) for j in range(N_NUMBERS)}
    signal = sum(np.sin(values * (j + 1)) for j, values in enumerate(numbers.values()))
    tables = {"numbers": pl.DataFrame({**numbers, TARGET: np.where(signal > 0, "yes", "no")}), "mixed": TABLE}
    found = {}
    with open_app(Settings.of(home=folder / "home", environment={})) as app:
        for name, table in tables.items():
            dataset = make_dataset(table, name=name, target=TARGET)
            labels = target_labels(dataset, TARGET, "binary")
            schema = Schema(columns=tuple(column for column in dataset.schema.columns if column.name != TARGET))
            problem = Problem(schema=schema, task="binary", target=TARGET, labels=labels, scorer="log_loss")
            rows = dataset.frame.select(schema.names).to_dicts()
            export(problem, rows, encode_target(dataset, TARGET, "binary", labels), folder / f"{name}.scoreline")
            app.registry.register(folder / f"{name}.scoreline", name)
            app.registry.deploy(name, name)
            found[name] = folder / f"{name}.jsonl"
            found[name].write_text("".join(json.dumps(row) + "\n" for row in rows))
    return found


@contextmanager
def serving(way: str, folder: Path) -> Iterator[tuple[str, int]]:
    """Run a server of this kind as a process; give its URL and process id."""
    command = [sys.executable, __file__, "--serve", way, "--home", str(folder / "home")]
    with (folder / f"{way}.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip(), process.pid
    finally:
        process.terminate()
        process.wait()


def load(url: str, bodies: Path, connections: int, seconds: int) -> tuple[float, float]:
    """Load a server; return requests a second and the median latency in seconds."""
    script = bodies.with_suffix(".lua")
    script.write_text(SCRIPT)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), url]
    core = max(os.sched_getaffinity(0))
    done = subprocess.run(
        ["taskset", "-c", str(core), *command],
        env=os.environ | {"BODIES": str(bodies)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    if "Non-2xx" in done or "Socket errors" in done:
        raise SystemExit(done)
    p50 = re.search(r"50%\s+([\d.]+)(us|ms|s)", done)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done)
    assert p50 is not None
    assert rate is not None
    return float(rate[1]), float(p50[1]) * {"us": 1e-6, "ms": 1e-3, "s": 1.0}[p50[2]]


def processor_seconds(process: int) -> float:
    """Return what a process has used of the processor, in it and in the kernel for it."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(folder: Path, seconds: int, rounds: int) -> dict[str, Any]:
    """Load every way in turns."""
    bodies = prepare(folder)
    found: dict[str, dict[str, Any]] = {name: {} for name in bodies}
    with ExitStack() as stack:
        servers = {way: stack.enter_context(serving(way, folder)) for way in WAYS}
        for name, file in bodies.items():
            many: dict[str, list[float]] = {way: [] for way in WAYS}
            one: dict[str, list[float]] = {way: [] for way in WAYS}
            busy: dict[str, list[float]] = {way: [] for way in WAYS}
            for _ in range(rounds):
                for way, (url, process) in servers.items():
                    score = f"{url}/api/v1/deployments/{name}/score"
                    before = processor_seconds(process)
                    many[way].append(load(score, file, 32, seconds)[0])
                    busy[way].append((processor_seconds(process) - before) / (many[way][-1] * seconds))
                    one[way].append(load(score, file, 1, max(seconds // 2, 1))[1])
            for way in WAYS:
                found[name][way] = {
                    "requests_per_second": statistics.median(many[way]),
                    "processor_seconds_a_request": statistics.median(busy[way]),
                    "p50_seconds_one_connection": statistics.median(one[way]),
                }
    return {"ways": found, "scoreline": scoreline.__version__, "seconds": seconds, "rounds": rounds}


def print_table(report: dict[str, Any]) -> None:
    """Print rates and ratios."""
    for name, ways in report["ways"].items():
        print(f"\n{name:<20}{'requests/s':>12}{'of constant':>13}{'times asgi':>12}", end="")
        print(f"{'processor µs':>14}{'p50 µs, 1 conn':>16}")
        rates = {way: figures["requests_per_second"] for way, figures in ways.items()}
        for way, rate in rates.items():
            p50 = ways[way]["p50_seconds_one_connection"] * 1e6
            ratios = f"{rate / rates['constant']:>13.2f}{rate / rates['asgi']:>12.2f}"
            busy = ways[way]["processor_seconds_a_request"] * 1e6
            print(f"{way:<20}{rate:>12,.0f}{ratios}{busy:>14,.1f}{p50:>16,.0f}")
        if bar := BARS[name]:
            share = rates["fast lane"] / rates["constant"]
            print(f"{share:.2f} of the constant's rate: {'within' if share >= bar else 'UNDER'} the bar of {bar}")


if __name__ == "__main__":
    main()
