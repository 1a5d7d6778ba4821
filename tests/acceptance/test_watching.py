"""Two workers of `scoreline serve`, watched: whoever is asked tells of both, also after one was killed."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.artifacts import ROWS, tiny_artifact
from tests.processes import PATIENCE_SECONDS, Connection, Server, environment, running, wait_for

from scoreline.app.settings import Settings, open_app

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")

SCORE = "/api/v1/deployments/credit/score"
BODY = json.dumps(ROWS).encode()
SCORED = ("scoreline_requests_total", "credit", "native", "200", "1")
DEATHS = ("scoreline_worker_deaths_total",)
Numbers = dict[tuple[str, ...], float]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    tiny_artifact(tmp_path / "credit.scoreline")
    with open_app(Settings.of(home=tmp_path / "home", environment={})) as app:
        app.registry.register(tmp_path / "credit.scoreline")
        app.registry.deploy("credit", "credit")
    where = ("--home", str(tmp_path / "home"), "--port", "0")
    command = ["-m", "scoreline", "serve", "--open", *where, "--json", "--workers", "2"]
    with running(command, tmp_path, env=environment(TMPDIR=str(tmp_path))) as served:
        yield served


def connect(server: Server) -> dict[int, Connection]:
    """A connection to each worker."""
    found: dict[int, Connection] = {}

    def one_more() -> bool:
        connection = Connection(server)
        found.setdefault(json.loads(connection.ask("/health/live")[1])["worker"], connection)
        return len(found) == 2

    wait_for(one_more)
    return found


def numbers(connection: Connection) -> Numbers:
    status, body = connection.ask("/metrics")
    assert status == 200
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(body.decode())
        if family.type != "gauge"
        for sample in family.samples
    }


def test_every_worker_tells_of_all_and_nothing_is_forgotten_with_one_that_is_killed(server: Server) -> None:
    by_worker = connect(server)
    for n, connection in zip((3, 5), by_worker.values(), strict=True):
        for _ in range(n):
            assert connection.ask(SCORE, BODY)[0] == 200
    for connection in by_worker.values():
        wait_for(lambda connection=connection: numbers(connection).get(SCORED) == 8)
        told = numbers(connection)
        assert told["scoreline_rows_total", "credit", "1"] == 8 * len(ROWS)
        assert told["scoreline_request_duration_seconds_count", "credit", "total"] == 8
        assert told["scoreline_model_load_duration_seconds_count", "credit", "ok"] == 2

    before = told
    victim = json.loads(by_worker[0].ask("/health/ready")[1])["pid"]
    os.kill(victim, signal.SIGKILL)
    while (told := numbers(by_worker[1]))[DEATHS] == 0:
        assert all(told[key] >= number for key, number in before.items())
        before = told
    assert told[SCORED] == 8

    by_worker = connect(server)
    assert json.loads(by_worker[0].ask("/health/ready")[1])["pid"] != victim
    assert by_worker[0].ask(SCORE, BODY)[0] == 200
    wait_for(lambda: {numbers(connection)[SCORED] for connection in by_worker.values()} == {9})

    assert len(list(server.log.parent.glob("scoreline-totals-*"))) == 1
    server.process.terminate()
    assert server.process.wait(PATIENCE_SECONDS) == 0
    assert list(server.log.parent.glob("scoreline-totals-*")) == []
