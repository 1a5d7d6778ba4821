"""A column of a frame to a column of a block, by the same rules as single values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from scoreline.core.schema import LARGEST_NUMBER, Column
from scoreline.scoring.frames import Frame, Levels
from scoreline.scoring.values import Unreadable, mismatch


def number_column(frame: Frame, j: int, column: Column, read: Callable[[Any], float]) -> npt.NDArray[np.float64]:
    """Read column ``j`` of a frame into the ``numbers`` block, as an array where its dtype allows."""
    moment = column.type == "datetime"
    values = frame.seconds(j) if moment else frame.floats(j)
    if values is None and moment and column.datetime_format is None:
        values = frame.floats(j)
    if values is None and not moment and (parsed := frame.parsed(j)) is not None:
        values, left = parsed
        if left:
            values[left] = _read_column(frame.objects(j), left, column, read)
    if values is None:
        objects = frame.objects(j)
        return np.array(_read_column(objects, range(len(objects)), column, read), dtype=np.float64)
    values[~(np.abs(values) <= LARGEST_NUMBER)] = np.nan
    return values


def text_column(
    frame: Frame, j: int, column: Column, read: Callable[[Any], str]
) -> list[str] | npt.NDArray[np.object_]:
    """Read column ``j`` of a frame into the ``texts`` block."""
    texts = frame.texts(j)
    if texts is None:
        objects = frame.objects(j)
        return _read_column(objects, range(len(objects)), column, read)
    reread = column.integer and column.type == "category"
    if isinstance(texts, Levels):
        return np.array([read(text) if reread else text or "" for text in texts.texts], dtype=np.object_)[texts.places]
    if reread:
        canonical = {text: read(text) for text in set(texts)}
        return [canonical[text] for text in texts]
    return [text or "" for text in texts]


def _read_column(values: list[Any], places: Iterable[int], column: Column, read: Callable[[Any], Any]) -> list[Any]:
    try:
        return [read(values[i]) for i in places]
    except Unreadable:
        for i in places:
            try:
                read(values[i])
            except Unreadable as error:
                raise mismatch(i, column, error) from None
        raise
