"""Credentials as callers write them, and the space that they mean.

A credential is taken from a header only. An address with a key in it would be kept by proxies, histories and logs.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import parse_qs

from scoreline.core.errors import Unauthenticated

CREDENTIAL_HEADERS = frozenset((b"authorization", b"x-api-key", b"api-key", b"api_key"))
"""The first of them that is not empty counts. What stands in them is read alike."""
SPACE_HEADER = b"x-scoreline-space"
SPACE_PARAMETER = "space_id"
"""Of an address; IBM's clients send it. The header goes before it."""
LONGEST_BYTES = 8 * 1024
NO_NAMES = ("", "apikey", "token")
"""Names with which Basic brings a key or a token in place of a password."""
SIGNED = b"AWS4-HMAC-SHA256 "
"""What AWS's clients begin it with."""
_SIGNER = re.compile(rb"Credential=([^/,\s]+)/")
_PAIRS = ("basic", "zenapikey")
HINT = "send `Authorization: Bearer KEY`, or the key as `x-api-key`; `scoreline key create NAME` makes one"


class Credential(NamedTuple):
    """A key or token, or a name and a password."""

    secret: str
    """The key, the token or the password."""
    user: str | None = None
    """Whose password it is; None: it is a key or a token."""


def find(headers: Iterable[tuple[bytes, bytes]], query: bytes) -> tuple[bytes, bytes]:
    """Return the credential of a request, as it stands in its header, and the space that it means; empty: none."""
    credential = space = b""
    for name, value in headers:
        if name in CREDENTIAL_HEADERS:
            credential = credential or value
        elif name == SPACE_HEADER:
            space = space or value
    return credential, space or space_of(query)


def without_signature(header: bytes) -> bytes:
    """Return the key of a request that is signed as AWS signs: the access key's id is the key. Others stay as they are.

    Each such header is another, and the key in it the same. The signature is not looked at: the key is what is secret.
    """
    if not header.startswith(SIGNED):
        return header
    signer = _SIGNER.search(header)
    return signer[1] if signer else header


def space_of(query: bytes) -> bytes:
    """Return the space that an address means; empty: it does not say."""
    if SPACE_PARAMETER.encode() not in query:
        return b""
    return parse_qs(query.decode("latin-1")).get(SPACE_PARAMETER, [""])[0].encode()


def read(header: bytes) -> Credential:
    """Read what stands in a header: with ``Bearer`` (once, twice, or not at all), ``Basic`` or ``ZenApiKey``.

    Raises Unauthenticated when it is none of them. No message repeats any of it.
    """
    if len(header) > LONGEST_BYTES:
        raise Unauthenticated(f"the credential is longer than {LONGEST_BYTES} bytes", hint=HINT)
    text = header.decode("latin-1").strip()
    scheme, rest = _split(text)
    while scheme == "bearer" and rest:
        text = rest
        scheme, rest = _split(text)
    if not rest and scheme not in ("", "bearer", *_PAIRS):
        return Credential(text)
    if scheme not in _PAIRS:
        raise Unauthenticated("the header holds no key, no token and no password", hint=HINT)
    user, secret = _read_pair(rest)
    if not secret:  # no password is empty, and some clients put a key where the name belongs
        user, secret = "", user
    if not secret or (not user and secret in NO_NAMES):
        raise Unauthenticated("the credential has a name and no secret", hint=HINT)
    if scheme == "zenapikey" or user in NO_NAMES:
        return Credential(secret)
    return Credential(secret, user)


def _split(text: str) -> tuple[str, str]:
    scheme, _, rest = text.partition(" ")
    return scheme.lower(), rest.strip()


def _read_pair(text: str) -> tuple[str, str]:
    try:
        user, colon, secret = b64decode(text, validate=True).decode().partition(":")
    except ValueError:
        colon = ""
    if not colon:
        raise Unauthenticated("the credential is not base64 of `name:secret`", hint=HINT)
    return user, secret
