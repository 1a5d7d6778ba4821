"""The one table from errors to HTTP."""

from __future__ import annotations

from scoreline.core.errors import Kind, ScorelineError

STATUS_OF_KIND: dict[Kind, int] = {
    "invalid": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "internal": 500,
    "unsupported": 501,
    "unavailable": 503,
}

STATUS_OF_CODE: dict[str, int] = {
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "timed_out": 408,
    "length_required": 411,
    "too_large": 413,
    "unsupported_media_type": 415,
    "too_many_requests": 429,
}
"""Errors that HTTP itself has a code for."""


def http_status(error: ScorelineError) -> int:
    """Return the HTTP status of ``error``."""
    return STATUS_OF_CODE.get(error.code) or STATUS_OF_KIND[error.kind]


def internal(request_id: str) -> ScorelineError:
    """Return what a caller is told of an exception that nobody foresaw: its text stays in the log."""
    return ScorelineError(
        "something failed in the server, not in your request",
        hint=f"the server's log has the cause under request id {request_id}",
    )
