"""Secrets that are made, told apart and compared; and the installation's own, out of which others are derived."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

from scoreline.security.seams import SecurityStore

KEY_PREFIX = "sl_"
ID_BYTES = 10
SECRET_BYTES = 32
_KEY = re.compile(r"sl_([a-z2-7]{16})_[a-z2-7]{52}")
INSTALLATION = "installation"
"""The name under which the store keeps the installation's secret."""


def new_id() -> str:
    """Return an id that nobody can guess, of 16 letters and digits."""
    return _text(secrets.token_bytes(ID_BYTES))


def new_key(key: str) -> str:
    """Return a secret of 256 random bits for the key with an id."""
    return f"{KEY_PREFIX}{key}_{_text(secrets.token_bytes(SECRET_BYTES))}"


def derived_key(key: str, installation: bytes) -> str:
    """Return the secret that belongs to a key's id and the installation's secret, always the same."""
    return f"{KEY_PREFIX}{key}_{_text(derive(installation, f'key {key}'))}"


def key_id(secret: str) -> str | None:
    """Return the id inside a key's secret; None when it is not of a key's shape."""
    match = _KEY.fullmatch(secret)
    return match[1] if match else None


def digest(secret: str) -> str:
    """Return what is stored of a secret. It is random, so that its hash need not be slow."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two texts are the same, found out in the same time wherever they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def derive(installation: bytes, purpose: str) -> bytes:
    """Return 32 bytes for one purpose, which tell nothing about those for another."""
    return hmac.digest(installation, purpose.encode(), "sha256")


def installation_secret(store: SecurityStore) -> bytes:
    """Return the secret that the store keeps, made at first use."""
    with store.reading() as records:
        found = records.secret(INSTALLATION)
    if found is None:
        with store.writing() as records:
            found = records.secret(INSTALLATION)  # another process may have been quicker
            if found is None:
                found = _text(secrets.token_bytes(SECRET_BYTES))
                records.add_secret(INSTALLATION, found)
    return found.encode()


def _text(content: bytes) -> str:
    return base64.b32encode(content).decode().rstrip("=").lower()
