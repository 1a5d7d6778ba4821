"""Column and Schema: the contract of a table and of a scoring pipeline's input."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Literal

import msgspec

ColumnType = Literal["number", "boolean", "datetime", "category", "text"]
Task = Literal["binary", "multiclass", "regression"]
Label = bool | int | float | str
"""A class in its original type."""

NUMERIC_TYPES: frozenset[str] = frozenset({"number", "boolean", "datetime"})
"""Types that travel in the ``numbers`` block; the others travel in ``texts``."""

MISSING_TOKENS: frozenset[str] = frozenset({"", "na", "n/a", "#n/a", "nan", "-nan", "null", "none", "?", "-", "."})
"""Texts (stripped, lower case) that stand for missing in a number, boolean or datetime column.

In a category or text column only the empty text is missing: ``none`` and ``unknown`` are levels like any other.
"""

LARGEST_NUMBER = 3.4028234663852886e38
"""The largest float32. A number beyond it is infinite, and an infinite number is missing."""


class Column(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One field of a schema."""

    name: str
    type: ColumnType
    required: bool = False
    """An absent or missing value is an error. By default it scores as missing."""
    integer: bool = False
    """Every number seen was whole; of a category: every level is an integer code (``3.0`` and ``"3"`` are ``3``)."""
    levels: tuple[str, ...] = ()
    """Category: the levels seen in training, sorted."""
    minimum: float | None = None
    maximum: float | None = None
    """Number and boolean: the range seen in training; datetime: seconds since 1970-01-01 UTC."""
    datetime_format: str | None = None
    """``strptime`` format of texts in a datetime column; ISO 8601 is always understood."""
    example: Any = None
    """A real value, as a caller would send it in JSON."""


class Schema(msgspec.Struct, frozen=True, dict=True):
    """Columns in order."""

    columns: tuple[Column, ...]

    @cached_property
    def numbers(self) -> tuple[Column, ...]:
        """The columns of the ``numbers`` block, in block order."""
        return tuple(column for column in self.columns if column.type in NUMERIC_TYPES)

    @cached_property
    def texts(self) -> tuple[Column, ...]:
        """The columns of the ``texts`` block, in block order."""
        return tuple(column for column in self.columns if column.type not in NUMERIC_TYPES)

    @cached_property
    def by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


def label_text(label: Label) -> str:
    """Write a class as text, for names of columns and keys of JSON: ``bad``, ``3``, ``true``, ``0.5``."""
    if isinstance(label, bool):
        return "true" if label else "false"
    if isinstance(label, float) and label.is_integer():
        return str(int(label))
    return str(label)
