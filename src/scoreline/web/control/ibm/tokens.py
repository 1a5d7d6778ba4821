"""Tokens, in exchange for keys and passwords: Cloud IAM's, Cloud Pak's and its foundational services' routes."""

from __future__ import annotations

import asyncio
import base64
import binascii
from urllib.parse import parse_qs

import msgspec
from starlette.requests import Request

from scoreline.core.access import ANYONE, Access
from scoreline.core.errors import BadRequest, Unauthenticated
from scoreline.core.identities import Token
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.control.ibm.asking import Asking, Json, origin_of, reply
from scoreline.web.endpoint import View
from scoreline.web.gate import OpenGate

API_KEY_GRANT = "urn:ibm:params:oauth:grant-type:apikey"
OPENID = "ibm openid"
_FORM = "application/x-www-form-urlencoded"


class Login(msgspec.Struct):
    """Body of ``/icp4d-api/v1/authorize``."""

    username: str = ""
    password: str = ""
    api_key: str = ""


_login = msgspec.json.Decoder(Login)


def token_views(asking: Asking) -> dict[str, dict[str, View]]:
    """Return the views by path and method. They need nothing: whoever has a token already asks elsewhere."""

    async def iam(request: Request) -> Reply:
        form = await _form(asking, request)
        grant = form.get("grant_type", "")
        if grant == "refresh_token":
            token = await asyncio.to_thread(asking.app.security.refresh, form.get("refresh_token", ""))
        elif grant == API_KEY_GRANT:
            token = await _token(asking, request, "", form.get("apikey", ""))
        elif grant == "password":
            token = await _token(asking, request, form.get("username", ""), form.get("password", ""))
        else:
            raise BadRequest(f"grant_type {grant!r} is not known", hint=f"{API_KEY_GRANT}, password or refresh_token")
        return reply(_openid(token))

    async def authorize(request: Request) -> Reply:
        login = await asking.body(request, _login)
        token = await _token(asking, request, login.username, login.api_key or login.password)
        return reply({"_messageCode_": "200", "message": "Success", "token": token.access_token})

    async def validate(request: Request) -> Reply:
        headers = request.headers
        if "iam-token" in headers:
            held = headers["iam-token"]  # given back as it is: exchanging it for another would make it last longer
            access = await asyncio.to_thread(asking.app.security.authenticate_secret, held)
            return reply(_session(access, held))
        name, secret = _basic(headers.get("authorization", ""))
        access = await _access(asking, request, name, secret)
        token = await asyncio.to_thread(asking.app.security.issue_token, access)
        return reply(_session(access, token.access_token))

    return {
        "/identity/token": {"POST": iam},
        "/oidc/token": {"POST": iam},
        "/idprovider/v1/auth/identitytoken": {"POST": iam},
        "/icp4d-api/v1/authorize": {"POST": authorize},
        "/v1/preauth/validateAuth": {"GET": validate},
    }


async def _token(asking: Asking, request: Request, name: str, secret: str) -> Token:
    access = await _access(asking, request, name, secret)
    return await asyncio.to_thread(asking.app.security.issue_token, access)


async def _access(asking: Asking, request: Request, name: str, secret: str) -> Access:
    """Return whose credentials these are; a key says so by itself, so that the name beside it does not matter."""
    if isinstance(asking.service.gate, OpenGate):
        return ANYONE
    security = asking.app.security
    if not secret:
        raise Unauthenticated("no key and no password was sent", hint="send an API key, or a user name and a password")
    if secret.startswith("sl_"):
        return await asyncio.to_thread(security.authenticate_secret, secret)
    return await asyncio.to_thread(security.authenticate_password, name, secret, origin_of(request))


async def _form(asking: Asking, request: Request) -> dict[str, str]:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in (_FORM, ""):
        raise BadRequest(f"the body is {content_type}, not a form", hint=f"Content-Type: {_FORM}")
    body = await asking.content(request)
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise BadRequest("the form cannot be read", hint="encode it as curl --data-urlencode does") from None
    return {name: values[-1] for name, values in fields.items()}


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic":
        raise Unauthenticated("no user name and no password was sent", hint="send them as HTTP Basic: curl -u NAME URL")
    try:
        name, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        colon = ""
    if not colon:
        raise Unauthenticated("the Basic header cannot be read", hint="it is NAME:PASSWORD in base64")
    return name, secret


def _openid(token: Token) -> Json:
    return {
        "access_token": token.access_token,
        "refresh_token": token.refresh_token,
        "token_type": "Bearer",
        "expires_in": token.expires_in,
        "expiration": token.expires_at,
        "scope": OPENID,
    }


def _session(access: Access, token: str) -> Json:
    administers = access.may("admin", access.space)
    return {
        "username": access.name,
        "role": "Admin" if administers else "User",
        "permissions": ["administrator"] if administers else [],
        "sub": access.name,
        "iss": "scoreline",
        "uid": access.id,
        "accessToken": token,
        "_messageCode_": "success",
        "message": "success",
    }
