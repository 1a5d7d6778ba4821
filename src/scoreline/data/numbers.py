"""Texts that are numbers, read as the scoring door reads them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

from scoreline.core.schema import LARGEST_NUMBER, MISSING_TOKENS

TRUTH = {"true": 1.0, "false": 0.0}


class Numbers(NamedTuple):
    """A column read as numbers."""

    values: pl.Series
    """Float64; missing is null, and so is what is infinite or no number."""
    present: pl.Series
    """The cell is not missing."""
    refused: pl.Series
    """The cell is present and no number."""
    infinite: pl.Series
    """The cell is a number beyond the largest float32."""


def present_texts(texts: pl.Series) -> pl.Series:
    """Mask the cells that do not stand for missing in a number, boolean or datetime column."""
    return ~is_missing_text(texts) & texts.is_not_null()


def is_missing_text(texts: pl.Series) -> pl.Series:
    """Mask the texts that are missing tokens; null stays null."""
    return texts.str.strip_chars().str.to_lowercase().is_in(list(MISSING_TOKENS))


def read_numbers(values: pl.Series) -> Numbers:
    """Read a boolean, integer, float or text series as numbers.

    A text is a number where Python's ``float`` takes it and it has no underscore; ``true`` and ``false`` are 1 and 0
    but count as ``refused``, so that a column of them is not inferred to be one of numbers.
    """
    if values.dtype != pl.String:
        numbers = values.cast(pl.Float64).fill_nan(None)
        return _bounded(numbers, numbers.is_not_null(), pl.repeat(False, len(values), eager=True))
    numbers = values.str.strip_chars().cast(pl.Float64, strict=False)
    present = values.is_not_null()
    refused = pl.repeat(False, len(values), eager=True)
    if (left := numbers.is_null() & present).any():
        texts = values.filter(left).unique().to_list()
        present = present & ~(left & is_missing_text(values).fill_null(False))
        read = {text: float_of(text) for text in texts}
        mended = {text: number for text, number in read.items() if number is not None}
        refused = present & left & ~values.is_in([text for text, number in mended.items() if not _is_truth(text)])
        if mended:
            patch = values.replace_strict(list(mended), list(mended.values()), default=None, return_dtype=pl.Float64)
            numbers = numbers.fill_null(patch)
    present = present & ~numbers.is_nan().fill_null(False)
    return _bounded(numbers.fill_nan(None), present, refused.fill_null(False))


def float_of(text: str) -> float | None:
    """Read one text as the door does; None where it is no number or missing."""
    text = text.strip().lower()
    if text in TRUTH:
        return TRUTH[text]
    if "_" in text or text in MISSING_TOKENS:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def is_whole(numbers: pl.Series) -> bool:
    """Tell whether every number is whole."""
    array = numbers.drop_nulls().to_numpy()
    return bool(np.array_equal(array, np.floor(array)))


def _is_truth(text: str) -> bool:
    return text.strip().lower() in TRUTH


def _bounded(numbers: pl.Series, present: pl.Series, refused: pl.Series) -> Numbers:
    infinite = (numbers.abs() > LARGEST_NUMBER).fill_null(False)
    if infinite.any():
        numbers = numbers.set(infinite, None)
    return Numbers(numbers, present, refused, infinite)
