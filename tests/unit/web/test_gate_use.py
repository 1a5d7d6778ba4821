"""The gate tells which keys are used."""

from __future__ import annotations

import asyncio
from base64 import b64encode

import pytest
from tests.keys import Keys

from scoreline.core.errors import Forbidden
from scoreline.web.gate import KeyGate


def test_which_keys_were_used_is_noted_once_for_many_requests_also_when_what_is_known_was_forgotten() -> None:
    async def ask() -> None:
        for credential in (b"sl_1", b"sl_1", b"sl_2", b"Basic " + b64encode(b"ada:secret")):
            await gate.identify(credential, "score")
        await gate.identify(b"sl_1", "score", space="default")
        keys.change()
        gate.refresh()
        gate.note_use()
        gate.note_use()
        assert keys.used == [["sl_1", "sl_2"]]
        await gate.identify(b"sl_3", "score")
        with pytest.raises(Forbidden):
            await gate.identify(b"sl_3", "admin")
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
