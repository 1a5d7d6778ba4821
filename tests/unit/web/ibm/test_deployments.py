from __future__ import annotations

import time
from typing import Any

import pytest
from tests.artifacts import tiny_artifact
from tests.processes import wait_for
from tests.unit.web.ibm.conftest import BLOCKS

from scoreline.web.app import create_app
from scoreline.web.gate import KeyGate
from scoreline.web.seat import Seat
from scoreline.web.server import background, bind

STYLES = ["/ml/v4", "/v4"]


def test_a_model_is_deployed_shown_scored_and_taken_away(ibm: Any) -> None:
    model = ibm.store()
    deployment = ibm.deploy(model, description="for the desk", tags=["t"], custom={"a": 1}, hardware_spec={"name": "S"})
    shown = ibm.ask("GET", f"/ml/v4/deployments/{deployment}").json()
    assert (shown["metadata"]["name"], shown["metadata"]["description"]) == ("My deployment!", "for the desk")
    entity = shown["entity"]
    assert (entity["name"], entity["asset"], entity["deployed_asset_type"]) == (
        "My deployment!",
        {"id": model},
        "model",
    )
    assert entity["status"]["state"] == "ready"
    assert entity["custom"] == {"a": 1}
    assert entity["hardware_spec"]["name"] == "S"
    assert entity["status"]["online_url"]["url"] == f"{ibm.url}/ml/v4/deployments/{deployment}/predictions"
    assert ibm.score(deployment).json()["predictions"][0]["fields"] == ["prediction", "probability"]
    assert ibm.ask("DELETE", f"/ml/v4/deployments/{deployment}").status_code == 204
    assert ibm.ask("GET", f"/ml/v4/deployments/{deployment}").status_code == 404
    assert ibm.score(deployment).status_code == 404


@pytest.mark.parametrize("style", STYLES)
def test_the_urls_that_are_told_score_by_id_and_by_serving_name(ibm: Any, style: str) -> None:
    deployment = ibm.deploy(ibm.store(), online={"parameters": {"serving_name": "credit_risk"}})
    status = ibm.ask("GET", f"{style}/deployments/{deployment}").json()["entity"]["status"]
    assert {url.split("/")[-2] for url in status["serving_urls"]} == {deployment, "credit_risk"}
    by_name = ibm.ask("POST", f"{style}/deployments/credit_risk/predictions", json={"input_data": BLOCKS})
    by_id = ibm.ask("POST", f"{style}/deployments/{deployment}/predictions", json={"input_data": BLOCKS})
    assert by_name.status_code == 200
    assert by_name.json() == by_id.json()


def test_beside_other_workers_a_deployment_is_ready_when_all_have_had_the_time(ibm: Any, tmp_path: Any) -> None:
    application = create_app(
        ibm.app.registry, control=ibm.app, gate=KeyGate(ibm.app.security), seat=Seat(0, tmp_path, time.time())
    )
    with background(application, bind(port=0)) as url:
        one = type(ibm)(ibm.app, url, ibm.space.name, ibm.pipelines, ibm.key)
        deployment = one.deploy(one.store())

        def state() -> Any:
            return one.ask("GET", f"/ml/v4/deployments/{deployment}").json()["entity"]["status"]["state"]

        assert state() == "initializing"
        wait_for(lambda: state() == "ready")
        change = [{"op": "replace", "path": "/asset", "value": {"id": one.store(n=1)}}]
        changed = one.ask("PATCH", f"/ml/v4/deployments/{deployment}", json=change).json()
        assert changed["entity"]["status"]["state"] == "updating"
        wait_for(lambda: state() == "ready")


def test_a_deployment_whose_version_does_not_load_has_failed_and_says_why(ibm: Any, tmp_path: Any) -> None:
    tiny_artifact(tmp_path / "m.scoreline", weight=0.5)
    model = ibm.store("broken", n=None)
    assert ibm.fill(model, (tmp_path / "m.scoreline").read_bytes()).status_code == 201
    registry = ibm.app.registry_in(ibm.space.name)
    content = registry.artifact(registry.resolve("broken", "1").digest)
    content.chmod(0o600)
    content.write_bytes(b"half of it")
    deployment = ibm.deploy(model)
    status = ibm.ask("GET", f"/ml/v4/deployments/{deployment}").json()["entity"]["status"]
    assert status["state"] == "failed"
    assert status["failure"]["errors"][0]["message"]
    assert ibm.ask("DELETE", f"/ml/v4/deployments/{deployment}").status_code == 204


def test_a_serving_name_is_nobody_elses(ibm: Any) -> None:
    model = ibm.store()
    online = {"parameters": {"serving_name": "credit_risk"}}
    query = {"serving_name": "credit_risk", "conflict": "true"}
    assert ibm.ask("GET", "/ml/v4/deployments", params=query).status_code == 200
    ibm.deploy(model, online=online)
    body = {"name": "again", "asset": {"id": model}, "online": online}
    assert ibm.ask("POST", "/ml/v4/deployments", json=body).status_code == 409
    assert ibm.ask("GET", "/ml/v4/deployments", params=query).status_code == 409


