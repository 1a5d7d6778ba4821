"""Conditions on records, as a person types them: ``age > 30``, ``purpose=radio``, or an expression of SQL."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl

from scoreline.core.errors import BadSetting

COMPARISONS: dict[str, Callable[[Any, Any], pl.Expr]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_PLAIN = re.compile(r"""\s*(?P<name>[^=<>!]+?)\s*(?P<how>[=<>!]{1,2})\s*(?P<value>'[^']*'|[^\s'"()]+)\s*""")
_QUOTED = re.compile(r"""'[^']*'|"[^"]*\"""")
_QUERY = re.compile(r"\b(select|over)\b", re.IGNORECASE)
_TRUTHS = {"true": True, "false": False}


def condition(text: str, columns: Mapping[str, pl.DataType]) -> pl.Expr:
    """Read a condition on records with these columns. Raises BadSetting.

    A column, a comparison and a value are understood as they stand, whatever dots the column's name has, without quotes
    around the value. Anything else is an expression of SQL; names that are not plain stand in double quotes there.
    """
    match = _PLAIN.fullmatch(text)
    if match is not None and match["how"] in COMPARISONS and (name := match["name"].strip('"')) in columns:
        value = _value(match["value"], columns[name], name)
        return COMPARISONS[match["how"]](pl.col(name), value)
    if _QUERY.search(_QUOTED.sub("", text)):
        raise BadSetting(f"{text!r} asks for more than the record itself", hint=_hint(columns))
    try:
        found = pl.sql_expr(text)
        pl.DataFrame(schema=dict(columns)).filter(found)
    except (pl.exceptions.PolarsError, TypeError) as error:
        told = str(error).partition("\n")[0].partition("; valid columns")[0]
        raise BadSetting(f"{text!r} is no condition on these records: {told}", hint=_hint(columns)) from None
    return found


def _value(text: str, kind: pl.DataType, name: str) -> Any:
    bare = text[1:-1] if text.startswith("'") else text
    try:
        if kind.is_numeric():
            return float(bare)
        if kind == pl.Boolean:
            return _TRUTHS[bare.lower()]
        if isinstance(kind, pl.Datetime):
            moment = datetime.fromisoformat(bare)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return pl.lit(moment.astimezone(UTC).replace(tzinfo=None)).dt.replace_time_zone(kind.time_zone)
    except (ValueError, KeyError):
        held = "numbers" if kind.is_numeric() else "true and false" if kind == pl.Boolean else "dates and times"
        hint = "for example 2026-11-20T10:30" if isinstance(kind, pl.Datetime) else ""
        raise BadSetting(f"column `{name}` holds {held}, and {bare!r} is none of these", hint=hint) from None
    return bare


def _hint(columns: Mapping[str, pl.DataType]) -> str:
    return f"columns: {', '.join(columns)}; texts stand in single quotes, names with dots in double quotes"
