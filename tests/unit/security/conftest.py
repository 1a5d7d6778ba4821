from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.databases import DATABASES, empty_database

from scoreline.security import Security
from scoreline.storage.metadata import MetadataStore
from scoreline.storage.security import SecurityMetadata


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to copy: making the tables takes longer than most tests."""
    folder = tmp_path_factory.mktemp("migrated")
    MetadataStore(f"sqlite:///{folder / 'scoreline.db'}").close()
    return folder / "scoreline.db"


@pytest.fixture(params=DATABASES)
def store(request: pytest.FixtureRequest, tmp_path: Path, migrated: Path) -> Iterator[SecurityMetadata]:
    """A store in which nothing is yet, on every database."""
    with empty_database(request.param, tmp_path) as url:
        if request.param == "sqlite":
            shutil.copy(migrated, tmp_path)
        metadata = MetadataStore(url)
        yield SecurityMetadata(metadata)
        metadata.close()


@pytest.fixture
def security(store: SecurityMetadata, clock: Clock) -> Security:
    return Security(store, clock=clock)
