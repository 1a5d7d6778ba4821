"""The prediction log of a real server: killed, on a full disk, and read while it is written."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest
from tests.artifacts import ROWS, tiny_artifact
from tests.processes import Connection, Server, environment, running, wait_for

from scoreline.app.settings import Settings, open_app
from scoreline.prediction_log.losses import read_losses
from scoreline.prediction_log.places import Places
from scoreline.prediction_log.reading import Query, select

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")

SCORE = "/api/v1/deployments/credit/score"
BODY = json.dumps(ROWS).encode()
N_KILLS = 6


@pytest.fixture
def home(tmp_path: Path) -> Path:
    tiny_artifact(tmp_path / "credit.scoreline")
    with open_app(Settings.of(home=tmp_path / "home", environment={})) as app:
        app.registry.register(tmp_path / "credit.scoreline")
        app.registry.deploy("credit", "credit")
    return tmp_path / "home"


@contextmanager
def serving(home: Path, n_workers: int = 1, **settings: str) -> Iterator[Server]:
    where = ("--home", str(home), "--port", "0")
    command = ["-m", "scoreline", "serve", "--open", *where, "--json", "--workers", str(n_workers)]
    with running(command, home.parent, env=environment(**settings)) as server:
        yield server


def command(home: Path, *arguments: str) -> str:
    """What `scoreline log` prints."""
    done = subprocess.run(
        [sys.executable, "-m", "scoreline", "log", *arguments, "--home", str(home)],
        env=environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def records(home: Path, **query: object) -> pl.DataFrame:
    with select(Places(home / "predictions"), "credit", Query(**query)) as found:  # type: ignore[arg-type]
        return pl.concat(found)


def children(server: Server) -> list[int]:
    pid = server.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Caller(threading.Thread):
    """Asks over a connection that it keeps, and over another one when that breaks; remembers what was answered."""

    def __init__(self, server: Server, name: str) -> None:
        super().__init__()
        self.answered: list[str] = []
        self.statuses: Counter[int] = Counter()
        self.stop = threading.Event()
        self._server = server
        self._name = name

    def run(self) -> None:
        n = 0
        connection: Connection | None = None
        while not self.stop.is_set():
            n += 1
            name = f"{self._name}-{n}"
            try:
                connection = connection or Connection(self._server)
                self.statuses[connection.ask(SCORE, BODY, f"x-request-id: {name}")[0]] += 1
            except OSError:
                connection = None
            else:
                self.answered.append(name)


def test_no_answered_request_is_missing_and_none_is_there_twice_after_kill_9(home: Path) -> None:
    chance = random.Random(3)
    with serving(home, 2, SCORELINE_PREDICTION_LOG_SEGMENT_SECONDS="1") as server:
        callers = [Caller(server, f"caller-{i}") for i in range(6)]
        for caller in callers:
            caller.start()
        try:
            for _ in range(N_KILLS):
                before = sum(len(caller.answered) for caller in callers)
                wait_for(lambda before=before: sum(len(caller.answered) for caller in callers) > before + 200)
                victims = children(server) if chance.random() < 0.5 else [chance.choice(children(server))]
                for victim in victims:  # workers, and the compactor
                    os.kill(victim, signal.SIGKILL)
                wait_for(lambda: len(server.workers) == 2)
            before = sum(len(caller.answered) for caller in callers)
            wait_for(lambda: sum(len(caller.answered) for caller in callers) > before + 200)
            for pid in (server.process.pid, *children(server)):  # the supervisor first: nobody takes their places
                os.kill(pid, signal.SIGKILL)
        finally:
            for caller in callers:
                caller.stop.set()
            for caller in callers:
                caller.join()
    answered = {name for caller in callers for name in caller.answered}
    assert sum((caller.statuses for caller in callers), Counter()).keys() == {200}
    assert len(answered) > 200 * N_KILLS
    for _ in range(2):
        found = Counter(records(home).select("request_id", "row").rows())
        assert set(found.values()) == {1}
        assert {(name, row + 1) for name in answered for row in range(len(ROWS))} <= found.keys()
        command(home, "--compact")
    assert Places(home / "predictions").segment_files() == []
    tables = [pl.read_parquet(path) for path in (home / "predictions").rglob("*.parquet")]
    assert sum(len(table) for table in tables) == len(found)


def test_a_record_tells_who_asked_what_in_which_dialect(home: Path) -> None:
    large = [{"age": i, "purpose": f"level {i}"} for i in range(20_000)]
    with serving(home) as server:
        connection = Connection(server)
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        told = ("x-request-id: one", f"traceparent: {trace}", "x-scoreline-routing-key: customer 7")
        h2o = json.dumps({"fields": ["age", "amount", "purpose"], "rows": [["42", "1500.5", "radio"]]}).encode()
        assert connection.ask("/deployments/credit/model/score", h2o, *told)[0] == 200
        assert connection.ask(SCORE, json.dumps(large).encode(), "x-request-id: many")[0] == 200
        assert connection.ask(SCORE, b'{"age": "old"}', "x-request-id: refused")[0] == 400
        one = json.loads(command(home, "credit", "--request-id", "one", "--json"))["records"]
        many = records(home, request_id="many")
        assert len(records(home)) == 1 + len(large)
    assert [(r["row"], r["caller"], r["key"], r["trace"], r["dialect"]) for r in one] == [
        (1, "127.0.0.1", "customer 7", trace, "h2o")
    ]
    assert (one[0]["age"], one[0]["amount"], one[0]["purpose"]) == (42.0, 1500.5, "radio")
    assert many["age"].to_list() == [float(i) for i in range(20_000)]
    assert many["purpose"].to_list() == [row["purpose"] for row in large]


@pytest.fixture
def small_disk(home: Path) -> Iterator[Path]:
    """The folder of the prediction log, on a disk of its own."""
    folder = home / "predictions"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "none", str(folder)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("only root can mount a disk; tests/unit/prediction_log has the same with files that may not grow")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_on_a_full_disk_scoring_goes_on_and_the_loss_is_told(home: Path, small_disk: Path) -> None:
    with serving(home) as server:
        connection = Connection(server)
        n = 0

        def ask() -> None:
            nonlocal n
            n += 1
            assert connection.ask(SCORE, BODY, f"x-request-id: {n}")[0] == 200

        ask()
        wait_for(lambda: list((small_disk / "losses").iterdir()))
        _fill(small_disk / "filler")
        deadline = time.monotonic() + 20
        while not read_losses(small_disk / "losses"):
            assert time.monotonic() < deadline
            ask()
        stats = json.loads(command(home, "credit", "--stats", "--json"))
        assert stats["lost"]["n_requests"] > 0
        assert stats["lost"]["n_rows"] == len(ROWS) * stats["lost"]["n_requests"]
        [warning] = wait_for(lambda: server.lines("left no record in the prediction log"))
        assert warning["level"] == "warning"
        lost = b'scoreline_prediction_log_records_total{deployment="credit",result="lost"}'
        wait_for(lambda: lost in connection.ask("/metrics")[1])
        (small_disk / "filler").unlink()
        before = len(records(home))
        while len(records(home)) == before:
            assert time.monotonic() < deadline + 20
            ask()
        wait_for(lambda: _lost(small_disk) + len(records(home)) // len(ROWS) == n)
    assert Counter(records(home)["row"].to_list()).keys() == {1, 2}


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass


def _lost(folder: Path) -> int:
    return sum(loss.n_requests for loss in read_losses(folder / "losses").values())
