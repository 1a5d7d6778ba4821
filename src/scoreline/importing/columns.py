"""Which column of the sample is which feature of an original, and the schema that comes of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import polars as pl
from msgspec.structs import replace

from scoreline.core.errors import BadData, BadSetting
from scoreline.core.schema import NUMERIC_TYPES, Column, Schema
from scoreline.data import Dataset, make_dataset
from scoreline.data.inference import infer
from scoreline.data.names import close_to
from scoreline.data.numbers import read_numbers
from scoreline.importing.original import Described, Feature, Source

SHOWN = 10
"""Names that a sentence lists."""


class Fitted(NamedTuple):
    """A sample whose columns are the features of an original, in its order, and the target where it is there."""

    dataset: Dataset
    schema: Schema
    sources: tuple[Source, ...]


def fit_columns(
    described: Described,
    sample: pl.DataFrame,
    *,
    name: str,
    target: str | None,
    columns: Sequence[str],
    types: Mapping[str, str],
) -> Fitted:
    """Find the features among the columns of ``sample``, and read these as what they are to the original.

    ``columns`` names them in the original's order; without it they have its names, or, where it has none, the order of
    the sample's. Raises BadData, BadSetting.
    """
    names = _names(described, sample.columns, target, columns)
    wishes = {
        column: types.get(column) or _type(feature, sample[column])
        for column, feature in zip(names, described.features, strict=True)
    }
    for column, feature in zip(names, described.features, strict=True):
        kind = wishes[column].partition(":")[0]
        if feature.kind != "any" and (kind in NUMERIC_TYPES) != (feature.kind == "number"):
            raise BadSetting(
                f"column `{column}` cannot be {kind}: the model takes it as a {feature.kind}",
                hint="number, boolean or datetime" if feature.kind == "number" else "category or text",
            )
    kept = [*names, *([target] if target in sample.columns else [])]
    known = target if target in sample.columns else None
    dataset = make_dataset(sample.select(kept), name=name, types=wishes, target=known)
    made = tuple(
        _column(dataset.schema.by_name[column], feature)
        for column, feature in zip(names, described.features, strict=True)
    )
    schema = Schema(made)
    places = {column.name: Source("numbers", i) for i, column in enumerate(schema.numbers)}
    places |= {column.name: Source("texts", i) for i, column in enumerate(schema.texts)}
    return Fitted(dataset, schema, tuple(places[column] for column in names))


def _names(described: Described, found: list[str], target: str | None, columns: Sequence[str]) -> list[str]:
    features = described.features
    if columns:
        _check_given(described, found, columns)
        return list(columns)
    if target in {feature.name for feature in features}:
        raise BadSetting(f"--target {target}: the model takes that column, so it does not predict it")
    free = [column for column in found if column != target]
    if described.named:
        nearly = {_bare(column): column for column in reversed(free)}
        matched = [f.name if f.name in free else nearly.get(_bare(f.name)) for f in features]
        if len({*matched} - {None}) == len(features):
            return [column for column in matched if column is not None]
        absent = [f.name for f, column in zip(features, matched, strict=True) if column is None][:SHOWN]
        raise BadData(
            f"the sample has no column {_listing(absent)}, which the model takes",
            hint=f"{close_to(absent[0], found)}; --columns names the model's columns in its order" if absent else "",
        )
    if len(free) != len(features):
        raise BadData(
            f"the model takes {len(features)} columns without names, and the sample has {len(free)}: {_listing(free)}",
            hint="--columns names those that it takes, in its order; --target names the one that it predicts",
        )
    if not described.ordered:
        raise BadSetting(
            "the model takes its columns in several inputs, without names",
            hint=f"--columns names them in this order: {_listing([feature.name for feature in features])}",
        )
    return free


def _check_given(described: Described, found: list[str], columns: Sequence[str]) -> None:
    if len(columns) != len(described.features) or len(set(columns)) < len(columns):
        raise BadSetting(
            f"--columns names {len(set(columns))} columns, and the model takes {len(described.features)}",
            hint=f"in its own order: {_listing([f.name for f in described.features])}",
        )
    for column in columns:
        if column not in found:
            raise BadSetting(f"--columns: the sample has no column `{column}`", hint=close_to(column, found))


def _type(feature: Feature, values: pl.Series) -> str:
    numbers = read_numbers(values) if values.dtype == pl.String or values.dtype.is_numeric() else None
    kind = feature.kind if feature.kind != "any" else _kind(values)
    if kind == "number":
        if values.dtype == pl.Boolean:
            return "boolean"
        if numbers is None:
            raise BadData(
                f"column `{values.name}` holds {values.dtype}, and the model takes a number", hint="write numbers"
            )
        is_truth = bool(numbers.refused.any()) and infer(values, numbers).type == "boolean"
        return "boolean" if is_truth else "number"
    if feature.levels is None and values.null_count() < len(values) and infer(values, numbers).type == "text":
        return "text"
    return "category"


def _kind(values: pl.Series) -> str:
    if values.dtype != pl.String:
        return "number"
    numbers = read_numbers(values)
    return "text" if numbers.refused.any() and infer(values, numbers).type != "boolean" else "number"


def _column(column: Column, feature: Feature) -> Column:
    """Tell what the original knows better than the sample."""
    if feature.kind == "text" and feature.levels is not None and column.type == "category":
        return replace(column, levels=tuple(sorted(feature.levels)), integer=feature.integer)
    if column.type != "number":
        return column
    lows = [value for value in (column.minimum, feature.low) if value is not None]
    highs = [value for value in (column.maximum, feature.high) if value is not None]
    return replace(column, minimum=min(lows, default=None), maximum=max(highs, default=None))


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _listing(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:SHOWN])
    return shown + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
