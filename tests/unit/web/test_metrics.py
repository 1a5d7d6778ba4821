"""What `/metrics` tells after requests of every kind, by both ways in, read by Prometheus' own parsers."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_prometheus
from tests.artifacts import tiny_artifact
from tests.unit.web.conftest import two_models
from tests.wire import SCORE, Server, request, responses, serving

from scoreline.app.settings import App
from scoreline.prediction_log.log import PredictionLog
from scoreline.serving.metrics import METRICS
from scoreline.web.admission import Limits
from scoreline.web.app import create_app

ROW = {"age": 42, "amount": 1500.5, "purpose": "radio"}
ODD = {"age": None, "amount": 1500.5, "purpose": "boat"}
ROOT = "/model/score"
H2O_BODY = {"fields": ["age", "amount", "purpose"], "rows": [["42", "1500.5", "radio"]]}
PAGE = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Two deployments that no test changes."""
    with two_models(tmp_path_factory.mktemp("metrics")) as app:
        app.registry.deploy("credit", "credit", default=True)
        yield app


@pytest.fixture(params=[True, False], ids=["fast lane", "asgi"])
def server(request: pytest.FixtureRequest, deployed: App) -> Iterator[Server]:
    with serving(create_app(deployed.registry, limits=Limits(body_bytes=5000), fast_lane=request.param)) as served:
        yield served


@pytest.fixture
def lane(deployed: App) -> Iterator[Server]:
    with serving(create_app(deployed.registry)) as served:
        yield served


def scrape(server: Server, *headers: str) -> str:
    wire = server.connect()
    wire.protocol.data_received(request(None, *headers, method="GET", path="/metrics", body=b""))
    server.wait_for(wire, 1)
    answer = responses(wire.sent)[0]
    assert answer.status == 200
    return answer.body.decode()


def told(server: Server, name: str) -> dict[tuple[str, ...], float]:
    """The samples of this name: label values in the order of the label names → number."""
    found = {}
    for family in read_prometheus(scrape(server)):
        for sample in family.samples:
            if sample.name == name:
                found[tuple(value for _, value in sorted(sample.labels.items()))] = sample.value
    return found


def test_every_request_is_counted_once_by_what_came_of_it(server: Server) -> None:
    sent = [
        (request(ROW), "credit", "native", 200),
        (request([ROW, ODD]) + request(ROW), "credit", "native", 200),
        (request(H2O_BODY, path=ROOT), "credit", "h2o", 200),
        (request(ROW, path=SCORE.replace("credit", "price")), "price", "native", 200),
        (request({"age": "old"}), "credit", "native", 400),
        (request(body=b"{"), "credit", "native", 400),
        (request(body=b"{}", path=ROOT), "credit", "h2o", 400),
        (request(ROW, path=SCORE.replace("credit", "none")), "", "native", 404),
        (request(ROW, path=SCORE.replace("credit", "no%22ne")), "", "native", 404),
        (request(ROW, "content-type: image/png"), "credit", "native", 415),
        (request(body=b" " * 6000), "credit", "native", 413),
        (
            request(ROW, "transfer-encoding: chunked", body=b"1770\r\n" + b" " * 6000 + b"\r\n0\r\n\r\n"),
            "credit",
            "native",
            413,
        ),
        (request(method="GET"), "", "other", 405),
        (request(method="GET", path="/health/live"), "", "other", 200),
        (request(method="GET", path="/nowhere"), "", "other", 404),
    ]
    wanted: Counter[tuple[str, ...]] = Counter()
    for parts, deployment, dialect, status in sent:
        answers = responses(server.exchange(parts).sent)
        assert {answer.status for answer in answers} == {status}
        version = "1" if deployment else ""
        wanted[deployment, dialect, str(status), version] += len(answers)
    assert told(server, "scoreline_requests_total") == wanted
    assert told(server, "scoreline_rows_total") == {("credit", "1"): 5, ("price", "1"): 1}
    assert told(server, "scoreline_errors_total") == {
        ("bad_request", "credit", "invalid"): 2,
        ("schema_mismatch", "credit", "invalid"): 1,
        ("not_found", "", "not_found"): 3,
        ("unsupported_media_type", "credit", "invalid"): 1,
        ("too_large", "credit", "invalid"): 2,
        ("method_not_allowed", "", "invalid"): 1,
    }
    assert told(server, "scoreline_missing_values_total") == {("age", "credit"): 1}
    assert told(server, "scoreline_unseen_values_total") == {("purpose", "credit"): 1}
    counts = told(server, "scoreline_request_duration_seconds_count")
    assert {phase: n for (deployment, phase), n in counts.items() if deployment == "credit"} == dict.fromkeys(
        ("receive", "wait", "decode", "score", "encode", "total"), 4
    )


def test_names_that_callers_make_up_become_no_labels(server: Server) -> None:
    for n in range(20):
        server.exchange(request(ROW, path=SCORE.replace("credit", f"made-up-{n}")))
    assert told(server, "scoreline_requests_total")["", "native", "404", ""] == 20
    assert "made-up" not in scrape(server)


