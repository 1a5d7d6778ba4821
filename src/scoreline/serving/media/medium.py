"""What a medium is: a way in which rows and predictions are written, whatever the dialect."""

from __future__ import annotations

from typing import Protocol

from scoreline.core.errors import BadRequest, TooLarge
from scoreline.core.schema import Schema
from scoreline.scoring.predictions import Predictions
from scoreline.scoring.rows import Decoded
from scoreline.serving.active import Active
from scoreline.serving.media.ipc.columns import Room
from scoreline.serving.protocols.dialect import Reply
from scoreline.serving.room import N_CELLS

TEXT_BYTES = 1 << 28
FEW_ROWS = 1000
"""So many are read and scored within a few milliseconds."""


class Medium(Protocol):
    """A way in which rows and predictions are written."""

    @property
    def name(self) -> str: ...

    @property
    def types(self) -> tuple[str, ...]:
        """Content types that mean it, in lower case; answers say the first."""
        ...

    @property
    def is_table(self) -> bool:
        """Whether it holds columns, and not a document as JSON does."""
        ...

    @property
    def is_written(self) -> bool:
        """Whether answers are written in it, too."""
        ...

    @property
    def is_quick_to_write(self) -> bool:
        """Whether an answer of few rows is written at once."""
        ...

    def is_quick(self, body: bytes) -> bool:
        """Whether a body that is not large has few rows and is read at once, at a glance; it may be damaged."""
        ...

    def read(self, body: bytes, active: Active) -> Decoded:
        """Read rows. Raises BadRequest, SchemaMismatch, TooLarge."""
        ...

    def write(self, predictions: Predictions, decoded: Decoded, active: Active) -> Reply:
        """Write the answer to ``decoded``."""
        ...


def room(schema: Schema) -> Room:
    """Return how much one request may hold."""
    return Room(N_CELLS // max(len(schema.columns), 1), TEXT_BYTES)


def too_many() -> TooLarge:
    """Return the error of a table that does not fit into its room."""
    return TooLarge(
        f"the table unpacks to more than {N_CELLS:,} values or {TEXT_BYTES >> 20} MB of text",
        hint="send fewer rows a request, or score the file with `scoreline score`",
    )


def check_not_empty(body: bytes) -> None:
    """Raise BadRequest when there is nothing at all."""
    if not body:
        raise BadRequest("the body is empty", hint="send at least one row")


def check_rows(n_rows: int) -> None:
    """Raise BadRequest when there is no row."""
    if not n_rows:
        raise BadRequest("the request has no rows", hint="send at least one row")
