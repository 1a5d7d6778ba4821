from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scoreline.registry import Registry
from scoreline.storage.artifacts import LocalArtifacts
from scoreline.storage.metadata import MetadataStore


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """A registry on an empty home in ``tmp_path``."""
    store = MetadataStore(f"sqlite:///{tmp_path / 'scoreline.db'}")
    yield Registry(store, LocalArtifacts(tmp_path / "artifacts"))
    store.close()
