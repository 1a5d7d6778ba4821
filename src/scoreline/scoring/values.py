"""What one value may be: the door rules, the same for every dialect, file and frame.

A reader takes one value as JSON, CSV, Python or a frame gives it, and returns the float or text that the graph gets.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

from scoreline.core.errors import SchemaMismatch
from scoreline.core.schema import LARGEST_NUMBER, MISSING_TOKENS, Column

NAN = float("nan")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TRUTHS = {"true": 1.0, "false": 0.0}
BOOLEANS = TRUTHS | {"t": 1.0, "f": 0.0, "yes": 1.0, "no": 0.0, "y": 1.0, "n": 0.0}
INTEGER_CODE = re.compile(r"\s*(-?(?:0|[1-9]\d*))(?:\.0*)?\s*", re.ASCII)
COMPACT_DATE = re.compile(r"\d{8}", re.ASCII)
PANDAS_MISSING = frozenset({"NAType", "NaTType"})
LONGEST_QUOTE = 60
"""Characters of an unreadable value that an error repeats."""

NumberReader = Callable[[Any], float]
TextReader = Callable[[Any], str]


class Unreadable(ValueError):
    """A value is not of its column's type. ``str`` says what was expected and found; ``hint`` says what would do."""

    def __init__(self, expected: str, value: object, hint: str) -> None:
        quoted = repr(value)
        if len(quoted) > LONGEST_QUOTE:
            quoted = quoted[: LONGEST_QUOTE - 1] + "…"
        super().__init__(f"expected {expected}, found {quoted}")
        self.hint = hint


def mismatch(i: int, column: Column, error: Unreadable) -> SchemaMismatch:
    """Say where an unreadable value stands: in row ``i`` (from 0) of the rows that were sent."""
    message = f"row {i + 1}, column `{column.name}`: {error}"
    return SchemaMismatch(message, hint=error.hint, row=i + 1, column=column.name)


def number_reader(column: Column) -> NumberReader:
    """Make the reader of a column of the ``numbers`` block; missing, infinite or beyond a float32 becomes NaN."""
    if column.type == "datetime":
        return _DatetimeReader(column.datetime_format)
    return _read_boolean if column.type == "boolean" else _read_number


def text_reader(column: Column) -> TextReader:
    """Make the reader of a column of the ``texts`` block; missing becomes ``""``."""
    if column.type == "category":
        return _read_integer_code if column.integer else _read_category
    return _read_text


def bounded(value: float) -> float:
    """Return ``value``, or NaN where it is infinite or would be as a float32."""
    return value if -LARGEST_NUMBER <= value <= LARGEST_NUMBER else NAN


def integer_code(text: str) -> str:
    """Write an integer code one way: ``"3"``, ``"3.0"`` and ``" 3 "`` are ``3``; other texts, as ``"03"``, stay."""
    match = INTEGER_CODE.fullmatch(text)
    if match is None:
        return text
    return "0" if match[1] == "-0" else match[1]


def seconds(moment: date) -> float:
    """Count the seconds since 1970-01-01 UTC of a date or datetime; without an offset it is UTC.

    Whole seconds and microseconds are added as floats, as ``frames`` does, so that both give the same bits.
    """
    if not isinstance(moment, datetime):
        return (moment.toordinal() - EPOCH.toordinal()) * 86400.0
    delta = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)) - EPOCH
    return float(delta.days * 86400 + delta.seconds) + delta.microseconds / 1e6


def _read_number(value: Any) -> float:
    return _to_float(value, "a number", TRUTHS, "a number, or a text such as '158.2'; null stands for missing")


def _read_boolean(value: Any) -> float:
    return _to_float(value, "true or false", BOOLEANS, "true, false, 1, 0, yes or no; null stands for missing")


def _to_float(value: Any, expected: str, words: dict[str, float], hint: str) -> float:
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            word = value.strip().lower()
            if word in MISSING_TOKENS:
                return NAN
            if word in words:
                return words[word]
            raise Unreadable(expected, value, hint) from None
        if "_" in value:
            raise Unreadable(expected, value, hint)
        return bounded(number)
    if _is_number(value):
        return _plain_float(value)
    if _is_missing(value):
        return NAN
    raise Unreadable(expected, value, hint)


class _DatetimeReader:
    """Reads dates and times, in the column's own format if it has one."""

    def __init__(self, strptime_format: str | None) -> None:
        self._format = strptime_format
        self._hint = (
            f"{'ISO 8601' if strptime_format is None else f'{strptime_format} or ISO 8601'}, such as 2024-05-31 or "
            "2024-05-31T14:30:00Z, or seconds since 1970; null stands for missing"
        )

    def __call__(self, value: Any) -> float:
        if isinstance(value, str):
            return self._read_text(value.strip(), value)
        if _is_missing(value):
            return NAN
        if isinstance(value, date):
            return seconds(value)
        if isinstance(value, np.datetime64):
            whole, rest = divmod(int(value.astype("datetime64[us]").astype(np.int64)), 1_000_000)
            return float(whole) + rest / 1e6
        if _is_number(value):
            number = _plain_float(value)
            # 20240531 may be a date of the format %Y%m%d, as it is when it comes as text.
            return self._read_text(str(int(number)), value) if self._format and number.is_integer() else number
        raise Unreadable("a date or time", value, self._hint)

    def _read_text(self, text: str, value: Any) -> float:
        # ISO's compact `20240531` is a number too; any other number is one of seconds, as it is when it is no text.
        iso = datetime.fromisoformat
        for read in (self._by_format, *((iso, _by_number) if COMPACT_DATE.fullmatch(text) else (_by_number, iso))):
            try:
                found = read(text)
            except ValueError:
                continue
            return found if isinstance(found, float) else seconds(found)
        if text.lower() in MISSING_TOKENS:
            return NAN
        raise Unreadable("a date or time", value, self._hint)

    def _by_format(self, text: str) -> datetime:
        if self._format is None:
            raise ValueError
        return datetime.strptime(text, self._format)  # noqa: DTZ007 - without an offset it is UTC: see ``seconds``


def _by_number(text: str) -> float:
    if "_" in text:
        raise ValueError
    return bounded(float(text))


def _read_category(value: Any) -> str:
    return _to_text(value, "a category (text, number or boolean)")


def _read_integer_code(value: Any) -> str:
    return integer_code(_to_text(value, "a category (text, number or boolean)"))


def _read_text(value: Any) -> str:
    return _to_text(value, "a text")


def _to_text(value: Any, expected: str) -> str:
    if isinstance(value, str):
        return _unicode(value)
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if _is_number(value):
        if isinstance(value, int | np.integer):
            return str(int(value))
        number = float(value)
        if not np.isfinite(number):
            return ""
        return str(int(number)) if number.is_integer() else repr(number)
    if _is_missing(value):
        return ""
    if isinstance(value, date):
        return value.isoformat()
    raise Unreadable(expected, value, "null or an empty text stands for missing")


def _unicode(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unreadable("a text of valid Unicode", text, "a lone surrogate such as \\ud800 cannot be scored") from None
    return str.__str__(text)


def _is_number(value: Any) -> bool:
    # A NumPy duration counts as an integer to Python, but is no number of anything until its unit is named.
    return isinstance(value, Real | Decimal | np.bool_) and not isinstance(value, np.timedelta64)


def _plain_float(value: Any) -> float:
    try:
        return bounded(float(value))
    except (OverflowError, ValueError):  # an integer beyond float64; a signalling Decimal NaN
        return NAN


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ in PANDAS_MISSING:
        return True
    return isinstance(value, np.datetime64 | np.timedelta64) and bool(np.isnat(value))
