"""Bodies that hold more than their document: a header says where the document ends."""

from __future__ import annotations

from typing import Any, Protocol

from scoreline.serving.protocols.dialect import Dialect

FRAME = "inference-header-content-length"
"""The header, in lower case, that says how many bytes of a body are JSON: those behind it are values of tensors."""


class Framed(Protocol):
    """What a dialect may do besides: read such a body."""

    def framed(self, said: str) -> Dialect:
        """Return the dialect of one request, whose header says this."""
        ...


def as_framed(dialect: Any) -> Framed | None:
    """Return the dialect where it reads such bodies."""
    return dialect if hasattr(dialect, "framed") else None
