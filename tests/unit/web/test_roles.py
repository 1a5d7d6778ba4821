"""Who may what: every route as every role, against the table in tests/roles.txt."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.keys import Keys
from tests.roles import NOBODY, TABLE, Way, table, ways
from tests.unit.web.conftest import two_models

from scoreline.core.access import ACTIONS_OF_ROLE, EVERY_SPACE, ROLES
from scoreline.web.app import create_app
from scoreline.web.endpoint import Endpoint
from scoreline.web.gate import KeyGate


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    keys = Keys()
    for role in ROLES:
        keys.key(f"sl_{role}", grants={EVERY_SPACE: ACTIONS_OF_ROLE[role]})
    with two_models(tmp_path_factory.mktemp("roles")) as app:
        yield create_app(app.registry, gate=KeyGate(keys), control=app)


def test_the_table_of_routes_and_roles_is_what_the_router_says(web: Any) -> None:
    assert table(web) == TABLE.read_text("utf-8"), "read the difference; `python -m tests.roles` writes the table anew"


def test_a_route_that_does_not_say_what_it_needs_cannot_be_made() -> None:
    with pytest.raises(TypeError):
        Endpoint({"GET": None}, None)  # type: ignore[call-arg, dict-item, arg-type]
    with pytest.raises(KeyError):
        Endpoint({"GET": None, "POST": None}, None, {"GET": "view"})  # type: ignore[dict-item, arg-type]


@pytest.mark.parametrize("role", [NOBODY, *ROLES])
def test_every_route_lets_in_those_of_the_table_and_no_others(web: Any, role: str) -> None:
    async def ask_all() -> list[tuple[Way, int]]:
        transport = httpx.ASGITransport(web)
        headers = {} if role == NOBODY else {"x-api-key": f"sl_{role}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://here", headers=headers) as client:
            return [(way, (await client.request(way.method, way.address)).status_code) for way in ways(web)]

    for way, status in asyncio.run(ask_all()):
        if role in way.roles:
            assert status != 403, f"{role} {way}"
            assert status != 401 or way.needs == "nothing", f"{role} {way}"
        else:
            assert status == (401 if role == NOBODY else 403), f"{role} {way} {status}"
