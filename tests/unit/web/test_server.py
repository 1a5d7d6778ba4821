from __future__ import annotations

import json
import logging
import socket

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from scoreline.app.settings import App
from scoreline.core.errors import BadSetting, Conflict, Unavailable
from scoreline.web.app import create_app
from scoreline.web.fastlane import connections, patience
from scoreline.web.logs import JsonLines, TextLines
from scoreline.web.server import background, bind, url_of


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no"})


def test_a_server_answers_while_it_is_entered_and_is_gone_after() -> None:
    with background(hello, bind(port=0)) as url:
        assert httpx.get(url).text == "hello"
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_a_server_whose_application_does_not_start_says_so() -> None:
    with pytest.raises(Unavailable, match="did not start"), background(broken, bind(port=0)):
        pass


def test_a_taken_port_is_refused_with_the_way_out() -> None:
    with bind(port=0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Conflict, match=f"port {port} of 127.0.0.1 is taken") as caught:
            bind(port=port)
        assert "--port auto" in caught.value.hint


def test_a_taken_port_gives_way_to_the_next_when_asked() -> None:
    with bind(port=0) as taken:
        port = taken.getsockname()[1]
        with bind(port=port, next_free=True) as found:
            assert found.getsockname()[1] > port


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(BadSetting, match=r"cannot listen on 192\.0\.2\.1:0"):
        bind("192.0.2.1", 0)


def test_the_url_is_one_that_can_be_typed_here() -> None:
    with bind("0.0.0.0", 0) as everywhere:
        assert url_of(everywhere) == f"http://127.0.0.1:{everywhere.getsockname()[1]}"


def test_a_caller_that_is_early_waits_for_the_models() -> None:
    listening = bind(port=0)
    with socket.create_connection(listening.getsockname()) as early:
        early.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        with background(hello, listening):
            assert early.makefile("rb").read().endswith(b"hello")


def test_a_slow_sender_is_told_so_without_being_asked(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(patience, "SLOW_SECONDS", 0.05)
    listening = bind(port=0)
    with background(create_app(app.registry), listening), socket.create_connection(listening.getsockname()) as slow:
        slow.settimeout(20)
        slow.sendall(b"POST /model/score HTTP/1.1\r\nhost: x\r\ncontent-le")
        assert slow.makefile("rb").read().startswith(b"HTTP/1.1 408")


def record(request: dict[str, object] | None = None) -> logging.LogRecord:
    made = logging.LogRecord("scoreline.requests", logging.INFO, "", 1, "request", None, None)
    if request is not None:
        made.request = request
    return made


def test_log_lines_are_json_for_machines_and_short_for_people() -> None:
    request = {"method": "GET", "path": "/x", "status": 200, "seconds": 0.0123, "request_id": "r-1"}
    line = json.loads(JsonLines().format(record(request)))
    assert (line["level"], line["event"], line["request_id"]) == ("info", "request", "r-1")
    assert TextLines().format(record(request)).endswith("GET /x 200 12.3 ms")
    assert TextLines().format(record()).endswith(" request")
