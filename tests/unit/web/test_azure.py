"""What Azure's callers have around ``/score``."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.specs.openapi import definitions
from tests.artifacts import ROWS, tiny_artifact
from tests.keys import everybody

from scoreline.app.settings import App
from scoreline.core.schema import Column, Schema
from scoreline.web.app import create_app
from scoreline.web.gate import KeyGate
from scoreline.web.server import background, bind

load_all_checks()
PROMISES = CHECKS.get_by_names(["status_code_conformance", "content_type_conformance", "response_schema_conformance"])
PUBLISHED = {"2": definitions.SWAGGER_20, "3": definitions.OPENAPI_30, "3.1": definitions.OPENAPI_31}
"""The specifications' own schemas, by version."""
every_version = pytest.mark.parametrize("version", PUBLISHED)
WORKSPACE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"


@pytest.fixture
def azure(app: App) -> Iterator[httpx.Client]:
    with (
        background(create_app(app.registry, control=app, gate=everybody()), bind(port=0)) as url,
        httpx.Client(base_url=url) as client,
    ):
        yield client


@every_version
@pytest.mark.parametrize("base", ["/services/credit", "/services/price", "/deployments/credit", ""])
def test_a_document_is_valid_by_its_own_specification(http: httpx.Client, version: str, base: str) -> None:
    document = http.get(f"{base}/swagger.json", params={"version": version}).json()
    assert document.get("swagger", document.get("openapi"))[: len(version)] == version
    jsonschema.validators.validator_for(PUBLISHED[version])(PUBLISHED[version]).validate(document)


@every_version
def test_a_document_tells_the_columns_and_what_of_them_is_required(app: App, version: str) -> None:
    schema = Schema(
        columns=(
            Column(name="emp.var.rate", type="number", required=True, example=1.1),
            Column(name="age", type="number", integer=True, minimum=18, maximum=80, example=42),
            Column(name="job", type="category", levels=("admin.", "services"), example="admin."),
            Column(name="since", type="datetime", example="2020-01-02"),
            Column(name="owns", type="boolean", example=True),
        )
    )
    rows = [{"emp.var.rate": 1.1, "age": 42, "job": "admin.", "since": "2020-01-02", "owns": True}]
    file = app.home / "bank.scoreline"
    tiny_artifact(file, name="bank", schema=schema, rows=rows)
    app.registry.register(file)
    app.registry.deploy("bank", "bank")
    with background(create_app(app.registry), bind(port=0)) as url:
        document = httpx.get(f"{url}/services/bank/swagger.json", params={"version": version}).json()
        jsonschema.validators.validator_for(PUBLISHED[version])(PUBLISHED[version]).validate(document)
        row = (document["definitions"] if version == "2" else document["components"]["schemas"])["Row"]
        assert row["required"] == ["emp.var.rate"]
        types = {name: column["type"] for name, column in row["properties"].items()}
        null = (lambda name: [name, "null"]) if version == "3.1" else (lambda name: name)
        texts = {"job": null("string"), "since": null("string")}
        assert types == {"emp.var.rate": "number", "age": null("integer"), "owns": null("boolean"), **texts}
        assert httpx.post(f"{url}/services/bank/score", json={"data": [row["example"]]}).status_code == 200


