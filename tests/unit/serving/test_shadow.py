"""A shadow scores what was answered already: the same rows, nobody waiting, nothing in an answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.artifacts import SCHEMA, tiny_artifact

from scoreline.core.schema import Column, Schema
from scoreline.scoring.archive import read_archive
from scoreline.scoring.decode import Decoder
from scoreline.scoring.graph import Graph
from scoreline.scoring.pipeline import ScoringPipeline, load
from scoreline.scoring.predictions import Answer
from scoreline.scoring.rows import Rows
from scoreline.serving.active import Active
from scoreline.serving.plane import Asked, Plane, Run
from scoreline.serving.protocols import DIALECTS
from scoreline.serving.protocols.dialect import Reply
from scoreline.serving.shadow import DECODED_BYTES, ShadowScoring

OTHER = Schema(columns=(Column(name="age", type="category"), Column(name="zip", type="number")))


class Unlucky(Graph):
    """A graph that refuses the age of 13."""

    def run(self, rows: Rows) -> Answer:
        if (rows.numbers[:, 0] == 13).any():
            raise ZeroDivisionError
        return super().run(rows)


class Noted:
    """A watcher that remembers, and that can be made to wait or to fail."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.go_on = threading.Event()
        self.go_on.set()

    def answered(self, run: Run) -> None:
        assert self.go_on.wait(20)
        self.runs.append(run)

    @property
    def asked(self) -> list[Asked]:
        return [one for run in self.runs for one in run.asked]


Make = Callable[..., Active]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def build(share: float = 100.0, **different: Any) -> Active:
        made = []
        for number, given in ((1, {}), (2, {"weight": 0.5, **different})):
            tiny_artifact(tmp_path / f"{number}", **given)
            pipeline = load(tmp_path / f"{number}")
            made.append(Active("live", "credit", number, pipeline.manifest.id, pipeline, datetime.now(UTC)))
        main, shadow = made
        alike = main.pipeline.decoder.form == shadow.pipeline.decoder.form
        return replace(main, shadow=shadow, shadow_share=share, alike=alike)

    return build


@contextmanager
def shadowed(**limits: Any) -> Iterator[tuple[Plane, ShadowScoring, Noted]]:
    noted = Noted()
    shadow = ShadowScoring([noted], **limits)
    try:
        yield Plane([shadow]), shadow, noted
    finally:
        noted.go_on.set()
        shadow.close(20)


def ask(active: Active, document: Any) -> Asked:
    return Asked(DIALECTS["native"], json.dumps(document).encode(), active)


def test_a_shadow_scores_the_rows_that_were_answered(make: Make) -> None:
    active = make()
    assert active.shadow is not None
    asked = [ask(active, {"age": 42}), ask(active, [{"age": 1}, {"age": 2, "purpose": "radio"}])]
    with shadowed() as (plane, shadow, noted):
        answers = plane.answer(asked)
        assert shadow.wait(20)
    assert answers == Plane().answer(asked)
    [run] = noted.runs
    assert (run.active, list(run.asked), list(run.sizes)) == (active.shadow, asked, [1, 2])
    expected = active.shadow.pipeline.score([{"age": 42}, {"age": 1}, {"age": 2, "purpose": "radio"}])
    assert np.array_equal(run.values, expected.values)
    assert run.begun_at <= run.decoded_at <= run.scoring_at <= run.scored_at <= run.encoded_at
    assert shadow.counts() == {("live", "scored"): 2}


def test_what_is_answered_with_an_error_is_not_scored_by_the_shadow(make: Make) -> None:
    active = make()
    with shadowed() as (plane, shadow, noted):
        plane.answer([ask(active, {"age": "old"})])
        good = ask(active, {"age": 3})
        plane.answer([ask(active, {}), good])
        assert shadow.wait(20)
    assert noted.asked == [good]


def test_a_shadow_of_another_schema_decodes_the_body_again(make: Make) -> None:
    active = make(schema=OTHER)
    assert active.shadow is not None
    with shadowed() as (plane, shadow, noted):
        documents = [{"age": 1, "zip": 5}, {"age": 2, "zip": "x"}, {"age": 3, "zip": 7}]
        first, _, last = asked = [ask(active, document) for document in documents]
        assert all(isinstance(answer, Reply) for answer in plane.answer(asked))
        first.body = b""
        assert shadow.wait(20)
    [run] = noted.runs
    assert list(run.asked) == [first, last]
    expected = active.shadow.pipeline.score([{"age": 1, "zip": 5}, {"age": 3, "zip": 7}])
    assert np.array_equal(run.values, expected.values)
    assert shadow.counts() == {("live", "scored"): 2, ("live", "failed"): 1}


