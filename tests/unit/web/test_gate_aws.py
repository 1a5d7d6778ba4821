"""A request signed as AWS's clients sign it: the access key's id is the key."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.keys import Keys, identify

from scoreline.core.errors import Unauthenticated
from scoreline.web.gate import KeyGate
from scoreline.web.gate.credentials import without_signature


def signed(key: str, signature: str) -> bytes:
    scope = "20261121/eu-west-1/sagemaker/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders=host;x-amz-date, Signature={signature}".encode()


def test_the_key_is_known_under_every_signature() -> None:
    keys = Keys()
    secret = keys.key("sl_aws")
    gate = KeyGate(keys)

    async def ask(signature: str) -> Any:
        return await identify(gate, signed(secret, signature), "score")

    async def both() -> list[Any]:
        return [await ask("a" * 64), await ask("b" * 64)]

    first, second = asyncio.run(both())
    assert first is second
    assert (first.id, keys.n_asked) == (secret, 1)
    assert gate.known(signed(secret, "c" * 64), b"") is gate.known(secret.encode(), b"") is not None


def test_a_key_that_does_not_hold_is_refused_under_every_signature() -> None:
    gate = KeyGate(Keys())

    async def ask(signature: str) -> Any:
        return await identify(gate, signed("sl_wrong", signature), "score")

    for signature in ("a" * 64, "b" * 64):
        with pytest.raises(Unauthenticated):
            asyncio.run(ask(signature))


@pytest.mark.parametrize(
    "header", [b"Bearer sl_1", b"AWS4-HMAC-SHA256 ", b"AWS4-HMAC-SHA256 Credential=", b"AWS4-HMAC-SHA256 Credential=/x"]
)
def test_what_is_not_signed_stays_as_it_is(header: bytes) -> None:
    assert without_signature(header) == header
