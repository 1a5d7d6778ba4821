"""Keys, open servers and TLS, as whoever starts `scoreline serve` meets them."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts import ROWS, tiny_artifact
from tests.processes import environment, first_document, wait_for

from scoreline.app.certificates import make_certificate
from scoreline.app.settings import App, Settings, open_app

SCORE = "/api/v1/deployments/credit/score"
BODY = json.dumps(ROWS[0]).encode()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with open_app(Settings.of(home=tmp_path / "home", environment={})) as opened:
        tiny_artifact(tmp_path / "credit.scoreline")
        opened.registry.register(tmp_path / "credit.scoreline")
        opened.registry.deploy("credit", "credit")
        yield opened


def serve(app: App, *options: str) -> list[str]:
    return ["-m", "scoreline", "serve", "--home", str(app.home), "--port", "0", *options]


@contextmanager
def served(app: App, folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A server, and the document that it printed."""
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, *serve(app, *options, "--json")],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment(),
        )
    try:
        yield process, first_document(process)
    finally:
        process.terminate()
        process.wait(30)


def ask(connection: http.client.HTTPConnection, key: str, path: str = SCORE, body: bytes | None = BODY) -> int:
    connection.request("GET" if body is None else "POST", path, body, {"x-api-key": key} if key else {})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def connect(url: str, trusted: Path | None = None) -> http.client.HTTPConnection:
    host, _, port = url.rpartition("/")[2].rpartition(":")
    if trusted is None:
        return http.client.HTTPConnection(host, int(port), timeout=20)
    return http.client.HTTPSConnection(
        host, int(port), timeout=20, context=ssl.create_default_context(cafile=str(trusted))
    )


def test_the_first_start_shows_the_administrators_key_once_and_a_request_needs_one(app: App, tmp_path: Path) -> None:
    with served(app, tmp_path) as (_, document):
        key = document["administrator_key"]
        connection = connect(document["url"])
        assert [ask(connection, given) for given in (key, "", "sl_guess", key)] == [200, 401, 401, 200]
        assert ask(connection, "", "/metrics", None) == 401
        assert ask(connection, key, "/metrics", None) == 200
        assert ask(connection, "", "/health/ready", None) == 200
        connection.close()
    assert key not in (tmp_path / "log").read_text()
    with served(app, tmp_path) as (_, document):
        assert "administrator_key" not in document
        connection = connect(document["url"])
        assert ask(connection, key) == 200
        connection.close()


def test_an_open_server_for_other_machines_has_to_be_asked_for_twice(app: App, tmp_path: Path) -> None:
    command = [sys.executable, *serve(app, "--host", "0.0.0.0", "--open")]
    refused = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=60, check=False)
    assert refused.returncode == 2
    assert "say it twice" in refused.stderr
    with served(app, tmp_path, "--host", "0.0.0.0", "--open", "--open") as (_, document):
        connection = connect(document["url"])
        assert ask(connection, "") == 200
        connection.close()


def test_a_key_holds_its_rate_and_its_end_with_every_worker_alike(app: App, tmp_path: Path) -> None:
    made = app.security.create_key("shop", role="scorer")
    seldom, often = (app.security.create_key("rated", role="scorer", rate=rate).secret for rate in (0.01, 200))
    with served(app, tmp_path, "--workers", "2") as (_, document), ExitStack() as stack:
        connections = [connect(document["url"]) for _ in range(8)]
        for connection in connections:
            stack.callback(connection.close)
            assert ask(connection, made.secret) == 200
        assert [ask(connection, seldom) for connection in connections] == [200] + 7 * [429]
        assert {ask(connections[0], often) for _ in range(150)} == {200}, "one connection, one worker: all of the rate"
        app.security.revoke_key(made.key.id)
        wait_for(lambda: {ask(connection, made.secret) for connection in connections} == {401})
        assert {ask(connection, made.secret) for connection in connections} == {401}


