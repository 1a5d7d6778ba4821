"""What is told of calls: lines in the log, spans, the audit log; and what comes of them when a server stops."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.unit.web.conftest import two_models
from tests.unit.web.grpc.test_calls import INFER, METHOD, rows
from tests.unit.web.test_request_log import logging_to_stderr, said
from tests.unit.web.test_tracing import SPAN_ID, TRACE_ID, Collector, attributes

from scoreline.app.settings import App
from scoreline.web.app import create_app
from scoreline.web.gate import KeyGate
from scoreline.web.grpc import grpc_listener
from scoreline.web.grpc.messages import REFLECTIONS, SERVICE, Messages
from scoreline.web.server import background, bind

TRACED = (("traceparent", f"00-{TRACE_ID}-{SPAN_ID}-01"), ("x-request-id", "mine"))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with two_models(tmp_path_factory.mktemp("told")) as deployed:
        yield deployed


@contextmanager
def serving(app: App, **options: Any) -> Iterator[grpc.Channel]:
    with (
        background(create_app(app.registry, **options), bind(port=0)) as url,
        grpc.insecure_channel(url.removeprefix("http://")) as channel,
    ):
        yield channel


def ask(channel: grpc.Channel, message: Any, **more: Any) -> Any:
    return channel.unary_unary(INFER, METHOD.request.SerializeToString, METHOD.response.FromString)(message, **more)


def refused(channel: grpc.Channel, message: Any, **more: Any) -> str:
    with pytest.raises(grpc.RpcError) as error:
        ask(channel, message, **more)
    return str(error.value.code().name)


def test_a_line_tells_what_came_of_a_call(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    made = app.security.create_key("liner", role="scorer")
    key = (("authorization", f"Bearer {made.secret}"),)
    with serving(app, gate=KeyGate(app.security)) as channel, logging_to_stderr():
        ask(channel, rows(1), metadata=(*key, *TRACED))
        ask(channel, rows(20_000), metadata=(*key, ("x-request-id", "next")))
        assert (
            refused(channel, METHOD.request(model_name="nobody"), metadata=(*key, ("x-request-id", "other")))
            == "NOT_FOUND"
        )
        assert refused(channel, rows(1), metadata=(("x-request-id", "zero"),)) == "UNAUTHENTICATED"
    lines = [line for line in said(capsys) if line.get("path") == INFER]
    assert [line["request_id"] for line in lines] == ["mine", "next", "other", "zero"]
    assert [line["status"] for line in lines] == [200, 200, 404, 401]
    assert [line.get("n_rows") for line in lines] == [1, 20_000, None, None]
    assert [line.get("by") for line in lines] == ["liner"] * 3 + [None]
    assert {(line["method"], line["dialect"], line["client"]) for line in lines} == {("POST", "oip_grpc", "127.0.0.1")}
    assert (lines[0]["trace_id"], lines[0]["deployment"], lines[0]["version"]) == (TRACE_ID, "credit", 1)


def test_a_call_is_a_span_of_its_callers_trace(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    collector = Collector()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    try:
        with serving(app, control=app) as channel:
            for n in (1, 1, 20_000):
                ask(channel, rows(n), metadata=TRACED)
            assert refused(channel, METHOD.request(model_name="nobody"), metadata=TRACED) == "NOT_FOUND"
            channel.unary_unary(f"/{SERVICE}/ServerMetadata")(b"", metadata=TRACED)
    finally:
        collector.server.shutdown()
        collector.server.server_close()
    spans = [span for span in collector.spans if span.kind == Span.SPAN_KIND_SERVER]
    assert {(span.trace_id.hex(), span.parent_span_id.hex()) for span in spans} == {(TRACE_ID, SPAN_ID)}
    told = [attributes(span) for span in spans]
    assert sorted(each["http.response.status_code"] for each in told) == [200, 200, 200, 200, 404]
    assert sorted(each.get("scoreline.rows", 0) for each in told) == [0, 0, 1, 1, 20_000]
    scored = [span for span, each in zip(spans, told, strict=True) if "scoreline.rows" in each]
    assert all(list(collector.children(span)) == ["decode", "score", "encode"] for span in scored)


def test_who_may_not_do_something_and_asks_to_is_recorded(app: App) -> None:
    made, gate = app.security.create_key("grpc-looker", role="viewer"), KeyGate(app.security)
    key = (("x-api-key", made.secret),)
    with serving(app, gate=gate, control=app) as channel:
        assert refused(channel, rows(1), metadata=key) == "PERMISSION_DENIED"
        unload = channel.unary_unary(f"/{SERVICE}/RepositoryModelUnload")
        with pytest.raises(grpc.RpcError):
            unload(b"", metadata=key)
        gate.write_refusals()
    recorded = [record for record in app.security.audit(action="request") if record.actor_id == made.key.id]
    assert sorted(record.target for record in recorded) == [f"POST {INFER}", f"POST /{SERVICE}/RepositoryModelUnload"]
    assert {(record.origin, record.outcome) for record in recorded} == {("127.0.0.1", "refused")}


def test_a_server_that_stops_ends_what_would_go_on(app: App) -> None:
    listening, end = bind(port=0), threading.Event()
    application = create_app(app.registry, listeners=[grpc_listener(listening)])
    server = background(application, bind(port=0))
    url = server.__enter__()
    addresses = (url.removeprefix("http://"), "{}:{}".format(*listening.getsockname()))
    channels = [grpc.insecure_channel(address) for address in addresses]
    watched = [health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest()) for channel in channels]
    reflected = []
    for channel in channels:
        methods = Messages().methods_of(REFLECTIONS[0])["ServerReflectionInfo"]
        stream = channel.stream_stream(f"/{REFLECTIONS[0]}/ServerReflectionInfo", methods.request.SerializeToString)
        asked = stream(endless(methods.request(list_services=""), end))
        next(asked)
        reflected.append(asked)
    assert [next(each).status for each in watched] == [health_pb2.HealthCheckResponse.SERVING] * 2
    server.__exit__(None, None, None)
    assert [[told.status for told in each] for each in watched] == [[health_pb2.HealthCheckResponse.NOT_SERVING]] * 2
    assert [list(each) for each in reflected] == [[], []]
    end.set()
    for channel in channels:
        channel.close()


def endless(message: Any, end: threading.Event) -> Iterator[Any]:
    yield message
    end.wait(30)
