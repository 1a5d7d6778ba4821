"""Bring the tables up to date, once, however many processes open a new home together."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, inspect, text

from scoreline.core.errors import Unavailable

HEAD = "0005"
"""The newest revision under ``migrations/versions``, so that an up-to-date database opens without importing Alembic."""


class Transaction(Protocol):
    """Opens a transaction, as ``MetadataStore`` does."""

    def __call__(self, *, writing: bool) -> AbstractContextManager[Connection]: ...


def migrate(transaction: Transaction) -> bool:
    """Run the migrations that are missing, in one writing transaction: all or none of them. Return whether any was."""
    with transaction(writing=False) as connection:
        if revision(connection) == HEAD:
            return False
    with transaction(writing=True) as connection:
        if revision(connection) != HEAD:  # another process may have been quicker
            _upgrade(connection)
    return True


def revision(connection: Connection) -> str | None:
    """Return the database's revision, None for an empty one. Raises Unavailable when a newer Scoreline wrote it."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found > HEAD:
        raise Unavailable(
            f"the metadata is of a newer Scoreline (revision {found}; this one knows up to {HEAD})",
            hint="install a newer scoreline",
        )
    return found


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
