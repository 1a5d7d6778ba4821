"""The lines that the log has for requests, by both ways in."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from tests.logs import logging_as_it_was
from tests.unit.web.conftest import two_models
from tests.wire import SCORE, Server, request, serving

from scoreline.app.settings import RequestLog
from scoreline.web.admission import Limits
from scoreline.web.app import create_app
from scoreline.web.logs import PIPE_BYTES, LogFormat, log_as, log_to_stderr
from scoreline.web.request_log import choose_requests

ROW = {"age": 42, "amount": 1500.5, "purpose": "radio"}
TRACE_ID, SPAN_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PATHS = [
    "/",
    "/api/v1/deployments",
    "/api/v1/deployments/credit/schema",
    "/openapi.json",
    "/model/score?file=x",
    "/nowhere",
]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """A server with a fast lane and one without, on the same deployments."""
    with two_models(tmp_path_factory.mktemp("request-log")) as app:
        lane, asgi = (create_app(app.registry, limits=Limits(body_bytes=5000), fast_lane=on) for on in (True, False))
        with serving(lane) as first, serving(asgi) as second:
            yield first, second


@contextmanager
def logging_to_stderr(form: LogFormat = "json", which: RequestLog = "all", worker: int | None = None) -> Iterator[None]:
    with logging_as_it_was():
        log_to_stderr(form)
        choose_requests(which)
        if worker is not None:
            log_as(worker)
        yield


def said(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines since the last time, by request id: those of one turn have no order."""
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    return sorted(lines, key=lambda line: str(line["request_id"]))


def test_a_line_tells_what_came_of_a_request(both: tuple[Server, Server], capsys: pytest.CaptureFixture[str]) -> None:
    for server in both:
        with logging_to_stderr(worker=3):
            header = f"traceparent: 00-{TRACE_ID}-{SPAN_ID}-01"
            server.exchange(request([ROW, ROW], "x-request-id: mine", header))
        (line,) = said(capsys)
        assert datetime.fromisoformat(line.pop("time")).utcoffset() is not None
        assert 0 < line.pop("seconds") < 20
        assert line == {
            "level": "info",
            "event": "request",
            "worker": 3,
            "method": "POST",
            "path": SCORE,
            "status": 200,
            "request_id": "mine",
            "dialect": "native",
            "deployment": "credit",
            "version": 1,
            "n_rows": 2,
            "trace_id": TRACE_ID,
            "span_id": SPAN_ID,
        }


@pytest.mark.parametrize(
    ("sent", "status", "level", "error"),
    [
        (request(ROW, "x-request-id: a"), 200, "info", None),
        (request(ROW, 'x-request-id: "quoted\\'), 200, "info", None),
        (request(ROW, path="/model/score"), 400, "warning", "bad_request"),
        (request({"age": "old"}), 400, "warning", "schema_mismatch"),
        (request(body=b" " * 6000), 413, "warning", "too_large"),
        (request(ROW, path=SCORE.replace("credit", 'n"%C3%B6%0Ane')), 404, "warning", "not_found"),
        (request(ROW, "traceparent: 00-nonsense-01"), 200, "info", None),
        *((request(method="GET", path=path), None, None, None) for path in PATHS),
    ],
)
def test_the_log_says_the_same_of_both_ways(
    both: tuple[Server, Server], capsys: pytest.CaptureFixture[str], sent: bytes, status: int, level: str, error: str
) -> None:
    told = []
    for server in both:
        with logging_to_stderr():
            server.exchange(sent)
        (line,) = said(capsys)
        made_up = re.fullmatch("[0-9a-f]{32}", line["request_id"])
        told.append(line | {"time": "", "seconds": 0, "request_id": "" if made_up else line["request_id"]})
    assert told[0] == told[1]
    if status is not None:
        assert (told[0]["status"], told[0]["level"], told[0].get("error")) == (status, level, error)
    assert "trace_id" not in told[0]


