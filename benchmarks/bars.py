"""The bars of the design: what must hold, and what a report says of each."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks import batch, row
from benchmarks.figures import Report
from benchmarks.worlds import NAMES

SCORELINE, WITHOUT_LOG, CONSTANT = "scoreline", "scoreline, log off", "constant"
WITHOUT_KEYS = "scoreline, open"
FASTAPI, MLFLOW = "FastAPI + onnxruntime", "MLflow"
RATES = (
    (CONSTANT, "numbers", 0.50, 0.70),
    (FASTAPI, "numbers", 7.0, 10.0),
    (FASTAPI, "mixed", 7.0, 10.0),
    (MLFLOW, "numbers", 120.0, 160.0),
    (MLFLOW, "mixed", 250.0, 360.0),
    (WITHOUT_LOG, "numbers", 0.85, 0.95),
    (WITHOUT_LOG, "mixed", 0.85, 0.95),
    (WITHOUT_KEYS, "numbers", 0.90, 0.98),
    (WITHOUT_KEYS, "mixed", 0.90, 0.98),
)
"""Opponent, world, bar and moonshot: requests a second of one row at 32 connections, as a share of the opponent's."""


class Bar(NamedTuple):
    """A figure of the design, and what was found."""

    what: str
    ours: float
    theirs: float | None
    """What the opponent did in the same run; None: the bar is a figure of our own."""
    unit: str
    """Of ``ours`` and ``theirs``."""
    bar: float
    moonshot: float
    at_least: bool
    """Whether more is better."""

    @property
    def found(self) -> float:
        """What is held against the bar: a ratio where there is an opponent."""
        return self.ours if self.theirs is None else self.ours / self.theirs

    @property
    def met(self) -> bool:
        return self.reaches(self.bar)

    def reaches(self, mark: float) -> bool:
        """Tell whether what was found is as good as ``mark``."""
        return self.found >= mark if self.at_least else self.found <= mark


def judge(report: Report) -> Iterator[Bar]:
    """Yield every bar that the report has figures for."""
    for opponent, world, bar, moonshot in RATES:
        ours, theirs = report.rate(world, SCORELINE), report.rate(world, opponent)
        if ours and theirs:
            rates = ours.requests_per_second, theirs.requests_per_second
            yield Bar(f"requests/s, {world}, beside {opponent}", *rates, "/s", bar, moonshot, True)
    for world in NAMES:
        ours, theirs = (report.rate(world, way, n_connections=1) for way in (SCORELINE, CONSTANT))
        if ours and theirs:
            what = f"p50, {world}, 1 connection, beside {CONSTANT}"
            yield Bar(what, ours.p50_seconds, theirs.p50_seconds, "s", 2.0, 1.5, False)
    if report.row:
        p50 = report.row[row.OURS].p50_seconds
        yield Bar("`ScoringPipeline.score` of one row, 20 mixed columns", p50, None, "s", 40e-6, 25e-6, False)
    for world, found in report.batch.items():
        rows = found.rates[batch.OURS], found.rates[batch.LIGHTGBM]
        yield Bar(f"rows/s, {world}, Parquet to Parquet, beside {batch.LIGHTGBM}", *rows, "/s", 1.0, 3.0, True)
    if footprint := report.footprints.get(SCORELINE):
        rss = footprint.worker.rss_bytes
        yield Bar("worker memory (RSS) after load, one deployment", rss, None, "B", 100e6, 75e6, False)
        yield Bar("start to first score", statistics.median(footprint.starts), None, "s", 1.0, 0.4, False)
