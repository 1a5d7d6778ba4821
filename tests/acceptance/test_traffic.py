"""Splits, shadows and switches of the log, over a real server with two workers."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.artifacts import tiny_artifact
from tests.processes import Connection, Server, environment, running, wait_for

from scoreline.app.prediction_log import Wanted, newest
from scoreline.app.settings import App, Settings, open_app

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")

SCORE = "/api/v1/deployments/credit/score"
BODY = json.dumps({"age": 42, "amount": 1500.5, "purpose": "radio"}).encode()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with open_app(Settings.of(home=tmp_path / "home", environment={})) as opened:
        for number in (1, 2, 3):
            tiny_artifact(tmp_path / "one.scoreline", name="credit", weight=number / 1000)
            opened.registry.register(tmp_path / "one.scoreline")
        opened.registry.promote("credit", 2, "challenger")
        opened.registry.deploy("credit", "credit")
        yield opened


@pytest.fixture
def server(app: App, tmp_path: Path) -> Iterator[Server]:
    command = ["-m", "scoreline", "serve", "--open", "--home", str(app.home), "--port", "0", "--json", "--workers", "2"]
    with running(command, tmp_path, env=environment()) as started:
        yield started


def both_workers(server: Server) -> list[Connection]:
    """A connection to each of the two workers."""
    found: dict[int, Connection] = {}

    def connected() -> bool:
        connection = Connection(server)
        found.setdefault(connection.worker(SCORE, BODY), connection)
        return len(found) == 2

    wait_for(connected)
    return list(found.values())


def version(connection: Connection, *headers: str) -> int:
    status, body = connection.ask(SCORE, BODY, *headers)
    assert status == 200, body
    answered: int = json.loads(body)["version"]
    return answered


def test_a_split_reaches_every_worker_and_all_agree_on_each_key(app: App, server: Server) -> None:
    workers = both_workers(server)
    keys = [f"x-scoreline-routing-key: customer-{i}" for i in range(40)]

    def versions(connection: Connection) -> list[int]:
        return [version(connection, key) for key in keys]

    app.registry.set_split("credit", {"challenger": 50}, sticky=True)
    wait_for(lambda: all(set(versions(connection)) == {1, 2} for connection in workers))
    split = versions(workers[0])
    assert versions(workers[1]) == split
    app.registry.promote("credit", 3, "challenger")
    wait_for(lambda: all(3 in versions(connection) for connection in workers))
    wait_for(lambda: all(versions(c) == [3 if v == 2 else 1 for v in split] for c in workers))
    app.registry.set_split("credit", {})
    wait_for(lambda: all(set(versions(connection)) == {1} for connection in workers))


def test_a_shadow_leaves_records_that_nobody_is_answered_and_a_hidden_column_is_in_none(
    app: App, server: Server
) -> None:
    connections = both_workers(server)
    app.registry.set_log("credit", hide=["age"])
    app.registry.set_shadow("credit", "challenger")
    wait_for(lambda: len(server.lines("scores, for the log only")) == 2)
    for connection in connections:
        assert version(connection, "x-request-id: watched") == 1
    watched = Wanted("credit", request_id="watched", shadow=True)
    wait_for(lambda: len(newest(app, watched, 9)) == 4)
    records = newest(app, watched, 9)
    assert sorted(records.select("version", "shadow").rows()) == [(1, False)] * 2 + [(2, True)] * 2
    assert records["age"].null_count() == 4
    assert records["amount"].to_list() == [1500.5] * 4
