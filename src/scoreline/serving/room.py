"""How much one request may unpack to: short rows take a hundred times as much memory read as they do written."""

from __future__ import annotations

from scoreline.core.errors import TooLarge
from scoreline.core.schema import Schema

N_CELLS = 1 << 25
"""Values that one request may fill, absent columns included: as many as 64 MB of JSON can hold."""
N_PARTS = 1 << 23
"""Objects and lists that one JSON document may have."""
_HINT = "send fewer rows a request, or score the file with `scoreline score`"


def check_rows(n_rows: int, schema: Schema) -> None:
    """Raise TooLarge for rows that fill more than the values of a request."""
    if n_rows * len(schema.columns) > N_CELLS:
        table = f"{n_rows:,} rows of {len(schema.columns)} columns"
        raise TooLarge(f"{table} are more than {N_CELLS:,} values, the limit of a request", hint=_HINT)


def check_parts(body: bytes) -> None:
    """Raise TooLarge for JSON with so many objects and lists that reading it would take the memory."""
    if len(body) > N_PARTS and body.count(b"{") + body.count(b"[") > N_PARTS:
        raise TooLarge(f"the body has more than {N_PARTS:,} objects and lists, the limit of a request", hint=_HINT)
