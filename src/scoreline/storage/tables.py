"""The tables as SQLAlchemy sees them. A change here needs a migration; a test compares the two."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    true,
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC; SQLite, which keeps no zone, gets it without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        time: datetime = value
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


NAME = String(100)
ID = String(36)
metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _reference() -> tuple[ForeignKeyConstraint, ForeignKeyConstraint]:
    return (
        ForeignKeyConstraint(["space", "model", "alias"], ["aliases.space", "aliases.model", "aliases.alias"]),
        ForeignKeyConstraint(["space", "model", "number"], ["versions.space", "versions.model", "versions.number"]),
    )


def _of_model(ondelete: str | None = None) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["space", "model"], ["models.space", "models.name"], ondelete=ondelete)


models = Table(
    "models",
    metadata,
    Column("space", NAME, ForeignKey("spaces.name"), primary_key=True),
    Column("name", NAME, primary_key=True),
    Column("last_number", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
"""A name holds within its space, here and in every table below: no key leads from one space to another. A space that
holds a model cannot be deleted."""

versions = Table(
    "versions",
    metadata,
    Column("space", NAME, primary_key=True),
    Column("model", NAME, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(71), nullable=False, index=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("summary", JSON, nullable=False),
    UniqueConstraint("space", "model", "digest"),
    _of_model(ondelete="CASCADE"),
)

alias_changes = Table(
    "alias_changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("space", NAME, nullable=False),
    Column("model", NAME, nullable=False),
    Column("alias", NAME, nullable=False),
    Column("version", Integer, nullable=False),
    Column("previous", Integer),
    Column("action", String(20), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("parent", Integer),
    _of_model(ondelete="CASCADE"),
)
"""Every move of every alias. ``parent`` is the change that a rollback goes back to. No key to ``versions``: the log
outlives a deleted version."""

aliases = Table(
    "aliases",
    metadata,
    Column("space", NAME, primary_key=True),
    Column("model", NAME, primary_key=True),
    Column("alias", NAME, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("change", Integer, ForeignKey("alias_changes.id", ondelete="CASCADE"), nullable=False),
    _of_model(ondelete="CASCADE"),
    ForeignKeyConstraint(
        ["space", "model", "version"], ["versions.space", "versions.model", "versions.number"], ondelete="CASCADE"
    ),
)

deployments = Table(
    "deployments",
    metadata,
    Column("space", NAME, primary_key=True),
    Column("name", NAME, primary_key=True),
    Column("id", ID, nullable=False, unique=True),
    Column("model", NAME, nullable=False),
    Column("alias", NAME),
    Column("number", Integer),
    Column("is_default", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("sticky", Boolean, nullable=False, server_default=false()),
    Column("log_enabled", Boolean, nullable=False, server_default=true()),
    Column("log_sample", Float, nullable=False, server_default="100"),
    Column("log_hidden", JSON, nullable=False, server_default="[]"),
    _of_model(),
    *_reference(),
)
"""Either ``alias`` (followed) or ``number`` (pinned) is set, here and in the two tables below."""


def _of_deployment() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["space", "deployment"], ["deployments.space", "deployments.name"], ondelete="CASCADE")


shares = Table(
    "shares",
    metadata,
    Column("space", NAME, primary_key=True),
    Column("deployment", NAME, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("model", NAME, nullable=False),
    Column("alias", NAME),
    Column("number", Integer),
    Column("weight", Float, nullable=False),
    _of_deployment(),
    *_reference(),
)
"""The versions of a split, in the order in which they were given."""

shadows = Table(
    "shadows",
    metadata,
    Column("space", NAME, primary_key=True),
    Column("deployment", NAME, primary_key=True),
    Column("model", NAME, nullable=False),
    Column("alias", NAME),
    Column("number", Integer),
    Column("share", Float, nullable=False),
    _of_deployment(),
    *_reference(),
)

counters = Table(
    "counters",
    metadata,
    Column("name", NAME, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

# Security

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

assets = Table(
    "assets",
    metadata,
    Column("id", ID, primary_key=True),
    Column("space", NAME, ForeignKey("spaces.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("name", Text, nullable=False),
    Column("owner", String(100), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("state", String(20), nullable=False),
    Column("model", NAME),
    Column("version", Integer),
    Column("parent", ID),
    Column("details", JSON, nullable=False),
)
"""No key to models and deployments: what a dialect says of them may outlive them, and is not shown then."""
