"""How a command ends: exit codes, and errors as a sentence or as a document."""

from __future__ import annotations

from scoreline.core.errors import (
    ArtifactRefused,
    BadRequest,
    BadSetting,
    ParityFailed,
    ScorelineError,
)

OK, ERROR, USAGE, REFUSED, NOT_FOUND, INTERRUPTED, TERMINATED = 0, 1, 2, 3, 4, 130, 143

EXIT_CODES: dict[int, str] = {
    OK: "done",
    ERROR: "failed: unreadable data, no trial succeeded, a server that cannot be reached",
    USAGE: "wrong usage: the command line or a setting",
    REFUSED: "refused: a file that is no sound scoring pipeline, a parity proof that fails, a conflict",
    NOT_FOUND: "not found: a file, model, version, alias or deployment",
    INTERRUPTED: "Ctrl-C: interrupted before it was done",
    TERMINATED: "SIGTERM: ended before it was done",
}
"""Exit code → meaning: the one list, shown by ``--help`` and the reference."""


def exit_code(error: BaseException) -> int:
    """Return the exit code that tells a script what kind of error it was."""
    if isinstance(error, BadSetting | BadRequest):
        return USAGE
    if isinstance(error, ArtifactRefused | ParityFailed):
        return REFUSED
    if isinstance(error, ScorelineError):
        return {"not_found": NOT_FOUND, "conflict": REFUSED, "forbidden": REFUSED, "unauthenticated": REFUSED}.get(
            error.kind, ERROR
        )
    return ERROR


def error_document(code: str, kind: str, message: str, hint: str = "") -> dict[str, dict[str, str]]:
    """Return the document of a command that failed: the REST API's shape, without a request id."""
    return {"error": {"code": code, "kind": kind, "message": message, "hint": hint}}
