"""Spaces, users, keys, tokens, the audit log."""

import uuid
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.String(36)
NAME = sa.String(100)
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables; the space ``default`` is there from the start."""
    spaces = op.create_table(
        "spaces",
        sa.Column("name", NAME, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_spaces"),
        sa.UniqueConstraint("id", name="uq_spaces_id"),
    )
    now = datetime.now(UTC)
    op.bulk_insert(
        spaces,
        [
            {
                "name": "default",
                "id": str(uuid.uuid4()),
                "description": "",
                "created_at": now if op.get_bind().dialect.name != "sqlite" else now.replace(tzinfo=None),
            }
        ],
    )
    _users_and_keys()
    op.create_table(
        "token_families",
        sa.Column("id", ID, nullable=False),
        sa.Column("number", sa.Integer),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_token_families"),
    )
    op.create_table(
        "secrets",
        sa.Column("name", NAME, nullable=False),
        sa.Column("value", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_secrets"),
    )
    op.create_table(
        "failed_logins",
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_failed_logins"),
    )
    op.create_index("ix_failed_logins_last_at", "failed_logins", ["last_at"])
    _audit()
    counters = sa.table("counters", sa.column("name", NAME), sa.column("value", sa.BigInteger))
    op.bulk_insert(counters, [{"name": "security", "value": 0}, {"name": "audit", "value": 0}])


def _users_and_keys() -> None:
    op.create_table(
        "users",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("password", sa.String(200)),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("name", name="uq_users_name"),
    )
    op.create_table(
        "grants",
        sa.Column("user", ID, nullable=False),
        sa.Column("space", NAME, nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("user", "space", name="pk_grants"),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name="fk_grants_user", ondelete="CASCADE"),
    )
    op.create_table(
        "keys",
        sa.Column("id", ID, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("space", NAME, nullable=False),
        sa.Column("actions", sa.JSON, nullable=False),
        sa.Column("deployments", sa.JSON),
        sa.Column("user", ID),
        sa.Column("slot", sa.String(20)),
        sa.Column("rate", sa.Float, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME),
        sa.Column("revoked_at", TIME),
        sa.Column("last_used_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_keys"),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name="fk_keys_user", ondelete="CASCADE"),
    )
    op.create_index("ix_keys_space", "keys", ["space"])
    op.create_index("ix_keys_user", "keys", ["user"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("actor_id", ID, nullable=False),
        sa.Column("actor", NAME, nullable=False),
        sa.Column("action", NAME, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("space", NAME, nullable=False),
        sa.Column("origin", NAME, nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_refuses_{change.lower()} BEFORE {change} ON audit "
                "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
            )
        op.execute(  # INSERT OR REPLACE deletes without the trigger above
            "CREATE TRIGGER audit_refuses_replace BEFORE INSERT ON audit "
            "WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id) "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
    )
