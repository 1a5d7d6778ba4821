"""Metadata in SQLite or, by URL, in PostgreSQL."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from scoreline.core.access import DEFAULT_SPACE
from scoreline.core.errors import BadSetting, MissingExtra, Unavailable
from scoreline.storage.migrate import migrate
from scoreline.storage.private import keep_private, make_private
from scoreline.storage.records import RegistryRecords

BUSY_SECONDS = 30.0
"""How long a SQLite transaction waits for another process."""
WRITER_LOCK = 0x5C03E11E
"""The PostgreSQL advisory lock that the one writer holds."""


class MetadataStore:
    """Keeps metadata behind ``url``; opening it creates the tables or brings them up to date.

    Writers take turns, over all processes: SQLite's own write lock, an advisory lock on PostgreSQL. Readers see a
    snapshot and wait for nobody. Raises BadSetting, MissingExtra or Unavailable when it cannot be opened.
    """

    def __init__(self, url: str) -> None:
        self.url = _parse(url)
        self._engine = _engine(self.url)
        make_private(self.url)
        with self._errors():
            if migrate(self._transaction):  # it may be of a time when it held no secret
                keep_private(self.url)

    @contextmanager
    def reading(self, space: str = DEFAULT_SPACE) -> Iterator[RegistryRecords]:
        """Open a snapshot of a space's records."""
        with self._errors(), self._transaction(writing=False) as connection:
            yield RegistryRecords(connection, space)

    @contextmanager
    def writing(self, space: str = DEFAULT_SPACE) -> Iterator[RegistryRecords]:
        """Open, for a space's records, the one writing transaction; commit at the end, undo it all on an exception."""
        with self._errors(), self._transaction(writing=True) as connection:
            yield RegistryRecords(connection, space)

    @contextmanager
    def transaction(self, *, writing: bool) -> Iterator[Connection]:
        """Open a transaction for what is kept beside the registry's records."""
        with self._errors(), self._transaction(writing=writing) as connection:
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, *, writing: bool) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            if self.url.get_backend_name() == "sqlite":
                connection.execution_options(scoreline_writing=writing)
            elif not writing:
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                if writing and self.url.get_backend_name() == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITER_LOCK})
                yield connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            shown = self.url.render_as_string(hide_password=True)
            raise Unavailable(
                f"the metadata in {shown} cannot be used: {error.orig}",
                hint="check --home or SCORELINE_DATABASE_URL, free space and permissions",
            ) from error


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise BadSetting(
            "the database URL cannot be read", hint="sqlite:////path/file.db or postgresql://user@host/name"
        ) from None
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise BadSetting(f"database {parsed.get_backend_name()!r} is not supported", hint="one of sqlite, postgresql")
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise BadSetting("a database in memory keeps nothing", hint="sqlite:////path/file.db")
    return parsed


def _engine(url: URL) -> Engine:
    try:
        if url.get_backend_name() == "postgresql":
            return create_engine(url, pool_pre_ping=True)
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise MissingExtra(
            f"the driver for {url.drivername} is missing: {error}", hint="pip install 'psycopg[binary]'"
        ) from None
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # the driver begins no transaction of its own: `_begin_sqlite` does
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    deadline = time.monotonic() + BUSY_SECONDS
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:  # several processes open a new file at once; this change alone does not wait
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    # A write lock taken at the first write could fail after reads that no longer hold; taken at once, it waits.
    writing = connection.get_execution_options().get("scoreline_writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
