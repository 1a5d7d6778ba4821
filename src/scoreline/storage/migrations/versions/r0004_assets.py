"""What dialects keep of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ID = sa.String(36)
NAME = sa.String(100)
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the table of assets."""
    op.create_table(
        "assets",
        sa.Column("id", ID, nullable=False),
        sa.Column("space", NAME, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("owner", sa.String(100), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("model", NAME),
        sa.Column("version", sa.Integer),
        sa.Column("parent", ID),
        sa.Column("details", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_assets"),
        sa.ForeignKeyConstraint(["space"], ["spaces.name"], name="fk_assets_space", ondelete="CASCADE"),
    )
    op.create_index("ix_assets_space", "assets", ["space"])
