"""What callers change over HTTP is in the audit log, with who they are."""

from __future__ import annotations

from pathlib import Path

import httpx
from tests.artifacts import tiny_artifact

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
