"""Bodies of requests: which are accepted."""

from __future__ import annotations

from starlette.requests import Request

from scoreline.core.errors import BadRequest, UnsupportedMediaType
from scoreline.web.admission import Body

JSON_TYPES = frozenset(
    {"", "application/json", "text/json", "text/plain", "application/octet-stream", "application/x-www-form-urlencoded"}
)
"""The last is what ``curl -d`` says when it is not told otherwise. The body is read as JSON for all of them."""


def check_json(content_type: str, content_encoding: str) -> None:
    """Raise UnsupportedMediaType unless these headers (empty: absent) say that the body may be JSON in UTF-8."""
    if content_type == "application/json" and not content_encoding:
        return
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if media_type not in JSON_TYPES and not media_type.endswith("+json"):
        raise UnsupportedMediaType(f"content type `{media_type}` is not read here", hint="send application/json")
    for parameter in parameters:
        charset = parameter.removeprefix("charset=").strip('"')
        if parameter.startswith("charset=") and charset not in ("utf-8", "utf8", "us-ascii"):
            raise UnsupportedMediaType(f"charset `{charset}` is not read here", hint="send UTF-8")
    encoding = content_encoding.strip().lower()
    if encoding not in ("", "identity"):
        raise UnsupportedMediaType(f"content encoding `{encoding}` is not read here", hint="send the body uncompressed")


async def read_body(request: Request, held: Body) -> bytes:
    """Read the whole body, and count it. Raises TooLarge, Unavailable, BadRequest when the length header is no number.

    uvicorn throws away what is left unread of a body that is refused, so that the caller, who is still sending, can
    read the answer.
    """
    declared = request.headers.get("content-length")
    if declared is not None and not (declared.isascii() and declared.isdigit()):
        raise BadRequest(f"content-length is not a number: {declared!r}", hint="send its length in bytes")
    held.hold(int(declared or 0))
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        held.hold(size)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
