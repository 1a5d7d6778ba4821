"""A deployment without a server, whose plane tells a prediction log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.artifacts import tiny_artifact

from scoreline.core.entities import LogSettings
from scoreline.prediction_log.keeper import Limits
from scoreline.prediction_log.log import PredictionLog
from scoreline.prediction_log.places import Places
from scoreline.prediction_log.reading import Query, select
from scoreline.scoring.pipeline import load
from scoreline.serving.active import Active
from scoreline.serving.plane import Asked, Plane, Run, Watcher
from scoreline.serving.protocols import DIALECTS

Make = Callable[..., Active]


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Make a version that answers: ``make("credit", 2, labels=(), log=LogSettings(…))``."""
    folder = tmp_path_factory.mktemp("versions")

    def make(name: str = "credit", version: int = 1, log: LogSettings | None = None, **artifact: Any) -> Active:
        file = folder / f"{name}-{version}-{len(list(folder.iterdir()))}"
        tiny_artifact(file, name=name, weight=version / 1000, **artifact)
        pipeline = load(file)
        digest = pipeline.manifest.id
        return Active(name, name, version, digest, pipeline, datetime.now(UTC), log or LogSettings())

    return make


@pytest.fixture
def credit(make: Make) -> Active:
    return make()


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "predictions")


@pytest.fixture
def log(places: Places) -> Iterator[PredictionLog]:
    """A log that nobody looks after unless the test does."""
    with PredictionLog(places.folder, Limits(tick_seconds=3600)) as opened:
        yield opened


def ask(watcher: Watcher, active: Active, *bodies: Any, ids: Sequence[str] = (), **about: str) -> None:
    """Have these requests answered in one run."""
    Plane([watcher]).answer(
        [
            Asked(
                DIALECTS["native"],
                json.dumps(body).encode(),
                active,
                request_id=ids[i] if ids else f"request-{i}",
                caller=about.get("caller", "10.0.0.1"),
                key=about.get("key", ""),
                trace=about.get("trace", ""),
            )
            for i, body in enumerate(bodies)
        ]
    )


def shadowed(watcher: Watcher, main: Active, shadow: Active, body: Any, request_id: str) -> None:
    """Have a request of ``main`` scored by ``shadow``, as the shadow does it."""

    class Other:
        def answered(self, run: Run) -> None:
            values = shadow.pipeline.score_rows(run.rows).values
            other = Run(shadow, run.asked, run.sizes, run.rows, values)
            other.encoded_at = run.encoded_at
            watcher.answered(other)

    ask(Other(), main, body, ids=[request_id])


def records(places: Places, deployment: str = "credit", **query: Any) -> pl.DataFrame:
    """Read the whole log of a deployment."""
    with select(places, deployment, Query(**query)) as found:
        return pl.concat(found)


def with_log(active: Active, **settings: Any) -> Active:
    """The same version with other switches of its log."""
    return replace(active, log=LogSettings(**settings))
