from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.databases import DATABASES, empty_database

from scoreline.registry import Registry
from scoreline.storage.artifacts import LocalArtifacts
from scoreline.storage.metadata import MetadataStore


@pytest.fixture(params=DATABASES)
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Registry]:
    """An empty registry, on every database."""
    with empty_database(request.param, tmp_path) as url:
        store = MetadataStore(url)
        yield Registry(store, LocalArtifacts(tmp_path / "artifacts"))
        store.close()
