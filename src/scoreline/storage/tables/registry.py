"""Models, versions, aliases, deployments."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    String,
    Table,
    UniqueConstraint,
    false,
    true,
)

from scoreline.storage.tables.schema import ID, NAME, UtcDateTime, metadata


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
