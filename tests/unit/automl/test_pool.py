"""Worker processes: they fit, fail, are killed and replaced, and never outlive their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from scoreline.automl import handover
from scoreline.automl.candidate import Candidate, portfolio
from scoreline.automl.folds import plan_folds
from scoreline.automl.handover import Handover
from scoreline.automl.messages import Build, FitFold, Prove, Refit, Request
from scoreline.automl.pool import Outcome, Pool
from scoreline.automl.problem import Problem
from scoreline.core.errors import ParityFailed
from scoreline.core.schema import Column, Schema
from scoreline.scoring.graph import Graph
from scoreline.scoring.rows import Rows

PROBLEM = Problem(
    schema=Schema((Column(name="x", type="number"), Column(name="c", type="category", levels=("a", "b")))),
    task="binary",
    target="y",
    labels=("no", "yes"),
    scorer="log_loss",
)


def world(n: int = 200) -> Handover:
    rng = np.random.default_rng(1)
    numbers = rng.normal(size=(n, 1))
    texts = rng.choice(np.array(["a", "b"], dtype=object), size=(n, 1))
    y = (numbers[:, 0] + (texts[:, 0] == "a") + rng.normal(size=n) > 0.5).astype(np.int64)
    folds = plan_folds(y, "binary", n_columns=2, seconds=60, seed=1)
    return Handover(Rows(numbers, texts), y, list(folds.pairs))


def candidate(learner: str) -> Candidate:
    return portfolio(PROBLEM, world().y, 1, [learner])[0]


ENDLESS = Candidate(
    learner="extra_trees",
    params={"n_trees": 10**9, "min_leaf": 1, "max_features": 1.0},
    features=candidate("extra_trees").features,
    seed=1,
)


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(1) as pool:
        pool.open(PROBLEM, world())
        yield pool


def answer(pool: Pool, request: Request, *, limit_seconds: float = 60.0) -> Outcome:
    while not pool.n_idle:
        pool.poll(1.0)
    pool.submit(7, request, limit_seconds=limit_seconds)
    while not (outcomes := pool.poll(1.0)):
        pass
    return outcomes[0]


def test_what_is_handed_over_arrives_unchanged(tmp_path) -> None:
    sent = world(11)
    sent.rows.texts[3, 0] = "Ελλάδα, ''"
    sent.rows.numbers[4, 0] = np.nan
    with (tmp_path / "shared").open("w+b") as file:
        got = handover.read(file.fileno(), handover.write(file, sent))
    assert np.array_equal(got.rows.numbers, sent.rows.numbers, equal_nan=True)
    assert np.array_equal(got.rows.texts, sent.rows.texts)
    assert np.array_equal(got.y, sent.y)
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(got.folds, sent.folds, strict=True))


def test_rows_without_texts_and_without_numbers_are_handed_over(tmp_path) -> None:
    whole = world(11)
    for rows in (
        Rows(whole.rows.numbers, np.empty((11, 0), dtype=object)),
        Rows(np.empty((11, 0)), whole.rows.texts),
    ):
        with (tmp_path / "shared").open("w+b") as file:
            got = handover.read(file.fileno(), handover.write(file, Handover(rows, whole.y, [])))
        assert got.rows.numbers.shape == rows.numbers.shape
        assert got.rows.texts.shape == rows.texts.shape


def test_a_fold_is_fitted_and_the_same_request_has_the_same_answer(pool: Pool) -> None:
    request = FitFold(candidate("lightgbm"), 0, 60.0)
    first, second = answer(pool, request), answer(pool, request)
    assert (first.status, first.job) == ("done", 7)
    assert np.array_equal(first.answer.predicted, second.answer.predicted)
    assert first.answer.predicted.shape == (len(world().folds[0][1]), 2)


def test_a_refit_is_exported_and_proved_in_a_worker(pool: Pool) -> None:
    members = [(1.0, answer(pool, Refit(candidate("linear"), None, 60.0)).answer.pipeline)]
    graph = answer(pool, Build(members)).answer.graph
    assert Graph(graph).run(world().rows).shape == (200, 2)
    assert answer(pool, Prove(members, graph, 1, 10_000)).answer.parity.passed


def test_a_graph_of_another_model_is_refused_with_the_error_itself(pool: Pool) -> None:
    members = [(1.0, answer(pool, Refit(candidate("linear"), None, 60.0)).answer.pipeline)]
    other = [(1.0, answer(pool, Refit(candidate("lightgbm"), 5, 60.0)).answer.pipeline)]
    assert isinstance(
        answer(pool, Prove(members, answer(pool, Build(other)).answer.graph, 1, 10_000)).error, ParityFailed
    )


def test_a_candidate_that_raises_is_an_outcome_with_a_reason(pool: Pool) -> None:
    broken = Candidate(learner="nonesuch", params={}, features=candidate("linear").features, seed=1)
    failed = answer(pool, FitFold(broken, 0, 60.0))
    assert failed.status == "failed"
    assert "unknown learner 'nonesuch'" in failed.reason


def test_a_fit_that_minds_no_time_is_killed_and_its_worker_replaced(pool: Pool) -> None:
    before = pool.process_ids
    killed = answer(pool, FitFold(ENDLESS, 0, 1e9), limit_seconds=0.3)
    assert (killed.status, killed.reason) == ("killed", "killed after 0.3 s, its time was over")
    assert pool.process_ids != before
    assert answer(pool, FitFold(candidate("linear"), 0, 60.0)).status == "done"


def test_what_is_cancelled_ends_and_its_worker_goes_on(pool: Pool) -> None:
    before = pool.process_ids
    assert answer(pool, FitFold(candidate("linear"), 0, 60.0)).status == "done"
    slow = {"learning_rate": 1e-9, "num_leaves": 31}
    endless = Candidate(learner="lightgbm", params=slow, features=candidate("lightgbm").features, seed=1)
    pool.submit(9, FitFold(endless, 0, 1e9), limit_seconds=60.0)
    pool.cancel()
    assert pool.process_ids == before
    assert answer(pool, FitFold(candidate("linear"), 0, 60.0)).status == "done"


def test_a_worker_that_is_shot_is_an_outcome_with_a_reason(pool: Pool) -> None:
    while not pool.n_idle:
        pool.poll(1.0)
    pool.submit(8, FitFold(ENDLESS, 0, 1e9), limit_seconds=60.0)
    os.kill(pool.process_ids[0], signal.SIGKILL)
    while not (outcomes := pool.poll(1.0)):
        pass
    assert outcomes[0].status == "failed"
    assert "want of memory" in outcomes[0].reason
    assert answer(pool, FitFold(candidate("linear"), 0, 60.0)).status == "done"


def test_no_worker_outlives_a_parent_that_is_shot() -> None:
    script = """
        import sys, time
        from scoreline.automl.pool import Pool
        pool = Pool(2)
        print(*pool.process_ids, flush=True)
        time.sleep(60)
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        workers = [int(pid) for pid in parent.stdout.readline().split()]
    parent.kill()
    parent.wait()
    give_up_at = time.monotonic() + 20
    while any(map(_runs, workers)):
        assert time.monotonic() < give_up_at, "a worker is still there"
        os.sched_yield()


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_a_file_in_the_working_folder_does_not_replace_a_library(tmp_path, monkeypatch) -> None:
    (tmp_path / "random.py").write_text("raise SystemExit('the wrong file')")
    monkeypatch.chdir(tmp_path)
    with Pool(1) as pool:
        pool.open(PROBLEM, world())
        assert answer(pool, FitFold(candidate("linear"), 0, 60.0)).status == "done"
