"""Training and test rows of a dataset."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoreline.core.errors import BadData, BadSetting
from scoreline.data.dataset import Dataset
from scoreline.data.names import close_to

SplitKind = Literal["random", "stratified", "time", "group"]
Rows = NDArray[np.int64]
TARGET_BINS = 10
"""A number target is stratified by this many equal groups of its values."""
MANY_LEVELS = 50


class Split(NamedTuple):
    """Row indices of each side, ascending."""

    train: Rows
    test: Rows


def split(
    dataset: Dataset,
    kind: SplitKind,
    *,
    test_share: float = 0.2,
    seed: int,
    target: str | None = None,
    column: str | None = None,
) -> Split:
    """Split rows into training and test: the same arguments always give the same split.

    ``random`` draws rows. ``stratified`` draws the same share of every class of ``target`` (of ten groups of its values
    where it is a number of many levels); a class of one row trains. ``time`` takes the latest rows by ``column`` (else
    the only datetime column), never dividing rows of one moment. ``group`` draws whole groups of equal ``column``.

    Raises:
        BadSetting: ``kind``, ``test_share`` or ``column`` is not possible.
        BadData: a side would have no rows.
    """
    if not 0 < test_share < 1:
        raise BadSetting(f"the test share is {test_share}", hint="between 0 and 1, such as 0.2")
    random = np.random.default_rng(seed)
    if kind == "random":
        test = random.permutation(dataset.n_rows)[: _size(dataset.n_rows, test_share)]
    elif kind == "stratified":
        if target is None:
            raise BadSetting("a stratified split needs the target")
        test = _stratified(_strata(_column(dataset, target, kind)), test_share, random)
    elif kind == "time":
        test = _latest(_column(dataset, column or _only_datetime(dataset), kind), test_share)
    elif kind == "group":
        if column is None:
            raise BadSetting("a group split needs the column that names the groups")
        test = _groups(_column(dataset, column, kind), test_share, random)
    else:
        raise BadSetting(f"unknown split {kind!r}", hint=f"one of {', '.join(get_args(SplitKind))}")
    is_test = np.zeros(dataset.n_rows, bool)
    is_test[test] = True
    if not is_test.any() or is_test.all():
        empty = "training" if is_test.all() else "test"
        raise BadData(f"a {kind} split of {dataset.n_rows} rows leaves no {empty} rows", hint="change the test share")
    return Split(np.flatnonzero(~is_test), np.flatnonzero(is_test))


def _size(n_rows: int, share: float) -> int:
    return min(max(round(n_rows * share), 1), n_rows - 1)


def _strata(values: pl.Series) -> NDArray[np.int64]:
    if values.dtype == pl.Float64 and values.n_unique() > MANY_LEVELS:
        order = values.fill_null(np.nan).to_numpy().argsort(kind="stable")
        strata = np.empty(len(values), np.int64)
        strata[order] = np.arange(len(values)) * TARGET_BINS // len(values)
        return strata
    return (values.rank("dense").fill_null(0).cast(pl.Int64)).to_numpy()


def _stratified(strata: NDArray[np.int64], share: float, random: np.random.Generator) -> Rows:
    """Take ``share`` of each stratum; the rows left over by rounding go to the strata that lost most by it."""
    groups = [np.flatnonzero(strata == stratum) for stratum in np.unique(strata)]
    wanted = np.array([len(group) * share for group in groups])
    sizes = np.floor(wanted).astype(int)
    short = _size(len(strata), share) - int(sizes.sum())
    single = np.array([len(group) < 2 for group in groups])
    lost = np.where(single, -1.0, wanted - sizes) + random.random(len(groups)) * 1e-9
    sizes[np.argsort(-lost)[: max(short, 0)]] += 1
    sizes[single] = 0
    return np.concatenate([random.permutation(group)[:size] for group, size in zip(groups, sizes, strict=True)])


def _latest(values: pl.Series, share: float) -> Rows:
    """Take the latest rows; a missing moment counts as the earliest."""
    if values.dtype not in (pl.Datetime("us"), pl.Float64):
        raise BadSetting(f"a time split needs dates or numbers, but `{values.name}` holds neither")
    moments = (values.dt.epoch("us") if values.dtype != pl.Float64 else values).cast(pl.Float64)
    times = moments.fill_null(-np.inf).to_numpy()
    ordered = np.sort(times)
    cut = ordered[len(ordered) - _size(len(ordered), share)]
    if cut == ordered[0]:
        return np.flatnonzero(times > cut)
    return np.flatnonzero(times >= cut)


def _groups(values: pl.Series, share: float, random: np.random.Generator) -> Rows:
    """Draw groups until the test rows are as near to ``share`` as whole groups come; rows without a group are one."""
    names = values.rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
    groups, sizes = np.unique(names, return_counts=True)
    drawn = random.permutation(len(groups))
    total = np.cumsum(sizes[drawn])
    n_drawn = int(np.argmin(np.abs(total - len(values) * share))) + 1
    return np.flatnonzero(np.isin(names, groups[drawn[:n_drawn]]))


def _column(dataset: Dataset, name: str, kind: str) -> pl.Series:
    if name not in dataset.schema.by_name:
        why = f": it was left out ({dataset.excluded[name]})" if name in dataset.excluded else ""
        hint = "give its type to keep it" if why else close_to(name, dataset.schema.names)
        raise BadSetting(f"a {kind} split needs column `{name}`, which {dataset.name} lacks{why}", hint=hint)
    return dataset.frame[name]


def _only_datetime(dataset: Dataset) -> str:
    names = [column.name for column in dataset.schema.columns if column.type == "datetime"]
    if len(names) != 1:
        found = ", ".join(f"`{name}`" for name in names) or "none"
        raise BadSetting(f"a time split needs to know its column; datetime columns: {found}", hint="give its name")
    return names[0]
