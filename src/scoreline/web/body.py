"""Bodies of requests, read whole."""

from __future__ import annotations

from starlette.requests import Request

from scoreline.core.errors import BadRequest, LengthRequired
from scoreline.web.admission import Body


async def read_body(request: Request, held: Body) -> bytes:
    """Read the whole body, and count it. Raises TooLarge, Unavailable, LengthRequired, BadRequest for a strange length.

    uvicorn throws away what is left unread of a body that is refused, so that the caller, who is still sending, can
    read the answer.
    """
    declared = request.headers.get("content-length")
    declared = None if declared is None else declared.strip(" \t")  # blanks around a value are no part of it
    if declared is not None and not (declared.isascii() and declared.isdigit()):
        raise BadRequest(f"content-length is not a number: {declared!r}", hint="send its length in bytes")
    if declared is None and "transfer-encoding" not in request.headers:
        raise no_length()
    held.hold(int(declared or 0))
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        held.hold(size)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def no_length() -> LengthRequired:
    """Return the error of a request whose body has no length."""
    return LengthRequired(
        "the request has no body, and does not say so",
        hint="send the rows in the body, with Content-Length or Transfer-Encoding: chunked",
    )
