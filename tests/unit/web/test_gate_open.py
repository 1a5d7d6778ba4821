"""An open server: who sends no key sees and scores what the default space has, and changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.artifacts import ROWS
from tests.keys import Keys, identify

from scoreline.app.settings import App
from scoreline.core.access import ANYONE, DEFAULT_SPACE, PLATFORM, Needs
from scoreline.core.errors import ScorelineError
from scoreline.web.app import create_app
from scoreline.web.gate import KeyGate
from scoreline.web.server import background, bind

GUESS = b"Bearer sl_guess"
ways = pytest.mark.parametrize("fast_lane", [True, False], ids=["fast lane", "asgi"])


@pytest.fixture
def keys() -> Keys:
    keys = Keys()
    keys.key("sl_viewer", "viewer")
    keys.key("sl_editor", "editor")
    keys.key("sl_team", "editor", space="other")
    return keys


def asks(gate: KeyGate, credential: bytes, needs: Needs, space: str = "", *, times: int = 1) -> Any:
    """Ask, so many times; return the last access, or the error's code."""

    async def ask() -> Any:
        for _ in range(times):
            try:
                found: Any = await identify(gate, credential, needs, space=space)
            except ScorelineError as error:
                found = error.code
        return found

    return asyncio.run(ask())


@pytest.mark.parametrize("credential", [b"", GUESS, b"Basic !", b"AWS4-HMAC-SHA256 Credential=AK/x, Signature=y"])
@pytest.mark.parametrize("times", [1, 3])
def test_without_a_key_that_holds_all_see_and_score_and_change_nothing(
    keys: Keys, credential: bytes, times: int
) -> None:
    gate = KeyGate(keys, open_to=ANYONE)
    for needs in ("view", "score"):
        assert asks(gate, credential, needs, times=times) is ANYONE
    for needs in ("edit", "admin"):
        assert asks(gate, credential, needs, times=times) == "unauthenticated"


def test_a_key_that_holds_counts_as_ever(keys: Keys) -> None:
    gate = KeyGate(keys, open_to=ANYONE)
    assert asks(gate, b"sl_editor", "edit").id == "sl_editor"
    assert asks(gate, b"sl_editor", "admin") == "forbidden"
    assert asks(gate, b"sl_team", "edit").space == "other"


@pytest.mark.parametrize("credential", [b"", GUESS])
@pytest.mark.parametrize("times", [1, 3])
def test_other_spaces_are_open_to_their_keys_only(keys: Keys, credential: bytes, times: int) -> None:
    gate = KeyGate(keys, open_to=ANYONE)
    for space in ("other", "id-of-other", "nowhere"):
        assert asks(gate, credential, "view", space, times=times) == "unauthenticated"
    for space in (DEFAULT_SPACE, "id-of-default"):  # as clients of IBM name it with each request
        assert asks(gate, credential, "score", space, times=times) is ANYONE
    assert asks(gate, b"sl_team", "view", "other").space == "other"
    assert asks(gate, b"sl_team", "view", "default") == "not_found"


def test_many_wrong_keys_do_not_keep_anybody_from_scoring(keys: Keys) -> None:
    gate = KeyGate(keys, open_to=ANYONE)

    async def flood() -> set[str]:
        made = [identify(gate, b"sl_%d" % i, "score", origin="10.0.0.1") for i in range(300)]
        return {access.kind for access in await asyncio.gather(*made)}

    assert asyncio.run(flood()) == {"anyone"}
    assert asks(gate, b"sl_more", "edit") in ("unauthenticated", "too_many_requests")


def test_where_the_database_cannot_be_reached_what_is_open_stays_so(keys: Keys) -> None:
    gate = KeyGate(keys, open_to=ANYONE)
    keys.failure = OSError("gone")
    assert asks(gate, b"", "score") is asks(gate, b"sl_editor", "score") is ANYONE
    assert asks(gate, b"sl_editor", "edit") == "unavailable"
    assert asks(gate, b"sl_team", "score", "other") == "unavailable"


def test_a_platform_that_loads_the_models_may_do_so_without_a_key(keys: Keys) -> None:
    gate = KeyGate(keys, open_to=PLATFORM)
    assert asks(gate, b"", "admin") is PLATFORM


@pytest.fixture(params=[True, False], ids=["fast lane", "asgi"])
def http(app: App, keys: Keys, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    app.security.create_space("other")
    made = create_app(app.registry, fast_lane=request.param, gate=KeyGate(keys, open_to=ANYONE), control=app)
    with background(made, bind(port=0)) as url, httpx.Client(base_url=url) as client:
        yield client


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer YOUR_KEY"}, {"x-scoreline-space": "default"}])
def test_everybody_scores_and_sees(http: httpx.Client, headers: dict[str, str]) -> None:
    for _ in range(3):
        assert http.post("/api/v1/deployments/credit/score", json=ROWS, headers=headers).status_code == 200
    for path in ("/api/v1/deployments", "/openapi.json", "/metrics", "/services/credit/swagger.json"):
        assert http.get(path, headers=headers).status_code == 200
    assert http.get("/", headers=headers).json()["open"] is True


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/keys"),
        ("POST", "/api/v1/users"),
        ("GET", "/api/v1/audit"),
        ("DELETE", "/models/credit"),
        ("POST", "/models"),
        ("POST", "/services/credit/listkeys"),
        ("POST", "/v2/repository/models/credit/unload"),
    ],
)
def test_to_change_something_takes_a_key(http: httpx.Client, method: str, path: str) -> None:
    for headers in ({}, {"x-api-key": "sl_guess"}):
        assert http.request(method, path, headers=headers).status_code == 401
    assert http.request(method, path, headers={"x-api-key": "sl_viewer"}).status_code == 403
    assert http.get("/api/v1/deployments/credit").status_code == 200
