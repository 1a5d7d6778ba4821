"""The routes of access in the OpenAPI document: what each is for, what it takes, what it gives."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec

from scoreline.core.access import Needs
from scoreline.core.identities import AuditRecord, Key, NewKey, Space, User
from scoreline.web.control.security import keys, spaces, users
from scoreline.web.control.security.tokens import FORM, NewToken
from scoreline.web.openapi.components import DOCUMENT, Components, Described, ref
from scoreline.web.openapi.parts import json_content
from scoreline.web.service import Service

Json = dict[str, Any]
JSON = "application/json"
TAG = "access"
TOKEN_REQUEST: Json = {
    "type": "object",
    "properties": {
        name: {"type": "string"}
        for name in (
            *("grant_type", "client_id", "client_secret", "username", "password", "api_key", "apikey"),
            *("refresh_token", "audience"),
        )
    },
    "required": ["grant_type"],
}
REVOCATION: Json = {"type": "object", "properties": {"token": {"type": "string"}}, "required": ["token"]}
BODIES = {"TokenRequest": TOKEN_REQUEST, "TokenRevocation": REVOCATION}


class Told(NamedTuple):
    """What is said of a method of a path."""

    name: str
    summary: str
    needs: Needs
    gives: Any = None
    """Type of the answer, or its schema; None: there is no body."""
    takes: Any = None
    """The same of the request."""
    status: int = 200


class Keys(msgspec.Struct):
    """Keys, the newest first."""

    keys: list[Key]


class Users(msgspec.Struct):
    """Users by name."""

    users: list[User]


class Spaces(msgspec.Struct):
    """Spaces by name."""

    spaces: list[Space]


class Records(msgspec.Struct):
    """Records, the newest first."""

    records: list[AuditRecord]


TOLD: dict[str, dict[str, Told]] = {
    "/api/v1/token": {
        "post": Told(
            "create_token", "A token for a key, a password or a refresh token", "nothing", NewToken, ref("TokenRequest")
        )
    },
    "/api/v1/token/revoke": {
        "post": Told("revoke_token", "End a token", "nothing", ref("Document"), ref("TokenRevocation"))
    },
    "/api/v1/access": {"get": Told("get_access", "Who one is, and what one may do", "view", ref("Document"))},
    "/api/v1/keys": {
        "get": Told("list_keys", "Keys, without their secrets", "admin", Keys),
        "post": Told("create_key", "Make a key", "admin", NewKey, keys.KeyRequest, 201),
    },
    "/api/v1/keys/{key}": {
        "get": Told("get_key", "One key", "admin", Key),
        "delete": Told("revoke_key", "Revoke a key", "admin", Key),
    },
    "/api/v1/users": {
        "get": Told("list_users", "Users", "admin", Users),
        "post": Told(
            "create_user", "Make a user, a machine where there is no password", "admin", User, users.UserRequest, 201
        ),
    },
    "/api/v1/users/{user}": {
        "get": Told("get_user", "One user", "admin", User),
        "delete": Told("delete_user", "Delete a user with its keys", "admin", status=204),
    },
    "/api/v1/users/{user}/password": {
        "put": Told(
            "set_password",
            "Set one's own password, or as an administrator anyone's",
            "view",
            None,
            users.NewPassword,
            204,
        )
    },
    "/api/v1/users/{user}/roles/{space}": {
        "put": Told("give_role", "Give a role in a space", "admin", User, users.NewRole),
        "delete": Told("take_role", "Take the role in a space away", "admin", User),
    },
    "/api/v1/spaces": {
        "get": Told("list_spaces", "Spaces in which one may do anything", "view", Spaces),
        "post": Told("create_space", "Make a space", "admin", Space, spaces.SpaceRequest, 201),
    },
    "/api/v1/spaces/{space}": {
        "get": Told("get_space", "One space", "view", Space),
        "delete": Told("delete_space", "Delete a space that is empty", "admin", status=204),
    },
    "/api/v1/audit": {"get": Told("list_audit_records", "Who did what, when, from where", "admin", Records)},
}
QUERIES: dict[str, Json] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 100},
    "since": {"type": "string", "format": "date-time"},
    "until": {"type": "string", "format": "date-time"},
    "actor": {"type": "string"},
    "action": {"type": "string"},
    "space": {"type": "string"},
}


def security_description(service: Service) -> Described:
    """Return what is said of the routes; nothing for a worker that only scores."""
    if service.app is None:
        return Described({}, {})
    components = Components(schemas=DOCUMENT | BODIES)
    paths = {
        path: {method: _operation(path, told, components) for method, told in methods.items()}
        for path, methods in TOLD.items()
    }
    return Described(paths, components.schemas)


def _operation(path: str, told: Told, components: Components) -> Json:
    error = json_content(ref("OAuthError" if path.startswith("/api/v1/token") else "Error"))
    answer: Json = {"description": told.summary}
    if told.gives is not None:
        answer["content"] = json_content(components.of(told.gives))
    found: Json = {
        "operationId": told.name,
        "summary": told.summary,
        "tags": [TAG],
        "responses": {str(told.status): answer, "default": {"description": "An error", "content": error}},
    }
    if told.needs == "nothing":
        found["security"] = []
    else:
        found["description"] = f"Needs the right to {told.needs}."
    if told.takes is not None:
        medium = FORM if path.startswith("/api/v1/token") else JSON
        found["requestBody"] = {"required": True, "content": {medium: {"schema": components.of(told.takes)}}}
        if medium == FORM:
            found["description"] = "JSON with the same members is taken, too."
    places = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", path)
    ]
    asked = [{"name": name, "in": "query", "schema": schema} for name, schema in QUERIES.items()]
    if parameters := places + (asked if path == "/api/v1/audit" else []):
        found["parameters"] = parameters
    return found
