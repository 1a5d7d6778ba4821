"""Guardrails about rows."""

from __future__ import annotations

from collections.abc import Iterable

from scoreline.core.entities import Guardrail
from scoreline.data.guardrails.subject import Subject, alerted, passed

SMALL_ROWS = 500
DUPLICATE_SHARE = 0.01


def data_size(subject: Subject) -> Iterable[Guardrail]:
    """Alert where rows are few, or fewer than columns."""
    n_rows, n_columns = subject.dataset.n_rows, len(subject.inputs)
    if n_rows < SMALL_ROWS:
        yield alerted("small_data", f"{n_rows:,} rows are few: scores will vary by chance, see their ±")
    elif n_columns > n_rows:
        yield alerted(
            "small_data", f"{n_columns:,} columns are more than the {n_rows:,} rows: chance findings are likely"
        )
    else:
        yield passed("small_data", f"{n_rows:,} rows, {n_columns:,} input columns")


def duplicate_rows(subject: Subject) -> Iterable[Guardrail]:
    """Alert where a hundredth of the rows or more are copies."""
    frame = subject.dataset.frame
    n_again = len(frame) - len(frame.unique())
    share = n_again / len(frame)
    if share >= DUPLICATE_SHARE:
        sentence = (
            f"{n_again:,} rows ({share:.1%}) repeat an earlier row: copies on both sides of a split flatter scores"
        )
        yield alerted("duplicate_rows", sentence)
    else:
        yield passed("duplicate_rows", f"{n_again:,} of {len(frame):,} rows repeat an earlier row")


def time_order(subject: Subject) -> Iterable[Guardrail]:
    """Alert where rows have dates but are not split by time."""
    dates = [column.name for column in subject.inputs if column.type == "datetime"]
    if dates and subject.split != "time":
        sentence = (
            f"`{dates[0]}` dates the rows, but rows are not split by time: if scores are for the future, "
            "a time split tells more honestly how good they are"
        )
        yield alerted("time_order", sentence, dates)
    else:
        yield passed(
            "time_order", f"rows are split by time, as `{dates[0]}` allows" if dates else "no column dates the rows"
        )
