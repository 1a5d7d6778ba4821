"""What goes around the messages of an answer: header blocks with status, error and metadata."""

from __future__ import annotations

from scoreline.core.errors import ScorelineError
from scoreline.serving.errors import grpc_code
from scoreline.web.http2.headers import field, status

CODES = {
    name: number
    for number, name in enumerate(
        (
            *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"),
            *("PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE"),
            *("UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"),
        )
    )
}
LONGEST_DETAILS_BYTES = 2000
"""Of what is told of an error: it travels in a header, of which callers take 8 KB, and grows there by up to three."""

OK_HEADERS = (
    status(200) + field(b"content-type", b"application/grpc") + field(b"grpc-accept-encoding", b"identity,gzip")
)
NO_GRPC = b"gRPC is what is spoken here over HTTP/2: send `content-type: application/grpc`, or ask over HTTP/1.1\n"
NO_GRPC_HEADERS = (
    status(415) + field(b"content-type", b"text/plain; charset=utf-8") + field(b"content-length", b"%d" % len(NO_GRPC))
)
_OK = field(b"grpc-status", b"0")
_ID = field(b"x-request-id", b"")[:-1]
_PLAIN = frozenset(range(0x20, 0x7F)) - {ord("%")}


class _Versions(dict[int, bytes]):
    """The header that tells a version; 0 is none."""

    def __missing__(self, version: int) -> bytes:
        told = self[version] = field(b"x-scoreline-version", b"%d" % version) if version else b""
        return told


_versions = _Versions()


def ok_trailers(request_id: str, version: int) -> bytes:
    """Return the block that ends an answer."""
    name = request_id.encode()
    return b"%b%b%c%b%b" % (_OK, _ID, len(name), name, _versions[version])


def error_trailers(error: ScorelineError, request_id: str, version: int) -> bytes:
    """Return the block that tells an error."""
    parts = [
        field(b"grpc-status", b"%d" % CODES[grpc_code(error)]),
        field(b"grpc-message", _percent_encoded(_details(error))),
        field(b"x-request-id", request_id.encode()),
        _versions[version],
        field(b"x-scoreline-error", error.code.encode()),
    ]
    if error.kind == "unavailable":  # it may be otherwise then
        parts.append(field(b"grpc-retry-pushback-ms", b"%d" % (1000 * getattr(error, "retry_seconds", 1))))
    return b"".join(parts)


ERROR_HEADERS = status(200) + field(b"content-type", b"application/grpc")
"""Stands before the block of an error that is all of the answer."""


def _details(error: ScorelineError) -> bytes:
    encoded = str(error).encode()
    if len(encoded) <= LONGEST_DETAILS_BYTES:
        return encoded
    return (encoded[:LONGEST_DETAILS_BYTES].decode(errors="ignore") + "…").encode()


def _percent_encoded(text: bytes) -> bytes:
    if _PLAIN.issuperset(text):
        return text
    return b"".join([b"%c" % byte if byte in _PLAIN else b"%%%02X" % byte for byte in text])
