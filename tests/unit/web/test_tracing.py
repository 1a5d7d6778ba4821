"""Spans as a collector receives them: over HTTP, read with OpenTelemetry's own protobuf."""

from __future__ import annotations

import gzip
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from tests.unit.web.conftest import two_models
from tests.unit.web.test_request_log import logging_to_stderr, said
from tests.wire import SCORE, request, serving

from scoreline.app.settings import App
from scoreline.web.app import create_app
from scoreline.web.tracing import open_tracing

ROW = {"age": 42, "amount": 1500.5, "purpose": "radio"}
TRACE_ID, SPAN_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACED = f"traceparent: 00-{TRACE_ID}-{SPAN_ID}-01"
ROUTE = "/api/v1/deployments/{name}/score"


class Collector:
    """Takes spans in at ``url``."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.resources: list[dict[str, Any]] = []
        collector = self

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.take(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def take(self, sent: Any) -> None:
        for of_resource in sent.resource_spans:
            self.resources.append(attributes(of_resource.resource))
            self.spans += [span for scope in of_resource.scope_spans for span in scope.spans]

    @property
    def roots(self) -> list[Any]:
        return [span for span in self.spans if span.kind == Span.SPAN_KIND_SERVER]

    def children(self, of: Any) -> dict[str, Any]:
        return {span.name: span for span in self.spans if span.parent_span_id == of.span_id}


def attributes(of: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in of.attributes}


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Two deployments that no test changes."""
    with two_models(tmp_path_factory.mktemp("tracing")) as app:
        yield app


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    made = Collector()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", made.url)
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.mark.parametrize("fast_lane", [True, False], ids=["fast lane", "asgi"])
def test_a_request_is_a_span_of_its_callers_trace_with_its_phases_within(
    collector: Collector, deployed: App, fast_lane: bool
) -> None:
    with serving(create_app(deployed.registry, fast_lane=fast_lane)) as server:
        server.exchange(request([ROW, ROW], TRACED, "tracestate: shop=1", "tracestate: other=2", "x-request-id: r-1"))
    (root,) = collector.roots
    assert root.name == f"POST {ROUTE}"
    assert (root.trace_id.hex(), root.parent_span_id.hex()) == (TRACE_ID, SPAN_ID)
    assert root.trace_state == "shop=1,other=2"
    assert attributes(root) == {
        "http.request.method": "POST",
        "http.route": ROUTE,
        "http.response.status_code": 200,
        "url.path": SCORE,
        "url.scheme": "http",
        "scoreline.request_id": "r-1",
        "scoreline.dialect": "native",
        "scoreline.deployment": "credit",
        "scoreline.version": 1,
        "scoreline.rows": 2,
    }
    children = collector.children(root)
    assert list(children) == ["decode", "score", "encode"]
    assert {child.trace_id.hex() for child in children.values()} == {TRACE_ID}
    moments = [root.start_time_unix_nano]
    for child in children.values():
        moments += [child.start_time_unix_nano, child.end_time_unix_nano]
    assert moments == sorted(moments)
    assert moments[-1] <= root.end_time_unix_nano
    assert attributes(children["score"]) == {"scoreline.run.requests": 1, "scoreline.run.rows": 2}
    (resource,) = collector.resources
    assert resource["service.name"] == "scoreline"


