"""Loaded scoring pipelines: each is loaded once, however many deployments need it."""

from __future__ import annotations

import time
from collections.abc import Callable, Set
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from scoreline.scoring.pipeline import ScoringPipeline, load

OnLoad = Callable[[str, str, float], None]
"""Is told of each load: for which deployment, ``ok`` or ``failed``, and how many seconds it took."""


class Loaded(NamedTuple):
    """A scoring pipeline that has scored its sample rightly, and since when it is here."""

    pipeline: ScoringPipeline
    at: datetime


class Pipelines:
    """Scoring pipelines by digest. One thread at a time."""

    def __init__(self, artifact: Callable[[str], Path], on_load: OnLoad | None = None) -> None:
        self._artifact = artifact
        self._on_load = on_load
        self._loaded: dict[str, Loaded] = {}

    def get(self, digest: str, deployment: str) -> Loaded:
        """Return what is loaded, or load and self-test it now. Raises what ``load`` raises."""
        found = self._loaded.get(digest)
        if found is not None:
            return found
        begun_at = time.perf_counter()
        result = "failed"
        try:
            found = self._loaded[digest] = Loaded(load(self._artifact(digest)), datetime.now(UTC))
            result = "ok"
        finally:
            if self._on_load is not None:
                self._on_load(deployment, result, time.perf_counter() - begun_at)
        return found

    def keep(self, digests: Set[str]) -> None:
        """Let all others go."""
        self._loaded = {digest: found for digest, found in self._loaded.items() if digest in digests}
