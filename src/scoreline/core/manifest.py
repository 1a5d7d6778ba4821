"""The manifest of a scoring pipeline: everything about the artifact but the graph itself."""

from __future__ import annotations

from typing import Any

import msgspec

from scoreline.core.schema import Label, Schema, Task

FORMAT_VERSION = 1


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """One column of the answer, as tables and the H2O dialect name it."""

    name: str
    type: str
    """``number`` or ``category``."""


class Parity(msgspec.Struct, frozen=True, kw_only=True):
    """How closely the graph scores as the fitted model does."""

    tolerance: float
    """Largest difference allowed: of a probability, or of a prediction in units of the target's standard deviation."""
    largest: float
    """Largest difference seen, in the same unit."""
    n_rows: int
    by_kind: dict[str, KindParity]
    """``training``, ``missing``, ``unseen``, ``extreme``, ``boundary``."""

    @property
    def passed(self) -> bool:
        return self.largest <= self.tolerance


class KindParity(msgspec.Struct, frozen=True, kw_only=True):
    """Parity over the rows of one kind."""

    n_rows: int
    largest: float


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """Scorer name → value, on validation rows (with standard deviation over folds or resamples) and on test rows."""

    scorer: str
    """The scorer the experiment optimised."""
    validation: dict[str, float]
    validation_sd: dict[str, float]
    test: dict[str, float] = {}
    threshold: dict[str, float] = {}
    """Binary: ``threshold`` of the best F1 on validation rows and ``precision``, ``recall``, ``f1``, ``mcc`` there."""


class Lineage(msgspec.Struct, frozen=True, kw_only=True):
    """Where a scoring pipeline comes from."""

    dataset: str
    """Digest of the training dataset (``sha256:…``)."""
    dataset_name: str
    n_rows: int
    experiment: str
    settings: dict[str, Any]
    libraries: dict[str, str]
    created_at: str
    """ISO 8601, UTC."""


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """One-row latency measured at export, on the machine that exported."""

    p50_seconds: float
    p99_seconds: float
    n_calls: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """``manifest.json``."""

    format_version: int = FORMAT_VERSION
    id: str = ""
    """``sha256:…`` of the contents: see ``scoreline.scoring.archive``."""
    name: str
    task: Task
    target: str
    labels: tuple[Label, ...] = ()
    """Classification: the classes in the order of the probabilities, in their original type."""
    positive: int | None = None
    """Binary: index in ``labels`` of the positive class."""
    schema: Schema
    outputs: tuple[Output, ...]
    missing: str = "null, NaN, an absent value, an infinite number and empty text are missing"
    unseen: str = "a level never seen in training scores as unseen; it is not an error"
    scores: Scores
    importance: dict[str, float] = {}
    """Column → loss of score when its values are shuffled, scaled so that the largest is 1."""
    leaderboard: list[dict[str, Any]] = []
    profile: dict[str, Any] = {}
    """Column → distribution in training, for drift."""
    parity: Parity
    lineage: Lineage
    latency: Latency | None = None
    size_bytes: int = 0
    """Size of the graph."""
    members: dict[str, str] = {}
    """Archive member → ``sha256:…`` of its bytes."""
