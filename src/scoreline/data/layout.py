"""Where the records and fields of delimited bytes lie, found without parsing them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

QUOTE, NEWLINE, RETURN = b'"'[0], b"\n"[0], b"\r"[0]


class Layout(NamedTuple):
    """The complete records of a block of bytes."""

    ends: NDArray[np.int64]
    """Offset one past the newline of each record."""
    n_fields: NDArray[np.int64]
    blank: NDArray[np.bool_]
    """The record is an empty line."""
    open_quote: int | None
    """Offset of a quote that is not closed in this block."""

    def start(self, record: int) -> int:
        return int(self.ends[record - 1]) if record else 0


def scan(data: bytes, delimiter: str) -> Layout | None:
    """Find the records of ``data``, or return None where its quotes are not those of RFC 4180.

    A quote is RFC 4180's when it opens a field, closes one, or is doubled inside one. Then a newline or delimiter is
    inside a field exactly when an odd number of quotes precedes it, and every parser reads the same fields.
    """
    octets = np.frombuffer(data, np.uint8)
    mark = delimiter.encode()[0]
    quotes = np.flatnonzero(octets == QUOTE)
    if len(quotes) and not _is_strict(octets, quotes, mark):
        return None
    newlines = np.flatnonzero(octets == NEWLINE)
    marks = np.flatnonzero(octets == mark)
    if len(quotes):
        newlines = newlines[np.searchsorted(quotes, newlines) % 2 == 0]
        marks = marks[np.searchsorted(quotes, marks) % 2 == 0]
    ends = newlines + 1
    n_fields = np.diff(np.searchsorted(marks, newlines), prepend=0) + 1
    lengths = np.diff(ends, prepend=0) - 1
    returns = np.zeros(len(newlines), bool)
    returns[lengths == 1] = octets[newlines[lengths == 1] - 1] == RETURN
    return Layout(
        ends=ends,
        n_fields=n_fields,
        blank=(lengths == 0) | returns,
        open_quote=int(quotes[-1]) if len(quotes) % 2 else None,
    )


def _is_strict(octets: NDArray[np.uint8], quotes: NDArray[np.int64], mark: int) -> bool:
    opening, closing = quotes[0::2], quotes[1::2]
    around = np.array([mark, NEWLINE, RETURN, QUOTE], np.uint8)
    before = octets[opening[opening > 0] - 1]
    after = octets[closing[closing < len(octets) - 1] + 1]
    if not (np.isin(before, around).all() and np.isin(after, around).all()):
        return False
    # A quote after a quote reopens a field only if that quote closed it: `""` that is not inside quotes is `a""b`.
    touching = opening[opening > 0]
    touching = touching[octets[touching - 1] == QUOTE]
    return bool(np.isin(touching - 1, closing).all())
