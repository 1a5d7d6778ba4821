"""NVIDIA's tritonclient, unmodified, against a real server of two workers: over HTTP and gRPC, on one port and on two.

And the same with TLS, where both sides agree on what is spoken.
"""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from tests.acceptance.clouds import ROWS, run_client
from tests.processes import first_document


class Server(NamedTuple):
    """Where it answers, and keys for it."""

    url: str
    https_url: str
    grpc: str
    scorer: str
    editor: str
    log: Path


@contextmanager
def serving(scoreline: Any, log: Path, *options: str) -> Iterator[Server]:
    keys = [
        scoreline("key", "create", f"triton-{role}-{log.stem}", "--role", role, "--json").document["secret"]
        for role in ("scorer", "editor")
    ]
    with log.open("w") as lines:
        process = scoreline.start(
            *("serve", "--port", "0", "--grpc-port", "0", "--workers", "2", "--json", *options), stderr=lines
        )
        try:
            document = first_document(process)
            yield Server(document["url"], document.get("https_url", ""), document["grpc"], *keys, log)
        finally:
            process.terminate()
            assert process.wait(timeout=30) == 0


@pytest.fixture(scope="module")
def home(trained: Any) -> Any:
    """Beside what is deployed, a model that is not."""
    registered = trained("register", "loans.scoreline", "--model", "spare")
    assert registered.status == 0, registered.err
    return trained


@pytest.fixture(scope="module")
def server(home: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(home, tmp_path_factory.mktemp("triton") / "plain.log") as started:
        yield started


@pytest.fixture(scope="module")
def expected(server: Server) -> list[list[float]]:
    """What the native dialect answers."""
    with httpx.Client(base_url=f"{server.url}/api/v1/deployments/loans", headers={"x-api-key": server.scorer}) as http:
        labels = http.get("/schema").json()["labels"]
        predictions = http.post("/score", json=ROWS).json()["predictions"]
    return [[row["probability"][label] for label in labels] for row in predictions]


def test_tritonclient_scores_over_http_in_json_and_in_binary(server: Server, expected: list[list[float]]) -> None:
    told = run_client("triton", "over_http.py", server.url, server.scorer, server.editor, json.dumps(ROWS))
    assert told["live"]
    assert told["ready"]
    assert told["model ready"]
    assert not told["nobody ready"]
    assert told["server"]["extensions"] == ["binary_tensor_data", "model_repository"]
    assert {tensor["name"] for tensor in told["model"]["inputs"]} == {"income", "age", "city"}
    for way in ("json", "binary", "packed"):
        assert told[way]["scores"] == expected
        assert len(set(told[way]["labels"])) == 2
        assert told[way]["id"] == "mine"
    assert told["version"] == told["all outputs"] == expected
    assert told["several"] == [expected] * 8
    check_refusals(told, denied="403", stranger="401", nowhere="404")
    check_repository(told["index"], told["loaded"], told["unloaded"])


def test_tritonclient_scores_over_grpc(server: Server, expected: list[list[float]]) -> None:
    check_grpc(server, server.grpc, "", expected)
    check_grpc(server, server.url.removeprefix("http://"), "", expected)
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    scored = [line for line in lines if line.get("dialect") == "oip_grpc" and line["status"] == 200]
    assert {line["n_rows"] for line in scored} == {len(ROWS), 5000 * len(ROWS)}


def test_what_was_scored_over_grpc_is_metered_and_in_the_prediction_log(home: Any, server: Server) -> None:
    metrics = httpx.get(f"{server.url}/metrics", headers={"x-api-key": server.scorer}).text
    assert 'dialect="oip_grpc"' in metrics
    log = home("log", "loans", "--json")
    assert log.status == 0, log.err
    assert "oip_grpc" in log.out


def test_tritonclient_scores_over_grpc_with_tls(home: Any, expected: list[list[float]], tmp_path: Path) -> None:
    files = [tmp_path / "cert.pem", tmp_path / "key.pem"]
    made = home("cert", "--cert", str(files[0]), "--key", str(files[1]))
    assert made.status == 0, made.err
    options = ("--tls-cert", str(files[0]), "--tls-key", str(files[1]), "--https-port", "0")
    with serving(home, tmp_path / "tls.log", *options) as server:
        check_grpc(server, server.grpc, str(files[0]), expected)
        at = httpx.URL(server.https_url)
        check_grpc(server, f"{at.host}:{at.port}", str(files[0]), expected)
        check_agreement(server, files[0])


def test_a_port_that_is_taken_is_said_before_the_server_starts(home: Any, server: Server) -> None:
    port = server.grpc.rpartition(":")[2]
    process = home.start("serve", "--port", "0", "--grpc-port", port, stderr=subprocess.PIPE)
    _, told = process.communicate(timeout=60)
    assert process.returncode != 0
    assert f"port {port} of 127.0.0.1 is taken" in told
    assert "--grpc-port" in told


def check_agreement(server: Server, certificate: Path) -> None:
    """Check what TLS agrees on: whoever offers both goes on with HTTP/1.1, and gRPC's own port has HTTP/2 alone."""
    address = httpx.URL(server.https_url)
    own = int(server.grpc.rpartition(":")[2])
    for port, offered, agreed in (
        (address.port, ["h2", "http/1.1"], "http/1.1"),
        (address.port, ["h2"], "h2"),
        (own, ["http/1.1", "h2"], "h2"),
    ):
        context = ssl.create_default_context(cafile=certificate)
        context.set_alpn_protocols(offered)
        with (
            socket.create_connection((address.host, port), 10) as connected,
            context.wrap_socket(connected, server_hostname=address.host) as secure,
        ):
            assert secure.selected_alpn_protocol() == agreed


def check_grpc(server: Server, address: str, certificate: str, expected: list[list[float]]) -> None:
    told = run_client("triton", "over_grpc.py", address, certificate, server.scorer, server.editor, json.dumps(ROWS))
    assert told["live"]
    assert told["ready"]
    assert told["model ready"]
    assert not told["nobody ready"]
    assert told["server"]["name"] == "scoreline"
    assert {tensor["name"] for tensor in told["model"]["inputs"]} == {"income", "age", "city"}
    for way in ("raw", "packed"):
        assert told[way]["scores"] == expected
        assert told[way]["id"] == "mine"
    assert told["version"] == expected
    assert told["one output"]
    assert told["many"] == 5000 * len(ROWS)
    assert "DEADLINE_EXCEEDED" in told["too late"][0]
    check_refusals(told, denied="PERMISSION_DENIED", stranger="UNAUTHENTICATED", nowhere="NOT_FOUND")
    assert "UNAUTHENTICATED" in told["no key"][0]
    check_repository(told["index"]["models"], told["loaded"], told["unloaded"]["models"])


def check_refusals(told: dict[str, Any], *, denied: str, stranger: str, nowhere: str) -> None:
    for what, status in (("may not", denied), ("wrong key", stranger), ("wrong version", nowhere)):
        assert status in told[what][0], told[what]
    assert "edit" in told["may not"][1]
    assert "`77`" in told["wrong version"][1]


def check_repository(index: list[dict[str, str]], loaded: bool, unloaded: list[dict[str, str]]) -> None:
    for listed in (index, unloaded):
        states = {model["name"]: model["state"] for model in listed}
        assert states["loans"] == "READY"
        assert states["spare"] == "UNAVAILABLE"
    assert loaded