def test_requests_answered_together_have_a_line_each(
    both: tuple[Server, Server], capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [SCORE, SCORE.replace("credit", "price")]
    rows = [ROW, ROW, {"age": "old"}, ROW]
    sent = b"".join(request(row, f"x-request-id: {n}", path=paths[n % 2]) for n, row in enumerate(rows))
    for server in both:
        with logging_to_stderr():
            server.exchange(sent)
        told = [(line["request_id"], line["status"], line["deployment"]) for line in said(capsys)]
        assert told == [("0", 200, "credit"), ("1", 200, "price"), ("2", 400, "credit"), ("3", 200, "price")]


def test_a_log_of_errors_tells_of_nothing_else(both: tuple[Server, Server], capsys: pytest.CaptureFixture[str]) -> None:
    for server in both:
        with logging_to_stderr(which="errors"):
            server.exchange(request(ROW, "x-request-id: good") + request({"age": "old"}, "x-request-id: bad"))
        assert [line["request_id"] for line in said(capsys)] == ["bad"]
        with logging_to_stderr(which="off"):
            server.exchange(request(ROW) + request({"age": "old"}))
        assert said(capsys) == []


def test_probes_are_told_of_when_something_is_wrong(
    both: tuple[Server, Server], capsys: pytest.CaptureFixture[str]
) -> None:
    with logging_to_stderr():
        both[0].exchange(request(method="GET", path="/health/live"))
        both[0].exchange(request(method="DELETE", path="/health/live"))
    assert [line["status"] for line in said(capsys)] == [405]


def test_a_caller_that_leaves_before_the_end_has_a_line(
    both: tuple[Server, Server], capsys: pytest.CaptureFixture[str]
) -> None:
    for server in both:
        with logging_to_stderr():
            server.exchange(request(ROW, "x-request-id: half")[:-3]).protocol.connection_lost(None)
            server.turns()
        (line,) = said(capsys)
        assert (line["request_id"], line["status"], line["deployment"]) == ("half", 499, "credit")


def test_lines_for_people_are_short(both: tuple[Server, Server], capsys: pytest.CaptureFixture[str]) -> None:
    for server in both:
        with logging_to_stderr("text"):
            server.exchange(request(ROW) + request({"age": "old"}))
        lines = capsys.readouterr().err.splitlines()
        assert {re.sub(r"[\d.]+ ms", "N ms", re.sub(r"^\d\d:\d\d:\d\d ", "", line)) for line in lines} == {
            f"POST {SCORE} 200 N ms",
            f"POST {SCORE} 400 N ms schema_mismatch",
        }


def test_a_caller_cannot_write_lines(both: tuple[Server, Server], capsys: pytest.CaptureFixture[str]) -> None:
    forged = SCORE.replace("credit", "x%0A12:00:00%20GET%20/%1B[31m")
    for server in both:
        for form in ("text", "json"):
            with logging_to_stderr(form):
                server.exchange(request(ROW, "x-request-id: \\n\x9b", path=forged))
            text = capsys.readouterr().err
            assert text.count("\n") == 1
            assert not set("\x1b\x9b") & set(text)


def test_no_line_has_anything_of_what_was_sent(both: tuple[Server, Server], capsys: pytest.CaptureFixture[str]) -> None:
    for server in both:
        with logging_to_stderr():
            server.exchange(request({"age": 471108154, "purpose": "secret"}) + request({"age": "secret"}))
            server.exchange(request(ROW, path=SCORE + "?token=secret"))
        text = capsys.readouterr().err
        assert len(text.splitlines()) == 3
        assert "secret" not in text
        assert "471108154" not in text


def test_who_listens_otherwise_gets_records(both: tuple[Server, Server], caplog: pytest.LogCaptureFixture) -> None:
    for server in both:
        caplog.clear()
        with caplog.at_level(logging.INFO, "scoreline.requests"):
            server.exchange(request(ROW) + request({"age": "old"}))
        records = [(record.levelname, record.request["status"]) for record in caplog.records]  # type: ignore[attr-defined]
        assert sorted(records) == [("INFO", 200), ("WARNING", 400)]


def test_many_lines_are_written_in_parts_that_a_pipe_takes_whole(
    both: tuple[Server, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts: list[str] = []

    class Pipe:
        def write(self, text: str) -> None:
            parts.append(text)

        def flush(self) -> None:
            pass

    monkeypatch.setattr("sys.stderr", Pipe())
    with logging_to_stderr():
        both[0].exchange(b"".join(request(ROW, f"x-request-id: {n}" + "x" * (n % 90)) for n in range(60)))
    assert len(parts) > 3
    assert max(map(len, parts)) <= PIPE_BYTES
    assert len([json.loads(line) for part in parts for line in part.splitlines()]) == 60


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "DELETE"])
def test_every_answer_has_the_id_of_its_request(both: tuple[Server, Server], method: str) -> None:
    for server in both:
        for path in (SCORE, "/model/score", "/metrics", "/health/live", "/health/ready", *PATHS):
            assert id_of_answer(server, request(ROW, "x-request-id: abc-1", method=method, path=path)) == "abc-1"
            made = id_of_answer(server, request(ROW, "x-request-id: not ok", method=method, path=path))
            assert re.fullmatch("[0-9a-f]{32}", made)


def id_of_answer(server: Server, sent: bytes) -> str:
    wire = server.exchange(sent)
    server.wait_until(lambda: b"\r\n\r\n" in wire.sent)
    found = re.search(rb"x-request-id: (\S+)", wire.sent)
    assert found is not None
    return found[1].decode()
