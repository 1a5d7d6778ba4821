"""Raw values into the one form of their type, as the scoring door would read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import polars as pl

from scoreline.core.errors import BadData
from scoreline.core.schema import ColumnType
from scoreline.data.datetimes import ISO, parse_all
from scoreline.data.numbers import is_whole, present_texts, read_numbers
from scoreline.data.origin import Finding, Origin

SPACE = r"[ \t\n\r\f\v]*"
CODES = rf"^{SPACE}(-?(?:0|[1-9][0-9]*))(?:\.0*)?{SPACE}$"
TRUE, FALSE = ("true", "t", "yes", "y", "1", "1.0"), ("false", "f", "no", "n", "0", "0.0")


class Canonical(NamedTuple):
    """The values of a column in the form of its type, and what was found in reading them."""

    values: pl.Series
    """number Float64, boolean Boolean, datetime Datetime[µs] in UTC, category and text String; missing is null."""
    integer: bool
    findings: list[Finding]


def canonical(
    values: pl.Series, type_: ColumnType, origin: Origin, *, format_: str | None = None, codes: bool | None = None
) -> Canonical:
    """Read ``values`` as ``type_``; a cell that is not of the type becomes missing, with a finding.

    ``format_`` is that of dates. ``codes`` says whether a category's texts are integer codes; None: if all are.

    Raises:
        BadData: cells are present and none is of the type.
    """
    if type_ == "number":
        return _number(values, origin)
    if type_ == "category":
        return _category(to_text(values), codes)
    if type_ == "text":
        return Canonical(to_text(values).replace("", None), False, [])
    read: Callable[[pl.Series, str | None], tuple[pl.Series, pl.Series]]
    read = _boolean if type_ == "boolean" else _datetime
    known, present = read(values, format_)
    refused = present & known.is_null()
    return Canonical(known, False, _refusals(values, refused, present, type_, origin))


def to_text(values: pl.Series) -> pl.Series:
    """Write values as category texts: booleans ``true`` and ``false``, whole numbers without a point."""
    if values.dtype == pl.String:
        return values
    if values.dtype == pl.Boolean:
        return values.replace_strict([True, False], ["true", "false"], default=None, return_dtype=pl.String)
    if values.dtype.is_float():
        floats = values.cast(pl.Float64).to_list()
        return pl.Series(values.name, [_float_text(number) for number in floats], pl.String)
    if values.dtype.is_temporal():
        return values.dt.to_string("iso:strict")
    return values.cast(pl.String)


def _category(texts: pl.Series, codes: bool | None) -> Canonical:
    is_code = texts.str.contains(CODES)
    integer = (bool(is_code.all()) and is_code.count() > 0) if codes is None else codes
    if integer:
        code = texts.str.extract(CODES).replace("-0", "0")
        texts = code.fill_null(texts)
    return Canonical(texts.replace("", None), integer, [])


def _float_text(number: float | None) -> str | None:
    if number is None or number != number or number in (float("inf"), float("-inf")):
        return None
    return str(int(number)) if number == int(number) else repr(number)


def _number(values: pl.Series, origin: Origin) -> Canonical:
    if values.dtype.is_temporal():
        values = values.cast(pl.Datetime("us")).dt.epoch("us") / 1e6
    numbers = read_numbers(values)
    findings = _refusals(values, numbers.refused & numbers.values.is_null(), numbers.present, "number", origin)
    if numbers.infinite.any():
        findings.append(
            Finding(
                "infinite_numbers",
                "alerted",
                f"column `{values.name}`: {int(numbers.infinite.sum()):,} infinite numbers are read as missing, "
                f"first at {origin.first(numbers.infinite)}",
                values.name,
            )
        )
    return Canonical(numbers.values, is_whole(numbers.values), findings)


def _boolean(values: pl.Series, _: str | None) -> tuple[pl.Series, pl.Series]:
    if values.dtype == pl.Boolean:
        return values, values.is_not_null()
    texts = to_text(values)
    folded = texts.str.strip_chars().str.to_lowercase()
    truth = dict.fromkeys(TRUE, True) | dict.fromkeys(FALSE, False)
    return folded.replace_strict(truth, default=None, return_dtype=pl.Boolean), present_texts(texts)


def _datetime(values: pl.Series, format_: str | None) -> tuple[pl.Series, pl.Series]:
    type_ = values.dtype
    if isinstance(type_, pl.Datetime) and type_.time_zone:
        values = values.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    if type_.is_temporal():
        return values.cast(pl.Datetime("us")), values.is_not_null()
    if type_ == pl.String:
        return parse_all(values, format_ or ISO), present_texts(values)
    seconds = read_numbers(values).values
    return (seconds * 1e6).cast(pl.Int64, strict=False).cast(pl.Datetime("us")), seconds.is_not_null()


def _refusals(values: pl.Series, refused: pl.Series, present: pl.Series, type_: str, origin: Origin) -> list[Finding]:
    n_refused, n_present = int(refused.sum()), int(present.sum())
    if not n_refused:
        return []
    value, place = values.filter(refused)[0], origin.first(refused)
    if n_refused == n_present:
        raise BadData(
            f"column `{values.name}` holds no {type_}: the first value is {value!r}, at {place}",
            hint="let its type be inferred, or make it a category",
        )
    sentence = (
        f"column `{values.name}`: {n_refused:,} of {n_present:,} values are no {type_} and are read as missing, "
        f"first {value!r} at {place}; scoring refuses such a value, so send null, or make the column a category"
    )
    return [Finding("mixed_types", "alerted", sentence, values.name)]
