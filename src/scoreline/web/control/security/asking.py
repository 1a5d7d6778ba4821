"""What routes of access have in common: who asks, what they send, what they get."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import msgspec
from starlette.requests import Request

from scoreline.core.access import Access, Needs
from scoreline.core.errors import BadRequest
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.admission import MB, Admission, Body, Limits
from scoreline.web.body import read_body
from scoreline.web.endpoint import View

ADMISSION = Admission(Limits(body_bytes=64 * 1024, bodies_bytes=8 * MB))
"""Of bodies that strangers may send too: few, and small."""
HINT = "GET /openapi.json shows what this route takes"
NO_STORE = (("cache-control", "no-store"),)
"""Goes with an answer that holds a secret."""

T = TypeVar("T")
Routed = tuple[str, Mapping[str, View], Mapping[str, Needs]]
"""A path, its views by method, and what each needs."""
_encoder = msgspec.json.Encoder()


class Caller(NamedTuple):
    """Who asks, and from where."""

    by: Access
    origin: str


def caller(request: Request) -> Caller:
    """Return who asks."""
    return Caller(request.scope["access"], origin_of(request))


def origin_of(request: Request) -> str:
    """Return the address of the caller."""
    return request.client.host if request.client else ""


async def content(request: Request) -> bytes:
    """Read a small body. Raises TooLarge, Unavailable, BadRequest."""
    with Body(ADMISSION) as held:
        return await read_body(request, held)


async def body(request: Request, form: type[T]) -> T:
    """Read a JSON document of a form. Raises BadRequest, TooLarge."""
    return decode(await content(request), form)


def decode(text: bytes, form: type[T]) -> T:
    """Read a JSON document. Raises BadRequest, which repeats nothing of it: it may hold a secret."""
    try:
        return msgspec.json.decode(text, type=form)
    except msgspec.ValidationError as error:
        raise BadRequest(f"the body: {error}", hint=HINT) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRequest("the body is not JSON", hint=HINT) from None


def reply(document: Any, status: int = 200, *, secret: bool = False) -> Reply:
    """Return an answer in JSON."""
    return Reply(_encoder.encode(document), status=status, headers=NO_STORE if secret else ())


def moment(request: Request, name: str) -> datetime | None:
    """Read a time out of the address; None: it is not there. Raises BadRequest."""
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise BadRequest(f"`{name}` is {text!r}: expected a time with its zone", hint="such as 2026-01-31T12:00:00Z")
    return found


def number(request: Request, name: str, default: int, most: int) -> int:
    """Read a number, 1 to ``most``, out of the address. Raises BadRequest."""
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
        raise BadRequest(f"`{name}` is {text!r}: expected a whole number, 1 to {most}", hint=HINT)
    return int(text)
