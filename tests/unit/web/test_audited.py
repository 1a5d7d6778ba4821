"""What callers change over HTTP is in the audit log, with who they are."""

from __future__ import annotations

from pathlib import Path

import httpx
from tests.artifacts import tiny_artifact
from tests.unit.web.test_thrift import World as Thrift
from tests.unit.web.test_thrift import login, score

from scoreline.app.settings import App
from scoreline.web.app import create_app
from scoreline.web.gate import KeyGate
from scoreline.web.server import background, bind


def test_models_that_are_loaded_and_unloaded_are_recorded(app: App, tmp_path: Path) -> None:
    (tmp_path / "unpacked").mkdir()
    tiny_artifact(tmp_path / "unpacked" / "loans.scoreline", name="loans")
    made = app.security.create_key("ops", space="*", role="admin")
    with (
        background(create_app(app.registry, gate=KeyGate(app.security), control=app), bind(port=0)) as url,
        httpx.Client(base_url=url, headers={"x-api-key": made.secret}) as http,
    ):
        answers = [
            http.post("/v2/repository/models/price/unload"),
            http.post("/v2/repository/models/price/load"),
            http.post("/models", json={"model_name": "loans", "url": str(tmp_path / "unpacked")}),
            http.delete("/models/loans"),
            http.post("/v2/repository/models/nothing/load"),
        ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 404]
    recorded = [record for record in reversed(app.security.audit()) if record.action.startswith("deployment.")]
    assert [(record.action, record.target) for record in recorded] == [
        ("deployment.delete", "price"),
        ("deployment.create", "price"),
        ("deployment.create", "loans"),
        ("deployment.delete", "loans"),
    ]
    assert {(record.actor, record.actor_id, record.origin, record.space) for record in recorded} == {
        ("ops", made.key.id, "127.0.0.1", "default")
    }


def test_who_may_not_score_and_asks_to_is_recorded_whichever_way_they_ask(app: App) -> None:
    made = app.security.create_key("looker", role="viewer")
    gate = KeyGate(app.security)
    with (
        Thrift(app, gate=gate) as server,
        httpx.Client(base_url=server.url, headers={"x-api-key": made.secret}) as http,
    ):
        refused = [
            http.post("/api/v1/deployments/price/score", json={"age": 42}).status_code,
            http.get("/deployments/price/model/score", params={"row": "42"}).status_code,
        ]
        (told,) = server.ask(login(made.secret))
        (stranger,) = server.ask(score(method="price:score"))
        gate.write_refusals()
    assert refused == [403, 403]
    assert b"forbidden" in told
    assert b"unauthenticated" in stranger
    recorded = app.security.audit(action="request")
    assert sorted(record.target for record in recorded) == [
        "GET /deployments/price/model/score",
        "POST /api/v1/deployments/price/score",
        "THRIFT login",
    ]
    assert {(record.actor_id, record.origin, record.outcome) for record in recorded} == {
        (made.key.id, "127.0.0.1", "refused")
    }
    assert app.security.verify_audit().broken_at is None