def test_a_body_that_would_take_long_to_decode_again_is_dropped(make: Make) -> None:
    large = [{"age": 1, "zip": 2}, {"note": "x" * DECODED_BYTES}]
    for different, result in (({}, "scored"), ({"schema": OTHER}, "dropped")):
        active = make(**different)
        with shadowed() as (plane, shadow, _):
            plane.answer([ask(active, large)])
            assert shadow.wait(20)
        assert shadow.counts() == {("live", result): 1}


def test_a_shadow_gets_its_share(make: Make) -> None:
    active = make(share=25)
    with shadowed() as (plane, shadow, noted):
        for _ in range(20):
            asked = [ask(active, {"age": age}) for age in range(50)]
            plane.answer(asked)
        assert shadow.wait(20)
    n = shadow.counts()["live", "scored"]
    assert abs(n - 250) < 4 * (1000 * 0.25 * 0.75) ** 0.5
    assert len(noted.asked) == n
    for run in noted.runs:
        ages = [json.loads(one.body)["age"] for one in run.asked]
        assert run.rows.numbers[:, 0].tolist() == ages


def test_what_does_not_fit_is_dropped_and_the_caller_does_not_wait(make: Make) -> None:
    active = make()
    with shadowed(n_waiting=10) as (plane, shadow, noted):
        noted.go_on.clear()
        for _ in range(8):
            assert all(isinstance(answer, Reply) for answer in plane.answer([ask(active, {"age": 1})] * 4))
        assert shadow.counts() == {("live", "dropped"): 24}
        noted.go_on.set()
        assert shadow.wait(20)
        plane.answer([ask(active, {"age": 1})])
        assert shadow.wait(20)
    assert shadow.counts() == {("live", "dropped"): 24, ("live", "scored"): 9}


def test_what_waits_is_bounded_in_bytes(make: Make) -> None:
    active = make()
    with shadowed(waiting_bytes=10_000) as (plane, shadow, noted):
        noted.go_on.clear()
        for _ in range(4):
            plane.answer([ask(active, {"age": 1, "note": "x" * 3000})])
        assert shadow.counts() == {("live", "dropped"): 1}
        noted.go_on.set()
        assert shadow.wait(20)


def test_a_request_that_the_shadow_cannot_score_fails_alone_and_reaches_no_caller(make: Make, tmp_path: Path) -> None:
    active = make()
    assert active.shadow is not None
    plain = active.shadow.pipeline
    graph = Unlucky(read_archive(tmp_path / "2")[1]["pipeline.onnx"])
    unlucky = replace(active.shadow, pipeline=ScoringPipeline(plain.manifest, graph, plain.sample))
    active = replace(active, shadow=unlucky)
    asked = [ask(active, [{"age": age}, {"age": 1}]) for age in (12, 13, 14)]
    with shadowed() as (plane, shadow, noted):
        assert plane.answer(asked) == Plane().answer(asked)
        assert shadow.wait(20)
    assert noted.asked == [asked[0], asked[2]]
    assert [run.rows.numbers[:, 0].tolist() for run in noted.runs] == [[12, 1], [14, 1]]
    assert shadow.counts() == {("live", "scored"): 2, ("live", "failed"): 1}


def test_what_waits_at_the_end_is_scored_and_nothing_comes_after(make: Make) -> None:
    active = make()
    with shadowed() as (plane, shadow, noted):
        plane.answer([ask(active, {"age": 1})] * 3)
        shadow.close(20)
        assert len(noted.asked) == 3
        plane.answer([ask(active, {"age": 1})])
    assert shadow.counts() == {("live", "scored"): 3, ("live", "dropped"): 1}


def test_without_a_shadow_there_is_no_thread(make: Make) -> None:
    active = replace(make(), shadow=None)
    before = threading.active_count()
    with shadowed() as (plane, shadow, _):
        plane.answer([ask(active, {"age": 1})])
        assert threading.active_count() == before
        assert shadow.counts() == {}


def test_versions_whose_columns_are_read_alike_share_their_rows() -> None:
    form = Decoder(SCHEMA).form
    seen = Schema(columns=tuple(Column(name=c.name, type=c.type, levels=("x",), minimum=0) for c in SCHEMA.columns))
    assert Decoder(seen).form == form
    for other in (SCHEMA.columns[:2], SCHEMA.columns[::-1], OTHER.columns):
        assert Decoder(Schema(columns=other)).form != form
