"""Alembic migrations, run by ``scoreline.storage.migrate``. ``versions/`` holds one file a revision."""