def test_what_a_document_shows_scores_as_it_says(http: httpx.Client) -> None:
    document = http.get("/services/credit/swagger.json").json()
    assert document["host"] == f"{http.base_url.host}:{http.base_url.port}"
    url = f"{document['schemes'][0]}://{document['host']}{document['basePath']}/score"
    answer = httpx.post(url, json=document["definitions"]["ServiceInput"]["example"]).json()
    jsonschema.validate(answer, document["definitions"]["ServiceOutput"])
    modern = http.get("/services/credit/swagger.json?version=3.1").json()
    [server] = modern["servers"]
    examples = modern["paths"]["/score"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    for example, name in (("first", "ServiceOutput"), ("second", "ServiceOutputV2")):
        answer = httpx.post(f"{server['url']}/score", json=examples[example]["value"]).json()
        jsonschema.validate(answer, modern["components"]["schemas"][name])


@every_version
def test_what_a_document_allows_is_answered_as_it_says(http: httpx.Client, version: str) -> None:
    address = f"{http.base_url}/services/credit/swagger.json?version={version}"
    for operation in schemathesis.openapi.from_url(address).get_all_operations():
        statuses = statuses_of(operation.ok())
        assert 200 in statuses
        assert statuses <= {200, 400}


def statuses_of(operation: Any) -> set[int]:
    """Ask what a document allows; return the statuses of the answers, which are as it says."""
    statuses = set()

    @given(case=operation.as_strategy())
    @settings(max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def ask(case: schemathesis.Case) -> None:
        answer = case.call()
        statuses.add(answer.status_code)
        case.validate_response(answer, checks=PROMISES)

    ask()
    return statuses


def test_swagger_ui_on_another_port_may_try_it_out(app: App) -> None:
    site = "http://localhost:9000"
    with background(create_app(app.registry, cors_origins=[site]), bind(port=0)) as url:
        document = httpx.get(f"{url}/services/credit/swagger.json", headers={"origin": site})
        assert document.headers["access-control-allow-origin"] == site
        asked = {
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type",
        }
        allowed = httpx.options(f"{url}/services/credit/score", headers={"origin": site, **asked})
        assert "POST" in allowed.headers["access-control-allow-methods"]
        assert "authorization" in allowed.headers["access-control-allow-headers"].lower()


def test_every_address_of_a_document_answers(http: httpx.Client) -> None:
    for base in ("/services/credit", "/deployments/credit", ""):
        document = http.get(f"{base}/swagger.json?version=3").json()
        for path, methods in document["paths"].items():
            for method in methods:
                if method == "get":
                    assert http.get(document["servers"][0]["url"] + path).status_code == 200


def test_another_version_of_the_document_is_told_those_there_are(http: httpx.Client) -> None:
    refused = http.get("/services/credit/swagger.json?version=9")
    assert refused.status_code == 404
    assert "Swagger version [9] is not valid. Supported versions: [2, 3, 3.1]." in refused.json()["message"]


def test_the_answer_has_the_headers_that_azures_has(http: httpx.Client) -> None:
    said = {"x-ms-client-request-id": "mine", "x-request-id": "ours"}
    for body, status, failed in (({"data": ROWS}, 200, "False"), ({"data": [{"age": "abc"}]}, 400, "True")):
        answer = http.post("/services/credit/score", json=body, headers=said)
        assert answer.status_code == status
        assert answer.headers["x-ms-run-function-failed"] == failed
        assert answer.headers["x-ms-client-request-id"] == "mine"
        assert answer.headers["x-ms-request-id"] == answer.headers["x-request-id"] == "ours"
        assert float(answer.headers["x-ms-run-fn-exec-ms"]) > 0
        assert answer.headers["x-ms-server-version"].startswith("scoreline/")


@pytest.mark.parametrize("name", ["x-ms-client-request-id", "x-request-id", "x-ms-request-id"])
def test_an_id_of_more_than_100_characters_is_refused(http: httpx.Client, name: str) -> None:
    for fast in (True, False):  # a GET does not take the fast lane
        ask = http.post if fast else http.get
        assert ask("/services/credit/score", headers={name: "x" * 100}).status_code == 400
        refused = ask("/services/credit/score", headers={name: "x" * 101})
        assert refused.status_code == 431
        assert "101 characters" in refused.json()["message"]


def test_a_row_in_the_address_scores_as_in_a_body(http: httpx.Client) -> None:
    wanted = http.post("/services/credit/score", json={"data": [ROWS[0]], "method": "predict_proba"})
    for base in ("/services/credit", "/deployments/credit", ""):
        row = {name: str(value) for name, value in ROWS[0].items()}
        assert http.get(f"{base}/score", params={**row, "method": "predict_proba"}).json() == wanted.json()
        listed = http.get(f"{base}/score", params={"data": json.dumps([ROWS[0]]), "method": "predict_proba"})
        assert listed.json() == wanted.json()
        assert listed.headers["x-ms-run-function-failed"] == "False"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "'data' parameter"),
        ("age=1&age=2", "twice"),
        ("data=[1", "not JSON"),
        ("data=[9" + "9" * 5000 + "]", "too many digits"),
        ("age=x", "column `age`"),
    ],
)
def test_a_wrong_address_says_what_is_wrong(http: httpx.Client, query: str, message: str) -> None:
    refused = http.get(f"/services/credit/score?{query}")
    assert refused.status_code == 400
    assert message in refused.json()["message"]


def test_a_body_for_a_model_of_mlflow_is_answered_as_azure_answers_it(http: httpx.Client) -> None:
    table = {"columns": ["age", "amount", "purpose"], "index": [0, 1], "data": [list(row.values()) for row in ROWS]}
    answer = http.post("/services/credit/score", json={"input_data": table})
    assert answer.json() == http.post("/services/credit/score", json={"Inputs": {"data": ROWS}}).json()["Results"]


def test_keys_are_listed_and_made_anew_one_at_a_time(azure: httpx.Client) -> None:
    for base in (
        "/services/credit",
        f"{WORKSPACE}/services/credit",
        f"/modelmanagement/v1.0{WORKSPACE}/services/credit",
    ):
        keys = azure.post(f"{base}/listkeys").json()
        assert len({*keys.values()}) == 2
        for which in ("primary", "secondary"):
            changed = azure.post(f"{base}/regenerateKeys", json={"keyType": which.title(), "keyValue": None})
            assert changed.status_code == 202
            operation = azure.get(changed.headers["operation-location"])
            assert operation.json()["state"] == "Succeeded"
            now = azure.post(f"{base}/listkeys").json()
            assert [name for name in keys if now[name] != keys[name]] == [f"{which}Key"]
            keys = now


