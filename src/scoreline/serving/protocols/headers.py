"""What is told in headers, where the body of an answer has no place for it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from scoreline.scoring.rows import Decoded

LONGEST_HEADER = 4096


def column_headers(decoded: Decoded) -> tuple[tuple[str, str], ...]:
    """Return the headers that name ignored and absent columns, percent-encoded."""
    found = (("ignored", decoded.ignored), ("absent", decoded.absent))
    return tuple((f"x-scoreline-{kind}-columns", _listed(columns)) for kind, columns in found if columns)


def _listed(columns: Sequence[str]) -> str:
    text = ", ".join(quote(column, safe=" ") for column in columns)
    return text if len(text) <= LONGEST_HEADER else text[:LONGEST_HEADER].rpartition(", ")[0] + ", ..."
