"""W3C Trace Context: who a request belongs to, as its caller says in ``traceparent``."""

from __future__ import annotations

import re
from typing import NamedTuple

_HEADER = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)


class TraceParent(NamedTuple):
    """The trace that a request belongs to, and the caller's span in it."""

    trace_id: str
    span_id: str
    sampled: bool
    """Whether the caller records the trace."""


def parse_traceparent(header: str) -> TraceParent | None:
    """Read ``traceparent`` as https://www.w3.org/TR/trace-context/ asks; None for one that must be ignored.

    A version that is not known yet is read as far as version 00 goes; nothing may follow the flags of version 00.
    """
    found = _HEADER.fullmatch(header)
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    if version == "ff" or (version == "00" and more) or not trace_id.strip("0") or not span_id.strip("0"):
        return None
    return TraceParent(trace_id, span_id, bool(int(flags, 16) & 1))
