"""Segments become tables; each record is read once, whenever the compactor is killed."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.artifacts import SCHEMA
from tests.unit.prediction_log.conftest import Make, ask, records, with_log

from scoreline.core.schema import Column, Schema
from scoreline.prediction_log import compaction, merging
from scoreline.prediction_log.compactor import MERGE_TODAY_FROM, Compactor
from scoreline.prediction_log.keeper import Limits
from scoreline.prediction_log.log import PredictionLog
from scoreline.prediction_log.losses import Losses, read_losses
from scoreline.prediction_log.places import Places
from scoreline.prediction_log.snapshot import reading
from scoreline.serving.active import Active

TODAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """What time it is, to be changed in place."""
    now = [NOON]
    monkeypatch.setattr(time, "time", lambda: now[0].timestamp())  # noqa: PLW0108  # it changes
    return now


def compactor(places: Places, **settings: Any) -> Compactor:
    return Compactor(places.folder, today=lambda: TODAY, **settings)


def write(places: Places, active: Active, *ids: str) -> None:
    """Leave a complete segment with these requests."""
    with PredictionLog(places.folder) as log:
        for name in ids:
            ask(log, active, {"age": len(name)}, ids=[name])


def tables(places: Places) -> list[str]:
    return [str(path.relative_to(places.folder)) for path in sorted(places.folder.glob("deployment=*/*/*.parquet"))]


def raw(places: Places, deployment: str = "credit") -> list[str]:
    """The request ids in the tables alone, as a tool that knows nothing of segments finds them."""
    frames = [pl.read_parquet(path) for path in places.folder.glob(f"deployment={deployment}/*/*.parquet")]
    return sorted(name for frame in frames for name in frame["request_id"])


def test_a_segment_becomes_a_table_for_each_deployment_and_day(
    places: Places, make: Make, clock: list[datetime]
) -> None:
    with PredictionLog(places.folder) as log:
        ask(log, make("credit"), {"age": 1}, ids=["a"])
        clock[0] += timedelta(hours=12)
        ask(log, make("credit"), {"age": 2}, ids=["b"])
        ask(log, make("price", labels=()), {"age": 3}, ids=["c"])
    before = {name: records(places, name) for name in ("credit", "price")}
    done = compactor(places).round()
    assert (done.n_segments, done.n_tables) == (1, 3)
    assert [name.rpartition("/")[0] for name in tables(places)] == [
        "deployment=credit/date=2026-11-20",
        "deployment=credit/date=2026-11-21",
        "deployment=price/date=2026-11-21",
    ]
    assert places.segment_files() == []
    for name, wanted in before.items():
        assert records(places, name).equals(wanted)
    found = pl.read_parquet(places.folder / "deployment=credit/**/*.parquet", hive_partitioning=True)
    assert set(found.select("request_id", "deployment", "date").rows()) == {
        ("a", "credit", date(2026, 11, 20)),
        ("b", "credit", date(2026, 11, 21)),
    }


def test_a_segment_that_is_written_to_is_left_alone(log: PredictionLog, places: Places, credit: Active) -> None:
    ask(log, credit, {"age": 1})
    done = Compactor(places.folder).round()
    assert (done.n_segments, done.n_live) == (0, 1)
    assert len(records(places)) == 1


def test_memory_is_bounded_by_writing_a_large_segment_as_several_tables(
    places: Places, credit: Active, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "BATCH_BYTES", 2000)
    write(places, credit, *(f"{i}" for i in range(100)))
    assert compactor(places).round().n_tables > 5
    assert sorted(raw(places)) == sorted(f"{i}" for i in range(100))


def test_small_tables_of_a_day_that_is_over_become_one(places: Places, credit: Active, clock: list[datetime]) -> None:
    clock[0] -= timedelta(days=1)
    for name in "abc":
        write(places, credit, name)
    wanted = records(places)
    done = compactor(places).round()
    assert (done.n_segments, done.n_merged) == (3, 1)
    assert len(tables(places)) == 1
    assert records(places).equals(wanted)
    assert compactor(places).round().n_merged == 0
    write(places, credit, "late")
    compactor(places).round()
    assert len(tables(places)) == 1
    assert raw(places) == ["a", "b", "c", "late"]


def test_small_tables_of_today_are_merged_when_they_are_many(
    places: Places, credit: Active, clock: list[datetime]
) -> None:
    working = compactor(places)
    for i in range(MERGE_TODAY_FROM - 1):
        write(places, credit, f"{i:02}")
        assert working.round().n_merged == 0
    write(places, credit, "last")
    assert working.round().n_merged == 1
    assert len(tables(places)) == 1
    assert records(places)["request_id"].to_list() == [*(f"{i:02}" for i in range(MERGE_TODAY_FROM - 1)), "last"]


def test_large_tables_are_not_written_again(
    places: Places, credit: Active, clock: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock[0] -= timedelta(days=1)
    monkeypatch.setattr(merging, "SMALL_BYTES", 0)
    write(places, credit, "a")
    write(places, credit, "b")
    assert compactor(places).round().n_merged == 0


def test_versions_with_other_columns_are_read_as_one(places: Places, make: Make, clock: list[datetime]) -> None:
    clock[0] -= timedelta(days=1)
    wider = Schema(columns=(*SCHEMA.columns[1:], Column(name="age", type="category"), Column(name="job", type="text")))
    write(places, make(version=1), "a")
    write(places, make(version=2, schema=wider), "b")
    write(places, with_log(make(version=3), hidden=("amount",)), "c")
    for _ in range(2):
        found = records(places)
        assert found["request_id"].to_list() == ["a", "b", "c"]
        assert found["version"].to_list() == [1, 2, 3]
        assert found["age"].to_list() == ["1.0", "1", "1.0"]
        assert found["job"].to_list() == [None] * 3
        compactor(places).round()
    assert len(tables(places)) == 3


def test_nothing_is_removed_while_somebody_reads(places: Places, credit: Active, clock: list[datetime]) -> None:
    clock[0] -= timedelta(days=1)
    write(places, credit, "a")
    write(places, credit, "b")
    working = compactor(places)
    with reading(places):
        assert working.round().n_segments == 2
        assert working.round().n_segments == 0
        assert len(places.segment_files()) == 2
        assert records(places)["request_id"].to_list() == ["a", "b"]
    assert working.round().n_merged == 1
    assert places.segment_files() == []


def test_tables_that_a_merged_one_holds_are_passed_over_until_they_are_gone(
    places: Places, credit: Active, clock: list[datetime]
) -> None:
    write(places, credit, "a")
    write(places, credit, "b")
    compactor(places).round()
    day = places.day("credit", TODAY)
    merging.merge(day, sorted(day.iterdir()), lambda step: None)
    assert len(tables(places)) == 3
    assert records(places)["request_id"].to_list() == ["a", "b"]
    compactor(places).round()
    assert len(tables(places)) == 1
    assert records(places)["request_id"].to_list() == ["a", "b"]


def test_old_days_go_when_that_is_asked_for(places: Places, credit: Active, clock: list[datetime]) -> None:
    for days in (0, 6, 7, 8, 400):
        clock[0] = NOON - timedelta(days=days)
        write(places, credit, f"{days}")
    compactor(places).round()
    assert raw(places) == ["0", "400", "6", "7", "8"]
    compactor(places, keep_days=7).round()
    assert raw(places) == ["0", "6", "7"]


def test_damage_in_the_middle_is_set_aside_and_costs_what_it_hit(
    places: Places, credit: Active, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "scoreline")
    write(places, credit, "a", "b", "c")
    [segment] = places.segment_files()
    data = bytearray(segment.read_bytes())
    data[data.index(b"\xa1b")] ^= 0xFF
    segment.write_bytes(data)
    assert records(places)["request_id"].to_list() == ["a", "c"]
    compactor(places).round()
    assert raw(places) == ["a", "c"]
    [kept] = places.set_aside.iterdir()
    assert kept.stat().st_size > 100
    assert "cannot be read and were set aside" in caplog.text


def test_runs_whose_header_is_damaged_are_set_aside(places: Places, make: Make) -> None:
    with PredictionLog(places.folder) as log:
        ask(log, make("credit"), {"age": 1}, ids=["a"])
        ask(log, make("price"), {"age": 1}, ids=["b"])
    [segment] = places.segment_files()
    data = bytearray(segment.read_bytes())
    data[data.index(b"credit")] ^= 0xFF
    segment.write_bytes(data)
    compactor(places).round()
    assert raw(places, "price") == ["b"]
    assert raw(places, "credit") == []
    [kept] = places.set_aside.iterdir()
    assert kept.suffix == ".damaged"


@pytest.mark.parametrize("content", [b"", b"not a segment", bytes(10_000), b"SLP1" * 3000])
def test_a_file_that_is_no_segment_stops_nobody(places: Places, credit: Active, content: bytes) -> None:
    places.make()
    (places.segments / "20260101T000000-000000-1-ab.segment").write_bytes(content)
    write(places, credit, "a")
    compactor(places).round()
    assert raw(places) == ["a"]
    assert places.segment_files() == []


def test_a_disk_without_room_leaves_the_segment_where_it_is(
    places: Places, credit: Active, clock: list[datetime], caplog: pytest.LogCaptureFixture
) -> None:
    write(places, credit, "a")

    def full(step: str) -> None:
        raise OSError(28, "No space left on device")

    assert compactor(places, on_step=full).round().n_waiting == 1
    assert records(places)["request_id"].to_list() == ["a"]
    assert (tables(places), len(places.segment_files())) == ([], 1)
    assert "segments that wait to be compacted: 1: No space left on device" in caplog.text


def test_ledgers_of_workers_that_lost_nothing_go(places: Places, credit: Active) -> None:
    with PredictionLog(places.folder) as log:
        ask(log, credit, {"age": 1})
        log.keeper.tend()
        compactor(places).round()
        assert len(list(places.losses.iterdir())) == 1
    places.make()
    (places.losses / "gone.json").write_bytes(b"{}".ljust(4096))
    losses = Losses(places.losses)
    losses.add("credit", "credit", 1, 1, "No space left on device")
    losses.save()
    losses.close()
    compactor(places).round()
    assert len(list(places.losses.iterdir())) == 1
    assert read_losses(places.losses)["credit"].n_requests == 1
    Compactor(places.folder, keep_days=0, today=lambda: datetime.now(UTC).date() + timedelta(days=2)).round()
    assert list(places.losses.iterdir()) == []


KILLED = """
import os, shutil, sys
os.environ["POLARS_MAX_THREADS"] = "1"
from datetime import date
from pathlib import Path
from scoreline.prediction_log.compactor import Compactor