def test_a_deployment_that_has_no_version_to_answer_keeps_its_name(app: App) -> None:
    app.registry.artifact(app.registry.deployment("credit").digest).write_bytes(b"PK\x03\x04")
    for fast_lane in (True, False):
        with serving(create_app(app.registry, fast_lane=fast_lane)) as server:
            server.exchange(request(ROW))
            assert told(server, "scoreline_requests_total")["credit", "native", "503", ""] == 1
            assert told(server, "scoreline_model_load_duration_seconds_count")["credit", "failed"] == 1
            assert told(server, "scoreline_model_load_duration_seconds_count")["price", "ok"] == 1


def test_a_request_on_its_way_is_in_flight_until_its_caller_leaves(server: Server) -> None:
    whole = request(ROW)
    wire = server.exchange(whole[:-5])
    assert told(server, "scoreline_requests_in_flight") == {(): 1}
    wire.protocol.connection_lost(None)
    server.turns()
    assert told(server, "scoreline_requests_in_flight") == {(): 0}
    assert told(server, "scoreline_requests_total") == {
        ("credit", "native", "499", "1"): 1,
        ("", "other", "200", ""): 2,
    }


def test_what_is_no_whole_request_is_counted_by_its_answer(lane: Server) -> None:
    lane.exchange(b"nonsense\r\n\r\n")
    lane.look(lane.exchange(b"POST /model/sc"), 60)
    lane.look(lane.exchange(request(ROW)[:-5]), 60)
    lane.exchange(b"GET / HTTP/1.1\r\n", b"x: y\r\n" * 20_000)
    assert told(lane, "scoreline_requests_total") == {
        ("", "other", "400", ""): 1,
        ("", "other", "408", ""): 1,
        ("credit", "native", "408", "1"): 1,
        ("", "other", "431", ""): 1,
    }


def test_a_connection_too_many_is_counted_by_its_answer(deployed: App) -> None:
    with serving(create_app(deployed.registry, limits=Limits(n_connections=4))) as server:
        open_ones = [server.connect() for _ in range(4)]
        assert server.connect().sent.startswith(b"HTTP/1.1 503")
        open_ones[0].protocol.connection_lost(None)
        assert told(server, "scoreline_requests_total") == {("", "other", "503", ""): 1}


def test_what_was_logged_and_what_shadows_scored_is_told(app: App, tmp_path: Path) -> None:
    tiny_artifact(tmp_path / "second", weight=0.5)
    app.registry.register(tmp_path / "second", "credit")
    app.registry.set_shadow("credit", "2", 100.0)
    with PredictionLog(tmp_path / "log") as log, serving(create_app(app.registry, prediction_log=log)) as server:
        server.exchange(request([ROW, ODD]) + request(ROW))
        deadline = time.monotonic() + 20
        while told(server, "scoreline_shadow_requests_total") != {("credit", "scored"): 2}:
            assert time.monotonic() < deadline
        assert told(server, "scoreline_prediction_log_records_total") == {("credit", "written"): 4}
        assert told(server, "scoreline_rows_total") == {("credit", "1"): 3}


def test_openmetrics_is_written_for_those_who_ask_for_it(server: Server) -> None:
    server.exchange(request([ROW, ODD]))
    plain = {family.name: family for family in read_prometheus(scrape(server))}
    text = scrape(server, "accept: application/openmetrics-text; version=1.0.0, text/plain; q=0.5")
    assert text.endswith("# EOF\n")
    opened = {family.name: family for family in read_openmetrics(text)}
    assert opened.keys() == plain.keys()
    name = "scoreline_request_duration_seconds"
    assert [s for s in opened[name].samples if s.name != f"{name}_sum"] == [
        s for s in plain[name].samples if s.name != f"{name}_sum"
    ]


def test_a_bucket_holds_those_before_it(server: Server) -> None:
    server.exchange(request(ROW))
    buckets = told(server, "scoreline_run_rows_bucket")
    assert buckets["credit", "1.0"] == buckets["credit", "65536.0"] == buckets["credit", "+Inf"] == 1


def documented() -> dict[str, tuple[str, set[str], str]]:
    rows = re.findall(r"^\| `(scoreline_\w+)` \| (\w+) \| ([^|]*) \| ([^|]*) \|$", PAGE, re.MULTILINE)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels)), text.strip()) for name, kind, labels, text in rows}


def test_the_page_lists_what_is_told_and_no_more(server: Server) -> None:
    families = read_prometheus(scrape(server))
    shown = {family.name + ("_total" if family.type == "counter" else ""): family for family in families}
    pages: dict[str, Any] = documented()
    assert shown.keys() == pages.keys() == {metric.name for metric in METRICS}
    for metric in METRICS:
        assert pages[metric.name] == (metric.kind, set(metric.labels), metric.help)
        assert (shown[metric.name].type, shown[metric.name].documentation) == (metric.kind, metric.help)


def test_names_are_as_prometheus_has_them() -> None:
    for metric in METRICS:
        assert metric.name.startswith("scoreline_")
        assert metric.name.endswith("_total") == (metric.kind == "counter")
        assert not re.search(r"milli|micro|_ms\b|_mb\b|minutes", metric.name)
