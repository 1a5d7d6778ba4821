"""What is in a space, and who may do what there."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.web.ibm.conftest import http

NONE = "00000000-0000-4000-8000-000000000000"


def test_a_caller_sees_the_spaces_in_which_it_may_do_something(ibm: Any) -> None:
    found = ibm.ask("GET", "/v2/spaces").json()["resources"]
    assert [each["entity"]["name"] for each in found] == [ibm.space.name]
    assert found[0]["metadata"]["id"] == ibm.space.id
    assert len(ibm.space.id) == 36
    assert ibm.ask("GET", f"/v2/spaces/{ibm.space.id}").json() == found[0]
    other = ibm.app.security.space("default").id
    assert ibm.ask("GET", f"/v2/spaces/{other}").status_code == 404
    assert ibm.ask("GET", f"/v2/spaces/{NONE}").status_code == 404


def test_an_administrator_of_the_installation_makes_and_deletes_spaces(ibm: Any) -> None:
    secret = ibm.app.security.create_key("root", space="*", role="admin").secret
    headers = {"authorization": f"Bearer {secret}"}
    made = http.post(f"{ibm.url}/v2/spaces", json={"name": "made-here", "description": "d"}, headers=headers)
    assert made.status_code == 202
    assert made.json()["entity"]["description"] == "d"
    gone = http.delete(f"{ibm.url}/v2/spaces/{made.json()['metadata']['id']}", headers=headers)
    assert gone.status_code == 202
    assert ibm.ask("POST", "/v2/spaces", json={"name": "mine"}).status_code == 403


@pytest.mark.parametrize("where", ["address", "body"])
def test_nothing_leaks_from_one_space_to_another(ibm: Any, service: Any, where: str) -> None:
    model = ibm.store()
    deployment = ibm.deploy(model)
    job = ibm.job(deployment).json()["metadata"]["id"]
    app, url, pipelines = service
    name = f"{ibm.space.name}-other"
    app.security.create_space(name)
    other = type(ibm)(app, url, name, pipelines, app.security.create_key(name, space=name, role="admin").secret)
    for path in (f"models/{model}", f"deployments/{deployment}", f"deployment_jobs/{job}"):
        assert other.ask("GET", f"/ml/v4/{path}").status_code == 404
        assert other.ask("DELETE", f"/ml/v4/{path}").status_code == 404
    assert other.score(deployment).status_code == 404
    assert other.ask("GET", "/ml/v4/deployments").json()["resources"] == []
    if where == "address":
        assert other.ask("GET", "/ml/v4/models", params={"space_id": ibm.space.id}).status_code == 404
    else:
        body = {"name": "n", "space_id": ibm.space.id}
        assert other.ask("POST", "/ml/v4/models", json=body).status_code == 404
    assert ibm.score(deployment).status_code == 200


@pytest.mark.parametrize(
    ("role", "may_view", "may_score", "may_edit"),
    [("viewer", True, False, False), ("scorer", True, True, False), ("editor", True, True, True)],
)
def test_roles_decide(ibm: Any, role: str, may_view: bool, may_score: bool, may_edit: bool) -> None:
    model = ibm.store()
    deployment = ibm.deploy(model, batch={})
    caller = ibm.as_role(role)
    assert (caller.ask("GET", "/ml/v4/deployments").status_code == 200) is may_view
    assert caller.job(deployment).status_code == (202 if may_score else 403)
    rename = [{"op": "replace", "path": "/name", "value": "n"}]
    assert caller.ask("PATCH", f"/ml/v4/deployments/{deployment}", json=rename).status_code == (
        200 if may_edit else 403
    )
    assert caller.ask("POST", "/ml/v4/models", json={"name": "n"}).status_code == (201 if may_edit else 403)


def test_a_key_that_is_limited_to_a_deployment_knows_of_no_other(ibm: Any) -> None:
    model = ibm.store()
    mine = ibm.deploy(model, "mine", batch={})
    other = ibm.deploy(model, "other", batch={})
    theirs = ibm.job(other).json()["metadata"]["id"]
    caller = ibm.as_role("scorer", deployments=("mine",))
    found = caller.ask("GET", "/ml/v4/deployments").json()["resources"]
    assert [each["entity"]["name"] for each in found] == ["mine"]
    assert caller.ask("GET", f"/ml/v4/deployments/{other}").status_code == 404
    assert caller.job(other).status_code == 404
    assert caller.ask("GET", f"/ml/v4/deployment_jobs/{theirs}").status_code == 404
    assert caller.ask("GET", "/ml/v4/deployment_jobs").json()["resources"] == []
    assert caller.job(mine).status_code == 202


def test_what_was_done_is_in_the_audit_log(ibm: Any) -> None:
    ibm.deploy(ibm.store())
    records = [record for record in ibm.app.security.audit() if record.space == ibm.space.name]
    assert {"model.create", "model.fill", "deployment.create"} <= {record.action for record in records}


def test_who_asks_without_a_key_learns_the_version_and_nothing_else(ibm: Any) -> None:
    assert http.get(f"{ibm.url}/ml/wml_services/v2/version").json() == {"version": "5.0.0"}
    for path in ("/v2/spaces", "/ml/v4/models", "/ml/v4/deployments", "/v2/software_specifications"):
        answer = http.get(ibm.url + path)
        assert answer.status_code == 401
        assert answer.json()["errors"][0]["code"] == "authentication_token_not_valid"


def test_specifications_are_found_by_any_name_and_say_what_runs(ibm: Any) -> None:
    found = ibm.ask("GET", "/v2/software_specifications", params={"name": "runtime-24.1-py3.11"}).json()
    assert found["total_results"] == 1
    assert "ONNX Runtime" in found["resources"][0]["metadata"]["description"]
    sizes = ibm.ask("GET", "/v2/hardware_specifications", params={"name": "XS"}).json()
    assert sizes["total_results"] == 1
    one = ibm.ask("GET", f"/v2/hardware_specifications/{sizes['resources'][0]['metadata']['asset_id']}").json()
    assert one == sizes["resources"][0]
    assert ibm.ask("GET", "/v2/hardware_specifications", params={"name": "XXL"}).json()["total_results"] == 0
    assert ibm.ask("GET", "/ml/v4/list/software_specifications").json()["results"][0]["state"] == "supported"


def test_what_is_not_offered_is_empty_or_not_found(ibm: Any) -> None:
    assert ibm.ask("GET", "/ml/v4/functions").json()["resources"] == []
    assert ibm.ask("GET", f"/wx/v1/prompts/{NONE}").status_code == 404
    assert ibm.ask("GET", f"/wx/v1-beta/prompts/{NONE}").status_code == 404
