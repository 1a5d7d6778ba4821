"""A client that is generated from our OpenAPI document, against a real server."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from tests.acceptance.clouds import ROWS, run_client, served

JSON_IS_ENOUGH = "Unsupported content type"
"""What the generator says of rows as CSV, Parquet and others: it knows JSON, forms and files, and leaves them out."""


@pytest.fixture(scope="module")
def told(trained: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the generated client found, and beside it what the native dialect answers to any other."""
    made = trained("key", "create", "generator", "--role", "admin", "--json")
    assert made.status == 0, made.err
    key, folder = made.document["secret"], tmp_path_factory.mktemp("generated")
    with served(trained) as server:
        found = run_client("openapi", "generated.py", server.url, key, str(folder), given=json.dumps(ROWS))
        answer = httpx.post(
            f"{server.url}/api/v1/deployments/loans/score", json=ROWS, headers={"x-api-key": key}
        ).json()
    return found | {"expected": [row["probability"] for row in answer["predictions"]]}


def test_everything_is_generated_and_can_be_imported(told: dict[str, Any]) -> None:
    assert told["modules"] > 200
    assert [warning for warning in told["warnings"] if JSON_IS_ENOUGH not in warning] == []
    assert len(told["warnings"]) > 0


def test_rows_are_scored_through_the_types_of_their_deployment(told: dict[str, Any]) -> None:
    assert told["one"] == told["expected"][:1]
    assert told["several"] == told["table"] == told["expected"]
    assert told["labels"] == ["yes", "no"]
    assert told["answered by"] == ["loans", "loans", 1]
    assert told["h2o"] == pytest.approx(list(told["expected"][0].values()))
    assert told["open inference"] == told["h2o"]


def test_errors_have_their_type(told: dict[str, Any]) -> None:
    status, kind, error = told["refused"]
    assert (status, kind, error["code"], error["row"], error["column"]) == (
        400,
        "Error",
        "schema_mismatch",
        2,
        "income",
    )
    assert told["unknown"] == [401, "Error", "unauthenticated"]


def test_deployments_are_listed_and_described(told: dict[str, Any]) -> None:
    assert "loans" in told["deployments"]
    assert told["status"] == "ready"
    assert told["columns"] == ["age", "city", "income"]


def test_a_key_is_made_used_and_revoked(told: dict[str, Any]) -> None:
    assert told["with own key"] == told["with token"] == "yes"
    assert told["forbidden"] == [True, "forbidden"]
    assert told["revoked"] == [True, "of generated code"]


def test_code_samples_are_answered_as_text(told: dict[str, Any]) -> None:
    assert "\ncurl " in told["snippet"]
    assert "python" in told["snippets"]
    assert "service" in told["thrift"]
