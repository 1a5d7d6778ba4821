"""Tokens, in exchange for keys and passwords: Cloud IAM's, Cloud Pak's and its foundational services' routes."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs

import msgspec
from starlette.requests import Request

from scoreline.core.access import Access
from scoreline.core.errors import BadRequest, Unauthenticated
from scoreline.core.identities import Token
from scoreline.security.secrets import KEY_PREFIX
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.control.ibm.asking import Asking, Json, origin_of, reply
from scoreline.web.endpoint import View
from scoreline.web.gate.credentials import Credential, read

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
        identity = request.headers.get("iam-token")
        credential = Credential(identity) if identity else read(request.headers.get("authorization", "").encode())
        access = await _access(asking, request, credential)
        if credential.user is None and "." in credential.secret:  # a token is given back: another would outlast it
            return reply(_session(access, credential.secret))
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
    credential = Credential(secret, None if secret.startswith(KEY_PREFIX) else name)
    access = await _access(asking, request, credential)
    return await asyncio.to_thread(asking.app.security.issue_token, access)


async def _access(asking: Asking, request: Request, credential: Credential) -> Access:
    """Return whose credential it is. A key says so by itself, so that the name beside it does not matter."""
    security, secret, open_to = asking.app.security, credential.secret, asking.service.gate.open_to
    try:
        if credential.user is None or secret.startswith(KEY_PREFIX):
            return await asyncio.to_thread(security.authenticate_secret, secret)
        return await asyncio.to_thread(security.authenticate_password, credential.user, secret, origin_of(request))
    except Unauthenticated:
        if open_to is None:
            raise
        return open_to


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
