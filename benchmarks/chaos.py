"""Do to a server under full load what happens to servers, and count what its callers notice.

    python -m benchmarks.chaos [--swaps 100] [--rollbacks 20] [--kills 50] [--connections 64] [--workers 2]

First versions are promoted and rolled back: no request may fail, and every answer must be the very one of a version
that was active between sending and receiving. Then random workers are killed with SIGKILL: every request that was
answered must be in the prediction log, and none twice.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import polars as pl
from tests.artifacts import ROWS, tiny_artifact
from tests.processes import Server, environment, running

from benchmarks.callers import Address
from benchmarks.steady import Answer, Load, clock, loading
from benchmarks.versions import SWAP_SECONDS, Promotion, Verdict, judge
from scoreline.app.settings import App, Settings, open_app
from scoreline.serving.deployments import ActiveDeployments
from scoreline.serving.plane import Asked, Plane
from scoreline.serving.protocols import DIALECTS
from scoreline.serving.protocols.dialect import Reply

NAME = "credit"
SCORE = f"/api/v1/deployments/{NAME}/score"
BODY = json.dumps(ROWS[0]).encode()
PATIENCE_SECONDS = 20.0
"""How long a swap or a new worker is waited for before it counts as never."""
BACK_SECONDS = 2.0
CALM_SECONDS = 0.5
"""Full load between two deaths."""


class Deaths(NamedTuple):
    """What callers and the log tell of workers that were killed."""

    n_kills: int
    n_answered: int
    n_cut: int
    """Requests that had no answer yet when their worker died."""
    n_other: int
    """Answers that were no scores."""
    n_missing: int
    """Answered, and not in the log."""
    n_twice: int
    """More than once in the log."""
    back_seconds: tuple[float, ...]
    """After each death: how long until the worker in its place answered."""

    @property
    def is_faultless(self) -> bool:
        """Whether nothing was lost or doubled, and capacity always came back in time."""
        return not (self.n_other or self.n_missing or self.n_twice) and max(self.back_seconds) <= BACK_SECONDS


def main() -> int:
    """Do both, print what came of it; 1 where anything was lost, wrong or late."""
    arguments = _arguments()
    cores = sorted(os.sched_getaffinity(0))
    print(f"{arguments.workers} workers, {arguments.connections} connections at full load, {len(cores)} cores")
    faultless = True
    if arguments.swaps:
        with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
            verdict = swap_under_load(
                Path(folder),
                n_swaps=arguments.swaps,
                n_rollbacks=arguments.rollbacks,
                n_connections=arguments.connections,
                n_workers=arguments.workers,
            )
        print(told_of_swaps(verdict, arguments.swaps, arguments.rollbacks))
        faultless = verdict.is_faultless
    if arguments.kills:
        with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
            deaths = kill_under_load(
                Path(folder), n_kills=arguments.kills, n_connections=arguments.connections, n_workers=arguments.workers
            )
        print(told_of_deaths(deaths))
        faultless = faultless and deaths.is_faultless
    return 0 if faultless else 1


def told_of_swaps(verdict: Verdict, n_swaps: int, n_rollbacks: int) -> str:
    """Say what came of swaps."""
    return f"""
{n_swaps} promotions and {n_rollbacks} rollbacks under load
  answers                                            {verdict.n_answers:>12,}
  failed requests                                    {verdict.n_failed:>12,}
  answers of a version that was not active           {verdict.n_of_no_active_version:>12,}
  answers that are not what their version answers    {verdict.n_wrong:>12,}
  longest until a swap was everywhere (limit {SWAP_SECONDS:g} s)     {verdict.longest_swap_seconds:>10.2f} s
  longest that nobody was answered                   {verdict.longest_gap_seconds:>10.3f} s"""


def told_of_deaths(deaths: Deaths) -> str:
    """Say what came of deaths."""
    ordered = sorted(deaths.back_seconds)
    return f"""
{deaths.n_kills} workers killed with SIGKILL under load
  answered requests                                  {deaths.n_answered:>12,}
  requests cut off before their answer               {deaths.n_cut:>12,}
  other answers                                      {deaths.n_other:>12,}
  answered, and missing in the prediction log        {deaths.n_missing:>12,}
  twice in the prediction log                        {deaths.n_twice:>12,}
  until the next worker answered: median             {ordered[len(ordered) // 2]:>10.2f} s
                                  longest (limit {BACK_SECONDS:g} s) {ordered[-1]:>10.2f} s"""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--swaps", type=int, default=100, help="versions that are promoted; 0: none")
    parser.add_argument("--rollbacks", type=int, default=20)
    parser.add_argument("--kills", type=int, default=50, help="workers that are killed; 0: none")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args()


@contextmanager
def world(folder: Path, n_versions: int) -> Iterator[tuple[App, dict[int, bytes]]]:
    """Register versions whose answers differ; deploy the first; give what each must answer to ``BODY``."""
    with open_app(Settings.of(home=folder / "home", environment={})) as app:
        for number in range(1, n_versions + 1):
            file = folder / f"{number}.scoreline"
            tiny_artifact(file, weight=number / 1000, name=NAME)
            app.registry.register(file)
        app.registry.promote(NAME, 1)
        app.registry.deploy(NAME, NAME)
        yield app, dict(_answers(app, n_versions))


@contextmanager
def serving(app: App, folder: Path, n_workers: int) -> Iterator[Server]:
    """Run a server as its users do."""
    command = [
        "-m",
        "scoreline",
        "serve",
        "--open",
        "--home",
        str(app.home),
        "--port",
        "0",
        "--workers",
        str(n_workers),
        "--json",
    ]
    with running(command, folder, env=environment(SCORELINE_REQUEST_LOG="errors")) as server:
        yield server


def swap_under_load(folder: Path, *, n_swaps: int, n_rollbacks: int, n_connections: int, n_workers: int) -> Verdict:
    """Promote one version after the other, then roll back as often, as soon as all connections have met each."""
    answers: list[Answer] = []
    latest = [0] * n_connections

    def take(answer: Answer) -> None:
        answers.append(answer)
        latest[answer.connection] = answer.version

    def is_everywhere(version: int) -> Callable[[], bool]:
        return lambda: all(found == version for found in latest)

    with world(folder, n_swaps + 1) as (app, bodies), serving(app, folder, n_workers) as server:
        promotions = [Promotion(1, clock(), clock())]
        with loading(_load(server, take, n_connections)):
            wait_for(is_everywhere(1))
            wanted = [*range(2, n_swaps + 2), *range(n_swaps, n_swaps - n_rollbacks, -1)]
            for i, version in enumerate(wanted):
                begun_at = clock()
                if i < n_swaps:
                    app.registry.promote(NAME, version)
                else:
                    app.registry.rollback(NAME)
                promotions.append(Promotion(version, begun_at, clock()))
                wait_for(is_everywhere(version))
    return judge(promotions, answers, bodies)


def kill_under_load(folder: Path, *, n_kills: int, n_connections: int, n_workers: int, seed: int = 1) -> Deaths:
    """Kill one worker after the other, each when all answer; then compare what was answered with the log."""
    draw = random.Random(seed)
    answered: list[int] = []
    others: Counter[int] = Counter()

    def take(answer: Answer) -> None:
        if answer.status == http.HTTPStatus.OK:
            answered.append(answer.request_id)
        else:
            others[answer.status] += 1

    back_seconds = []
    with world(folder, 1) as (app, _):
        with serving(app, folder, n_workers) as server, loading(_load(server, take, n_connections)):
            for _ in range(n_kills):
                time.sleep(CALM_SECONDS)
                wait_for(lambda: len(server.workers) == n_workers)
                before = server.workers
                os.kill(draw.choice(sorted(before)), signal.SIGKILL)
                back_seconds.append(_seconds_until_another_answers(server, before))
            time.sleep(CALM_SECONDS)
        logged = _logged(app, folder / "log.parquet")
    counts = Counter(logged)
    return Deaths(
        n_kills=n_kills,
        n_answered=len(answered),
        n_cut=others.pop(0, 0),
        n_other=others.total(),
        n_missing=sum(number not in counts for number in answered),
        n_twice=sum(n > 1 for n in counts.values()),
        back_seconds=tuple(back_seconds),
    )


def wait_for(true: Callable[[], bool]) -> None:
    """Wait until it is so, or ``PATIENCE_SECONDS``."""
    deadline = clock() + PATIENCE_SECONDS
    while not true() and clock() < deadline:
        time.sleep(0.005)


def _seconds_until_another_answers(server: Server, before: set[int]) -> float:
    """Ask on one new connection after the other, until one is answered by a worker that was not there before.

    A connection that is dealt to a dead worker waits for its successor. They are kept until then: new connections go to
    the worker that has the fewest.
    """
    begun_at = clock()
    with contextlib.ExitStack() as kept:
        while clock() < begun_at + PATIENCE_SECONDS:
            connection = http.client.HTTPConnection(*server.address, timeout=PATIENCE_SECONDS)
            kept.callback(connection.close)
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection.request("GET", "/health/live")
                if json.loads(connection.getresponse().read())["pid"] not in before:
                    break
    return clock() - begun_at


def _answers(app: App, n_versions: int) -> Iterator[tuple[int, bytes]]:
    deployments = ActiveDeployments(app.registry)
    for version in range(1, n_versions + 1):
        app.registry.promote(NAME, version)
        deployments.refresh()
        (reply,) = Plane().answer([Asked(DIALECTS["native"], BODY, deployments.get(NAME))])
        assert isinstance(reply, Reply)
        yield version, reply.body
    app.registry.promote(NAME, 1)


def _logged(app: App, file: Path) -> list[int]:
    """Return the numbers of the requests in the prediction log, as often as each is there."""
    command = [sys.executable, "-m", "scoreline", "log", NAME, "--home", str(app.home), "--output", str(file)]
    subprocess.run(command, check=True, env=environment(), capture_output=True)
    ids = pl.read_parquet(file, columns=["request_id"]).get_column("request_id").to_list()
    return [int(text.removeprefix("load-")) for text in ids]


def _load(server: Server, take: Callable[[Answer], None], n_connections: int) -> Load:
    url = "http://{}:{}{}".format(*server.address, SCORE)
    return Load(Address(url), [BODY], take, n_connections=n_connections)


if __name__ == "__main__":
    sys.exit(main())