world, copies = map(Path, sys.argv[1:])

def compact(folder, k):
    left = k
    def on_step(step):
        nonlocal left
        left -= 1
        if left < 0:
            os._exit(9)
    for _ in range(2):
        Compactor(folder, today=lambda: date(2026, 11, 20), keep_days=30, on_step=on_step).round()

for k in range(1000):
    shutil.copytree(world, copies / f"{k:03}")
    child = os.fork()
    if not child:
        compact(copies / f"{k:03}", k)
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
"""


def test_each_record_is_there_once_wherever_the_compactor_was_killed(
    tmp_path: Path, places: Places, make: Make, clock: list[datetime]
) -> None:
    clock[0] -= timedelta(days=1)
    for version in (1, 2):
        with PredictionLog(places.folder, Limits()) as log:
            ask(log, make(version=version), {"age": 1}, [{"age": 2}] * 3, ids=[f"early {version}", f"many {version}"])
            clock[0] += timedelta(hours=11)
            ask(log, make("price", labels=()), {"age": 3}, ids=[f"price {version}"])
    wanted = {name: sorted(records(places, name)["request_id"]) for name in ("credit", "price")}
    copies = tmp_path / "copies"
    subprocess.run([sys.executable, "-c", KILLED, str(places.folder), str(copies)], check=True, timeout=120)
    killed = sorted(copies.iterdir())
    assert len(killed) > 15
    for folder in killed:
        copy = Places(folder)
        for name, ids in wanted.items():
            assert sorted(records(copy, name)["request_id"]) == ids, f"after the kill, {folder.name}"
        compactor(copy).round()
        for name, ids in wanted.items():
            assert sorted(records(copy, name)["request_id"]) == ids, f"after another round, {folder.name}"
            assert raw(copy, name) == ids
        assert copy.segment_files() == []
        assert list(folder.rglob("*.part")) == []
