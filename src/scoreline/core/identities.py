"""Who there is, and what they did: spaces, users, keys, the audit log. Plain data, immutable, without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from scoreline.core.access import Action, Role

Slot = Literal["primary", "secondary"]
"""Which of a deployment's own two keys: one is used while the other is made anew."""
Outcome = Literal["done", "refused", "failed"]


class Space(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant: everything belongs to one."""

    id: str
    """36 characters, ``[0-9a-f-]``."""
    name: str
    description: str = ""
    created_at: datetime


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person with a password, or a machine without one, which has keys."""

    id: str
    """36 characters, ``[0-9a-f-]``; a machine's client id."""
    name: str
    created_at: datetime
    has_password: bool = False
    generation: int = 0
    """Grows when the password changes: tokens of an earlier one count for nothing."""
    roles: Mapping[str, Role] = {}
    """By space; under ``*`` the role in every space."""


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A secret that acts for somebody: all of it but the secret."""

    id: str
    name: str
    space: str
    """Where it may act; ``*`` is everywhere."""
    actions: tuple[Action, ...]
    """What it may do there; of a user's key, no more than the user may."""
    deployments: tuple[str, ...] | None = None
    """The only ones that it may see and score; None: all."""
    user: str | None = None
    """The id of the user for whom it acts."""
    slot: Slot | None = None
    """Of a deployment's own key."""
    rate: float = 0.0
    """Requests a second; 0: any number."""
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    """To the minute."""

    def holds(self, now: datetime) -> bool:
        """Whether it counts for anything: neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key, and the one time its secret is shown."""

    key: Key
    secret: str

    def __repr__(self) -> str:
        return f"NewKey(key={self.key!r}, secret=…)"


class DeploymentKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The secrets of a deployment's own two keys. They can be shown again."""

    primary: str
    secondary: str

    def __repr__(self) -> str:
        return "DeploymentKeys(primary=…, secondary=…)"


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller shows instead of its key or password, for a time."""

    access_token: str
    """A JWT: ``sub``, ``username``, ``iat``, ``exp``, ``iss``, ``jti``."""
    refresh_token: str
    """Good for one new token; used a second time, it ends all that came of it."""
    expires_in: int
    """Seconds."""
    expires_at: int
    """Seconds since the epoch."""

    def __repr__(self) -> str:
        return f"Token(expires_at={self.expires_at})"


class FailedLogins(msgspec.Struct, frozen=True, kw_only=True):
    """How often a name, or somebody from an origin, gave a wrong password lately."""

    n: int
    last_at: datetime


class AuditRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what, when, from where, and what came of it."""

    id: int
    """1, 2, 3, … without a gap."""
    at: datetime
    kind: str
    """Of who did it, as ``Access`` has it."""
    actor_id: str
    actor: str
    action: str
    """Such as ``key.create``."""
    target: str
    space: str
    origin: str
    """The address that it came from; empty on the machine itself."""
    outcome: Outcome
    digest: str
    """SHA-256 of this record and of the digest before it."""
