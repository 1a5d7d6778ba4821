"""The end of an experiment: choose the members, fit them on all rows, write the graph, prove it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scoreline.automl import ensemble
from scoreline.automl.attempt import Attempt
from scoreline.automl.budget import Budget
from scoreline.automl.learners.lightgbm import PATIENCE
from scoreline.automl.machine import available_cores
from scoreline.automl.messages import Build, Prove, Refit, Request
from scoreline.automl.plan import Plan
from scoreline.automl.pool import Outcome, Pool
from scoreline.core.errors import ExperimentFailed
from scoreline.core.manifest import Parity

Predicted = npt.NDArray[np.floating[Any]]

N_CONSIDERED = 25
"""Best trials out of which the ensemble is chosen."""
FIXED_SECONDS = 1.0
"""The end of an experiment on a small table: graph, archive, self-test."""
SECONDS_A_BYTE = 1e-7
"""Of fitted pipelines: a large graph is written, loaded and checked several times."""
REFIT_MARGIN = 1.15
SCALING = 0.85
"""A fit on twice the rows takes this power of two times as long."""
RESERVE_SHARE = 0.35
"""Of the budget, at most, is kept back for what could also be smaller."""
RESERVE_LOOK_SECONDS = 0.1
"""For choosing an ensemble only to see what it would cost."""
CHOICE_SHARE = 0.02
"""Of the budget, at most, for choosing an ensemble."""
LARGEST_RESERVE = 0.6
"""Of the budget: the search always has the rest."""
SHORTEST_REFIT_SECONDS = 0.5
GRACE_SECONDS = 0.5
WORTH_REFITTING = 1.3
"""Times the rows a member has already learned from."""
BOUNDARY_ROWS = (10_000, 200_000)
"""Fewest and most rows beside thresholds that are made for the proof."""
IMPORTANCE_ROWS = (200, 2_000)
PROOF_SHARE, IMPORTANCE_SHARE = 0.35, 0.3
"""Of what time is left after the proof on training rows and the test scores; the rest is for surprises."""
TWICE = 2.0
"""Each row of the proof is predicted by the fitted pipelines and by the graph."""
PASSES = 1.6
"""Predictions of all rows by the fitted pipelines that proof, importance and test scores cost together."""


class Choice(NamedTuple):
    """What the scoring pipeline will be made of."""

    members: list[tuple[float, Attempt]]
    predicted: Predicted
    """On the validation rows."""


class Effort(NamedTuple):
    """How many rows are made for what may be done more or less thoroughly."""

    boundary_rows: int
    importance_rows: int


def reserve_seconds(attempts: Sequence[Attempt], plan: Plan, budget: Budget) -> float:
    """Estimate how long the end would take if the search ended now.

    An ensemble that costs more than its share of the budget will be made smaller, so no more is kept back for it than
    the best attempt alone needs.
    """
    if not any(attempt.done for attempt in attempts):
        return FIXED_SECONDS
    choice = choose(attempts, plan, budget, seconds=RESERVE_LOOK_SECONDS)
    members = [attempt for _, attempt in choice.members]
    best = min((a for a in attempts if a.done), key=lambda attempt: attempt.loss)
    wanted = _refit_seconds(members, plan) + _after_refit_seconds(members, plan)
    needed = max(RESERVE_SHARE * budget.seconds, _least_seconds([best], plan))
    return min(wanted, needed, LARGEST_RESERVE * budget.seconds) + CHOICE_SHARE * budget.seconds


def choose(attempts: Sequence[Attempt], plan: Plan, budget: Budget, *, seconds: float | None = None) -> Choice:
    """Choose the best attempt or a blend of some: the smallest that no larger one beats by more than chance.

    What could not be proved in the time left is not considered, unless nothing else is there.
    """
    known = [(attempt, attempt.predicted) for attempt in attempts if attempt.done and attempt.predicted is not None]
    best_first = sorted(known, key=lambda pair: pair[0].loss)[:N_CONSIDERED]
    affordable = [pair for pair in best_first if _least_seconds([pair[0]], plan) < budget.left_seconds]
    single, its_predicted = (affordable or best_first)[0]
    options = [Choice([(1.0, single)], its_predicted)]
    predictions = [predicted for _, predicted in affordable]
    share = (CHOICE_SHARE * budget.seconds if seconds is None else seconds) / len(ensemble.SIZES)
    for size in ensemble.SIZES if len(affordable) > 1 else ():
        weights = ensemble.choose_weights(plan.validation, predictions, max_members=size, seconds=share)
        members = [(weight, attempt) for weight, (attempt, _) in zip(weights, affordable, strict=True) if weight]
        if _least_seconds([attempt for _, attempt in members], plan) < budget.left_seconds:
            options.append(Choice(members, ensemble.blend(weights, predictions)))
    chosen = ensemble.smallest_as_good(plan.validation, [option.predicted for option in options])
    return options[chosen]


def refit(
    choice: Choice, plan: Plan, pool: Pool, budget: Budget, *, tick: Callable[[], None]
) -> list[tuple[float, bytes]]:
    """Fit the members on all rows, or as many as the time allows, side by side.

    A member that has already seen about as many, or whose fit fails, stays as it was fitted on the first fold.
    """
    attempts = [attempt for _, attempt in choice.members]
    seconds = max(SHORTEST_REFIT_SECONDS, budget.left_seconds - _after_refit_seconds(attempts, plan))
    n_rows = _rows_to_refit(choice, plan, seconds)
    requests: dict[int, Request] = {
        number: Refit(attempts[number].candidate, attempts[number].n_iterations, seconds, rows)
        for number, rows in n_rows.items()
    }
    outcomes = run(requests, pool, limit_seconds=seconds + GRACE_SECONDS, tick=tick)
    members = []
    for number, (weight, attempt) in enumerate(choice.members):
        outcome, learned_from = outcomes.get(number), n_rows.get(number, 0)
        if outcome is not None and outcome.status == "done":
            members.append((weight, outcome.answer.pipeline))
        elif attempt.fitted and (kept := attempt.fitted[0].pipeline) is not None:
            learned_from = attempt.rows_a_fit
            members.append((weight, kept))
        if learned_from < len(plan.y):
            attempt.reason = (
                f"learned from {learned_from:,} of {len(plan.y):,} training rows: there was no time for more"
            )
    if not members:
        reasons = "; ".join(outcome.reason for outcome in outcomes.values())
        raise ExperimentFailed(f"the best trial could not be fitted on all rows: {reasons}", hint="give it more time")
    total = sum(weight for weight, _ in members)
    return [(weight / total, pipeline) for weight, pipeline in members]


def build(members: list[tuple[float, bytes]], pool: Pool, *, tick: Callable[[], None]) -> bytes:
    """Write the members as one graph."""
    outcome = run({0: Build(members)}, pool, limit_seconds=float("inf"), tick=tick)[0]
    if outcome.status != "done":
        raise outcome.error or ExperimentFailed(f"the graph could not be written: {outcome.reason}")
    graph: bytes = outcome.answer.graph
    return graph


def _rows_to_refit(choice: Choice, plan: Plan, seconds: float) -> dict[int, int]:
    """Find on how many rows each member can be fitted in time; those of great weight come first."""
    busy = np.zeros(plan.n_workers)
    n_rows = {}
    for number in sorted(range(len(choice.members)), key=lambda number: -choice.members[number][0]):
        attempt = choice.members[number][1]
        needed, free = _refit_seconds([attempt], plan), seconds - busy.min()
        share = min(1.0, max(0.0, free / max(needed, 1e-9))) ** (1 / SCALING)
        rows = round(share * len(plan.y))
        if rows == len(plan.y) or rows > WORTH_REFITTING * attempt.rows_a_fit:
            n_rows[number] = rows
            busy[busy.argmin()] += needed * share
    return n_rows


def effort(choice: Choice, plan: Plan, budget: Budget, n_test_rows: int) -> Effort:
    """Divide the time left among what may be done more or less thoroughly."""
    a_row = max(sum(attempt.predict_seconds_a_row for _, attempt in choice.members), 1e-9)
    must = FIXED_SECONDS + a_row * (TWICE * len(plan.y) + n_test_rows) / available_cores()
    spare_rows = max(0.0, budget.left_seconds - must) * available_cores() / a_row
    n_columns = len(plan.problem.schema.columns)
    return Effort(
        boundary_rows=int(np.clip(PROOF_SHARE * spare_rows / TWICE, *BOUNDARY_ROWS)),
        importance_rows=int(np.clip(IMPORTANCE_SHARE * spare_rows / n_columns, *IMPORTANCE_ROWS)),
    )


def begin_proof(
    members: list[tuple[float, bytes]],
    graph: bytes,
    plan: Plan,
    pool: Pool,
    boundary_rows: int,
    *,
    tick: Callable[[], None],
) -> None:
    """Have a worker compare the graph with what was fitted, on all training rows and on difficult ones."""
    while not pool.n_idle:
        pool.poll(0.25)
        tick()
    pool.submit(0, Prove(members, graph, plan.seed, boundary_rows), limit_seconds=float("inf"))


def end_proof(pool: Pool, *, tick: Callable[[], None]) -> Parity:
    """Wait for the proof. Raises ``ParityFailed``."""
    while not (outcomes := pool.poll(0.25)):
        tick()
    if outcomes[0].status != "done":
        raise outcomes[0].error or ExperimentFailed(f"the graph could not be proved: {outcomes[0].reason}")
    parity: Parity = outcomes[0].answer.parity
    return parity


def run(
    requests: dict[int, Request], pool: Pool, *, limit_seconds: float, tick: Callable[[], None]
) -> dict[int, Outcome]:
    """Have the workers do all of it, and wait."""
    waiting = dict(requests)
    outcomes: dict[int, Outcome] = {}
    while len(outcomes) < len(requests):
        while waiting and pool.n_idle:
            number = next(iter(waiting))
            pool.submit(number, waiting.pop(number), limit_seconds=limit_seconds)
        for outcome in pool.poll(0.25):
            outcomes[outcome.job] = outcome
        tick()
    return outcomes


def _least_seconds(attempts: Sequence[Attempt], plan: Plan) -> float:
    """From the choice to the end. Members that learned from a sample must be fitted again; the others need not be."""
    sampled = [attempt for attempt in attempts if attempt.n_rows is not None]
    return _refit_seconds(sampled, plan) + _after_refit_seconds(attempts, plan)


def _after_refit_seconds(attempts: Sequence[Attempt], plan: Plan) -> float:
    """From the fitted members to the end."""
    a_row = sum(attempt.predict_seconds_a_row for attempt in attempts) / available_cores()
    n_bytes = sum(len(attempt.fitted[0].pipeline or b"") for attempt in attempts if 0 in attempt.fitted)
    least = TWICE * BOUNDARY_ROWS[0] + IMPORTANCE_ROWS[0] * len(plan.problem.schema.columns)
    return FIXED_SECONDS + n_bytes * SECONDS_A_BYTE + (PASSES * len(plan.y) + least) * a_row


def _refit_seconds(attempts: Sequence[Attempt], plan: Plan) -> float:
    """How long it takes the workers to fit all of them on all rows, the longest first."""
    busy = np.zeros(plan.n_workers)
    for seconds in sorted((_one_refit_seconds(attempt, plan) for attempt in attempts), reverse=True):
        busy[np.argmin(busy)] += seconds * REFIT_MARGIN
    return float(busy.max())


def _one_refit_seconds(attempt: Attempt, plan: Plan) -> float:
    """On more rows than a fold has, but without the rounds in which a fold's fit found nothing better."""
    rounds = attempt.n_iterations
    share = rounds / (rounds + PATIENCE) if rounds else 1.0
    return share * attempt.fit_seconds * float((len(plan.y) / attempt.rows_a_fit) ** SCALING)
