"""One raw column into its canonical values and its entry in the schema, or out with a reason."""

from __future__ import annotations

from typing import Any, NamedTuple, cast, get_args

import polars as pl

from scoreline.core.errors import BadSetting
from scoreline.core.schema import Column, ColumnType
from scoreline.data.canonical import canonical
from scoreline.data.datetimes import ISO, find_format
from scoreline.data.inference import DISTINCT_FOR_DIRTY, Inference, infer, is_formatted, padded
from scoreline.data.numbers import Numbers, present_texts, read_numbers
from scoreline.data.origin import Finding, Origin

LEVELS_LISTED = 10_000
"""A category with more levels lists none of them in the schema."""
MOSTLY = 0.5
TYPES: tuple[str, ...] = get_args(ColumnType)


class ReadColumn(NamedTuple):
    """A column ready for a dataset, or (``column`` is None) the reason why it is left out."""

    column: Column | None
    values: pl.Series
    excluded: str = ""
    findings: tuple[Finding, ...] = ()


def parse_type(name: str, wish: str) -> Inference:
    """Read a type as a user writes it: ``number``, ``category``, …, or with a format ``datetime:%d/%m/%Y``.

    Raises:
        BadSetting: there is no such type.
    """
    type_, _, format_ = wish.partition(":")
    if type_ not in TYPES or (format_ and type_ != "datetime"):
        raise BadSetting(
            f"column `{name}`: unknown type {wish!r}",
            hint=f"one of {', '.join(TYPES)}; the format of dates may follow, as in datetime:%d/%m/%Y",
        )
    return Inference(cast(ColumnType, type_), format_ or None)


def read_column(
    values: pl.Series, origin: Origin, *, wish: Inference | None, is_target: bool = False, required: bool = False
) -> ReadColumn:
    """Infer what a plain column holds, or take ``wish`` for it, and bring its values to that type.

    A column that was wished for, and the target, are never left out as identifier or constant.

    Raises:
        BadData: values are there and none is of the type wished for.
    """
    keep = wish is not None or is_target
    if values.dtype.is_nested() or values.dtype in (pl.Binary, pl.Object):
        return ReadColumn(None, values, f"nested or binary values ({values.dtype}) cannot be learned from")
    if values.dtype.is_float():
        values = values.fill_nan(None)
    empty = _all_missing(values)
    if empty and not keep:
        return ReadColumn(None, values, "every value is missing")
    numbers = read_numbers(values) if values.dtype == pl.String or values.dtype.is_numeric() else None
    inference = wish or (Inference("number") if empty else infer(values, numbers))
    if wish and wish.type == "datetime" and not wish.format and values.dtype == pl.String:
        found = find_format(values.filter(present_texts(values)).unique(maintain_order=True), MOSTLY)
        inference = Inference("datetime", found.format, found.swapped) if found else wish
    if inference.identifier and not keep:
        return ReadColumn(None, values, inference.identifier)
    type_ = _target_type(values, numbers, inference) if is_target and wish is None else inference.type
    read = canonical(values, type_, origin, format_=inference.format, codes=inference.integer)
    if not keep and read.values.n_unique() == 1:
        return ReadColumn(
            None, values, f"constant: every value is {_example(values, read.values, type_, read.integer)!r}"
        )
    column = _describe(values, read.values, type_, inference.format, read.integer, required)
    findings = [*read.findings, *_doubts(values, numbers, inference, type_, origin)]
    return ReadColumn(column, read.values, findings=tuple(findings))


def _all_missing(values: pl.Series) -> bool:
    if values.dtype == pl.String:
        return not present_texts(values).any()
    return values.null_count() == len(values)


def _target_type(values: pl.Series, numbers: Numbers | None, inference: Inference) -> ColumnType:
    if inference.type == "text":
        return "category"
    is_code = inference.type == "category" and numbers is not None and not numbers.refused.any()
    if is_code and not (values.dtype == pl.String and padded(values)):
        return "number"
    return inference.type


def _describe(
    raw: pl.Series, values: pl.Series, type_: ColumnType, format_: str | None, integer: bool, required: bool
) -> Column:
    levels: tuple[str, ...] = ()
    low = high = None
    if type_ == "category":
        distinct = values.drop_nulls().unique()
        levels = tuple(sorted(distinct.to_list())) if len(distinct) <= LEVELS_LISTED else ()
    elif type_ != "text" and values.null_count() < len(values):
        numbers = values.dt.epoch("us") / 1e6 if type_ == "datetime" else values.cast(pl.Float64)
        low, high = cast(float, numbers.min()), cast(float, numbers.max())
    return Column(
        name=values.name,
        type=type_,
        required=required,
        integer=integer,
        levels=levels,
        minimum=low,
        maximum=high,
        datetime_format=None if format_ == ISO else format_,
        example=_example(raw, values, type_, integer),
    )


def _example(raw: pl.Series, values: pl.Series, type_: ColumnType, integer: bool) -> Any:
    """Show the first value as a caller would send it in JSON."""
    if values.null_count() == len(values):
        return None
    index = int(values.is_not_null().arg_max() or 0)
    if type_ == "datetime":
        return raw[index] if raw.dtype == pl.String else values[index].isoformat()
    return int(values[index]) if integer else values[index]


def _doubts(
    values: pl.Series, numbers: Numbers | None, inference: Inference, type_: ColumnType, origin: Origin
) -> list[Finding]:
    name, doubts = values.name, []
    if inference.swapped:
        sentence = (
            f"column `{name}`: day and month could be either; read as {inference.format}, "
            f"else set its type to datetime:{inference.swapped}"
        )
        doubts.append(Finding("date_order", "alerted", sentence, name))
    if values.dtype != pl.String or numbers is None or type_ not in ("category", "text"):
        return doubts
    n_present, n_refused = int(numbers.present.sum()), int(numbers.refused.sum())
    if n_refused < MOSTLY * n_present and n_refused and numbers.values.n_unique() >= DISTINCT_FOR_DIRTY:
        sentence = (
            f"column `{name}`: {n_present - n_refused:,} of {n_present:,} values are numbers but others are not, "
            f"first {values.filter(numbers.refused)[0]!r} at {origin.first(numbers.refused)}; learned as {type_}"
        )
        doubts.append(Finding("mixed_types", "alerted", sentence, name))
    if is_formatted(values, numbers):
        sentence = (
            f"column `{name}` looks like numbers that are written with signs, such as "
            f"{values.filter(numbers.refused)[0]!r} at {origin.first(numbers.refused)}; learned as {type_}, "
            "so write plain numbers with a decimal point to have numbers"
        )
        doubts.append(Finding("mixed_types", "alerted", sentence, name))
    return doubts
