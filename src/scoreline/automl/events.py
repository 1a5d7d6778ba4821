"""What an experiment tells while it runs: plain data for a live display, a log or a stream."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from scoreline.core.entities import Guardrail
from scoreline.core.schema import Column, Label, Task

TrialStatus = Literal["done", "failed", "killed"]


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One thing tried: a row of the leaderboard."""

    number: int
    learner: str
    """A learner's name, or ``ensemble``."""
    features: str
    params: dict[str, Any]
    status: TrialStatus
    score: float | None = None
    """On validation rows, by the experiment's scorer."""
    sd: float | None = None
    seconds: float
    reason: str = ""
    """Why it failed, was killed or was stopped early."""
    weight: float = 0.0
    """Its share of the final scoring pipeline."""
    scores: dict[str, float] = {}
    """Every scorer's value on validation rows."""


class DataChecked(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The table was read, typed and checked."""

    name: str
    n_rows: int
    n_columns: int
    columns: list[Column]
    excluded: dict[str, str]
    """Column → reason why it is not learned from."""
    guardrails: list[Guardrail]
    task: Task
    labels: list[Label] = []
    balance: dict[str, float] = {}
    """Label → share of the rows."""


class Planned(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The search is about to begin."""

    validation: str
    """A sentence: how trials are compared."""
    scorer: str
    greater_is_better: bool
    n_workers: int
    budget_seconds: float


class TrialStarted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A trial runs."""

    number: int
    learner: str
    features: str


class TrialFinished(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A trial ended, well or not."""

    trial: Trial


class Progress(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Time passes."""

    phase: Literal["search", "final"]
    elapsed_seconds: float
    left_seconds: float
    best: float | None
    """The best validation score so far."""


class Finalising(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The search is over; a step of making the scoring pipeline begins."""

    step: str


class Finished(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The scoring pipeline is written and loads."""

    path: str
    id: str
    scorer: str
    validation: float
    validation_sd: float
    test: float | None
    elapsed_seconds: float


Event = DataChecked | Planned | TrialStarted | TrialFinished | Progress | Finalising | Finished
