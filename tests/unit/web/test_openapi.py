from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from scoreline.core.schema import Column
from scoreline.serving.protocols import DIALECTS
from scoreline.web.openapi.bodies import BODIES
from scoreline.web.openapi.dialects import TITLES
from scoreline.web.openapi.schemas import column_schema

JSON_TYPES = {"string", "number", "integer", "boolean", "array", "object", "null"}


@pytest.fixture
def document(http: httpx.Client) -> dict[str, Any]:
    loaded: dict[str, Any] = http.get("/openapi.json").json()
    return loaded


def members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield name, member
            yield from members(member)
    elif isinstance(value, list):
        for item in value:
            yield from members(item)


def test_it_is_openapi_3_1_by_its_own_rules(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert {"title", "version"} <= set(document["info"])
    identities = []
    for path, operations in document["paths"].items():
        assert path.startswith("/")
        for method, operation in operations.items():
            assert method in {"get", "post", "put", "patch", "delete"}
            identities.append(operation["operationId"])
            for status, response in operation["responses"].items():
                assert re.fullmatch(r"[1-5]\d\d|default", status)
                assert response["description"]
    assert len(set(identities)) == len(identities)
    assert all(re.fullmatch(r"[a-zA-Z0-9._-]+", name) for name in document["components"]["schemas"])


def test_names_of_operations_read_well_as_names_of_functions(document: dict[str, Any]) -> None:
    named = {operation["operationId"] for item in document["paths"].values() for operation in item.values()}
    assert {"score_credit", "get_schema_of_credit", "list_deployments", "get_deployment_credit"} <= named
    assert {"h2o_score", "h2o_score_credit", "h2o_get_schema_of_credit", "h2o_refuse_get_score_of_credit"} <= named
    assert {"azure_query_credit", "azure_score_credit_at_deployments", "oip_score_credit_version"} <= named
    assert {"list_snippets", "get_snippet", "get_thrift_idl", "mlflow_get_ping"} <= named
    assert not [name for name in named if not re.fullmatch(r"[a-z][a-z0-9_]*", name)]


def test_what_nothing_describes_is_no_route_of_ours(document: dict[str, Any]) -> None:
    told = [operation for item in document["paths"].values() for operation in item.values()]
    assert not [operation["summary"] for operation in told if re.match("(GET|POST|PUT|DELETE) /", operation["summary"])]


def test_every_reference_leads_somewhere_and_every_type_exists(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for name, member in members(document):
        if name == "$ref":
            assert member.removeprefix("#/components/schemas/") in schemas
        if name == "type" and isinstance(member, str | list) and member not in ("http", "apiKey"):
            assert set([member] if isinstance(member, str) else member) <= JSON_TYPES


def test_each_deployment_has_its_own_columns_outputs_and_example(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert list(schemas["credit.Row"]["properties"]) == ["age", "amount", "purpose"]
    assert list(schemas["credit.Prediction"]["properties"]["probability"]["properties"]) == ["good", "bad"]
    assert list(schemas["price.Prediction"]["properties"]) == ["prediction"]
    score = document["paths"]["/api/v1/deployments/credit/score"]["post"]
    example = score["requestBody"]["content"]["application/json"]["example"]
    assert example == {"rows": [{"age": 42, "amount": 1500.5, "purpose": "radio"}]}


def test_the_media_of_requests_and_answers_are_listed(document: dict[str, Any]) -> None:
    score = document["paths"]["/api/v1/deployments/credit/score"]["post"]
    media = {"application/json", "application/msgpack", "text/csv", "text/csv; header=absent"}
    media |= {"application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"}
    answered = score["responses"]["200"]["content"]
    assert set(score["requestBody"]["content"]) == set(answered) == media
    assert "`risk.good`, `risk.bad`, `risk.predicted`" in answered["text/csv"]["schema"]["description"]
    assert answered["application/msgpack"]["schema"] == answered["application/json"]["schema"]
    h2o = document["paths"]["/deployments/credit/model/score"]["post"]
    assert set(h2o["requestBody"]["content"]) == {"application/json"}


def operations(document: dict[str, Any], method: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        if method in item:
            yield path, item[method]


def check(document: dict[str, Any], schema: dict[str, Any], value: Any) -> None:
    """Raise unless ``value`` is as ``schema`` says."""
    whole = {"components": document["components"], **schema}
    Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


def test_every_example_scores_and_is_answered_as_described(http: httpx.Client, document: dict[str, Any]) -> None:
    n_scored = 0
    for path, post in operations(document, "post"):
        content = post.get("requestBody", {}).get("content", {}).get("application/json", {})
        if "example" not in content:
            continue
        check(document, content["schema"], content["example"])
        for version in ("1",) if "{version}" in path else ("",):
            answer = http.post(path.replace("{version}", version), json=content["example"])
            assert answer.status_code == 200, (path, answer.text)
            check(document, post["responses"]["200"]["content"]["application/json"]["schema"], answer.json())
            n_scored += 1
    assert n_scored > 2 * len(DIALECTS.names)


def test_errors_are_as_described(http: httpx.Client, document: dict[str, Any]) -> None:
    for path, post in operations(document, "post"):
        described = post["responses"]
        if "400" not in described:
            continue
        answer = http.post(path.replace("{version}", "1"), content=b"{")
        if answer.status_code == 200:  # JSON-RPC tells errors in its body
            check(document, described["200"]["content"]["application/json"]["schema"], answer.json())
        else:
            schema = described[str(answer.status_code)]["content"]["application/json"]["schema"]
            check(document, schema, answer.json())


def test_every_view_answers_what_its_type_says(http: httpx.Client, document: dict[str, Any]) -> None:
    for path, get in operations(document, "get"):
        if "{" in path.replace("{version}", "") or "200" not in get["responses"]:
            continue
        answer = http.get(path.replace("{version}", "1"))
        if answer.status_code == 200:
            assert answer.headers["content-type"].partition(";")[0] in get["responses"]["200"]["content"], path
        else:
            assert str(answer.status_code) in get["responses"], path


def test_every_dialect_is_described() -> None:
    assert set(BODIES) == set(TITLES) == set(DIALECTS.names)


@pytest.mark.parametrize(("path", "n_parts"), [("/docs", 5), ("/", 2)])
def test_a_page_brings_its_scripts_along(http: httpx.Client, path: str, n_parts: int) -> None:
    page = http.get(path, headers={"accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    parts = re.findall(r'(?:href|src)="(docs/[^"]+)"', page.text)
    assert len(parts) == n_parts
    for part in parts:
        assert http.get("/" + part).status_code == 200
    assert not re.search(r'(?:href|src)="https?:', page.text)
    assert http.get("/docs/../index.html").status_code == 404
    assert http.get("/docs/LICENSE").status_code == 404


def test_the_default_deployment_is_described_at_the_root(document: dict[str, Any]) -> None:
    assert "/model/score" in document["paths"]
    assert "/deployments/price/model/score" in document["paths"]


def test_ranges_and_levels_are_told_and_not_demanded() -> None:
    number = column_schema(Column(name="age", type="number", integer=True, minimum=18.0, maximum=80.0, example=42))
    assert "in training from 18 to 80" in number["description"]
    assert (number["x-minimum"], number["x-maximum"], number["examples"]) == (18.0, 80.0, [42])
    assert "minimum" not in number
    category = column_schema(Column(name="purpose", type="category", levels=("car", "radio")))
    assert category["x-levels"] == ["car", "radio"]
    assert "enum" not in category


def test_only_a_required_column_may_not_be_null() -> None:
    assert "null" in column_schema(Column(name="age", type="number"))["type"]
    assert "null" not in column_schema(Column(name="age", type="number", required=True))["type"]
