from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from tests.unit.web.ibm.conftest import http

from scoreline.app.settings import App
from scoreline.core.access import ANYONE
from scoreline.web.app import create_app
from scoreline.web.gate import KeyGate
from scoreline.web.server import background, bind

GRANT = "urn:ibm:params:oauth:grant-type:apikey"
PASSWORD = "four words are enough"


@pytest.fixture(scope="module")
def ada(service: Any) -> str:
    """The name of a user with a password, who administers the default space."""
    app: App = service[0]
    app.security.create_user("ada", PASSWORD)
    app.security.grant("ada", "default", "admin")
    return "ada"


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return said


def spaces(url: str, token: str) -> int:
    return http.get(f"{url}/v2/spaces", headers={"authorization": f"Bearer {token}"}).status_code


@pytest.mark.parametrize("path", ["/identity/token", "/oidc/token"])
def test_an_api_key_becomes_a_token_with_the_six_fields_of_the_tutorial(ibm: Any, path: str) -> None:
    client = {"authorization": "Basic Yng6Yng="}  # what IBM's clients and command line say who they are
    answer = http.post(ibm.url + path, data={"grant_type": GRANT, "apikey": ibm.key}, headers=client)
    assert answer.status_code == 200
    told = answer.json()
    assert set(told) == {"access_token", "refresh_token", "token_type", "expires_in", "expiration", "scope"}
    assert told["token_type"] == "Bearer"
    assert claims(told["access_token"])["exp"] == told["expiration"]
    assert spaces(ibm.url, told["access_token"]) == 200


def test_a_refresh_token_becomes_the_next_token_once(ibm: Any) -> None:
    first = http.post(ibm.url + "/identity/token", data={"grant_type": GRANT, "apikey": ibm.key}).json()
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = http.post(ibm.url + "/identity/token", data=form)
    assert second.status_code == 200
    assert spaces(ibm.url, second.json()["access_token"]) == 200
    assert http.post(ibm.url + "/identity/token", data=form).status_code == 401


def test_a_password_becomes_a_token_in_each_of_cloud_paks_ways(service: Any, ada: str) -> None:
    url = service[1]
    form = {"grant_type": "password", "username": ada, "password": PASSWORD, "scope": "openid"}
    identity = http.post(f"{url}/idprovider/v1/auth/identitytoken", data=form).json()["access_token"]
    headers = {"username": ada, "iam-token": identity}
    exchanged = http.get(f"{url}/v1/preauth/validateAuth", headers=headers).json()["accessToken"]
    basic = http.get(f"{url}/v1/preauth/validateAuth", auth=(ada, PASSWORD)).json()
    authorized = http.post(f"{url}/icp4d-api/v1/authorize", json={"username": ada, "password": PASSWORD}).json()
    assert (basic["username"], basic["role"], basic["message"]) == ("ada", "Admin", "success")
    assert (authorized["_messageCode_"], authorized["message"]) == ("200", "Success")
    for token in (identity, exchanged, basic["accessToken"], authorized["token"]):
        assert claims(token)["username"] == "ada"
        assert spaces(url, token) == 200


def test_an_exchanged_token_lasts_no_longer_than_the_one_it_was_given_for(service: Any, ada: str) -> None:
    url = service[1]
    form = {"grant_type": "password", "username": ada, "password": PASSWORD}
    identity = http.post(f"{url}/idprovider/v1/auth/identitytoken", data=form).json()["access_token"]
    exchanged = http.get(f"{url}/v1/preauth/validateAuth", headers={"iam-token": identity}).json()["accessToken"]
    assert claims(exchanged)["exp"] == claims(identity)["exp"]


def test_a_token_that_holds_is_given_back(ibm: Any) -> None:
    form = {"grant_type": GRANT, "apikey": ibm.key}
    token = http.post(ibm.url + "/identity/token", data=form).json()["access_token"]
    answer = http.get(f"{ibm.url}/v1/preauth/validateAuth", headers={"authorization": f"Bearer  {token}"})
    assert answer.json()["accessToken"] == token


def test_a_key_stands_in_for_a_password_wherever_one_is_asked_for(ibm: Any) -> None:
    authorized = http.post(f"{ibm.url}/icp4d-api/v1/authorize", json={"username": "x", "api_key": ibm.key})
    basic = http.get(f"{ibm.url}/v1/preauth/validateAuth", auth=("x", ibm.key))
    assert spaces(ibm.url, authorized.json()["token"]) == 200
    assert spaces(ibm.url, basic.json()["accessToken"]) == 200


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("POST", "/identity/token", {"data": {"grant_type": GRANT, "apikey": "sl_none"}}),
        ("POST", "/identity/token", {"data": {"grant_type": GRANT}}),
        ("POST", "/identity/token", {"data": {"grant_type": "refresh_token", "refresh_token": "x.y.z"}}),
        ("POST", "/icp4d-api/v1/authorize", {"json": {"username": "nobody", "password": "wrong"}}),
        ("GET", "/v1/preauth/validateAuth", {"auth": ("nobody", "wrong")}),
        ("GET", "/v1/preauth/validateAuth", {"headers": {"authorization": "Basic !"}}),
        ("GET", "/v1/preauth/validateAuth", {"headers": {"iam-token": "x.y.z"}}),
        ("GET", "/v1/preauth/validateAuth", {}),
    ],
)
def test_who_has_no_key_and_no_password_gets_no_token(ibm: Any, method: str, path: str, options: Any) -> None:
    answer = http.request(method, ibm.url + path, **options)
    assert answer.status_code == 401, answer.text
    assert answer.json()["errors"][0]["code"] == "authentication_token_not_valid"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"data": {"grant_type": "magic"}}, "grant_type 'magic' is not known"),
        ({"json": {"grant_type": GRANT}}, "the body is application/json, not a form"),
        ({"content": b"\xff", "headers": {"content-type": "application/x-www-form-urlencoded"}}, "cannot be read"),
    ],
)
def test_a_form_that_is_none_is_told(ibm: Any, options: Any, sentence: str) -> None:
    answer = http.post(ibm.url + "/identity/token", **options)
    assert answer.status_code == 400
    assert sentence in answer.json()["errors"][0]["message"]


def test_an_open_server_has_a_token_for_everyone(service: Any) -> None:
    app: App = service[0]
    gate = KeyGate(app.security, open_to=ANYONE)
    with background(create_app(app.registry, control=app, gate=gate), bind(port=0)) as url:
        told = http.post(f"{url}/identity/token", data={"grant_type": GRANT, "apikey": "anything"}).json()
        assert spaces(url, told["access_token"]) == 200
