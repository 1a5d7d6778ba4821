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
        ForeignKeyConstraint(["model", "alias"], ["aliases.model", "aliases.alias"]),
        ForeignKeyConstraint(["model", "number"], ["versions.model", "versions.number"]),
    )


models = Table(
    "models",
    metadata,
    Column("name", NAME, primary_key=True),
    Column("last_number", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

versions = Table(
    "versions",
    metadata,
    Column("model", NAME, ForeignKey("models.name", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(71), nullable=False, index=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("summary", JSON, nullable=False),
    UniqueConstraint("model", "digest"),
)

alias_changes = Table(
    "alias_changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("model", NAME, ForeignKey("models.name", ondelete="CASCADE"), nullable=False),
    Column("alias", NAME, nullable=False),
    Column("version", Integer, nullable=False),
    Column("previous", Integer),
    Column("action", String(20), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("parent", Integer),
)
"""Every move of every alias. ``parent`` is the change that a rollback goes back to. No key to ``versions``: the log
outlives a deleted version."""

aliases = Table(
    "aliases",
    metadata,
    Column("model", NAME, ForeignKey("models.name", ondelete="CASCADE"), primary_key=True),
    Column("alias", NAME, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("change", Integer, ForeignKey("alias_changes.id", ondelete="CASCADE"), nullable=False),
    ForeignKeyConstraint(["model", "version"], ["versions.model", "versions.number"], ondelete="CASCADE"),
)

deployments = Table(
    "deployments",
    metadata,
    Column("name", NAME, primary_key=True),
    Column("model", NAME, ForeignKey("models.name"), nullable=False),
    Column("alias", NAME),
    Column("number", Integer),
    Column("is_default", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("sticky", Boolean, nullable=False, server_default=false()),
    Column("log_enabled", Boolean, nullable=False, server_default=true()),
    Column("log_sample", Float, nullable=False, server_default="100"),
    Column("log_hidden", JSON, nullable=False, server_default="[]"),
    *_reference(),
)
"""Either ``alias`` (followed) or ``number`` (pinned) is set, here and in the two tables below."""

shares = Table(
    "shares",
    metadata,
    Column("deployment", NAME, ForeignKey("deployments.name", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("model", NAME, nullable=False),
    Column("alias", NAME),
    Column("number", Integer),
    Column("weight", Float, nullable=False),
    *_reference(),
)
"""The versions of a split, in the order in which they were given."""

shadows = Table(
    "shadows",
    metadata,
    Column("deployment", NAME, ForeignKey("deployments.name", ondelete="CASCADE"), primary_key=True),
    Column("model", NAME, nullable=False),
    Column("alias", NAME),
    Column("number", Integer),
    Column("share", Float, nullable=False),
    *_reference(),
)

counters = Table(
    "counters",
    metadata,
    Column("name", NAME, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
