"""JSON-RPC over both ways in: what has its answer without a score."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.unit.web.conftest import two_models
from tests.wire import Response, Server, request, responses, serving

from scoreline.web.app import create_app

PATH = "/deployments/credit/rpc"
ROW = {"age": 42, "amount": 1500.5, "purpose": "radio"}


@pytest.fixture(params=[True, False], ids=["fast lane", "asgi"], scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with (
        two_models(tmp_path_factory.mktemp("rpc")) as app,
        serving(create_app(app.registry, fast_lane=request.param)) as started,
    ):
        yield started


def ask(server: Server, *documents: Any) -> list[Response]:
    sent = [request(document, "content-type: application/json", path=PATH) for document in documents]
    return responses(server.exchange(b"".join(sent)).sent)


def test_a_notification_has_an_answer_without_content(server: Server) -> None:
    [response] = ask(server, {"method": "score", "params": [ROW]})
    assert (response.status, response.body) == (204, b"")
    assert response.headers.keys() >= {"x-request-id", "x-scoreline-version"}
    assert response.headers.keys().isdisjoint({"content-length", "content-type", "transfer-encoding"})


def test_answers_on_a_connection_keep_their_order(server: Server) -> None:
    told = ask(
        server,
        {"id": 1, "method": "score", "params": [ROW]},
        {"method": "score", "params": [ROW]},
        {"id": 2, "method": "get_target_labels"},
        {"id": 3, "method": "none"},
        {"id": 4, "method": "score", "params": [ROW]},
    )
    assert [response.status for response in told] == [200, 204, 200, 200, 200]
    assert [response.document["id"] for response in told if response.body] == [1, 2, 3, 4]
    assert told[0].document["result"] == told[4].document["result"]


def test_an_error_in_an_answer_is_counted_as_an_error(server: Server) -> None:
    ask(server, {"id": 1, "method": "score", "params": [{"age": "abc"}]}, {"id": 1, "method": "none"})
    wire = server.exchange(request(path="/metrics", method="GET"))
    server.wait_for(wire, 1)
    answer = responses(wire.sent)[0].body.decode()
    counted = [line for line in answer.splitlines() if "errors_total{" in line and "credit" in line]
    assert any('code="schema_mismatch"' in line for line in counted), counted
    assert any('code="not_found"' in line for line in counted)


def test_a_deployment_that_is_not_there_is_told_in_the_form_of_json_rpc(server: Server) -> None:
    body = json.dumps({"id": 1, "method": "get_hash"}).encode()
    [response] = responses(server.exchange(request(body=body, path="/deployments/credti/rpc")).sent)
    assert response.status == 404
    error = response.document["error"]
    assert (error["code"], error["data"]["request_id"]) == (-32004, response.headers["x-request-id"])


@pytest.mark.parametrize("content_type", ["application/json-rpc", "application/jsonrequest; charset=utf-8"])
def test_a_body_may_have_the_content_types_of_json_rpc(server: Server, content_type: str) -> None:
    headers = [f"content-type: {content_type}", f"accept: {content_type}"]
    sent = request({"id": 1, "method": "get_target_labels"}, *headers, path=PATH)
    [response] = responses(server.exchange(sent).sent)
    assert response.document["result"] == ["good", "bad"]
