"""Everything belongs to a space: what is there goes to ``default``."""

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

NAME = sa.String(100)
TIME = sa.DateTime(timezone=True)
TABLES = ("models", "versions", "alias_changes", "aliases", "deployments", "shares", "shadows")
"""Each after those that it refers to."""


def upgrade() -> None:
    """Make the registry's tables anew, with the space in every key, and fill them with what they held.

    SQLite cannot change a key, and drops no table that others refer to without emptying those.
    """
    columns = {}
    for table in TABLES:
        columns[table] = [column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)]
        op.execute(f"CREATE TEMPORARY TABLE moved_{table} AS SELECT * FROM {table}")  # noqa: S608  # names of ours
    for table in reversed(TABLES):
        op.drop_table(table)
    _give_ids()
    columns["deployments"].append("id")
    _create_models()
    _create_deployments()
    for table in TABLES:
        names = ", ".join(f'"{name}"' for name in columns[table])
        op.execute(f"INSERT INTO {table} (space, {names}) SELECT 'default', {names} FROM moved_{table}")  # noqa: S608  # names of ours
        op.execute(f"DROP TABLE moved_{table}")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "SELECT setval(pg_get_serial_sequence('alias_changes', 'id'), max(id))"
            " FROM alias_changes HAVING max(id) > 0"
        )


def _give_ids() -> None:
    op.execute("ALTER TABLE moved_deployments ADD COLUMN id VARCHAR(36)")
    connection = op.get_bind()
    for (name,) in connection.execute(sa.text("SELECT name FROM moved_deployments")).all():
        given = {"id": str(uuid.uuid4()), "name": name}
        connection.execute(sa.text("UPDATE moved_deployments SET id = :id WHERE name = :name"), given)


def _create_models() -> None:
    op.create_table(
        "models",
        sa.Column("space", NAME, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("last_number", sa.Integer, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("space", "name", name="pk_models"),
        sa.ForeignKeyConstraint(["space"], ["spaces.name"], name="fk_models_space"),
    )
    op.create_table(
        "versions",
        sa.Column("space", NAME, nullable=False),
        sa.Column("model", NAME, nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(71), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("summary", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("space", "model", "number", name="pk_versions"),
        _of_model("versions", ondelete="CASCADE"),
        sa.UniqueConstraint("space", "model", "digest", name="uq_versions_space_model_digest"),
    )
    op.create_index("ix_versions_digest", "versions", ["digest"])
    op.create_table(
        "alias_changes",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("space", NAME, nullable=False),
        sa.Column("model", NAME, nullable=False),
        sa.Column("alias", NAME, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("previous", sa.Integer),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("parent", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="pk_alias_changes"),
        _of_model("alias_changes", ondelete="CASCADE"),
    )
    op.create_table(
        "aliases",
        sa.Column("space", NAME, nullable=False),
        sa.Column("model", NAME, nullable=False),
        sa.Column("alias", NAME, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("change", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("space", "model", "alias", name="pk_aliases"),
        _of_model("aliases", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["change"], ["alias_changes.id"], name="fk_aliases_change", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["space", "model", "version"],
            ["versions.space", "versions.model", "versions.number"],
            name="fk_aliases_space_model_version",
            ondelete="CASCADE",
        ),
    )


def _create_deployments() -> None:
    op.create_table(
        "deployments",
        sa.Column("space", NAME, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("model", NAME, nullable=False),
        sa.Column("alias", NAME),
        sa.Column("number", sa.Integer),
        sa.Column("is_default", sa.Boolean, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("sticky", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("log_enabled", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("log_sample", sa.Float, nullable=False, server_default="100"),
        sa.Column("log_hidden", sa.JSON, nullable=False, server_default="[]"),
        sa.PrimaryKeyConstraint("space", "name", name="pk_deployments"),
        sa.UniqueConstraint("id", name="uq_deployments_id"),
        _of_model("deployments"),
        *_references("deployments"),
    )
    op.create_table(
        "shares",
        sa.Column("space", NAME, nullable=False),
        sa.Column("deployment", NAME, nullable=False),
        sa.Column("position", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("model", NAME, nullable=False),
        sa.Column("alias", NAME),
        sa.Column("number", sa.Integer),
        sa.Column("weight", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("space", "deployment", "position", name="pk_shares"),
        _of_deployment("shares"),
        *_references("shares"),
    )
    op.create_table(
        "shadows",
        sa.Column("space", NAME, nullable=False),
        sa.Column("deployment", NAME, nullable=False),
        sa.Column("model", NAME, nullable=False),
        sa.Column("alias", NAME),
        sa.Column("number", sa.Integer),
        sa.Column("share", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("space", "deployment", name="pk_shadows"),
        _of_deployment("shadows"),
        *_references("shadows"),
    )


def _of_model(table: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["space", "model"], ["models.space", "models.name"], name=f"fk_{table}_space_model", ondelete=ondelete
    )


def _of_deployment(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["space", "deployment"],
        ["deployments.space", "deployments.name"],
        name=f"fk_{table}_space_deployment",
        ondelete="CASCADE",
    )


def _references(table: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            ["space", "model", "alias"],
            ["aliases.space", "aliases.model", "aliases.alias"],
            name=f"fk_{table}_space_model_alias",
        ),
        sa.ForeignKeyConstraint(
            ["space", "model", "number"],
            ["versions.space", "versions.model", "versions.number"],
            name=f"fk_{table}_space_model_number",
        ),
    ]
