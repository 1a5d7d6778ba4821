"""Empty databases for tests: SQLite, and PostgreSQL when there is one.

SCORELINE_TEST_POSTGRESQL holds the URL of a database in which schemas may be made; each test gets its own.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

POSTGRESQL = os.environ.get("SCORELINE_TEST_POSTGRESQL", "")
DATABASES = ["sqlite", *(["postgresql"] if POSTGRESQL else [])]


@contextmanager
def empty_database(kind: str, folder: Path) -> Iterator[str]:
    """Give the URL of an empty database of one of ``DATABASES``."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'scoreline.db'}"
        return
    schema = f"test_{secrets.token_hex(6)}"
    server = make_url(POSTGRESQL).set(drivername="postgresql+psycopg")
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    yield server.update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()
