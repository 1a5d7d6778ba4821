"""Rare column types of a frame become common ones that mean the same."""

from __future__ import annotations

import polars as pl


def plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with only boolean, integer, float, text, date and datetime columns, and nested or binary ones.

    Decimal becomes float, duration seconds, time of day and categories their text.
    """
    changes = []
    for name, type_ in frame.schema.items():
        if isinstance(type_, pl.Decimal):
            changes.append(pl.col(name).cast(pl.Float64))
        elif isinstance(type_, pl.Duration):
            changes.append(pl.col(name).dt.total_microseconds() / 1e6)
        elif isinstance(type_, pl.Categorical | pl.Enum):
            changes.append(pl.col(name).cast(pl.String))
        elif isinstance(type_, pl.Time):
            changes.append(pl.col(name).dt.to_string("%H:%M:%S"))
        elif isinstance(type_, pl.Null):
            changes.append(pl.col(name).cast(pl.String))
    return frame.with_columns(changes) if changes else frame
