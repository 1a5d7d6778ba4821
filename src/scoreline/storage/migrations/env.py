"""Alembic's entry: migrate over the connection, and inside the transaction, that the caller opened."""

from __future__ import annotations

from alembic import context

from scoreline.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
