"""The one table from errors to HTTP, to JSON-RPC and to gRPC, and what is told of an error."""

from __future__ import annotations

from typing import Any

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
    "header_too_large": 431,
}
"""Errors that HTTP itself has a code for."""


def http_status(error: ScorelineError) -> int:
    """Return the HTTP status of ``error``."""
    return STATUS_OF_CODE.get(error.code) or STATUS_OF_KIND[error.kind]


RPC_PARSE_ERROR, RPC_INVALID_REQUEST, RPC_UNKNOWN_METHOD = -32700, -32600, -32601
RPC_CODE_OF_KIND: dict[Kind, int] = {"invalid": -32602, "internal": -32603}
"""Errors that JSON-RPC itself has a code for. Others have -32000 less the end of their HTTP status, of 5xx plus 50."""


def rpc_code(error: ScorelineError) -> int:
    """Return the JSON-RPC code of ``error``: 401 is -32001, 404 is -32004, 503 is -32053."""
    if error.code not in STATUS_OF_CODE and error.kind in RPC_CODE_OF_KIND:
        return RPC_CODE_OF_KIND[error.kind]
    hundreds, rest = divmod(http_status(error), 100)
    return -32000 - rest - (50 if hundreds == 5 else 0)


GRPC_CODE_OF_KIND: dict[Kind, str] = {
    "invalid": "INVALID_ARGUMENT",
    "unauthenticated": "UNAUTHENTICATED",
    "forbidden": "PERMISSION_DENIED",
    "not_found": "NOT_FOUND",
    "conflict": "FAILED_PRECONDITION",
    "internal": "INTERNAL",
    "unsupported": "UNIMPLEMENTED",
    "unavailable": "UNAVAILABLE",
}
GRPC_CODE_OF_CODE: dict[str, str] = {
    "too_large": "RESOURCE_EXHAUSTED",
    "too_many_requests": "RESOURCE_EXHAUSTED",
    "timed_out": "DEADLINE_EXCEEDED",
}
"""Errors that gRPC itself has a code for."""


def grpc_code(error: ScorelineError) -> str:
    """Return the name of the gRPC status of ``error``."""
    return GRPC_CODE_OF_CODE.get(error.code) or GRPC_CODE_OF_KIND[error.kind]


def describe(error: ScorelineError) -> dict[str, Any]:
    """Return all that is told of ``error``, by name."""
    told: dict[str, Any] = {"code": error.code, "kind": error.kind, "message": error.message, "hint": error.hint}
    for place in ("row", "column"):
        if (value := getattr(error, place, None)) is not None:
            told[place] = value
    return told


def internal(request_id: str) -> ScorelineError:
    """Return what a caller is told of an exception that nobody foresaw: its text stays in the log."""
    return ScorelineError(
        "something failed in the server, not in your request",
        hint=f"the server's log has the cause under request id {request_id}",
    )
