"""What dialects keep beside the registry."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Integer, String, Table, Text

from scoreline.storage.tables.schema import ID, NAME, UtcDateTime, metadata

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
