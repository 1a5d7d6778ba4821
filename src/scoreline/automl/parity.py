"""Proof that the graph scores as the fitted pipelines do: on all training rows, and on rows made to be difficult."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from scoreline.automl.difficult import difficult_rows, thinned
from scoreline.automl.export import Members, blend
from scoreline.automl.problem import Problem
from scoreline.core.errors import ParityFailed
from scoreline.core.manifest import KindParity, Parity
from scoreline.scoring.graph import Graph
from scoreline.scoring.rows import Rows

TOLERANCE = 1e-5
"""Of a probability; of a prediction, in standard deviations of the target."""
CHUNK_ROWS = 20_000
MOST_BOUNDARY_ROWS = 200_000


def check_parity(
    members: Members,
    graph: Graph,
    problem: Problem,
    rows: Rows,
    y: NDArray[np.float64 | np.int64],
    seed: int = 0,
    *,
    most_boundary_rows: int = MOST_BOUNDARY_ROWS,
) -> Parity:
    """Compare on ``rows`` (all training rows) and on generated ones; raise ``ParityFailed`` above the tolerance."""
    unit = float(np.std(y)) or 1.0 if problem.task == "regression" else 1.0
    kinds: dict[str, list[tuple[int, float]]] = {}
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        chunks = [
            (kind, part)
            for kind, block in _blocks(members, problem, rows, np.random.default_rng(seed), most_boundary_rows)
            for part in _chunks(block)
        ]
        for (kind, part), largest in zip(
            chunks, pool.map(lambda pair: _largest(members, graph, pair[1]), chunks), strict=True
        ):
            kinds.setdefault(kind, []).append((len(part), largest / unit))
    by_kind = {
        kind: KindParity(n_rows=sum(n for n, _ in found), largest=max(gap for _, gap in found))
        for kind, found in kinds.items()
    }
    hint = "this is a fault in the export, not in your data: exclude the learner with --learner and report it"
    return proved(by_kind, "the fitted model", hint=hint)


def proved(kinds: dict[str, KindParity], what: str, *, hint: str) -> Parity:
    """Sum up how closely the graph scores as ``what`` does, kind by kind; raise ParityFailed above the tolerance."""
    worst = max(kinds, key=lambda kind: kinds[kind].largest)
    parity = Parity(
        tolerance=TOLERANCE,
        largest=kinds[worst].largest,
        n_rows=sum(kind.n_rows for kind in kinds.values()),
        by_kind=kinds,
    )
    if not parity.passed:
        message = f"the graph differs from {what} by {parity.largest:.2g} on {worst} rows, more than {TOLERANCE:g}"
        raise ParityFailed(message, hint=hint)
    return parity


def _largest(members: Members, graph: Graph, rows: Rows) -> float:
    fitted, scored = blend(members, rows), graph.run(rows)
    gaps = np.abs(fitted - scored)
    return float("inf") if np.isnan(gaps).any() else float(gaps.max(initial=0.0))


def _chunks(rows: Rows) -> Iterator[Rows]:
    for start in range(0, len(rows), CHUNK_ROWS):
        yield Rows(rows.numbers[start : start + CHUNK_ROWS], rows.texts[start : start + CHUNK_ROWS])


def _blocks(
    members: Members, problem: Problem, rows: Rows, rng: np.random.Generator, most_boundary_rows: int
) -> Iterator[tuple[str, Rows]]:
    yield "training", rows
    yield from difficult_rows(problem.schema, rows, _thresholds(members, most_boundary_rows), rng)


def _thresholds(members: Members, most_boundary_rows: int) -> dict[int, NDArray[np.float64]]:
    """Index in the numbers block → thresholds of any tree of any member on that column."""
    found: dict[int, list[NDArray[np.float64]]] = {}
    for _, member in members:
        for index, values in member.thresholds().items():
            found.setdefault(index, []).append(values)
    return thinned(found, most_boundary_rows)
