"""Spans of requests, exported by OpenTelemetry where its own variables ask for it, and nothing loaded otherwise."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import scoreline
from scoreline.serving.plane import Run, clock
from scoreline.web.ended import Ended

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span
    from opentelemetry.util.types import AttributeValue

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
HTTP = "http/protobuf"
CONTEXT_HEADERS = ("traceparent", "tracestate")
INSTALL = "pip install 'scoreline[otel]'"
SHUTDOWN_SECONDS = 5.0
"""How long the last spans may take to be exported when the server stops."""

Headers = Sequence[tuple[bytes, bytes]]

log = logging.getLogger("scoreline.web")


class RequestSpan:
    """The server's span of one request."""

    __slots__ = ("_epoch", "span")

    def __init__(self, span: Span, epoch: int) -> None:
        self.span = span
        self._epoch = epoch

    @property
    def traceparent(self) -> str:
        """The header that makes what follows a part of this span."""
        context = self.span.get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"

    def at(self, moment: float) -> int:
        """Return a moment on the plane's clock in nanoseconds since 1970."""
        return self._epoch + int(moment * 1e9)


class Tracing:
    """Makes spans. It is a watcher of the plane: runs become the children ``decode``, ``score`` and ``encode``."""

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._tracer = provider.get_tracer("scoreline", scoreline.__version__)
        self._server, self._error = SpanKind.SERVER, StatusCode.ERROR
        self._within = set_span_in_context
        self._parent = TraceContextTextMapPropagator().extract

    def begin(
        self, method: str, scheme: str, path: str, *, request_id: str, caller: str, headers: Headers, started_at: float
    ) -> RequestSpan:
        """Begin the span of a request; without a valid ``traceparent`` it begins a trace of its own."""
        epoch = time.time_ns() - int(clock() * 1e9)
        attributes: dict[str, AttributeValue] = {
            "http.request.method": method,
            "url.scheme": scheme,
            "url.path": path,
            "scoreline.request_id": request_id,
        }
        if caller:
            attributes["client.address"] = caller
        span = self._tracer.start_span(
            method,
            self._parent(_context(headers)),
            self._server,
            attributes,
            start_time=epoch + int(started_at * 1e9),
        )
        return RequestSpan(span, epoch)

    def answered(self, run: Run) -> None:
        """Give the spans of a run's requests its phases as children."""
        phases = (
            ("decode", run.begun_at, run.decoded_at),
            ("score", run.scoring_at, run.scored_at),
            ("encode", run.scored_at, run.encoded_at),
        )
        for asked, n_rows in zip(run.asked, run.sizes, strict=True):
            of_request: RequestSpan | None = asked.span
            if of_request is None or not of_request.span.is_recording():
                continue
            of_request.span.set_attribute("scoreline.rows", n_rows)
            context = self._within(of_request.span)
            for name, begun_at, ended_at in phases:
                child = self._tracer.start_span(name, context, start_time=of_request.at(begun_at))
                if name == "score":
                    child.set_attributes(
                        {"scoreline.run.requests": len(run.asked), "scoreline.run.rows": len(run.rows)}
                    )
                child.end(of_request.at(ended_at))

    def end(self, of_request: RequestSpan, request: Ended) -> None:
        """End the span of a request."""
        span = of_request.span
        if span.is_recording():
            span.set_attribute("http.response.status_code", request.status)
            if request.route:
                span.update_name(f"{request.method} {request.route}")
                span.set_attribute("http.route", request.route)
            if request.dialect:
                span.set_attribute("scoreline.dialect", request.dialect)
            if request.active is not None:
                span.set_attribute("scoreline.deployment", request.active.full_name)
                span.set_attribute("scoreline.version", request.active.version)
            if request.error is not None:
                span.set_attribute("error.type", request.error.code)
            if request.status >= 500:
                span.set_status(self._error)
        span.end(of_request.at(clock()))

    def close(self) -> None:
        """Export what is left, within SHUTDOWN_SECONDS."""
        last = threading.Thread(target=self._provider.shutdown, name="scoreline-spans", daemon=True)
        last.start()
        last.join(SHUTDOWN_SECONDS)


def open_tracing(environment: Mapping[str, str] | None = None) -> Tracing | None:
    """Return what makes spans, or None unless OpenTelemetry's variables ask for an OTLP exporter.

    It begins a thread, so a server calls this after it has forked. Where the packages are missing a warning says so.
    """
    given = os.environ if environment is None else environment
    if not _is_asked_for(given):
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        log.warning(
            "no spans are exported, though OTEL_* variables ask for it: %s; %s installs it", error.name, INSTALL
        )
        return None
    for handler in logging.getLogger("scoreline").handlers:  # of the server's own log
        logging.getLogger("opentelemetry").addHandler(handler)
    is_named = given.get("OTEL_SERVICE_NAME") or "service.name=" in given.get("OTEL_RESOURCE_ATTRIBUTES", "")
    name = {} if is_named else {"service.name": "scoreline"}
    resource = Resource.create({"service.version": scoreline.__version__, **name})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)


def _context(headers: Headers) -> dict[str, list[str]]:
    """Return the headers of the trace; several of ``traceparent`` are as good as none."""
    found: dict[str, list[str]] = {name: [] for name in CONTEXT_HEADERS}
    for key, value in headers:
        if (name := key.decode("latin-1")) in found:
            found[name].append(value.decode("latin-1"))
    return found if len(found["traceparent"]) == 1 else {}


def _is_asked_for(given: Mapping[str, str]) -> bool:
    exporters = {name.strip() for name in given.get("OTEL_TRACES_EXPORTER", "").split(",")} - {""}
    has_endpoint = any(given.get(name) for name in ENDPOINTS)
    if given.get("OTEL_SDK_DISABLED", "").lower() == "true" or not (exporters or has_endpoint) or exporters == {"none"}:
        return False
    if exporters and "otlp" not in exporters:
        log.warning("OTEL_TRACES_EXPORTER=%s: spans are exported with otlp only, so none are", ",".join(exporters))
        return False
    protocol = next((given[name] for name in PROTOCOLS if given.get(name)), HTTP)
    if protocol != HTTP:
        log.warning("spans are exported as %s only; %s was asked for, so none are", HTTP, protocol)
        return False
    return True
