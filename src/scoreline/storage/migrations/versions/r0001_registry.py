"""Models, versions, aliases, deployments."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NAME = sa.String(100)
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the registry's tables."""
    op.create_table(
        "models",
        sa.Column("name", NAME, nullable=False),
        sa.Column("last_number", sa.Integer, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_models"),
    )
    op.create_table(
        "versions",
        sa.Column("model", NAME, nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(71), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("summary", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("model", "number", name="pk_versions"),
        sa.ForeignKeyConstraint(["model"], ["models.name"], name="fk_versions_model", ondelete="CASCADE"),
        sa.UniqueConstraint("model", "digest", name="uq_versions_model_digest"),
    )
    op.create_index("ix_versions_digest", "versions", ["digest"])
    op.create_table(
        "alias_changes",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("model", NAME, nullable=False),
        sa.Column("alias", NAME, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("previous", sa.Integer),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("parent", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="pk_alias_changes"),
        sa.ForeignKeyConstraint(["model"], ["models.name"], name="fk_alias_changes_model", ondelete="CASCADE"),
    )
    op.create_table(
        "aliases",
        sa.Column("model", NAME, nullable=False),
        sa.Column("alias", NAME, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("change", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("model", "alias", name="pk_aliases"),
        sa.ForeignKeyConstraint(["model"], ["models.name"], name="fk_aliases_model", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["change"], ["alias_changes.id"], name="fk_aliases_change", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["model", "version"],
            ["versions.model", "versions.number"],
            name="fk_aliases_model_version",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "deployments",
        sa.Column("name", NAME, nullable=False),
        sa.Column("model", NAME, nullable=False),
        sa.Column("alias", NAME),
        sa.Column("number", sa.Integer),
        sa.Column("is_default", sa.Boolean, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_deployments"),
        sa.ForeignKeyConstraint(["model"], ["models.name"], name="fk_deployments_model"),
        sa.ForeignKeyConstraint(
            ["model", "alias"], ["aliases.model", "aliases.alias"], name="fk_deployments_model_alias"
        ),
        sa.ForeignKeyConstraint(
            ["model", "number"], ["versions.model", "versions.number"], name="fk_deployments_model_number"
        ),
    )
    counters = op.create_table(
        "counters",
        sa.Column("name", NAME, nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    op.bulk_insert(counters, [{"name": "registry", "value": 0}])
