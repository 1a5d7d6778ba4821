"""What a column holds, decided by its values and its name: the rules of decision 0010."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from scoreline.core.schema import ColumnType
from scoreline.data.datetimes import find_format
from scoreline.data.names import names_code, names_identifier, names_time
from scoreline.data.numbers import Numbers, is_whole

DIRTY_SHARE = 0.01
"""A column is numbers, or dates, although this share of its cells is not; one cell may always be, of at least 20."""
ROWS_FOR_ONE_DIRTY = 20
DISTINCT_FOR_DIRTY = 10
"""Numbers must be at least this varied before a text among them counts as dirt: ``1 2 3 10+`` is a category."""
CODE_WIDTH = 3
CODE_REPEATS = 5.0
COUNTING_ROWS, RUNNING_ROWS = 20, 100
FORMATTED = r"^\s*[$€£¥]?\s*[+-]?\d+([.,' ]\d{3})*([.,]\d+)?\s*[%€$£¥]?\s*$"
KEY_SHARE = 0.98
"""A column named as a key is one although a few rows are there twice."""
TEXT_SHARE, TEXT_WORDS, TEXT_DISTINCT = 0.3, 2.0, 10
LONG_SHARE, LONG_WORDS, LONG_CHARACTERS = 0.05, 6.0, 60.0


class Inference(NamedTuple):
    """What a column was taken for."""

    type: ColumnType
    format: str | None = None
    """Datetime texts: ``ISO`` or a ``strptime`` format."""
    swapped: str | None = None
    """Datetime texts: the other order of day and month that fits as well."""
    integer: bool | None = None
    """Category: whether its texts are integer codes; None leaves that to them."""
    identifier: str = ""
    """Why the column tells rows apart and nothing else."""


def infer(values: pl.Series, numbers: Numbers | None) -> Inference:
    """Infer what a plain column holds; ``numbers`` are its texts or numbers read as numbers, None for other types."""
    if numbers is None:
        return Inference("boolean" if values.dtype == pl.Boolean else "datetime")
    if values.dtype.is_float():
        return Inference("category" if _is_code(values.name, numbers) else "number")
    if values.dtype.is_integer():
        return _infer_whole(values, numbers)
    n_present = int(numbers.present.sum())
    if n_present and not numbers.refused.any():
        return _infer_whole(values, numbers)
    if _only_truth(values, numbers):
        return Inference("boolean")
    if is_mostly(n_present, int(numbers.refused.sum())) and numbers.values.n_unique() >= DISTINCT_FOR_DIRTY:
        return Inference("number")
    distinct = values.filter(numbers.present).unique(maintain_order=True)
    reading = find_format(distinct, DIRTY_SHARE)
    if reading is not None:
        return Inference("datetime", format=reading.format, swapped=reading.swapped)
    return _infer_words(values, is_key=not is_formatted(values, numbers))


def is_mostly(n_present: int, n_refused: int) -> bool:
    """Tell whether so few cells are refused that they are dirt."""
    return n_refused <= DIRTY_SHARE * n_present or (n_refused == 1 and n_present >= ROWS_FOR_ONE_DIRTY)


def is_formatted(values: pl.Series, numbers: Numbers) -> bool:
    """Tell whether texts that are no numbers would be without their signs: ``1,5``, ``12 %``, ``$1,234.50``."""
    formatted = values.str.contains(FORMATTED).fill_null(False)
    n_present, n_refused = int(numbers.present.sum()), int(numbers.refused.sum())
    return n_refused > 0 and int((formatted & numbers.present).sum()) >= (1 - DIRTY_SHARE) * n_present


def padded(values: pl.Series) -> bool:
    """Tell whether texts are digits with leading zeros, such as postal codes, that numbers would lose."""
    zeros = values.str.contains(rf"^\s*0\d{{{CODE_WIDTH - 1},}}\s*$")
    return bool(zeros.any())


def _infer_whole(values: pl.Series, numbers: Numbers) -> Inference:
    whole = values.dtype.is_integer() or not values.str.contains(r"[.eE]|[nN][aA][nN]|[iI][nN][fF]").any()
    if not whole:
        return Inference("category" if _is_code(values.name, numbers) else "number")
    if reason := _numbers_rows(values.name, numbers):
        return Inference("number", identifier=reason)
    if values.dtype == pl.String and padded(values):
        return _infer_words(values)
    return Inference("category" if _is_code(values.name, numbers) else "number")


def _numbers_rows(name: str, numbers: Numbers) -> str:
    values = numbers.values
    n_rows, n_distinct = len(values), values.n_unique()
    if values.has_nulls() or n_rows < 2 or n_distinct < KEY_SHARE * n_rows:
        return ""
    if names_identifier(name):
        return f"identifier: {_different(n_distinct, n_rows)}, and its name is that of a key"
    if n_distinct < n_rows:
        return ""
    low, high = float(values.min() or 0), float(values.max() or 0)  # type: ignore[arg-type]
    span = high - low + 1
    counts_from_start = span == n_rows >= COUNTING_ROWS and low in (0, 1)
    mostly_runs = span <= 2 * n_rows and n_rows >= RUNNING_ROWS
    if (counts_from_start or mostly_runs) and not names_time(name):
        return f"identifier: a running number, {low:.0f} to {high:.0f}, different in every one of {n_rows:,} rows"
    return ""


def _is_code(name: str, numbers: Numbers) -> bool:
    if not names_code(name) or not is_whole(numbers.values):
        return False
    present = numbers.values.drop_nulls()
    n_distinct = present.n_unique()
    return n_distinct > 2 and len(present) >= CODE_REPEATS * n_distinct and float(present.min() or 0) >= 0  # type: ignore[arg-type]


def _only_truth(values: pl.Series, numbers: Numbers) -> bool:
    truths = values.filter(numbers.present).str.strip_chars().str.to_lowercase().is_in(["true", "false"])
    return len(truths) > 0 and bool(truths.all())


def _infer_words(values: pl.Series, *, is_key: bool = True) -> Inference:
    texts = values.drop_nulls()
    distinct = texts.unique()
    n_distinct, n_texts = len(distinct), len(texts)
    words = distinct.str.strip_chars().str.split(" ").list.len()
    one_word = bool((words == 1).all())
    share = n_distinct / n_texts
    if (
        is_key
        and one_word
        and 1 < n_texts == len(values)
        and share >= (KEY_SHARE if names_identifier(values.name) else 1.0)
    ):
        return Inference("category", identifier=f"identifier: {_different(n_distinct, n_texts)}, each a single word")
    mean_words = float(words.mean() or 0)  # type: ignore[arg-type]
    mean_characters = float(distinct.str.len_chars().mean() or 0)  # type: ignore[arg-type]
    is_long = mean_words >= LONG_WORDS or mean_characters >= LONG_CHARACTERS
    varied = share >= TEXT_SHARE and mean_words >= TEXT_WORDS
    if n_distinct >= TEXT_DISTINCT and (varied or (is_long and share >= LONG_SHARE)):
        return Inference("text")
    return Inference("category")


def _different(n_distinct: int, n_values: int) -> str:
    every = n_distinct == n_values
    return (
        f"every one of {n_values:,} values is different" if every else f"{n_distinct:,} of {n_values:,} values differ"
    )
