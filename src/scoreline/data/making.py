"""From a table as it was found to a dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from scoreline.core.errors import BadData, BadSetting
from scoreline.core.schema import Column, Schema
from scoreline.data.columns import ReadColumn, parse_type, read_column
from scoreline.data.dataset import Dataset
from scoreline.data.inference import Inference
from scoreline.data.names import close_to
from scoreline.data.origin import Finding, Origin
from scoreline.data.plain import plain
from scoreline.data.reading import read_parts, stack


def make_dataset(
    table: pl.DataFrame | str | Path,
    *,
    name: str | None = None,
    types: Mapping[str, str] | None = None,
    drop: Sequence[str] = (),
    target: str | None = None,
    required: Sequence[str] = (),
    schema: Schema | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Dataset:
    """Read a table, infer what its columns hold (decision 0010) and take a snapshot.

    Args:
        table: a frame, a file or a folder of files, as ``read_table`` takes them.
        types: column → ``number``, ``boolean``, ``datetime`` (or ``datetime:`` and its ``strptime`` format),
            ``category`` or ``text``. A column given here is kept even if it looks like an identifier or is constant.
        drop: columns to leave out.
        target: kept whatever it looks like. Rows without it are dropped, with a finding.
        required: columns without which a row may not be scored.
        schema: that of an earlier dataset, such as the training one of a test table: its columns are read the same
            way, and others are left out.

    Raises:
        BadData: the table cannot be read, has no rows or no usable column, or lacks ``target`` or one of ``schema``.
        BadSetting: ``types``, ``drop`` or ``required`` name a column that is not there, or ``types`` an unknown type.
    """
    raw = _read(table, name, delimiter, encoding)
    asked = {"type": types or {}, "drop": drop, "required": required}
    _check_names(raw, target, asked)
    wishes = {column: parse_type(column, type_) for column, type_ in (types or {}).items()}
    if schema is not None:
        _check_schema(raw, schema)
        wishes = {column.name: _as_before(column) for column in schema.columns} | wishes
        drop = [*drop, *(column for column in raw.frame.columns if column not in schema.by_name)]
    excluded = {column: "dropped by the user" for column in drop if column != target}
    read: list[ReadColumn] = []
    for values in raw.frame.drop(excluded).iter_columns():
        column = read_column(
            values,
            raw.origin,
            wish=wishes.get(values.name),
            is_target=values.name == target,
            required=values.name in required,
        )
        if column.column is None:
            excluded[values.name] = column.excluded
        else:
            read.append(column)
    if not read:
        reasons = "; ".join(f"`{column}`: {reason}" for column, reason in list(excluded.items())[:5])
        raise BadData(
            f"{raw.name} has no column to learn from: {reasons}", hint="types keeps a column: types={'id': 'number'}"
        )
    dataset = Dataset(
        name=raw.name,
        frame=pl.DataFrame([column.values for column in read]),
        schema=Schema(columns=tuple(_as_given(column.column, schema) for column in read if column.column)),
        excluded=excluded,
        source=raw.source,
        findings=(*raw.findings, *(finding for column in read for finding in column.findings)),
    )
    return dataset if target is None else _with_target(dataset, target, raw.origin)


class _Raw(NamedTuple):
    frame: pl.DataFrame
    origin: Origin
    name: str
    source: str
    findings: list[Finding]


def _read(table: pl.DataFrame | str | Path, name: str | None, delimiter: str | None, encoding: str | None) -> _Raw:
    if isinstance(table, pl.DataFrame):
        return _Raw(plain(table), Origin([("", len(table))]), name or "dataset", "", [])
    findings: list[Finding] = []
    parts = read_parts(
        table,
        delimiter=delimiter,
        encoding=encoding,
        on_alert=lambda sentence: findings.append(Finding("encoding", "alerted", sentence)),
    )
    origin = Origin([(file, len(frame)) for file, frame in parts])
    stem = Path(table).resolve().name.split(".")[0]
    return _Raw(stack([frame for _, frame in parts]), origin, name or stem or "dataset", str(table), findings)


def _check_names(raw: _Raw, target: str | None, asked: Mapping[str, Iterable[str]]) -> None:
    if not len(raw.frame):
        raise BadData(f"{raw.source or raw.name} has a header but no rows", hint="add one line a row below it")
    columns = raw.frame.columns
    if target is not None and target not in columns:
        raise BadData(f"{raw.source or raw.name} has no column `{target}` to predict", hint=close_to(target, columns))
    for option, names in asked.items():
        for column in names:
            if column not in columns:
                raise BadSetting(f"{option}: {raw.name} has no column `{column}`", hint=close_to(column, columns))


def _check_schema(raw: _Raw, schema: Schema) -> None:
    for column in schema.names:
        if column not in raw.frame.columns:
            raise BadData(
                f"{raw.source or raw.name} has no column `{column}`, which the training table has",
                hint=close_to(column, raw.frame.columns),
            )


def _as_before(column: Column) -> Inference:
    return Inference(column.type, column.datetime_format, integer=column.integer)


def _as_given(column: Column, schema: Schema | None) -> Column:
    return schema.by_name.get(column.name, column) if schema is not None else column


def _with_target(dataset: Dataset, target: str, origin: Origin) -> Dataset:
    absent = dataset.frame[target].is_null()
    n_absent = int(absent.sum())
    if not n_absent:
        return dataset
    if n_absent == dataset.n_rows:
        raise BadData(f"{dataset.name}: every value of the target `{target}` is missing", hint="choose another target")
    sentence = (
        f"{n_absent:,} of {dataset.n_rows:,} rows have no `{target}` and were left out, first {origin.first(absent)}"
    )
    fixed = Finding("missing_target", "fixed", sentence, target)
    return dataset.take((~absent).arg_true().to_numpy()).with_findings(fixed)
