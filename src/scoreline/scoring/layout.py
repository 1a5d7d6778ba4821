"""Where the values of a row stand, and the fastest way to take them out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from scoreline.core.schema import Schema

Getter = Callable[[Any], tuple[Any, ...]]


class Layout:
    """Where the schema's columns stand in rows of one order of fields."""

    def __init__(self, schema: Schema, positions: dict[str, int]) -> None:
        self.ignored = tuple(name for name in positions if name not in schema.by_name)
        self.absent = frozenset(name for name in schema.names if name not in positions)
        self.get_numbers = _picker([positions.get(column.name) for column in schema.numbers])
        self.get_texts = _picker([positions.get(column.name) for column in schema.texts])


def getter(keys: Sequence[Any]) -> Getter:
    """Make the fastest function that Python has to take these items out of a row."""
    if len(keys) > 1:
        return itemgetter(*keys)
    if len(keys) == 1:
        key = keys[0]
        return lambda row: (row[key],)
    return lambda row: ()


def _picker(positions: Sequence[int | None]) -> Getter:
    """Do as ``getter``, with None for the columns that have no position."""
    found = [position for position in positions if position is not None]
    if len(found) == len(positions):
        return getter(found)
    return lambda row: tuple(None if position is None else row[position] for position in positions)