def test_with_https_only_a_key_that_comes_unencrypted_scores_nothing(app: App, tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    make_certificate((), certificate=certificate, key=key, days=1, replace=True)
    secret = app.security.create_key("shop", role="scorer").secret
    options = ("--https-port", "0", "--tls-cert", str(certificate), "--tls-key", str(key), "--https-only")
    with served(app, tmp_path, *options) as (_, document), ExitStack() as stack:
        assert document["url"] == document["https_url"]
        encrypted = stack.enter_context(_closing(connect(document["url"], certificate)))
        plain = stack.enter_context(_closing(connect(document["http_url"])))
        assert [ask(encrypted, secret), ask(plain, secret), ask(encrypted, secret)] == [200, 403, 200]
        assert ask(plain, "", "/health/ready", None) == 200
        plain.request("GET", "/docs")
        led = plain.getresponse()
        led.read()
        assert led.status == 308
        assert led.headers["location"] == document["url"] + "/docs"


def test_behind_a_trusted_proxy_the_log_has_its_callers_address(app: App, tmp_path: Path) -> None:
    secret = app.security.create_key("shop", role="scorer").secret
    with served(app, tmp_path, "--trusted-proxies", "127.0.0.0/8") as (_, document):
        with _closing(connect(document["url"])) as connection:
            headers = {"x-api-key": secret, "x-forwarded-for": "203.0.113.5", "x-forwarded-proto": "https"}
            connection.request("POST", SCORE, BODY, headers)
            assert connection.getresponse().status == 200
        wait_for(lambda: SCORE in (tmp_path / "log").read_text())
    assert '"client":"203.0.113.5"' in (tmp_path / "log").read_text()


def test_http_and_https_answer_at_once_and_a_renewed_certificate_is_taken_up(app: App, tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    old = tmp_path / "old.pem"

    def renew(*names: str) -> None:
        make_certificate(names, certificate=certificate, key=key, days=1, replace=True)

    def is_new() -> bool:
        try:
            connection = connect(document["https_url"], certificate)
            connection.connect()
        except ssl.SSLCertVerificationError:
            return False
        connection.close()
        return True

    renew()
    secret = app.security.create_key("shop", role="scorer").secret
    options = ("--workers", "2", "--https-port", "0", "--tls-cert", str(certificate), "--tls-key", str(key))
    with served(app, tmp_path, *options) as (process, document), ExitStack() as stack:
        plain = stack.enter_context(_closing(connect(document["url"])))
        assert ask(plain, secret) == 200
        workers: Counter[int] = Counter()
        for _ in range(12):
            secured = stack.enter_context(_closing(connect(document["https_url"], certificate)))
            assert ask(secured, secret) == 200
            workers[_worker(secured)] += 1
        assert sorted(workers.values())[0] >= 5, "TLS connections are dealt out evenly"
        with socket.create_connection(("127.0.0.1", int(document["https_url"].rpartition(":")[2])), 20) as stranger:
            stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert b"HTTP/1.1 200" not in stranger.recv(1000)
        old.write_bytes(certificate.read_bytes())
        certificate.write_text("no certificate")
        wait_for(lambda: "is not taken up" in (tmp_path / "log").read_text())
        assert connect(document["https_url"], old).connect() is None
        renew("renewed.example")
        os.kill(process.pid, signal.SIGHUP)
        wait_for(lambda: all(is_new() for _ in range(6)))
        assert ask(secured, secret) == 200, "connections that were there go on"
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_https_without_a_key_is_refused_with_a_sentence(app: App) -> None:
    command = [sys.executable, *serve(app, "--tls-cert", "cert.pem")]
    refused = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=60, check=False)
    assert refused.returncode == 2
    assert "scoreline cert" in refused.stderr


def _worker(connection: http.client.HTTPConnection) -> int:
    connection.request("GET", "/health/live")
    return int(json.loads(connection.getresponse().read())["worker"])


@contextmanager
def _closing(connection: http.client.HTTPConnection) -> Iterator[http.client.HTTPConnection]:
    try:
        yield connection
    finally:
        connection.close()
