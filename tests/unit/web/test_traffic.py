"""Splits and shadows as callers meet them, over the fast lane and over ASGI."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.artifacts import tiny_artifact
from tests.wire import SCORE, Response, Server, request, responses, serving

from scoreline.app.settings import App, Settings, open_app
from scoreline.serving.plane import Run
from scoreline.web.app import create_app

ROW = {"age": 42, "amount": 1500.5, "purpose": "radio"}
H2O_BODY = {"fields": ["age", "amount", "purpose"], "rows": [[42, 1500.5, "radio"]]}
N = 2000
KEYS = [f"x-scoreline-routing-key: customer-{i}" for i in range(N)]
both_ways = pytest.mark.parametrize("fast_lane", [True, False], ids=["fast lane", "asgi"])


class Noted:
    """A watcher that remembers the versions that scored."""

    def __init__(self) -> None:
        self.versions: Counter[int] = Counter()
        self.shadowed = threading.Event()

    def answered(self, run: Run) -> None:
        self.versions[run.active.version] += len(run.asked)
        if run.active.version == 3:
            self.shadowed.set()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """Three versions of ``credit``, the first deployed."""
    with open_app(Settings.of(home=tmp_path / "home", environment={})) as opened:
        for number in (1, 2, 3):
            tiny_artifact(tmp_path / "one.scoreline", weight=number / 1000)
            opened.registry.register(tmp_path / "one.scoreline")
        opened.registry.deploy("credit", "credit", "1")
        yield opened


def exchange(server: Server, *requests: bytes) -> list[Response]:
    """Send requests on one connection, all at once, and wait for their answers."""
    wire = server.exchange(b"".join(requests))
    server.wait_for(wire, len(requests))
    return responses(wire.sent)


def answers(server: Server, keys: list[str], path: str = SCORE, document: object = ROW) -> list[Response]:
    """Send a request for each key, fifty at a time on one connection."""
    found: list[Response] = []
    for start in range(0, len(keys), 50):
        some = keys[start : start + 50]
        found += exchange(server, *(request(document, *([key] if key else []), path=path) for key in some))
    assert [answer.status for answer in found] == [200] * len(keys)
    return found


def told(answer: Response) -> int:
    return int(answer.headers["x-scoreline-version"])


def test_a_split_is_measured_and_both_ways_agree_on_each_key(app: App) -> None:
    app.registry.set_split("credit", {"2": 30}, sticky=True)
    found = []
    for fast_lane in (True, False):
        with serving(create_app(app.registry, fast_lane=fast_lane)) as server:
            found.append([told(answer) for answer in answers(server, KEYS if fast_lane else KEYS[:200])])
    assert found[0][:200] == found[1]
    assert abs(found[0].count(2) - 0.3 * N) < 4 * math.sqrt(N * 0.3 * 0.7)


def test_of_a_long_key_the_beginning_counts_both_ways(app: App) -> None:
    app.registry.set_split("credit", {"2": 50}, sticky=True)
    keys = [f"x-scoreline-routing-key: {i:0256}{end}" for i in range(12) for end in ("", "y", "z" * 4000)]
    for fast_lane in (True, False):
        with serving(create_app(app.registry, fast_lane=fast_lane)) as server:
            versions = [told(answer) for answer in answers(server, keys)]
        assert versions[0::3] == versions[1::3] == versions[2::3]
        assert set(versions) == {1, 2}


@both_ways
def test_every_answer_tells_the_version_that_scored_it(app: App, fast_lane: bool) -> None:
    app.registry.set_split("credit", {"2": 50})
    digests = {version.number: version.digest for version in app.registry.versions("credit")}
    with serving(create_app(app.registry, fast_lane=fast_lane)) as server:
        native = answers(server, [""] * 60)
        assert {told(answer) for answer in native} == {1, 2}
        assert all(answer.document["version"] == told(answer) for answer in native)
        h2o = answers(server, [""] * 60, "/model/score", H2O_BODY)
        assert all(answer.document["id"] == digests[told(answer)] for answer in h2o)
        [wrong] = exchange(server, request({"age": "old"}))
        assert wrong.status == 400
        assert told(wrong) in (1, 2)
        [nowhere] = exchange(server, request(ROW, path="/api/v1/deployments/nope/score"))
        assert "x-scoreline-version" not in nowhere.headers


@both_ways
def test_a_split_version_that_is_broken_costs_no_request(app: App, fast_lane: bool) -> None:
    app.registry.set_split("credit", {"2": 50})
    file = app.registry.artifact(app.registry.resolve("credit", "2").digest)
    file.write_bytes(file.read_bytes()[:-200])
    with serving(create_app(app.registry, fast_lane=fast_lane)) as server:
        assert {told(answer) for answer in answers(server, [""] * 60)} == {1}
        [state] = exchange(server, request(path="/api/v1/deployments/credit", method="GET"))
        assert state.document["split"][0]["status"] == "failed"
        assert "cannot be loaded" in state.document["split"][0]["reason"]


@both_ways
def test_a_shadow_scores_and_never_shows_in_an_answer(app: App, fast_lane: bool) -> None:
    noted = Noted()
    with serving(create_app(app.registry, fast_lane=fast_lane)) as server:
        plain = [answer.body for answer in answers(server, [""] * 20)]
    app.registry.set_shadow("credit", "3")
    with serving(create_app(app.registry, fast_lane=fast_lane, watchers=[noted])) as server:
        shadowed = answers(server, [""] * 20)
        assert noted.shadowed.wait(20)
    assert [answer.body for answer in shadowed] == plain
    assert {told(answer) for answer in shadowed} == {1}
    assert noted.versions == {1: 20, 3: 20}


def test_states_and_the_page_show_split_shadow_and_log(app: App) -> None:
    app.registry.set_split("credit", {"2": 12.5}, sticky=True)
    app.registry.set_shadow("credit", "3", 20)
    app.registry.set_log("credit", sample=50, hide=["age"])
    with serving(create_app(app.registry)) as server:
        [listed] = exchange(server, request(path="/api/v1/deployments", method="GET"))
        [page] = exchange(server, request(None, "accept: text/html", path="/", method="GET", body=b""))
        [described] = exchange(server, request(path="/openapi.json", method="GET"))
    [state] = listed.document["deployments"]
    assert (state["version"], state["percent"], state["sticky"]) == (1, 87.5, True)
    assert [(part["version"], part["percent"], part["status"]) for part in state["split"]] == [(2, 12.5, "ready")]
    assert (state["shadow"]["version"], state["shadow"]["percent"]) == (3, 20)
    assert state["log"] == {"enabled": True, "sample": 50, "hidden": ["age"]}
    text = page.body.decode()
    assert "Version 1 answers 87.5 %, version 2 (2) 12.5 %; the same key meets the same version." in text
    assert "Version 3 (3) scores 20 % as a shadow." in text
    assert "The prediction log keeps 50 % of the requests, without age." in text
    assert state.keys() == described.document["components"]["schemas"]["DeploymentState"]["properties"].keys()
