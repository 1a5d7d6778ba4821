"""Every error a user can meet: what was expected and found, where, and what to do.

``code`` is stable and documented; ``kind`` decides the code of each dialect (HTTP, JSON-RPC, gRPC) in one table.
"""

from __future__ import annotations

from typing import ClassVar, Literal

Kind = Literal[
    "invalid", "unauthenticated", "forbidden", "not_found", "conflict", "unavailable", "unsupported", "internal"
]


class ScorelineError(Exception):
    """An error with a sentence for the user and, where one is known, the action that mends it."""

    code: ClassVar[str] = "internal"
    kind: ClassVar[Kind] = "internal"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class BadData(ScorelineError):
    """A table cannot be read or cannot be learned from."""

    code = "bad_data"
    kind = "invalid"


class BadRequest(ScorelineError):
    """A request's body or parameters are not of the shape its route asks for."""

    code = "bad_request"
    kind = "invalid"


class BadSetting(ScorelineError):
    """A setting, option or argument has a value that is not allowed."""

    code = "bad_setting"
    kind = "invalid"


class TooLarge(ScorelineError):
    """A request's body is larger than the server accepts."""

    code = "too_large"
    kind = "invalid"


class UnsupportedMediaType(ScorelineError):
    """A request's body is of a content type, charset or encoding that its route does not read."""

    code = "unsupported_media_type"
    kind = "invalid"


class NotAcceptable(ScorelineError):
    """A caller accepts only answers of content types that its route does not write."""

    code = "not_acceptable"
    kind = "invalid"


class HeaderTooLarge(ScorelineError):
    """A header of a request is longer than its dialect allows."""

    code = "header_too_large"
    kind = "invalid"


class LengthRequired(ScorelineError):
    """A request has no body, and does not say so."""

    code = "length_required"
    kind = "invalid"


class TimedOut(ScorelineError):
    """A request did not arrive whole within the time that the server gives it."""

    code = "timed_out"
    kind = "invalid"


class MethodNotAllowed(ScorelineError):
    """The path exists, but not for this HTTP method."""

    code = "method_not_allowed"
    kind = "invalid"


class SchemaMismatch(ScorelineError):
    """A row does not fit the scoring pipeline's input schema.

    ``row`` (1-based within the rows that were sent) and ``column`` are set where one is to blame.
    """

    code = "schema_mismatch"
    kind = "invalid"

    def __init__(self, message: str, *, hint: str = "", row: int | None = None, column: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.row = row
        self.column = column


class ArtifactRefused(ScorelineError):
    """A file is not a scoring pipeline that may be loaded."""

    code = "artifact_refused"
    kind = "invalid"


class ModelRefused(ScorelineError):
    """A model made elsewhere cannot be imported."""

    code = "model_refused"
    kind = "invalid"


class ParityFailed(ScorelineError):
    """The exported graph does not score as the fitted model does, so it may not be registered."""

    code = "parity_failed"
    kind = "conflict"


class ExperimentFailed(ScorelineError):
    """No trial of an experiment succeeded within its time."""

    code = "experiment_failed"
    kind = "conflict"


class Unauthenticated(ScorelineError):
    """A request says not who sends it, or with a key, password or token that does not hold."""

    code = "unauthenticated"
    kind = "unauthenticated"


class Forbidden(ScorelineError):
    """Whoever sends the request may not do this."""

    code = "forbidden"
    kind = "forbidden"


class Unencrypted(ScorelineError):
    """A request came by HTTP to a server that answers by HTTPS only."""

    code = "unencrypted"
    kind = "forbidden"


class NotFound(ScorelineError):
    """A name, version, alias or path that does not exist."""

    code = "not_found"
    kind = "not_found"


class Conflict(ScorelineError):
    """The request contradicts what is there."""

    code = "conflict"
    kind = "conflict"


class Unsupported(ScorelineError):
    """A part of a dialect that this deployment does not offer."""

    code = "unsupported"
    kind = "unsupported"


class Unavailable(ScorelineError):
    """The thing exists but cannot answer now."""

    code = "unavailable"
    kind = "unavailable"


class TooManyRequests(ScorelineError):
    """As many requests as may wait for an answer do, or a key sends more than it may.

    ``retry_seconds`` is when to come again.
    """

    code = "too_many_requests"
    kind = "unavailable"

    def __init__(self, message: str, *, hint: str = "", retry_seconds: int = 1) -> None:
        super().__init__(message, hint=hint)
        self.retry_seconds = retry_seconds


class MissingExtra(ScorelineError):
    """A feature needs a package of an extra that is not installed."""

    code = "missing_extra"
    kind = "unsupported"


ERRORS: tuple[type[ScorelineError], ...] = (
    BadData,
    BadRequest,
    BadSetting,
    TooLarge,
    UnsupportedMediaType,
    NotAcceptable,
    HeaderTooLarge,
    LengthRequired,
    TimedOut,
    MethodNotAllowed,
    SchemaMismatch,
    ArtifactRefused,
    ModelRefused,
    ParityFailed,
    ExperimentFailed,
    Unauthenticated,
    Forbidden,
    NotFound,
    Conflict,
    Unsupported,
    Unavailable,
    TooManyRequests,
    MissingExtra,
)
