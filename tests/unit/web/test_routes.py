from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request

from scoreline.app.settings import App
from scoreline.core.errors import ERRORS
from scoreline.serving.errors import STATUS_OF_CODE, http_status
from scoreline.serving.meters import Meters
from scoreline.serving.protocols import DIALECTS
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.app import create_app
from scoreline.web.endpoint import Endpoint
from scoreline.web.gate import OpenGate
from scoreline.web.requests import Requests
from scoreline.web.seat import ALONE
from scoreline.web.server import background, bind
from scoreline.web.watch import Watch


def test_a_server_with_nothing_deployed_is_ready(app: App) -> None:
    for name in ("credit", "price"):
        app.registry.undeploy(name)
    with background(create_app(app.registry), bind(port=0)) as url:
        assert httpx.get(f"{url}/health/ready").status_code == 200
        readyz = httpx.get(f"{url}/readyz")
        assert (readyz.status_code, readyz.text) == (500, "Not ready")


def test_a_deployment_that_nothing_answers_makes_the_server_unready_and_says_why(app: App) -> None:
    app.registry.artifact(app.registry.resolve("price").digest).write_bytes(b"PK")
    with background(create_app(app.registry), bind(port=0)) as url, httpx.Client(base_url=url) as http:
        ready = http.get("/health/ready")
        assert ready.status_code == 503
        assert ready.json()["deployments"]["credit"]["status"] == "ready"
        assert "version 1 of `price` cannot be loaded" in ready.json()["deployments"]["price"]["reason"]
        refused = http.post("/api/v1/deployments/price/score", json={"age": 1})
        assert refused.status_code == 503
        assert refused.headers["retry-after"]
        assert http.post("/api/v1/deployments/credit/score", json={"age": 1}).status_code == 200
        state = http.get("/api/v1/deployments/price").json()
        assert (state["status"], state["version"], state["wanted_version"]) == ("failed", None, 1)
        assert http.get("/deployments/price/readyz").status_code == 500


def test_deployments_are_listed_with_their_state(http: httpx.Client) -> None:
    listed = http.get("/api/v1/deployments").json()["deployments"]
    assert [state["name"] for state in listed] == ["credit", "price"]
    assert listed[0] == http.get("/api/v1/deployments/credit").json()
    assert listed[0]["default"] is True


def test_the_default_deployment_answers_h2o_at_the_root(http: httpx.Client) -> None:
    sample = http.get("/model/sample_request")
    here, there = (http.post(base + "/model/score", content=sample.content) for base in ("", "/deployments/credit"))
    assert here.status_code == 200
    assert here.json() == there.json()
    assert http.get("/model/id").text == http.get("/api/v1/deployments/credit").json()["digest"]


def test_what_h2o_has_and_is_not_offered_answers_501(http: httpx.Client) -> None:
    for method, path in (
        ("GET", "/model/score?file=/etc/hostname"),
        ("POST", "/model/contribution"),
        ("POST", "/deployments/credit/model/media-score"),
    ):
        response = http.request(method, path)
        assert response.status_code == 501
        assert response.json()["detail"]


def test_head_is_get_without_a_body(http: httpx.Client) -> None:
    whole, head = http.get("/model/schema"), http.head("/model/schema")
    assert head.content == b""
    assert head.headers["content-length"] == whole.headers["content-length"]


def test_options_names_the_methods(http: httpx.Client) -> None:
    response = http.options("/deployments/credit/model/score")
    assert (response.status_code, response.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")


def test_a_path_that_is_not_there_is_told_the_close_ones(http: httpx.Client) -> None:
    response = http.post("/api/v1/deployments/credit/scores", json={})
    assert response.status_code == 404
    assert "/api/v1/deployments/credit/score" in response.json()["error"]["hint"]
    assert "openapi" in http.get("/zzz").json()["error"]["hint"]


def test_a_slash_at_the_end_changes_nothing(http: httpx.Client) -> None:
    assert http.get("/health/live/").status_code == 200
    assert http.get("/model/score/?file=x").status_code == 501


def test_a_browser_gets_a_page_and_a_program_gets_json(http: httpx.Client) -> None:
    assert http.get("/").json()["deployments"] == ["credit", "price"]
    page = http.get("/", headers={"accept": "text/html,*/*"})
    assert page.headers["content-type"].startswith("text/html")
    assert f"curl {str(http.base_url).rstrip('/')}/api/v1/deployments/credit/score" in page.text


def test_an_exception_that_nobody_foresaw_stays_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def explode(_: Request) -> Reply:
        raise ZeroDivisionError("secret")

    watch = Watch(Meters(), ALONE, lambda name, space: "")
    app = Requests(Endpoint({"GET": explode}, DIALECTS["native"].error, "nothing"), watch, OpenGate())

    async def get() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as http:
            return await http.get("/")

    with caplog.at_level(logging.ERROR, "scoreline.web"):
        response = asyncio.run(get())
    assert response.status_code == 500
    assert response.json()["error"]["code"] == "internal"
    assert "secret" not in response.text
    assert response.headers["x-request-id"] in response.json()["error"]["hint"]
    assert response.headers["x-request-id"] in caplog.text
    assert "secret" in caplog.text


def test_requests_are_logged_without_their_payload(app: App, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "scoreline.requests"), background(create_app(app.registry), bind(port=0)) as url:
        score = f"{url}/api/v1/deployments/credit/score"
        httpx.post(score, json={"age": 4711}, headers={"x-request-id": "r-1"})
        httpx.post(score, json={"age": "old"})
    first, second = (record.request for record in caplog.records if record.name == "scoreline.requests")
    assert first | {"seconds": 0} == {
        "method": "POST",
        "path": "/api/v1/deployments/credit/score",
        "status": 200,
        "seconds": 0,
        "request_id": "r-1",
        "client": "127.0.0.1",
        "dialect": "native",
        "deployment": "credit",
        "version": 1,
        "n_rows": 1,
    }
    assert (second["status"], second["error"]) == (400, "schema_mismatch")
    assert "4711" not in caplog.text


def test_every_error_has_a_status() -> None:
    for error in ERRORS:
        assert 400 <= http_status(error("message")) < 600
    assert set(STATUS_OF_CODE) <= {error.code for error in ERRORS}


API = Path(__file__).parents[3] / "docs" / "api.md"


def test_every_route_of_every_dialect_is_documented() -> None:
    documented = API.read_text("utf-8")
    for dialect in DIALECTS:
        for path in (dialect.score_path, *dialect.views, *(refusal.path for refusal in dialect.refusals)):
            assert path in documented


def test_every_error_that_a_caller_can_meet_is_documented() -> None:
    documented = API.read_text("utf-8")
    for code in [
        *STATUS_OF_CODE,
        "bad_request",
        "schema_mismatch",
        "not_found",
        "unsupported",
        "unavailable",
        "internal",
    ]:
        assert f"`{code}`" in documented
