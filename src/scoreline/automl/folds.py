"""Validation: which rows a trial learns from, and which it is judged on. Fixed by the seed, the same for every trial.

The rule is in ``docs/decisions/0051-validation.md``.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scoreline.core.errors import BadData, BadSetting
from scoreline.core.schema import Task

Indices = npt.NDArray[np.int64]

N_FOLDS = 5
N_FORWARD_FOLDS = 3
FORWARD_SHARE = 0.15
"""Rows of one forward fold, as a share of all."""
HOLDOUT_SHARE = 0.2
LARGEST_HOLDOUT_ROWS = 50_000
"""More validation rows than this buy no precision worth their time."""
REPEATED_BELOW_ROWS = ((300, 3), (1_000, 2))
CELLS_PER_SECOND = 50_000
"""Training cells (rows x columns x scores a row, over all folds) a second of budget that folds may cost."""
ALWAYS_FOLDED_ROWS = 2_000
"""So few are always cross-validated: a holdout of them would say nothing."""
FEWEST_ROWS = 10


class Folds(NamedTuple):
    """How trials are judged."""

    pairs: tuple[tuple[Indices, Indices], ...]
    """(training rows, validation rows) of each fold, each sorted."""
    sentence: str

    @property
    def holdout(self) -> bool:
        """One fold only."""
        return len(self.pairs) == 1

    def first_only(self) -> Folds:
        """Leave only the first fold, which makes it a holdout."""
        validates = self.pairs[0][1]
        return Folds(self.pairs[:1], f"holdout of {len(validates):,} rows, the first fold: there was no time for more")


def plan_folds(
    y: npt.NDArray[Any],
    task: Task,
    *,
    n_columns: int,
    seconds: float,
    seed: int,
    times: npt.NDArray[Any] | None = None,
    groups: npt.NDArray[Any] | None = None,
) -> Folds:
    """Choose folds for target ``y`` [n] (label indices or numbers) and a budget of ``seconds``.

    ``times`` [n] (any order; the greater the later) makes every validation row later than its training rows;
    ``groups`` [n] keeps the rows of a group on one side. Raises ``BadData`` with too few rows to judge anything.
    """
    n_rows = len(y)
    if n_rows < FEWEST_ROWS:
        raise BadData(
            f"{n_rows} training rows are too few", hint=f"at least {FEWEST_ROWS} are needed, hundreds are better"
        )
    n_scores = len(np.unique(y)) if task == "multiclass" else 1
    cells = n_rows * n_columns * n_scores * N_FOLDS
    affordable = cells <= CELLS_PER_SECOND * seconds or n_rows <= ALWAYS_FOLDED_ROWS
    rng = np.random.default_rng(seed)
    if times is not None:
        return _forward(times, affordable)
    if groups is not None:
        return _grouped(groups, affordable, rng)
    strata = None if task == "regression" else y
    if not affordable:
        share = min(HOLDOUT_SHARE, LARGEST_HOLDOUT_ROWS / n_rows)
        order = _order(y, strata, rng)
        position = np.arange(len(order))
        chosen = np.sort(order[np.floor((position + 1) * share) > np.floor(position * share)])
        how = "random" if strata is None else "stratified"
        return Folds((_pair(chosen, n_rows),), f"{how} holdout of {len(chosen):,} rows")
    wanted = next((times_ for below, times_ in REPEATED_BELOW_ROWS if n_rows < below), 1)
    repeats = max(1, min(wanted, int(CELLS_PER_SECOND * seconds / cells)))
    pairs = tuple(pair for _ in range(repeats) for pair in _dealt(y, strata, rng))
    kind = "cross-validation" if strata is None else "stratified cross-validation"
    again = f", repeated {repeats} times" if repeats > 1 else ""
    return Folds(pairs, f"{kind}, {N_FOLDS} folds{again}")


def _dealt(
    y: npt.NDArray[Any], strata: npt.NDArray[Any] | None, rng: np.random.Generator
) -> list[tuple[Indices, Indices]]:
    order = _order(y, strata, rng)
    fold = np.arange(len(order)) % N_FOLDS
    return [_pair(np.sort(order[fold == k]), len(y)) for k in range(N_FOLDS)]


def _order(y: npt.NDArray[Any], strata: npt.NDArray[Any] | None, rng: np.random.Generator) -> Indices:
    """Rows such that neighbours are alike, so that dealing them out gives every fold the same mixture.

    A class of one row is left out: it always trains, since nothing could be learned about it otherwise.
    """
    shuffled = rng.permutation(len(y))
    if strata is None:
        ranked = shuffled[np.argsort(y[shuffled], kind="stable")]
        whole = len(ranked) // N_FOLDS * N_FOLDS
        mixed = rng.permuted(ranked[:whole].reshape(-1, N_FOLDS), axis=1).ravel()
        return np.concatenate([mixed, ranked[whole:]])
    _, codes, counts = np.unique(strata, return_inverse=True, return_counts=True)
    kept = shuffled[counts[codes[shuffled]] > 1]
    return kept[np.argsort(codes[kept], kind="stable")]


def _forward(times: npt.NDArray[Any], affordable: bool) -> Folds:
    order = np.argsort(times, kind="stable")
    ranked = times[order]
    n_rows = len(order)
    if affordable:
        edges = [round(n_rows * (1 - FORWARD_SHARE * k)) for k in range(N_FORWARD_FOLDS + 1)]
    else:
        edges = [n_rows, n_rows - round(min(n_rows * HOLDOUT_SHARE, LARGEST_HOLDOUT_ROWS))]
    # rows of one moment stay together, on the later side
    edges = [n_rows, *(int(np.searchsorted(ranked, ranked[edge], side="left")) for edge in edges[1:])]
    pairs = tuple(
        (np.sort(order[:start]), np.sort(order[start:end])) for end, start in pairwise(edges) if 0 < start < end
    )
    if not pairs:
        raise BadData("every row has the same time, so none is later than the others", hint="choose another split")
    if len(pairs) == 1:
        return Folds(pairs, f"the latest {len(pairs[0][1]):,} rows as holdout")
    return Folds(pairs, f"forward validation, {len(pairs)} folds, each later than the rows it learns from")


def _grouped(groups: npt.NDArray[Any], affordable: bool, rng: np.random.Generator) -> Folds:
    _, codes, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(sizes) < 2:
        raise BadSetting("a group split needs at least 2 groups, found 1", hint="choose another split or column")
    n_folds = min(N_FOLDS, len(sizes))
    fold_of_group = np.zeros(len(sizes), dtype=np.int64)
    filled = np.zeros(n_folds)
    shuffled = rng.permutation(len(sizes))
    for group in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        fold_of_group[group] = smallest = int(np.argmin(filled))
        filled[smallest] += sizes[group]
    fold = fold_of_group[codes]
    pairs = tuple(_pair(np.flatnonzero(fold == k), len(groups)) for k in range(n_folds if affordable else 1))
    if len(pairs) == 1:
        return Folds(pairs, f"holdout of {len(pairs[0][1]):,} rows, no group on both sides")
    return Folds(pairs, f"cross-validation, {n_folds} folds, no group on both sides")


def _pair(validation: Indices, n_rows: int) -> tuple[Indices, Indices]:
    trains = np.ones(n_rows, dtype=bool)
    trains[validation] = False
    return np.flatnonzero(trains), validation
