"""Clients of SageMaker, MLflow and Azure, unmodified: host and key are ours, everything else is theirs."""

from __future__ import annotations

import copy
import json
import re
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.clouds import LABELS, ROWS, Served, run_client, served
from tests.processes import first_document


@pytest.fixture(scope="module")
def server(trained: Any) -> Iterator[Served]:
    with served(trained) as started:
        yield started


def test_boto3_invokes_an_endpoint(server: Served) -> None:
    told = run_client("aws", "invoke.py", server.url, server.key)
    assert [line.rpartition(",")[2] for line in told["csv"]] == LABELS
    assert told["attributes"] == "trace=7"
    assert told["variant"] == "version-1"
    assert told["request_id"]
    assert told["json"] == told["file"] == {"predictions": LABELS}
    assert [line["label"] for line in told["lines"]] == LABELS
    assert told["wrong row"]["Code"] == told["unknown endpoint"]["Code"] == "ValidationError"
    assert told["inference id"] == "shop-42"
    assert told["target model"] == {"predictions": LABELS}
    assert "those that do: 1" in told["wrong variant"]
    assert "row 1: 2 fields" in told["wrong row"]["Message"]
    assert "`nothing`" in told["unknown endpoint"]["Message"]
    assert told["wrong key"] == "AccessDeniedException"


def test_mlflows_clients_score(server: Served, tmp_path: Path) -> None:
    host, port = server.host_and_port
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {host}\nlogin token\npassword {server.key}\n")
    netrc.chmod(0o600)
    told = run_client("mlflow", "score.py", host, port, NETRC=str(netrc))
    assert told["ping"] is None  # it raises where it is not well
    assert told["frame"] == LABELS
    assert [round(sum(row), 6) for row in told["proba"]] == [1, 1]
    assert told["list"] == told["endpoint"] == LABELS[:1]
    assert "row 1, column `income`" in told["wrong value"]
    assert "`nothing`" in told["unknown endpoint"]


def test_a_log_has_a_line_for_each_request_that_was_answered(server: Served) -> None:
    def get(path: str, **headers: str) -> Any:
        request = urllib.request.Request(server.url + path, headers={"api-key": server.key, **headers})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    get("/services/loans/score?income=90&age=40&city=Oslo", **{"x-request-id": "in-the-log"})
    *_, last = get("/services/loans/logs?tail=3")["content"].splitlines()
    assert re.fullmatch(r"\S+ azure 200 [\d.]+ms rows=1 version=1 request=in-the-log", last)


def test_vertex_ai_says_where_to_listen_and_under_which_addresses(trained: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    said = {"AIP_HTTP_PORT": str(port), "AIP_PREDICT_ROUTE": "/v1/models/m:ask", "AIP_HEALTH_ROUTE": "/v1/models/m"}
    there = copy.copy(trained)
    there.environment = {**trained.environment, **said}
    process = there.start("serve", "--open", "--open", "--json", stderr=subprocess.DEVNULL)
    try:
        first_document(process)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models/m", timeout=10) as answer:
            assert answer.status == 200
        body = json.dumps({"instances": ROWS}).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models/m:ask", body, timeout=10) as answer:
            assert json.load(answer) == {"predictions": LABELS}
    finally:
        process.terminate()
        process.communicate(timeout=30)