@pytest.mark.parametrize("fast_lane", [True, False], ids=["fast lane", "asgi"])
def test_a_request_without_a_valid_trace_begins_its_own(
    collector: Collector, deployed: App, fast_lane: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    headers: list[tuple[str, ...]] = [
        (),
        (f"traceparent: 00-{'0' * 32}-{SPAN_ID}-01", "tracestate: shop=1"),
        (TRACED, TRACED),
    ]
    with serving(create_app(deployed.registry, fast_lane=fast_lane)) as server, logging_to_stderr():
        for some in headers:
            server.exchange(request(ROW, *some))
        lines = said(capsys)
    roots = collector.roots
    assert len({root.trace_id for root in roots}) == 3
    assert [(root.parent_span_id, root.trace_state) for root in roots] == [(b"", "")] * 3
    told = {(line["trace_id"], line["span_id"]) for line in lines}
    assert told == {(root.trace_id.hex(), root.span_id.hex()) for root in roots}
    assert TRACE_ID not in {trace for trace, _ in told}


@pytest.mark.parametrize("fast_lane", [True, False], ids=["fast lane", "asgi"])
def test_what_its_caller_does_not_record_is_not_exported(
    collector: Collector, deployed: App, fast_lane: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(create_app(deployed.registry, fast_lane=fast_lane)) as server, logging_to_stderr():
        server.exchange(request(ROW, TRACED.removesuffix("1") + "0"))
        (line,) = said(capsys)
    assert collector.spans == []
    assert line["trace_id"] == TRACE_ID


@pytest.mark.parametrize("fast_lane", [True, False], ids=["fast lane", "asgi"])
def test_what_went_wrong_is_told(collector: Collector, tmp_path: Path, fast_lane: bool) -> None:
    with two_models(tmp_path) as app:
        app.registry.artifact(app.registry.deployment("price").digest).write_bytes(b"PK\x03\x04")
        with serving(create_app(app.registry, fast_lane=fast_lane)) as server:
            server.exchange(request({"age": "old"}))
            server.exchange(request(ROW, path=SCORE.replace("credit", "price")))
            server.exchange(request(ROW)[:-3]).protocol.connection_lost(None)
            server.turns()
    told = [
        (attributes(root)["http.response.status_code"], attributes(root).get("error.type")) for root in collector.roots
    ]
    assert told == [(400, "schema_mismatch"), (503, "unavailable"), (499, None)]
    assert [root.status.code for root in collector.roots] == [0, Status.STATUS_CODE_ERROR, 0]
    assert [collector.children(root) for root in collector.roots] == [{}] * 3


def test_requests_scored_together_are_spans_of_their_own(collector: Collector, deployed: App) -> None:
    with serving(create_app(deployed.registry)) as server:
        server.exchange(b"".join(request(ROW, f"traceparent: 00-{n:032x}-{SPAN_ID}-01") for n in range(1, 4)))
    assert [int(root.trace_id.hex(), 16) for root in collector.roots] == [1, 2, 3]
    for root in collector.roots:
        assert attributes(collector.children(root)["score"])["scoreline.run.requests"] == 3


def test_every_other_route_is_a_span_too(collector: Collector, deployed: App) -> None:
    with serving(create_app(deployed.registry)) as server:
        for path in ("/api/v1/deployments/credit/schema", "/nowhere"):
            server.exchange(request(method="GET", path=path, body=b""))
    assert [(root.name, attributes(root)["url.path"]) for root in collector.roots] == [
        ("GET /api/v1/deployments/{name}/schema", "/api/v1/deployments/credit/schema"),
        ("GET", "/nowhere"),
    ]


def test_a_collector_that_is_not_there_stops_nothing(
    deployed: App, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.1")
    with serving(create_app(deployed.registry)) as server:
        wire = server.exchange(request(ROW))
    assert wire.sent.startswith(b"HTTP/1.1 200")


def test_a_name_of_ones_own_is_kept(collector: Collector, deployed: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "scores")
    with serving(create_app(deployed.registry)) as server:
        server.exchange(request(ROW))
    assert collector.resources[0]["service.name"] == "scores"


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://here"},
        {"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://here"},
        {"OTEL_TRACES_EXPORTER": "zipkin"},
        {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
    ],
)
def test_no_spans_are_made_where_none_are_asked_for(environment: dict[str, str]) -> None:
    assert open_tracing(environment) is None


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "zipkin"),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "grpc"),
    ],
)
def test_what_cannot_be_exported_to_is_told(
    environment: dict[str, str], told: str, caplog: pytest.LogCaptureFixture
) -> None:
    open_tracing(environment)
    assert told in caplog.text


def test_a_package_that_is_missing_is_one_warning_with_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    assert open_tracing({"OTEL_TRACES_EXPORTER": "otlp"}) is None
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "pip install 'scoreline[otel]'" in record.getMessage()


def test_nothing_of_opentelemetry_is_loaded_where_no_spans_are_asked_for() -> None:
    program = (
        "import sys; from scoreline.web import app, tracing; assert tracing.open_tracing({}) is None;"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
