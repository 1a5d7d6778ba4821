"""Tokens, keys, users, spaces and the audit log over HTTP, in a world of two spaces."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from tests.roles import ways
from tests.unit.web.conftest import two_models

from scoreline.app.settings import App
from scoreline.web.app import create_app
from scoreline.web.control.security.description import TOLD
from scoreline.web.gate import KeyGate
from scoreline.web.server import background, bind

PASSWORD = "correct horse battery"


class World:
    """A server, and who asks it."""

    def __init__(self, app: App, http: httpx.Client) -> None:
        self.app, self.http = app, http
        security = app.security
        security.create_space("other")
        self.root = security.ensure_administrator() or ""
        self.boss = security.create_key("boss", space="other", role="admin").secret
        self.scorer = security.create_key("scorer", role="scorer").secret
        security.create_user("ada", PASSWORD)
        security.grant("ada", "default", "scorer")
        self.robot = security.create_user("robot")
        security.grant("robot", "default", "scorer")
        self.robots_key = security.create_key("robot's", space="*", user="robot").secret

    def ask(self, method: str, path: str, key: str = "", **more: Any) -> httpx.Response:
        headers = {**more.pop("headers", {}), **({"x-api-key": key} if key else {})}
        return self.http.request(method, f"/api/v1{path}", headers=headers, **more)

    def token(self, **fields: str) -> httpx.Response:
        return self.ask("POST", "/token", data=fields)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with two_models(tmp_path_factory.mktemp("security")) as app:
        web = create_app(app.registry, gate=KeyGate(app.security), control=app)
        with background(web, bind(port=0)) as url, httpx.Client(base_url=url) as http:
            yield World(app, http)


GRANTS = ["api_key", "urn:ibm:params:oauth:grant-type:apikey", "password", "client_credentials", "basic"]


@pytest.mark.parametrize("how", GRANTS)
def test_a_token_of_each_grant_scores(world: World, how: str) -> None:
    if how == "password":
        answer = world.token(grant_type="password", username="ada", password=PASSWORD)
    elif how == "client_credentials":
        answer = world.token(grant_type=how, client_id=world.robot.id, client_secret=world.robots_key)
    elif how == "basic":
        pair = base64.b64encode(f"{world.robot.id}:{world.robots_key}".encode()).decode()
        document, headers = {"grant_type": "client_credentials"}, {"authorization": f"Basic {pair}"}
        answer = world.ask("POST", "/token", json=document, headers=headers)
    else:
        answer = world.token(grant_type=how, apikey=world.scorer)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told["token_type"] == "Bearer"
    assert 0 < told["expires_in"] <= 3600
    headers = {"authorization": f"Bearer {told['access_token']}"}
    row = {"age": 42, "amount": 1500.5, "purpose": "radio"}
    assert world.ask("POST", "/deployments/credit/score", headers=headers, json=row).status_code == 200
    assert world.ask("GET", "/access", headers=headers).json()["actions"] == ["score", "view"]


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": "magic"}, 400, "unsupported_grant_type"),
        ({"grant_type": "api_key"}, 400, "invalid_request"),
        ({"grant_type": "api_key", "api_key": "sl_guess"}, 401, "invalid_grant"),
        ({"grant_type": "password", "username": "ada", "password": "guess"}, 401, "invalid_grant"),
        (
            {"grant_type": "client_credentials", "client_id": "nobody", "client_secret": "sl_guess"},
            401,
            "invalid_client",
        ),
        ({"grant_type": "refresh_token", "refresh_token": "guess"}, 401, "invalid_grant"),
    ],
)
def test_what_gives_no_token_is_told_as_oauth_has_it(
    world: World, fields: dict[str, str], status: int, code: str
) -> None:
    answer = world.token(**fields)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert "guess" not in answer.text


def test_a_machine_cannot_borrow_the_key_of_another(world: World) -> None:
    answer = world.token(grant_type="client_credentials", client_id=world.robot.id, client_secret=world.scorer)
    assert answer.json()["error"] == "invalid_client"


def test_a_token_is_refreshed_once_and_revoked(world: World) -> None:
    first = world.token(grant_type="api_key", api_key=world.scorer).json()
    second = world.token(grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    bearer = {"authorization": f"Bearer {second['access_token']}"}
    assert world.ask("GET", "/access", headers=bearer).status_code == 200
    assert world.ask("POST", "/token/revoke", data={"token": second["access_token"]}).status_code == 200
    assert world.ask("POST", "/token/revoke", data={"token": "guess"}).status_code == 200
    _until(lambda: world.ask("GET", "/access", headers=bearer).status_code == 401)
    assert world.token(grant_type="refresh_token", refresh_token=second["refresh_token"]).status_code == 401


def test_a_large_body_to_ask_for_a_token_is_refused(world: World) -> None:
    assert world.token(grant_type="x" * 70_000).status_code == 413


def test_a_key_is_made_used_and_revoked(world: World) -> None:
    expires_at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    document = {"name": "kiosk", "deployments": ["price"], "expires_at": expires_at, "rate": 1000}
    made = world.ask("POST", "/keys", world.root, json=document)
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    key, secret = made.json()["key"], made.json()["secret"]
    assert world.ask("GET", "/deployments", secret).json()["deployments"][0]["name"] == "price"
    assert world.ask("GET", f"/keys/{key['id']}", world.root).json()["name"] == "kiosk"
    assert secret not in world.ask("GET", "/keys", world.root).text
    assert world.ask("DELETE", f"/keys/{key['id']}", world.root).json()["revoked_at"]
    _until(lambda: world.ask("GET", "/deployments", secret).status_code == 401)


def test_the_administrator_of_a_space_makes_keys_there_and_sees_no_others(world: World) -> None:
    assert world.ask("POST", "/keys", world.boss, json={"name": "theirs"}).json()["key"]["space"] == "other"
    refused = world.ask("POST", "/keys", world.boss, json={"name": "ours", "space": "default"})
    assert refused.status_code == 404
    assert world.ask("POST", "/keys", world.boss, json={"name": "all", "space": "*"}).status_code == 403
    seen = world.ask("GET", "/keys", world.boss).json()["keys"]
    assert {key["space"] for key in seen} == {"other"}
    ours = next(key for key in world.app.security.keys(space="default") if key.name == "scorer")
    for method in ("GET", "DELETE"):
        assert world.ask(method, f"/keys/{ours.id}", world.boss).status_code == 404


@pytest.mark.parametrize("document", [{}, {"name": 5}, {"name": "a", "role": "king"}, {"name": "a", "rows": []}, []])
def test_what_is_no_key_is_refused_with_a_sentence(world: World, document: Any) -> None:
    answer = world.ask("POST", "/keys", world.root, json=document)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("the body")


def test_a_user_is_made_given_a_role_and_deleted(world: World) -> None:
    made = world.ask("POST", "/users", world.root, json={"name": "bob", "password": PASSWORD})
    assert made.status_code == 201
    assert PASSWORD not in made.text
    one = f"/users/{made.json()['id']}"
    assert world.ask("PUT", f"{one}/roles/other", world.boss, json={"role": "viewer"}).json()["roles"] == {
        "other": "viewer"
    }
    assert world.ask("GET", one, world.boss).json()["name"] == "bob"
    assert world.ask("DELETE", f"{one}/roles/other", world.boss).json()["roles"] == {}
    assert world.ask("GET", one, world.boss).status_code == 404
    assert world.ask("DELETE", one, world.root).status_code == 204
    assert world.ask("GET", one, world.root).status_code == 404


def test_the_administrator_of_a_space_sees_the_roles_in_it_only(world: World) -> None:
    world.app.security.create_user("eve", PASSWORD)
    world.app.security.grant("eve", "default", "editor")
    world.app.security.grant("eve", "other", "scorer")
    seen = {user["name"]: user["roles"] for user in world.ask("GET", "/users", world.boss).json()["users"]}
    assert seen == {"eve": {"other": "scorer"}}


def test_users_change_their_own_password_and_nobody_elses(world: World) -> None:
    world.app.security.create_user("carl", PASSWORD)
    world.app.security.grant("carl", "default", "viewer")
    told = world.token(grant_type="password", username="carl", password=PASSWORD).json()
    bearer = {"authorization": f"Bearer {told['access_token']}"}
    document = {"password": "another good one"}
    assert world.ask("PUT", "/users/ada/password", headers=bearer, json=document).status_code == 404
    assert world.ask("PUT", "/users/carl/password", headers=bearer, json=document).status_code == 400
    document["current"] = PASSWORD
    assert world.ask("PUT", "/users/carl/password", headers=bearer, json=document).status_code == 204
    assert world.token(grant_type="password", username="carl", password=PASSWORD).status_code == 401
    assert world.token(grant_type="password", username="carl", password="another good one").status_code == 200


def test_a_space_is_made_and_deleted_and_seen_by_those_who_have_something_there(world: World) -> None:
    made = world.ask("POST", "/spaces", world.root, json={"name": "new", "description": "a new one"})
    assert made.status_code == 201
    names = {
        key: [space["name"] for space in world.ask("GET", "/spaces", key).json()["spaces"]] for key in _three(world)
    }
    assert list(names.values()) == [["default", "new", "other"], ["other"], ["default"]]
    assert world.ask("GET", f"/spaces/{made.json()['id']}", world.boss).status_code == 404
    assert world.ask("POST", "/spaces", world.boss, json={"name": "mine"}).status_code == 403
    assert world.ask("DELETE", "/spaces/new", world.root).status_code == 204


def test_the_audit_log_tells_who_did_what_from_where(world: World) -> None:
    world.ask("POST", "/keys", world.boss, json={"name": "noted"})
    [newest, *_] = world.ask("GET", "/audit?limit=5&action=key.create", world.root).json()["records"]
    assert (newest["actor"], newest["space"], newest["origin"]) == ("boss", "other", "127.0.0.1")
    seen = world.ask("GET", "/audit?space=default", world.boss).json()["records"]
    assert {record["space"] for record in seen} == {"other"}


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "since=yesterday", "since=2026-01-01"])
def test_what_the_audit_log_cannot_be_asked_is_refused(world: World, query: str) -> None:
    assert world.ask("GET", f"/audit?{query}", world.root).status_code == 400


def test_no_log_holds_a_secret(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        secret = world.ask("POST", "/keys", world.root, json={"name": "quiet"}).json()["secret"]
        world.token(grant_type="password", username="ada", password=PASSWORD)
        world.ask("GET", "/access", secret)
    said = " ".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert "/api/v1/token" in said
    for hidden in (secret, world.root, PASSWORD):
        assert hidden not in said


def test_every_route_of_access_is_described_with_what_it_needs(world: World) -> None:
    web = create_app(world.app.registry, gate=KeyGate(world.app.security), control=world.app)
    own = {(way.path, way.method.lower(), way.needs) for way in ways(web)}
    told = {(path, method, one.needs) for path, methods in TOLD.items() for method, one in methods.items()}
    assert told == {way for way in own if way[0] in TOLD}
    access = ("token", "access", "keys", "users", "spaces", "audit")
    assert {path for path, _, _ in own if path.startswith(tuple(f"/api/v1/{one}" for one in access))} == set(TOLD)


def test_an_answer_is_what_its_description_says(world: World) -> None:
    document = world.http.get("/openapi.json", headers={"x-api-key": world.root}).json()
    for path in ("/keys", "/users", "/spaces", "/audit", "/access"):
        described = document["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]["content"]["application/json"]
        validator(document, described["schema"]).validate(world.ask("GET", path, world.root).json())
    token = document["paths"]["/api/v1/token"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    validator(document, token).validate(world.token(grant_type="api_key", api_key=world.scorer).json())


def validator(document: Any, schema: Any) -> Draft202012Validator:
    return Draft202012Validator({"components": document["components"], **schema})


def _three(world: World) -> tuple[str, str, str]:
    return world.root, world.boss, world.scorer


def _until(true: Any) -> None:
    deadline = datetime.now(UTC) + timedelta(seconds=20)
    while not true():
        assert datetime.now(UTC) < deadline, "it did not happen"