def test_who_saw_and_changed_keys_is_in_the_audit_log(app: App, azure: httpx.Client) -> None:
    azure.post("/services/credit/listkeys")
    azure.post("/services/credit/regenerateKeys", json={"keyType": "Secondary"})
    changed, *_, shown = app.security.audit()
    assert (shown.action, shown.target) == ("deployment.keys.show", "credit")
    assert (changed.action, changed.target) == ("deployment.keys.regenerate", "credit (secondary)")


def test_a_token_scores_in_place_of_its_key(app: App) -> None:
    key = app.security.create_key("caller", space="default", role="scorer").secret
    gate = KeyGate(app.security)
    with (
        background(create_app(app.registry, control=app, gate=gate), bind(port=0)) as url,
        httpx.Client(base_url=url) as client,
    ):
        told = client.post("/services/credit/token", headers={"authorization": f"Bearer {key}"}).json()
        assert time.time() < told["refreshAfter"] < told["expiryOn"]
        said = {"authorization": f"{told['tokenType']} {told['accessToken']}"}
        assert client.post("/services/credit/score", json={"data": ROWS}, headers=said).status_code == 200
        assert client.post("/services/credit/token").status_code == 401


def test_an_operation_that_never_was_is_not_found(azure: httpx.Client) -> None:
    for name in ("credit.primary.0123456789abcdef", "credit.third.1", "credit", "nothing.primary.1"):
        assert azure.get(f"/operations/{name}").status_code == 404


def test_a_key_that_is_chosen_or_of_no_kind_is_refused(azure: httpx.Client) -> None:
    chosen = azure.post("/services/credit/regenerateKeys", json={"keyType": "Primary", "keyValue": "mine"})
    assert chosen.status_code == 501
    assert azure.post("/services/credit/regenerateKeys", json={"keyType": "third"}).status_code == 400
    assert azure.post("/services/nothing/listkeys").status_code == 404


def test_a_workspace_lists_its_services(azure: httpx.Client) -> None:
    listed: list[dict[str, Any]] = azure.get(f"{WORKSPACE}/services").json()["value"]
    assert [service["name"] for service in listed] == ["credit", "price"]
    assert listed[0] == azure.get(f"{WORKSPACE}/services/credit").json()
    assert listed[0]["state"] == "Healthy"
    assert azure.get(listed[0]["swaggerUri"]).status_code == 200
    assert azure.post(listed[0]["scoringUri"], json={"data": ROWS}).status_code == 200


def test_the_tail_of_a_log_is_a_number_of_lines(azure: httpx.Client) -> None:
    for tail in ("-1", "many", "5001", "²", "9" * 5000):
        assert azure.get("/services/credit/logs", params={"tail": tail}).status_code == 400


def test_a_service_of_another_space_is_not_found_by_name_or_id(app: App) -> None:
    app.security.create_space("other")
    app.registry_in("other").register(app.home.parent / "price.scoreline")
    hidden = app.registry_in("other").deploy("hidden", "price")
    ours, theirs = (app.security.create_key("k", space=space, role="editor").secret for space in ("default", "other"))
    with (
        background(create_app(app.registry, control=app, gate=KeyGate(app.security)), bind(port=0)) as url,
        httpx.Client(base_url=url, timeout=60) as client,  # a log is read by a process of its own
    ):

        def statuses(key: str, name: str) -> list[int]:
            said, base = {"api-key": key}, f"{WORKSPACE}/services/{name}"
            asked = [client.get(base, headers=said), client.get(f"{base}/logs?tail=1", headers=said)]
            asked += [client.post(f"{base}/{what}", headers=said) for what in ("listkeys", "token")]
            asked += [client.post(f"{base}/regenerateKeys", headers=said, json={"keyType": "Primary"})]
            asked += [client.get(f"/services/{name}/swagger.json", headers=said)]
            asked += [client.get(f"/models/{name}", headers=said), client.delete(f"/models/{name}", headers=said)]
            return [answer.status_code for answer in asked]

        for name in ("hidden", hidden.id):
            assert statuses(ours, name) == [404] * 8
        changed = client.post(
            "/services/hidden/regenerateKeys", headers={"api-key": theirs}, json={"keyType": "Primary"}
        )
        operation = changed.headers["operation-location"]
        assert [client.get(operation, headers={"api-key": key}).status_code for key in (ours, theirs)] == [404, 200]
        listed = client.get(f"{WORKSPACE}/services", headers={"api-key": ours}).json()["value"]
        assert [service["name"] for service in listed] == ["credit", "price"]
        assert statuses(theirs, "hidden") == [200, 200, 200, 200, 202, 200, 200, 200]
