"""Clients of Driverless AI's two services, unmodified: jsonrpclib over HTTP, thriftpy2 over TCP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.acceptance.clouds import ROWS, Served, run_client, served


@pytest.fixture(scope="module")
def server(trained: Any) -> Iterator[Served]:
    with served(trained, "--thrift-port", "0", "--workers", "2") as started:
        yield started


@pytest.fixture(scope="module")
def expected(server: Served) -> list[list[float]]:
    """What the native dialect answers, in the order of the labels of the schema."""
    with httpx.Client(base_url=f"{server.url}/api/v1/deployments/loans", headers={"x-api-key": server.key}) as http:
        labels = http.get("/schema").json()["labels"]
        predictions = http.post("/score", json=ROWS).json()["predictions"]
        return [[row["probability"][label] for label in labels] for row in predictions]


def test_jsonrpclib_calls_every_method(server: Served, expected: list[list[float]]) -> None:
    told = run_client("rpc", "json_rpc.py", server.url, server.key, given=json.dumps(ROWS))
    for version, notified in (("2.0", 204), ("1.0", 200)):  # of 1.0 has an id, which is null
        answers = told[version]
        assert answers["score"] == expected[0]
        assert answers["rows"] == expected
        assert answers["several"] == [expected[1], answers["labels"], expected]
        assert answers["notified"] == notified
        assert set(answers["columns"]) == set(ROWS[0])
        assert "-32602" in answers["refused"]
        assert "row 1, column `income`" in answers["refused"]
    assert told["named"] == expected[0]
    assert "score_batch" in told["methods"]
    assert "401" in told["wrong key"]


def test_thriftpy2_calls_every_method(
    trained: Any, server: Served, expected: list[list[float]], tmp_path: Path
) -> None:
    idl = trained("thrift", "loans")
    assert idl.status == 0, idl.err
    (tmp_path / "loans.thrift").write_text(idl.out)
    host, _, port = server.beside["thrift"].rpartition(":")
    told = run_client(
        "rpc", "thrift_rpc.py", host, port, server.key, str(tmp_path / "loans.thrift"), given=json.dumps(ROWS)
    )
    for way in ("buffered", "framed"):
        answers = told[way]
        assert answers["stranger"] == answers["wrong key"] == ["unauthenticated", None, None]
        assert answers["score"] == expected[0]
        assert answers["rows"] == answers["table"] == expected
        assert answers["many"] == 2000
        assert sum(answers["missing"]) == pytest.approx(1)
        assert answers["refused"] == ["schema_mismatch", 2, "income"]
        assert len(answers["labels"]) == 2
        assert set(answers["columns"]) == set(ROWS[0])
    assert told["named"] == expected[0]


def test_what_thrift_scored_is_in_the_prediction_log(trained: Any, server: Served) -> None:
    log = trained("log", "loans", "--json")
    assert log.status == 0, log.err
    assert "thrift" in log.out
