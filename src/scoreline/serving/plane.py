"""The data plane: bytes → Decoded → Predictions → bytes. Every dialect comes this way; none knows of a web framework."""

from __future__ import annotations

from scoreline.core.errors import BadRequest
from scoreline.serving.deployments import Active
from scoreline.serving.protocols.dialect import Dialect, Reply


def answer(dialect: Dialect, body: bytes, active: Active) -> Reply:
    """Score ``body``, written in ``dialect``, with the version that answers. Raises ScorelineError."""
    call = dialect.decode(body, active)
    if not len(call.decoded.rows):
        raise BadRequest("the request has no rows", hint="send at least one row")
    return dialect.encode(call, active.pipeline.score_rows(call.decoded.rows), active)
