"""Splits, shadows, and what prediction logs keep."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NAME = sa.String(100)


def upgrade() -> None:
    """Add the tables of splits and shadows, and a deployment's switches."""
    op.add_column("deployments", sa.Column("sticky", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("deployments", sa.Column("log_enabled", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("deployments", sa.Column("log_sample", sa.Float, nullable=False, server_default="100"))
    op.add_column("deployments", sa.Column("log_hidden", sa.JSON, nullable=False, server_default="[]"))
    op.create_table(
        "shares",
        sa.Column("deployment", NAME, nullable=False),
        sa.Column("position", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("model", NAME, nullable=False),
        sa.Column("alias", NAME),
        sa.Column("number", sa.Integer),
        sa.Column("weight", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("deployment", "position", name="pk_shares"),
        *_references("shares"),
    )
    op.create_table(
        "shadows",
        sa.Column("deployment", NAME, nullable=False),
        sa.Column("model", NAME, nullable=False),
        sa.Column("alias", NAME),
        sa.Column("number", sa.Integer),
        sa.Column("share", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("deployment", name="pk_shadows"),
        *_references("shadows"),
    )


def _references(table: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            ["deployment"], ["deployments.name"], name=f"fk_{table}_deployment", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["model", "alias"], ["aliases.model", "aliases.alias"], name=f"fk_{table}_model_alias"),
        sa.ForeignKeyConstraint(
            ["model", "number"], ["versions.model", "versions.number"], name=f"fk_{table}_model_number"
        ),
    ]