def test_names_as_people_write_them_may_be_given_twice(ibm: Any) -> None:
    model = ibm.store()
    assert ibm.deploy(model, "Über Risk") != ibm.deploy(model, "Über Risk")
    found = ibm.ask("GET", "/ml/v4/deployments").json()["resources"]
    assert [each["entity"]["name"] for each in found] == ["Über Risk"] * 2
    assert len({each["entity"]["scoreline"]["name"] for each in found}) == 2


def test_a_deployment_that_the_command_line_made_is_listed_and_scores(ibm: Any, tmp_path: Any) -> None:
    file = tmp_path / "m.scoreline"
    file.write_bytes(ibm.pipelines[0])
    registry = ibm.app.registry_in(ibm.space.name)
    registry.register(file, "credit")
    made = registry.deploy("desk", "credit")
    (found,) = ibm.ask("GET", "/ml/v4/deployments").json()["resources"]
    assert (found["metadata"]["id"], found["entity"]["name"]) == (made.id, "desk")
    model = ibm.ask("GET", f"/ml/v4/models/{found['entity']['asset']['id']}").json()
    assert model["metadata"]["name"] == "credit"


def test_lists_are_narrowed_by_model_and_name(ibm: Any) -> None:
    first, second = ibm.store("a"), ibm.store("b", n=1)
    kept = ibm.deploy(first, "one")
    ibm.deploy(second, "two")
    for query in ({"asset_id": first}, {"name": "one"}, {"serving_name": "one"}):
        found = ibm.ask("GET", "/ml/v4/deployments", params=query).json()["resources"]
        assert [each["metadata"]["id"] for each in found] == [kept]


def test_a_patch_renames_and_puts_another_model_in(ibm: Any) -> None:
    first, second = ibm.store(), ibm.store(n=1)
    deployment = ibm.deploy(first)
    before = ibm.score(deployment).json()
    changes = [
        {"op": "replace", "path": "/name", "value": "renamed"},
        {"op": "replace", "path": "/asset", "value": {"id": second}},
        {"op": "add", "path": "/custom/a", "value": [1]},
    ]
    changed = ibm.ask("PATCH", f"/ml/v4/deployments/{deployment}", json=changes)
    assert changed.status_code == 200
    entity = changed.json()["entity"]
    assert (entity["name"], entity["asset"], entity["custom"]) == ("renamed", {"id": second}, {"a": [1]})
    assert entity["status"]["state"] == "ready"
    assert ibm.score(deployment).json() != before
    assert ibm.ask("GET", f"/ml/v4/deployments/{deployment}").json()["entity"] == entity


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"op": "replace", "path": "/status", "value": 1}, "'/status' cannot be changed"),
        ({"op": "replace", "path": "/name", "value": 1}, "changed so, it would not do"),
        ({"op": "remove", "path": "/name"}, "changed so, it would not do"),
        ({"op": "remove", "path": "/custom/none"}, "nothing is at '/custom/none'"),
        ({"op": "test", "path": "/name", "value": "other"}, "is not 'other'"),
        ({"op": "replace", "path": "name", "value": "x"}, "names no member"),
        ({"op": "replace", "path": "/tags/7", "value": "x"}, "nothing is at '/tags/7'"),
        ({"op": "move", "path": "/name"}, "Invalid enum value 'move'"),
    ],
)
def test_a_patch_that_cannot_be_made_changes_nothing(ibm: Any, change: Any, sentence: str) -> None:
    deployment = ibm.deploy(ibm.store())
    first = {"op": "replace", "path": "/description", "value": "changed"}
    answer = ibm.ask("PATCH", f"/ml/v4/deployments/{deployment}", json=[first, change])
    assert answer.status_code == 400
    assert sentence.lower() in answer.json()["errors"][0]["message"].lower()
    assert "description" not in ibm.ask("GET", f"/ml/v4/deployments/{deployment}").json()["metadata"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "n", "online": {}}, 400),
        ({"name": "n", "asset": {"id": "MODEL"}}, 400),
        ({"name": "n", "asset": {"id": "MODEL"}, "online": {}, "batch": {}}, 400),
        ({"name": "n", "asset": {"id": "x"}, "online": {}}, 404),
        ({"name": "n", "asset": {"id": "EMPTY"}, "online": {}}, 409),
        ({"name": "n", "asset": {"id": "MODEL"}, "online": {"parameters": {"serving_name": "Not OK"}}}, 400),
    ],
)
def test_a_deployment_that_cannot_be_made_is_told_why(ibm: Any, body: Any, status: int) -> None:
    ids = {"MODEL": ibm.store(), "EMPTY": ibm.store(n=None), "x": "x"}
    if "asset" in body:
        body = body | {"asset": {"id": ids[body["asset"]["id"]]}}
    answer = ibm.ask("POST", "/ml/v4/deployments", json=body)
    assert (answer.status_code, answer.json()["status_code"]) == (status, status)
    assert ibm.ask("GET", "/ml/v4/deployments").json()["resources"] == []


def test_a_batch_deployment_has_no_url_to_score_at(ibm: Any) -> None:
    deployment = ibm.deploy(ibm.store(), batch={})
    entity = ibm.ask("GET", f"/ml/v4/deployments/{deployment}").json()["entity"]
    assert "batch" in entity
    assert "online" not in entity
    assert entity["status"] == {"state": "ready"}
