"""What is answered leaves its record, whatever happens."""

from __future__ import annotations

import logging
import os
import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.artifacts import ROWS, SCHEMA
from tests.unit.prediction_log.conftest import Make, ask, records, shadowed, with_log

from scoreline.core.schema import Column, Schema
from scoreline.prediction_log.keeper import Limits
from scoreline.prediction_log.locks import is_locked
from scoreline.prediction_log.log import PredictionLog
from scoreline.prediction_log.losses import read_losses
from scoreline.prediction_log.places import Places
from scoreline.prediction_log.record import PIECE_ROWS
from scoreline.scoring.rows import Rows
from scoreline.serving.active import Active
from scoreline.serving.plane import Run


def test_a_request_leaves_a_record_for_each_row(log: PredictionLog, places: Places, credit: Active) -> None:
    ask(log, credit, ROWS, ids=["a"], caller="10.0.0.7", key="customer 7", trace="00-abc-def-01")
    found = records(places)
    assert found["request_id"].to_list() == ["a", "a"]
    assert found["row"].to_list() == [1, 2]
    assert found["age"].to_list() == [42.0, None]
    assert found["amount"].to_list() == [1500.5, 300.0]
    assert found["purpose"].to_list() == ["radio", "car"]
    wanted = credit.pipeline.score(ROWS)
    assert found["risk.bad"].to_numpy().tolist() == wanted.probability[:, 1].tolist()
    assert found["risk.predicted"].to_list() == ["bad", "bad"]
    [about] = found.select("model", "version", "caller", "key", "trace", "shadow", "dialect").unique().rows()
    assert about == ("credit", 1, "10.0.0.7", "customer 7", "00-abc-def-01", False, "native")
    assert 0 < found["latency_ms"][0] < 60_000
    assert abs(found["time"][0].timestamp() - time.time()) < 60


def test_a_record_is_readable_at_once_and_without_the_process_that_wrote_it(
    log: PredictionLog, places: Places, credit: Active
) -> None:
    for i in range(3):
        ask(log, credit, ROWS[0], ids=[f"{i}"])
        assert records(places)["request_id"].to_list() == [f"{j}" for j in range(i + 1)]


def test_types_are_those_of_the_schema(log: PredictionLog, places: Places, make: Make) -> None:
    schema = Schema(
        columns=(
            *SCHEMA.columns,
            Column(name="flag", type="boolean"),
            Column(name="when", type="datetime"),
            Column(name="words", type="text"),
            Column(name="time", type="number"),
        )
    )
    active = make(schema=schema, labels=())
    sent = [
        {"flag": True, "when": "2024-05-31T14:30:00.25Z", "words": "a b", "time": 3},
        {"flag": None, "when": None, "words": "", "time": None},
        {"flag": 0, "when": 1e30, "words": "é", "time": -0.0},
    ]
    ask(log, active, sent)
    found = records(places)
    assert found.select("flag", "when", "words", "time.input").schema == pl.Schema(
        {"flag": pl.Boolean, "when": pl.Datetime("us"), "words": pl.String, "time.input": pl.Float64}
    )
    assert found["flag"].to_list() == [True, None, False]
    assert [str(when) for when in found["when"]] == ["2024-05-31 14:30:00.250000", "None", "None"]
    assert found["words"].to_list() == ["a b", None, "é"]
    assert found["risk"].to_numpy().tolist() == active.pipeline.score(sent).prediction.tolist()


def test_labels_keep_their_type(log: PredictionLog, places: Places, make: Make) -> None:
    ask(log, make("codes", labels=(3, 20, 100)), ROWS)
    ask(log, make("truths", labels=(False, True)), ROWS)
    ask(log, make("mixed", labels=("no", 1)), ROWS)
    assert records(places, "codes")["risk.predicted"].to_list() == [100, 100]
    assert records(places, "truths")["risk.predicted"].to_list() == [True, True]
    assert records(places, "mixed")["risk.predicted"].to_list() == ["1", "1"]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
rows = st.fixed_dictionaries(
    {"age": st.one_of(st.none(), st.floats(-1e30, 1e30)), "amount": st.floats(0, 1), "purpose": texts}
)


