"""Reading a log: windows, filters, the newest, everything in order, following, counting."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import polars as pl
import pytest
from tests.artifacts import ROWS
from tests.unit.prediction_log.conftest import Make, ask, records, shadowed

from scoreline.core.errors import BadSetting
from scoreline.prediction_log import reading
from scoreline.prediction_log.compactor import Compactor
from scoreline.prediction_log.condition import condition
from scoreline.prediction_log.following import Follower
from scoreline.prediction_log.log import PredictionLog
from scoreline.prediction_log.places import Places
from scoreline.prediction_log.reading import Query, deployments_with_records
from scoreline.prediction_log.snapshot import Window
from scoreline.prediction_log.statistics import overview, statistics

BEGIN = datetime(2026, 11, 18, 22, tzinfo=UTC)
N = 40
"""Records, one an hour from BEGIN on: three days of them."""


@pytest.fixture
def hours(places: Places, make: Make, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A log of N hours: the first half is in tables, the rest in a segment. Every other record is of version 2."""
    active = {version: make(version=version) for version in (1, 2)}
    for part in (range(N // 2), range(N // 2, N)):
        with PredictionLog(places.folder) as log:
            for i in part:
                monkeypatch.setattr(time, "time", lambda i=i: (BEGIN + timedelta(hours=i)).timestamp())
                ask(log, active[1 + i % 2], {"age": i, "purpose": "radio" if i % 4 else "car"}, ids=[f"id {i}"])
        if part.start == 0:
            Compactor(places.folder, today=BEGIN.date).round()
    return places


def ages(places: Places, **query: Any) -> list[float]:
    return records(places, **query)["age"].to_list()


def newest(places: Places, limit: int, **query: Any) -> list[float]:
    return reading.newest(places, "credit", Query(**query), limit)["age"].to_list()


def test_everything_comes_in_the_order_of_time(hours: Places) -> None:
    assert ages(hours) == list(range(N))


def test_the_newest_come_last(hours: Places) -> None:
    assert newest(hours, 3) == [37, 38, 39]
    assert newest(hours, 30) == list(range(10, N))
    assert newest(hours, 30, version=1) == list(range(0, N, 2))
    until = BEGIN + timedelta(hours=20, seconds=1)
    assert newest(hours, 1, window=Window(until=until)) == [20]
    assert newest(hours, 2, window=Window(until - timedelta(hours=5), until)) == [19, 20]
    assert newest(hours, 1, window=Window(until - timedelta(seconds=0.5), until)) == []


@pytest.mark.parametrize("slice_rows", [1, 3, 7])
def test_a_day_of_many_records_is_read_in_slices_of_time(
    hours: Places, slice_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SLICE_ROWS", slice_rows)
    assert ages(hours) == list(range(N))
    assert newest(hours, 5) == list(range(35, N))


def test_a_window_has_its_begin_and_not_its_end(hours: Places) -> None:
    since, until = BEGIN + timedelta(hours=5), BEGIN + timedelta(hours=30)
    assert ages(hours, window=Window(since, until)) == list(range(5, 30))
    assert ages(hours, window=Window(since)) == list(range(5, N))
    elsewhere = timezone(timedelta(hours=-5))
    assert ages(hours, window=Window(since.astimezone(elsewhere), until.astimezone(elsewhere))) == list(range(5, 30))
    assert ages(hours, window=Window(until=BEGIN)) == []


def test_conditions_must_all_hold(hours: Places) -> None:
    assert ages(hours, where=("age > 30", "purpose=car")) == [32, 36]
    assert ages(hours, where=("purpose = 'car' AND age < 9",)) == [0, 4, 8]
    assert ages(hours, where=("risk.predicted=nobody",)) == []
    assert ages(hours, where=(f"time >= {(BEGIN + timedelta(hours=38)).isoformat()}",)) == [38, 39]
    assert ages(hours, request_id="id 7") == [7]


def test_a_log_without_records_is_empty(places: Places) -> None:
    assert len(records(places)) == 0
    assert deployments_with_records(places) == []
    assert overview(places) == []


def test_what_a_shadow_scored_is_shown_when_asked_for(log: PredictionLog, places: Places, make: Make) -> None:
    main, shadow = make(), make(version=2)
    ask(log, main, {"age": 1}, ids=["a"])
    shadowed(log, main, shadow, {"age": 1}, "a")
    assert records(places).select("request_id", "version", "shadow").rows() == [("a", 1, False)]
    both = records(places, shadow=True).select("request_id", "version", "shadow").rows()
    assert both == [("a", 1, False), ("a", 2, True)]


def test_following_yields_each_record_once_through_renewals_and_compactions(
    log: PredictionLog, places: Places, make: Make
) -> None:
    active, other = make(), make("price")
    ask(log, active, {"age": 0})
    compactor = Compactor(places.folder)
    seen: list[float] = []
    with Follower(places, "credit") as follower:
        for age in range(1, 30):
            ask(log, active, {"age": age})
            ask(log, other, {"age": -1})
            if age % 3 == 0:
                log.keeper.tend(time.monotonic() + 61 * age)
            if age % 4 == 0:
                compactor.round()
            if age % 2 == 0:
                seen += [age for records in follower.poll() for age in records["age"]]
        seen += [age for records in follower.poll() for age in records["age"]]
        assert follower.poll() == []
    assert seen == list(range(1, 30))


def test_statistics_count_requests_and_rows_by_version(hours: Places, make: Make) -> None:
    with PredictionLog(hours.folder) as log:
        ask(log, make(version=3), ROWS * 5)
        shadowed(log, make(version=3), make(version=4), ROWS, "x")
    found = statistics(hours, "credit", Window())
    assert (found.n_requests, found.n_rows) == (N + 1, N + 10)
    counts = {(one.version, one.shadow): (one.n_requests, one.n_rows) for one in found.versions}
    assert counts == {(1, False): (20, 20), (2, False): (20, 20), (3, False): (1, 10), (4, True): (1, 2)}
    assert found.first_at == BEGIN
    assert found.n_tables == 4, "of two versions on two days"
    assert found.n_segments == 2
    assert found.lost is None
    part = statistics(hours, "credit", Window(BEGIN + timedelta(hours=10), BEGIN + timedelta(hours=20)))
    assert part.n_requests == 10
    [one] = overview(hours)
    assert (one.deployment, one.first_day, one.n_tables) == ("credit", BEGIN.date(), found.n_tables)


COLUMNS = {
    "age": pl.Float64(),
    "flag": pl.Boolean(),
    "purpose": pl.String(),
    "risk.bad": pl.Float32(),
    "time": pl.Datetime("us", "UTC"),
    "when": pl.Datetime("us"),
}
FRAME = pl.DataFrame(
    {
        "age": [20.0, None, 40.0],
        "flag": [True, False, None],
        "purpose": ["car", "radio tv", None],
        "risk.bad": [0.25, 0.5, 0.75],
        "time": [BEGIN, BEGIN + timedelta(days=1), BEGIN + timedelta(days=2)],
        "when": [datetime(2024, 1, day) for day in (1, 2, 3)],  # noqa: DTZ001  # as inputs are stored
    },
    schema=COLUMNS,
)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("age > 30", [2]),
        ("age>=20", [0, 2]),
        ("age != 20", [2]),
        ("flag=true", [0]),
        ("flag != True", [1]),
        ("purpose=car", [0]),
        ("purpose = 'radio tv'", [1]),
        ("risk.bad > 0.3", [1, 2]),
        ('"risk.bad" = 0.5', [1]),
        ("time < 2026-11-19", [0]),
        ("time >= 2026-11-19T23:00:00+01:00", [1, 2]),
        ("when > 2024-01-01", [1, 2]),
        ("purpose IS NULL", [2]),
        ('age > 10 AND "risk.bad" < 0.5', [0]),
        ("purpose LIKE 'rad%' OR age = 20", [0, 1]),
        ("age BETWEEN 30 AND 50", [2]),
        ("purpose IN ('select', 'car')", [0]),
        ("flag", [0]),
    ],
)
def test_a_condition_keeps(text: str, kept: list[int]) -> None:
    rows = FRAME.with_row_index("i").filter(condition(text, COLUMNS))["i"].to_list()
    assert rows == kept


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("agee > 3", "agee"),
        ("age > old", "column `age` holds numbers"),
        ("flag = maybe", "true and false"),
        ("time > yesterday", "dates and times"),
        ("age", "no condition"),
        ("age >", "no condition"),
        ("", "no condition"),
        ("purpose = (SELECT 1)", "asks for more"),
        ("age IN (SELECT * FROM read_csv('/etc/passwd'))", "asks for more"),
        ("row_number() OVER (ORDER BY age) = 1", "asks for more"),
        ("read_csv('/etc/passwd')", "no condition"),
        ("age > 1; DROP TABLE x", "no condition"),
    ],
)
def test_what_is_no_condition_is_told(text: str, told: str) -> None:
    with pytest.raises(BadSetting) as caught:
        condition(text, COLUMNS)
    assert told in str(caught.value)
