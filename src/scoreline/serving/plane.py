"""The data plane: bytes → Decoded → Predictions → bytes. Every dialect comes this way; no web framework does."""

from __future__ import annotations

from scoreline.serving.active import Active
from scoreline.serving.protocols.dialect import Dialect, Reply


def answer(dialect: Dialect, body: bytes, active: Active) -> Reply:
    """Score ``body``, written in ``dialect``, with the version that answers. Raises ScorelineError."""
    call = dialect.decode(body, active)
    return dialect.encode(call, active.pipeline.score_rows(call.decoded.rows), active)
