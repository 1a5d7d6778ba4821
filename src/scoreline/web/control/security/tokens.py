"""``/api/v1/token``: a token for a key or a password, as OAuth 2.0 has it (RFC 6749, RFC 7009)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request

from scoreline.core.access import Access
from scoreline.core.errors import BadRequest, ScorelineError, Unauthenticated
from scoreline.core.identities import Token
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.control.security.asking import HINT, content, decode, origin_of, reply
from scoreline.web.endpoint import View
from scoreline.web.gate.credentials import read

if TYPE_CHECKING:
    from scoreline.security import Security

Fields = Mapping[str, str]
MOST_FIELDS = 20
API_KEY_GRANTS = ("api_key", "urn:ibm:params:oauth:grant-type:apikey")
FORM = "application/x-www-form-urlencoded"
_OAUTH_ERRORS = {"invalid": "invalid_request", "unauthenticated": "invalid_grant", "forbidden": "unauthorized_client"}


class NewToken(msgspec.Struct):
    """A token, as RFC 6749 has it."""

    access_token: str
    refresh_token: str
    expires_in: int
    """Seconds."""
    expires_at: int
    """Seconds since 1970."""
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 a kind of token, and none


class UnknownGrant(BadRequest):
    """A token is asked for in a way that is not known."""


class UnknownClient(Unauthenticated):
    """A machine's id and secret do not fit."""


def write_error(error: ScorelineError, request_id: str) -> bytes:
    """Write an error as RFC 6749 has it."""
    code = _OAUTH_ERRORS.get(error.kind, "temporarily_unavailable" if error.kind == "unavailable" else "server_error")
    if isinstance(error, UnknownGrant):
        code = "unsupported_grant_type"
    elif isinstance(error, UnknownClient):
        code = "invalid_client"
    return msgspec.json.encode({"error": code, "error_description": str(error), "request_id": request_id})


def views(security: Security) -> Iterator[tuple[str, Mapping[str, View]]]:
    """Yield the paths."""

    async def token(request: Request) -> Reply:
        fields = await _fields(request)
        return reply(_told(await asyncio.to_thread(_grant, security, fields, origin_of(request))), secret=True)

    async def revoke(request: Request) -> Reply:
        token = _needed(await _fields(request), "token")
        await asyncio.to_thread(_revoke, security, token, origin_of(request))
        return reply({})

    yield "/api/v1/token", {"POST": token}
    yield "/api/v1/token/revoke", {"POST": revoke}


async def _fields(request: Request) -> Fields:
    """Read a form, or a JSON object of texts; a machine's id and secret may stand in the Authorization header."""
    text = await content(request)
    found: dict[str, str]
    if request.headers.get("content-type", FORM).partition(";")[0].strip().lower() == FORM:
        try:
            found = dict(parse_qsl(text.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
        except ValueError:
            raise BadRequest("the form cannot be read", hint=HINT) from None
    else:
        found = decode(text, dict[str, str])
    if (header := request.headers.get("authorization")) and "client_secret" not in found:
        given = read(header.encode("latin-1"))
        if given.user is not None:
            found |= {"client_id": given.user, "client_secret": given.secret}
    return found


def _grant(security: Security, fields: Fields, origin: str) -> Token:
    grant = _needed(fields, "grant_type")
    if grant == "refresh_token":
        return security.refresh(_needed(fields, "refresh_token"))
    if grant in API_KEY_GRANTS:
        access = security.authenticate_secret(fields.get("apikey") or _needed(fields, "api_key"))
    elif grant == "password":
        name, password = _needed(fields, "username"), _needed(fields, "password")
        access = security.authenticate_password(name, password, origin)
    elif grant == "client_credentials":
        access = _machine(security, _needed(fields, "client_id"), _needed(fields, "client_secret"))
    else:
        known = ", ".join(("client_credentials", "password", "refresh_token", *API_KEY_GRANTS))
        raise UnknownGrant(f"grant_type {grant!r} is not known", hint=f"one of {known}")
    issue: Callable[..., Token] = security.issue_token
    return issue(access, audience=fields.get("audience", ""))


def _machine(security: Security, client_id: str, secret: str) -> Access:
    """Return what one of a machine's keys may do. Raises UnknownClient."""
    try:
        access = security.authenticate_secret(secret)
        if access.id in {key.id for key in security.keys(user=client_id)}:
            return access
    except ScorelineError as error:
        if error.kind not in ("unauthenticated", "not_found"):
            raise
    raise UnknownClient(
        "client_id and client_secret do not fit",
        hint="client_id is a user's id, client_secret one of its keys: scoreline key create NAME --user ID",
    )


def _revoke(security: Security, token: str, origin: str) -> None:
    """End a token; one that counts for nothing already is as good as ended (RFC 7009, 2.2)."""
    try:
        security.revoke_token(token, origin=origin)
    except Unauthenticated:
        return


def _needed(fields: Fields, name: str) -> str:
    if value := fields.get(name):
        return value
    raise BadRequest(f"`{name}` is missing", hint=HINT)


def _told(token: Token) -> NewToken:
    return NewToken(token.access_token, token.refresh_token, token.expires_in, token.expires_at)
