"""The gate tells which keys are used, and who asked for more than they may."""

from __future__ import annotations

import asyncio
from base64 import b64encode

import pytest
from starlette.requests import Request
from tests.keys import Keys, identify

from scoreline.core.access import Needs
from scoreline.core.errors import Forbidden, Unauthenticated
from scoreline.web.gate import KeyGate
from scoreline.web.gate.refusals import MOST


def test_which_keys_were_used_is_noted_once_for_many_requests_also_when_what_is_known_was_forgotten() -> None:
    async def ask() -> None:
        for credential in (b"sl_1", b"sl_1", b"sl_2", b"Basic " + b64encode(b"ada:secret")):
            await identify(gate, credential, "score")
        await identify(gate, b"sl_1", "score", space="default")
        keys.change()
        gate.refresh()
        gate.note_use()
        gate.note_use()
        assert keys.used == [["sl_1", "sl_2"]]
        await identify(gate, b"sl_3", "score")
        with pytest.raises(Forbidden):
            await identify(gate, b"sl_3", "admin")
        gate.note_use()
        assert keys.used == [["sl_1", "sl_2"], ["sl_3"]]

    keys = Keys()
    gate = KeyGate(keys)
    gate.refresh()
    for secret in ("sl_1", "sl_2", "sl_3"):
        keys.key(secret)
    keys.user("ada", "secret")
    asyncio.run(ask())
    gate.close()


def asked(method: str, path: str, key: str) -> Request:
    headers = [(b"host", b"here"), (b"x-api-key", key.encode())]
    client = ("192.0.2.1", 4711)
    scope = {"type": "http", "method": method, "path": path, "headers": headers, "query_string": b"", "client": client}
    return Request(scope)


def test_who_is_known_and_asks_for_more_than_it_may_is_recorded_once_a_minute() -> None:
    async def ask(path: str, needs: Needs, key: str = "sl_1") -> None:
        with pytest.raises((Forbidden, Unauthenticated)):
            await gate.admit(asked("DELETE", path, key), needs)

    async def ask_them() -> None:
        for _ in range(3):
            await ask("/api/v1/users/ada", "admin")
        await ask("/v2/models", "edit")
        await ask("/api/v1/users/ada", "admin", "unknown")

    keys = Keys()
    keys.key("sl_1")
    keys.key("blind", grants={"default": frozenset({"score"})})
    gate = KeyGate(keys)
    for _ in range(2):
        asyncio.run(ask_them())
        gate.write_refusals()
    asyncio.run(ask("/metrics", "view", "blind"))
    gate.write_refusals()
    assert keys.recorded == [
        ("request", "DELETE /api/v1/users/ada", "sl_1", "192.0.2.1", "refused"),
        ("request", "DELETE /v2/models", "sl_1", "192.0.2.1", "refused"),
    ]
    gate.close()


def test_nobody_fills_the_audit_log_with_what_it_may_not() -> None:
    async def ask() -> None:
        for number in range(2 * MOST):
            with pytest.raises(Forbidden):
                await gate.admit(asked("GET", f"/{number}", "sl_1"), "admin")
            if number % 10 == 0:
                gate.write_refusals()

    keys = Keys()
    keys.key("sl_1")
    gate = KeyGate(keys)
    asyncio.run(ask())
    gate.write_refusals()
    assert len(keys.recorded) == MOST
    gate.close()
