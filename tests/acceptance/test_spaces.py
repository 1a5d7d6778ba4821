"""Two spaces behind one real server with two workers, from the commands that make them to their logs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts import ROWS, tiny_artifact
from tests.processes import Connection, Server, environment, running, wait_for

from scoreline.app.prediction_log import Wanted, compact, folder_of, newest, overview
from scoreline.app.settings import App, Settings, open_app
from scoreline.core.errors import NotFound
from scoreline.scoring.pipeline import load

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs two workers")

SCORE = "/api/v1/deployments/credit/score"
BODY = json.dumps({"rows": ROWS}).encode()
WEIGHTS = {"default": 0.001, "team-a": 0.5, "team-b": 0.9}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with open_app(Settings.of(home=tmp_path / "home", environment={})) as opened:
        for space, weight in WEIGHTS.items():
            tiny_artifact(tmp_path / f"{space}.scoreline", weight=weight)
            if space != "default":
                opened.security.create_space(space)
        yield opened


@pytest.fixture
def server(app: App, tmp_path: Path) -> Iterator[Server]:
    command = ["-m", "scoreline", "serve", "--home", str(app.home), "--port", "0", "--json", "--workers", "2"]
    with running(command, tmp_path, env=environment()) as started:
        yield started


def test_spaces_come_answer_and_go_without_meeting(app: App, server: Server, tmp_path: Path) -> None:
    keys = {space: app.security.create_key("scores", space=space, role="scorer").secret for space in WEIGHTS}
    expected = {space: load(tmp_path / f"{space}.scoreline").score(ROWS).values[:, 1].tolist() for space in WEIGHTS}

    def ask(space: str, request_id: str = "any") -> tuple[int, Any]:
        with closing(Connection(server)) as connection:
            headers = (f"x-api-key: {keys[space]}", f"x-request-id: {request_id}")
            status, body = connection.ask(SCORE, BODY, *headers)
        return status, json.loads(body)

    def scores(space: str) -> list[float]:
        _, document = ask(space)
        return [prediction["probability"]["bad"] for prediction in document.get("predictions", [])]

    for space in WEIGHTS:
        assert ask(space)[0] == 404
        app.registry_in(space).register(tmp_path / f"{space}.scoreline")
        app.registry_in(space).deploy("credit", "credit")
        wait_for(lambda space=space: all(ask(space)[0] == 200 for _ in range(8)))
        assert all(scores(space) == pytest.approx(expected[space], abs=1e-5) for _ in range(4))
    for space in WEIGHTS:
        assert ask(space, f"asked-by-{space}")[0] == 200
    app.registry_in("team-a").undeploy("credit")
    wait_for(lambda: all(ask("team-a")[0] == 404 for _ in range(8)))
    assert [ask(space)[0] for space in WEIGHTS] == [200, 404, 200]
    for space in WEIGHTS:
        found = newest(app.in_space(space), Wanted("credit"), 1000)["request_id"].to_list()
        assert [f"asked-by-{other}" in found for other in WEIGHTS] == [other == space for other in WEIGHTS]
    app.registry_in("team-a").delete_model("credit")
    deleted = app.security.delete_space("team-a")
    app.security.create_space("team-a")
    again = app.in_space("team-a")
    with pytest.raises(NotFound):
        newest(again, Wanted("credit"), 1000)
    assert overview(again) == []
    server.process.terminate()
    server.process.wait(30)
    compact(app)  # what the server's compactor does every few seconds, and had not come to
    assert not list(folder_of(app.settings).glob(f"deployment={deleted.id}*"))
    found = newest(app.in_space("team-b"), Wanted("credit"), 1000)["request_id"].to_list()
    assert "asked-by-team-b" in found
