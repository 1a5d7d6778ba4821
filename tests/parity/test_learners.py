"""Fitted model = ONNX: learner × task × {training, missing, unseen, extreme, boundary rows, one row, no trees}."""

from __future__ import annotations

import numpy as np
import pytest
from tests.worlds import world

from scoreline.automl.candidate import Candidate, fit, portfolio
from scoreline.automl.export import blend, build_graph
from scoreline.automl.learners import LEARNERS
from scoreline.automl.parity import check_parity
from scoreline.core.errors import ParityFailed
from scoreline.core.schema import Task
from scoreline.scoring.graph import Graph
from scoreline.scoring.rows import Rows

TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("learner", LEARNERS.names)
def test_a_learner_scores_as_its_graph_does(learner: str, task: Task) -> None:
    problem, rows, y = world(task)
    for candidate in {c.target: c for c in portfolio(problem, y, 7, [learner])}.values():
        members = [(1.0, fit(candidate, problem, rows[:300], y[:300], validation=(rows[300:], y[300:])))]
        parity = check_parity(members, Graph(build_graph(members, problem)), problem, rows, y)
        assert parity.passed
        # Well below the tolerance: what is near it is a fault that has not shown yet.
        assert parity.largest < 5e-6, (candidate, parity)
        assert {"training", "missing", "unseen", "extreme"} <= parity.by_kind.keys()


@pytest.mark.parametrize("learner", ["lightgbm", "xgboost", "extra_trees"])
def test_thresholds_of_trees_are_tried_at_and_beside(learner: str) -> None:
    problem, rows, y = world("binary")
    members = [(1.0, fit(portfolio(problem, y, 7, [learner])[0], problem, rows, y, n_iterations=20))]
    parity = check_parity(members, Graph(build_graph(members, problem)), problem, rows, y)
    assert parity.by_kind["boundary"].n_rows > 500


@pytest.mark.parametrize("task", TASKS)
def test_an_ensemble_of_all_learners_scores_as_its_graph_does(task: Task) -> None:
    problem, rows, y = world(task)
    candidates = {c.learner: c for c in portfolio(problem, y, 7)}.values()
    members = [(1 / len(candidates), fit(candidate, problem, rows, y, n_iterations=15)) for candidate in candidates]
    assert check_parity(members, Graph(build_graph(members, problem)), problem, rows, y).largest < 5e-6


@pytest.mark.parametrize("learner", LEARNERS.names)
@pytest.mark.parametrize("task", TASKS)
def test_a_row_scores_the_same_alone_and_among_others(learner: str, task: Task) -> None:
    problem, rows, y = world(task)
    for candidate in {c.target: c for c in portfolio(problem, y, 7, [learner])}.values():
        graph = Graph(build_graph([(1.0, fit(candidate, problem, rows, y, n_iterations=15))], problem))
        together = graph.run(rows)
        for i in range(0, 400, 7):
            np.testing.assert_array_equal(graph.run(rows[i : i + 1])[0], together[i])
            np.testing.assert_array_equal(graph.run(rows[i : i + 3]), together[i : i + 3])


@pytest.mark.parametrize("learner", LEARNERS.names)
def test_a_class_that_a_fit_never_saw_is_never_the_likeliest(learner: str) -> None:
    problem, rows, y = world("multiclass")
    seen = y != 1
    members = [(1.0, fit(portfolio(problem, y, 7, [learner])[0], problem, rows[seen], y[seen], n_iterations=15))]
    graph = Graph(build_graph(members, problem))
    assert check_parity(members, graph, problem, rows, y).passed
    assert not (graph.run(rows).argmax(axis=1) == 1).any()


def test_a_target_that_never_changes_makes_trees_without_a_split() -> None:
    problem, rows, y = world("regression")
    for learner in ("lightgbm", "xgboost", "extra_trees"):
        candidate = portfolio(problem, y, 7, [learner])[0]
        members = [(1.0, fit(candidate, problem, rows, np.full(len(y), 7.25), n_iterations=3))]
        np.testing.assert_allclose(Graph(build_graph(members, problem)).run(rows), 7.25, rtol=1e-6)


def test_the_same_seed_and_data_give_the_same_scores() -> None:
    problem, rows, y = world("binary")
    for learner in LEARNERS.names:
        candidate = portfolio(problem, y, 7, [learner])[0]
        first, again = (fit(candidate, problem, rows, y, n_iterations=15).predict(rows) for _ in range(2))
        np.testing.assert_array_equal(first, again)


def test_the_same_members_give_the_same_bytes() -> None:
    problem, rows, y = world("multiclass")
    members = [(1.0, fit(portfolio(problem, y, 7, ["lightgbm"])[0], problem, rows, y, n_iterations=5))]
    assert build_graph(members, problem) == build_graph(members, problem)


def test_members_share_the_features_they_have_in_common() -> None:
    problem, rows, y = world("binary")
    candidates = [portfolio(problem, y, 7, [name])[0] for name in ("lightgbm", "xgboost")]
    fitted = [fit(candidate, problem, rows, y, n_iterations=5) for candidate in candidates]
    alone = [len(build_graph([(1.0, member)], problem)) for member in fitted]
    together = len(build_graph([(0.5, member) for member in fitted], problem))
    assert together < 0.8 * sum(alone)


def test_a_graph_of_another_model_is_refused() -> None:
    problem, rows, y = world("binary")
    candidate = portfolio(problem, y, 7, ["lightgbm"])[0]
    members = [(1.0, fit(candidate, problem, rows, y, n_iterations=20))]
    other = build_graph([(1.0, fit(candidate, problem, rows, y, n_iterations=21))], problem)
    with pytest.raises(ParityFailed, match="differs from the fitted model"):
        check_parity(members, Graph(other), problem, rows, y)


def test_a_schema_of_texts_alone_and_of_numbers_alone_can_be_exported() -> None:
    problem, rows, y = world("binary")
    empty = np.empty((len(rows), 0))
    for columns, part in (
        (problem.schema.numbers, Rows(rows.numbers, empty.astype(object))),
        (problem.schema.texts, Rows(empty, rows.texts)),
    ):
        from msgspec.structs import replace

        from scoreline.core.schema import Schema

        narrow = replace(problem, schema=Schema(columns))
        for candidate in {c.learner: c for c in portfolio(narrow, y, 7)}.values():
            members = [(1.0, fit(candidate, narrow, part, y, n_iterations=5))]
            assert check_parity(members, Graph(build_graph(members, narrow)), narrow, part, y).passed


def test_the_ensemble_is_the_weighted_mean_of_its_members() -> None:
    problem, rows, y = world("regression")
    candidate = Candidate(learner="linear", params={"strength": 1.0}, features="linear", seed=1)
    heavy = Candidate(learner="linear", params={"strength": 100.0}, features="linear", seed=1)
    first, second = fit(candidate, problem, rows, y), fit(heavy, problem, rows, y)
    expected = 0.25 * first.predict(rows) + 0.75 * second.predict(rows)
    np.testing.assert_allclose(blend([(0.25, first), (0.75, second)], rows), expected)
