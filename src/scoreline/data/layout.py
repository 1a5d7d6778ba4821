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
    is_newline, is_mark = octets == NEWLINE, octets == mark
    open_quote = None
    if b'"' in data:
        is_quote = octets == QUOTE
        quotes = np.flatnonzero(is_quote)
        if not _is_strict(octets, quotes, mark):
            return None
        outside = np.cumsum(is_quote, dtype=np.uint8) % 2 == 0
        is_newline &= outside
        is_mark &= outside
        open_quote = int(quotes[-1]) if len(quotes) % 2 else None
    newlines = np.flatnonzero(is_newline)
    lengths = np.diff(newlines, prepend=-1) - 1
    returns = np.zeros(len(newlines), bool)
    returns[lengths == 1] = octets[newlines[lengths == 1] - 1] == RETURN
    return Layout(
        ends=newlines + 1,
        n_fields=np.diff(np.searchsorted(np.flatnonzero(is_mark), newlines), prepend=0) + 1,
        blank=(lengths == 0) | returns,
        open_quote=open_quote,
    )


def _is_strict(octets: NDArray[np.uint8], quotes: NDArray[np.int64], mark: int) -> bool:
    """Tell whether each opening quote follows a delimiter, newline or quote, and each closing one precedes one."""
    is_edge = np.zeros(256, bool)
    is_edge[[mark, NEWLINE, RETURN, QUOTE]] = True
    opening, closing = quotes[0::2], quotes[1::2]
    before = octets[opening[opening > 0] - 1]
    after = octets[closing[closing < len(octets) - 1] + 1]
    return bool(is_edge[before].all() and is_edge[after].all())
