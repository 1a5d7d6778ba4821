from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.artifacts import tiny_artifact

from scoreline.core.schema import Column, Schema
from scoreline.scoring.pipeline import load
from scoreline.serving.active import Active

SCHEMA = Schema(
    columns=(
        Column(name="age", type="number"),
        Column(name="owns", type="boolean"),
        Column(name="since", type="datetime"),
        Column(name="purpose", type="category"),
        Column(name="code", type="category", integer=True),
    )
)


@pytest.fixture(scope="session")
def active(tmp_path_factory: pytest.TempPathFactory) -> Active:
    """A version that has columns of every kind."""
    file = tmp_path_factory.mktemp("media") / "any.scoreline"
    tiny_artifact(file, schema=SCHEMA, rows=[{"age": 1.5, "purpose": "radio"}])
    return Active("any", "any", 1, "any", load(file), datetime.now(UTC))
