"""The layouts that callers use, found out as they come."""

from __future__ import annotations

from typing import Any, NamedTuple

from scoreline.web.grpc.layout import Layout
from scoreline.web.grpc.learning import learn

N_LAYOUTS, N_COLUMNS = 8, 2000
"""Layouts that are kept of one model, and columns of all layouts: of a column some 10 KB may be kept."""
PATIENCE = 1024
LEARNING_COSTS, A_HIT, A_MISS = 64, 16, 4
"""To learn costs more than to read: whoever sends another layout each time is read as protobuf reads, mostly."""


class Row(NamedTuple):
    """A request of one row that has a known layout."""

    layout: Layout
    id: str
    values: list[Any]
    message: bytes


class Known:
    """The layouts, by the models that are asked."""

    def __init__(self) -> None:
        self._kept: dict[bytes, list[Layout]] = {}
        self._n_columns = 0
        """Of all layouts since none was kept."""
        self._patience = PATIENCE

    def read(self, data: bytes) -> Row | None:
        """Return the row in a message; None: its layout is not known."""
        layouts = self._kept.get(_model(data))
        if layouts is not None:
            for i, layout in enumerate(layouts):
                found = layout.read(data)
                if found is not None:
                    if i:
                        layouts.insert(0, layouts.pop(i))
                    self._patience = min(self._patience + A_HIT, PATIENCE)
                    return Row(layout, *found, data)
        return None

    def learn(self, data: bytes, message: Any) -> None:
        """Learn from a message that protobuf has read."""
        self._patience = min(self._patience + A_MISS, PATIENCE)
        if self._patience < LEARNING_COSTS:
            return
        self._patience -= LEARNING_COSTS
        layout = learn(data, message)
        if layout is None:
            return
        self._n_columns += len(layout.names)
        if self._n_columns > N_COLUMNS:
            self._kept, self._n_columns = {}, len(layout.names)
        layouts = self._kept.setdefault(_model(data), [])
        layouts.insert(0, layout)
        del layouts[N_LAYOUTS:]


def _model(data: bytes) -> bytes:
    """Return what a message begins with, which is mostly the model's name."""
    return data[: 2 + data[1]] if len(data) > 1 else data