@given(st.lists(st.lists(rows, min_size=1, max_size=4), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_scored_is_read_back_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, credit: Active, asked: list[list[dict[str, object]]]
) -> None:
    places = Places(tmp_path_factory.mktemp("home") / "predictions")
    with PredictionLog(places.folder) as log:
        ask(log, credit, *asked)
        found = records(places)
    flat = [row for request in asked for row in request]
    decoded = credit.pipeline.decoder.records(flat).rows
    assert np.array_equal(found.select("age", "amount").to_numpy(), decoded.numbers, equal_nan=True)
    assert found["purpose"].fill_null("").to_list() == decoded.texts[:, 0].tolist()
    probability = credit.pipeline.score_rows(decoded).probability
    assert np.array_equal(found.select("risk.good", "risk.bad").to_numpy(), probability)
    assert found["request_id"].to_list() == [f"request-{i}" for i, part in enumerate(asked) for _ in part]
    assert found["row"].to_list() == [j + 1 for part in asked for j in range(len(part))]


def test_a_large_run_is_written_in_pieces_that_belong_together(
    log: PredictionLog, places: Places, credit: Active
) -> None:
    sizes = [3, 2 * PIECE_ROWS + 5, 1, PIECE_ROWS]
    ask(log, credit, *[[{"age": i} for i in range(size)] for size in sizes])
    found = records(places)
    assert found.group_by("request_id", maintain_order=True).len()["len"].to_list() == sizes
    assert found["row"].to_list() == [i + 1 for size in sizes for i in range(size)]
    assert found["age"].to_list() == [float(i) for size in sizes for i in range(size)]
    [segment] = places.segment_files()
    segment.write_bytes(segment.read_bytes()[:-1])
    assert len(records(places)) == 0, "a request that was never answered as a whole is no part of the log"


def test_hidden_columns_are_not_even_in_a_segment(log: PredictionLog, places: Places, credit: Active) -> None:
    hiding = with_log(credit, hidden=("amount", "purpose", "caller"))
    ask(log, hiding, {"age": 40, "amount": 1234.5678, "purpose": "secret"}, caller="10.9.8.7")
    found = records(places)
    assert found["caller"].to_list() == [None]
    assert found["age"].to_list() == [40.0]
    assert not {"amount", "purpose"} & set(found.columns)
    [segment] = places.segment_files()
    data = segment.read_bytes()
    for gone in (b"secret", b"purpose", b"10.9.8.7", np.float64(1234.5678).tobytes()):
        assert gone not in data


def test_a_switch_that_changes_holds_from_the_next_request_on(
    log: PredictionLog, places: Places, credit: Active
) -> None:
    ask(log, credit, {"age": 1})
    ask(log, with_log(credit, hidden=("age",)), {"age": 2})
    ask(log, with_log(credit, enabled=False), {"age": 3})
    ask(log, credit, {"age": 4})
    assert records(places)["age"].to_list() == [1.0, None, 4.0]


def test_a_sample_is_a_share_of_the_requests_and_the_same_for_the_shadow(
    log: PredictionLog, places: Places, make: Make
) -> None:
    main, shadow = with_log(make(), sample=30.0), make(version=2)
    ids = [f"id-{i}" for i in range(400)]
    ask(log, main, *[[{"age": i}] * (1 + i % 3) for i in range(400)], ids=ids)
    for i in range(100):
        shadowed(log, main, shadow, {"age": i}, ids[i])
    found = records(places, shadow=True)
    kept = found.filter(~pl.col("shadow"))["request_id"].unique()
    assert 80 < len(kept) < 160
    assert found.filter(~pl.col("shadow"), pl.col("row") == 1)["age"].to_list() == [
        float(name.removeprefix("id-")) for name in ids if name in set(kept)
    ]
    assert set(found.filter("shadow")["request_id"]) == set(kept) & set(ids[:100])
    assert set(found.filter("shadow")["version"]) == {2}


def test_a_shadow_hides_what_each_of_its_requests_wants_hidden(log: PredictionLog, places: Places, make: Make) -> None:
    open_, secret, off = (with_log(make(), **how) for how in ({}, {"hidden": ("age",)}, {"enabled": False}))
    gathered: list[Run] = []

    class Gathering:
        def answered(self, run: Run) -> None:
            gathered.append(run)

    for i, main in enumerate((open_, secret, off, secret)):
        ask(Gathering(), main, {"age": 40 + i}, ids=[f"{i}"])
    rows = Rows.join([run.rows for run in gathered])
    shadow = make(version=2)
    log.answered(
        Run(shadow, [run.asked[0] for run in gathered], [1] * 4, rows, shadow.pipeline.score_rows(rows).values)
    )
    found = records(places, shadow=True).sort("request_id")
    assert found["request_id"].to_list() == ["0", "1", "3"]
    assert found["age"].to_list() == [40.0, None, None]


def test_each_thread_has_a_segment_of_its_own(log: PredictionLog, places: Places, credit: Active) -> None:
    threads = [threading.Thread(target=ask, args=(log, credit, {"age": i})) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ask(log, credit, {"age": 3})
    assert sorted(records(places)["age"].to_list()) == [0.0, 1.0, 2.0, 3.0]
    assert log.n_written == 4
    assert log.written() == {"credit": 4}


def test_a_segment_is_locked_as_long_as_it_may_grow(log: PredictionLog, places: Places, credit: Active) -> None:
    ask(log, credit, {"age": 1})
    [first] = places.segment_files()
    log.keeper.tend(time.monotonic() + 30)
    assert is_locked(first)
    log.keeper.tend(time.monotonic() + 61)
    assert not is_locked(first)
    ask(log, credit, {"age": 2})
    assert places.segment_files()[0] == first
    assert records(places)["age"].to_list() == [1.0, 2.0]
    log.close()
    assert not any(is_locked(path) for path in places.segment_files())


def test_a_segment_is_renewed_when_it_is_large_and_not_when_it_is_empty(places: Places, credit: Active) -> None:
    with PredictionLog(places.folder, Limits(segment_bytes=1000, tick_seconds=3600)) as log:
        for age in range(40):
            ask(log, credit, {"age": age})
            log.keeper.tend()
        log.keeper.tend(time.monotonic() + 3600)
        n_segments = len(places.segment_files())
        assert n_segments > 5
        log.keeper.tend(time.monotonic() + 7200)
        assert len(places.segment_files()) == n_segments
    assert records(places)["age"].to_list() == [float(age) for age in range(40)]


def test_a_process_that_is_forked_writes_to_a_segment_of_its_own(
    log: PredictionLog, places: Places, credit: Active
) -> None:
    class Answered:
        def answered(self, run: object) -> None:
            runs.append(run)

    runs: list[object] = []
    ask(Answered(), credit, {"age": 2}, ids=["child"])
    ask(log, credit, {"age": 1}, ids=["parent"])
    [before] = places.segment_files()
    child = os.fork()
    if not child:
        status = 1
        try:
            log.answered(runs[0])  # type: ignore[arg-type]
            status = 0 if log.n_written == 1 and not log.n_lost else 2
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert is_locked(before), "the child has not closed what is the parent's"
    ask(log, credit, {"age": 3}, ids=["parent again"])
    assert sorted(records(places)["request_id"].to_list()) == ["child", "parent", "parent again"]
    assert len(places.segment_files()) == 2


@contextmanager
def small_disk(folder: Path, n_bytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond ``n_bytes``, as a disk that is full would not."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_costs_records_and_nothing_else(
    log: PredictionLog, places: Places, credit: Active, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "scoreline")
    ask(log, credit, {"age": 1}, ids=["before"])
    log.keeper.tend()
    [segment] = places.segment_files()
    with small_disk(places.folder, segment.stat().st_size + 50):
        ask(log, credit, {"age": 2}, [{"age": 3}] * 4, ids=["lost", "lost too"])
        assert (log.n_written, log.n_lost) == (1, 2)
    ask(log, credit, {"age": 5}, ids=["while it rests"])
    log.keeper.tend(time.monotonic())
    log.keeper.tend(time.monotonic() + 3)
    ask(log, credit, {"age": 6}, ids=["after"])
    assert records(places)["request_id"].to_list() == ["before", "after"]
    [loss] = log.losses().values()
    assert (loss.n_requests, loss.n_rows, loss.reason) == (3, 6, "File too large")
    assert read_losses(places.losses) == {"credit": loss}, "another process can read it"
    assert [record.message for record in caplog.records] == [
        "deployment `credit`: 3 answered requests have left no record in the prediction log: File too large"
    ]
    log.close()
    assert read_losses(places.losses) == {"credit": loss}


def test_a_piece_of_a_run_that_does_not_fit_is_taken_back(log: PredictionLog, places: Places, credit: Active) -> None:
    ask(log, credit, {"age": 1})
    [segment] = places.segment_files()
    size = segment.stat().st_size
    with small_disk(places.folder, size + 250_000):
        ask(log, credit, [{"age": 2}] * (3 * PIECE_ROWS))
    assert log.n_lost == 1
    assert segment.stat().st_size == size


def test_a_folder_that_cannot_be_made_costs_records_and_nothing_else(tmp_path: Path, credit: Active) -> None:
    (tmp_path / "home").write_text("a file stands where the folder should be")
    with PredictionLog(tmp_path / "home" / "predictions", Limits(tick_seconds=3600)) as log:
        ask(log, credit, {"age": 1})
        assert (log.n_written, log.n_lost) == (0, 1)
        (tmp_path / "home").unlink()
        log.keeper.tend(time.monotonic() + 3)
        ask(log, credit, {"age": 2})
        assert (log.n_written, log.n_lost) == (1, 1)


def test_a_log_that_is_closed_loses_and_counts(places: Places, credit: Active) -> None:
    log = PredictionLog(places.folder)
    log.close()
    ask(log, credit, {"age": 1})
    assert log.losses()["credit"].reason == "the prediction log was closed before"
    assert places.segment_files() == []


def test_a_log_without_a_single_column_of_a_block(log: PredictionLog, places: Places, credit: Active) -> None:
    everything = tuple(SCHEMA.names)
    ask(log, with_log(credit, hidden=everything[:2]), ROWS)
    ask(log, with_log(credit, hidden=everything), ROWS)
    found = records(places)
    assert found["purpose"].to_list() == ["radio", "car", None, None]
    assert not {"age", "amount"} & set(found.columns)
    assert len(found["risk.bad"].unique()) == len(ROWS)
