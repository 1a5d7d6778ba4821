"""What came of a call, as the log, the meters and spans are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoreline.core.errors import ScorelineError
from scoreline.serving.active import Active
from scoreline.serving.errors import http_status
from scoreline.web.ended import GONE, Ended

if TYPE_CHECKING:
    from scoreline.web.grpc.call import Call


def ended(call: Call, error: ScorelineError | None, *, gone: bool) -> Ended:
    """Say what came of it. Its status is the one that HTTP has for the same."""
    active: Active | None = getattr(call, "active", None)
    scores = call.head.target is not None and call.dialect is not None
    return Ended(
        "POST",
        call.head.path,
        GONE if gone else 200 if error is None else http_status(error),
        call.started_at,
        call.request_id,
        call.caller,
        call.trace,
        call.head.path if call.head.target is not None else "",
        call.dialect.name if scores else "",
        call.deployment,
        active,
        call.n_rows if error is None and not gone else None,
        None if error is None else type(error),
        call.space,
        call.by,
    )
