"""What the meters count of requests that go through a plane."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.artifacts import tiny_artifact

from scoreline.scoring.pipeline import load
from scoreline.serving import meters as module
from scoreline.serving import metrics
from scoreline.serving.active import Active
from scoreline.serving.histograms import sort_into_buckets
from scoreline.serving.meters import Meters
from scoreline.serving.metrics import Metric
from scoreline.serving.notes import REQUEST_PHASES, RUN_PHASES
from scoreline.serving.plane import Asked, Plane
from scoreline.serving.protocols import DIALECTS

ROW = {"age": 42, "amount": 1500.5, "purpose": "radio"}


@pytest.fixture(scope="module")
def actives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Active]:
    folder = tmp_path_factory.mktemp("meters")
    found = {}
    for name, labels in (("credit", ("good", "bad")), ("price", ())):
        tiny_artifact(folder / name, name=name, labels=labels)
        pipeline = load(folder / name)
        found[name] = Active(name, name, 3, pipeline.manifest.id, pipeline, datetime.now(UTC))
    return found


def native(active: Active, *rows: Any) -> Asked:
    return Asked(DIALECTS["native"], json.dumps(rows).encode(), active)


def h2o(active: Active, row: dict[str, Any]) -> Asked:
    body = {"fields": list(row), "rows": [["" if value is None else str(value) for value in row.values()]]}
    return Asked(DIALECTS["h2o"], json.dumps(body).encode(), active)


def counted(meters: Meters, metric: Metric) -> dict[tuple[str, ...], float]:
    """The numbers of a metric by label values."""
    meters.count()
    return {key[1:]: number for key, number in meters.totals.read().items() if key[0] == metric.name}


def answered(*turns: Iterable[Asked]) -> Meters:
    """Meters that were told of these requests, those of a turn answered together."""
    meters = Meters()
    plane = Plane([meters])
    for turn in turns:
        plane.answer(list(turn))
    return meters


def test_requests_and_rows_are_counted_by_what_answered_them(actives: dict[str, Active]) -> None:
    credit, price = actives["credit"], actives["price"]
    meters = answered([native(credit, ROW, ROW), h2o(credit, ROW), native(price, ROW)], [native(credit, ROW)])
    assert counted(meters, metrics.REQUESTS) == {
        ("credit", "3", "native", "200"): 2,
        ("credit", "3", "h2o", "200"): 1,
        ("price", "3", "native", "200"): 1,
    }
    assert counted(meters, metrics.ROWS) == {("credit", "3"): 4, ("price", "3"): 1}


def test_a_request_that_has_an_error_for_an_answer_is_not_scored(actives: dict[str, Active]) -> None:
    meters = answered([native(actives["credit"], ROW), native(actives["credit"], ROW | {"age": "old"})])
    meters.ended(400, dialect="native", deployment="credit", version=3, error=("invalid", "schema_mismatch"))
    assert counted(meters, metrics.REQUESTS) == {
        ("credit", "3", "native", "200"): 1,
        ("credit", "3", "native", "400"): 1,
    }
    assert counted(meters, metrics.ERRORS) == {("credit", "invalid", "schema_mismatch"): 1}
    assert counted(meters, metrics.ROWS) == {("credit", "3"): 1}


def test_every_request_has_each_of_its_phases_timed(actives: dict[str, Active]) -> None:
    meters = answered([native(actives["credit"], ROW)] * 3, [native(actives["price"], ROW)])
    numbers = counted(meters, metrics.DURATION)
    n: Counter[tuple[str, str]] = Counter()
    for (deployment, phase, bucket), number in numbers.items():
        if bucket != "sum":
            n[deployment, phase] += int(number)
    assert n == {
        (name, phase): times for name, times in (("credit", 3), ("price", 1)) for phase in REQUEST_PHASES + RUN_PHASES
    }
    seconds = {phase: numbers["credit", phase, "sum"] for phase in REQUEST_PHASES + RUN_PHASES}
    assert sum(seconds.values()) - seconds["total"] == pytest.approx(seconds["total"], rel=1e-6)
    assert min(seconds.values()) >= 0


def test_a_run_is_measured_in_requests_and_rows(actives: dict[str, Active]) -> None:
    meters = answered([native(actives["credit"], ROW, ROW), native(actives["credit"], ROW)])
    assert counted(meters, metrics.RUN_REQUESTS) == {("credit", "2.0"): 1, ("credit", "sum"): 2}
    assert counted(meters, metrics.RUN_ROWS) == {("credit", "4.0"): 1, ("credit", "sum"): 3}


def test_missing_and_unseen_values_are_counted_by_column(actives: dict[str, Active]) -> None:
    odd = {"age": None, "amount": "Infinity", "purpose": "boat"}
    meters = answered([native(actives["credit"], ROW, odd), native(actives["credit"], {"age": 1, "purpose": ""})])
    assert counted(meters, metrics.CHECKED_ROWS) == {("credit",): 3}
    assert counted(meters, metrics.MISSING) == {("credit", "age"): 1, ("credit", "amount"): 2, ("credit", "purpose"): 1}
    assert counted(meters, metrics.UNSEEN) == {("credit", "purpose"): 1}


def test_of_many_rows_a_part_is_checked_that_tells_the_share(
    actives: dict[str, Active], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHECKED_ROWS", 10)
    meters = answered([native(actives["credit"], *[{**ROW, "age": None}] * 95)], [native(actives["credit"], ROW)] * 5)
    assert counted(meters, metrics.CHECKED_ROWS) == {("credit",): 10}
    assert counted(meters, metrics.MISSING) == {("credit", "age"): 10}
    assert counted(meters, metrics.ROWS) == {("credit", "3"): 100}
    Plane([meters]).answer([native(actives["credit"], ROW)])
    assert counted(meters, metrics.CHECKED_ROWS) == {("credit",): 11}


def test_loads_are_timed_by_their_result() -> None:
    meters = Meters()
    meters.loaded("credit", "ok", 0.2)
    meters.loaded("credit", "failed", 100.0)
    assert counted(meters, metrics.LOADS) == {
        ("credit", "ok", "0.25"): 1,
        ("credit", "ok", "sum"): 0.2,
        ("credit", "failed", "+Inf"): 1,
        ("credit", "failed", "sum"): 100.0,
    }


def test_totals_that_others_keep_are_followed() -> None:
    meters, kept = Meters(), {("credit", "written"): 5.0}
    meters.follow(metrics.LOG_RECORDS, lambda: kept)
    assert counted(meters, metrics.LOG_RECORDS) == {("credit", "written"): 5}
    kept |= {("credit", "written"): 7.0, ("credit", "lost"): 1.0}
    assert counted(meters, metrics.LOG_RECORDS) == {("credit", "written"): 7, ("credit", "lost"): 1}


def test_a_worker_that_takes_the_place_of_a_dead_one_goes_on_counting(tmp_path: Path) -> None:
    first = Meters()
    first.open(tmp_path)
    first.ended(404)
    first.close()
    second = Meters()
    second.open(tmp_path)
    second.ended(404)
    second.show(metrics.WORKERS, lambda: {(): 1})
    second.measure()
    assert counted(second, metrics.REQUESTS) == {("", "", "other", "404"): 2}
    assert counted(second, metrics.WORKERS) == {(): 1}
    assert counted(second, metrics.DEATHS) == {(): 0}


@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(0, 20), st.integers(1, 5)), min_size=1),
    st.lists(st.floats(0, 20), min_size=1, unique=True).map(sorted),
)
def test_numbers_are_sorted_into_buckets_as_one_by_one(
    numbers: list[tuple[int, float, int]], bounds: list[float]
) -> None:
    wanted: Counter[tuple[int, int]] = Counter()
    sums: Counter[int] = Counter()
    for series, number, weight in numbers:
        wanted[series, bisect_left(bounds, number)] += weight
        sums[series] += number * weight  # type: ignore[assignment]
    series, values, weights = (np.array(column) for column in zip(*numbers, strict=True))
    found = list(sort_into_buckets(series, values, bounds, weights.astype(np.float64)))
    assert {(one.series, bucket): n for one in found for bucket, n in one.counts} == wanted
    assert {one.series: one.sum for one in found} == pytest.approx(dict(sums))
