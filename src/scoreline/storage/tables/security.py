"""Spaces, users, keys, tokens, the audit log."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Float, ForeignKey, Integer, String, Table, Text

from scoreline.storage.tables.schema import ID, NAME, UtcDateTime, metadata

spaces = Table(
    "spaces",
    metadata,
    Column("name", NAME, primary_key=True),
    Column("id", ID, nullable=False, unique=True),
    Column("description", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", NAME, nullable=False, unique=True),
    Column("password", String(200)),
    Column("generation", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
"""``password`` is an argon2id hash; a machine has none."""

grants = Table(
    "grants",
    metadata,
    Column("user", ID, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("space", NAME, primary_key=True),
    Column("role", String(20), nullable=False),
)
"""No key to ``spaces``: the role in every space stands under ``*``."""

keys = Table(
    "keys",
    metadata,
    Column("id", ID, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("name", NAME, nullable=False),
    Column("space", NAME, nullable=False, index=True),
    Column("actions", JSON, nullable=False),
    Column("deployments", JSON(none_as_null=True)),
    Column("user", ID, ForeignKey("users.id", ondelete="CASCADE"), index=True),
    Column("slot", String(20)),
    Column("rate", Float, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
)
"""``digest`` is SHA-256 of the whole key, which nothing keeps."""

token_families = Table(
    "token_families",
    metadata,
    Column("id", ID, primary_key=True),
    Column("number", Integer),
    Column("expires_at", UtcDateTime, nullable=False),
)
"""Tokens that came of one another, once one was refreshed: the number of the newest; none when all are revoked."""

secrets = Table(
    "secrets",
    metadata,
    Column("name", NAME, primary_key=True),
    Column("value", String(200), nullable=False),
)

failed_logins = Table(
    "failed_logins",
    metadata,
    Column("subject", String(64), primary_key=True),
    Column("n", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False, index=True),
)
"""``subject`` is a digest of a name or an origin: who mistypes types passwords where names belong."""

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("actor_id", ID, nullable=False),
    Column("actor", NAME, nullable=False),
    Column("action", NAME, nullable=False),
    Column("target", Text, nullable=False),
    Column("space", NAME, nullable=False),
    Column("origin", NAME, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("digest", String(64), nullable=False),
)
"""Append-only: triggers refuse to change and to delete."""
