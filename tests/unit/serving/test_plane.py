"""Requests that are answered together, beside the same requests alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.artifacts import SCHEMA, tiny_artifact

from scoreline.core.errors import ScorelineError
from scoreline.scoring.archive import read_archive
from scoreline.scoring.graph import Graph
from scoreline.scoring.pipeline import ScoringPipeline, load
from scoreline.scoring.predictions import Answer
from scoreline.scoring.rows import Rows
from scoreline.serving.active import Active
from scoreline.serving.plane import Asked, Plane, Run
from scoreline.serving.protocols import DIALECTS
from scoreline.serving.protocols.dialect import Reply


class Counted(Graph):
    """A graph that remembers how many rows each run had, and refuses the age of 13."""

    def __init__(self, onnx_bytes: bytes) -> None:
        super().__init__(onnx_bytes)
        self.runs: list[int] = []

    def run(self, rows: Rows) -> Answer:
        self.runs.append(len(rows))
        if (rows.numbers[:, 0] == 13).any():
            raise ZeroDivisionError("unlucky")
        return super().run(rows)


@pytest.fixture(scope="module")
def actives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Active]:
    folder = tmp_path_factory.mktemp("plane")
    found = {}
    for name, labels in (("credit", ("good", "bad")), ("price", ())):
        tiny_artifact(folder / name, name=name, labels=labels)
        plain = load(folder / name)
        graph = Counted(read_archive(folder / name)[1]["pipeline.onnx"])
        pipeline = ScoringPipeline(plain.manifest, graph, plain.sample)
        found[name] = Active(name, name, 1, name, pipeline, datetime.now(UTC))
    return found


def runs(active: Active) -> list[int]:
    graph = active.pipeline.graph
    assert isinstance(graph, Counted)
    found, graph.runs = graph.runs, []
    return found


def native(active: Active, document: Any) -> Asked:
    return Asked(DIALECTS["native"], json.dumps(document).encode(), active)


def test_requests_of_one_scoring_pipeline_are_one_run(actives: dict[str, Active]) -> None:
    credit, price = actives["credit"], actives["price"]
    table = {"fields": list(SCHEMA.names), "rows": [[40, 1, "car"], [41, 2, "car"]]}
    h2o = Asked(DIALECTS["h2o"], json.dumps(table).encode(), credit)
    asked = [native(credit, {"age": 31}), native(price, {"age": 32}), h2o, native(credit, [{"age": 33}] * 3)]
    together = Plane().answer(asked)
    assert (runs(credit), runs(price)) == ([6], [1])
    assert together == [Plane().answer_one(one) for one in asked]


def test_a_request_that_the_graph_fails_on_fails_alone(actives: dict[str, Active]) -> None:
    credit = actives["credit"]
    first, unlucky, last = Plane().answer([native(credit, {"age": age}) for age in (12, 13, 14)])
    assert isinstance(first, Reply)
    assert isinstance(unlucky, ZeroDivisionError)
    assert isinstance(last, Reply)


plain = st.fixed_dictionaries(
    {"age": st.one_of(st.none(), st.integers(0, 99)), "amount": st.floats(0, 1e6), "purpose": st.text() | st.none()}
)
documents = st.one_of(
    plain,
    plain,
    st.fixed_dictionaries({"rows": st.lists(plain, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"age": st.one_of(st.none(), st.integers(0, 99), st.just("old")), "purpose": st.text()}),
    st.lists(st.fixed_dictionaries({"amount": st.floats(0, 1e6)}), max_size=4),
    st.just({}),
    st.just(3),
)


@given(st.lists(st.tuples(st.sampled_from(["credit", "price"]), documents), max_size=8))
@settings(max_examples=60, deadline=None)
def test_each_request_gets_what_it_gets_alone(actives: dict[str, Active], sent: list[tuple[str, Any]]) -> None:
    asked = [native(actives[name], document) for name, document in sent]
    assert [essence(together) for together in Plane().answer(asked)] == [essence(alone(one)) for one in asked]


@given(st.lists(st.one_of(plain, plain.map(lambda row: {"rows": [row, row]})), min_size=2, max_size=6))
@settings(max_examples=60, deadline=None)
def test_plain_requests_get_together_what_each_gets_alone(actives: dict[str, Active], sent: list[Any]) -> None:
    asked = [native(actives["credit"], document) for document in sent]
    noted = Noted()
    assert [essence(together) for together in Plane([noted]).answer(asked)] == [essence(alone(one)) for one in asked]
    sizes = [len(document.get("rows", [document])) for document in sent]
    lucky = [all(row["age"] != 13 for row in document.get("rows", [document])) for document in sent]
    assert [one.n_rows for one in asked] == [size if good else None for size, good in zip(sizes, lucky, strict=True)]
    assert sum(sum(run.sizes) for run in noted.runs) == sum(one.n_rows or 0 for one in asked)
    assert all(len(run.rows) == sum(run.sizes) == len(run.values) for run in noted.runs)


def alone(asked: Asked) -> Reply | Exception:
    try:
        return Plane().answer_one(asked)
    except (ScorelineError, ZeroDivisionError) as error:
        return error


def essence(found: Reply | Exception) -> Reply | tuple[type, str]:
    return found if isinstance(found, Reply) else (type(found), str(found))


class Noted:
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.runs: list[Run] = []

    def answered(self, run: Run) -> None:
        self.runs.append(run)


class Mute(type(DIALECTS["native"])):  # type: ignore[misc]  # a dialect that cannot write the answer for the age of 7
    def encode(self, call: Any, predictions: Any, active: Active) -> Reply:
        if call.decoded.rows.numbers[0, 0] == 7:
            raise ValueError("cannot be written")
        found: Reply = super().encode(call, predictions, active)
        return found


def test_a_watcher_is_told_of_each_run_and_of_no_request_that_failed(actives: dict[str, Active]) -> None:
    credit, noted = actives["credit"], Noted()
    mute = [Asked(Mute(), json.dumps({"age": age}).encode(), credit) for age in (6, 7)]
    asked = [native(credit, {"age": "old"}), *mute, native(credit, [{"age": 8}] * 2)]
    answers = Plane([noted]).answer(asked)
    [run] = noted.runs
    assert [isinstance(answer, Reply) for answer in answers] == [False, True, False, True]
    assert (list(run.asked), list(run.sizes)) == ([asked[1], asked[3]], [1, 2])
    assert run.rows.numbers[:, 0].tolist() == [6, 8, 8]
    assert np.array_equal(run.values, credit.pipeline.score([{"age": 6}, {"age": 8}, {"age": 8}]).values)
    assert run.begun_at <= run.decoded_at <= run.scored_at <= run.encoded_at


def test_predictions_split_into_those_of_each(actives: dict[str, Active]) -> None:
    pipeline = actives["credit"].pipeline
    whole = pipeline.score([{"age": age} for age in range(20, 26)])
    first, none, last = whole.split([2, 0, 4])
    assert (len(first), len(none), len(last)) == (2, 0, 4)
    assert np.array_equal(np.concatenate([first.values, last.values]), whole.values)
