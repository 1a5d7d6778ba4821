"""An Arrow stream as a frame, so that its values are read by the same rules as those of every other."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from scoreline.core.errors import SchemaMismatch
from scoreline.scoring.frames import Floats, parsed_texts, seconds_of_ticks
from scoreline.serving.media.ipc.columns import Part, join
from scoreline.serving.media.ipc.schema import TEXTS, Type
from scoreline.serving.media.ipc.stream import Columns
from scoreline.serving.media.ipc.times import DAY_SECONDS, clock_texts, duration_seconds, moments


class StreamFrame:
    """The columns that were asked for; of the others it knows the names."""

    def __init__(self, columns: Columns) -> None:
        self.names = [field.name for field in columns.fields]
        self.n_rows = columns.n_rows
        self._fields = columns.fields
        self._parts = columns.parts

    def floats(self, j: int) -> Floats | None:
        type_, part = self._column(j)
        if type_.kind == "duration":
            values = duration_seconds(np.asarray(part.values), type_.unit)
        elif type_.kind in ("null", "int", "float", "bool"):
            values = np.asarray(part.values).astype(np.float64)
        else:
            return None
        if part.missing is not None:
            values[part.missing] = np.nan
        return values

    def parsed(self, j: int) -> tuple[Floats, list[int]] | None:
        texts = self.texts(j)
        return None if texts is None else parsed_texts(texts)

    def seconds(self, j: int) -> Floats | None:
        type_, part = self._column(j)
        if type_.kind not in ("date", "timestamp"):
            return None
        ticks = np.asarray(part.values).astype(np.int64)
        missing = np.zeros(len(ticks), bool) if part.missing is None else part.missing
        if type_.unit == "days":
            return seconds_of_ticks(ticks * DAY_SECONDS, "s", missing)
        return seconds_of_ticks(ticks, type_.unit, missing)

    def texts(self, j: int) -> list[str | None] | None:
        type_, part = self._column(j)
        return cast(list[str | None], part.values) if type_.kind in TEXTS else None

    def objects(self, j: int) -> list[Any]:
        type_, part = self._column(j)
        if isinstance(part.values, list):
            return part.values
        if type_.kind == "duration":
            values: list[Any] = duration_seconds(part.values, type_.unit).tolist()
        elif type_.kind == "time":
            values = clock_texts(part.values, type_.unit)
        elif type_.kind in ("date", "timestamp"):
            values = moments(part.values, type_)
        else:
            values = part.values.tolist()
        if part.missing is not None:
            for i in np.flatnonzero(part.missing).tolist():
                values[i] = None
        return values

    def _column(self, j: int) -> tuple[Type, Part]:
        field, parts = self._fields[j], self._parts.get(j)
        if parts is None:
            raise SchemaMismatch(
                f"column `{field.name}`: expected numbers, texts, booleans, dates or times, found {field.type.kind}",
                hint="send one plain value in each cell",
                column=field.name,
            )
        if len(parts) != 1:
            parts[:] = [join(parts)]
        return field.type, parts[0]
